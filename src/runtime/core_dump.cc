// Writing core dumps, section by section.
#include "runtime/core_dump.h"

#include <algorithm>
#include <cstring>

#include "runtime/memory.h"
#include "wasm/encoder.h"

namespace godwit::runtime {

namespace {

using wasm::Encoder;
using wasm::Opcode;

// Memory is left out in blocks of so many zeros.
constexpr size_t kBlockBytes = 4096;

// spec: https://webassembly.github.io/spec/core/binary/modules.html#sections
enum class Section : uint8_t { Custom = 0, Memory = 5, Global = 6, Data = 11 };

void add_section(Encoder& file, Section section, const Encoder& body) {
  file.u8(static_cast<uint8_t>(section)).sized(body.bytes());
}

void add_custom(Encoder& file, std::string_view name, const Encoder& contents) {
  Encoder body;
  body.name(name).raw(contents.bytes());
  add_section(file, Section::Custom, body);
}

bool is_zero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

// Runs of blocks that are not zero, each as an active segment. Returns how many.
uint32_t add_contents(Encoder& segments, Memory& memory, uint32_t index) {
  const Bytes bytes = memory.bytes();
  uint32_t count = 0;
  const auto block = [&](size_t at) { return bytes.subspan(at, std::min(kBlockBytes, bytes.size() - at)); };
  for (size_t at = 0; at < bytes.size();) {
    size_t end = at;
    while (end < bytes.size() && !is_zero(block(end))) end += block(end).size();
    if (end != at) {
      constexpr uint32_t kActiveInMemory = 2;
      segments.u32(kActiveInMemory).u32(index);
      const bool is_64 = memory.type().limits.addr == wasm::AddrType::I64;
      segments.instruction({.op = is_64 ? Opcode::i64_const : Opcode::i32_const,
                            .bits = is_64 ? at : static_cast<uint64_t>(int64_t{static_cast<int32_t>(at)})});
      segments.opcode(Opcode::end).sized(bytes.subspan(at, end - at));
      ++count;
    }
    at = end + kBlockBytes;
  }
  return count;
}

// The type as it is in a module that has no types of its own.
wasm::ValType plain(wasm::ValType type) {
  if (!type.is_ref()) return type;
  return type.heap() == wasm::HeapType::Abstract::Func ? wasm::kFuncRef : wasm::kExternRef;
}

void add_global(Encoder& globals, const Global& global) {
  const wasm::ValType type = plain(global.type().val);
  globals.global_type({.val = type, .is_mutable = false});
  const Slot(&value)[2] = global.vm()->value;
  switch (type.kind()) {
    case wasm::ValKind::I32:
      globals.instruction(
          {.op = Opcode::i32_const, .bits = static_cast<uint64_t>(int64_t{static_cast<int32_t>(value[0])})});
      break;
    case wasm::ValKind::I64: globals.instruction({.op = Opcode::i64_const, .bits = value[0]}); break;
    case wasm::ValKind::F32:
      globals.instruction({.op = Opcode::f32_const, .bits = static_cast<uint32_t>(value[0])});
      break;
    case wasm::ValKind::F64: globals.instruction({.op = Opcode::f64_const, .bits = value[0]}); break;
    case wasm::ValKind::V128: globals.opcode(Opcode::v128_const).fixed64(value[0]).fixed64(value[1]); break;
    default: globals.opcode(Opcode::ref_null).heap_type(type.heap());
  }
  globals.opcode(Opcode::end);
}

// The names of the modules that there are, the instance's first; frames refer to them by number.
class ModuleNames final {
 public:
  explicit ModuleNames(const std::string& first) : names_{first} {}
  uint32_t number_of(const std::string& name) {
    const auto found = std::ranges::find(names_, name);
    if (found == names_.end()) names_.push_back(name);
    return static_cast<uint32_t>(found - names_.begin());
  }
  const std::vector<std::string>& all() const { return names_; }

 private:
  std::vector<std::string> names_;
};

}  // namespace

std::vector<uint8_t> core_dump(Instance& instance, std::span<const CoreFrame> frames,
                               std::string_view program) {
  const wasm::Module& module = instance.module().declarations;
  const auto memory_count = static_cast<uint32_t>(module.memories.size());
  const auto global_count = static_cast<uint32_t>(module.globals.size());

  ModuleNames names(instance.module().name);
  Encoder stack;
  stack.u8(0).name("main").u32(frames.size());
  for (const CoreFrame& frame : frames)
    stack.u8(0)
        .u32(names.number_of(frame.module))
        .u32(frame.function_index)
        .u32(frame.code_offset)
        .u32(0)
        .u32(0);

  Encoder modules, instances;
  modules.u32(names.all().size());
  instances.u32(names.all().size());
  for (uint32_t i = 0; i < names.all().size(); ++i) {
    modules.u8(0).name(names.all()[i]);
    instances.u8(0).u32(i);
    for (const uint32_t count : {i == 0 ? memory_count : 0, i == 0 ? global_count : 0}) {
      instances.u32(count);
      for (uint32_t k = 0; k < count; ++k) instances.u32(k);
    }
  }

  Encoder memories, globals, segments;
  memories.u32(memory_count);
  globals.u32(global_count);
  uint32_t segment_count = 0;
  for (uint32_t i = 0; i < memory_count; ++i) {
    Memory& memory = *instance.get(wasm::ExternKind::Mem, i).memory;
    wasm::MemType type = memory.type();
    type.limits.min = memory.pages();
    memories.memory_type(type);
    segment_count += add_contents(segments, memory, i);
  }
  for (uint32_t i = 0; i < global_count; ++i)
    add_global(globals, *instance.get(wasm::ExternKind::Global, i).global);
  Encoder data;
  data.u32(segment_count).raw(segments.bytes());

  Encoder file;
  file.raw(module.bytes.first(8));  // magic and version, which this module has
  add_custom(file, "core", Encoder().u8(0).name(program));
  add_custom(file, "coremodules", modules);
  add_custom(file, "coreinstances", instances);
  add_custom(file, "corestack", stack);
  if (memory_count != 0) add_section(file, Section::Memory, memories);
  if (global_count != 0) add_section(file, Section::Global, globals);
  if (segment_count != 0) add_section(file, Section::Data, data);
  return file.take();
}

}  // namespace godwit::runtime
