// ModuleReport: gathering.
#include "module_report.h"

#include <memory>

#include "module_file.h"
#include "wasm/decoder.h"
#include "wasm/instruction.h"
#include "wasm/reader.h"
#include "wasm/validator.h"

namespace godwit::cli {
namespace {

using namespace wasm;

// By section id. spec: https://webassembly.github.io/spec/core/binary/modules.html#sections
constexpr std::string_view kSectionKinds[] = {"custom", "type",   "import",     "func",  "table",
                                              "memory", "global", "export",     "start", "elem",
                                              "code",   "data",   "data count", "tag"};
constexpr uint8_t kCustomSection = 0, kStartSection = 8, kDataCountSection = 12;
constexpr uint32_t kHeaderBytes = 8;  // magic and version

// The module has been decoded: its sections are well-formed.
std::vector<SectionReport> list_sections(const Module& module) {
  std::vector<SectionReport> sections;
  Reader reader(module.bytes, {0, static_cast<uint32_t>(module.bytes.size())}, FeatureSet::all());
  reader.skip_to(kHeaderBytes);
  while (!reader.at_end()) {
    const uint8_t id = reader.u8();
    const ByteRange contents = reader.sized_bytes();
    if (reader.failed() || id >= std::size(kSectionKinds)) break;
    SectionReport section{kSectionKinds[id], {}, contents.offset, contents.size, {}};
    Reader inside(module.bytes, contents, FeatureSet::all());
    if (id == kCustomSection) section.name = inside.name();
    else if (id != kStartSection && id != kDataCountSection) section.entries = inside.u32();
    sections.push_back(section);
  }
  return sections;
}

// What is there up to the first mistake: a custom section makes no module malformed.
std::vector<Producer> list_producers(const Module& module) {
  std::vector<Producer> producers;
  for (const CustomSection& custom : module.customs) {
    if (custom.name != "producers") continue;
    Reader reader(module.bytes, custom.contents, FeatureSet::all());
    for (uint32_t fields = reader.u32(); fields > 0 && !reader.failed(); --fields) {
      const std::string_view field = reader.name();
      for (uint32_t values = reader.u32(); values > 0 && !reader.failed(); --values) {
        const std::string_view name = reader.name();
        const std::string_view version = reader.name();
        if (!reader.failed()) producers.push_back({field, name, version});
      }
    }
  }
  return producers;
}

// Reads all bodies for the features that their instructions need.
Result<uint64_t> features_of_bodies(const Module& module) {
  uint64_t used = 0;
  Instruction instruction;
  for (const FuncBody& body : module.bodies) {
    InstructionReader reader(module, body.range, FeatureSet::all());
    std::vector<InstructionReader::LocalGroup> locals;
    TRY(reader.locals(locals));
    while (!reader.at_end()) TRY(reader.next(instruction));
    used |= reader.used_features();
  }
  return used;
}

// What the declarations need by rules of validation, as a second memory does: they are invalid without it.
uint64_t features_of_rules(const Module& module) {
  uint64_t used = 0;
  for (size_t i = 0; i < kFeatureCount; ++i) {
    const auto feature = static_cast<Feature>(i);
    if (!validate_declarations(module, FeatureSet::all().disable(feature))) used |= uint64_t{1} << i;
  }
  return used;
}

}  // namespace

std::string_view section_kind(uint8_t id) {
  return id < std::size(kSectionKinds) ? kSectionKinds[id] : std::string_view();
}

Result<ModuleReport> inspect_file(const std::string& path) {
  ASSIGN_OR_RETURN(const ModuleFile file, load_module_file(path));
  return inspect_bytes(path, file.storage, file.bytes);
}

Result<ModuleReport> inspect_bytes(const std::string& path, std::shared_ptr<const void> storage,
                                   Bytes bytes) {
  ModuleReport report;
  report.path = path;
  ASSIGN_OR_RETURN(report.module, decode(std::move(storage), bytes, FeatureSet::all()));
  TRY(validate_declarations(report.module,
                            FeatureSet::all()));  // all indices outside of bodies now name something
  ASSIGN_OR_RETURN(const uint64_t used, features_of_bodies(report.module));
  report.features = report.module.features | used | features_of_rules(report.module);
  report.sections = list_sections(report.module);
  report.producers = list_producers(report.module);
  return report;
}

std::string text_of(const Limits& limits, std::string_view unit) {
  std::string text = std::to_string(limits.min);
  if (!limits.max) text += " or more";
  else if (*limits.max != limits.min) text += " to " + std::to_string(*limits.max);
  text += " ";
  text += unit;
  if (limits.addr == AddrType::I64) text += ", 64-bit addresses";
  return text;
}

std::string text_of(const MemType& type) {
  std::string text = text_of(type.limits, type.page_size_log2 == 16 ? "pages of 64 KiB" : "bytes");
  if (type.is_shared) text += ", shared";
  return text;
}

std::string text_of(const TableType& type) {
  return to_string(type.elem) + ", " + text_of(type.limits, "elements");
}

std::string text_of(const GlobalType& type) {
  return type.is_mutable ? "mut " + to_string(type.val) : to_string(type.val);
}

std::string type_text(const Module& module, ExternKind kind, uint32_t index) {
  switch (kind) {
    case ExternKind::Func: return to_string(module.func_type(FuncIdx(index)));
    case ExternKind::Table: return text_of(module.tables[index].type);
    case ExternKind::Mem: return text_of(module.memories[index]);
    case ExternKind::Global: return text_of(module.globals[index].type);
    case ExternKind::Tag: return to_string(module.types[module.tags[index].type.value].func);
  }
  return {};
}

}  // namespace godwit::cli
