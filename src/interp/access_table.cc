// The section that handlers write with GODWIT_END_ACCESS.
#include "interp/access_table.h"

namespace godwit::interp {

namespace {

// An access of a cell that is not its handler's first.
struct Access {
  int32_t begin;  // the access's first instruction, as a distance from this field
  uint32_t size;  // in bytes
  uint32_t position;
};

}  // namespace

// The bounds of the section, made by the linker.
extern "C" const Access __start_godwit_guest_access[],
    __stop_godwit_guest_access[];  // NOLINT: the linker's names

uint32_t position_of_access(uintptr_t pc) {
  for (const Access* access = __start_godwit_guest_access; access != __stop_godwit_guest_access; ++access) {
    uintptr_t begin = reinterpret_cast<uintptr_t>(&access->begin) + static_cast<intptr_t>(access->begin);
    if (pc - begin < access->size) return access->position;
  }
  return 0;
}

}  // namespace godwit::interp
