// Module: look-ups over a decoded module.
#include "wasm/module.h"

#include <algorithm>

namespace godwit::wasm {

std::optional<ShortConstExpr> short_const_expr(Bytes expr) {
  constexpr uint8_t kI32Const = 0x41, kEnd = 0x0B;
  constexpr uint32_t kMaxDigits = 4;  // a fifth would have bits to be checked
  if (expr.empty() || expr[0] != kI32Const) return std::nullopt;
  uint32_t value = 0;
  for (uint32_t digit = 0; digit < kMaxDigits && digit + 2 < expr.size(); ++digit) {
    const uint8_t byte = expr[digit + 1];
    value |= static_cast<uint32_t>(byte & 0x7F) << (7 * digit);
    if (byte & 0x80) continue;
    if (expr[digit + 2] != kEnd) return std::nullopt;
    const uint32_t unused_bits = 32 - 7 * (digit + 1);
    return ShortConstExpr{static_cast<int32_t>(value << unused_bits) >> unused_bits, digit + 3};
  }
  return std::nullopt;
}

std::string_view Module::func_name(FuncIdx idx) const {
  const auto found =
      std::ranges::lower_bound(names.funcs, idx.value, {}, [](const auto& entry) { return entry.first; });
  if (found != names.funcs.end() && found->first == idx.value) return found->second;
  for (const Export& entry : exports)
    if (entry.kind == ExternKind::Func && entry.index == idx.value) return entry.name;
  return {};
}

}  // namespace godwit::wasm
