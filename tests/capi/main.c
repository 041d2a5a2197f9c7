/* Runs the tests of the C API: all of them, or those that are named. */
#include "check.h"

int main(int argc, char* argv[]) {
  int count = 0;
#define TEST(name)                                                    \
  {                                                                   \
    bool wanted = argc == 1;                                          \
    for (int i = 1; i < argc; ++i) wanted |= !strcmp(argv[i], #name); \
    if (wanted) {                                                     \
      fprintf(stderr, "%s\n", #name);                                 \
      test_##name();                                                  \
      ++count;                                                        \
    }                                                                 \
  }
#include "tests.def"
  printf("%d tests of the C API passed\n", count);
  return count > 0 ? 0 : 1;
}
