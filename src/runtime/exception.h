// Exceptions: what is on its way while one is thrown, the objects behind exnrefs, and what an Error carries.
// spec: https://webassembly.github.io/spec/core/exec/runtime.html#exception-instances
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/gc_handle.h"
#include "runtime/trap.h"
#include "runtime/vm.h"

namespace godwit::runtime {

struct GcAllocation;

// An exception on its way. Most are caught by clauses that want the payload only: an object (gc_object.h) is made if
// somebody wants a reference, or if the guest is left.
struct Thrown {
  Tag* tag;
  const Slot* payload;  // in the frame that threw, where there is no object
  Ref ref = 0;          // the object, or null as long as there is none
};

// A new object. Its payload lies in slots, as in a frame.
// @param frames_end  see GcHeap::allocate; null: it must not collect, as the host makes it.
GcAllocation make_exception(Store& store, const Tag& tag, const Slot* payload, const Slot* frames_end);
// The tag of an object.
Tag* tag_of(Store& store, Ref exception);
// Writes the object's payload to slots.
void read_payload(Store& store, Ref exception, Slot* into);

// Leads to a store as long as it lives.
struct StoreLink {
  std::atomic<Store*> store;
};

// What an Error of kind Exception carries.
// @threads may be destroyed on any; all else belongs to the store's.
class CaughtException final : public ErrorCargo {
 public:
  CaughtException(std::shared_ptr<StoreLink> link, GcHandle exception)
      : link_(std::move(link)), exception_(std::move(exception)) {}

  // The store that it belongs to, or null if that is gone: then nothing below may be called.
  Store* store() const { return link_->store.load(std::memory_order_acquire); }
  Ref ref() const { return exception_.ref(); }
  Tag* tag() const { return tag_of(*store(), ref()); }
  std::vector<Slot> payload() const;

 private:
  std::shared_ptr<StoreLink> link_;
  GcHandle exception_;
};

// The exception that an Error of kind Exception carries; null if it carries none.
std::shared_ptr<CaughtException> caught_in(const Error& error);

// For people: the tag as `instance` (which may be null) knows it, and the payload.
std::string describe(const CaughtException& caught, Instance* instance);

}  // namespace godwit::runtime
