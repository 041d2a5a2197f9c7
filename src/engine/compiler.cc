// Loading and calling the optimising compiler.
#include "engine/compiler.h"

#include "platform/library.h"
#include "runtime/layout_hash.h"
#include "runtime/trap.h"
#include "wasm/instruction.h"

namespace godwit::engine {

namespace {

constexpr const char* kFile = "godwit-llvm.so";
// LLVM takes more than linear time and memory for a function: larger ones are left to the other tiers.
constexpr uint64_t kMaxBodyBytes = uint64_t{256} << 10;

// What the callbacks see.
struct Call {
  Interrupt interrupt;
  const CompileOptions& options;
  std::string explanation = {};
};

std::string version(uint32_t major, uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

Result<> check(const godwit_compiler* table, const std::string& path) {
  if (table == nullptr)
    return fail(ErrorKind::Unsupported, path + " does not speak version " +
                                            version(GODWIT_COMPILER_ABI_MAJOR, GODWIT_COMPILER_ABI_MINOR) +
                                            " of the compiler ABI");
  if (table->abi_major != GODWIT_COMPILER_ABI_MAJOR || table->abi_minor > GODWIT_COMPILER_ABI_MINOR)
    return fail(ErrorKind::Unsupported, path + " speaks version " +
                                            version(table->abi_major, table->abi_minor) +
                                            " of the compiler ABI, this godwit speaks version " +
                                            version(GODWIT_COMPILER_ABI_MAJOR, GODWIT_COMPILER_ABI_MINOR));
  if (table->struct_size_bytes < sizeof(godwit_compiler))
    return fail(ErrorKind::Unsupported, path + " has a smaller table than its version of the compiler ABI");
  if (table->layout != runtime::kLayoutHash)
    return fail(ErrorKind::Unsupported, path + " was built for another release of godwit");
  return {};
}

}  // namespace

std::vector<godwit_compiler_loop> loops_of(const wasm::Module& module, wasm::FeatureSet features) {
  std::vector<godwit_compiler_loop> loops;
  for (uint32_t i = 0; i < module.bodies.size(); ++i) {
    wasm::InstructionReader reader(module, module.bodies[i].range, features);
    if (!reader.locals()) continue;
    wasm::Instruction in;
    while (!reader.at_end() && reader.next(in))
      if (in.op == wasm::Opcode::loop) loops.push_back({i, in.offset});
  }
  return loops;
}

Result<std::string> Compiler::find(const std::vector<std::string>& directories) {
  std::string sought;
  for (const std::string& directory : directories) {
    std::string path = directory + "/" + kFile;
    if (platform::Library::exists(path)) return path;
    sought += (sought.empty() ? "" : ", ") + directory;
  }
  return fail(ErrorKind::NotFound, std::string("the compiler ") + kFile + " is in none of " + sought +
                                       "; ./dev build makes it, or set GODWIT_PLUGIN_PATH to its folder");
}

Result<Compiler> Compiler::load(const std::vector<std::string>& directories) {
  ASSIGN_OR_RETURN(const std::string path, find(directories));
  ASSIGN_OR_RETURN(platform::Library library, platform::Library::open(path));
  ASSIGN_OR_RETURN(void* symbol, library.symbol(GODWIT_COMPILER_SYMBOL));
  Compiler compiler;
  compiler.table_ =
      reinterpret_cast<godwit_compiler_entry>(symbol)(GODWIT_COMPILER_ABI_MAJOR, GODWIT_COMPILER_ABI_MINOR);
  TRY(check(compiler.table_, path));
  library.keep_loaded();  // LLVM leaves globals behind
  return compiler;
}

Result<std::vector<uint8_t>> Compiler::compile(Bytes module, const CompileOptions& options,
                                               Interrupt interrupt) const {
  Call call{interrupt, options};
  godwit_compiler_request request{};
  request.struct_size_bytes = sizeof request;
  request.optimization = options.optimization;
  request.layout = runtime::kLayoutHash;
  request.features = options.features.bits();
  request.module = module.data();
  request.module_size_bytes = module.size();
  request.cpu = options.cpu;
  request.is_wanted = options.is_wanted.empty() ? nullptr : options.is_wanted.data();
  request.loops = options.loops.data();
  request.loop_count = static_cast<uint32_t>(options.loops.size());
  request.calls = options.calls;
  request.max_body_bytes = kMaxBodyBytes;
  request.max_time_ns = options.max_time_ns;
  request.precise_traps = options.has_precise_traps;
  request.threads = options.threads;
  request.counts_fuel = options.counts_fuel;
  request.user = &call;
  request.progress = [](void* user, uint64_t done_bytes, uint64_t all_bytes) {
    if (const auto& tell = static_cast<Call*>(user)->options.progress) tell(done_bytes, all_bytes);
  };
  request.should_cancel = [](void* user) -> int32_t {
    return static_cast<Call*>(user)->interrupt.is_requested();
  };
  request.left_out = [](void* user, uint32_t function, const char* why) {
    if (const auto& tell = static_cast<Call*>(user)->options.left_out) tell(function, why);
  };
  request.explain = [](void* user, const char* text) { static_cast<Call*>(user)->explanation = text; };
  godwit_compiler_result* result = nullptr;
  const godwit_compiler_status status = table_->compile(&request, &result);
  if (status == GODWIT_COMPILER_CANCELLED)
    return fail(Error(ErrorKind::Exhausted, static_cast<uint32_t>(runtime::Trap::Interrupted),
                      std::string(to_string(runtime::Trap::Interrupted))));
  if (status != GODWIT_COMPILER_OK)
    return fail(ErrorKind::Unsupported, "the compiler gives up: " + call.explanation);
  std::vector<uint8_t> image(result->image, result->image + result->image_size_bytes);
  table_->release(result);
  return image;
}

}  // namespace godwit::engine
