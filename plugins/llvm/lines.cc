// The line programs of DWARF, in which our lines are offsets in the module.
// spec: https://dwarfstd.org/doc/DWARF4.pdf (6.2)
#include <algorithm>
#include <numeric>
#include <utility>

#include "base/leb128.h"
#include "object.h"

namespace godwit::llvm_tier {

namespace {

enum StandardOpcode : uint8_t {
  kExtended,
  kCopy,
  kAdvancePc,
  kAdvanceLine,
  kSetFile,
  kSetColumn,
  kNegateStatement,
  kSetBasicBlock,
  kConstAddPc,
  kFixedAdvancePc,
  kSetPrologueEnd,
  kSetEpilogueBegin,
  kSetIsa
};
enum ExtendedOpcode : uint8_t { kEndSequence = 1, kSetAddress = 2, kSetDiscriminator = 4 };

// Reads of a run of bytes; past its end everything is zero, and it has failed.
class Cursor final {
 public:
  explicit Cursor(Bytes bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}
  bool at_end() const { return at_ == end_; }
  bool failed() const { return failed_; }
  template <class T>
  T take() {
    if (static_cast<size_t>(end_ - at_) < sizeof(T)) return stop(), T{};
    const T value = load_unaligned<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  Bytes take_bytes(uint64_t size) {
    if (static_cast<uint64_t>(end_ - at_) < size) return stop(), Bytes{};
    const Bytes taken(at_, size);
    at_ += size;
    return taken;
  }
  uint64_t take_unsigned() { return leb<64, uint64_t>(); }
  int64_t take_signed() { return leb<64, int64_t>(); }

 private:
  template <unsigned kBits, class T>
  T leb() {
    const auto read = read_leb<kBits, T>(at_, end_);
    if (read.status != LebStatus::Ok) return stop(), T{};
    at_ = read.next;
    return read.value;
  }
  void stop() {
    failed_ = true;
    at_ = end_;
  }
  const uint8_t* at_;
  const uint8_t* end_;
  bool failed_ = false;
};

// One program of the section.
class Program final {
 public:
  Program(Bytes unit, std::vector<image::Line>& lines) : cursor_(unit), lines_(lines) {}

  bool run() {
    if (cursor_.take<uint16_t>() != 4) return false;
    const auto header_bytes = cursor_.take<uint32_t>();
    Cursor header(cursor_.take_bytes(header_bytes));
    step_ = header.take<uint8_t>();
    header.take<uint8_t>();  // operations per instruction
    header.take<uint8_t>();  // whether rows are statements
    line_base_ = header.take<int8_t>();
    line_range_ = header.take<uint8_t>();
    first_special_ = header.take<uint8_t>();
    if (header.failed() || line_range_ == 0 || first_special_ == 0) return false;
    const Bytes lengths = header.take_bytes(first_special_ - 1u);
    while (!cursor_.at_end()) {
      const auto opcode = cursor_.take<uint8_t>();
      if (opcode >= first_special_) special(opcode);
      else if (!standard(opcode, lengths)) return false;
    }
    return !cursor_.failed();
  }

 private:
  // Line 0 stands for code of several instructions' or of none: it counts as the one's before it.
  void add_row() {
    if (line_ != 0) lines_.push_back({static_cast<uint32_t>(address_), static_cast<uint32_t>(line_)});
  }

  void special(uint8_t opcode) {
    const unsigned adjusted = opcode - first_special_;
    address_ += uint64_t{adjusted / line_range_} * step_;
    line_ += line_base_ + static_cast<int>(adjusted % line_range_);
    add_row();
  }

  bool standard(uint8_t opcode, Bytes lengths) {
    switch (opcode) {
      case kExtended: return extended();
      case kCopy: add_row(); return true;
      case kAdvancePc: address_ += cursor_.take_unsigned() * step_; return true;
      case kAdvanceLine: line_ += cursor_.take_signed(); return true;
      case kConstAddPc: address_ += uint64_t{(255u - first_special_) / line_range_} * step_; return true;
      case kFixedAdvancePc: address_ += cursor_.take<uint16_t>(); return true;
      default:
        if (opcode > lengths.size()) return false;
        for (uint8_t i = 0; i < lengths[opcode - 1u]; ++i) cursor_.take_unsigned();
        return true;
    }
  }

  bool extended() {
    const uint64_t size = cursor_.take_unsigned();
    Cursor body(cursor_.take_bytes(size));
    switch (body.take<uint8_t>()) {
      case kEndSequence:
        lines_.push_back({static_cast<uint32_t>(address_), 0});  // what follows is no instruction's
        address_ = 0;
        line_ = 1;
        break;
      case kSetAddress: address_ = body.take<uint64_t>(); break;
      default: break;
    }
    return !body.failed();
  }

  Cursor cursor_;
  std::vector<image::Line>& lines_;
  uint8_t step_ = 1, line_range_ = 0, first_special_ = 0;
  int8_t line_base_ = 0;
  uint64_t address_ = 0;
  int64_t line_ = 1;
};

}  // namespace

Result<std::vector<image::Line>> read_lines(Bytes section) {
  std::vector<image::Line> lines;
  Cursor cursor(section);
  while (!cursor.at_end()) {
    const auto size = cursor.take<uint32_t>();
    Program program(cursor.take_bytes(size), lines);
    if (cursor.failed() || !program.run()) return fail(ErrorKind::Malformed, "LLVM's object: bad line table");
  }
  // Sections of code have a sequence each, in any order. Of several rows for one place the last one counts; rows that say
  // what the one before them says do not.
  std::vector<uint32_t> order(lines.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {}, [&](uint32_t i) { return std::pair(lines[i].code, i); });
  std::vector<image::Line> kept;
  for (const uint32_t i : order) {
    const image::Line& line = lines[i];
    if (!kept.empty() && kept.back().code == line.code) kept.pop_back();
    if (kept.empty() || kept.back().offset != line.offset) kept.push_back(line);
  }
  return kept;
}

}  // namespace godwit::llvm_tier
