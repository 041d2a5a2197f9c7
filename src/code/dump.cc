// Printing register code.
#include "code/dump.h"

#include <fmt/format.h>

#include "code/cell.h"

namespace godwit::code {

std::string dump(const Translation& translation) {
  std::string text;
  for (size_t i = 0; i < translation.cells.size(); ++i) {
    const DraftCell& cell = translation.cells[i];
    std::string_view name = name_of(cell.op);
    text += fmt::format("{:>4} {}", i, name);
    if (cell.a != 0) text += fmt::format(" a={}", cell.a);
    if (cell.d != 0) text += fmt::format(" d={}", cell.d);
    if (cell.is_far) {
      text += fmt::format(" literal=0x{:x}", translation.literals[cell.b]);
    } else if (name.starts_with("br_step")) {
      text += fmt::format(" step={} ->{}", static_cast<int32_t>(cell.b) >> 16,
                          static_cast<int64_t>(i) + cells_of_distance(static_cast<int16_t>(cell.b)));
    } else if (name.starts_with("br") && !name.starts_with("br_table")) {
      text += fmt::format(" ->{}", static_cast<int64_t>(i) + cells_of_distance(static_cast<int32_t>(cell.b)));
    } else if (cell.b != 0) {
      text += fmt::format(" b={}", static_cast<int32_t>(cell.b));
    }
    text += '\n';
  }
  return text;
}

}  // namespace godwit::code
