// Inference of a small transformer of the llama kind (RMS norm, rotary positions, grouped attention with a cache,
// SwiGLU), with seeded random weights: what an inference application does when it computes by itself. n: tokens.
// bench: n=600
#include "kernel.h"

enum {
  kDim = 128,
  kHidden = 352,
  kLayers = 4,
  kHeads = 8,
  kKvHeads = 4,
  kHeadSize = kDim / kHeads,
  kVocab = 512,
  kContext = 64
};
enum { kKvDim = kHeadSize * kKvHeads };

static float embedding[kVocab * kDim], output_norm[kDim];
static struct Layer {
  float attention_norm[kDim], ffn_norm[kDim];
  float q[kDim * kDim], k[kKvDim * kDim], v[kKvDim * kDim], o[kDim * kDim];
  float gate[kHidden * kDim], up[kHidden * kDim], down[kDim * kHidden];
  float key_cache[kContext * kKvDim], value_cache[kContext * kKvDim];
} layers[kLayers];

// e^x by 2^k times a polynomial, so that the result is the same everywhere.
static float exp_of(float x) {
  if (x < -80.0f) return 0.0f;
  const float scaled = x * 1.44269504f;
  const int k = (int)(scaled + (scaled < 0 ? -0.5f : 0.5f));
  const float r = (scaled - (float)k) * 0.69314718f;
  const float p = 1 + r * (1 + r * (0.5f + r * (0.16666667f + r * (0.041666667f + r * 0.0083333333f))));
  const uint32_t bits = (uint32_t)(k + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return p * power;
}

// Sine by its series; angles are brought near zero first.
static float sine(float x) {
  const float turns = x * 0.15915494f;
  x -= 6.2831853f * (float)(int)(turns + (turns < 0 ? -0.5f : 0.5f));
  const float s = x * x;
  return x * (1 - s * (0.16666667f -
                       s * (0.0083333333f - s * (0.00019841270f - s * (2.7557319e-6f - s * 2.5052108e-8f)))));
}

static void fill(float* weights, int count, float scale, uint64_t* state) {
  for (int i = 0; i < count; ++i)
    weights[i] = ((float)(int)(next_random(state) & 0xFFFF) - 32768.0f) * (scale / 32768.0f);
}

static void normalise(float* out, const float* x, const float* weight) {
  float sum = 0;
  for (int i = 0; i < kDim; ++i) sum += x[i] * x[i];
  const float scale = 1.0f / __builtin_sqrtf(sum / kDim + 1e-5f);
  for (int i = 0; i < kDim; ++i) out[i] = weight[i] * (scale * x[i]);
}

// Four sums, so that compilers may use vectors without changing the result.
__attribute__((noinline)) static void multiply(float* out, const float* x, const float* w, int columns,
                                               int rows) {
  for (int r = 0; r < rows; ++r) {
    float sums[4] = {0, 0, 0, 0};
    for (int c = 0; c < columns; c += 4)
      for (int i = 0; i < 4; ++i) sums[i] += w[r * columns + c + i] * x[c + i];
    out[r] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }
}

static void softmax(float* x, int size) {
  float max = x[0], sum = 0;
  for (int i = 1; i < size; ++i)
    if (x[i] > max) max = x[i];
  for (int i = 0; i < size; ++i) sum += x[i] = exp_of(x[i] - max);
  for (int i = 0; i < size; ++i) x[i] /= sum;
}

static void rotate(float* vector, int size, int position) {
  float frequency = 1.0f;
  for (int i = 0; i < size; i += 2) {
    if (i % kHeadSize == 0) frequency = 1.0f;
    const float angle = (float)position * frequency, s = sine(angle), c = sine(angle + 1.5707963f);
    const float a = vector[i], b = vector[i + 1];
    vector[i] = a * c - b * s;
    vector[i + 1] = a * s + b * c;
    frequency *= 0.31622777f;
  }
}

static int next_token(int token, int position) {
  static float x[kDim], y[kDim], q[kDim], attended[kDim], gate[kHidden], up[kHidden], scores[kContext],
      logits[kVocab];
  memcpy(x, embedding + token * kDim, sizeof x);
  for (struct Layer* layer = layers; layer < layers + kLayers; ++layer) {
    float *k = layer->key_cache + position * kKvDim, *v = layer->value_cache + position * kKvDim;
    normalise(y, x, layer->attention_norm);
    multiply(q, y, layer->q, kDim, kDim);
    multiply(k, y, layer->k, kDim, kKvDim);
    multiply(v, y, layer->v, kDim, kKvDim);
    rotate(q, kDim, position);
    rotate(k, kKvDim, position);
    for (int head = 0; head < kHeads; ++head) {
      const int kv = head / (kHeads / kKvHeads) * kHeadSize;
      for (int t = 0; t <= position; ++t) {
        float score = 0;
        for (int i = 0; i < kHeadSize; ++i)
          score += q[head * kHeadSize + i] * layer->key_cache[t * kKvDim + kv + i];
        scores[t] = score * 0.25f;
      }
      softmax(scores, position + 1);
      float* out = attended + head * kHeadSize;
      memset(out, 0, kHeadSize * sizeof *out);
      for (int t = 0; t <= position; ++t)
        for (int i = 0; i < kHeadSize; ++i) out[i] += scores[t] * layer->value_cache[t * kKvDim + kv + i];
    }
    multiply(y, attended, layer->o, kDim, kDim);
    for (int i = 0; i < kDim; ++i) x[i] += y[i];
    normalise(y, x, layer->ffn_norm);
    multiply(gate, y, layer->gate, kDim, kHidden);
    multiply(up, y, layer->up, kDim, kHidden);
    for (int i = 0; i < kHidden; ++i) gate[i] = gate[i] / (1.0f + exp_of(-gate[i])) * up[i];
    multiply(y, gate, layer->down, kHidden, kDim);
    for (int i = 0; i < kDim; ++i) x[i] += y[i];
  }
  normalise(y, x, output_norm);
  multiply(logits, y, embedding, kDim, kVocab);
  int best = 0;
  for (int i = 1; i < kVocab; ++i)
    if (logits[i] > logits[best]) best = i;
  return best;
}

static uint64_t kernel(uint32_t n) {
  uint64_t state = 11, sum = 0;
  fill(embedding, kVocab * kDim, 1.0f, &state);
  fill(output_norm, kDim, 1.0f, &state);
  for (int l = 0; l < kLayers; ++l) {
    struct Layer* layer = &layers[l];
    fill(layer->attention_norm, kDim, 1.0f, &state);
    fill(layer->ffn_norm, kDim, 1.0f, &state);
    fill(layer->q, kDim * kDim, 0.2f, &state);
    fill(layer->k, kKvDim * kDim, 0.2f, &state);
    fill(layer->v, kKvDim * kDim, 0.2f, &state);
    fill(layer->o, kDim * kDim, 0.2f, &state);
    fill(layer->gate, kHidden * kDim, 0.2f, &state);
    fill(layer->up, kHidden * kDim, 0.2f, &state);
    fill(layer->down, kDim * kHidden, 0.2f, &state);
  }
  int token = 1;
  for (uint32_t i = 0; i < n; ++i) {
    token = next_token(token, (int)(i % kContext));
    sum = sum * 31 + (uint64_t)token;
  }
  return sum;
}
