// Reading relocatable ELF files.
#include "jit/tool/object_file.h"

#include <elf.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace godwit::jit::tool {

namespace {

[[noreturn]] void give_up(const std::string& path, const char* why) {
  std::fprintf(stderr, "error: %s: %s\n", path.c_str(), why);
  std::exit(1);
}

class Reader final {
 public:
  explicit Reader(const std::string& path) : path_(path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    if (!file) give_up(path, "cannot be read");
  }

  template <class T>
  T at(uint64_t offset) const {
    T value;
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof value) give_up(path_, "ends too early");
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  std::string text(const Elf64_Shdr& table, uint64_t offset) const {
    std::string text;
    for (uint64_t i = table.sh_offset + offset;; ++i) {
      const char c = at<char>(i);
      if (c == 0) return text;
      text += c;
    }
  }
  std::vector<uint8_t> contents(const Elf64_Shdr& section) const {
    if (section.sh_type == SHT_NOBITS) return std::vector<uint8_t>(section.sh_size);
    if (section.sh_size != 0) at<char>(section.sh_offset + section.sh_size - 1);
    const auto* begin = reinterpret_cast<const uint8_t*>(bytes_.data()) + section.sh_offset;
    return {begin, begin + section.sh_size};
  }

 private:
  std::string path_;
  std::string bytes_;
};

}  // namespace

std::map<std::string, Section> read_object_file(const std::string& path) {
  const Reader reader(path);
  const auto header = reader.at<Elf64_Ehdr>(0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_type != ET_REL)
    give_up(path, "is no relocatable object");

  std::vector<Elf64_Shdr> headers;
  for (uint64_t i = 0; i < header.e_shnum; ++i)
    headers.push_back(reader.at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr)));
  auto name_of = [&](const Elf64_Shdr& section) {
    return reader.text(headers.at(header.e_shstrndx), section.sh_name);
  };

  std::map<std::string, Section> sections;
  for (const Elf64_Shdr& section : headers)
    if (section.sh_type == SHT_PROGBITS) sections[name_of(section)].bytes = reader.contents(section);
  for (const Elf64_Shdr& section : headers) {
    if (section.sh_type != SHT_RELA) continue;
    Section& target = sections[name_of(headers.at(section.sh_info))];
    const Elf64_Shdr& symbols = headers.at(section.sh_link);
    for (uint64_t i = 0; i < section.sh_size / sizeof(Elf64_Rela); ++i) {
      const auto rela = reader.at<Elf64_Rela>(section.sh_offset + i * sizeof(Elf64_Rela));
      const auto symbol =
          reader.at<Elf64_Sym>(symbols.sh_offset + ELF64_R_SYM(rela.r_info) * sizeof(Elf64_Sym));
      Relocation relocation{};
      relocation.at = rela.r_offset;
      relocation.type = static_cast<uint32_t>(ELF64_R_TYPE(rela.r_info));
      relocation.addend = rela.r_addend;
      relocation.value = symbol.st_value;
      relocation.symbol = reader.text(headers.at(symbols.sh_link), symbol.st_name);
      if (symbol.st_shndx != SHN_UNDEF && symbol.st_shndx < headers.size())
        relocation.section = name_of(headers[symbol.st_shndx]);
      target.relocations.push_back(relocation);
    }
  }
  return sections;
}

}  // namespace godwit::jit::tool
