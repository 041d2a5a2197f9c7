// From a module to a code image.
#include "compile.h"

#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>

#include <chrono>

#include "function.h"
#include "image/image.h"
#include "object.h"
#include "pipeline.h"
#include "runtime/layout_hash.h"
#include "stubs.h"
#include "wasm/decoder.h"

namespace godwit::llvm_tier {

namespace {

// numeric.h as bitcode (meanings.cc).
constexpr char kMeanings[] = {
#embed GODWIT_MEANINGS_BITCODE
};

// A function with a larger frame is left out: that much is left of the stack where the limit is reached.
constexpr uint64_t kMaxFrameBytes = uint64_t{64} << 10;

class Compilation final {
 public:
  explicit Compilation(const godwit_compiler_request& request) : request_(request) {}

  Compiled run() {
    auto decoded = wasm::decode(nullptr, Bytes(request_.module, request_.module_size_bytes), features());
    if (!decoded) return failed(GODWIT_COMPILER_INVALID, decoded.error().describe());
    wasm_ = std::move(*decoded);
    left_out_.resize(wasm_.bodies.size());
    for (uint32_t i = 0; i < wasm_.bodies.size(); ++i) {
      if (request_.is_wanted && !request_.is_wanted[i]) left_out_[i] = true;
      else if (wasm_.bodies[i].range.size > request_.max_body_bytes) leave_out(i, "its body is too large");
    }
    // Frames are only known when there is code. Those that are too large are left out of the next attempt.
    for (;;) {
      Compiled compiled = attempt();
      if (compiled.status != GODWIT_COMPILER_OK || !has_left_out_more_) return compiled;
    }
  }

 private:
  static Compiled failed(godwit_compiler_status status, std::string why) {
    return {status, std::move(why), {}};
  }
  wasm::FeatureSet features() const { return wasm::FeatureSet::from_bits(request_.features); }
  bool is_cancelled() const { return request_.should_cancel && request_.should_cancel(request_.user) != 0; }

  void leave_out(uint32_t defined, const std::string& why) {
    left_out_[defined] = true;
    has_left_out_more_ = true;
    if (request_.left_out) request_.left_out(request_.user, defined, why.c_str());
  }

  Compiled attempt() {
    has_left_out_more_ = false;
    const Processor target = processor(request_.cpu);
    const auto machine = machine_for(target, request_.optimization);
    if (!machine) return failed(GODWIT_COMPILER_UNSUPPORTED, "no code for the processor " + target.name);
    llvm::LLVMContext context;
    context.setDiscardValueNames(true);
    auto module = llvm::parseBitcodeFile(
        llvm::MemoryBufferRef(llvm::StringRef(kMeanings, sizeof kMeanings), "meanings"), context);
    if (!module) return failed(GODWIT_COMPILER_UNSUPPORTED, llvm::toString(module.takeError()));
    (*module)->setDataLayout(machine->createDataLayout());
    (*module)->setTargetTriple(machine->getTargetTriple());
    Unit unit(wasm_, **module, target.name, target.features);
    if (!translate(unit)) return failed(GODWIT_COMPILER_CANCELLED, "cancelled");
    unit.finish();
#ifndef NDEBUG
    if (llvm::verifyModule(**module, &llvm::errs())) return failed(GODWIT_COMPILER_UNSUPPORTED, "bad IR");
#endif
    const auto enough_at = std::chrono::steady_clock::now() + std::chrono::nanoseconds(request_.max_time_ns);
    optimise(unit, *machine, request_.optimization, [&] {
      return is_cancelled() || (request_.max_time_ns != 0 && std::chrono::steady_clock::now() > enough_at);
    });
    if (is_cancelled()) return failed(GODWIT_COMPILER_CANCELLED, "cancelled");
    const llvm::SmallVector<char, 0> elf = emit_object(**module, *machine);
    auto object = link_object(Bytes(reinterpret_cast<const uint8_t*>(elf.data()), elf.size()));
    if (!object) return failed(GODWIT_COMPILER_UNSUPPORTED, object.error().message());
    return {GODWIT_COMPILER_OK, {}, image_of(std::move(*object))};
  }

  // Bodies first: which of them are left out shows only then. False: cancelled.
  bool translate(Unit& unit) {
    for (uint32_t i = 0; i < wasm_.bodies.size(); ++i) {
      if (left_out_[i]) continue;
      if (is_cancelled()) return false;
      FunctionTranslator translator(unit, i, features());
      if (translator.run()) continue;
      unit.function(i)->deleteBody();
      unit.function(i)->setSubprogram(nullptr);
      leave_out(i, translator.why());
    }
    leave_out_tail_callers(unit);
    for (uint32_t i = 0; i < wasm_.bodies.size(); ++i)
      if (left_out_[i] && !unit.function(i)->use_empty()) make_own_caller(unit, i);
    for (uint32_t type = 0; type < wasm_.types.size(); ++type) {
      if (wasm_.types[type].kind != wasm::CompositeKind::Func) continue;
      make_thunk(unit, wasm::TypeIdx(type));
      if (unit.has_record_caller(wasm::TypeIdx(type))) make_record_caller(unit, wasm::TypeIdx(type));
    }
    has_left_out_more_ = false;  // this attempt knows of all of them
    return true;
  }

  // A function that calls another one in its place needs that one compiled; else frames would pile up.
  void leave_out_tail_callers(Unit& unit) {
    std::vector<uint32_t> todo;
    for (uint32_t i = 0; i < wasm_.bodies.size(); ++i)
      if (left_out_[i]) todo.push_back(i);
    while (!todo.empty()) {
      llvm::Function* gone = unit.function(todo.back());
      todo.pop_back();
      llvm::SmallVector<llvm::Function*, 4> callers;
      for (const llvm::User* user : gone->users()) {
        const auto* call = llvm::dyn_cast<llvm::CallInst>(user);
        if (call && call->isMustTailCall())
          callers.push_back(const_cast<llvm::Function*>(call->getFunction()));
      }
      for (llvm::Function* caller : callers) {
        const uint32_t number = unit.number_of(caller);
        if (left_out_[number]) continue;
        caller->deleteBody();
        caller->setSubprogram(nullptr);
        leave_out(number, "it has return_call of a function that is left out");
        todo.push_back(number);
      }
    }
  }

  std::vector<uint8_t> image_of(Object object) {
    image::Parts parts;
    parts.layout = runtime::kLayoutHash;
    parts.functions.resize(wasm_.bodies.size());
    for (uint32_t i = 0; i < wasm_.bodies.size(); ++i) {
      if (left_out_[i]) continue;
      const auto found = object.functions.find(function_name(i));
      if (found == object.functions.end()) continue;
      const auto frame = object.stack_bytes.find(found->second.begin);
      if (frame != object.stack_bytes.end() && frame->second > kMaxFrameBytes)
        leave_out(i, "its frame has " + std::to_string(frame->second) + " bytes");
      else parts.functions[i] = {found->second.begin, found->second.end};
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
  std::vector<bool> left_out_;
  bool has_left_out_more_ = false;
};

}  // namespace

Compiled compile(const godwit_compiler_request& request) {
  if (request.layout != runtime::kLayoutHash)
    return {GODWIT_COMPILER_LAYOUT, "the compiler was built for another release of godwit", {}};
  return Compilation(request).run();
}

}  // namespace godwit::llvm_tier
