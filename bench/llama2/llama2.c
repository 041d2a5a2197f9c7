// Inference of a Llama model wholly inside the guest: reads a checkpoint as llama2.c writes them, goes on from token 1
// greedily, and prints the tokens' numbers; to standard error, how many it made per second.
//
//   llama2 MODEL TOKENS
//
//   checkpoint, all little-endian   int32: dim, hidden, layers, heads, key-value heads, vocabulary, context
//                                   float32: embedding [vocabulary][dim]; of all layers, one kind after the other: norm,
//                                   q, k, v, o, norm, w1, w2, w3; norm [dim]; cos, sin [context][head / 2]
// The embedding is the classifier, too.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct Shape {
  int32_t dim, hidden, layers, heads, kv_heads, vocabulary, context;
};

static struct Shape shape;
static int kv_dim, head;
static const float *embedding, *attention_norm, *wq, *wk, *wv, *wo, *ffn_norm, *w1, *w2, *w3, *output_norm,
    *cosines, *sines;
static float *x, *normed, *q, *mixed, *gate, *up, *scores, *logits, *keys, *values;

static void fail(const char* what) {
  fprintf(stderr, "llama2: %s\n", what);
  exit(1);
}

static float* room(size_t count) {
  float* made = calloc(count, sizeof(float));
  if (made == NULL) fail("there is no memory for the model");
  return made;
}

static const float* take(const float** at, size_t count) {
  const float* taken = *at;
  *at += count;
  return taken;
}

static void load(const char* path) {
  FILE* file = fopen(path, "rb");
  if (file == NULL || fread(&shape, sizeof shape, 1, file) != 1) fail("the model cannot be read");
  const int32_t most = 1 << 20;
  const int32_t* numbers = &shape.dim;
  for (int i = 0; i < 7; ++i)
    if (numbers[i] < 1 || numbers[i] > most) fail("this is no checkpoint, or has a classifier of its own");
  if (shape.dim % shape.heads != 0 || shape.heads % shape.kv_heads != 0 || shape.dim % 8 != 0 ||
      shape.hidden % 8 != 0)
    fail("the model has a shape that this program does not know");
  head = shape.dim / shape.heads;
  kv_dim = head * shape.kv_heads;
  const size_t dim = shape.dim, hidden = shape.hidden, layers = shape.layers, kv = kv_dim;
  const size_t angles = (size_t)shape.context * head / 2;
  const size_t count = shape.vocabulary * dim +
                       layers * (2 * dim + 2 * dim * dim + 2 * dim * kv + 3 * dim * hidden) + dim +
                       2 * angles;
  float* weights = room(count);
  if (fread(weights, sizeof(float), count, file) != count) fail("the model ends early");
  fclose(file);
  const float* at = weights;
  embedding = take(&at, shape.vocabulary * dim);
  attention_norm = take(&at, layers * dim);
  wq = take(&at, layers * dim * dim);
  wk = take(&at, layers * kv * dim);
  wv = take(&at, layers * kv * dim);
  wo = take(&at, layers * dim * dim);
  ffn_norm = take(&at, layers * dim);
  w1 = take(&at, layers * hidden * dim);
  w2 = take(&at, layers * dim * hidden);
  w3 = take(&at, layers * hidden * dim);
  output_norm = take(&at, dim);
  cosines = take(&at, angles);
  sines = take(&at, angles);
  x = room(dim), normed = room(dim), q = room(dim), mixed = room(dim);
  gate = room(hidden), up = room(hidden), scores = room(shape.context), logits = room(shape.vocabulary);
  keys = room(layers * shape.context * kv), values = room(layers * shape.context * kv);
}

