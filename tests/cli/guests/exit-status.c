// Ends with the exit status that its argument names, by exit() from the depth of a call.
#include <stdlib.h>

__attribute__((noinline)) static void leave(int status) { exit(status); }

int main(int argc, char** argv) {
  if (argc > 1) leave(atoi(argv[1]));
  return 0;
}
