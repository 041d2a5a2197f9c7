// From a module to a code image.
#include "compile.h"

#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>
#include <time.h>

#include <mutex>
#include <optional>
#include <ranges>
#include <set>
#include <span>

#include "function.h"
#include "image/image.h"
#include "object.h"
#include "pipeline.h"
#include "runtime/layout_hash.h"
#include "stubs.h"
#include "wasm/decoder.h"
#include "workers.h"

namespace godwit::llvm_tier {

namespace {

// numeric.h as bitcode (meanings.cc).
constexpr char kMeanings[] = {
#embed GODWIT_MEANINGS_BITCODE
};

// A function with a larger frame is left out: that much is left of the stack where the limit is reached.
constexpr uint64_t kMaxFrameBytes = uint64_t{64} << 10;

// Functions are compiled together until their bodies have so many bytes: LLVM's memory grows with that, not with the
// module.
constexpr uint64_t kPartBytes = uint64_t{64} << 10;

// Of the calling thread.
uint64_t thread_time_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

class Compilation final {
 public:
  explicit Compilation(const godwit_compiler_request& request) : request_(request) {}

  Compiled run() {
    auto decoded = wasm::decode(nullptr, Bytes(request_.module, request_.module_size_bytes), features());
    if (!decoded) return failed(GODWIT_COMPILER_INVALID, decoded.error().describe());
    wasm_ = std::move(*decoded);
    target_ = processor(request_.cpu);
    if (!machine_for(target_, request_.optimization))
      return failed(GODWIT_COMPILER_UNSUPPORTED, "no code for the processor " + target_.name);
    choose_functions();
    facts_.emplace(wasm_, features(), by_table_);
    divide();
    std::vector<Made> made(parts_.size());
    for_each_at_once(parts_.size(), std::max(request_.threads, 1u), [&](size_t i) {
      made[i] = compile_part([&](Unit& unit) { return translate(unit, parts_[i]); });
      tell_progress(parts_[i]);
    });
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (auto added = add(made[i]); added.status != GODWIT_COMPILER_OK) return added;
      leave_out_large_frames(parts_[i]);
    }
    Compiled compiled = add(compile_part([&](Unit& unit) { return make_stubs(unit); }));
    if (compiled.status != GODWIT_COMPILER_OK) return compiled;
    auto object = linker_.finish();
    if (!object) return failed(GODWIT_COMPILER_UNSUPPORTED, object.error().message());
    compiled.image = image_of(std::move(*object));
    return compiled;
  }

 private:
  static Compiled failed(godwit_compiler_status status, std::string why) {
    return {status, std::move(why), {}};
  }
  wasm::FeatureSet features() const { return wasm::FeatureSet::from_bits(request_.features); }
  bool is_cancelled() const { return request_.should_cancel && request_.should_cancel(request_.user) != 0; }
  uint64_t body_bytes(uint32_t defined) const { return wasm_.bodies[defined].range.size; }
  wasm::TypeIdx type_of(uint32_t defined) const { return wasm_.funcs[wasm_.imported_funcs + defined]; }

  bool is_wanted(uint32_t defined) const {
    return request_.is_wanted == nullptr || request_.is_wanted[defined] != 0;
  }
  // Those of one function.
  using Loops = std::set<std::pair<uint32_t, uint32_t>>;
  std::ranges::subrange<Loops::const_iterator> loops_of(uint32_t defined) const {
    return {loops_.lower_bound({defined, 0}), loops_.upper_bound({defined, ~uint32_t{0}})};
  }

  void leave_out(uint32_t defined, const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (left_out_[defined]) return;
    left_out_[defined] = true;
    if (request_.left_out) request_.left_out(request_.user, defined, why.c_str());
  }

  // What is compiled together.
  void divide() {
    for (size_t next = 0; next < chosen_.size();) {
      const size_t begin = next;
      uint64_t bytes = 0;
      while (next < chosen_.size() && (next == begin || bytes + body_bytes(chosen_[next]) <= kPartBytes))
        bytes += body_bytes(chosen_[next++]);
      parts_.push_back(std::span(chosen_).subspan(begin, next - begin));
      all_bytes_ += bytes;
    }
  }

