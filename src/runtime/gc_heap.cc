// Blocks, runs of cells, and sweeping.
#include "runtime/gc_heap.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "platform/clock.h"
#include "runtime/gc_marker.h"

namespace godwit::runtime {

namespace {

constexpr uint64_t kRegionBytes = uint64_t{4} << 30;
// Behind the region: an offset of a field, added to an address in it, does not lead out of the reservation.
constexpr uint64_t kGuardBytes = uint64_t{1} << 20;
constexpr uint64_t kBitmapBytes = kRegionBytes / 8 / 8;
constexpr uint32_t kBlocks = kRegionBytes / kGcBlockBytes;
constexpr uint32_t kWordsPerBlock = kGcBlockBytes / 8 / 64;  // of a bit map
constexpr uint32_t kCommitBlocks = 16;

// Cells are zeroed so many bytes at a time: what is about to be written is then in the first-level cache.
constexpr uint32_t kRunBytes = 8 << 10;
// Large objects in memory that was in use are zeroed up to this size; beyond, the system gives new pages.
constexpr uint64_t kMaxZeroedBytes = 256 << 10;
// So much is allocated before the first collection, and at least so much between two.
constexpr int64_t kMinBudgetBytes = int64_t{8} << 20;

constexpr uint8_t kSpoiled = 0xDB;

constexpr uint32_t cells_of(uint32_t size_class) { return kGcBlockBytes / kGcCellBytes[size_class]; }

}  // namespace

GcHeap::GcHeap(VmStore& vm, GcRoots& roots, const GcOptions& options)
    : vm_(vm),
      roots_(roots),
      options_(options),
      max_blocks_(static_cast<uint32_t>(std::min<uint64_t>(options.max_bytes / kGcBlockBytes, kBlocks - 1))),
      charge_(options.budget),
      budget_bytes_(kMinBudgetBytes) {}

GcHeap::~GcHeap() {
  vm_.gc_base = nullptr;
  vm_.gc_bumps = nullptr;
}

Result<std::unique_ptr<GcHeap>> GcHeap::create(VmStore& vm, GcRoots& roots, const GcOptions& options) {
  std::unique_ptr<GcHeap> heap(new GcHeap(vm, roots, options));
  ASSIGN_OR_RETURN(heap->region_,
                   platform::Reservation::reserve_aligned(kRegionBytes + kGuardBytes, kRegionBytes));
  ASSIGN_OR_RETURN(heap->live_bits_, platform::Reservation::reserve(kBitmapBytes));
  ASSIGN_OR_RETURN(heap->mark_bits_, platform::Reservation::reserve(kBitmapBytes));
  heap->live_ = reinterpret_cast<uint64_t*>(heap->live_bits_.base());
  heap->marked_ = reinterpret_cast<uint64_t*>(heap->mark_bits_.base());
  // Block 0 is never used: offset 0 means null.
  if (!heap->grow_to(1)) return fail(ErrorKind::Exhausted, "no memory for a garbage-collected heap");
  heap->free_bits_[0] = 0;
  for (uint32_t i = 0; i < kGcClasses; ++i) heap->bumps_[i].cell_bytes = kGcCellBytes[i];
  vm.gc_base = heap->region_.base();
  vm.gc_bumps = heap->bumps_.data();
  return heap;
}

// --- Allocation -----------------------------------------------------------------------------------------------------

GcAllocation GcHeap::allocate(uint32_t header, uint64_t size_bytes, const Slot* frames_end) {
  const bool is_small = size_bytes <= kGcMaxSmallBytes;
  const uint32_t size_class = is_small ? gc_size_class(static_cast<uint32_t>(size_bytes)) : 0;
  if (is_small && bumps_[size_class].cursor != bumps_[size_class].limit)
    return allocate_small(header, size_class);
  if (size_bytes > kRegionBytes) return {0, Trap::OutOfGcHeap};
  if (!is_small) budget_bytes_ -= static_cast<int64_t>(size_bytes);
  bool has_collected = false;
  if (options_.collects_always || budget_bytes_ <= 0) {
    if (!collect(frames_end)) return {0, Trap::Interrupted};
    has_collected = true;
  }
  for (;;) {
    const GcAllocation made =
        is_small ? allocate_small(header, size_class) : allocate_large(header, size_bytes);
    if (made.trap == Trap::None || has_collected) return made;
    if (!collect(frames_end)) return {0, Trap::Interrupted};
    has_collected = true;
  }
}

GcAllocation GcHeap::allocate_for_host(uint32_t header, uint64_t size_bytes) {
  if (size_bytes > kRegionBytes) return {0, Trap::OutOfGcHeap};
  const bool is_small = size_bytes <= kGcMaxSmallBytes;
  if (!is_small) budget_bytes_ -= static_cast<int64_t>(size_bytes);
  if (options_.collects_always || budget_bytes_ <= 0) vm_.gc_is_due = 1;
  if (is_small) return allocate_small(header, gc_size_class(static_cast<uint32_t>(size_bytes)));
  return allocate_large(header, size_bytes);
}

GcAllocation GcHeap::allocate_small(uint32_t header, uint32_t size_class) {
  GcBump& bump = bumps_[size_class];
  if (bump.cursor == bump.limit && !take_run(size_class)) return {0, Trap::OutOfGcHeap};
  uint8_t* const object = bump.cursor;
  bump.cursor += bump.cell_bytes;
  std::memcpy(object, &header, sizeof header);
  return {reinterpret_cast<Ref>(object)};
}

GcAllocation GcHeap::allocate_large(uint32_t header, uint64_t size_bytes) {
  const auto count = static_cast<uint32_t>((size_bytes + kGcBlockBytes - 1) / kGcBlockBytes);
  const uint32_t first = take_blocks(count);
  if (first == 0) return {0, Trap::OutOfGcHeap};
  uint8_t* const object = block_address(first);
  bool is_zero = true;
  for (uint32_t i = 0; i < count; ++i) {
    Block& block = blocks_[first + i];
    is_zero = is_zero && block.is_zero;
    block = {.state = i == 0 ? Block::State::Large : Block::State::LargeRest, .count = i == 0 ? count : i};
  }
  if (!is_zero) {
    const bool is_discarded =
        size_bytes > kMaxZeroedBytes &&
        region_.discard(uint64_t{first} * kGcBlockBytes, uint64_t{count} * kGcBlockBytes).has_value();
    if (!is_discarded) std::memset(object, 0, size_bytes);
  }
  std::memcpy(object, &header, sizeof header);
  statistics_.allocated_bytes += size_bytes;
  return {reinterpret_cast<Ref>(object)};
}

bool GcHeap::take_run(uint32_t size_class) {
  for (;;) {
    uint32_t& current = current_[size_class];
    if (current != 0 && take_run_in(current, size_class)) return true;
    auto& available = available_[size_class];
    if (!available.empty()) {
      current = available.back();
      available.pop_back();
      continue;
    }
    current = take_blocks(1);
    if (current == 0) return false;
    Block& block = blocks_[current];
    block = {.state = Block::State::Small,
             .size_class = static_cast<uint8_t>(size_class),
             .is_zero = block.is_zero};
  }
}

bool GcHeap::take_run_in(uint32_t index, uint32_t size_class) {
  Block& block = blocks_[index];
  const uint32_t cell_bytes = kGcCellBytes[size_class];
  const uint32_t end_bytes = cells_of(size_class) * cell_bytes;
  const uint32_t start_of_block = index * kGcBlockBytes;
  uint32_t begin = block.taken_bytes;
  while (begin < end_bytes && is_live(start_of_block + begin)) begin += cell_bytes;
  uint32_t end = begin;
  const uint32_t most = options_.collects_always ? 1 : kRunBytes;
  while (end < end_bytes && end - begin < most && !is_live(start_of_block + end)) end += cell_bytes;
  block.taken_bytes = end;
  if (begin == end) return false;
  uint8_t* const address = block_address(index);
  if (!block.is_zero) std::memset(address + begin, 0, end - begin);
  bumps_[size_class].cursor = address + begin;
  bumps_[size_class].limit = address + end;
  budget_bytes_ -= end - begin;
  statistics_.allocated_bytes += end - begin;
  return true;
}

// --- Blocks ---------------------------------------------------------------------------------------------------------

uint32_t GcHeap::find_free_blocks(uint32_t count) const {
  uint32_t run = 0;
  for (uint32_t i = 1; i < block_count(); ++i) {
    if (i % 64 == 0 && free_bits_[i / 64] == 0) {
      run = 0;
      i += 63;
      continue;
    }
    run = free_bits_[i / 64] >> (i % 64) & 1 ? run + 1 : 0;
    if (run == count) return i + 1 - count;
  }
  // Fewer at the end, which the blocks to come continue.
  return block_count() - run;
}

bool GcHeap::grow_to(uint32_t blocks) {
  if (blocks > kBlocks) return false;
  if (blocks > committed_blocks_) {
    const uint32_t target = std::min(kBlocks, (blocks + kCommitBlocks - 1) / kCommitBlocks * kCommitBlocks);
    const uint32_t from = committed_blocks_;
    constexpr uint32_t kBitBytes = kGcBlockBytes / 64;
    const auto first = static_cast<size_t>(from);
    const auto count = static_cast<size_t>(target - from);
    if (!region_.commit(first * kGcBlockBytes, count * kGcBlockBytes) ||
        !live_bits_.commit(first * kBitBytes, count * kBitBytes) ||
        !mark_bits_.commit(first * kBitBytes, count * kBitBytes))
      return false;
    committed_blocks_ = target;
  }
  for (uint32_t i = block_count(); i < blocks; ++i) {
    blocks_.push_back({.is_zero = true});
    if (i / 64 >= free_bits_.size()) free_bits_.push_back(0);
    free_bits_[i / 64] |= uint64_t{1} << i % 64;
  }
  return true;
}

uint32_t GcHeap::take_blocks(uint32_t count) {
  if (count > max_blocks_ - used_blocks_) return 0;
  if (!charge_.add(uint64_t{count} * kGcBlockBytes)) return 0;
  const uint32_t first = find_free_blocks(count);
  if (first + count > block_count() && !grow_to(first + count)) {
    charge_.remove(uint64_t{count} * kGcBlockBytes);
    return 0;
  }
  for (uint32_t i = first; i < first + count; ++i) free_bits_[i / 64] &= ~(uint64_t{1} << i % 64);
  used_blocks_ += count;
  return first;
}

void GcHeap::free_blocks(uint32_t first, uint32_t count) {
  for (uint32_t i = first; i < first + count; ++i) {
    blocks_[i] = {.is_zero = blocks_[i].state == Block::State::Small && blocks_[i].is_zero &&
                             blocks_[i].taken_bytes == 0};
    free_bits_[i / 64] |= uint64_t{1} << i % 64;
  }
  used_blocks_ -= count;
  charge_.remove(uint64_t{count} * kGcBlockBytes);
}

// --- Collection -----------------------------------------------------------------------------------------------------

bool GcHeap::collect(const Slot* frames_end) {
  const uint64_t start_ns = platform::now_ns(platform::Clock::Monotonic);
  GcMarker marker(*this);
  const bool is_complete = marker.run([&] { roots_.mark_roots(marker, frames_end); });
  if (is_complete) {
    drop_bumps();
    std::swap(live_, marked_);
    sweep();
    vm_.gc_is_due = 0;
  }
  std::memset(marked_, 0, size_t{block_count()} * kWordsPerBlock * 8);
  const uint64_t pause_ns = platform::now_ns(platform::Clock::Monotonic) - start_ns;
  ++statistics_.collections;
  statistics_.total_pause_ns += pause_ns;
  statistics_.longest_pause_ns = std::max(statistics_.longest_pause_ns, pause_ns);
  return is_complete;
}

void GcHeap::drop_bumps() {
  for (GcBump& bump : bumps_) bump.cursor = bump.limit = nullptr;
  current_ = {};
  for (auto& blocks : available_) blocks.clear();
}

void GcHeap::sweep() {
  uint64_t live_bytes = 0;
  for (uint32_t i = block_count(); i-- > 1;) {
    Block& block = blocks_[i];
    if (block.state == Block::State::Large) {
      const uint32_t count = block.count;
      if (is_live(i * kGcBlockBytes)) live_bytes += uint64_t{count} * kGcBlockBytes;
      else free_blocks(i, count);
    }
    if (block.state != Block::State::Small) continue;
    const uint64_t* words = live_ + size_t{i} * kWordsPerBlock;
    uint32_t count = 0;
    for (uint32_t word = 0; word < kWordsPerBlock; ++word)
      count += static_cast<uint32_t>(std::popcount(words[word]));
    if (options_.collects_always) spoil_dead_cells(i);
    if (count == 0) {
      free_blocks(i, 1);
      continue;
    }
    live_bytes += uint64_t{count} * kGcCellBytes[block.size_class];
    block.is_zero = false;
    block.taken_bytes = 0;
    if (count < cells_of(block.size_class)) available_[block.size_class].push_back(i);
  }
  statistics_.live_bytes = live_bytes;
  budget_bytes_ = std::max(kMinBudgetBytes, static_cast<int64_t>(live_bytes));
  discard_spare_blocks();
}

// Keeps as many free blocks as will be taken before the next collection, and gives the memory of the others back.
void GcHeap::discard_spare_blocks() {
  int64_t spare_bytes = -budget_bytes_;
  for (uint32_t i = 1; i < block_count(); ++i)
    if (blocks_[i].state == Block::State::Free && !blocks_[i].is_zero) spare_bytes += kGcBlockBytes;
  for (uint32_t end = block_count(); end > 1 && spare_bytes > 0;) {
    uint32_t begin = end;
    while (begin > 1 && blocks_[begin - 1].state == Block::State::Free && !blocks_[begin - 1].is_zero &&
           spare_bytes > 0) {
      --begin;
      spare_bytes -= kGcBlockBytes;
    }
    if (begin == end) {
      --end;
      continue;
    }
    if (region_.discard(uint64_t{begin} * kGcBlockBytes, uint64_t{end - begin} * kGcBlockBytes))
      for (uint32_t i = begin; i < end; ++i) blocks_[i].is_zero = true;
    end = begin;
  }
}

void GcHeap::spoil_dead_cells(uint32_t index) {
  Block& block = blocks_[index];
  block.is_zero = false;
  const uint32_t cell_bytes = kGcCellBytes[block.size_class];
  for (uint32_t at = 0; at + cell_bytes <= kGcBlockBytes; at += cell_bytes)
    if (!is_live(index * kGcBlockBytes + at)) std::memset(block_address(index) + at, kSpoiled, cell_bytes);
}

uint32_t GcHeap::find_object(uint32_t address) const {
  const uint32_t index = address / kGcBlockBytes;
  if (index == 0 || index >= block_count()) return 0;
  const Block& block = blocks_[index];
  switch (block.state) {
    case Block::State::Free: return 0;
    case Block::State::Large: return index * kGcBlockBytes;
    case Block::State::LargeRest: return (index - block.count) * kGcBlockBytes;
    case Block::State::Small: break;
  }
  const uint32_t cell_bytes = kGcCellBytes[block.size_class];
  const uint32_t within = address % kGcBlockBytes;
  const uint32_t start = within - within % cell_bytes;
  if (start + cell_bytes > kGcBlockBytes) return 0;
  const uint32_t object = index * kGcBlockBytes + start;
  if (is_live(object)) return object;
  if (start >= block.taken_bytes) return 0;
  uint32_t header;
  std::memcpy(&header, base() + object, sizeof header);
  return header == 0 ? 0 : object;
}

}  // namespace godwit::runtime
