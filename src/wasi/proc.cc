// Group proc: how a guest ends itself.
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#proc_exit
#include "runtime/trap.h"
#include "wasi/p1_support.h"

namespace godwit::wasi {
namespace {

// By number, from 1. spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#signal
constexpr std::string_view kSignals[] = {"hup",    "int",  "quit",  "ill",  "trap", "abrt", "bus",  "fpe",
                                         "kill",   "usr1", "segv",  "usr2", "pipe", "alrm", "term", "chld",
                                         "cont",   "stop", "tstp",  "ttin", "ttou", "urg",  "xcpu", "xfsz",
                                         "vtalrm", "prof", "winch", "poll", "pwr",  "sys"};

}  // namespace

// Ends the guest with an exit status.
Result<> P1::proc_exit(uint32_t rval) {
  if (rval != 0 && core_.lacks_directories)
    core_.denials->tell(
        Denials::Topic::Files,
        "the guest has looked for directories and was given none; --dir DIR would give it one");
  return fail(Error(ErrorKind::Exit, rval, "exit status " + std::to_string(rval)));
}

// Ends the guest as by a signal. 0 does nothing.
// deviation: WasmEdge raises the signal in the process of the host's.
Result<Errno> P1::proc_raise(uint32_t sig) {
  if (sig == 0) return Errno::Success;
  if (sig > std::size(kSignals)) return Errno::Inval;
  return fail(Error(ErrorKind::Trap, static_cast<uint32_t>(runtime::Trap::HostError),
                    "the guest raised signal " + std::string(kSignals[sig - 1])));
}

}  // namespace godwit::wasi
