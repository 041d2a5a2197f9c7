// The round trip, and modules compared.
#include "round_trip.h"

#include <algorithm>

#include "text/parse.h"
#include "text/print.h"
#include "wasm/decoder.h"
#include "wasm/encoder.h"
#include "wasm/instruction.h"
#include "wasm/validator.h"

namespace godwit::text {
namespace {

using wasm::ConstExpr;
using wasm::Encoder;
using wasm::FeatureSet;
using wasm::FuncIdx;
using wasm::InstructionReader;
using wasm::Module;

using Code = std::vector<uint8_t>;
using Fault = std::optional<std::string>;

// What is left of the code, written anew with each number in its shortest form; code that cannot be read ends early.
void rewrite(InstructionReader& reader, Encoder& out) {
  wasm::Instruction ins;
  while (!reader.at_end() && reader.next(ins)) out.instruction(ins);
}

Code expression(const Module& module, const ConstExpr& expr) {
  InstructionReader reader(module, expr.range, FeatureSet::all(), InstructionReader::Place::ConstExpr);
  Encoder out;
  rewrite(reader, out);
  return out.take();
}

Code body(const Module& module, size_t index) {
  InstructionReader reader(module, module.bodies[index].range);
  Encoder out;
  if (const auto groups = reader.locals())
    for (const auto& group : *groups)
      for (uint32_t i = 0; i < group.count; ++i) out.val_type(group.type);
  rewrite(reader, out);
  return out.take();
}

// Whether two modules say the same, list by list.
class Comparison final {
 public:
  Comparison(const Module& one, const Module& other) : a_(one), b_(other) {}

  Fault run() {
    list("type", a_.types, b_.types, std::equal_to<>());
    list("recursion group", a_.rec_groups, b_.rec_groups,
         [](const auto& a, const auto& b) { return a.first == b.first && a.count == b.count; });
    list("import", a_.imports, b_.imports, [](const auto& a, const auto& b) {
      return a.module == b.module && a.field == b.field && a.kind == b.kind && a.index == b.index;
    });
    list("function", a_.funcs, b_.funcs, std::equal_to<>());
    list("table", a_.tables, b_.tables, [&](const auto& a, const auto& b) {
      return a.type == b.type && a.init.has_value() == b.init.has_value() &&
             (!a.init || same(*a.init, *b.init));
    });
    list("memory", a_.memories, b_.memories, std::equal_to<>());
    list("tag", a_.tags, b_.tags, [](const auto& a, const auto& b) { return a.type == b.type; });
    globals();
    list("export", a_.exports, b_.exports, [](const auto& a, const auto& b) {
      return a.name == b.name && a.kind == b.kind && a.index == b.index;
    });
    if (a_.start != b_.start) note("start");
    elems();
    list("data segment", a_.datas, b_.datas, [&](const auto& a, const auto& b) {
      return a.mode == b.mode && a.memory == b.memory &&
             (a.mode != wasm::SegmentMode::Active || same(a.offset, b.offset)) &&
             std::ranges::equal(a_.slice(a.bytes), b_.slice(b.bytes));
    });
    if (a_.bodies.size() != b_.bodies.size()) note("the number of bodies");
    for (size_t i = 0; !fault_ && i < a_.bodies.size(); ++i)
      if (body(a_, i) != body(b_, i)) note("body " + std::to_string(i));
    list("custom section", customs(a_), customs(b_), [&](const auto& a, const auto& b) {
      return a.name == b.name && std::ranges::equal(a_.slice(a.contents), b_.slice(b.contents));
    });
    return fault_;
  }

 private:
  void note(std::string what) {
    if (!fault_) fault_ = std::move(what);
  }

  template <class List, class Same>
  void list(const std::string& what, const List& a, const List& b, Same same) {
    if (a.size() != b.size())
      note("the number of " + what + "s: " + std::to_string(a.size()) + " and " + std::to_string(b.size()));
    for (size_t i = 0; !fault_ && i < a.size(); ++i)
      if (!same(a[i], b[i])) note(what + " " + std::to_string(i));
  }

  bool same(const ConstExpr& a, const ConstExpr& b) const { return expression(a_, a) == expression(b_, b); }

  void globals() {
    list("global", a_.globals, b_.globals, [](const auto& a, const auto& b) { return a.type == b.type; });
    for (size_t i = a_.imported_globals; !fault_ && i < a_.globals.size(); ++i)
      if (!same(a_.globals[i].init, b_.globals[i].init)) note("the value of global " + std::to_string(i));
  }

  void elems() {
    list("element segment", a_.elems, b_.elems, [&](const auto& a, const auto& b) {
      return a.mode == b.mode && a.type == b.type && a.table == b.table && a.funcs == b.funcs &&
             (a.mode != wasm::SegmentMode::Active || same(a.offset, b.offset)) &&
             std::ranges::equal(a.exprs, b.exprs,
                                [&](const ConstExpr& x, const ConstExpr& y) { return same(x, y); });
    });
  }

  static std::vector<wasm::CustomSection> customs(const Module& module) {
    std::vector<wasm::CustomSection> sections;
    for (const wasm::CustomSection& section : module.customs)
      if (section.name != "name" && section.name != "metadata.code.branch_hint") sections.push_back(section);
    return sections;
  }

  const Module& a_;
  const Module& b_;
  Fault fault_;
};

std::string first_difference(std::string_view one, std::string_view other) {
  size_t at = 0;
  while (at < one.size() && at < other.size() && one[at] == other[at]) ++at;
  const size_t before = at == 0 ? std::string_view::npos : one.rfind('\n', at - 1);
  const size_t start = before == std::string_view::npos ? 0 : before + 1;
  const auto line = [start](std::string_view text) {
    return start < text.size() ? std::string(text.substr(start, text.find('\n', start) - start))
                               : std::string();
  };
  return line(one) + "\n  and then\n" + line(other);
}

}  // namespace

std::optional<std::string> difference(const Module& one, const Module& other) {
  return Comparison(one, other).run();
}

std::optional<std::string> round_trip_fault(const Module& module) {
  const auto first = print_module(module);
  if (!first) return "cannot be printed: " + first.error().describe();
  const auto binary = parse_module({.name = "printed", .text = *first});
  if (!binary) return "the text cannot be parsed: " + binary.error().describe();
  const auto again = wasm::decode_copy(*binary, FeatureSet::all());
  if (!again) return "the parsed module cannot be decoded: " + again.error().describe();
  if (const auto valid = wasm::validate(*again, FeatureSet::all()); !valid)
    return "the parsed module is invalid: " + valid.error().describe();
  if (const Fault fault = difference(module, *again)) return "the parsed module differs: " + *fault;
  const auto second = print_module(*again);
  if (!second) return "cannot be printed again: " + second.error().describe();
  if (*first != *second) return "the second text differs: " + first_difference(*first, *second);

  // Other looks of the same text.
  for (const PrintOptions options : {PrintOptions{.fold = true}, PrintOptions{.comments = true}}) {
    const std::string look = options.fold ? "folded" : "with comments";
    const auto text = print_module(module, options);
    if (!text) return look + ", it cannot be printed: " + text.error().describe();
    const auto parsed = parse_module({.name = look, .text = *text});
    if (!parsed) return look + ", the text cannot be parsed: " + parsed.error().describe();
    if (*parsed != *binary) return look + ", the text says another module";
  }
  return std::nullopt;
}

}  // namespace godwit::text
