// Printing modules, definition by definition.
#include "text/print.h"

#include <algorithm>
#include <charconv>

#include "text/print_body.h"

namespace godwit::text {

namespace {

using wasm::CustomSection;
using wasm::ExternKind;
using wasm::FuncIdx;
using wasm::Module;
using wasm::SectionId;

constexpr std::string_view kNameSection = "name";

// A section that is written because it has entries, and where it begins.
struct Anchor {
  uint32_t offset;
  std::string_view keyword;
};

// The sections that custom sections can stand after, in their order. Empty ones are not written again, and whether data
// is counted is not the text's to say.
std::vector<Anchor> anchors_of(const Module& module) {
  std::vector<Anchor> anchors;
  const auto add = [&](SectionId id, std::string_view keyword, bool has_entries) {
    const uint32_t offset = module.section_offsets[static_cast<size_t>(id)];
    if (offset != 0 && has_entries) anchors.push_back({offset, keyword});
  };
  add(SectionId::Type, "type", !module.rec_groups.empty());
  add(SectionId::Import, "import", !module.imports.empty());
  add(SectionId::Func, "func", !module.bodies.empty());
  add(SectionId::Table, "table", module.tables.size() > module.imported_tables);
  add(SectionId::Mem, "memory", module.memories.size() > module.imported_memories);
  add(SectionId::Tag, "tag", module.tags.size() > module.imported_tags);
  add(SectionId::Global, "global", module.globals.size() > module.imported_globals);
  add(SectionId::Export, "export", !module.exports.empty());
  add(SectionId::Start, "start", module.start.has_value());
  add(SectionId::Elem, "elem", !module.elems.empty());
  add(SectionId::Code, "code", !module.bodies.empty());
  add(SectionId::Data, "data", !module.datas.empty());
  return anchors;
}

class ModulePrinter final {
 public:
  ModulePrinter(const Module& module, const PrintOptions& options, const PrintSink& sink)
      : module_(module),
        options_(options),
        out_(sink),
        names_(module),
        hints_(module),
        types_(out_, names_),
        body_(out_, names_, hints_, options) {}

  Result<> module() {
    out_.put("(module");
    if (!module_.names.module.empty()) {
      const std::string_view name = module_.names.module;
      if (is_plain_id(name)) out_.put(" $").put(name);
      else out_.put(" $").name(name);
    }
    types();
    imports();
    definitions();
    exports();
    elems();
    for (const FuncIdx func : defined_funcs()) {
      if (out_.failed()) break;
      out_.line(1);
      if (auto printed = this->func(func, 1); !printed) {
        TRY(out_.finish());
        return printed;
      }
    }
    datas();
    customs();
    out_.put(")\n");
    return out_.finish();
  }

  Result<> one_func(FuncIdx func) {
    if (func.value < module_.imported_funcs) import(import_of(func));
    else TRY(this->func(func, 0));
    out_.put('\n');
    return out_.finish();
  }

 private:
  std::vector<FuncIdx> defined_funcs() const {
    std::vector<FuncIdx> funcs;
    for (size_t i = 0; i < module_.bodies.size(); ++i) funcs.emplace_back(module_.imported_funcs + i);
    return funcs;
  }

  const wasm::Import& import_of(FuncIdx func) const {
    return *std::ranges::find_if(module_.imports, [&](const wasm::Import& entry) {
      return entry.kind == ExternKind::Func && entry.index == func.value;
    });
  }

  const Identifiers& ids_of(ExternKind kind) const {
    switch (kind) {
      case ExternKind::Func: return names_.funcs;
      case ExternKind::Table: return names_.tables;
      case ExternKind::Mem: return names_.memories;
      case ExternKind::Global: return names_.globals;
      case ExternKind::Tag: break;
    }
    return names_.tags;
  }

  // "(keyword $id", with the index in a comment if that is wanted.
  void open(std::string_view keyword, const Identifiers& ids, uint32_t index) {
    ids.put(out_.put('(').put(keyword).put(' '), index);
    if (options_.comments) out_.put(" (;").number(index).put(";)");
  }

  void types() {
    for (const wasm::RecGroup& group : module_.rec_groups) {
      if (out_.failed()) return;
      const bool is_plain = group.count == 1;
      out_.line(1);
      if (!is_plain) out_.put("(rec");
      for (uint32_t i = 0; i < group.count; ++i) {
        if (!is_plain) out_.line(2);
        types_.type_definition(wasm::TypeIdx(group.first.value + i), options_.comments);
      }
      if (!is_plain) out_.put(')');
    }
  }

