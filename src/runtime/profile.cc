// Walking guests' frames in a signal handler, and naming them later.
#include "runtime/profile.h"

#include <sched.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <vector>

#include "runtime/stay_walk.h"
#include "wasm/instruction.h"

namespace godwit::runtime {
namespace {

// Look-ups that must not wait are made so often, with a chance for others between: those on other threads will have let go
// of a lock, the thread itself, whom the signal has interrupted, will not.
constexpr int kTries = 4;

// The one that samples are taken for; changes under the mutex.
std::mutex current_mutex;
std::atomic<Profile*> current{nullptr};

// Set aside by those names that would be taken for something else.
std::string printable(std::string_view name) {
  std::string text;
  for (const char c : name)
    text += static_cast<unsigned char>(c) < ' ' || c == 0x7F ? '?' : c == ';' ? ':' : c;
  return text;
}

}  // namespace

// Believes nothing: the sample may be of the middle of a call.
class Profile::Guide final {
 public:
  Guide(Profile& profile, Store& store) : profile_(profile), store_(store) {}

  bool locate(const Cell* cell, const VmContext* ctx, CodeSource::CellRole role, CodeSource::Location& into) {
    if (is_threshold(cell) || !is_context(ctx)) return false;
    const auto lookup = has_host_frame ? Lookup::Now : Lookup::FunctionNow;
    for (int i = 0; i < kTries; ++i) {
      if (ctx->module->code->locate(cell, role, into, lookup)) return true;
      ::sched_yield();
    }
    return false;
  }
  std::optional<Executor::CompiledPlace> locate(uintptr_t pc) {
    KnownCode& known = profile_.known_code_[(pc ^ pc >> 8) % kKnownCodes];
    if (known.pc == pc) return known.place;
    for (int i = 0; i < kTries; ++i) {
      if (const auto place = store_.executor().locate_compiled(pc, Lookup::Now)) {
        known = {pc, place};
        return place;
      }
      if (!platform::is_compiled_code(pc)) break;
      ::sched_yield();
    }
    return std::nullopt;
  }
  const Cell* cell_at(uintptr_t pc) { return store_.executor().cell_at(pc, Lookup::Now); }
  // Such cells lie on the stacks themselves.
  bool is_threshold(const Cell* cell) const {
    const auto bounds = store_.native_stack().bounds();
    const auto* at = reinterpret_cast<const uint8_t*>(cell);
    return store_.is_on_frame_stack(reinterpret_cast<const Slot*>(cell)) ||
           (at >= bounds.low && at < bounds.high);
  }
  bool may_read(const Slot* header) const {
    return store_.is_on_frame_stack(header) && store_.is_on_frame_stack(header + kFrameHeaderSlots - 1);
  }
  bool may_read(const FrameRecord* record) const {
    const auto bounds = store_.native_stack().bounds();
    const auto* at = reinterpret_cast<const uint8_t*>(record);
    return at >= bounds.low && at + sizeof(FrameRecord) <= bounds.high &&
           reinterpret_cast<uintptr_t>(record) % alignof(FrameRecord) == 0;
  }
  bool add(const Module& module, const CodeSource::Location& location) {
    return add_frame({&module, location.function_index, location.offset});
  }
  bool add(const Executor::CompiledPlace& place) {
    return add_frame({place.module, place.function_index,
                      place.offset == kNoOffset ? kNoCall - 1 : static_cast<uint32_t>(place.offset)});
  }
  bool is_context(const VmContext* ctx) const {
    // an address that anything may have come from is asked of the system first
    return platform::is_readable(&ctx->store) && ctx->store == &store_.vm();
  }

  // The next frame to be added is busy with the host, which has a frame of its own.
  bool has_host_frame = false;

 private:
  bool add_frame(Place place) {
    if (std::exchange(has_host_frame, false)) profile_.add(place);
    place.call_offset = kNoCall;
    return profile_.add(place);
  }

