// Copies its standard input to its standard output, and counts it on its standard error.
#include <stdio.h>

int main(void) {
  char text[5000];
  size_t size, total = 0;
  while ((size = fread(text, 1, sizeof text, stdin)) > 0) {
    fwrite(text, 1, size, stdout);
    total += size;
  }
  fprintf(stderr, "%zu bytes\n", total);
  return ferror(stdin) || fflush(stdout) || ferror(stdout) ? 1 : 0;
}
