// Writing the section, and reading it with suspicion.
#include "engine/snapshot_section.h"

#include <algorithm>
#include <limits>
#include <string>

#include "engine/trailing_section.h"
#include "platform/memory_map.h"
#include "runtime/gc_store.h"

namespace godwit::engine {

namespace {

using runtime::Blueprint;
using runtime::FuncNumber;

constexpr std::string_view kName = "godwit.snapshot";
constexpr uint32_t kFormat = 1;
// From the first byte that is not zero to the last. More than any memory there can be.
constexpr uint64_t kMaxImageBytes = uint64_t{1} << 40;

std::optional<TrailingSection> find(const wasm::Module& module) {
  for (const wasm::CustomSection& custom : module.customs)
    if (const auto section = trailing_section(module, custom, kName)) return section;
  return std::nullopt;
}

class Writer final {
 public:
  template <class T>
  void number(T value) {
    const size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    store_unaligned(bytes_.data() + at, value);
  }
  void count(size_t value) { number(static_cast<uint32_t>(value)); }
  void raw(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void numbers(const std::vector<FuncNumber>& values) {
    count(values.size());
    for (const FuncNumber value : values) number(value);
  }
  void flags(const std::vector<bool>& values) {
    count(values.size());
    for (const bool value : values) number(static_cast<uint8_t>(value));
  }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

// Pages of an image that are not zero, one run after another.
void write_image(Writer& writer, const Blueprint::MemoryState& memory) {
  const size_t page = platform::page_size();
  const Bytes image = memory.image.bytes();
  const auto is_zero = [&](size_t at) {
    return std::ranges::all_of(image.subspan(at, page), [](uint8_t byte) { return byte == 0; });
  };
  std::vector<Bytes> runs;
  for (size_t at = 0; at < image.size();) {
    size_t end = at;
    while (end < image.size() && !is_zero(end)) end += page;
    if (end != at) runs.push_back(image.subspan(at, end - at));
    at = end + page;
  }
  writer.count(runs.size());
  for (const Bytes run : runs) {
    // The last page may be less than whole in the memory.
    const uint64_t begin = memory.image_begin + static_cast<uint64_t>(run.data() - image.data());
    writer.number(begin);
    writer.number(static_cast<uint64_t>(run.size()));
    writer.raw(run);
  }
}

Error malformed(const std::string& what) {
  return Error(ErrorKind::Malformed,
               "the snapshot in the section 'godwit.snapshot' does not fit the module: " + what);
}

class Reader final {
 public:
  Reader(Bytes bytes, const runtime::Module& module, const runtime::TypeRegistry& types)
      : bytes_(bytes), module_(module), declarations_(module.declarations), types_(types) {}

  Result<Blueprint> run() {
    ASSIGN_OR_RETURN(const auto format, number<uint32_t>());
    if (format != kFormat) return fail(malformed("another release of godwit has made it"));
    TRY(read_memories());
    TRY(read_tables());
    TRY(read_globals());
    ASSIGN_OR_RETURN(made_.dropped_elems, flags(declarations_.elems.size()));
    ASSIGN_OR_RETURN(made_.dropped_datas, flags(declarations_.datas.size()));
    TRY(read_elem_values());
    if (!bytes_.empty()) return fail(malformed("bytes are left over"));
    made_.runs_start = false;
    return std::move(made_);
  }

 private:
  template <class T>
  Result<T> number() {
    if (bytes_.size() < sizeof(T)) return fail(malformed("it is cut off"));
    const T value = load_unaligned<T>(bytes_.data());
    bytes_ = bytes_.subspan(sizeof(T));
    return value;
  }

  Result<> expect_count(size_t wanted, const char* what) {
    ASSIGN_OR_RETURN(const auto count, number<uint32_t>());
    if (count != wanted)
      return fail(
          malformed("it has " + std::to_string(count) + " " + what + ", not " + std::to_string(wanted)));
    return {};
  }

  Result<std::vector<bool>> flags(size_t wanted) {
    TRY(expect_count(wanted, "segments"));
    std::vector<bool> values;
    for (size_t i = 0; i < wanted; ++i) {
      ASSIGN_OR_RETURN(const auto flag, number<uint8_t>());
      values.push_back(flag != 0);
    }
    return values;
  }

  // A reference that a place of `type`, with canonical ids, can hold.
  Result<> check(FuncNumber number, wasm::ValType type) {
    if (number == 0) return type.nullable() ? Result<>() : fail(malformed("null where there can be none"));
    const uint32_t index = number - 1;
    if (index >= declarations_.funcs.size())
      return fail(malformed("there is no function " + std::to_string(index)));
    const auto found =
        wasm::ValType::ref(wasm::HeapType(wasm::TypeIdx(module_.func_type_id(wasm::FuncIdx(index)))), false);
    if (!types_.matches(found, type))
      return fail(malformed("function " + std::to_string(index) + " is of another type than its place"));
    if (index < declarations_.imported_funcs) made_.names_imports = true;
    return {};
  }

  Result<std::vector<FuncNumber>> numbers(wasm::ValType type) {
    ASSIGN_OR_RETURN(const auto count, number<uint32_t>());
    if (count > bytes_.size() / sizeof(FuncNumber)) return fail(malformed("it is cut off"));
    std::vector<FuncNumber> values;
    for (uint32_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(const auto value, number<FuncNumber>());
      TRY(check(value, type));
      values.push_back(value);
    }
    return values;
  }

  Result<> read_memories() {
    const size_t first = declarations_.imported_memories;
    TRY(expect_count(declarations_.memories.size() - first, "memories"));
    for (size_t i = first; i < declarations_.memories.size(); ++i) {
      const wasm::MemType& type = declarations_.memories[i];
      if (type.is_shared) return fail(malformed("a memory is shared"));
      Blueprint::MemoryState& memory = made_.memories.emplace_back();
      ASSIGN_OR_RETURN(memory.pages, number<uint64_t>());
      if (memory.pages < type.limits.min || memory.pages > type.limits.max.value_or(memory.pages) ||
          memory.pages > kMaxImageBytes >> type.page_size_log2)
        return fail(malformed("a memory of " + std::to_string(memory.pages) + " pages"));
      TRY(read_image(memory, memory.pages << type.page_size_log2));
    }
    return {};
  }

  Result<> read_image(Blueprint::MemoryState& memory, uint64_t size_bytes) {
    const uint64_t page = platform::page_size();
    const uint64_t end_bytes = platform::round_up_to_page(static_cast<size_t>(size_bytes));
    ASSIGN_OR_RETURN(const auto count, number<uint32_t>());
    struct Run {
      uint64_t begin;
      Bytes bytes;
    };
    std::vector<Run> runs;
    uint64_t last_end = 0;
    for (uint32_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(const auto begin, number<uint64_t>());
      ASSIGN_OR_RETURN(const auto size, number<uint64_t>());
      if (size == 0 || size > bytes_.size()) return fail(malformed("it is cut off"));
      if (begin < last_end || begin > end_bytes || size > end_bytes - begin)
        return fail(malformed("contents outside of a memory"));
      runs.push_back({begin, bytes_.first(static_cast<size_t>(size))});
      // Behind the memory's size is nothing that anybody wrote.
      const uint64_t outside = begin + size > size_bytes ? begin + size - std::max(begin, size_bytes) : 0;
      if (!std::ranges::all_of(runs.back().bytes.last(static_cast<size_t>(outside)),
                               [](uint8_t byte) { return byte == 0; }))
        return fail(malformed("contents outside of a memory"));
      bytes_ = bytes_.subspan(static_cast<size_t>(size));
      last_end = begin + size;
    }
    if (runs.empty()) return {};
    memory.image_begin = runs.front().begin / page * page;
    ASSIGN_OR_RETURN(memory.image,
                     platform::MemoryImage::create(static_cast<size_t>(last_end - memory.image_begin)));
    for (const Run& run : runs)
      TRY(memory.image.write(static_cast<size_t>(run.begin - memory.image_begin), run.bytes));
    return {};
  }

  Result<> read_tables() {
    const size_t first = declarations_.imported_tables;
    TRY(expect_count(declarations_.tables.size() - first, "tables"));
    for (size_t i = first; i < declarations_.tables.size(); ++i) {
      const wasm::TableType& type = declarations_.tables[i].type;
      const wasm::ValType elem = runtime::canonical(type.elem, module_.type_ids);
      Blueprint::TableState& table = made_.tables.emplace_back();
      ASSIGN_OR_RETURN(table.size, number<uint64_t>());
      if (table.size < type.limits.min || table.size > type.limits.max.value_or(table.size) ||
          table.size > std::numeric_limits<uint32_t>::max())
        return fail(malformed("a table of " + std::to_string(table.size) + " elements"));
      ASSIGN_OR_RETURN(table.funcs, numbers(elem));
      if (table.funcs.size() > table.size) return fail(malformed("more elements than a table has"));
      if (table.funcs.size() < table.size) TRY(check(0, elem));
    }
    return {};
  }

  Result<> read_globals() {
    const size_t first = declarations_.imported_globals;
    TRY(expect_count(declarations_.globals.size() - first, "globals"));
    for (size_t i = first; i < declarations_.globals.size(); ++i) {
      const wasm::ValType type = runtime::canonical(declarations_.globals[i].type.val, module_.type_ids);
      runtime::VmGlobal& global = made_.globals.emplace_back();
      ASSIGN_OR_RETURN(global.value[0], number<uint64_t>());
      ASSIGN_OR_RETURN(global.value[1], number<uint64_t>());
      if (!type.is_ref()) continue;
      if (global.value[0] > std::numeric_limits<FuncNumber>::max())
        return fail(malformed("a reference to nothing"));
      TRY(check(static_cast<FuncNumber>(global.value[0]), type));
    }
    return {};
  }

  Result<> read_elem_values() {
    ASSIGN_OR_RETURN(const auto count, number<uint32_t>());
    if (count != 0 && count != declarations_.elems.size())
      return fail(malformed("a wrong number of segments"));
    for (size_t i = 0; i < declarations_.elems.size(); ++i) {
      const wasm::ElemSegment& segment = declarations_.elems[i];
      const size_t wanted = made_.dropped_elems[i] ? 0 : segment.exprs.size();
      if (count == 0) {
        if (wanted != 0) return fail(malformed("a segment's values are missing"));
        continue;
      }
      ASSIGN_OR_RETURN(auto values, numbers(runtime::canonical(segment.type, module_.type_ids)));
      if (values.size() != wanted) return fail(malformed("a segment has another size"));
      made_.elem_values.push_back(std::move(values));
    }
    return {};
  }

  Bytes bytes_;
  const runtime::Module& module_;
  const wasm::Module& declarations_;
  const runtime::TypeRegistry& types_;
  Blueprint made_;
};

}  // namespace

std::vector<uint8_t> snapshot_contents(const Blueprint& blueprint) {
  Writer writer;
  writer.number(kFormat);
  writer.count(blueprint.memories.size());
  for (const Blueprint::MemoryState& memory : blueprint.memories) {
    writer.number(memory.pages);
    write_image(writer, memory);
  }
  writer.count(blueprint.tables.size());
  for (const Blueprint::TableState& table : blueprint.tables) {
    writer.number(table.size);
    writer.numbers(table.funcs);
  }
  writer.count(blueprint.globals.size());
  for (const runtime::VmGlobal& global : blueprint.globals) {
    writer.number(global.value[0]);
    writer.number(global.value[1]);
  }
  writer.flags(blueprint.dropped_elems);
  writer.flags(blueprint.dropped_datas);
  writer.count(blueprint.elem_values.size());
  for (const auto& values : blueprint.elem_values) writer.numbers(values);
  return writer.take();
}

Result<std::vector<uint8_t>> with_snapshot(Bytes wasm, const Blueprint& blueprint) {
  return with_section(wasm, kName, snapshot_contents(blueprint));
}

Bytes without_snapshot(const wasm::Module& module) {
  const auto section = find(module);
  return section ? module.bytes.first(section->begin) : module.bytes;
}

Result<std::shared_ptr<const Blueprint>> snapshot_of(const runtime::Module& module,
                                                     const runtime::TypeRegistry& types) {
  const auto section = find(module.declarations);
  if (!section) return nullptr;
  return snapshot_of_contents(module, types, section->contents);
}

Result<std::shared_ptr<const Blueprint>> snapshot_of_contents(const runtime::Module& module,
                                                              const runtime::TypeRegistry& types,
                                                              Bytes contents) {
  if (runtime::needs_gc_heap(module.declarations))
    return fail(malformed("the module has structs, arrays or exceptions"));
  ASSIGN_OR_RETURN(Blueprint made, Reader(contents, module, types).run());
  return std::make_shared<const Blueprint>(std::move(made));
}

}  // namespace godwit::engine
