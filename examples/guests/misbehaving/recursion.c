// Calls itself for ever: the host must end it with a stack exhaustion, not run out of its own stack.
__attribute__((noinline)) static int descend(volatile int* depth) {
  *depth += 1;
  return descend(depth) + *depth;  // an addition after the call, so that it is no tail call
}

int main(void) {
  volatile int depth = 0;
  return descend(&depth);
}
