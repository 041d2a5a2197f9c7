// Context: what all parts of the parser of one module share: the tokens, the names and the types.
#pragma once

#include <string_view>
#include <vector>

#include "text/cursor.h"
#include "text/space.h"
#include "text/type_table.h"

namespace godwit::text {

struct Context {
  Context(const Source& source, uint32_t begin, uint32_t end) : in(source, begin, end) {}

  Cursor in;
  Space types{"type"}, funcs{"func"}, tables{"table"}, memories{"memory"}, globals{"global"}, tags{"tag"},
      elems{"elem segment"}, datas{"data segment"};
  std::vector<Space> fields;  // by type index, for the types that are written out
  TypeTable table;
  bool needs_data_count = false;  // a body names a data segment
  // Type uses of types that did not exist yet: (type index, where).
  std::vector<std::pair<uint32_t, Token>> early_uses;

  // The index that comes next, a number or a name of `space`.
  uint32_t index(const Space& space);
  // What `token`, a number or an identifier, stands for.
  uint32_t index_of(const Space& space, const Token& token);
  // As index(), where it may be left out.
  uint32_t optional_index(const Space& space) { return in.at_index() ? index(space) : 0; }
  // Gives a new member of `space` its name. Fails if another has it.
  void declare(Space& space, const Token& at, std::string_view name);
  // An annotation `(@name "…")`, if one comes: the name of the member `index` of `space` in the name section.
  void take_name_annotation(Space& space, uint32_t index);
  std::string take_name_annotation();
};

}  // namespace godwit::text
