// Validation of everything but function bodies, section by section.
// spec: https://webassembly.github.io/spec/core/valid/modules.html
#include <algorithm>
#include <functional>

#include "wasm/code_validator.h"
#include "wasm/limits.h"
#include "wasm/reader.h"
#include "wasm/validator.h"

namespace godwit::wasm {

namespace {

class DeclarationValidator {
 public:
  DeclarationValidator(const Module& module, const FeatureSet& features)
      : module_(module), features_(features), code_(module, features) {}

  Result<> run() {
    TRY(types());
    TRY(imports());
    TRY(funcs());
    TRY(tags());
    TRY(memories());
    TRY(tables());
    TRY(globals());
    TRY(exports());
    TRY(start());
    TRY(elems());
    return datas();
  }

 private:
  // @param offset  of what is wrong; 0: the declaration that is being validated.
  std::unexpected<Error> invalid(std::string message, uint32_t offset = 0) const {
    if (offset == 0) offset = at_;
    return fail(Error(ErrorKind::Invalid, std::move(message)).at(offset));
  }

  // Types.

  std::unexpected<Error> unknown_type(uint32_t index, const std::string& where) const {
    return invalid("unknown type " + std::to_string(index) + ", in " + where);
  }

  // `end`: type indices below it may be used.
  Result<> type_exists(ValType type, size_t end, const std::string& where) {
    if (!type.is_ref() || type.heap().is_abstract() || type.heap().index().value < end) return {};
    return unknown_type(type.heap().index().value, where);
  }

  Result<> references(const SubType& type, size_t index, size_t end) {
    const std::string where = "type " + std::to_string(index);
    for (const ValType param : type.func.params) TRY(type_exists(param, end, where));
    for (const ValType result : type.func.results) TRY(type_exists(result, end, where));
    for (const FieldType& field : type.fields) TRY(type_exists(field.storage, end, where));
    if (type.super && type.super->value >= index)
      return unknown_type(type.super->value, "type " + std::to_string(index) + ": supertypes come first");
    if (type.func.results.size() > 1 && !features_.has(Feature::MultiValue))
      return invalid("invalid result arity: type " + std::to_string(index) + " has several results");
    return {};
  }

  // spec: https://webassembly.github.io/spec/core/valid/types.html#recursive-types
  Result<> types() {
    std::vector<uint8_t> depths(module_.types.size());  // below the topmost supertype
    for (const RecGroup& group : module_.rec_groups) {
      const size_t first = group.first.value, end = first + group.count;
      for (size_t i = first; i < end; ++i) {
        const SubType& type = module_.types[i];
        at_ = module_.offsets.types[i];
        TRY(references(type, i, end));
        if (!type.super) continue;
        depths[i] = static_cast<uint8_t>(depths[type.super->value] + 1);
        if (depths[i] > limits::kSubtypeDepth)
          return invalid("sub type " + std::to_string(i) + " too deep: the limit is " +
                         std::to_string(limits::kSubtypeDepth) + " supertypes");
      }
      for (size_t i = first; i < end; ++i) {
        const SubType& type = module_.types[i];
        if (!type.super) continue;
        at_ = module_.offsets.types[i];
        const SubType& super = module_.types[type.super->value];
        const std::string pair = "sub type " + std::to_string(i) + " does not match super type " +
                                 std::to_string(type.super->value);
        if (super.is_final) return invalid(pair + ", which is final");
        if (!composite_matches(module_, type, super)) return invalid(pair);
      }
    }
    return {};
  }

  Result<> is_func_type(TypeIdx type, const std::string& where, uint32_t offset = 0) {
    if (type.value >= module_.types.size())
      return invalid("unknown type " + std::to_string(type.value) + ", in " + where, offset);
    if (module_.types[type.value].kind != CompositeKind::Func)
      return invalid(
          "type mismatch: type " + std::to_string(type.value) + " is no function type, in " + where, offset);
    return {};
  }

  // Imports: what is said about definitions holds for them too; here only what is theirs alone.
  Result<> imports() {
    for (const Import& entry : module_.imports) {
      if (entry.kind == ExternKind::Global && module_.globals[entry.index].type.is_mutable &&
          !features_.has(Feature::MutableGlobals))
        return invalid("mutable globals cannot be imported", entry.offset);
      if (entry.kind == ExternKind::Func)
        TRY(is_func_type(module_.funcs[entry.index], "an imported function", entry.offset));
    }
    return {};
  }

  Result<> funcs() {
    for (size_t i = module_.imported_funcs; i < module_.funcs.size(); ++i) {
      const uint32_t type = module_.funcs[i].value;
      if (type < module_.types.size() && module_.types[type].kind == CompositeKind::Func) [[likely]]
        continue;
      TRY(is_func_type(module_.funcs[i], "function " + std::to_string(i), func_offset(i)));
    }
    return {};
  }

