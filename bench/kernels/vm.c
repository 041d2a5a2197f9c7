// A bytecode interpreter that counts primes by trial division: a switch in a loop, indirect branches. n: repetitions.
// bench: n=400
#include "kernel.h"

enum Op { Push, Load, Store, Add, Mod, Less, JumpIfZero, Jump, Mul, Halt };

// for (i = 2; i < limit; i++) {
//   prime = 1;
//   for (j = 2; j * j < i + 1; j++) if (i % j < 1) { prime = 0; break; }
//   count += prime;
// }
// Variables: 0 i, 1 j, 2 prime, 3 count, 4 limit. Jump targets are positions, as in the comments.
// clang-format off
static const int32_t program[] = {
    Push, 2, Store, 0,                                                   //  0: i = 2
    Load, 0, Load, 4, Less, JumpIfZero, 73,                              //  4: while i < limit
    Push, 1, Store, 2, Push, 2, Store, 1,                                // 11: prime = 1, j = 2
    Load, 1, Load, 1, Mul, Load, 0, Push, 1, Add, Less, JumpIfZero, 57,  // 19: while j * j < i + 1
    Load, 0, Load, 1, Mod, Push, 1, Less, JumpIfZero, 48,                // 32: if i % j < 1
    Push, 0, Store, 2, Jump, 57,                                         // 42: prime = 0, break
    Load, 1, Push, 1, Add, Store, 1, Jump, 19,                           // 48: j++
    Load, 3, Load, 2, Add, Store, 3,                                     // 57: count += prime
    Load, 0, Push, 1, Add, Store, 0, Jump, 4,                            // 64: i++
    Halt,                                                                // 73
};
// clang-format on

static int32_t run(const int32_t* code, int32_t limit_value) {
  int32_t stack[32], variables[8] = {0};
  int32_t* sp = stack;
  const int32_t* pc = code;
  variables[4] = limit_value;
  for (;;) {
    switch ((enum Op) * pc++) {
      case Push: *sp++ = *pc++; break;
      case Load: *sp++ = variables[*pc++]; break;
      case Store: variables[*pc++] = *--sp; break;
      case Add:
        --sp;
        sp[-1] += sp[0];
        break;
      case Mul:
        --sp;
        sp[-1] *= sp[0];
        break;
      case Mod:
        --sp;
        sp[-1] %= sp[0];
        break;
      case Less:
        --sp;
        sp[-1] = sp[-1] < sp[0];
        break;
      case JumpIfZero: pc = *--sp == 0 ? code + *pc : pc + 1; break;
      case Jump: pc = code + *pc; break;
      case Halt: return variables[3];
    }
  }
}

static uint64_t kernel(uint32_t n) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < n; ++round)
    sum = sum * 31 + (uint32_t)run(program, 1000 + (int32_t)(round & 7));
  return sum;
}