  void imports() {
    for (const wasm::Import& entry : module_.imports) {
      if (out_.failed()) return;
      out_.line(1);
      import(entry);
    }
  }

  void import(const wasm::Import& entry) {
    out_.put("(import ").name(entry.module).put(' ').name(entry.field).put(' ');
    open(wasm::to_string(entry.kind), ids_of(entry.kind), entry.index);
    switch (entry.kind) {
      case ExternKind::Func: types_.type_use(module_.funcs[entry.index]); break;
      case ExternKind::Table: out_.put(' '), types_.table_type(module_.tables[entry.index].type); break;
      case ExternKind::Mem: out_.put(' '), types_.memory_type(module_.memories[entry.index]); break;
      case ExternKind::Global: out_.put(' '), types_.global_type(module_.globals[entry.index].type); break;
      case ExternKind::Tag: types_.type_use(module_.tags[entry.index].type); break;
    }
    out_.put("))");
  }

  void definitions() {
    for (uint32_t i = module_.imported_tables; i < module_.tables.size() && !out_.failed(); ++i) {
      open("table", names_.tables, i, 1);
      out_.put(' '), types_.table_type(module_.tables[i].type);
      if (module_.tables[i].init) body_.const_expr(*module_.tables[i].init);
      out_.put(')');
    }
    for (uint32_t i = module_.imported_memories; i < module_.memories.size(); ++i) {
      open("memory", names_.memories, i, 1);
      out_.put(' '), types_.memory_type(module_.memories[i]);
      out_.put(')');
    }
    for (uint32_t i = module_.imported_tags; i < module_.tags.size() && !out_.failed(); ++i) {
      open("tag", names_.tags, i, 1);
      types_.type_use(module_.tags[i].type);
      out_.put(')');
    }
    for (uint32_t i = module_.imported_globals; i < module_.globals.size() && !out_.failed(); ++i) {
      open("global", names_.globals, i, 1);
      out_.put(' '), types_.global_type(module_.globals[i].type);
      body_.const_expr(module_.globals[i].init);
      out_.put(')');
    }
  }

  void open(std::string_view keyword, const Identifiers& ids, uint32_t index, uint32_t depth) {
    out_.line(depth);
    open(keyword, ids, index);
  }

  void exports() {
    for (const wasm::Export& entry : module_.exports) {
      if (out_.failed()) return;
      out_.line(1).put("(export ").name(entry.name).put(" (").put(wasm::to_string(entry.kind)).put(' ');
      ids_of(entry.kind).put(out_, entry.index);
      out_.put("))");
    }
    if (!module_.start) return;
    names_.funcs.put(out_.line(1).put("(start "), module_.start->value);
    out_.put(')');
  }

  void elems() {
    for (uint32_t i = 0; i < module_.elems.size() && !out_.failed(); ++i) elem(i, module_.elems[i]);
  }

  void elem(uint32_t index, const wasm::ElemSegment& segment) {
    open("elem", names_.elems, index, 1);
    if (segment.mode == wasm::SegmentMode::Declarative) out_.put(" declare");
    if (segment.mode == wasm::SegmentMode::Active) {
      if (segment.table.value != 0) {
        names_.tables.put(out_.put(" (table "), segment.table.value);
        out_.put(')');
      }
      body_.const_expr(segment.offset, "offset");
    }
    // Which of the two forms an empty list had is seen by its type: that of functions is never null.
    const bool is_funcs =
        segment.exprs.empty() && segment.type == wasm::ValType::ref(wasm::HeapType::Abstract::Func, false);
    if (is_funcs) {
      out_.put(" func");
      for (const FuncIdx func : segment.funcs) names_.funcs.put(out_.put(' '), func.value);
    } else {
      out_.put(' '), types_.val_type(segment.type);
      for (const wasm::ConstExpr& expr : segment.exprs) body_.const_expr(expr, "item");
    }
    out_.put(')');
  }

  // "(param …)" with the names that locals have.
  void params(const wasm::FuncType& type) {
    const Identifiers& locals = body_.locals();
    bool is_open = false;
    for (uint32_t i = 0; i < type.params.size(); ++i) {
      const bool is_named = locals.has(i);
      if (is_open && is_named) out_.put(')');
      if (!is_open || is_named) {
        out_.put(" (param");
        if (is_named) locals.put(out_.put(' '), i);
      }
      out_.put(' '), types_.val_type(type.params[i]);
      if (is_named) out_.put(')');
      is_open = !is_named;
    }
    if (is_open) out_.put(')');
  }

