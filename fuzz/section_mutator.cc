// A mutator for libFuzzer that knows a module's sections and bodies: it changes the contents of one and mends the
// sizes, so that the change is met where it was made.
#include <algorithm>
#include <cstring>
#include <optional>
#include <random>
#include <vector>

#include "base/bytes.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace godwit::fuzz {
namespace {

constexpr size_t kHeaderBytes = 8;
constexpr uint8_t kCode = 10;

// Contents with the LEB128 size that stands before them.
struct Sized {
  size_t size_at, start, size;
};

std::optional<uint64_t> read_number(Bytes bytes, size_t& at) {
  uint64_t number = 0;
  for (unsigned shift = 0; shift < 35 && at < bytes.size(); shift += 7) {
    const uint8_t byte = bytes[at++];
    number |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return number;
  }
  return std::nullopt;
}

std::optional<Sized> read_sized(Bytes bytes, size_t at, size_t end) {
  Sized piece{at, at, 0};
  const auto size = read_number(bytes.first(end), piece.start);
  if (!size || *size > end - piece.start) return std::nullopt;
  piece.size = static_cast<size_t>(*size);
  return piece;
}

struct Section {
  uint8_t id;
  Sized contents;
};

std::vector<Section> sections_of(Bytes bytes) {
  std::vector<Section> sections;
  for (size_t at = kHeaderBytes; at < bytes.size();) {
    const auto contents = read_sized(bytes, at + 1, bytes.size());
    if (!contents) break;
    sections.push_back({bytes[at], *contents});
    at = contents->start + contents->size;
  }
  return sections;
}

std::vector<Sized> bodies_of(Bytes bytes, const Sized& code) {
  std::vector<Sized> bodies;
  const size_t end = code.start + code.size;
  size_t at = code.start;
  if (!read_number(bytes.first(end), at)) return bodies;
  while (at < end) {
    const auto body = read_sized(bytes, at, end);
    if (!body) break;
    bodies.push_back(*body);
    at = body->start + body->size;
  }
  return bodies;
}

void append_number(std::vector<uint8_t>& into, size_t number) {
  for (; number >= 0x80; number >>= 7) into.push_back(static_cast<uint8_t>(number | 0x80));
  into.push_back(static_cast<uint8_t>(number));
}

std::vector<uint8_t> with_contents(Bytes bytes, const Sized& old, Bytes contents) {
  std::vector<uint8_t> result(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(old.size_at));
  append_number(result, contents.size());
  result.insert(result.end(), contents.begin(), contents.end());
  const Bytes after = bytes.subspan(old.start + old.size);
  result.insert(result.end(), after.begin(), after.end());
  return result;
}

std::vector<uint8_t> mutated(Bytes contents, size_t room) {
  std::vector<uint8_t> buffer(contents.begin(), contents.end());
  buffer.resize(contents.size() + room);
  buffer.resize(LLVMFuzzerMutate(buffer.data(), contents.size(), buffer.size()));
  return buffer;
}

// Nothing if the input is not made of sections.
std::optional<std::vector<uint8_t>> mutate_module(Bytes bytes, size_t room, uint32_t seed) {
  std::minstd_rand random(seed);
  const std::vector<Section> sections = sections_of(bytes);
  if (sections.empty() || random() % 4 == 0) return std::nullopt;
  const Section* section = &sections[random() % sections.size()];
  if (random() % 2 == 0)
    for (const Section& one : sections)
      if (one.id == kCode) section = &one;
  const Bytes contents = bytes.subspan(section->contents.start, section->contents.size);
  const std::vector<Sized> bodies =
      section->id == kCode ? bodies_of(bytes, section->contents) : std::vector<Sized>();
  if (bodies.empty() || random() % 8 == 0)
    return with_contents(bytes, section->contents, mutated(contents, room));
  const Sized& body = bodies[random() % bodies.size()];
  std::vector<uint8_t> changed =
      with_contents(bytes, body, mutated(bytes.subspan(body.start, body.size), room));
  // the section is longer or shorter by as much as the module is
  const size_t size = section->contents.size + changed.size() - bytes.size();
  const std::vector<uint8_t> whole(changed.begin() + static_cast<ptrdiff_t>(section->contents.start),
                                   changed.begin() + static_cast<ptrdiff_t>(section->contents.start + size));
  std::vector<uint8_t> result(bytes.begin(),
                              bytes.begin() + static_cast<ptrdiff_t>(section->contents.size_at));
  append_number(result, whole.size());
  result.insert(result.end(), whole.begin(), whole.end());
  result.insert(result.end(), changed.begin() + static_cast<ptrdiff_t>(section->contents.start + size),
                changed.end());
  return result;
}

}  // namespace
}  // namespace godwit::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  constexpr size_t kRoomForSizes = 16;
  if (size <= max_size && max_size - size > kRoomForSizes) {
    const auto mutant = godwit::fuzz::mutate_module({data, size}, max_size - size - kRoomForSizes, seed);
    if (mutant && mutant->size() <= max_size) {
      std::memcpy(data, mutant->data(), mutant->size());
      return mutant->size();
    }
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
