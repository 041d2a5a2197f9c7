// Interpreter: runs guest functions by the handlers of this room.
#pragma once

#include "code/native.h"
#include "platform/trap_handler.h"
#include "runtime/store.h"

namespace godwit::interp {

// One serves all stores. @threads any, each with stores of its own.
class Interpreter final : public runtime::Executor {
 public:
  // @param native whose machine code cells may lead to, or null; outlives this object.
  explicit Interpreter(const code::NativeTier* native = nullptr);

  // Runs on the store's native stack; calls of host functions directly run on the caller's.
  // @errors as the guest ends: Trap, Exhausted (with a wasm backtrace), or what a host function raised.
  Result<> invoke(runtime::Store& store, runtime::FuncRecord& func, std::span<runtime::Slot> slots) override;
  const runtime::Cell* make_record_entry(void* into, uint32_t defined_index) override;
  const runtime::Cell* make_host_entry(void* into) override;

 private:
  const code::NativeTier* native_;
  platform::GuestCodeRange handlers_;  // faults in handlers are the guest's
};

}  // namespace godwit::interp
