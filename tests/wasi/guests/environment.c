// Prints its arguments and variables, and sees that random bytes differ.
#include <unistd.h>

#include "check.h"

extern char** environ;

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) printf("argument %d: [%s]\n", i, argv[i]);
  for (char** variable = environ; *variable; variable++) puts(*variable);
  unsigned char first[32], second[32];
  CHECK(getentropy(first, sizeof first) == 0 && getentropy(second, sizeof second) == 0);
  CHECK(memcmp(first, second, sizeof first) != 0);
}
