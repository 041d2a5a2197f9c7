// Divides by zero, which WebAssembly turns into a trap.
__attribute__((noinline)) static int divide(volatile int* numerator, volatile int* denominator) {
  return *numerator / *denominator;
}

int main(void) {
  volatile int numerator = 1, denominator = 0;
  return divide(&numerator, &denominator);
}
