// Excerpts: a body is read from its start, and the last instructions are kept.
#include "text/print_excerpt.h"

#include <algorithm>
#include <deque>

#include "text/print_instruction.h"

namespace godwit::text {

namespace {

using wasm::FuncIdx;
using wasm::Module;
using wasm::Opcode;

constexpr size_t kLines = 4;
constexpr size_t kLongestLine = 100;

struct Kept {
  wasm::Instruction instruction;
  uint32_t nesting;
};

bool is_divider(Opcode op) { return op == Opcode::else_ || op == Opcode::catch_ || op == Opcode::catch_all; }

// The last instructions that begin at or before `offset`, and how deep they are nested.
std::deque<Kept> last_instructions(wasm::InstructionReader& reader, uint64_t offset) {
  std::deque<Kept> kept;
  wasm::Instruction ins;
  uint32_t nesting = 0;
  while (reader.offset() <= offset && !reader.at_end() && reader.next(ins)) {
    const bool ends = ins.op == Opcode::end || ins.op == Opcode::delegate;
    if (ends && nesting > 0) --nesting;
    kept.push_back({ins, is_divider(ins.op) && nesting > 0 ? nesting - 1 : nesting});
    if (kept.size() > kLines) kept.pop_front();
    if (opens_block(ins.op)) ++nesting;
  }
  return kept;
}

std::string cut(std::string text) {
  if (text.size() <= kLongestLine) return text;
  size_t end = kLongestLine;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;  // not within a character
  return text.substr(0, end) + "…";
}

}  // namespace

std::optional<Excerpt> excerpt_at(const Module& module, uint64_t offset) {
  const auto after = std::ranges::upper_bound(module.bodies, offset, {},
                                              [](const wasm::FuncBody& body) { return body.range.offset; });
  if (after == module.bodies.begin()) return std::nullopt;
  const wasm::ByteRange body = (after - 1)->range;
  // the byte after the body, too: what is missing at its end is missing there
  if (offset > uint64_t{body.offset} + body.size) return std::nullopt;
  Excerpt excerpt;
  excerpt.func = FuncIdx(static_cast<uint32_t>(module.imported_funcs + (after - 1 - module.bodies.begin())));
  if (excerpt.func.value >= module.funcs.size()) return std::nullopt;

  const PrintNames names(module);
  excerpt.func_id = names.funcs.text(excerpt.func.value);
  wasm::InstructionReader reader(module, body);
  BodyScan scan;
  if (!reader.locals(scan.locals)) return excerpt;
  std::deque<Kept> kept = last_instructions(reader, offset);
  if (kept.empty()) return excerpt;

  const wasm::TypeIdx type = module.funcs[excerpt.func.value];
  uint64_t locals = type.value < module.types.size() ? module.types[type.value].func.params.size() : 0;
  for (const auto& group : scan.locals) locals += group.count;
  std::string text;
  const PrintSink sink = [&](std::string_view piece) -> Result<> { return text += piece, Result<>(); };
  const uint32_t outermost = std::ranges::min_element(kept, {}, &Kept::nesting)->nesting;
  for (const Kept& line : kept) {
    PrintWriter writer(sink);
    InstructionPrinter printer(writer, names);
    printer.begin(names.locals_of(excerpt.func.value, static_cast<uint32_t>(locals)), {}, scan);
    text.assign(size_t{2} * (line.nesting - outermost), ' ');
    printer.put(line.instruction);
    if (!writer.finish()) break;
    excerpt.lines.push_back({line.instruction.offset, cut(text)});
  }
  return excerpt;
}

}  // namespace godwit::text
