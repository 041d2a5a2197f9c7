// Operations of memories and tables.
#include "code/helpers.h"

#include <algorithm>
#include <cstring>

#include "runtime/guest_access.h"
#include "runtime/guest_address.h"
#include "runtime/instance.h"
#include "runtime/memory.h"

namespace godwit::code::helpers {

namespace {

using runtime::VmTable;
using wasm::ExternKind;

// So much is moved between two looks at the poll word.
constexpr uint64_t kPollBytes = uint64_t{16} << 20;
constexpr uint64_t kPollRefs = kPollBytes / sizeof(Ref);

bool interrupted(const VmContext* ctx) { return ctx->store->interrupt.load(std::memory_order_relaxed) != 0; }

// True if [at, at + size) lies within `limit`, all in 64 bits.
bool fits(uint64_t at, uint64_t size, uint64_t limit) { return size <= limit && at <= limit - size; }

runtime::Memory& memory_at(VmContext* ctx, uint32_t index) {
  return *ctx->instance->get(ExternKind::Mem, index).memory;
}
runtime::Table& table_at(VmContext* ctx, uint32_t index) {
  return *ctx->instance->get(ExternKind::Table, index).table;
}

// memmove of `count` elements in pieces of at most `piece`, from the end that keeps overlapping data whole.
template <class T>
[[gnu::noinline]] Trap move_in_pieces(VmContext* ctx, T* to, const T* from, uint64_t count, uint64_t piece) {
  bool from_the_end = reinterpret_cast<uintptr_t>(to) > reinterpret_cast<uintptr_t>(from);
  for (uint64_t done = 0; done < count;) {
    uint64_t now = std::min(piece, count - done);
    uint64_t at = from_the_end ? count - done - now : done;
    std::memmove(to + at, from + at, now * sizeof(T));
    done += now;
    if (done < count && interrupted(ctx)) return Trap::Interrupted;
  }
  return Trap::None;
}

}  // namespace

uint64_t memory_grow(VmContext* ctx, uint32_t memory, uint64_t delta_pages) {
  return memory_at(ctx, memory).grow(delta_pages);
}

uint64_t memory_size(VmContext* ctx, uint32_t memory) { return memory_at(ctx, memory).pages(); }

Trap memory_fill(VmContext* ctx, uint32_t memory, uint64_t to, uint8_t value, uint64_t size) {
  uint8_t* target = runtime::checked_place(*ctx->memories[memory], to, size);
  if (target == nullptr) return Trap::MemoryOutOfBounds;
  const runtime::GuestAccess access;
  for (uint64_t done = 0; done < size;) {
    uint64_t now = std::min(kPollBytes, size - done);
    std::memset(target + done, value, now);
    done += now;
    if (done < size && interrupted(ctx)) return Trap::Interrupted;
  }
  return Trap::None;
}

Trap memory_copy(VmContext* ctx, uint32_t to_memory, uint32_t from_memory, uint64_t to, uint64_t from,
                 uint64_t size) {
  uint8_t* target = runtime::checked_place(*ctx->memories[to_memory], to, size);
  const uint8_t* source = runtime::checked_place(*ctx->memories[from_memory], from, size);
  if (target == nullptr || source == nullptr) return Trap::MemoryOutOfBounds;
  const runtime::GuestAccess access;
  if (size > kPollBytes) return move_in_pieces<uint8_t>(ctx, target, source, size, kPollBytes);
  std::memmove(target, source, size);
  return Trap::None;
}

Trap memory_init(VmContext* ctx, uint32_t data, uint32_t memory, uint64_t to, uint64_t from, uint64_t size) {
  return ctx->instance->memory_init(data, memory, to, from, size);
}

void data_drop(VmContext* ctx, uint32_t data) { ctx->instance->data_drop(data); }

template <class T>
AtomicOutcome atomic_wait(VmContext* ctx, uint32_t memory, const T* place, T expected, int64_t timeout_ns) {
  runtime::WaitQueue* waiters = memory_at(ctx, memory).waiters();
  if (waiters == nullptr) return {Trap::ExpectedSharedMemory, 0};
  auto outcome = waiters->wait(place, expected, timeout_ns, ctx->store->interrupt);
  if (outcome == runtime::WaitQueue::Outcome::Interrupted) return {Trap::Interrupted, 0};
  return {Trap::None, static_cast<uint32_t>(outcome)};
}
template AtomicOutcome atomic_wait(VmContext*, uint32_t, const uint32_t*, uint32_t, int64_t);
template AtomicOutcome atomic_wait(VmContext*, uint32_t, const uint64_t*, uint64_t, int64_t);

uint32_t atomic_notify(VmContext* ctx, uint32_t memory, const void* place, uint32_t count) {
  runtime::WaitQueue* waiters = memory_at(ctx, memory).waiters();
  return waiters == nullptr ? 0 : waiters->notify(place, count);  // nobody can wait in a memory of one's own
}

uint64_t table_grow(VmContext* ctx, uint32_t table, uint64_t delta, Ref init) {
  return table_at(ctx, table).grow(delta, init);
}

Trap table_fill(VmContext* ctx, uint32_t table, uint64_t to, Ref value, uint64_t size) {
  VmTable& target = *ctx->tables[table];
  if (!fits(to, size, target.size)) return Trap::TableOutOfBounds;
  for (uint64_t done = 0; done < size;) {
    uint64_t now = std::min(kPollRefs, size - done);
    std::fill_n(&target.base[to + done], now, value);
    done += now;
    if (done < size && interrupted(ctx)) return Trap::Interrupted;
  }
  return Trap::None;
}

Trap table_copy(VmContext* ctx, uint32_t to_table, uint32_t from_table, uint64_t to, uint64_t from,
                uint64_t size) {
  VmTable& target = *ctx->tables[to_table];
  VmTable& source = *ctx->tables[from_table];
  if (!fits(to, size, target.size) || !fits(from, size, source.size)) return Trap::TableOutOfBounds;
  return move_in_pieces<Ref>(ctx, &target.base[to], &source.base[from], size, kPollRefs);
}

Trap table_init(VmContext* ctx, uint32_t elem, uint32_t table, uint64_t to, uint64_t from, uint64_t size) {
  return ctx->instance->table_init(elem, table, to, from, size);
}

void elem_drop(VmContext* ctx, uint32_t elem) { ctx->instance->elem_drop(elem); }

Ref ref_func(VmContext* ctx, uint32_t func) {
  return reinterpret_cast<Ref>(ctx->instance->func(wasm::FuncIdx(func)));
}

}  // namespace godwit::code::helpers
