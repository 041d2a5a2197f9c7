// The checkpoint of a Llama model, and its forward pass.
#include "model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct Shape shape;
static int kv_dim, head;
static const float *embedding, *attention_norm, *wq, *wk, *wv, *wo, *ffn_norm, *w1, *w2, *w3, *output_norm,
    *cosines, *sines, *classifier;
static float *x, *normed, *q, *mixed, *gate, *up, *scores, *logits, *keys, *values;

void fail(const char* format, ...) {
  va_list values_of;
  va_start(values_of, format);
  fputs("llama2: ", stderr);
  vfprintf(stderr, format, values_of);
  fputc('\n', stderr);
  va_end(values_of);
  exit(1);
}

static float* room(uint64_t count) {
  float* made = count <= SIZE_MAX / sizeof(float) ? calloc(count, sizeof(float)) : NULL;
  if (made == NULL) fail("there is no memory for %llu MB of the model", (unsigned long long)(count >> 18));
  return made;
}

static const float* take(const float** at, uint64_t count) {
  const float* taken = *at;
  *at += count;
  return taken;
}

// The bytes of a file, whose place is its start afterwards.
static uint64_t size_of(FILE* file) {
  if (fseeko(file, 0, SEEK_END) != 0) return 0;
  const off_t size = ftello(file);
  rewind(file);
  return size < 0 ? 0 : (uint64_t)size;
}

// The checkpoint's numbers; whether it has a classifier of its own.
static int read_shape(FILE* file, const char* path) {
  if (fread(&shape, sizeof shape, 1, file) != 1)
    fail("%s is no checkpoint: it is shorter than a header", path);
  const int own_classifier = shape.vocabulary < 0 && shape.vocabulary > INT32_MIN;
  if (own_classifier) shape.vocabulary = -shape.vocabulary;
  const int32_t numbers[7] = {shape.dim,      shape.hidden,     shape.layers, shape.heads,
                              shape.kv_heads, shape.vocabulary, shape.context};
  for (int i = 0; i < 7; ++i)
    if (numbers[i] < 1 || numbers[i] > 1 << 18)
      fail("%s is no checkpoint: number %d of its header is %d", path, i + 1, (int)numbers[i]);
  if (shape.dim % shape.heads != 0 || shape.heads % shape.kv_heads != 0 || shape.dim / shape.heads % 2 != 0 ||
      shape.dim % 8 != 0 || shape.hidden % 8 != 0)
    fail("%s has a shape that this program does not know", path);
  return own_classifier;
}

const struct Shape* load_model(const char* path) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) fail("%s: %s", path, strerror(errno));
  const uint64_t size = size_of(file);
  const int own_classifier = read_shape(file, path);
  head = shape.dim / shape.heads;
  kv_dim = head * shape.kv_heads;
  const uint64_t dim = shape.dim, hidden = shape.hidden, layers = shape.layers, kv = kv_dim;
  const uint64_t angles = (uint64_t)shape.context * head / 2;
  // Numbers of at most 18 bits each: of a layer at most 38 bits, so that nothing wraps.
  const uint64_t layer = 2 * dim + 2 * dim * dim + 2 * dim * kv + 3 * dim * hidden;
  const uint64_t count =
      shape.vocabulary * dim * (own_classifier ? 2 : 1) + layers * layer + dim + 2 * angles;
  if (size != sizeof shape + count * sizeof(float))
    fail("%s has %llu bytes, and its header says %llu: it is damaged", path, (unsigned long long)size,
         (unsigned long long)(sizeof shape + count * sizeof(float)));
  float* weights = room(count);
  if (fread(weights, sizeof(float), count, file) != count)
    fail("%s cannot be read: %s", path, strerror(errno));
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
  classifier = own_classifier ? take(&at, shape.vocabulary * dim) : embedding;
  x = room(dim), normed = room(dim), q = room(dim), mixed = room(dim);
  gate = room(hidden), up = room(hidden), scores = room(shape.context), logits = room(shape.vocabulary);
  keys = room(layers * shape.context * kv), values = room(layers * shape.context * kv);
  return &shape;
}

// By 2^k times a polynomial, so that the result is the same everywhere.
float exp_of(float value) {
  if (!(value >= -80.0f)) return 0.0f;  // and what is no number, of a damaged model
  if (value > 80.0f) value = 80.0f;
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

float* next_logits(int token, int position) {
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
  multiply(logits, normed, classifier, shape.dim, shape.vocabulary);
  return logits;
}
