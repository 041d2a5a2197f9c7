// Tests of reading .debug_line: programs that are written here by hand.
#include "wasm/debug_line.h"

#include <gtest/gtest.h>

#include <random>

#include "wasm/builder.h"
#include "wasm/decoder.h"

namespace godwit::wasm {
namespace {

// A module with one function of some instructions, whose code section begins at `code_begin`.
struct Sample {
  explicit Sample(const std::vector<uint8_t>& line, const std::vector<uint8_t>& line_text = {}) {
    ModuleBuilder builder;
    CodeBuilder code;
    for (int i = 0; i < 20; ++i) code.op(Opcode::nop);
    builder.func(builder.type(FuncType{}), {}, code);
    builder.custom(".debug_line", line);
    if (!line_text.empty()) builder.custom(".debug_line_str", line_text);
    bytes = builder.build();
    auto decoded = decode(nullptr, bytes, {});
    EXPECT_TRUE(decoded) << decoded.error().message();
    module = std::move(*decoded);
    code_begin = module.bodies[0].range.offset - 2;  // a count, the body's size
  }
  std::optional<SourcePlace> at(uint64_t address) const {
    const uint64_t offset = code_begin + address;
    return source_places(module, {&offset, 1})[0];
  }
  std::vector<uint8_t> bytes;
  Module module;
  uint64_t code_begin = 0;
};

// With its length, and its header's.
std::vector<uint8_t> unit(uint16_t version, const Encoder& names, const Encoder& program) {
  Encoder header;
  header.u8(1);                         // the least length of an instruction
  if (version >= 4) header.u8(1);       // operations
  header.u8(1).u8(0xFB).u8(14).u8(13);  // rows begin statements; lines from -5, 14 of them; opcodes from 13
  for (const int operands : {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1}) header.u8(static_cast<uint8_t>(operands));
  header.raw(names.bytes());
  Encoder contents;
  contents.u8(static_cast<uint8_t>(version)).u8(0);
  if (version == 5) contents.u8(4).u8(0);
  contents.fixed32(static_cast<uint32_t>(header.bytes().size())).raw(header.bytes()).raw(program.bytes());
  return Encoder().fixed32(static_cast<uint32_t>(contents.bytes().size())).raw(contents.bytes()).take();
}

void text(Encoder& into, std::string_view value) {
  into.raw({reinterpret_cast<const uint8_t*>(value.data()), value.size()}).u8(0);
}

// From address 5 on: line 10 for 2 bytes, 12 for 3, then line 7 of the second file for 4.
Encoder program() {
  Encoder made;
  made.u8(0).u8(5).u8(2).fixed32(5);               // the address
  made.u8(3).s64(9).u8(5).u32(4).u8(1);            // line + 9, column 4; a row
  made.u8(static_cast<uint8_t>(13 + 2 * 14 + 7));  // 2 bytes and 2 lines on; a row
  made.u8(2).u32(3).u8(3).s64(-5).u8(4).u32(2).u8(1);
  made.u8(2).u32(4).u8(0).u8(1).u8(1);  // the end
  return made;
}

Encoder old_names() {
  Encoder names;
  text(names, "src");
  names.u8(0);
  text(names, "main.c");
  names.u8(1).u8(0).u8(0);
  text(names, "/usr/include/inline.h");
  names.u8(1).u8(0).u8(0);
  names.u8(0);
  return names;
}

TEST(DebugLine, FindsLinesOfOldUnits) {
  for (const uint16_t version : {uint16_t{2}, uint16_t{4}}) {
    const Sample sample(unit(version, old_names(), program()));
    EXPECT_FALSE(sample.at(4));
    for (const uint64_t address : {5u, 6u}) {
      const auto place = sample.at(address);
      ASSERT_TRUE(place);
      EXPECT_EQ(place->file, "src/main.c");
      EXPECT_EQ(place->line, 10u);
      EXPECT_EQ(place->column, 4u);
    }
    EXPECT_EQ(sample.at(7)->line, 12u);
    EXPECT_EQ(sample.at(9)->line, 12u);
    EXPECT_EQ(sample.at(10)->line, 7u);
    EXPECT_EQ(sample.at(13)->file, "/usr/include/inline.h");
    EXPECT_FALSE(sample.at(14));
  }
}

TEST(DebugLine, FindsLinesOfNewUnits) {
  Encoder names, texts;
  text(texts, "/build");
  text(texts, "src");
  text(texts, "main.c");
  text(texts, "other.c");
  names.u8(1).u8(1).u8(0x1F).u32(2).fixed32(0).fixed32(7);   // directories: a path in .debug_line_str
  names.u8(3).u8(1).u8(0x1F).u8(2).u8(0x0B).u8(5).u8(0x1E);  // files: a path, a directory, 16 bytes
  names.u32(3);
  for (const auto& [at, directory] : {std::pair{11u, 1}, {11u, 1}, {18u, 0}}) {
    names.fixed32(at).u8(static_cast<uint8_t>(directory)).fixed64(0).fixed64(0);
  }
  const Sample sample(unit(5, names, program()), texts.bytes());
  EXPECT_EQ(sample.at(5)->file, "src/main.c");
  EXPECT_EQ(sample.at(10)->file, "/build/other.c");
}

TEST(DebugLine, PassesOverFunctionsThatWereNotLinked) {
  Encoder made;
  made.u8(0).u8(5).u8(2).fixed32(0).u8(1).u8(2).u32(100).u8(0).u8(1).u8(1);
  EXPECT_FALSE(Sample(unit(4, old_names(), made)).at(5));
}

TEST(DebugLine, SeveralOffsetsAtATimeAndSeveralUnits) {
  std::vector<uint8_t> both = unit(3, old_names(), Encoder());
  const std::vector<uint8_t> second = unit(4, old_names(), program());
  both.insert(both.end(), second.begin(), second.end());
  const Sample sample(both);
  const uint64_t offsets[] = {~uint64_t{0}, sample.code_begin + 10, sample.code_begin + 5, 0,
                              sample.code_begin + 10};
  const auto places = source_places(sample.module, offsets);
  EXPECT_FALSE(places[0]);
  EXPECT_EQ(places[1]->line, 7u);
  EXPECT_EQ(places[2]->line, 10u);
  EXPECT_FALSE(places[3]);
  EXPECT_EQ(places[4]->line, 7u);
}

// Whatever is in there: it ends, and reads nothing beyond (the sanitizers watch).
TEST(DebugLine, SurvivesDamage) {
  std::minstd_rand random(7);
  for (const uint16_t version : {uint16_t{4}, uint16_t{5}}) {
    const std::vector<uint8_t> good = unit(version, old_names(), program());
    for (int round = 0; round < 3000; ++round) {
      std::vector<uint8_t> bad = good;
      for (int i = round % 5; i >= 0; --i) bad[random() % bad.size()] = static_cast<uint8_t>(random());
      bad.resize(bad.size() - random() % 8);
      const Sample sample(bad, good);
      for (uint64_t address = 0; address < 16; ++address) (void)sample.at(address);
    }
  }
}

}  // namespace
}  // namespace godwit::wasm