  Result<> func(FuncIdx func, uint32_t depth) {
    TRY(body_.begin(func));
    open("func", names_.funcs, func.value);
    const wasm::TypeIdx index = module_.funcs[func.value];
    const wasm::FuncType* type = types_.func_type(index);
    bool has_named_params = false;
    for (uint32_t i = 0; type && i < type->params.size(); ++i) has_named_params |= body_.locals().has(i);
    if (has_named_params) {
      names_.types.put(out_.put(" (type "), index.value);
      out_.put(')');
      params(*type);
      types_.results(type->results);
    } else {
      types_.type_use(index);
    }
    TRY(body_.print(depth + 1));
    out_.put(')');
    return {};
  }

  void datas() {
    for (uint32_t i = 0; i < module_.datas.size() && !out_.failed(); ++i) {
      const wasm::DataSegment& segment = module_.datas[i];
      open("data", names_.datas, i, 1);
      if (segment.mode == wasm::SegmentMode::Active) {
        if (segment.memory.value != 0) {
          names_.memories.put(out_.put(" (memory "), segment.memory.value);
          out_.put(')');
        }
        body_.const_expr(segment.offset, "offset");
      }
      out_.bytes(module_.slice(segment.bytes), 2).put(')');
    }
  }

  void customs() {
    const std::vector<Anchor> anchors = anchors_of(module_);
    for (size_t i = 0; i < module_.customs.size() && !out_.failed(); ++i) {
      const CustomSection& custom = module_.customs[i];
      if (custom.name == kNameSection || i == hints_.section())
        continue;  // said by identifiers, by annotations
      out_.line(1).put("(@custom ").name(custom.name);
      place(custom, anchors);
      out_.bytes(module_.slice(custom.contents), 2).put(')');
    }
  }

  // Nothing stands for the end of the module. (A custom section without contents ends where the next one begins.)
  void place(const CustomSection& custom, const std::vector<Anchor>& anchors) {
    const auto next = std::ranges::find_if(
        anchors, [&](const Anchor& anchor) { return anchor.offset >= custom.contents.offset; });
    if (next == anchors.end()) return;
    if (next == anchors.begin()) out_.put(" (before first)");
    else out_.put(" (after ").put((next - 1)->keyword).put(')');
  }

  const Module& module_;
  const PrintOptions& options_;
  PrintWriter out_;
  PrintNames names_;
  BranchHints hints_;
  TypePrinter types_;
  BodyPrinter body_;
};

}  // namespace

Result<> print_module(const Module& module, const PrintOptions& options, const PrintSink& sink) {
  return ModulePrinter(module, options, sink).module();
}

Result<> print_func(const Module& module, FuncIdx func, const PrintOptions& options, const PrintSink& sink) {
  return ModulePrinter(module, options, sink).one_func(func);
}

Result<std::string> print_module(const Module& module, const PrintOptions& options) {
  std::string text;
  TRY(print_module(module, options, [&](std::string_view piece) -> Result<> {
    text += piece;
    return {};
  }));
  return text;
}

std::vector<FuncIdx> find_funcs(const Module& module, std::string_view name) {
  std::vector<FuncIdx> found;
  for (const auto& [index, text] : module.names.funcs)
    if (text == name && index < module.funcs.size()) found.emplace_back(index);
  if (!found.empty()) return found;
  const PrintNames names(module);
  for (uint32_t i = 0; i < module.funcs.size(); ++i)
    if (names.funcs.text(i) == name) return {FuncIdx(i)};
  for (const wasm::Export& entry : module.exports)
    if (entry.kind == ExternKind::Func && entry.name == name && entry.index < module.funcs.size())
      return {FuncIdx(entry.index)};
  for (const wasm::Import& entry : module.imports)
    if (entry.kind == ExternKind::Func && entry.field == name) found.emplace_back(entry.index);
  if (!found.empty()) return found;
  uint32_t index = 0;
  const auto [end, status] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (status == std::errc{} && end == name.data() + name.size() && index < module.funcs.size())
    found.emplace_back(index);
  return found;
}

}  // namespace godwit::text
