// Loads libtensorflow_cc.so.2.
#include "functions.h"

#include <dlfcn.h>

// Of the library's own logging, whose headers are not among those for C. The version is of the pinned package.
namespace absl::lts_20250814 {
enum class LogSeverityAtLeast : int { kInfinity = 1000 };
void SetMinLogLevel(LogSeverityAtLeast severity);
}  // namespace absl::lts_20250814

namespace godwit::tensorflow {

#define GODWIT_TF_FUNCTION(name) decltype(&::name) name = nullptr;
#include "functions.def"

namespace {

std::string load() {
  absl::lts_20250814::SetMinLogLevel(absl::lts_20250814::LogSeverityAtLeast::kInfinity);
  void* const library = ::dlopen("libtensorflow_cc.so.2", RTLD_NOW | RTLD_LOCAL);  // stays
  if (!library) return ::dlerror();
#define GODWIT_TF_FUNCTION(name)                                    \
  name = reinterpret_cast<decltype(name)>(::dlsym(library, #name)); \
  if (!name) return "libtensorflow_cc.so.2 has no function " #name;
#include "functions.def"
  return {};
}

}  // namespace

const std::string& load_functions() {
  static const std::string wrong = load();
  return wrong;
}

}  // namespace godwit::tensorflow
