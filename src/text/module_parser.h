// ModuleParser: a module in the text format, to its binary.
// spec: https://webassembly.github.io/spec/core/text/modules.html
#pragma once

#include <string>
#include <vector>

#include "text/code_parser.h"
#include "text/context.h"
#include "text/module_writer.h"
#include "text/type_parser.h"

namespace godwit::text {

// Three passes over the fields: the first counts and names them, the second reads the types, the third the rest, in the
// order of the text, as the types that type uses imply need it.
class ModuleParser final {
 public:
  // Over [begin, end): `(module …)`, or the fields alone.
  ModuleParser(const Source& source, uint32_t begin, uint32_t end)
      : context_(source, begin, end), in_(context_.in), types_(context_), code_(context_, types_) {}

  Result<std::vector<uint8_t>> parse();

  // The same, for the sake of where what lies at `offset` in the binary stands in the text; nothing if nobody can say.
  std::optional<uint32_t> locate(uint64_t offset);

 private:
  enum class FieldKind : uint8_t {
    Type,
    Rec,
    Import,
    Func,
    Table,
    Memory,
    Global,
    Tag,
    Export,
    Start,
    Elem,
    Data,
    Custom
  };
  struct Field {
    FieldKind kind;
    uint32_t begin;  // of its parenthesis
    uint32_t index;  // of what it declares
  };
  // Of what may be imported and exported: how the text and the binary call it.
  struct External {
    std::string_view keyword;
    std::string_view word;  // for messages
    FieldKind field;
    wasm::ExternKind kind;
    Space Context::* space;
  };
  static const External kExternals[];

  void scan();
  void scan_field();
  void scan_import();
  void scan_external(const External& external, const Token& at);
  // True if one of the parentheses directly within the field begins with `keyword`.
  bool field_has(std::string_view keyword);
  void scan_type();
  void check_import_order(const Token& at);
  const External* find_external(std::string_view keyword) const;

  void read_types();
  void read(const Field& field);
  void read_import();
  void read_external(const External& external, uint32_t index);
  void read_function(uint32_t index);
  void read_table(uint32_t index);
  void read_memory(uint32_t index);
  void read_global();
  void read_tag();
  void read_export();
  void read_elem();
  void read_data();
  void read_custom();
  // The type of an import, written to its entry.
  void import_type(wasm::ExternKind kind);
  void locals(wasm::Encoder& into);
  // `(offset …)` or one folded instruction.
  void offset(wasm::Encoder& into);
  // A constant expression up to the `)`.
  void expression(wasm::Encoder& into);
  // A list of elements, each `(item …)` or one folded instruction; yields how many.
  uint32_t element_expressions(wasm::Encoder& into);
  uint32_t element_indices(wasm::Encoder& into);
  // An address in the binary: `i32.const value`, or i64.
  void constant(wasm::Encoder& into, wasm::AddrType type, uint64_t value);

  Context context_;
  Cursor& in_;
  TypeParser types_;
  CodeParser code_;
  ModuleWriter writer_;
  std::vector<Field> fields_;
  std::string_view
      defined_;         // what may be imported and is defined by now, imports come before; empty: nothing
  wasm::Encoder body_;  // of the function that is read

  // For locate(): what was written where.
  struct Spot {
    const wasm::Encoder* section;
    uint32_t offset;  // in the section's entries
    uint32_t text;
  };
  void note_field(uint32_t text);
  bool is_locating_ = false;
  std::vector<Spot> spots_;
  std::vector<CodeParser::Spot> body_spots_;
  std::vector<ModuleWriter::Base> bases_;
};

}  // namespace godwit::text
