// Direct calls into guests on x86-64.
#include "peak/direct_calls.h"

#include "interp/handlers.h"
#include "platform/sanitizers.h"

namespace godwit::peak {

// In direct_entry.S.
extern "C" [[gnu::visibility("hidden")]] void godwit_enter_directly();
extern "C" [[gnu::visibility("hidden")]] void godwit_enter_cells_directly(const runtime::Cell* cell,
                                                                          runtime::Slot* fp,
                                                                          runtime::VmContext* ctx,
                                                                          runtime::DirectEntry* entry);
extern "C" [[gnu::visibility("hidden")]] void godwit_leave_directly();

runtime::DirectCalls direct_calls() {
  // nobody would tell the sanitizer that the stack changes
  if (platform::sanitizer::kWatchesStacks) return {};
  return {.enter = reinterpret_cast<const void*>(&godwit_enter_directly),
          .enter_cells = godwit_enter_cells_directly,
          .leave = reinterpret_cast<const void*>(&godwit_leave_directly),
          .tail_frame = reinterpret_cast<const void*>(&interp::handlers::tail_frame),
          .return_handler = reinterpret_cast<const void*>(&interp::handlers::leave)};
}

}  // namespace godwit::peak
