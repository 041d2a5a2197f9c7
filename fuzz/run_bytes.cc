// Fuzz target: any bytes that are a valid module are instantiated and run, within narrow limits.
#include "finding.h"
#include "playground.h"
#include "target.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::fuzz {

void start_target() {}

void run_target(Bytes input) {
  const auto module = wasm::decode_copy(input);
  if (!module || !wasm::validate(*module)) return;
  static mutation::Playground playground;
  const auto reached = playground.play(input);
  if (reached) return;
  const ErrorKind kind = reached.error().kind();
  if (kind == ErrorKind::Malformed || kind == ErrorKind::Invalid)
    report_finding("valid when validated, but not when loaded: " + reached.error().describe(), input);
}

}  // namespace godwit::fuzz
