// Executes `unreachable` two calls below main.
__attribute__((noinline)) static void give_up(volatile int* state) {
  *state = 1;
  __builtin_trap();
}

__attribute__((noinline)) static int try_it(volatile int* state) {
  give_up(state);
  return *state;
}

int main(void) {
  volatile int state = 0;
  return try_it(&state);
}
