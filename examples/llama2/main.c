// Tells a story: a Llama model that runs wholly inside the guest, without a backend. See README.md.
#include <getopt.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"
#include "tokenizer.h"

static const char* const usage =
    "usage: llama2 [option...] MODEL TOKENIZER [PROMPT]\n"
    "  -t, --temperature T   0: always the likeliest token; higher: bolder (default 0.8)\n"
    "  -p, --top-p P         draw from the likeliest tokens that have this probability together (default "
    "0.9)\n"
    "  -s, --seed N          the same seed tells the same story (default: the time)\n"
    "  -n, --steps N         tokens at most, those of the prompt included (default: as many as the model "
    "takes)\n";

struct Options {
  float temperature, top_p;
  uint64_t seed;
  int steps;
  const char *model, *tokenizer, *prompt;
};

static double number_of(const char* option, const char* text, double least, double most) {
  char* end;
  const double number = strtod(text, &end);
  if (end == text || *end != '\0' || !(number >= least && number <= most))
    fail("%s takes a number from %g to %g, not '%s'", option, least, most, text);
  return number;
}

static struct Options options_of(int argc, char** argv) {
  static const struct option known[] = {{"temperature", required_argument, NULL, 't'},
                                        {"top-p", required_argument, NULL, 'p'},
                                        {"seed", required_argument, NULL, 's'},
                                        {"steps", required_argument, NULL, 'n'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};
  struct Options options = {.temperature = 0.8f, .top_p = 0.9f, .seed = (uint64_t)time(NULL), .prompt = ""};
  for (int option; (option = getopt_long(argc, argv, "t:p:s:n:h", known, NULL)) != -1;) {
    switch (option) {
      case 't': options.temperature = (float)number_of("--temperature", optarg, 0, 100); break;
      case 'p': options.top_p = (float)number_of("--top-p", optarg, 0, 1); break;
      case 's': options.seed = (uint64_t)number_of("--seed", optarg, 0, 9007199254740992.0); break;
      case 'n': options.steps = (int)number_of("--steps", optarg, 1, 1 << 18); break;
      case 'h': fputs(usage, stdout); exit(0);
      default: fputs(usage, stderr); exit(2);
    }
  }
  if (argc - optind < 2 || argc - optind > 3) {
    fputs(usage, stderr);
    exit(2);
  }
  options.model = argv[optind];
  options.tokenizer = argv[optind + 1];
  if (argc - optind == 3) options.prompt = argv[optind + 2];
  return options;
}

// From 0 to 1, 1 excluded (splitmix64).
static float random_of(uint64_t* state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return (float)((z ^ z >> 31) >> 40) * 0x1p-24f;
}

static int likeliest(const float* logits, int count) {
  int best = 0;
  for (int i = 1; i < count; ++i)
    if (logits[i] > logits[best]) best = i;
  return best;
}

struct Choice {
  float probability;
  int token;
};

static int compare(const void* left, const void* right) {
  const struct Choice *a = left, *b = right;
  if (a->probability != b->probability) return a->probability < b->probability ? 1 : -1;
  return a->token - b->token;
}

static int draw(const float* logits, int count, struct Options* options, struct Choice* choices) {
  const float most = logits[likeliest(logits, count)];
  float sum = 0;
  for (int i = 0; i < count; ++i) {
    choices[i] = (struct Choice){exp_of((logits[i] - most) / options->temperature), i};
    sum += choices[i].probability;
  }
  qsort(choices, (size_t)count, sizeof *choices, compare);
  float kept = 0;
  int last = 0;
  do kept += choices[last++].probability;
  while (last < count && kept < options->top_p * sum);
  float left = random_of(&options->seed) * kept;
  for (int i = 0; i < last; ++i)
    if ((left -= choices[i].probability) < 0) return choices[i].token;
  return choices[last - 1].token;
}

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char** argv) {
  struct Options options = options_of(argc, argv);
  const struct Shape* shape = load_model(options.model);
  if (shape->vocabulary <= TOKEN_END)
    fail("%s has a vocabulary of %d tokens", options.model, (int)shape->vocabulary);
  load_tokenizer(options.tokenizer, shape->vocabulary);
  if (options.steps == 0 || options.steps > shape->context) options.steps = shape->context;
  int given;
  int* prompt = encode(options.prompt, &given);
  if (given > options.steps) fail("the prompt has %d tokens, and there is room for %d", given, options.steps);
  struct Choice* choices = calloc((size_t)shape->vocabulary, sizeof *choices);
  if (choices == NULL) fail("there is no memory for the choices");

  const double begin = seconds();
  int position = 0;
  for (int token = TOKEN_BEGIN; position < options.steps;) {
    const float* logits = next_logits(token, position++);
    int next;
    if (position < given) next = prompt[position];
    else if (options.temperature == 0) next = likeliest(logits, shape->vocabulary);
    else next = draw(logits, shape->vocabulary, &options, choices);
    if (next == TOKEN_BEGIN || next == TOKEN_END) break;
    print_token(token, next);
    if (fflush(stdout) != 0) fail("standard output cannot be written");
    token = next;
  }
  putchar('\n');
  fprintf(stderr, "%d tokens, %.1f tokens/s\n", position, position / (seconds() - begin));
  return 0;
}
