// Copies a file through preopened directories: copy <from> <to>.
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int fail(const char* what, const char* path) {
  fprintf(stderr, "copy: cannot %s %s: %s\n", what, path, strerror(errno));
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fputs("usage: copy <from> <to>\n", stderr);
    return 2;
  }
  FILE* from = fopen(argv[1], "rb");
  if (!from) return fail("open", argv[1]);
  FILE* to = fopen(argv[2], "wb");
  if (!to) return fail("create", argv[2]);
  static char buffer[1 << 16];
  size_t total = 0;
  for (size_t size; (size = fread(buffer, 1, sizeof buffer, from)) > 0; total += size) {
    if (fwrite(buffer, 1, size, to) != size) return fail("write", argv[2]);
  }
  if (ferror(from)) return fail("read", argv[1]);
  if (fclose(to) != 0) return fail("write", argv[2]);
  printf("copied %zu bytes\n", total);
  return 0;
}
