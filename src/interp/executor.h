// Interpreter: runs guest functions by the handlers of this room.
#pragma once

#include <functional>

#include "code/native.h"
#include "platform/guest_entry.h"
#include "platform/trap_handler.h"
#include "runtime/store.h"

namespace godwit::interp {

// One serves all stores. @threads any, each with stores of its own.
class Interpreter final : public runtime::Executor {
 public:
  // @param native whose machine code cells may lead to, or null; outlives this object.
  explicit Interpreter(const code::NativeTier* native = nullptr);

  // For compiled code: what it calls, and where its instructions come from. Called before there are stores.
  using LocateCompiled = std::function<std::optional<CompiledPlace>(uintptr_t pc, runtime::Lookup lookup)>;
  void know_compiled_code(const runtime::VmLibcalls* libcalls, const runtime::DirectCalls& direct,
                          LocateCompiled locate);
  runtime::DirectCalls direct_calls() const override { return direct_; }
  const runtime::VmLibcalls* libcalls() const override { return libcalls_; }
  std::optional<CompiledPlace> locate_compiled(uintptr_t pc, runtime::Lookup lookup) const override {
    return locate_compiled_ ? locate_compiled_(pc, lookup) : std::nullopt;
  }
  const runtime::Cell* cell_at(uintptr_t pc, runtime::Lookup lookup) const override {
    return native_ ? native_->cell_at(pc, lookup) : nullptr;
  }
  // Runs the function from its entry until it returns, or until vm().trap says why it did not.
  void run(runtime::Store& store, const platform::GuestRegisters& registers) const;

  // Runs on the store's native stack; calls of host functions directly run on the caller's.
  // @errors as the guest ends: Trap, Exhausted (with a wasm backtrace), or what a host function raised.
  Result<> invoke(runtime::Store& store, runtime::FuncRecord& func, std::span<runtime::Slot> slots) override;
  Result<> end_direct_call(runtime::Store& store, std::span<runtime::Slot> results) override;
  const runtime::Cell* make_record_entry(void* into, uint32_t defined_index) override;
  const runtime::Cell* make_host_entry(void* into) override;

 private:
  void note_fault(runtime::Store& store, const platform::Fault& fault) const;
  std::optional<Result<>> end_directly(runtime::Store& store, const runtime::DirectEntry& way) const;
  Result<> enter(runtime::Store& store, runtime::VmContext* ctx, const runtime::Cell* entry,
                 std::span<runtime::Slot> slots);

  const code::NativeTier* native_;
  const runtime::VmLibcalls* libcalls_ = nullptr;
  runtime::DirectCalls direct_;
  LocateCompiled locate_compiled_;
  platform::GuestCodeRange handlers_;  // faults in handlers are the guest's
};

}  // namespace godwit::interp
