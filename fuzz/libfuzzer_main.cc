// The entry points that libFuzzer looks for.
#include <cstddef>
#include <cstdint>

#include "target.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  godwit::fuzz::start_target();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  godwit::fuzz::run_target({bytes, size});
  return 0;
}
