// ModuleWriter: the sections of a module as they fill, and the binary that they make.
// spec: https://webassembly.github.io/spec/core/binary/modules.html
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "text/code_parser.h"
#include "text/context.h"
#include "wasm/encoder.h"

namespace godwit::text {

class ModuleWriter final {
 public:
  // The entries of a section and how many there are.
  struct Section {
    uint32_t count = 0;
    wasm::Encoder body = {};
    // Begins an entry.
    wasm::Encoder& add() { return ++count, body; }
  };
  Section imports, funcs, tables, memories, tags, globals, exports, start, elems, bodies, datas;
  std::string module_name;

  // Where a custom section stands: before or after the section with this place in the order, which need not be there.
  struct Place {
    uint8_t section;
    bool is_after;
    auto operator<=>(const Place&) const = default;
  };
  // The place of "type", "import" …, "first" or "last"; nothing if no section is called so.
  static std::optional<uint8_t> find_section(std::string_view name);
  static constexpr Place kLast{0xFF, true};
  void add_custom(Place place, std::string_view name, Bytes contents);

  // What the name section says of the function `index`.
  void name_locals(uint32_t index, const CodeParser& code);
  void add_hints(uint32_t index, const std::vector<CodeParser::Hint>& hints);

  // Where the entries of a section begin in the binary.
  struct Base {
    const wasm::Encoder* section;
    uint32_t offset;
  };
  std::vector<uint8_t> build(const Context& context, std::vector<Base>& bases) const;

 private:
  void add_names(wasm::Encoder& out, const Context& context) const;

  std::multimap<Place, std::vector<uint8_t>> customs_;
  Section local_names_, label_names_, hints_;
};

}  // namespace godwit::text