  void tell_progress(std::span<const uint32_t> part) {
    if (request_.progress == nullptr) return;
    const std::lock_guard lock(mutex_);
    for (const uint32_t defined : part) done_bytes_ += body_bytes(defined);
    request_.progress(request_.user, done_bytes_, all_bytes_);
  }

  void choose_functions() {
    const size_t count = wasm_.bodies.size();
    left_out_.resize(count);
    by_table_.resize(count, request_.calls == GODWIT_COMPILER_CALLS_BY_TABLE);
    for (uint32_t i = 0; i < request_.loop_count; ++i)
      loops_.emplace(request_.loops[i].function, request_.loops[i].offset);
    for (uint32_t i = 0; i < count; ++i) {
      if (!is_wanted(i)) by_table_[i] = true;
      if (!is_wanted(i) && loops_of(i).empty()) continue;
      if (body_bytes(i) > request_.max_body_bytes) leave_out(i, "its body is too large");
      else chosen_.push_back(i);
    }
  }

  // A file for the linker, or why there is none.
  struct Made {
    Compiled failure = {};
    llvm::SmallVector<char, 0> elf = {};
  };

  Compiled add(const Made& made) {
    if (made.failure.status != GODWIT_COMPILER_OK) return made.failure;
    const auto added = linker_.add(Bytes(reinterpret_cast<const uint8_t*>(made.elf.data()), made.elf.size()));
    return added ? Compiled{} : failed(GODWIT_COMPILER_UNSUPPORTED, added.error().message());
  }

  // What `translate` makes, optimised. Several may run at once.
  template <class Translate>
  Made compile_part(Translate translate) {
    if (is_cancelled()) return {failed(GODWIT_COMPILER_CANCELLED, "cancelled")};
    const auto machine = machine_for(target_, request_.optimization);
    llvm::LLVMContext context;
    context.setDiscardValueNames(true);
    auto module = llvm::getLazyBitcodeModule(
        llvm::MemoryBufferRef(llvm::StringRef(kMeanings, sizeof kMeanings), "meanings"), context);
    if (!module) return {failed(GODWIT_COMPILER_UNSUPPORTED, llvm::toString(module.takeError()))};
    (*module)->setDataLayout(machine->createDataLayout());
    (*module)->setTargetTriple(machine->getTargetTriple());
    Unit unit(wasm_, **module, target_.name, target_.features, by_table_, *facts_);
    unit.has_precise_traps = request_.precise_traps != 0;
    unit.counts_fuel = request_.counts_fuel != 0;
    if (!translate(unit)) return {failed(GODWIT_COMPILER_CANCELLED, "cancelled")};
    unit.finish();
#ifndef NDEBUG
    if (llvm::verifyModule(**module, &llvm::errs())) return {failed(GODWIT_COMPILER_UNSUPPORTED, "bad IR")};
#endif
    for (llvm::Function* heavy : promote_variables(unit)) leave_out_heavy(*heavy);
    const uint64_t enough_at = thread_time_ns() + request_.max_time_ns;
    optimise(unit, *machine, request_.optimization,
             [&] { return is_cancelled() || (request_.max_time_ns != 0 && thread_time_ns() > enough_at); });
    if (is_cancelled()) return {failed(GODWIT_COMPILER_CANCELLED, "cancelled")};
    return {{}, emit_object(**module, *machine)};
  }

  // False: cancelled.
  bool translate(Unit& unit, std::span<const uint32_t> functions) {
    for (const uint32_t defined : functions) {
      if (is_cancelled()) return false;
      bool has_all_loops = true;
      for (const auto& [function, loop] : loops_of(defined)) {
        FunctionTranslator from_loop(unit, defined, features(), loop);
        if (from_loop.run()) continue;
        forget(*from_loop.function());
        has_all_loops = false;
      }
      if (is_wanted(defined) || !has_all_loops) translate_function(unit, defined);
    }
    for (const uint32_t defined : unit.own_callers())
      make_own_caller(unit, *unit.own_caller(defined), defined);
    for (uint32_t i = 0; i < wasm_.types.size(); ++i) {
      const wasm::TypeIdx type(i);
      if (unit.has_record_caller(type)) make_record_caller(unit, type);
      if (unit.has_finisher(type)) make_finisher(unit, type);
    }
    return true;
  }