  // Where the function section names the type of function `index`: found by reading it again, as there are many.
  uint32_t func_offset(size_t index) const {
    const uint32_t section = module_.section_offsets[static_cast<size_t>(SectionId::Func)];
    Reader reader(module_.bytes, {section + 1, static_cast<uint32_t>(module_.bytes.size() - section - 1)},
                  features_);
    reader.u32();  // the section's size
    reader.u32();  // how many
    for (size_t i = module_.imported_funcs; i < index; ++i) reader.u32();
    return reader.offset();
  }

  // spec: https://webassembly.github.io/spec/core/valid/types.html#tag-types
  Result<> tags() {
    for (size_t i = 0; i < module_.tags.size(); ++i) {
      const TypeIdx type = module_.tags[i].type;
      at_ = module_.offsets.tags[i];
      TRY(is_func_type(type, "tag " + std::to_string(i)));
      if (!module_.types[type.value].func.results.empty())
        return invalid("non-empty tag result type, in tag " + std::to_string(i));
    }
    return {};
  }

  Result<> min_max(const Limits& limits, const std::string& where) const {
    if (limits.max && *limits.max < limits.min)
      return invalid("size minimum must not be greater than maximum: " + std::to_string(limits.min) +
                     " and " + std::to_string(*limits.max) + ", in " + where);
    return {};
  }

  // spec: https://webassembly.github.io/spec/core/valid/types.html#memory-types
  Result<> memories() {
    if (module_.memories.size() > 1 && !features_.has(Feature::MultiMemory))
      return invalid("multiple memories: there are " + std::to_string(module_.memories.size()) +
                         ", which needs the feature multi-memory",
                     module_.offsets.memories[1]);
    for (size_t i = 0; i < module_.memories.size(); ++i) {
      const MemType& memory = module_.memories[i];
      at_ = module_.offsets.memories[i];
      const std::string where = "memory " + std::to_string(i);
      if (memory.page_size_log2 != 0 && memory.page_size_log2 != 16)
        return invalid("invalid custom page size: 2^" + std::to_string(memory.page_size_log2) +
                       " bytes, in " + where + "; pages have 1 byte or 64 KiB");
      TRY(min_max(memory.limits, where));
      const bool is_wide = memory.limits.addr == AddrType::I64;
      const uint64_t most = memory.page_size_log2 == 0
                                ? (is_wide ? UINT64_MAX : UINT32_MAX)
                                : uint64_t{1} << ((is_wide ? 64 : 32) - memory.page_size_log2);
      if (memory.limits.min > most || (memory.limits.max && *memory.limits.max > most))
        return invalid("memory size must be at most " + std::to_string(most) + " pages" +
                       (most == 65536 ? " (4GiB)" : "") + ", in " + where);
      if (memory.is_shared && !memory.limits.max)
        return invalid("shared memory must have maximum, but " + where + " has none");
    }
    return {};
  }

  // Tables are initialised before globals are, from imported globals at most.
  Result<> tables() {
    if (module_.tables.size() > 1 && !features_.has(Feature::ReferenceTypes))
      return invalid("multiple tables: there are " + std::to_string(module_.tables.size()) +
                         ", which needs the feature reference-types",
                     module_.offsets.tables[1]);
    for (size_t i = 0; i < module_.tables.size(); ++i) {
      const Table& table = module_.tables[i];
      at_ = module_.offsets.tables[i];
      const std::string where = "table " + std::to_string(i);
      TRY(type_exists(table.type.elem, module_.types.size(), where));
      TRY(min_max(table.type.limits, where));
      const uint64_t most = table.type.limits.addr == AddrType::I64 ? UINT64_MAX : UINT32_MAX;
      if (table.type.limits.min > most || (table.type.limits.max && *table.type.limits.max > most))
        return invalid("table size must be at most " + std::to_string(most) + ", in " + where);
      if (table.init) TRY(code_.const_expr(*table.init, table.type.elem, module_.imported_globals));
      else if (i >= module_.imported_tables && !table.type.elem.is_defaultable())
        return invalid("type mismatch: the elements of table " + std::to_string(i) +
                       " have no default value");
    }
    return {};
  }

  // A global may refer to those before it.
  Result<> globals() {
    for (size_t i = 0; i < module_.globals.size(); ++i) {
      const Global& global = module_.globals[i];
      at_ = module_.offsets.globals[i];
      TRY(type_exists(global.type.val, module_.types.size(), "global " + std::to_string(i)));
      if (i >= module_.imported_globals)
        TRY(code_.const_expr(global.init, global.type.val, visible_globals(static_cast<uint32_t>(i))));
    }
    return {};
  }

