// Caller: what a host function may ask about the guest that called it.
#pragma once

#include "base/error.h"
#include "host/guest_memory.h"
#include "runtime/store.h"

namespace godwit::host {

// @lifetime during one call of a host function.
class Caller final {
 public:
  // `context` may be null: then the embedder called the host function directly.
  explicit Caller(runtime::VmContext* context) : context_(context) {}

  // False if the embedder called the host function directly; then there is no instance and no memory.
  bool is_guest() const { return context_ != nullptr; }
  runtime::Instance* instance() const { return context_ ? context_->instance : nullptr; }
  // Null only if the embedder called directly.
  runtime::Store* store() const { return context_ ? context_->store->store : nullptr; }

  // Memory 0 of the calling instance.
  GuestMemory memory() const { return GuestMemory(context_ ? context_->memory0 : nullptr); }

  // True if the guest shall stop soon (time is up, or the embedder cancelled): a host function that waits looks here
  // at least every 50 ms and returns early with whatever error it has for that; the guest then ends by itself.
  bool interrupted() const {
    const std::atomic<uint64_t>* word = interrupt_word();
    return word && word->load(std::memory_order_relaxed) != 0;
  }
  // The word behind interrupted(), for those who wait elsewhere; null if the embedder called directly.
  const std::atomic<uint64_t>* interrupt_word() const {
    return context_ ? &context_->store->interrupt : nullptr;
  }

  // Keeps the error that ends the guest; the host function then returns false. Functions bound by host::define
  // return a Result instead.
  void raise(Error error) const;

 private:
  runtime::VmContext* context_;
};

}  // namespace godwit::host
