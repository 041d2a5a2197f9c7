// Running the line programs of .debug_line. Every step reads at least a byte, so that all ends where the section does.
#include "wasm/debug_line.h"

#include <algorithm>
#include <utility>

#include "base/leb128.h"

namespace godwit::wasm {

namespace {

constexpr size_t kMaxNameBytes = 2048;
constexpr size_t kMaxNames = size_t{1} << 16;  // of a unit, of each kind

// Little-endian numbers and texts; beyond the end, all reads as zero.
class Cursor final {
 public:
  explicit Cursor(Bytes bytes) : bytes_(bytes) {}
  bool at_end() const { return bytes_.empty(); }
  size_t remaining() const { return bytes_.size(); }
  Bytes take(uint64_t size) {
    const auto part = static_cast<size_t>(std::min<uint64_t>(size, bytes_.size()));
    const Bytes taken = bytes_.first(part);
    bytes_ = bytes_.subspan(part);
    return taken;
  }
  uint64_t fixed(uint64_t size) {
    uint64_t value = 0;
    const Bytes taken = take(size);
    for (size_t i = 0; i < taken.size() && i < 8; ++i) value |= uint64_t{taken[i]} << (8 * i);
    return value;
  }
  uint8_t u8() { return static_cast<uint8_t>(fixed(1)); }
  // Bits beyond the 64th are lost.
  uint64_t uleb() {
    uint64_t value = 0;
    for (unsigned shift = 0; !at_end(); shift += 7) {
      const uint8_t byte = u8();
      if (shift < 64) value |= uint64_t{byte & 0x7Fu} << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  }
  int64_t sleb() {
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte = 0x80;
    while ((byte & 0x80) != 0 && !at_end()) {
      byte = u8();
      if (shift < 64) value |= uint64_t{byte & 0x7Fu} << shift;
      shift += 7;
    }
    if (shift < 64 && (byte & 0x40) != 0) value |= ~uint64_t{0} << shift;
    return static_cast<int64_t>(value);
  }
  // Up to a NUL.
  std::string_view text() {
    const auto end = std::ranges::find(bytes_, uint8_t{0});
    const auto size = static_cast<size_t>(end - bytes_.begin());
    const Bytes taken = take(size);
    take(1);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

 private:
  Bytes bytes_;
};

struct Sections {
  Bytes line, line_text, text;
  uint64_t code_begin = 0;  // what addresses count from
};

Sections sections_of(const Module& module) {
  Sections found;
  for (const CustomSection& custom : module.customs) {
    const Bytes contents = module.slice(custom.contents);
    if (custom.name == ".debug_line") found.line = contents;
    else if (custom.name == ".debug_line_str") found.line_text = contents;
    else if (custom.name == ".debug_str") found.text = contents;
  }
  if (found.line.empty()) return found;
  const uint32_t code = module.section_offsets[static_cast<size_t>(SectionId::Code)];
  Cursor at(module.bytes.subspan(code));
  at.u8();    // which section it is
  at.uleb();  // its size
  found.code_begin = module.bytes.size() - at.remaining();
  return found;
}

std::string_view text_at(Bytes texts, uint64_t offset) {
  return offset < texts.size() ? Cursor(texts.subspan(static_cast<size_t>(offset))).text()
                               : std::string_view();
}

struct File {
  std::string_view name;
  uint64_t directory = 0;
};

// The names of a unit.
struct Names {
  std::vector<std::string_view> directories;
  std::vector<File> files;
  bool counts_from_0 = false;  // else from 1; directory 0 is one that is not named here

  std::string path_of(uint64_t file) const {
    const uint64_t first = counts_from_0 ? 0 : 1;
    if (file < first || file - first >= files.size()) return {};
    const File& found = files[static_cast<size_t>(file - first)];
    std::string path;
    const bool is_absolute = found.name.starts_with('/');
    if (!is_absolute && found.directory >= first && found.directory - first < directories.size()) {
      path = directories[static_cast<size_t>(found.directory - first)].substr(0, kMaxNameBytes);
      if (!path.empty() && !path.ends_with('/')) path += '/';
    }
    return path.append(found.name.substr(0, kMaxNameBytes));
  }
};

// Up to version 4: texts that end with an empty one.
Names read_old_names(Cursor& at) {
  Names names;
  for (std::string_view text = at.text(); !text.empty(); text = at.text())
    if (names.directories.size() < kMaxNames) names.directories.push_back(text);
  for (std::string_view text = at.text(); !text.empty(); text = at.text()) {
    const uint64_t directory = at.uleb();
    if (names.files.size() < kMaxNames) names.files.push_back({text, directory});
    at.uleb();  // time
    at.uleb();  // size
  }
  return names;
}

// spec: DWARF 5, 7.5.6: how the attributes are encoded that such entries have
enum class Form : uint64_t {
  Block2 = 0x03,
  Block4 = 0x04,
  Data2 = 0x05,
  Data4 = 0x06,
  Data8 = 0x07,
  String = 0x08,
  Block = 0x09,
  Block1 = 0x0A,
  Data1 = 0x0B,
  Strp = 0x0E,
  Udata = 0x0F,
  Data16 = 0x1E,
  LineStrp = 0x1F,
};

struct Attribute {
  std::string_view text = {};
  uint64_t number = 0;
};

// Nothing for a form that is not known: then nobody knows where the next attribute begins.
std::optional<Attribute> read_attribute(Cursor& at, Form form, const Sections& sections) {
  switch (form) {
    case Form::String: return Attribute{.text = at.text()};
    case Form::LineStrp: return Attribute{.text = text_at(sections.line_text, at.fixed(4))};
    case Form::Strp: return Attribute{.text = text_at(sections.text, at.fixed(4))};
    case Form::Udata: return Attribute{.number = at.uleb()};
    case Form::Data1: return Attribute{.number = at.fixed(1)};
    case Form::Data2: return Attribute{.number = at.fixed(2)};
    case Form::Data4: return Attribute{.number = at.fixed(4)};
    case Form::Data8: return Attribute{.number = at.fixed(8)};
    case Form::Data16: at.take(16); return Attribute{};
    case Form::Block: at.take(at.uleb()); return Attribute{};
    case Form::Block1: at.take(at.fixed(1)); return Attribute{};
    case Form::Block2: at.take(at.fixed(2)); return Attribute{};
    case Form::Block4: at.take(at.fixed(4)); return Attribute{};
  }
  return std::nullopt;
}

// Of directories or of files: what each entry consists of, then the entries. False if that makes no sense.
bool read_new_entries(Cursor& at, const Sections& sections, std::vector<File>& into) {
  constexpr uint64_t kPath = 1, kDirectory = 2;
  std::vector<std::pair<uint64_t, Form>> format(at.u8());
  for (auto& [content, form] : format) {
    content = at.uleb();
    form = static_cast<Form>(at.uleb());
  }
  const uint64_t count = at.uleb();
  if (format.empty()) return count == 0;
  for (uint64_t i = 0; i < count && i < kMaxNames && !at.at_end(); ++i) {
    File file;
    for (const auto& [content, form] : format) {
      const auto attribute = read_attribute(at, form, sections);
      if (!attribute) return false;
      if (content == kPath) file.name = attribute->text;
      if (content == kDirectory) file.directory = attribute->number;
    }
    into.push_back(file);
  }
  return true;
}

Names read_new_names(Cursor& at, const Sections& sections) {
  Names names;
  names.counts_from_0 = true;
  std::vector<File> directories;
  if (!read_new_entries(at, sections, directories)) return names;
  for (const File& directory : directories) names.directories.push_back(directory.name);
  read_new_entries(at, sections, names.files);
  return names;
}

// One unit: a header, names, a program.
class Unit final {
 public:
  // What is looked for: addresses, ascending, and where the places go.
  struct Wanted {
    uint64_t address;
    size_t index;
    bool is_found = false;
  };

  // `contents`: behind the length.
  Unit(const Sections& sections, Bytes contents) : sections_(sections), at_(contents) {}

  void run(std::span<Wanted> wanted, std::vector<std::optional<SourcePlace>>& places) {
    if (!read_header()) return;
    wanted_ = wanted;
    places_ = &places;
    while (!at_.at_end()) step();
  }

 private:
  struct Row {
    uint64_t address = 0, file = 1, line = 1, column = 0;
  };

  bool read_header() {
    version_ = at_.fixed(2);
    if (version_ < 2 || version_ > 5) return false;
    if (version_ == 5) at_.take(2);  // how large addresses and segments are
    const Bytes rest = at_.take(at_.fixed(4));
    Cursor header(rest);
    least_length_ = header.u8();
    if (version_ >= 4) header.u8();  // operations of an instruction: 1
    header.u8();                     // whether rows begin statements
    line_base_ = static_cast<int8_t>(header.u8());
    line_range_ = header.u8();
    opcode_base_ = header.u8();
    if (line_range_ == 0 || opcode_base_ == 0) return false;
    operands_ = header.take(opcode_base_ - 1u);
    names_at_ = header;
    return true;
  }

  void step() {
    const uint8_t opcode = at_.u8();
    if (opcode >= opcode_base_) {
      advance(uint64_t{static_cast<uint8_t>(opcode - opcode_base_)} / line_range_);
      row_.line += static_cast<uint64_t>(int64_t{line_base_} + (opcode - opcode_base_) % line_range_);
      return emit();
    }
    switch (opcode) {
      case 0: return extended();
      case 1: return emit();
      case 2: return advance(at_.uleb());
      case 3: row_.line += static_cast<uint64_t>(at_.sleb()); return;
      case 4: row_.file = at_.uleb(); return;
      case 5: row_.column = at_.uleb(); return;
      case 8: return advance(uint64_t{static_cast<uint8_t>(255 - opcode_base_)} / line_range_);
      case 9: row_.address += at_.fixed(2); return;
      default:
        for (uint8_t i = opcode <= operands_.size() ? operands_[opcode - 1u] : 0; i > 0; --i) at_.uleb();
    }
  }

  void extended() {
    Cursor operation(at_.take(at_.uleb()));
    constexpr uint8_t kEndSequence = 1, kSetAddress = 2;
    switch (operation.u8()) {
      case kEndSequence:
        emit();
        row_ = {};
        before_.reset();
        break;
      case kSetAddress: row_.address = operation.fixed(operation.remaining()); break;
      default: break;
    }
  }

  void advance(uint64_t operations) { row_.address += operations * least_length_; }

  // The row before holds up to this one. Functions that were not linked begin at 0, where there is no instruction.
  void emit() {
    if (!before_) begins_at_0_ = row_.address == 0;
    else if (!begins_at_0_ && before_->address < row_.address) find(*before_, row_.address);
    before_ = row_;
  }

  void find(const Row& row, uint64_t end) {
    auto at = std::ranges::lower_bound(wanted_, row.address, {}, &Wanted::address);
    for (; at != wanted_.end() && at->address < end; ++at) {
      if (std::exchange(at->is_found, true) || row.line == 0) continue;
      if (!names_) names_ = version_ == 5 ? read_new_names(names_at_, sections_) : read_old_names(names_at_);
      std::string file = names_->path_of(row.file);
      if (!file.empty())
        (*places_)[at->index] = {std::move(file), static_cast<uint32_t>(row.line),
                                 static_cast<uint32_t>(row.column)};
    }
  }

  const Sections& sections_;
  Cursor at_;
  std::span<Wanted> wanted_;
  std::vector<std::optional<SourcePlace>>* places_ = nullptr;
  uint64_t version_ = 0;
  uint8_t least_length_ = 1, line_range_ = 1, opcode_base_ = 1;
  int8_t line_base_ = 0;
  Bytes operands_;
  Cursor names_at_{Bytes()};
  std::optional<Names> names_;
  Row row_;
  std::optional<Row> before_;
  bool begins_at_0_ = false;
};

}  // namespace

std::vector<std::optional<SourcePlace>> source_places(const Module& module,
                                                      std::span<const uint64_t> offsets) {
  std::vector<std::optional<SourcePlace>> places(offsets.size());
  const Sections sections = sections_of(module);
  std::vector<Unit::Wanted> wanted;
  for (size_t i = 0; i < offsets.size(); ++i)
    if (offsets[i] >= sections.code_begin)
      wanted.push_back({.address = offsets[i] - sections.code_begin, .index = i});
  std::ranges::sort(wanted, {}, &Unit::Wanted::address);
  constexpr uint64_t kLongFormat = 0xFFFFFFF0;  // and above: 64-bit DWARF, or reserved
  for (Cursor at(sections.line); at.remaining() >= 4;) {
    const uint64_t size = at.fixed(4);
    if (size >= kLongFormat) break;
    Unit(sections, at.take(size)).run(wanted, places);
  }
  return places;
}

}  // namespace godwit::wasm
