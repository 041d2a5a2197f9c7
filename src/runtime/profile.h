// Profile: where guests have spent their time, as a tree of calls that a signal handler fills.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "platform/memory_map.h"
#include "platform/sampling.h"
#include "runtime/store.h"

namespace godwit::runtime {

// There is one in a process at a time, as there is one platform::Sampling.
class Profile final {
 public:
  // Takes samples from now on. @errors as platform::Sampling::start. Exhausted: the system has no memory.
  static Result<std::unique_ptr<Profile>> start(uint64_t interval_ns);
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  // What may be asked once the sampling is over.
  void stop() { sampling_.reset(); }

  // All in samples: intervals of CPU time that have passed.
  struct Counts {
    uint64_t all = 0;      // those of `outside` as well
    uint64_t outside = 0;  // where a thread had no guest on its stack
    uint64_t in_host = 0;  // in functions of the host's that guests have called
    uint64_t cut = 0;      // of whose stack only the inner end is known
    uint64_t lost = 0;     // of which nothing is known but that there was a guest
  };
  Counts counts() const { return counts_; }

  // Calls `function(stack, count)` for each stack that was seen: names from the outermost frame on, separated by ';'.
  void for_each_stack(const std::function<void(std::string_view stack, uint64_t count)>& function) const;

  // Called by the destructor of a module, while its names can be read. @threads any.
  static void forget(const Module& module);

 private:
  // Of the tree. What a frame is called is found out at the end, or when its module goes.
  struct Node {
    const Module* module;  // null: it is known by `name`
    const std::string* name;
    uint32_t function_index;
    uint32_t
        call_offset;  // kNoCall, or that of an instruction that the host is busy with: a frame of the host's
    uint32_t first_child, next_sibling;
    uint64_t count;  // of samples that end here
  };
  struct Place {
    const Module* module;
    uint32_t function_index;
    uint32_t call_offset;
  };
  struct KnownCode {
    uintptr_t pc;
    std::optional<Executor::CompiledPlace> place;
  };
  class Guide;
  static constexpr uint32_t kNoCall = ~uint32_t{0};
  static constexpr uint32_t kMostNodes = 1 << 20;
  static constexpr uint32_t kMostFrames = 1000;
  static constexpr size_t kKnownCodes = 256;

  Profile() = default;
  static void on_sample(void* self, const platform::Sample& sample, uint64_t weight);
  void take(const platform::Sample& sample, uint64_t weight);
  bool walk(const platform::Sample& sample);
  bool add(const Place& place);
  uint32_t child(uint32_t parent, const Place& place);
  std::string name_of(const Node& node) const;
  void name_frames_of(const Module& module);
  void lock();
  void unlock() { is_locked_.clear(std::memory_order_release); }

  // What follows is guarded by it; the sampling's signal is blocked where it is held.
  std::atomic_flag is_locked_;
  platform::Reservation memory_;
  Node* nodes_ = nullptr;  // the first is the root
  uint32_t node_count_ = 0;
  Place* stack_ = nullptr;  // of one sample, innermost first
  uint32_t depth_ = 0;
  KnownCode* known_code_ = nullptr;
  std::deque<std::string> names_;
  Counts counts_;
  std::optional<platform::Sampling> sampling_;  // goes first
};

}  // namespace godwit::runtime
