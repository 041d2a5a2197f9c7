// Does one thing to one file: read PATH (- is standard input) | write PATH TEXT | abandon PATH (traps with it open).
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int complain(const char* path) {
  printf("%s: %s\n", path, strerror(errno));
  return 1;
}

int main(int argc, char** argv) {
  if (argc == 3 && strcmp(argv[1], "read") == 0) {
    FILE* file = strcmp(argv[2], "-") == 0 ? stdin : fopen(argv[2], "r");
    if (!file) return complain(argv[2]);
    for (int c; (c = getc(file)) != EOF;) putchar(c);
    return 0;
  }
  if (argc == 4 && strcmp(argv[1], "write") == 0) {
    FILE* file = fopen(argv[2], "w");
    if (!file || fprintf(file, "%s\n", argv[3]) < 0 || fclose(file) != 0) return complain(argv[2]);
    return 0;
  }
  if (argc == 3 && strcmp(argv[1], "abandon") == 0) {
    if (!fopen(argv[2], "w")) return complain(argv[2]);
    __builtin_trap();
  }
  return 2;
}
