// Text as tokens and back.
//
//   tokenizer, all little-endian    int32: length of the longest piece; of each token: float32 score, int32 length, bytes
// Tokens 0, 1, 2 are "unknown", "begin" and "end"; tokens 3 to 258 are single bytes, whose pieces read <0x00> to <0xFF>.
#ifndef EXAMPLES_LLAMA2_TOKENIZER_H
#define EXAMPLES_LLAMA2_TOKENIZER_H

enum { TOKEN_BEGIN = 1, TOKEN_END = 2, TOKEN_BYTES = 3 };

// Reads a tokenizer of so many tokens, or fails (model.h).
void load_tokenizer(const char* path, int vocabulary);

// Begins with TOKEN_BEGIN. Sets *count; the array is malloc's. The pieces that have the highest score together are put
// together first.
int* encode(const char* text, int* count);

// Writes what a token adds to the text after another one to standard output.
void print_token(int before, int token);

#endif
