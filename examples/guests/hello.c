// Hello world in C: prints a greeting, its arguments and one environment variable.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  puts("Hello from C!");
  for (int i = 1; i < argc; ++i) printf("argument %d: %s\n", i, argv[i]);
  const char* greeting = getenv("GREETING");
  if (greeting) printf("GREETING=%s\n", greeting);
  return 0;
}
