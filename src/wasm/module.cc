// Module: look-ups over a decoded module.
#include "wasm/module.h"

#include <algorithm>

namespace godwit::wasm {

std::string_view Module::func_name(FuncIdx idx) const {
  const auto found =
      std::ranges::lower_bound(names.funcs, idx.value, {}, [](const auto& entry) { return entry.first; });
  if (found != names.funcs.end() && found->first == idx.value) return found->second;
  for (const Export& entry : exports)
    if (entry.kind == ExternKind::Func && entry.index == idx.value) return entry.name;
  return {};
}

}  // namespace godwit::wasm