  // Before garbage collection came, expressions could use imported globals only.
  uint32_t visible_globals(uint32_t defined) const {
    return features_.has(Feature::Gc) ? defined : module_.imported_globals;
  }
  uint32_t all_globals() const { return visible_globals(static_cast<uint32_t>(module_.globals.size())); }

  size_t space_of(ExternKind kind) const {
    switch (kind) {
      case ExternKind::Func: return module_.funcs.size();
      case ExternKind::Table: return module_.tables.size();
      case ExternKind::Mem: return module_.memories.size();
      case ExternKind::Global: return module_.globals.size();
      case ExternKind::Tag: return module_.tags.size();
    }
    return 0;
  }

  uint32_t offset_of(std::string_view text) const {
    return static_cast<uint32_t>(reinterpret_cast<const uint8_t*>(text.data()) - module_.bytes.data());
  }

  Result<> exports() {
    std::vector<std::string_view> names;
    names.reserve(module_.exports.size());
    for (const Export& entry : module_.exports) {
      const uint32_t at = offset_of(entry.name);
      if (entry.index >= space_of(entry.kind)) {
        const std::string what(entry.kind == ExternKind::Func ? "function" : to_string(entry.kind));
        return invalid("unknown " + what + " " + std::to_string(entry.index) + ", in export \"" +
                           std::string(entry.name) + "\"",
                       at);
      }
      if (entry.kind == ExternKind::Global && module_.globals[entry.index].type.is_mutable &&
          !features_.has(Feature::MutableGlobals))
        return invalid("mutable globals cannot be exported", at);
      names.push_back(entry.name);
    }
    // Names lie in the module in the order of exports, so that of equal ones the address tells the first.
    std::ranges::sort(names, [](std::string_view a, std::string_view b) {
      return a != b ? a < b : std::less<const char*>()(a.data(), b.data());
    });
    for (size_t i = 1; i < names.size(); ++i)
      if (names[i] == names[i - 1])
        return invalid("duplicate export name \"" + std::string(names[i]) + "\"", offset_of(names[i]));
    return {};
  }

  Result<> start() {
    if (!module_.start) return {};
    at_ = module_.offsets.start;
    const FuncIdx func = *module_.start;
    if (func.value >= module_.funcs.size())
      return invalid("unknown function " + std::to_string(func.value) + ", in start");
    const FuncType& type = module_.func_type(func);
    if (!type.params.empty() || !type.results.empty())
      return invalid("start function " + std::to_string(func.value) + " has the type " + to_string(type) +
                     ", not [] -> []");
    return {};
  }

  // spec: https://webassembly.github.io/spec/core/valid/modules.html#element-segments
  Result<> elems() {
    for (size_t i = 0; i < module_.elems.size(); ++i) {
      const ElemSegment& segment = module_.elems[i];
      const std::string where = "elem segment " + std::to_string(i);
      at_ = segment.at;
      TRY(type_exists(segment.type, module_.types.size(), where));
      if (segment.mode == SegmentMode::Active) {
        const uint32_t at = segment.offset.range.offset;
        if (segment.table.value >= module_.tables.size())
          return invalid("unknown table " + std::to_string(segment.table.value) + ", in " + where, at);
        const TableType& table = module_.tables[segment.table.value].type;
        if (!matches(module_, segment.type, table.elem))
          return invalid("type mismatch: " + where + " holds " + to_string(segment.type) + ", its table " +
                             to_string(table.elem),
                         at);
        TRY(code_.const_expr(segment.offset, address_type(table.limits), all_globals()));
      }
      for (const FuncIdx func : segment.funcs)
        if (func.value >= module_.funcs.size())
          return invalid("unknown function " + std::to_string(func.value) + ", in " + where);
      for (const ConstExpr& expr : segment.exprs) TRY(code_.const_expr(expr, segment.type, all_globals()));
    }
    return {};
  }

  Result<> datas() {
    for (size_t i = 0; i < module_.datas.size(); ++i) {
      const DataSegment& segment = module_.datas[i];
      if (segment.mode != SegmentMode::Active) continue;
      if (segment.memory.value >= module_.memories.size())
        return invalid("unknown memory " + std::to_string(segment.memory.value) + ", in data segment " +
                           std::to_string(i),
                       segment.offset.range.offset);
      TRY(code_.const_expr(segment.offset, address_type(module_.memories[segment.memory.value].limits),
                           all_globals()));
    }
    return {};
  }

  const Module& module_;
  FeatureSet features_;
  CodeValidator code_;
  uint32_t at_ = 0;  // where the declaration that is being validated begins
};

}  // namespace

Result<> validate_declarations(const Module& module, const FeatureSet& features) {
  return DeclarationValidator(module, features).run();
}

}  // namespace godwit::wasm
