// Reading modules.
#include "text/module_parser.h"

#include <fmt/format.h>

#include "wasm/limits.h"

namespace godwit::text {

using wasm::AddrType;
using wasm::Encoder;
using wasm::ExternKind;
using wasm::Opcode;

const ModuleParser::External ModuleParser::kExternals[] = {
    {"func", "function", FieldKind::Func, ExternKind::Func, &Context::funcs},
    {"table", "table", FieldKind::Table, ExternKind::Table, &Context::tables},
    {"memory", "memory", FieldKind::Memory, ExternKind::Mem, &Context::memories},
    {"global", "global", FieldKind::Global, ExternKind::Global, &Context::globals},
    {"tag", "tag", FieldKind::Tag, ExternKind::Tag, &Context::tags},
};

const ModuleParser::External* ModuleParser::find_external(std::string_view keyword) const {
  for (const External& row : kExternals)
    if (row.keyword == keyword) return &row;
  return nullptr;
}

Result<std::vector<uint8_t>> ModuleParser::parse() {
  const bool is_wrapped = in_.take_open("module");
  if (is_wrapped) {
    in_.take_keyword("definition");
    writer_.module_name = in_.take_optional_id();
    if (std::string name = context_.take_name_annotation(); !name.empty()) writer_.module_name = name;
  }
  scan();
  if (is_wrapped) in_.expect_close();
  if (in_.kind() != TokenKind::End)
    in_.unexpected(is_wrapped ? "nothing after the module" : "a field of the module");
  if (!in_.failed()) read_types();
  for (const Field& field : fields_) {
    if (in_.failed()) break;
    read(field);
  }
  for (const auto& [index, at] : context_.early_uses)
    if (index < context_.table.size())
      in_.fail(at, fmt::format("unknown type {}: it is implied by what comes later", index));
  if (in_.failed()) return fail(in_.take_error());
  return writer_.build(context_, bases_);
}

// Whatever the field adds to the sections belongs to it.
void ModuleParser::note_field(uint32_t text) {
  if (!is_locating_) return;
  const Encoder* const sections[] = {&context_.table.body(), &writer_.imports.body,  &writer_.funcs.body,
                                     &writer_.tables.body,   &writer_.memories.body, &writer_.tags.body,
                                     &writer_.globals.body,  &writer_.exports.body,  &writer_.elems.body,
                                     &writer_.bodies.body,   &writer_.datas.body,    &writer_.start.body};
  for (const Encoder* const section : sections)
    spots_.push_back({section, static_cast<uint32_t>(section->bytes().size()), text});
}

std::optional<uint32_t> ModuleParser::locate(uint64_t offset) {
  is_locating_ = true;
  if (!parse()) return {};
  std::optional<Spot> best;
  uint64_t best_at = 0;
  for (const Spot& spot : spots_)
    for (const ModuleWriter::Base& base : bases_) {
      const uint64_t at = uint64_t{base.offset} + spot.offset;
      const bool is_in = at <= offset && offset < base.offset + base.section->bytes().size();
      if (base.section != spot.section || !is_in || (best && at < best_at)) continue;
      best = spot;
      best_at = at;
    }
  return best ? std::optional(best->text) : std::nullopt;
}

void ModuleParser::scan() {
  while (in_.has_more()) {
    const uint32_t begin = in_.token().begin;
    if (in_.at_annotation("custom")) {
      fields_.push_back({FieldKind::Custom, begin, 0});
      in_.take();
      in_.skip_to_close(1);
      continue;
    }
    if (in_.kind() != TokenKind::Open) return in_.unexpected("a field of the module");
    in_.take();
    fields_.push_back({FieldKind::Custom, begin, 0});
    scan_field();
    in_.skip_to_close(1);
  }
}

// From behind the parenthesis of a field; ends somewhere in it.
void ModuleParser::scan_field() {
  const Token at = in_.token();
  const std::string_view keyword = in_.text();
  Field& field = fields_.back();
  if (in_.take_keyword("type")) {
    field = {FieldKind::Type, field.begin, context_.types.size()};
    scan_type();
  } else if (in_.take_keyword("rec")) {
    field = {FieldKind::Rec, field.begin, context_.types.size()};
    while (in_.take_open("type")) {
      scan_type();
      in_.skip_to_close(1);
    }
  } else if (in_.take_keyword("import")) {
    field.kind = FieldKind::Import;
    scan_import();
  } else if (in_.take_keyword("export")) {
    field.kind = FieldKind::Export;
  } else if (in_.take_keyword("start")) {
    field.kind = FieldKind::Start;
  } else if (in_.take_keyword("elem")) {
    field = {FieldKind::Elem, field.begin, context_.elems.size()};
    context_.declare(context_.elems, in_.token(), in_.take_optional_id());
  } else if (in_.take_keyword("data")) {
    field = {FieldKind::Data, field.begin, context_.datas.size()};
    context_.declare(context_.datas, in_.token(), in_.take_optional_id());
  } else if (const External* const external =
                 at.kind == TokenKind::Keyword ? find_external(keyword) : nullptr) {
    in_.take();
    field = {external->field, field.begin, (context_.*external->space).size()};
    scan_external(*external, at);
  } else {
    in_.unexpected("type, import, func, table, memory, global, tag, export, start, elem or data");
  }
}

void ModuleParser::scan_type() {
  if (context_.types.size() == wasm::limits::kTypes)
    return in_.fail(in_.token(), fmt::format("too many types: the limit is {}", wasm::limits::kTypes));
  context_.declare(context_.types, in_.token(), in_.take_optional_id());
  context_.take_name_annotation(context_.types, context_.types.size() - 1);
  context_.fields.emplace_back("field");
}

void ModuleParser::check_import_order(const Token& at) {
  if (!defined_.empty())
    in_.fail(at,
             fmt::format("import after {}: imports come before functions, tables, memories, globals and tags",
                         defined_));
}

void ModuleParser::scan_import() {
  check_import_order(in_.token());
  in_.expect_string("the name of a module");
  in_.expect_string("the name of what is imported");
  in_.expect_open("'(' and func, table, memory, global or tag");
  const External* const external = in_.kind() == TokenKind::Keyword ? find_external(in_.text()) : nullptr;
  if (!external) return in_.unexpected("func, table, memory, global or tag");
  in_.take();
  context_.declare(context_.*external->space, in_.token(), in_.take_optional_id());
  in_.skip_to_close(1);
}

void ModuleParser::scan_external(const External& external, const Token& at) {
  context_.declare(context_.*external.space, in_.token(), in_.take_optional_id());
  if (in_.at_annotation("name")) context_.take_name_annotation();
  while (in_.take_open("export")) in_.skip_to_close(1);
  if (in_.at_open("import")) {
    check_import_order(at);
    return;
  }
  defined_ = external.word;
  if (external.kind == ExternKind::Table && field_has("elem")) context_.elems.add();
  if (external.kind == ExternKind::Mem && field_has("data")) context_.datas.add();
}

bool ModuleParser::field_has(std::string_view keyword) {
  while (in_.has_more()) {
    if (in_.at_open(keyword)) return true;
    if (in_.take().kind == TokenKind::Open) in_.skip_to_close(1);
  }
  return false;
}

void ModuleParser::read_types() {
  for (const Field& field : fields_) {
    if (field.kind != FieldKind::Type && field.kind != FieldKind::Rec) continue;
    note_field(field.begin);
    in_.seek(field.begin);
    in_.take();
    in_.take();
    std::vector<TypeTable::Definition> group;
    if (field.kind == FieldKind::Type) {
      in_.take_optional_id();
      context_.take_name_annotation();
      group.push_back(types_.definition(field.index));
    } else {
      uint32_t index = field.index;
      while (in_.take_open("type")) {
        in_.take_optional_id();
        context_.take_name_annotation();
        group.push_back(types_.definition(index++));
      }
      in_.expect_close("'(type' or ')'");
    }
    if (in_.failed()) return;
    context_.table.define(group, field.kind == FieldKind::Rec);
  }
}

void ModuleParser::read(const Field& field) {
  if (field.kind == FieldKind::Type || field.kind == FieldKind::Rec) return;
  note_field(field.begin);
  if (in_.token().begin != field.begin) in_.seek(field.begin);
  in_.take();
  if (field.kind == FieldKind::Custom) return read_custom();
  in_.take();
  switch (field.kind) {
    case FieldKind::Import: read_import(); break;
    case FieldKind::Export: read_export(); break;
    case FieldKind::Start: {
      const Token at = in_.token();
      if (writer_.start.count != 0) return in_.fail(at, "multiple start sections");
      writer_.start.add().u32(context_.index(context_.funcs));
      break;
    }
    case FieldKind::Elem: read_elem(); break;
    case FieldKind::Data: read_data(); break;
    default:
      for (const External& external : kExternals)
        if (external.field == field.kind) read_external(external, field.index);
  }
  in_.expect_close();
}

void ModuleParser::import_type(ExternKind kind) {
  Encoder& entry = writer_.imports.body;
  entry.u8(static_cast<uint8_t>(kind));
  switch (kind) {
    case ExternKind::Func: entry.u32(types_.resolve(types_.type_use(ParamNames::Allowed))); break;
    case ExternKind::Table: entry.table_type(types_.table_type()); break;
    case ExternKind::Mem: entry.memory_type(types_.memory_type(types_.addr_type())); break;
    case ExternKind::Global: entry.global_type(types_.global_type()); break;
    case ExternKind::Tag: entry.u8(0).u32(types_.resolve(types_.type_use(ParamNames::Allowed))); break;
  }
}

void ModuleParser::read_import() {
  const std::string module = in_.expect_name("the name of a module");
  const std::string name = in_.expect_name("the name of what is imported");
  in_.expect_open("'('");
  const External* const external = find_external(in_.text_of(in_.take()));
  if (!external) return;  // the first pass has seen that it is one
  in_.take_optional_id();
  writer_.imports.add().name(module).name(name);
  import_type(external->kind);
  in_.expect_close();
}

void ModuleParser::read_external(const External& external, uint32_t index) {
  in_.take_optional_id();
  context_.take_name_annotation(context_.*external.space, index);
  while (in_.take_open("export")) {
    const std::string name = in_.expect_name("a name in quotes");
    writer_.exports.add().name(name).u8(static_cast<uint8_t>(external.kind)).u32(index);
    in_.expect_close();
  }
  if (in_.take_open("import")) {
    const std::string module = in_.expect_name("the name of a module");
    const std::string name = in_.expect_name("the name of what is imported");
    in_.expect_close();
    writer_.imports.add().name(module).name(name);
    return import_type(external.kind);
  }
  switch (external.kind) {
    case ExternKind::Func: return read_function(index);
    case ExternKind::Table: return read_table(index);
    case ExternKind::Mem: return read_memory(index);
    case ExternKind::Global: return read_global();
    case ExternKind::Tag: return read_tag();
  }
}

void ModuleParser::read_function(uint32_t index) {
  body_spots_.clear();
  code_.note_spots(is_locating_ ? &body_spots_ : nullptr);
  code_.begin_function();
  const TypeUse use = types_.type_use(ParamNames::Allowed);
  for (const Token& id : use.param_ids) code_.add_local(id);
  writer_.funcs.add().u32(types_.resolve(use));
  body_.truncate(0);
  locals(body_);
  code_.instructions(body_);
  if (is_locating_) body_spots_.push_back({static_cast<uint32_t>(body_.bytes().size()), in_.token().begin});
  body_.opcode(Opcode::end);
  Encoder& bodies = writer_.bodies.add();
  bodies.sized(body_.bytes());
  const size_t body_begin = bodies.bytes().size() - body_.bytes().size();
  for (const CodeParser::Spot& spot : body_spots_)
    spots_.push_back({&bodies, static_cast<uint32_t>(body_begin + spot.offset), spot.text});
  code_.note_spots(nullptr);
  writer_.name_locals(index, code_);
  writer_.add_hints(index, code_.hints());
  code_.end_function();
}

void ModuleParser::locals(Encoder& into) {
  std::vector<std::pair<uint32_t, wasm::ValType>> groups;
  const auto add = [&](const Token& id) {
    code_.add_local(id);
    if (in_.at_annotation("name")) code_.name_local(context_.take_name_annotation());
    const wasm::ValType type = types_.val_type();
    if (groups.empty() || groups.back().second != type) groups.emplace_back(0, type);
    ++groups.back().first;
  };
  while (in_.take_open("local")) {
    if (in_.kind() == TokenKind::Id) {
      add(in_.take());
    } else {
      while (in_.has_more()) add({});
    }
    in_.expect_close();
  }
  into.u32(groups.size());
  for (const auto& [count, type] : groups) into.u32(count).val_type(type);
}

void ModuleParser::expression(Encoder& into) {
  code_.instructions(into);
  into.opcode(Opcode::end);
}

void ModuleParser::offset(Encoder& into) {
  if (in_.take_open("offset")) {
    expression(into);
    in_.expect_close();
  } else {
    code_.folded_instruction(into);
    into.opcode(Opcode::end);
  }
}

void ModuleParser::constant(Encoder& into, AddrType type, uint64_t value) {
  into.opcode(type == AddrType::I64 ? Opcode::i64_const : Opcode::i32_const)
      .s64(static_cast<int64_t>(value))
      .opcode(Opcode::end);
}

uint32_t ModuleParser::element_expressions(Encoder& into) {
  uint32_t count = 0;
  for (; in_.has_more(); ++count) {
    if (in_.take_open("item")) {
      expression(into);
      in_.expect_close();
    } else {
      code_.folded_instruction(into);
      into.opcode(Opcode::end);
    }
  }
  return count;
}

uint32_t ModuleParser::element_indices(Encoder& into) {
  uint32_t count = 0;
  for (; in_.at_index(); ++count) into.u32(context_.index(context_.funcs));
  return count;
}

void ModuleParser::read_table(uint32_t index) {
  wasm::TableType type;
  const AddrType addr = types_.addr_type();
  if (types_.at_limits()) {
    type.limits = types_.limits(addr);
    type.elem = types_.ref_type();
    if (!in_.has_more()) {
      writer_.tables.add().table_type(type);
    } else {
      Encoder& entry = writer_.tables.add();
      expression(entry.u8(0x40).u8(0).table_type(type));
    }
    return;
  }
  type.elem = types_.ref_type();
  if (!in_.take_open("elem")) return in_.unexpected("'(elem'");
  Encoder items;
  const bool has_indices = in_.at_index() || !in_.has_more();
  uint32_t count = 0;
  if (has_indices && type.elem == wasm::kFuncRef) {
    count = element_indices(items);
  } else if (has_indices) {
    for (; in_.at_index(); ++count)
      items.opcode(Opcode::ref_func).u32(context_.index(context_.funcs)).opcode(Opcode::end);
  } else {
    count = element_expressions(items);
  }
  in_.expect_close();
  type.limits = {.min = count, .max = count, .addr = addr};
  writer_.tables.add().table_type(type);

  Encoder& entry = writer_.elems.add();
  if (has_indices && type.elem == wasm::kFuncRef) {
    if (index == 0) constant(entry.u8(0), addr, 0);
    else constant(entry.u8(2).u32(index), addr, 0), entry.u8(0);
  } else if (index == 0 && type.elem == wasm::kFuncRef) {
    constant(entry.u8(4), addr, 0);
  } else {
    constant(entry.u8(6).u32(index), addr, 0);
    entry.val_type(type.elem);
  }
  entry.u32(count).raw(items.bytes());
}

void ModuleParser::read_elem() {
  in_.take_optional_id();
  context_.take_name_annotation(context_.elems, writer_.elems.count);
  const bool is_declarative = in_.take_keyword("declare");
  bool is_active = false;
  bool names_table = false;
  uint32_t table = 0;
  Encoder at;
  if (!is_declarative) {
    if (in_.take_open("table")) {
      table = context_.index(context_.tables);
      in_.expect_close();
      names_table = true;
    } else if (in_.kind() == TokenKind::Number) {  // as WebAssembly 1.0 wrote it
      table = context_.index(context_.tables);
      names_table = true;
    }
    is_active = names_table || (in_.kind() == TokenKind::Open && !in_.at_open("ref"));
    if (is_active) offset(at);
  }
  Encoder items;
  uint32_t count = 0;
  const bool is_typed = types_.at_val_type();
  wasm::ValType type = wasm::kFuncRef;
  if (is_typed) {
    type = types_.ref_type();
    count = element_expressions(items);
  } else {
    if (!in_.take_keyword("func") && in_.has_more() && !(is_active && in_.at_index()))
      in_.unexpected("func or a reference type");
    count = element_indices(items);
  }
  // Bit 0: not active; bit 1: a table, or declarative; bit 2: expressions.
  const bool is_implicit = is_active && table == 0 && type == wasm::kFuncRef;
  const uint32_t flags = (is_active ? 0u : 1u) | (is_implicit || (!is_active && !is_declarative) ? 0u : 2u) |
                         (is_typed ? 4u : 0u);
  Encoder& entry = writer_.elems.add().u32(flags);
  if (is_active) {
    if (flags & 2) entry.u32(table);
    entry.raw(at.bytes());
  }
  if (flags & 3) {
    if (is_typed) entry.val_type(type);
    else entry.u8(0);
  }
  entry.u32(count).raw(items.bytes());
}

void ModuleParser::read_memory(uint32_t index) {
  const AddrType addr = types_.addr_type();
  if (types_.at_limits()) {
    writer_.memories.add().memory_type(types_.memory_type(addr));
    return;
  }
  wasm::MemType type;
  type.page_size_log2 = types_.page_size_log2();
  if (!in_.take_open("data")) return in_.unexpected("a number, the minimum, or '(data'");
  const std::string bytes = in_.take_strings();
  in_.expect_close();
  uint64_t pages = bytes.size();  // page sizes are validated later: none is shifted by 64 bits here
  if (type.page_size_log2 < 64) {
    const uint64_t page = uint64_t{1} << type.page_size_log2;
    pages = bytes.size() / page + (bytes.size() % page != 0);
  }
  type.limits = {.min = pages, .max = pages, .addr = addr};
  writer_.memories.add().memory_type(type);
  Encoder& entry = writer_.datas.add();
  if (index == 0) entry.u32(0);
  else entry.u32(2).u32(index);
  constant(entry, addr, 0);
  entry.sized(as_bytes(bytes));
}

void ModuleParser::read_data() {
  in_.take_optional_id();
  context_.take_name_annotation(context_.datas, writer_.datas.count);
  uint32_t memory = 0;
  bool is_active = true;
  if (in_.take_open("memory")) {
    memory = context_.index(context_.memories);
    in_.expect_close();
  } else if (in_.kind() == TokenKind::Number) {  // as WebAssembly 1.0 wrote it
    memory = context_.index(context_.memories);
  } else {
    is_active = in_.kind() == TokenKind::Open;
  }
  Encoder& entry = writer_.datas.add();
  if (!is_active) entry.u32(1);
  else if (memory == 0) entry.u32(0);
  else entry.u32(2).u32(memory);
  if (is_active) offset(entry);
  entry.sized(as_bytes(in_.take_strings()));
}

void ModuleParser::read_global() {
  Encoder& entry = writer_.globals.add();
  entry.global_type(types_.global_type());
  expression(entry);
}

void ModuleParser::read_tag() {
  writer_.tags.add().u8(0).u32(types_.resolve(types_.type_use(ParamNames::Allowed)));
}

void ModuleParser::read_export() {
  const std::string name = in_.expect_name("a name in quotes");
  in_.expect_open("'(' and func, table, memory, global or tag");
  const External* const external = in_.kind() == TokenKind::Keyword ? find_external(in_.text()) : nullptr;
  if (!external) return in_.unexpected("func, table, memory, global or tag");
  in_.take();
  const uint32_t index = context_.index(context_.*external->space);
  in_.expect_close();
  writer_.exports.add().name(name).u8(static_cast<uint8_t>(external->kind)).u32(index);
}

// `(@custom "name" (before code)? "…"*)`
void ModuleParser::read_custom() {
  const std::string name = in_.expect_name("the name of a section");
  ModuleWriter::Place place = ModuleWriter::kLast;
  const bool is_before = in_.at_open("before");
  if (is_before || in_.at_open("after")) {
    in_.take();
    in_.take();
    const std::optional<uint8_t> section =
        in_.kind() == TokenKind::Keyword ? ModuleWriter::find_section(in_.text()) : std::nullopt;
    const bool fits =
        section && !(is_before && in_.at_keyword("last")) && !(!is_before && in_.at_keyword("first"));
    if (!fits) return in_.unexpected("the name of a section: malformed section kind");
    in_.take();
    place = {*section, !is_before};
    in_.expect_close();
  }
  const std::string contents = in_.take_strings();
  in_.expect_close();
  writer_.add_custom(place, name, as_bytes(contents));
}

}  // namespace godwit::text
