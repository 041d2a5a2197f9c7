// setjmp and longjmp, which compilers make of WebAssembly's exceptions.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

static jmp_buf outer, inner;

static void leave(int depth, int value) {
  if (depth == 0) longjmp(outer, value);
  leave(depth - 1, value);
  puts("not reached");
}

static int compare(const void* left, const void* right) {
  (void)left;
  (void)right;
  longjmp(inner, 3);
}

int main(void) {
  volatile int rounds = 0;
  int value = setjmp(outer);
  printf("setjmp returned %d\n", value);
  if (rounds < 3) {
    ++rounds;
    leave(rounds * 10, rounds);
  }

  if (setjmp(inner) == 0) {
    int numbers[3] = {3, 1, 2};
    qsort(numbers, 3, sizeof numbers[0], compare);
    puts("not reached");
  } else {
    puts("out of qsort");
  }

  long long sum = 0;
  for (volatile int i = 0; i < 1000; ++i) {
    jmp_buf here;
    int got = setjmp(here);
    if (got == 0) longjmp(here, i + 1);
    sum += got;
  }
  printf("sum %lld\n", sum);
}
