// ModuleReport: what `godwit inspect` knows of a module, apart from how it is printed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wasm/module.h"

namespace godwit::cli {

struct SectionReport {
  std::string_view kind;            // "type", "code", "custom", …
  std::string_view name;            // of custom sections
  uint32_t offset = 0;              // of the contents, from the start of the module
  uint32_t size_bytes = 0;          // of the contents
  std::optional<uint32_t> entries;  // where the section is a list
};

// "type", "code", "custom"; empty: there is no such section.
std::string_view section_kind(uint8_t id);

// One tool or language that made the module.
// spec: https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md
struct Producer {
  std::string_view field;  // "language", "processed-by", "sdk"
  std::string_view name;
  std::string_view version;
};

struct ModuleReport {
  std::string path;
  wasm::Module module;
  std::vector<SectionReport> sections;
  std::vector<Producer> producers;
  uint64_t features = 0;  // in use, function bodies included, as FeatureSet::bits
};

// Reads and decodes a file, bodies included; all but these is validated too.
// @errors NotFound, Io; Malformed, Invalid: with the byte offset.
Result<ModuleReport> inspect_file(const std::string& path);
// The same for bytes that `storage` keeps alive.
Result<ModuleReport> inspect_bytes(const std::string& path, std::shared_ptr<const void> storage, Bytes bytes);

// The types of what the index spaces hold, as people read them.
std::string text_of(const wasm::Limits& limits, std::string_view unit);
std::string text_of(const wasm::MemType& type);
std::string text_of(const wasm::TableType& type);
std::string text_of(const wasm::GlobalType& type);
// The type of an import or export.
std::string type_text(const wasm::Module& module, wasm::ExternKind kind, uint32_t index);

std::string render_text(const ModuleReport& report);
std::string render_json(const ModuleReport& report);

}  // namespace godwit::cli
