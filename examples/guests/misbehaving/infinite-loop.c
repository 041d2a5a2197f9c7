// Never ends: the host must be able to interrupt it.
__attribute__((noinline)) static void spin(volatile unsigned* counter) {
  for (;;) *counter += 1;
}

int main(void) {
  volatile unsigned counter = 0;
  spin(&counter);
}
