// Speed of examples/llama2/model.c: goes on from token 1 greedily, and prints the tokens' numbers; to standard error, how
// many it made per second.
//
//   llama2 MODEL TOKENS
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../examples/llama2/model.h"

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char** argv) {
  if (argc != 3) fail("usage: llama2 MODEL TOKENS");
  const struct Shape* shape = load_model(argv[1]);
  const int count = atoi(argv[2]);
  if (count < 1 || count > shape->context) fail("so many tokens do not fit the model's context");
  const double begin = seconds();
  for (int position = 0, token = 1; position < count; ++position) {
    const float* logits = next_logits(token, position);
    token = 0;
    for (int i = 1; i < shape->vocabulary; ++i)
      if (logits[i] > logits[token]) token = i;
    printf("%d\n", token);
  }
  fprintf(stderr, "%.2f tokens/s\n", count / (seconds() - begin));
  return 0;
}
