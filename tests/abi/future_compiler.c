/* A compiler that claims a later ABI: what a host must refuse. */
#include "godwit/abi/compiler.h"

static const struct godwit_compiler kTable = {
    .struct_size_bytes = sizeof kTable,
    .abi_major = GODWIT_COMPILER_ABI_MAJOR,
    .abi_minor = 99,
    .revision = "none",
};

GODWIT_COMPILER_EXPORT const struct godwit_compiler* godwit_compiler_v1(uint32_t major, uint32_t minor);

const struct godwit_compiler* godwit_compiler_v1(uint32_t major, uint32_t minor) {
  (void)major;
  (void)minor;
  return &kTable;
}
