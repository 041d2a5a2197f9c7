// Inference of a Llama model wholly inside the guest, one model at a time.
//
//   checkpoint, all little-endian   int32: dim, hidden, layers, heads, key-value heads, vocabulary (negative: the
//                                   classifier follows at the end, else the embedding is the classifier, too), context
//                                   float32: embedding [vocabulary][dim]; of all layers, one kind after the other: norm,
//                                   q, k, v, o, norm, w1, w2, w3; norm [dim]; cos, sin [context][head / 2];
//                                   classifier [vocabulary][dim]
#ifndef EXAMPLES_LLAMA2_MODEL_H
#define EXAMPLES_LLAMA2_MODEL_H

#include <stdint.h>

struct Shape {
  int32_t dim, hidden, layers, heads, kv_heads, vocabulary, context;
};

// Ends the program with what is wrong (as printf takes it) and status 1.
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char* format, ...);

// Reads a checkpoint, or fails.
const struct Shape* load_model(const char* path);

// What comes after a token: [vocabulary], until the next call. Positions are asked for one after the other from 0 on.
// Needs 0 <= token < vocabulary, 0 <= position < context.
float* next_logits(int token, int position);

// Of basic operations only, so that all machines agree; values under -80 give 0, those over 80 what 80 gives.
float exp_of(float value);

#endif
