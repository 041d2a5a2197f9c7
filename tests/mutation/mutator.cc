// The ways of damaging a module.
#include "mutator.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "text/parse.h"
#include "text/script.h"

namespace godwit::mutation {
namespace {

using Buffer = std::vector<uint8_t>;
using Random = std::mt19937_64;

// In [0, bound); the modulo's bias does not matter, the same answer on every platform does.
size_t below(Random& random, size_t bound) { return bound == 0 ? 0 : static_cast<size_t>(random() % bound); }

Buffer::iterator at(Buffer& bytes, size_t position) {
  return bytes.begin() + static_cast<Buffer::difference_type>(position);
}

size_t position_in(const Buffer& bytes, Random& random) { return below(random, bytes.size()); }

void truncate(Buffer& bytes, Bytes, Random& random) { bytes.resize(below(random, bytes.size())); }

void flip_bit(Buffer& bytes, Bytes, Random& random) {
  if (!bytes.empty()) bytes[below(random, bytes.size())] ^= static_cast<uint8_t>(1u << below(random, 8));
}

void flip_bits(Buffer& bytes, Bytes, Random& random) {
  for (size_t count = 1 + below(random, 8); count > 0 && !bytes.empty(); --count)
    bytes[position_in(bytes, random)] ^= static_cast<uint8_t>(1u << below(random, 8));
}

void set_byte(Buffer& bytes, Bytes, Random& random) {
  // borders of LEB128 groups, of prefixes and of type codes
  static constexpr uint8_t kTelling[] = {0x00, 0x01, 0x02, 0x0b, 0x3f, 0x40, 0x41, 0x5e, 0x60, 0x63, 0x64,
                                         0x6f, 0x70, 0x7b, 0x7c, 0x7f, 0x80, 0xfb, 0xfc, 0xfd, 0xfe, 0xff};
  if (bytes.empty()) return;
  const bool is_telling = below(random, 2) == 0;
  bytes[position_in(bytes, random)] =
      is_telling ? kTelling[below(random, std::size(kTelling))] : static_cast<uint8_t>(random());
}

void set_run(Buffer& bytes, Bytes, Random& random) {
  if (bytes.empty()) return;
  const size_t start = position_in(bytes, random);
  const size_t size = std::min(bytes.size() - start, 1 + below(random, 16));
  for (size_t i = 0; i < size; ++i) bytes[start + i] = static_cast<uint8_t>(random());
}

void erase(Buffer& bytes, Bytes, Random& random) {
  if (bytes.empty()) return;
  const size_t start = position_in(bytes, random);
  bytes.erase(at(bytes, start), at(bytes, start + std::min(bytes.size() - start, 1 + below(random, 32))));
}

void duplicate(Buffer& bytes, Bytes, Random& random) {
  if (bytes.empty()) return;
  const size_t start = position_in(bytes, random);
  const size_t size = std::min(bytes.size() - start, 1 + below(random, 64));
  const Buffer copy(at(bytes, start), at(bytes, start + size));
  bytes.insert(at(bytes, position_in(bytes, random)), copy.begin(), copy.end());
}

void splice(Buffer& bytes, Bytes other, Random& random) {
  if (bytes.empty() || other.empty()) return;
  const size_t from = below(random, other.size());
  const size_t size = std::min(other.size() - from, 1 + below(random, 256));
  const Bytes piece = other.subspan(from, size);
  bytes.insert(at(bytes, position_in(bytes, random)), piece.begin(), piece.end());
}

void overwrite(Buffer& bytes, Bytes other, Random& random) {
  if (bytes.empty() || other.empty()) return;
  const size_t to = position_in(bytes, random), from = below(random, other.size());
  const size_t size = std::min({bytes.size() - to, other.size() - from, 1 + below(random, 64)});
  std::copy_n(other.begin() + static_cast<Bytes::difference_type>(from), size, at(bytes, to));
}

// Puts another number where one stands: huge, overlong, never ending.
void edit_leb128(Buffer& bytes, Bytes, Random& random) {
  static const Buffer kNumbers[] = {
      {0xff, 0xff, 0xff, 0xff, 0x0f},                                // 2^32 - 1
      {0xff, 0xff, 0xff, 0xff, 0x07},                                // 2^31 - 1
      {0xff, 0xff, 0xff, 0xff, 0x1f},                                // unused bits set
      {0x80, 0x80, 0x80, 0x80, 0x80, 0x00},                          // too long for 32 bits
      {0x80, 0x80, 0x80, 0x80, 0x00},                                // zero, padded
      {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},  // 2^64 - 1
      {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80},
      {0x80, 0x80, 0x04},  // 65536
      {0xc0, 0x84, 0x3d},  // 1,000,000
  };
  if (bytes.empty()) return;
  const size_t start = position_in(bytes, random);
  size_t end = start;
  while (end < bytes.size() && bytes[end] & 0x80) ++end;
  const Buffer& number = kNumbers[below(random, std::size(kNumbers))];
  bytes.erase(at(bytes, start), at(bytes, std::min(end + 1, bytes.size())));
  bytes.insert(at(bytes, start), number.begin(), number.end());
}

// Swaps two bytes: instructions, indices and types change places, sizes stay right.
void swap_bytes(Buffer& bytes, Bytes, Random& random) {
  if (!bytes.empty()) std::swap(bytes[position_in(bytes, random)], bytes[position_in(bytes, random)]);
}

// One way to do damage; each leaves `bytes` changed, or as they were if they are too few.
// `other` is another module, to take bytes from.
struct Mutation {
  const char* name;
  bool keeps_size;  // so that sections still end where they say, and the damage is found deeper
  void (*apply)(std::vector<uint8_t>& bytes, Bytes other, std::mt19937_64& random);
};
constexpr Mutation kMutations[] = {
    {"truncate", false, truncate},         {"flip a bit", true, flip_bit},   {"flip bits", true, flip_bits},
    {"set a byte", true, set_byte},        {"set a run", true, set_run},     {"erase", false, erase},
    {"duplicate", false, duplicate},       {"splice", false, splice},        {"overwrite", true, overwrite},
    {"edit a number", false, edit_leb128}, {"swap bytes", true, swap_bytes},
};

// The part of a module that is damaged, and what precedes and follows it.
//
//   | before | part | after |      before ends with the part's size, if it is a section's contents
struct Cut {
  Buffer before, part, after;
  bool is_sized = false;
};

constexpr size_t kHeader = 8;

// Where a section's contents lie. spec: https://webassembly.github.io/spec/core/binary/modules.html#sections
struct Section {
  uint8_t id;
  size_t size_at, start, size;
};

std::vector<Section> sections_of(Bytes bytes) {
  std::vector<Section> sections;
  for (size_t position = kHeader; position < bytes.size();) {
    Section section{bytes[position], position + 1, position + 1, 0};
    for (unsigned shift = 0; section.start < bytes.size() && shift < 35; shift += 7) {
      const uint8_t byte = bytes[section.start++];
      section.size |= size_t{byte & 0x7fu} << shift;
      if (!(byte & 0x80)) break;
    }
    if (section.size > bytes.size() - section.start) break;
    sections.push_back(section);
    position = section.start + section.size;
  }
  return sections;
}

Cut cut_at(const Buffer& bytes, size_t before_end, size_t start, size_t size) {
  auto piece = [&](size_t from, size_t to) {
    return Buffer(bytes.begin() + static_cast<Buffer::difference_type>(from),
                  bytes.begin() + static_cast<Buffer::difference_type>(to));
  };
  return {piece(0, before_end), piece(start, start + size), piece(start + size, bytes.size())};
}

// The whole module, all after its header, or the contents of one section: often the code, where most rules apply.
Cut cut(const Buffer& bytes, Random& random) {
  constexpr uint8_t kCode = 10;
  const size_t choice = below(random, 8);
  const std::vector<Section> sections = sections_of(bytes);
  if (choice == 0 || bytes.size() <= kHeader) return cut_at(bytes, 0, 0, bytes.size());
  if (choice < 3 || sections.empty()) return cut_at(bytes, kHeader, kHeader, bytes.size() - kHeader);
  const Section* section = &sections[below(random, sections.size())];
  if (choice > 4)
    for (const Section& other : sections)
      if (other.id == kCode) section = &other;
  Cut cut = cut_at(bytes, section->size_at, section->start, section->size);
  cut.is_sized = true;
  return cut;
}

Buffer join(const Cut& cut) {
  Buffer bytes = cut.before;
  if (cut.is_sized)
    for (size_t size = cut.part.size(), more = 1; more; size >>= 7) {
      more = size >= 0x80;
      bytes.push_back(static_cast<uint8_t>((size & 0x7f) | (more ? 0x80 : 0)));
    }
  bytes.insert(bytes.end(), cut.part.begin(), cut.part.end());
  bytes.insert(bytes.end(), cut.after.begin(), cut.after.end());
  return bytes;
}

std::string read(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Calls `take(name, bytes)` for the modules of a script, what is not a module at all left out.
template <class Take>
void each_module(const std::string& name, const std::string& text, Take take) {
  const text::Source source{.name = name, .text = text};
  const Result<text::Script> script = text::parse_script(source);
  if (!script) return;
  for (const text::Command& command : script->commands) {
    if (command.end == 0) continue;
    Result<std::vector<uint8_t>> bytes = text::parse_module(source, command.begin, command.end);
    if (bytes) take(name + ":" + std::to_string(command.line), std::move(*bytes));
  }
}

}  // namespace

Mutator::Mutator(std::span<const std::filesystem::path> folders, size_t min_bytes, size_t max_bytes,
                 bool (*is_sound)(Bytes))
    : is_sound_(is_sound) {
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::path& folder : folders) {
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator it(folder, error), end; !error && it != end;
         it.increment(error))
      if (it->path().extension() == ".wasm" || it->path().extension() == ".wast") files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  const auto take = [&](std::string name, Buffer bytes) {
    if (bytes.size() >= min_bytes && bytes.size() <= max_bytes)
      seeds_.push_back({std::move(name), std::move(bytes)});
  };
  for (const std::filesystem::path& file : files) {
    const std::string contents = read(file);
    if (file.extension() == ".wast") each_module(file.string(), contents, take);
    else take(file.string(), Buffer(contents.begin(), contents.end()));
  }
}

const Mutator::Seed& Mutator::pick(std::mt19937_64& random) const {
  constexpr int kTries = 8;
  const Seed* seed = nullptr;
  for (int i = 0; i < kTries; ++i) {
    seed = &seeds_[below(random, seeds_.size())];
    if (is_sound_(seed->bytes)) break;
  }
  return *seed;
}

Mutant Mutator::make(uint64_t number) const {
  Random random(number);
  const Seed& seed = pick(random);
  const Seed& other = pick(random);
  Mutant mutant{seed.name, {}};
  Cut damaged = cut(seed.bytes, random);
  const bool keeps_size = below(random, 2) == 0;
  for (size_t count = 1 + below(random, 3); count > 0;) {
    const Mutation& mutation = kMutations[below(random, std::size(kMutations))];
    if (keeps_size && !mutation.keeps_size) continue;
    mutation.apply(damaged.part, other.bytes, random);
    mutant.origin += std::string(", ") + mutation.name;
    --count;
  }
  mutant.bytes = join(damaged);
  return mutant;
}

}  // namespace godwit::mutation
