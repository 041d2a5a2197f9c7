// Writing the binary.
#include "text/module_writer.h"

#include <algorithm>
#include <iterator>

namespace godwit::text {
namespace {

using wasm::Encoder;

// The order of sections; the names are those of `(@custom "…" (after import))`.
struct SectionName {
  std::string_view name;
  uint8_t place;
};
enum : uint8_t {
  kFirst,
  kType,
  kImport,
  kFunc,
  kTable,
  kMemory,
  kTag,
  kGlobal,
  kExport,
  kStart,
  kElem,
  kDataCount,
  kCode,
  kData
};
constexpr SectionName kSections[] = {{"first", kFirst}, {"type", kType},     {"import", kImport},
                                     {"func", kFunc},   {"table", kTable},   {"memory", kMemory},
                                     {"tag", kTag},     {"global", kGlobal}, {"export", kExport},
                                     {"start", kStart}, {"elem", kElem},     {"datacount", kDataCount},
                                     {"code", kCode},   {"data", kData},     {"last", 0xFF}};

// Subsections of the name section.
// spec: https://webassembly.github.io/spec/core/appendix/custom.html#name-section
enum : uint8_t {
  kModuleName,
  kFuncNames,
  kLocalNames,
  kLabelNames,
  kTypeNames,
  kTableNames,
  kMemoryNames,
  kGlobalNames,
  kElemNames,
  kDataNames,
  kFieldNames,
  kTagNames
};

template <class Names>
void append_map(Encoder& out, const Names& names) {
  out.u32(names.size());
  for (const auto& [index, name] : names) out.u32(index).name(name);
}

}  // namespace

std::optional<uint8_t> ModuleWriter::find_section(std::string_view name) {
  for (const SectionName& row : kSections)
    if (row.name == name) return row.place;
  return {};
}

void ModuleWriter::add_custom(Place place, std::string_view name, Bytes contents) {
  customs_.emplace(place, Encoder().name(name).raw(contents).take());
}

void ModuleWriter::name_locals(uint32_t index, const CodeParser& code) {
  if (const auto names = code.locals().shown_names(); !names.empty())
    append_map(local_names_.add().u32(index), names);
  if (!code.label_names().empty()) append_map(label_names_.add().u32(index), code.label_names());
}

void ModuleWriter::add_hints(uint32_t index, const std::vector<CodeParser::Hint>& hints) {
  if (hints.empty()) return;
  hints_.add().u32(index).u32(hints.size());
  for (const CodeParser::Hint& hint : hints) hints_.body.u32(hint.offset).u32(1).u8(hint.is_likely);
}

void ModuleWriter::add_names(Encoder& out, const Context& context) const {
  Encoder names;
  const auto subsection = [&](uint8_t id, const Encoder& contents) { names.u8(id).sized(contents.bytes()); };
  const auto direct = [&](uint8_t id, const Space& space) {
    const auto shown = space.shown_names();
    if (shown.empty()) return;
    Encoder map;
    append_map(map, shown);
    subsection(id, map);
  };
  const auto indirect = [&](uint8_t id, const Section& maps) {
    if (maps.count != 0) subsection(id, Encoder().u32(maps.count).raw(maps.body.bytes()));
  };
  if (!module_name.empty()) subsection(kModuleName, Encoder().name(module_name));
  direct(kFuncNames, context.funcs);
  indirect(kLocalNames, local_names_);
  indirect(kLabelNames, label_names_);
  direct(kTypeNames, context.types);
  direct(kTableNames, context.tables);
  direct(kMemoryNames, context.memories);
  direct(kGlobalNames, context.globals);
  direct(kElemNames, context.elems);
  direct(kDataNames, context.datas);
  Section fields;
  for (uint32_t type = 0; type < context.fields.size(); ++type)
    if (const auto shown = context.fields[type].shown_names(); !shown.empty())
      append_map(fields.add().u32(type), shown);
  indirect(kFieldNames, fields);
  direct(kTagNames, context.tags);
  if (!names.bytes().empty()) out.u8(0).sized(Encoder().name("name").raw(names.bytes()).bytes());
}

std::vector<uint8_t> ModuleWriter::build(const Context& context, std::vector<Base>& bases) const {
  Encoder out;
  out.raw(as_bytes({"\0asm\1\0\0\0", 8}));
  auto custom = customs_.begin();
  const auto customs_up_to = [&](Place place) {
    for (; custom != customs_.end() && custom->first <= place; ++custom) out.u8(0).sized(custom->second);
  };
  const auto contents = [&](uint8_t id, const Encoder& head, const Encoder& body) {
    out.u8(id).u32(head.bytes().size() + body.bytes().size()).raw(head.bytes());
    bases.push_back({&body, static_cast<uint32_t>(out.bytes().size())});
    out.raw(body.bytes());
  };
  const auto section = [&](uint8_t place, uint8_t id, uint32_t count, const Encoder& body) {
    customs_up_to({place, false});
    if (count != 0) contents(id, Encoder().u32(count), body);
  };
  section(kType, 1, context.table.entries(), context.table.body());
  section(kImport, 2, imports.count, imports.body);
  section(kFunc, 3, funcs.count, funcs.body);
  section(kTable, 4, tables.count, tables.body);
  section(kMemory, 5, memories.count, memories.body);
  section(kTag, 13, tags.count, tags.body);
  section(kGlobal, 6, globals.count, globals.body);
  section(kExport, 7, exports.count, exports.body);
  customs_up_to({kStart, false});
  if (start.count != 0) contents(8, Encoder(), start.body);
  section(kElem, 9, elems.count, elems.body);
  customs_up_to({kDataCount, false});
  if (context.needs_data_count) out.u8(12).sized(Encoder().u32(datas.count).bytes());
  customs_up_to({kCode, false});
  if (hints_.count != 0)
    out.u8(0).sized(
        Encoder().name("metadata.code.branch_hint").u32(hints_.count).raw(hints_.body.bytes()).bytes());
  section(kCode, 10, bodies.count, bodies.body);
  section(kData, 11, datas.count, datas.body);
  customs_up_to(kLast);
  add_names(out, context);
  return out.take();
}

}  // namespace godwit::text