  void translate_function(Unit& unit, uint32_t defined) {
    FunctionTranslator translator(unit, defined, features());
    if (translator.run()) return;
    forget(*translator.function());
    leave_out(defined, translator.why());
  }

  void leave_out_heavy(llvm::Function& function) {
    uint32_t defined = 0;
    llvm::StringRef number = function.getName().drop_front();
    number.consumeInteger(10, defined);
    const bool is_loop = function.getName().front() == 'l';
    forget(function);
    if (!is_loop || !is_wanted(defined)) leave_out(defined, "too many variables meet where its branches do");
  }

  static void forget(llvm::Function& function) {
    function.deleteBody();
    function.setSubprogram(nullptr);
  }

  // Frames are only known when there is code.
  void leave_out_large_frames(std::span<const uint32_t> functions) {
    const Object& object = linker_.object();
    for (const uint32_t defined : functions) {
      const auto found = object.functions.find(function_name(defined));
      if (found == object.functions.end()) continue;
      const auto frame = object.stack_bytes.find(found->second.begin);
      if (frame != object.stack_bytes.end() && frame->second > kMaxFrameBytes)
        leave_out(defined, "its frame has " + std::to_string(frame->second) + " bytes");
    }
  }

  // The ways into the functions, and what stands for those that are called and left out: their code, if there is some,
  // is never reached.
  bool make_stubs(Unit& unit) {
    const std::set<std::string> missing = linker_.missing();
    std::set<uint32_t> types;
    for (uint32_t i = 0; i < left_out_.size(); ++i) {
      const std::string name = function_name(i);
      const bool is_there = linker_.object().functions.contains(name);
      if (left_out_[i] && (is_there || missing.contains(name))) make_own_caller(unit, *unit.function(i), i);
      if (!left_out_[i] && is_there) types.insert(type_of(i).value);
      if (!missing.contains(tail_name(i))) continue;
      if (!left_out_[i] && is_there) linker_.add_name(tail_name(i), name);
      else make_tail_stub(unit, i);
    }
    for (const uint32_t type : types) make_thunk(unit, wasm::TypeIdx(type));
    return true;
  }

  std::vector<uint8_t> image_of(Object object) {
    image::Parts parts;
    parts.layout = runtime::layout_of_code(request_.counts_fuel != 0);
    auto add = [&](uint32_t defined, uint32_t loop, const std::string& name) {
      const auto found = object.functions.find(name);
      if (found == object.functions.end()) return;
      const Object::Symbol& place = found->second;
      const auto frame = object.stack_bytes.find(place.begin);
      if (frame != object.stack_bytes.end() && frame->second > kMaxFrameBytes) return;
      parts.functions.push_back({defined, loop, place.begin, place.end});
    };
    for (const uint32_t defined : chosen_) {
      if (left_out_[defined]) continue;
      add(defined, image::kNone, function_name(defined));
      for (const auto& [function, loop] : loops_of(defined)) add(defined, loop, loop_name(defined, loop));
    }
    parts.thunks.resize(wasm_.types.size());
    for (uint32_t type = 0; type < wasm_.types.size(); ++type) {
      const auto found = object.functions.find(thunk_name(wasm::TypeIdx(type)));
      if (found != object.functions.end()) parts.thunks[type].begin = found->second.begin;
    }
    parts.lines = std::move(object.lines);
    parts.code = std::move(object.code);
    return image::write(parts);
  }

  const godwit_compiler_request& request_;
  wasm::Module wasm_;
  Processor target_;
  std::vector<uint32_t> chosen_;  // functions of which something is compiled, ascending
  Loops loops_;
  std::vector<bool> left_out_;
  std::vector<bool> by_table_;  // of all own functions: called by VmContext::natives
  std::optional<CallFacts> facts_;
  std::vector<std::span<const uint32_t>> parts_;
  uint64_t all_bytes_ = 0, done_bytes_ = 0;  // of bodies
  std::mutex mutex_;                         // guards left_out_, done_bytes_, and the host's functions
  Linker linker_;
};

}  // namespace

Compiled compile(const godwit_compiler_request& request) {
  if (request.layout != runtime::kLayoutHash)
    return {GODWIT_COMPILER_LAYOUT, "the compiler was built for another release of godwit", {}};
  return Compilation(request).run();
}

}  // namespace godwit::llvm_tier
