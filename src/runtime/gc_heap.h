// GcHeap: the garbage-collected heap of one store. Objects never move; a collection marks what the roots lead to and
// frees the rest, cycles included.
//
// The heap is cut into blocks of 64 KiB. A block holds cells of one size class, or is part of a large object. Two bit
// maps aside have a bit for every 8 bytes of the heap: at the start of each object that survived the last collection
// (`live`), and at the start of each object that the running one has reached (`marked`); a collection ends by swapping
// them. Allocation takes runs of free cells out of a block, zeroes them and hands them out one by one (GcBump in vm.h),
// which compiled code does by itself:
//
//   block   | live | run handed out, cells in use | … zeroed … | live | not yet looked at …
//                                                 ^ cursor     ^ limit
//                                                              ^ Block::taken_bytes
//
// Whatever looks like the address of a cell or of its inside is one exactly if the cell's `live` bit is set, or it lies
// before taken_bytes and its header is not 0.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "platform/memory_map.h"
#include "runtime/gc_object.h"
#include "runtime/gc_size_class.h"
#include "runtime/gc_type.h"
#include "runtime/memory_budget.h"
#include "runtime/trap.h"
#include "runtime/vm.h"

namespace godwit::runtime {

class GcMarker;

// Who knows where references lie outside of the heap.
class GcRoots {
 public:
  virtual ~GcRoots() = default;
  // Shows the marker every reference. `frames_end` is the end of the innermost guest frame.
  virtual void mark_roots(GcMarker& marker, const Slot* frames_end) = 0;
};

struct GcOptions {
  uint64_t max_bytes = 0;  // of blocks in use
  // Collects at every allocation and spoils what it frees: for tests.
  bool collects_always = false;
  std::shared_ptr<MemoryBudget> budget = {};  // that blocks in use count towards
};

struct GcStatistics {
  uint64_t collections = 0;
  uint64_t total_pause_ns = 0;
  uint64_t longest_pause_ns = 0;
  uint64_t allocated_bytes = 0;  // up to the last run that was taken
  uint64_t live_bytes = 0;       // after the last collection
};

// An object, or why there is none.
struct GcAllocation {
  Ref object = 0;
  Trap trap = Trap::None;
};

class GcHeap final {
 public:
  // @param vm   gets the heap's base and bumps.  @param roots live as long as the heap.
  // @errors Exhausted: no address space.
  static Result<std::unique_ptr<GcHeap>> create(VmStore& vm, GcRoots& roots, const GcOptions& options);
  ~GcHeap();
  GcHeap(const GcHeap&) = delete;
  GcHeap& operator=(const GcHeap&) = delete;

  // An object of `size_bytes` whose bytes are 0 but for the header. Collects if it is time to, or if there is no room.
  // @param frames_end  the end of the frame of the guest function that allocates; see GcRoots.
  // @returns Trap::OutOfGcHeap, or Trap::Interrupted: a collection was stopped, and the heap is as it was.
  GcAllocation allocate(uint32_t header, uint64_t size_bytes, const Slot* frames_end);

  // The same, but it never collects: the host may hold references where nobody sees them. If a collection is due, it says
  // so in VmStore::gc_is_due.
  GcAllocation allocate_for_host(uint32_t header, uint64_t size_bytes);

  // Frees what no root leads to. False if the store's interrupt came first: then nothing is freed.
  bool collect(const Slot* frames_end);

  const GcStatistics& statistics() const { return statistics_; }
  uint64_t used_bytes() const { return uint64_t{used_blocks_} * kGcBlockBytes; }

  // The start of the object that the heap offset `address` is the address of, or lies in; 0 if there is none.
  uint32_t find_object(uint32_t address) const;
  uint8_t* base() const { return region_.base(); }

 private:
  friend class GcMarker;

  struct Block {
    enum class State : uint8_t { Free, Small, Large, LargeRest };
    State state = State::Free;
    uint8_t size_class = 0;
    bool is_zero = false;      // nothing was ever written there
    uint32_t taken_bytes = 0;  // Small: how much of it the allocator has been over since the last collection
    uint32_t count = 0;        // Large: its blocks; LargeRest: how many blocks before this one it begins
  };

  GcHeap(VmStore& vm, GcRoots& roots, const GcOptions& options);

  GcAllocation allocate_small(uint32_t header, uint32_t size_class);
  GcAllocation allocate_large(uint32_t header, uint64_t size_bytes);
  bool take_run(uint32_t size_class);
  bool take_run_in(uint32_t block, uint32_t size_class);
  // The first of `count` consecutive blocks, now in use; 0 if there is no room for them.
  uint32_t take_blocks(uint32_t count);
  uint32_t find_free_blocks(uint32_t count) const;
  bool grow_to(uint32_t blocks);
  void free_blocks(uint32_t first, uint32_t count);
  void sweep();
  void discard_spare_blocks();
  void spoil_dead_cells(uint32_t block);
  void drop_bumps();

  uint8_t* block_address(uint32_t block) const { return region_.base() + uint64_t{block} * kGcBlockBytes; }
  uint32_t block_count() const { return static_cast<uint32_t>(blocks_.size()); }
  bool is_live(uint32_t offset) const { return live_[offset >> 9] >> (offset >> 3 & 63) & 1; }
  bool is_interrupted() const { return vm_.interrupt.load(std::memory_order_relaxed) != 0; }

  VmStore& vm_;
  GcRoots& roots_;
  GcOptions options_;
  uint32_t max_blocks_;
  platform::Reservation region_;
  platform::Reservation live_bits_, mark_bits_;
  uint64_t* live_ = nullptr;
  uint64_t* marked_ = nullptr;

  std::vector<Block> blocks_;
  std::vector<uint64_t> free_bits_;
  uint32_t used_blocks_ = 0;
  MemoryCharge charge_;  // for them
  uint32_t committed_blocks_ = 0;
  std::array<GcBump, kGcClasses + 1> bumps_{};               // the last is of large objects, and always empty
  std::array<uint32_t, kGcClasses> current_{};               // the block that runs are taken from; 0: none
  std::array<std::vector<uint32_t>, kGcClasses> available_;  // others with free cells, the lowest last
  int64_t budget_bytes_;                                     // until the next collection
  std::vector<uint32_t> mark_stack_;
  GcStatistics statistics_;
};

}  // namespace godwit::runtime
