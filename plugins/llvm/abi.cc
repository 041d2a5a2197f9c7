// The table of functions behind godwit/abi/compiler.h.
#include <llvm/Config/llvm-config.h>

#include <memory>

#include "compile.h"
#include "runtime/layout_hash.h"

namespace godwit::llvm_tier {

namespace {

struct Result {
  godwit_compiler_result result;  // first: it is what the host gives back
  std::vector<uint8_t> image;
};

godwit_compiler_status compile_for_host(const godwit_compiler_request* request,
                                        godwit_compiler_result** result) {
  *result = nullptr;
  Compiled compiled = compile(*request);
  if (compiled.status != GODWIT_COMPILER_OK) {
    if (request->explain) request->explain(request->user, compiled.why.c_str());
    return compiled.status;
  }
  auto made = std::make_unique<Result>();
  made->image = std::move(compiled.image);
  made->result = {sizeof made->result, made->image.data(), made->image.size()};
  *result = &made.release()->result;
  return GODWIT_COMPILER_OK;
}

void release(godwit_compiler_result* result) { delete reinterpret_cast<Result*>(result); }

constexpr godwit_compiler kTable = {
    .struct_size_bytes = sizeof(godwit_compiler),
    .abi_major = GODWIT_COMPILER_ABI_MAJOR,
    .abi_minor = GODWIT_COMPILER_ABI_MINOR,
    .layout = runtime::kLayoutHash,
    .revision = "LLVM " LLVM_VERSION_STRING,
    .compile = compile_for_host,
    .release = release,
};

}  // namespace

}  // namespace godwit::llvm_tier

extern "C" GODWIT_COMPILER_EXPORT const godwit_compiler* godwit_compiler_v1(uint32_t, uint32_t) {
  return &godwit::llvm_tier::kTable;
}
