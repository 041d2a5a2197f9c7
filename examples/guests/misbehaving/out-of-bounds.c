// Stores near the end of the 32-bit address space, far outside its memory.
#include <stdint.h>

__attribute__((noinline)) static void store_far_away(volatile uintptr_t address) {
  *(volatile int*)address = 42;
}

int main(void) { store_far_away(0xFFFFFFF0u); }
