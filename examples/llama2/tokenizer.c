// The tokenizer of a Llama model: pieces that are put together by their scores.
#include "tokenizer.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

struct Piece {
  char* text;
  float score;
  int length, token;
};

static int pieces_count;
static struct Piece* pieces;  // by token
static struct Piece* sorted;  // by text

static int compare_text(const char* a, int a_length, const char* b, int b_length) {
  const int order = memcmp(a, b, (size_t)(a_length < b_length ? a_length : b_length));
  return order != 0 ? order : a_length - b_length;
}

// Of the same texts, the one with the lower number comes first.
static int compare(const void* left, const void* right) {
  const struct Piece *a = left, *b = right;
  const int order = compare_text(a->text, a->length, b->text, b->length);
  return order != 0 ? order : a->token - b->token;
}

static void* some(size_t count, size_t size) {
  void* made = calloc(count, size);
  if (made == NULL) fail("there is no memory for the tokenizer");
  return made;
}

void load_tokenizer(const char* path, int vocabulary) {
  enum { kLongest = 1 << 12 };
  FILE* file = fopen(path, "rb");
  if (file == NULL) fail("%s: %s", path, strerror(errno));
  int32_t longest;
  if (fread(&longest, sizeof longest, 1, file) != 1 || longest < 1 || longest > kLongest)
    fail("%s is no tokenizer", path);
  pieces_count = vocabulary;
  pieces = some((size_t)vocabulary, sizeof *pieces);
  sorted = some((size_t)vocabulary, sizeof *sorted);
  for (int token = 0; token < vocabulary; ++token) {
    int32_t length;
    struct Piece* piece = &pieces[token];
    if (fread(&piece->score, sizeof(float), 1, file) != 1 || fread(&length, sizeof length, 1, file) != 1)
      fail("%s ends at token %d, and the model has %d: it is damaged, or another model's", path, token,
           vocabulary);
    if (length < 0 || length > kLongest || piece->score != piece->score)
      fail("%s is damaged: token %d has a length of %d bytes, or a score that is no number", path, token,
           (int)length);
    piece->text = some((size_t)length + 1, 1);
    piece->length = length;
    piece->token = token;
    if (fread(piece->text, 1, (size_t)length, file) != (size_t)length)
      fail("%s ends at token %d, and the model has %d: it is damaged, or another model's", path, token,
           vocabulary);
  }
  if (fgetc(file) != EOF)
    fail("%s has more than the model's %d tokens: it is another model's", path, vocabulary);
  fclose(file);
  memcpy(sorted, pieces, (size_t)vocabulary * sizeof *pieces);
  qsort(sorted, (size_t)vocabulary, sizeof *sorted, compare);
}

// The token that has this text, -1 if there is none.
static int find(const char* text, int length) {
  int low = 0, high = pieces_count;
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (compare_text(sorted[middle].text, sorted[middle].length, text, length) < 0) low = middle + 1;
    else high = middle;
  }
  return low < pieces_count && compare_text(sorted[low].text, sorted[low].length, text, length) == 0
             ? sorted[low].token
             : -1;
}

static int find_joined(int first, int second) {
  const struct Piece *a = &pieces[first], *b = &pieces[second];
  char* text = some((size_t)a->length + (size_t)b->length + 1, 1);
  memcpy(text, a->text, (size_t)a->length);
  memcpy(text + a->length, b->text, (size_t)b->length);
  const int token = find(text, a->length + b->length);
  free(text);
  return token;
}

// A character of UTF-8 as one token, or else its bytes; how many tokens.
static int encode_character(const char* text, int length, int* tokens) {
  tokens[0] = find(text, length);
  if (tokens[0] >= 0) return 1;
  for (int i = 0; i < length; ++i) {
    tokens[i] = TOKEN_BYTES + (unsigned char)text[i];
    if (tokens[i] >= pieces_count) fail("the tokenizer has no token for the byte %d", (unsigned char)text[i]);
  }
  return length;
}

// Puts the best pair together; 0 if there is none.
static int join_best(int* tokens, int* count) {
  int best = -1, at = -1;
  for (int i = 1; i + 1 < *count; ++i) {
    const int joined = find_joined(tokens[i], tokens[i + 1]);
    if (joined < 0 || (best >= 0 && pieces[joined].score <= pieces[best].score)) continue;
    best = joined;
    at = i;
  }
  if (at < 0) return 0;
  tokens[at] = best;
  memmove(tokens + at + 1, tokens + at + 2, (size_t)(*count - at - 2) * sizeof *tokens);
  --*count;
  return 1;
}

int* encode(const char* text, int* count) {
  int* tokens = some(strlen(text) + 2, sizeof *tokens);
  tokens[0] = TOKEN_BEGIN;
  *count = 1;
  if (*text != '\0') *count += encode_character(" ", 1, tokens + 1);  // a text begins as a word does
  while (*text != '\0') {
    int length = 1;
    while (length < 4 && ((unsigned char)text[length] & 0xC0) == 0x80) ++length;
    *count += encode_character(text, length, tokens + *count);
    text += length;
  }
  while (join_best(tokens, count)) {
  }
  return tokens;
}

void print_token(int before, int token) {
  if (token >= TOKEN_BYTES && token < TOKEN_BYTES + 256) {
    putchar(token - TOKEN_BYTES);
    return;
  }
  const struct Piece* piece = &pieces[token];
  const int skip = before == TOKEN_BEGIN && piece->length > 0 && piece->text[0] == ' ';
  fwrite(piece->text + skip, 1, (size_t)(piece->length - skip), stdout);
}