// By 2^k times a polynomial, so that the result is the same everywhere.
static float exp_of(float value) {
  if (value < -80.0f) return 0.0f;
  const float scaled = value * 1.44269504f;
  const int k = (int)(scaled + (scaled < 0 ? -0.5f : 0.5f));
  const float r = (scaled - (float)k) * 0.69314718f;
  const float p = 1 + r * (1 + r * (0.5f + r * (0.16666667f + r * (0.041666667f + r * 0.0083333333f))));
  const uint32_t bits = (uint32_t)(k + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return p * power;
}

static void normalise(float* restrict out, const float* restrict in, const float* restrict weight) {
  float sum = 0;
  for (int i = 0; i < shape.dim; ++i) sum += in[i] * in[i];
  const float scale = 1.0f / __builtin_sqrtf(sum / (float)shape.dim + 1e-5f);
  for (int i = 0; i < shape.dim; ++i) out[i] = weight[i] * (scale * in[i]);
}

// Eight sums, so that compilers may use vectors without changing the result.
__attribute__((noinline)) static void multiply(float* restrict out, const float* restrict in,
                                               const float* restrict w, int columns, int rows) {
  for (int r = 0; r < rows; ++r) {
    float sums[8] = {0};
    const float* row = w + (size_t)r * (size_t)columns;
    for (int c = 0; c < columns; c += 8)
      for (int i = 0; i < 8; ++i) sums[i] += row[c + i] * in[c + i];
    out[r] = ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
  }
}

static void rotate(float* vector, int size, int position) {
  for (int i = 0; i < size; i += 2) {
    const int at = position * (head / 2) + i % head / 2;
    const float a = vector[i], b = vector[i + 1], c = cosines[at], s = sines[at];
    vector[i] = a * c - b * s;
    vector[i + 1] = a * s + b * c;
  }
}

static void attend(int position, const float* layer_keys, const float* layer_values) {
  const int shared_by = shape.heads / shape.kv_heads;
  const float scale = 1.0f / __builtin_sqrtf((float)head);
  for (int h = 0; h < shape.heads; ++h) {
    const float* query = q + h * head;
    const int offset = h / shared_by * head;
    float most = -1e30f, sum = 0;
    for (int t = 0; t <= position; ++t) {
      const float* key = layer_keys + t * kv_dim + offset;
      float score = 0;
      for (int i = 0; i < head; ++i) score += query[i] * key[i];
      scores[t] = score * scale;
      if (scores[t] > most) most = scores[t];
    }
    for (int t = 0; t <= position; ++t) sum += scores[t] = exp_of(scores[t] - most);
    float* out = mixed + h * head;
    for (int i = 0; i < head; ++i) out[i] = 0;
    for (int t = 0; t <= position; ++t) {
      const float* value = layer_values + t * kv_dim + offset;
      const float weight = scores[t] / sum;
      for (int i = 0; i < head; ++i) out[i] += weight * value[i];
    }
  }
}

static void add(const float* restrict more) {
  for (int i = 0; i < shape.dim; ++i) x[i] += more[i];
}

static int next_token(int token, int position) {
  const size_t dim = shape.dim, hidden = shape.hidden, kv = kv_dim;
  memcpy(x, embedding + (size_t)token * dim, dim * sizeof(float));
  for (size_t l = 0; l < (size_t)shape.layers; ++l) {
    float* layer_keys = keys + l * shape.context * kv;
    float* layer_values = values + l * shape.context * kv;
    normalise(normed, x, attention_norm + l * dim);
    multiply(q, normed, wq + l * dim * dim, shape.dim, shape.dim);
    multiply(layer_keys + position * kv, normed, wk + l * kv * dim, shape.dim, kv_dim);
    multiply(layer_values + position * kv, normed, wv + l * kv * dim, shape.dim, kv_dim);
    rotate(q, shape.dim, position);
    rotate(layer_keys + position * kv, kv_dim, position);
    attend(position, layer_keys, layer_values);
    multiply(normed, mixed, wo + l * dim * dim, shape.dim, shape.dim);
    add(normed);
    normalise(normed, x, ffn_norm + l * dim);
    multiply(gate, normed, w1 + l * hidden * dim, shape.dim, shape.hidden);
    multiply(up, normed, w3 + l * hidden * dim, shape.dim, shape.hidden);
    for (size_t i = 0; i < hidden; ++i) gate[i] = gate[i] / (1.0f + exp_of(-gate[i])) * up[i];
    multiply(normed, gate, w2 + l * dim * hidden, shape.hidden, shape.dim);
    add(normed);
  }
  normalise(normed, x, output_norm);
  multiply(logits, normed, embedding, shape.dim, shape.vocabulary);
  int best = 0;
  for (int i = 1; i < shape.vocabulary; ++i)
    if (logits[i] > logits[best]) best = i;
  return best;
}

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char** argv) {
  if (argc != 3) fail("usage: llama2 MODEL TOKENS");
  load(argv[1]);
  const int count = atoi(argv[2]);
  if (count < 1 || count > shape.context) fail("so many tokens do not fit the model's context");
  const double begin = seconds();
  for (int position = 0, token = 1; position < count; ++position)
    printf("%d\n", token = next_token(token, position));
  fprintf(stderr, "%.2f tokens/s\n", count / (seconds() - begin));
  return 0;
}