  Profile& profile_;
  Store& store_;
};

Result<std::unique_ptr<Profile>> Profile::start(uint64_t interval_ns) {
  std::unique_ptr<Profile> profile(new Profile);
  const size_t node_bytes = size_t{kMostNodes} * sizeof(Node);
  const size_t stack_bytes = size_t{kMostFrames} * sizeof(Place);
  const size_t bytes = node_bytes + stack_bytes + kKnownCodes * sizeof(KnownCode);
  ASSIGN_OR_RETURN(profile->memory_, platform::Reservation::reserve(bytes));
  TRY(profile->memory_.commit(0, bytes));
  uint8_t* const base = profile->memory_.base();
  profile->nodes_ = reinterpret_cast<Node*>(base);
  profile->stack_ = reinterpret_cast<Place*>(base + node_bytes);
  profile->known_code_ = reinterpret_cast<KnownCode*>(base + node_bytes + stack_bytes);
  profile->node_count_ = 1;
  const std::lock_guard guard(current_mutex);
  ASSIGN_OR_RETURN(auto sampling, platform::Sampling::start(interval_ns, on_sample, profile.get()));
  profile->sampling_.emplace(std::move(sampling));
  current.store(profile.get());
  return profile;
}

Profile::~Profile() {
  sampling_.reset();
  const std::lock_guard guard(current_mutex);
  if (current.load() == this) current.store(nullptr);  // else another has kept this one from starting
}

void Profile::lock() {
  while (is_locked_.test_and_set(std::memory_order_acquire)) ::sched_yield();
}

void Profile::on_sample(void* self, const platform::Sample& sample, uint64_t weight) {
  auto& profile = *static_cast<Profile*>(self);
  profile.lock();
  profile.take(sample, weight);
  profile.unlock();
}

void Profile::take(const platform::Sample& sample, uint64_t weight) {
  counts_.all += weight;
  if (sample.activation == nullptr) {
    counts_.outside += weight;
    return;
  }
  if (sample.is_in_host) counts_.in_host += weight;
  depth_ = 0;
  const bool is_whole = walk(sample);
  if (depth_ == 0) {
    counts_.lost += weight;
    return;
  }
  if (!is_whole) {
    counts_.cut += weight;
    // so that no function in the middle is taken for an outermost one
    if (depth_ == kMostFrames) --depth_;
    stack_[depth_++] = {nullptr, 0, kNoCall};
  }
  uint32_t node = 0;
  for (uint32_t i = depth_; i > 0; --i) {
    const uint32_t next = child(node, stack_[i - 1]);
    if (next == 0) break;  // there is no room: its time is the caller's
    node = next;
  }
  nodes_[node].count += weight;
}

// True if the whole stack was seen.
bool Profile::walk(const platform::Sample& sample) {
  VmStore& vm = *static_cast<VmStore*>(sample.activation->owner);
  Store& store = *vm.store;
  Guide guide(*this, store);
  guide.has_host_frame = sample.is_in_host;
  const platform::Fault& at = sample.place;
  GuestStay innermost{
      nullptr, nullptr, nullptr, vm.native_entry, vm.native_threshold, store.innermost_stay()};
  auto role = CodeSource::CellRole::Executing;
  bool is_whole = true;
  if (at.pc == 0) {
    return false;
  } else if (sample.is_in_compiled_code) {
    // what has no place is a way between functions, with a frame as any
    if (const auto place = guide.locate(at.pc)) guide.add(*place);
    if (sample.return_address != 0)
      if (const auto caller = guide.locate(sample.return_address - 1)) guide.add(*caller);
    innermost.host_call_fp = reinterpret_cast<Slot*>(at.frame);
    innermost.host_call_ctx = vm.native_entry ? vm.native_entry->ctx : nullptr;
    is_whole = innermost.host_call_ctx != nullptr;
  } else if (sample.is_in_host && vm.host_call_ip != nullptr) {
    // a call of a host function, which the handler has prepared for others to see
    innermost.host_call_ip = vm.host_call_ip;
    innermost.host_call_fp = vm.host_call_fp;
    innermost.host_call_ctx = vm.host_call_ctx;
    role = CodeSource::CellRole::Return;
  } else {
    const Cell* cell = guide.cell_at(at.pc);
    innermost.host_call_ip = cell != nullptr ? cell : reinterpret_cast<const Cell*>(at.ip);
    innermost.host_call_fp = reinterpret_cast<Slot*>(at.fp);
    innermost.host_call_ctx = reinterpret_cast<VmContext*>(at.ctx);
  }
  is_whole = StayWalk(guide, innermost).run(role) && is_whole;
  for (const GuestStay* stay = store.innermost_stay(); stay && is_whole; stay = stay->outer)
    is_whole = StayWalk(guide, *stay).run(CodeSource::CellRole::Return);
  return is_whole && depth_ < kMostFrames;
}

bool Profile::add(const Place& place) {
  if (depth_ == kMostFrames) return false;
  stack_[depth_++] = place;
  return true;
}

// 0 if there is no room.
uint32_t Profile::child(uint32_t parent, const Place& place) {
  for (uint32_t at = nodes_[parent].first_child; at != 0; at = nodes_[at].next_sibling) {
    const Node& node = nodes_[at];
    if (node.module == place.module && node.function_index == place.function_index &&
        node.call_offset == place.call_offset && node.name == nullptr)
      return at;
  }
  if (node_count_ == kMostNodes) return 0;
  const uint32_t made = node_count_++;
  new (&nodes_[made]) Node{.module = place.module,
                           .name = nullptr,
                           .function_index = place.function_index,
                           .call_offset = place.call_offset,
                           .first_child = 0,
                           .next_sibling = nodes_[parent].first_child,
                           .count = 0};
  nodes_[parent].first_child = made;
  return made;
}

namespace {

// What the host does for a guest that stands at this instruction.
std::string name_of_work(const wasm::Module& module, wasm::FuncIdx func, uint32_t offset) {
  const wasm::ByteRange body = module.body(func).range;
  wasm::Instruction instruction;
  if (offset < body.offset || offset - body.offset >= body.size) return "[runtime]";
  wasm::InstructionReader reader(module, {offset, body.offset + body.size - offset});
  const bool is_call = reader.next(instruction) &&
                       (instruction.op == wasm::Opcode::call || instruction.op == wasm::Opcode::return_call);
  if (is_call)
    for (const wasm::Import& import : module.imports)
      if (import.kind == wasm::ExternKind::Func && import.index == instruction.index)
        return printable(import.module) + "." + printable(import.field);
  return "[runtime]";
}

}  // namespace

std::string Profile::name_of(const Node& node) const {
  if (node.name != nullptr) return *node.name;
  if (node.module == nullptr) return "[unknown]";
  const wasm::Module& declarations = node.module->declarations;
  const wasm::FuncIdx func(node.function_index);
  if (node.call_offset != kNoCall) return name_of_work(declarations, func, node.call_offset);
  const std::string_view name = declarations.func_name(func);
  return name.empty() ? "func[" + std::to_string(node.function_index) + "]" : printable(name);
}

void Profile::for_each_stack(
    const std::function<void(std::string_view stack, uint64_t count)>& function) const {
  struct Level {
    uint32_t node;
    size_t prefix_bytes;
  };
  std::string text;
  std::vector<Level> levels;
  if (nodes_[0].first_child != 0) levels.push_back({nodes_[0].first_child, 0});
  while (!levels.empty()) {
    const Level level = levels.back();
    levels.pop_back();
    const Node& node = nodes_[level.node];
    if (node.next_sibling != 0) levels.push_back({node.next_sibling, level.prefix_bytes});
    text.resize(level.prefix_bytes);
    if (!text.empty()) text += ';';
    text += name_of(node);
    if (node.count != 0) function(text, node.count);
    if (node.first_child != 0) levels.push_back({node.first_child, text.size()});
  }
}

void Profile::forget(const Module& module) {
  if (current.load(std::memory_order_relaxed) == nullptr) [[likely]]
    return;
  const std::lock_guard guard(current_mutex);
  if (Profile* const profile = current.load()) profile->name_frames_of(module);
}

void Profile::name_frames_of(const Module& module) {
  const platform::SamplingPause pause;
  lock();
  for (uint32_t i = 1; i < node_count_; ++i) {
    Node& node = nodes_[i];
    if (node.module != &module) continue;
    names_.push_back(name_of(node));
    node.name = &names_.back();
    node.module = nullptr;
  }
  for (size_t i = 0; i < kKnownCodes; ++i) known_code_[i].pc = 0;
  unlock();
}

}  // namespace godwit::runtime
