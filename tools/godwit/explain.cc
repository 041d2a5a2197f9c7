// Explanations: sections by their headers, code by disassembling it.
#include "explain.h"

#include <cstdio>
#include <memory>

#include "hints.h"
#include "module_report.h"
#include "output.h"
#include "platform/memory_map.h"
#include "text/print_excerpt.h"
#include "wasm/decoder.h"
#include "wasm/reader.h"

namespace godwit::cli {
namespace {

// "custom section \"name\"", by headers alone: the module may be malformed. Empty: in no section.
std::string section_at(Bytes bytes, uint64_t offset) {
  constexpr uint32_t kHeaderBytes = 8;
  if (bytes.size() > UINT32_MAX || bytes.size() < kHeaderBytes) return {};
  if (!as_text(bytes).starts_with(std::string_view("\0asm", 4))) return {};  // a text
  wasm::Reader reader(bytes, {0, static_cast<uint32_t>(bytes.size())}, wasm::FeatureSet::all());
  reader.skip_to(kHeaderBytes);
  while (!reader.at_end()) {
    const uint32_t begin = reader.offset();
    const uint8_t id = reader.u8();
    const uint32_t size = reader.u32();
    if (reader.failed()) return {};
    // A section that claims more than there is reaches to the end.
    const wasm::ByteRange contents = reader.take(std::min(size, reader.remaining()));
    if (offset < begin || offset >= uint64_t{contents.offset} + contents.size) {
      if (!reader.at_end() || offset != bytes.size()) continue;
    }
    const std::string_view kind = section_kind(id);
    if (kind.empty()) return {};
    std::string text = std::string(kind) + " section";
    if (id == static_cast<uint8_t>(wasm::SectionId::Custom)) {
      wasm::Reader inside(bytes, contents, wasm::FeatureSet::all());
      const std::string_view name = inside.name();
      if (!inside.failed()) text += " \"" + std::string(name) + "\"";
    }
    return text;
  }
  return {};
}

std::string describe(const text::Excerpt& excerpt) {
  std::string text = "\n  in function " + excerpt.func_id;
  if (excerpt.func_id != decimal(excerpt.func.value)) text += " (index " + decimal(excerpt.func.value) + ")";
  if (excerpt.lines.empty()) return text;
  text += ":";
  for (const text::Excerpt::Line& line : excerpt.lines) {
    char number[24];
    std::snprintf(number, sizeof number, "%06x", line.offset);
    text += &line == &excerpt.lines.back() ? "\n  > " : "\n    ";
    text.append(number).append("  ").append(line.text);
  }
  return text;
}

}  // namespace

std::string explain_place(const std::string& path, std::string_view message, uint64_t offset) {
  auto mapped = platform::MappedFile::copy(path);
  if (!mapped) return {};
  auto file = std::make_shared<platform::MappedFile>(std::move(*mapped));
  std::string place, hint;
  if (const auto module = wasm::decode(file, file->bytes(), wasm::FeatureSet::all())) {
    if (const auto excerpt = text::excerpt_at(*module, offset)) place = describe(*excerpt);
    hint = hint_for(message, *module);
  }
  if (place.empty())
    if (const std::string section = section_at(file->bytes(), offset); !section.empty())
      place = "\n  in the " + section;
  return hint.empty() ? place : place + "\n  hint: " + hint;
}

}  // namespace godwit::cli
