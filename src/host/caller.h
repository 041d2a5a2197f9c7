// Caller: what a host function may ask about the guest that called it.
#pragma once

#include <atomic>
#include <utility>

#include "base/error.h"
#include "host/guest_memory.h"
#include "runtime/store.h"

namespace godwit::host {

// @lifetime during one call of a host function.
class Caller final {
 public:
  // `context`: what a runtime::HostFunction gets.
  explicit Caller(runtime::VmContext* context) : context_(context) {}

  // The calling instance; null if the embedder called the host function directly.
  runtime::Instance* instance() const { return context_->instance; }
  runtime::Store& store() const { return *context_->store->store; }

  // Memory 0 of the calling instance, or one of 0 bytes.
  GuestMemory memory() const { return GuestMemory(context_->memory0); }

  // True if the guest shall stop soon (time is up, or the embedder cancelled): a host function that waits looks here
  // at least every 50 ms and returns early with whatever error it has for that; the guest then ends by itself.
  bool interrupted() const { return interrupt_word().load(std::memory_order_relaxed) != 0; }
  // The word behind interrupted(), for those who wait elsewhere.
  const std::atomic<uint64_t>& interrupt_word() const { return context_->store->interrupt; }

  // Keeps the error that ends the guest; the host function then returns false. Functions bound by host::define
  // return a Result instead.
  void raise(Error error) const { store().raise(std::move(error)); }

 private:
  runtime::VmContext* context_;
};

}  // namespace godwit::host
