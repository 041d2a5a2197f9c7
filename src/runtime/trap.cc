// The words of each trap.
#include "runtime/trap.h"

namespace godwit::runtime {

std::string_view to_string(Trap trap) {
  switch (trap) {
    case Trap::None: return "no trap";
#define GODWIT_TRAP(name, text) \
  case Trap::name: return text;
#include "runtime/traps.def"
#undef GODWIT_TRAP
  }
  return "unknown trap";
}

}  // namespace godwit::runtime
