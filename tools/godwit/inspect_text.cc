// godwit inspect: the report as text for people.
#include <algorithm>

#include "module_report.h"
#include "output.h"
#include "wasm/features.h"

namespace godwit::cli {
namespace {

using namespace wasm;

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}
std::string right(const std::string& text, size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string features_text(uint64_t bits) {
  std::string text;
  const FeatureSet features = FeatureSet::from_bits(bits);
  for (size_t i = 1; i < kFeatureCount; ++i)  // 0 is WebAssembly 1.0
    if (features.has(static_cast<Feature>(i)))
      text += (text.empty() ? "" : ", ") + std::string(kFeatures[i].option);
  return text.empty() ? "none beyond WebAssembly 1.0" : text;
}

// One line each, the later ones under the first.
std::string producers_text(const std::vector<Producer>& producers) {
  std::string text;
  for (const Producer& producer : producers) {
    if (!text.empty()) text += "\n             ";
    text += std::string(producer.field) + " " + std::string(producer.name);
    if (!producer.version.empty()) text += " " + std::string(producer.version);
  }
  return text;
}

// How the module is meant to be run.
std::string_view role(const Module& module) {
  bool is_reactor = false, has_functions = false;
  for (const Export& entry : module.exports) {
    if (entry.kind != ExternKind::Func) continue;
    if (entry.name == "_start") return "program: run it with godwit run";
    has_functions = true;
    is_reactor |= entry.name == "_initialize";
  }
  if (!has_functions) return "none: it exports no function";
  return is_reactor ? "library: call it with godwit run --invoke (exports _initialize)"
                    : "library: call it with godwit run --invoke";
}

void add_summary(std::string& text, const ModuleReport& report) {
  const Module& module = report.module;
  text += report.path + ": " + human_size(module.bytes.size());
  if (module.bytes.size() >= 1024) text += " (" + decimal(module.bytes.size()) + " bytes)";
  text += "\n";
  if (!module.names.module.empty()) text += "  name       " + std::string(module.names.module) + "\n";
  text += "  role       " + std::string(role(module)) + "\n";
  if (!report.producers.empty()) text += "  made by    " + producers_text(report.producers) + "\n";
  text += "  features   " + features_text(report.features) + "\n";
  text += "  functions  " + decimal(module.funcs.size()) + ", " + decimal(module.imported_funcs) +
          " of them imported, " + decimal(module.names.funcs.size()) + " named\n";
  if (module.start) {
    text += "  start      func[" + decimal(module.start->value) + "] " +
            std::string(module.func_name(*module.start)) + "\n";
  }
}

void add_sections(std::string& text, const std::vector<SectionReport>& sections) {
  if (sections.empty()) return;
  text += "\nsections                        offset      bytes   entries\n";
  for (const SectionReport& section : sections) {
    std::string name(section.kind);
    if (section.kind == "custom") name += " \"" + std::string(section.name) + "\"";
    text += "  " + padded(name, 26) + right(hex(section.offset), 10) + right(decimal(section.size_bytes), 11);
    if (section.entries) text += right(decimal(*section.entries), 10);
    text += "\n";
  }
}

void add_entry(std::string& text, const Module& module, ExternKind kind, std::string_view name, size_t width,
               uint32_t index) {
  text += "  " + padded(std::string(to_string(kind)), 8) + padded(std::string(name), width + 2) +
          type_text(module, kind, index) + "\n";
}

constexpr size_t kWidestName = 32;

void add_imports(std::string& text, const Module& module) {
  size_t width = 0;
  for (const Import& entry : module.imports)
    width = std::max(width, std::min(entry.field.size(), kWidestName));
  for (size_t i = 0; i < module.imports.size(); ++i) {
    const Import& entry = module.imports[i];
    if (i == 0 || module.imports[i - 1].module != entry.module)
      text += "\nimports from " + std::string(entry.module) + "\n";
    add_entry(text, module, entry.kind, entry.field, width, entry.index);
  }
}

void add_exports(std::string& text, const Module& module) {
  if (module.exports.empty()) return;
  size_t width = 0;
  for (const Export& entry : module.exports)
    width = std::max(width, std::min(entry.name.size(), kWidestName));
  text += "\nexports\n";
  for (const Export& entry : module.exports)
    add_entry(text, module, entry.kind, entry.name, width, entry.index);
}

template <class List, class TypeOf>
void add_space(std::string& text, std::string_view title, const List& list, uint32_t imported,
               TypeOf type_of) {
  constexpr size_t kShown = 20;
  if (list.empty()) return;
  text += "\n" + std::string(title) + "\n";
  for (size_t i = 0; i < std::min(list.size(), kShown); ++i)
    text +=
        right(decimal(i), 4) + "  " + text_of(type_of(list[i])) + (i < imported ? " (imported)" : "") + "\n";
  if (list.size() > kShown) text += "      and " + decimal(list.size() - kShown) + " more\n";
}

}  // namespace

std::string render_text(const ModuleReport& report) {
  const Module& module = report.module;
  std::string text;
  add_summary(text, report);
  add_sections(text, report.sections);
  add_imports(text, module);
  add_exports(text, module);
  add_space(text, "memories", module.memories, module.imported_memories,
            [](const MemType& type) { return type; });
  add_space(text, "tables", module.tables, module.imported_tables,
            [](const Table& table) { return table.type; });
  add_space(text, "globals", module.globals, module.imported_globals,
            [](const Global& global) { return global.type; });
  return printable(text);
}

}  // namespace godwit::cli
