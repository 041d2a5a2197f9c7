// Reading and linking an object file.
// spec: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
// spec: https://gitlab.com/x86-psABIs/x86-64-ABI
#include "object.h"

#include <elf.h>

#include <algorithm>

#include "base/leb128.h"

namespace godwit::llvm_tier {

namespace {

constexpr uint64_t kNowhere = ~uint64_t{0};

std::unexpected<Error> malformed(const char* what) {
  return fail(ErrorKind::Malformed, std::string("LLVM's object: ") + what);
}

}  // namespace

// One file on its way into what is linked.
class Linker::File final {
 public:
  File(Bytes elf, Linker& linker) : elf_(elf), object_(linker.object_), references_(linker.references_) {}

  Result<> run() {
    TRY(read_sections());
    TRY(place_sections());
    TRY(read_symbols());
    for (size_t i = 0; i < sections_.size(); ++i)
      if (sections_[i].header.sh_type == SHT_RELA) TRY(relocate(sections_[i]));
    for (const Section& section : sections_) {
      if (section.name == ".debug_line") {
        ASSIGN_OR_RETURN(const auto lines, read_lines(section.contents));
        object_.lines.insert(object_.lines.end(), lines.begin(), lines.end());
      } else if (section.name == ".stack_sizes") {
        TRY(read_stack_sizes(section.contents));
      }
    }
    return {};
  }

 private:
  struct Section {
    Elf64_Shdr header;
    std::string name;
    std::vector<uint8_t> contents;
    uint64_t place = kNowhere;  // in the code
  };
  struct Symbol {
    std::string name;
    uint64_t value = kNowhere;  // in the code
    bool is_global = false;     // functions of other files may refer to it, or another one take its place
  };

  bool lies_within(uint64_t at, uint64_t size) const {
    return size <= elf_.size() && at <= elf_.size() - size;
  }

  static std::string text_at(const std::vector<uint8_t>& table, uint64_t at) {
    if (at >= table.size()) return {};
    const auto end = std::find(table.begin() + static_cast<ptrdiff_t>(at), table.end(), 0);
    return {table.begin() + static_cast<ptrdiff_t>(at), end};
  }

  Result<> read_sections() {
    if (elf_.size() < sizeof(Elf64_Ehdr)) return malformed("too short");
    const auto header = load_unaligned<Elf64_Ehdr>(elf_.data());
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_type != ET_REL || header.e_machine != EM_X86_64 || header.e_shentsize != sizeof(Elf64_Shdr))
      return malformed("not of the kind that is expected");
    uint64_t count = header.e_shnum;
    if (count == 0 && lies_within(header.e_shoff, sizeof(Elf64_Shdr)))
      count = load_unaligned<Elf64_Shdr>(elf_.data() + header.e_shoff).sh_size;
    if (count > elf_.size() || !lies_within(header.e_shoff, count * sizeof(Elf64_Shdr)))
      return malformed("sections outside of it");
    for (uint64_t i = 0; i < count; ++i) {
      Section& section = sections_.emplace_back();
      section.header = load_unaligned<Elf64_Shdr>(elf_.data() + header.e_shoff + i * sizeof(Elf64_Shdr));
      if (i == 0 || section.header.sh_type == SHT_NOBITS) continue;
      if (!lies_within(section.header.sh_offset, section.header.sh_size))
        return malformed("a section outside of it");
      const uint8_t* begin = elf_.data() + section.header.sh_offset;
      section.contents.assign(begin, begin + section.header.sh_size);
    }
    uint64_t names = header.e_shstrndx;
    if (names == SHN_XINDEX && !sections_.empty()) names = sections_[0].header.sh_link;
    if (names >= sections_.size()) return malformed("no names of sections");
    for (Section& section : sections_)
      section.name = text_at(sections_[names].contents, section.header.sh_name);
    return {};
  }

  // Text first. Nothing may be writable, and nothing is told of exceptions or threads.
  Result<> place_sections() {
    for (const bool is_text : {true, false}) {
      for (Section& section : sections_) {
        const Elf64_Shdr& header = section.header;
        if ((header.sh_flags & SHF_ALLOC) == 0 || header.sh_size == 0) continue;
        if ((header.sh_flags & (SHF_WRITE | SHF_TLS)) != 0 || header.sh_type != SHT_PROGBITS)
          return fail(ErrorKind::Unsupported, "LLVM's object has a section " + section.name);
        if (((header.sh_flags & SHF_EXECINSTR) != 0) != is_text) continue;
        const uint64_t alignment = std::max<uint64_t>(header.sh_addralign, 1);
        section.place = (object_.code.size() + alignment - 1) / alignment * alignment;
        object_.code.resize(section.place);
        object_.code.insert(object_.code.end(), section.contents.begin(), section.contents.end());
      }
    }
    if (object_.code.size() > INT32_MAX) return fail(ErrorKind::Exhausted, "more than 2 GiB of code");
    return {};
  }

