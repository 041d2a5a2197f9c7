// kLayoutHash: a number for all that compiled code takes for granted of the run-time world. It is part of every code
// image; images with another number are not run.
#pragma once

#include <cstdint>
#include <string_view>

namespace godwit::runtime {

namespace detail {

// FNV-1a.
consteval uint64_t hash_of(std::initializer_list<std::string_view> texts) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const std::string_view text : texts) {
    for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
    hash = (hash ^ 0xFF) * 0x100000001b3;
  }
  return hash;
}

}  // namespace detail

// The first text is to be changed when something changes that the tables do not show: the layout of FuncRecord, VmTable,
// VmMemory, VmGlobal, GcBump and GcType, that of objects, or the calling convention of compiled functions.
inline constexpr uint64_t kLayoutHash = detail::hash_of({
    "3",
#define GODWIT_VM_STORE(type, name) ("store " #type " " #name),
#define GODWIT_VM_CONTEXT(type, name) ("context " #type " " #name),
#include "runtime/vm_layout.def"
#define GODWIT_LIBCALL(name, signature) ("call " #name " " signature),
#include "runtime/libcalls.def"
#define GODWIT_TRAP(name, text) "trap " #name,
#include "runtime/traps.def"
#undef GODWIT_TRAP
});

// What a code image says of itself: code that counts fuel is another kind.
constexpr uint64_t layout_of_code(bool counts_fuel) { return counts_fuel ? ~kLayoutHash : kLayoutHash; }

}  // namespace godwit::runtime
