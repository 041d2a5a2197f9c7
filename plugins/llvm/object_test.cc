// The linker and the line reader, on objects made by hand.
#include "object.h"

#include <elf.h>
#include <gtest/gtest.h>

namespace godwit::llvm_tier {
namespace {

// An object with a text section, constants, one relocation from the first to the second or to a function f1, and a
// function.
class ObjectFile {
 public:
  uint32_t relocation_kind = R_X86_64_PC32;
  uint64_t relocation_offset = 4;
  uint64_t constants_flags = SHF_ALLOC;
  uint16_t symbol_section = 2;
  bool refers_to_other = false;
  char name = '0';

  std::vector<uint8_t> bytes() const {
    std::vector<uint8_t> out(sizeof(Elf64_Ehdr));
    const std::string names = std::string("\0.text\0.rodata\0.rela\0.symtab\0.strtab\0", 37);
    std::string strings("\0f0\0f1\0", 7);
    strings[2] = name;
    std::vector<uint8_t> text(16, 0x90), constants(8, 0xAB);
    Elf64_Sym symbols[4] = {};
    symbols[1] = {0, STT_SECTION, 0, symbol_section, 0, 0};
    symbols[2] = {1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, 0, 16};
    symbols[3] = {4, ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE), 0, SHN_UNDEF, 0, 0};
    const uint64_t referred = refers_to_other ? 3 : 1;
    const Elf64_Rela relocation{relocation_offset, ELF64_R_INFO(referred, relocation_kind), 3};
    std::vector<Elf64_Shdr> sections(7);
    auto add = [&](size_t index, uint32_t name, uint32_t type, uint64_t flags, const void* data,
                   size_t size) {
      sections[index] = {name, type, flags, 0, out.size(), size, 0, 0, 8, 0};
      const auto* from = static_cast<const uint8_t*>(data);
      out.insert(out.end(), from, from + size);
    };
    add(1, 1, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, text.data(), text.size());
    add(2, 7, SHT_PROGBITS, constants_flags, constants.data(), constants.size());
    add(3, 15, SHT_RELA, 0, &relocation, sizeof relocation);
    sections[3].sh_info = 1;
    add(4, 21, SHT_SYMTAB, 0, symbols, sizeof symbols);
    sections[4].sh_link = 6;
    add(5, 29, SHT_STRTAB, 0, names.data(), names.size());
    add(6, 29, SHT_STRTAB, 0, strings.data(), strings.size());
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_type = ET_REL;
    header.e_machine = EM_X86_64;
    header.e_shoff = out.size();
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<uint16_t>(sections.size());
    header.e_shstrndx = 5;
    const auto* table = reinterpret_cast<const uint8_t*>(sections.data());
    out.insert(out.end(), table, table + sections.size() * sizeof(Elf64_Shdr));
    std::memcpy(out.data(), &header, sizeof header);
    return out;
  }
};

Result<Object> link_object(Bytes elf) {
  Linker linker;
  TRY(linker.add(elf));
  return linker.finish();
}

TEST(Object, PlacesConstantsBehindTextAndResolvesDistances) {
  auto object = link_object(ObjectFile().bytes());
  ASSERT_TRUE(object) << object.error().message();
  ASSERT_EQ(object->code.size(), 24u);
  EXPECT_EQ(load_unaligned<int32_t>(object->code.data() + 4), 16 + 3 - 4);
  ASSERT_TRUE(object->functions.contains("f0"));
  EXPECT_EQ(object->functions.find("f0")->second.end, 16u);
}

TEST(Object, RefusesWhatImagesDoNotHave) {
  ObjectFile writable;
  writable.constants_flags = SHF_ALLOC | SHF_WRITE;
  EXPECT_EQ(link_object(writable.bytes()).error().kind(), ErrorKind::Unsupported);
  ObjectFile absolute;
  absolute.relocation_kind = R_X86_64_64;
  EXPECT_EQ(link_object(absolute.bytes()).error().kind(), ErrorKind::Unsupported);
  ObjectFile undefined;
  undefined.symbol_section = SHN_UNDEF;
  EXPECT_EQ(link_object(undefined.bytes()).error().kind(), ErrorKind::Unsupported);
  ObjectFile outside;
  outside.relocation_offset = 13;
  EXPECT_EQ(link_object(outside.bytes()).error().kind(), ErrorKind::Malformed);
}

TEST(Object, FilesReferToEachOther) {
  ObjectFile caller;
  caller.refers_to_other = true;
  Linker linker;
  ASSERT_TRUE(linker.add(caller.bytes()));
  EXPECT_EQ(linker.missing(), std::set<std::string>{"f1"});
  ObjectFile callee;
  callee.name = '1';
  ASSERT_TRUE(linker.add(callee.bytes()));
  EXPECT_TRUE(linker.missing().empty());
  // one that comes later takes its place
  ASSERT_TRUE(linker.add(callee.bytes()));
  auto object = linker.finish();
  ASSERT_TRUE(object) << object.error().message();
  EXPECT_EQ(object->functions.find("f1")->second.begin, 48u);
  EXPECT_EQ(load_unaligned<int32_t>(object->code.data() + 4), 48 + 3 - 4);
}

TEST(Object, NothingIsMissingAtTheEnd) {
  ObjectFile caller;
  caller.refers_to_other = true;
  EXPECT_EQ(link_object(caller.bytes()).error().kind(), ErrorKind::Unsupported);
}

TEST(Object, NoPrefixOfAnObjectIsOne) {
  const std::vector<uint8_t> whole = ObjectFile().bytes();
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(link_object(Bytes(whole).first(size))) << size;
}

// A program as LLVM writes them: version 4, special opcodes from 13 on, lines from -5 on in a range of 14.
std::vector<uint8_t> line_section(std::vector<uint8_t> program) {
  std::vector<uint8_t> header = {1, 1, 1, 0xFB, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0};
  std::vector<uint8_t> unit = {4, 0, static_cast<uint8_t>(header.size()), 0, 0, 0};
  unit.insert(unit.end(), header.begin(), header.end());
  unit.insert(unit.end(), program.begin(), program.end());
  std::vector<uint8_t> section = {static_cast<uint8_t>(unit.size()), 0, 0, 0};
  section.insert(section.end(), unit.begin(), unit.end());
  return section;
}

TEST(Lines, AreReadInOrder) {
  // address 0x10; line 1 + 99; a row; a special opcode: 2 bytes on, 3 lines on; 4 bytes on; the end
  auto lines = read_lines(line_section({0, 9, 2, 0x10, 0,    0, 0, 0,
                                        0, 0, 0, 3,    0xE3, 0, 1, static_cast<uint8_t>(13 + 2 * 14 + 3 + 5),
                                        2, 4, 0, 1,    1}));
  ASSERT_TRUE(lines) << lines.error().message();
  ASSERT_EQ(lines->size(), 3u);
  EXPECT_EQ((*lines)[0].code, 0x10u);
  EXPECT_EQ((*lines)[0].offset, 100u);
  EXPECT_EQ((*lines)[1].code, 0x12u);
  EXPECT_EQ((*lines)[1].offset, 103u);
  EXPECT_EQ((*lines)[2].code, 0x16u);
  EXPECT_EQ((*lines)[2].offset, 0u);
}

TEST(Lines, TruncatedProgramsAreRefused) {
  const std::vector<uint8_t> whole = line_section({0, 9, 2, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1});
  ASSERT_TRUE(read_lines(whole));
  for (size_t size = 1; size < whole.size(); ++size)
    EXPECT_FALSE(read_lines(Bytes(whole).first(size))) << size;
}

}  // namespace
}  // namespace godwit::llvm_tier
