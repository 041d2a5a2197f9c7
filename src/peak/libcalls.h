// What compiled code calls: the functions of libcalls.def.
#pragma once

#include "runtime/vm.h"

namespace godwit::peak {

extern const runtime::VmLibcalls kLibcalls;

// Makes faults of compiled code leave the guest like its traps. Once per process is enough. @threads any.
void install_fault_landing();

}  // namespace godwit::peak