  Result<> read_symbols() {
    for (const Section& section : sections_) {
      if (section.header.sh_type != SHT_SYMTAB) continue;
      if (section.header.sh_link >= sections_.size()) return malformed("no names of symbols");
      const std::vector<uint8_t>& names = sections_[section.header.sh_link].contents;
      for (size_t at = 0; at + sizeof(Elf64_Sym) <= section.contents.size(); at += sizeof(Elf64_Sym)) {
        const auto entry = load_unaligned<Elf64_Sym>(section.contents.data() + at);
        Symbol& symbol = symbols_.emplace_back();
        symbol.name = text_at(names, entry.st_name);
        symbol.is_global = ELF64_ST_BIND(entry.st_info) != STB_LOCAL && !symbol.name.empty();
        if (entry.st_shndx == SHN_UNDEF || entry.st_shndx >= sections_.size()) continue;
        const uint64_t place = sections_[entry.st_shndx].place;
        if (place == kNowhere) continue;
        symbol.value = place + entry.st_value;
        if (symbol.value > object_.code.size() || entry.st_size > object_.code.size() - symbol.value)
          return malformed("a symbol outside of the code");
        if (symbol.is_global && ELF64_ST_TYPE(entry.st_info) == STT_FUNC)
          object_.functions[symbol.name] = {static_cast<uint32_t>(symbol.value),
                                            static_cast<uint32_t>(symbol.value + entry.st_size)};
      }
    }
    return {};
  }

  Result<> relocate(const Section& table) {
    if (table.header.sh_info >= sections_.size()) return malformed("relocations of no section");
    Section& target = sections_[table.header.sh_info];
    const bool is_code = target.place != kNowhere;
    // of the sections that only we read, two matter
    if (!is_code && target.name != ".debug_line" && target.name != ".stack_sizes") return {};
    for (size_t at = 0; at + sizeof(Elf64_Rela) <= table.contents.size(); at += sizeof(Elf64_Rela)) {
      const auto entry = load_unaligned<Elf64_Rela>(table.contents.data() + at);
      if (ELF64_R_SYM(entry.r_info) >= symbols_.size()) return malformed("a relocation by no symbol");
      const Symbol& symbol = symbols_[ELF64_R_SYM(entry.r_info)];
      TRY(is_code ? relocate_code(target, entry, symbol) : relocate_table(target, entry, symbol));
    }
    return {};
  }

  Result<> relocate_code(const Section& target, const Elf64_Rela& entry, const Symbol& symbol) {
    const uint64_t kind = ELF64_R_TYPE(entry.r_info);
    if (kind != R_X86_64_PC32 && kind != R_X86_64_PLT32)
      return fail(ErrorKind::Unsupported, "LLVM's object has a relocation of kind " + std::to_string(kind));
    if (symbol.value == kNowhere && !symbol.is_global)
      return fail(ErrorKind::Unsupported, "the code refers to " + symbol.name + ", which is not part of it");
    if (entry.r_offset > target.contents.size() || target.contents.size() - entry.r_offset < 4)
      return malformed("a relocation outside of its section");
    const uint64_t place = target.place + entry.r_offset;
    if (symbol.is_global) {
      references_.push_back({static_cast<uint32_t>(place), entry.r_addend, symbol.name});
      return {};
    }
    const auto distance = static_cast<int64_t>(symbol.value) + entry.r_addend - static_cast<int64_t>(place);
    store_unaligned(object_.code.data() + place, static_cast<int32_t>(distance));
    return {};
  }

  // Addresses in tables become places in the code. Offsets in other tables are of no interest.
  static Result<> relocate_table(Section& target, const Elf64_Rela& entry, const Symbol& symbol) {
    if (ELF64_R_TYPE(entry.r_info) != R_X86_64_64 || symbol.value == kNowhere) return {};
    if (entry.r_offset > target.contents.size() || target.contents.size() - entry.r_offset < 8)
      return malformed("a relocation outside of its section");
    store_unaligned(target.contents.data() + entry.r_offset,
                    symbol.value + static_cast<uint64_t>(entry.r_addend));
    return {};
  }

  // An address and a LEB128 number each.
  Result<> read_stack_sizes(Bytes section) {
    const uint8_t* at = section.data();
    const uint8_t* const end = at + section.size();
    while (end - at >= 8) {
      const auto place = load_unaligned<uint64_t>(at);
      const auto size = read_leb<64, uint64_t>(at + 8, end);
      if (size.status != LebStatus::Ok) return malformed("a stack size that is no number");
      object_.stack_bytes[static_cast<uint32_t>(place)] = size.value;
      at = size.next;
    }
    return {};
  }

  Bytes elf_;
  std::vector<Section> sections_;
  std::vector<Symbol> symbols_;
  Object& object_;
  std::vector<Reference>& references_;
};

Result<> Linker::add(Bytes elf) { return File(elf, *this).run(); }

void Linker::add_name(const std::string& name, const std::string& of) {
  names_[name] = object_.functions.find(of)->second;
}

std::set<std::string> Linker::missing() const {
  std::set<std::string> names;
  for (const Reference& reference : references_)
    if (!object_.functions.contains(reference.to) && !names_.contains(reference.to))
      names.insert(reference.to);
  return names;
}

Result<Object> Linker::finish() {
  for (const Reference& reference : references_) {
    const auto function = object_.functions.find(reference.to);
    const auto name = names_.find(reference.to);
    if (function == object_.functions.end() && name == names_.end())
      return fail(ErrorKind::Unsupported, "the code refers to " + reference.to + ", which is not part of it");
    const Object::Symbol& found = function != object_.functions.end() ? function->second : name->second;
    const int64_t distance = int64_t{found.begin} + reference.addend - int64_t{reference.at};
    store_unaligned(object_.code.data() + reference.at, static_cast<int32_t>(distance));
  }
  return std::move(object_);
}

}  // namespace godwit::llvm_tier
