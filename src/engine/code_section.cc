// Reading and writing the section.
#include "engine/code_section.h"

#include "base/sha256.h"
#include "platform/cpu.h"

namespace godwit::engine {

namespace {

constexpr std::string_view kName = "godwit.code";
constexpr uint32_t kFormat = 1;
constexpr size_t kSizeBytes = 5;  // of the section's size, always as long as it can be
constexpr size_t kHeadBytes = 1 + kSizeBytes + 1 + kName.size();

struct Prologue {
  uint32_t format;
  uint32_t cpu_level;
};

struct Section {
  uint32_t begin;  // in the module's bytes
  Bytes contents;
};

std::optional<Section> find(const wasm::Module& module) {
  for (const wasm::CustomSection& custom : module.customs) {
    const wasm::ByteRange range = custom.contents;
    const bool is_last = range.offset + uint64_t{range.size} == module.bytes.size();
    if (custom.name == kName && is_last && range.offset >= kHeadBytes)
      return Section{range.offset - static_cast<uint32_t>(kHeadBytes), module.slice(range)};
  }
  return std::nullopt;
}

Digest authenticate(const platform::UserKey& key, Bytes wasm, Bytes prologue, Bytes image) {
  return hmac_sha256(key, {as_bytes(kName), wasm, prologue, image});
}

void append(std::vector<uint8_t>& bytes, Bytes more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

}  // namespace

const char* CpuLevel::name() const {
  return number >= 4 ? "x86-64-v4" : number == 3 ? "x86-64-v3" : "x86-64-v2";
}

std::optional<CpuLevel> cpu_level() {
  const platform::CpuFeatures cpu = platform::cpu_features();
  if (cpu.arch != platform::CpuArch::X86_64 || !cpu.sse4_2 || !cpu.popcnt) return std::nullopt;
  if (!cpu.avx2 || !cpu.bmi2 || !cpu.fma || !cpu.lzcnt) return CpuLevel{2};
  return CpuLevel{cpu.avx512 ? 4u : 3u};
}

std::vector<uint8_t> with_code(Bytes wasm, CpuLevel level, Bytes image, const platform::UserKey& key) {
  const Prologue prologue{kFormat, level.number};
  const Bytes prologue_bytes(reinterpret_cast<const uint8_t*>(&prologue), sizeof prologue);
  const Digest code = authenticate(key, wasm, prologue_bytes, image);
  std::vector<uint8_t> bytes(wasm.begin(), wasm.end());
  bytes.reserve(wasm.size() + kHeadBytes + sizeof prologue + code.size() + image.size());
  bytes.push_back(static_cast<uint8_t>(wasm::SectionId::Custom));
  auto size = static_cast<uint32_t>(1 + kName.size() + sizeof prologue + code.size() + image.size());
  for (size_t i = 0; i < kSizeBytes; ++i, size >>= 7)
    bytes.push_back(static_cast<uint8_t>((size & 0x7F) | (i + 1 < kSizeBytes ? 0x80 : 0)));
  bytes.push_back(static_cast<uint8_t>(kName.size()));
  append(bytes, as_bytes(kName));
  append(bytes, prologue_bytes);
  append(bytes, code);
  append(bytes, image);
  return bytes;
}

Bytes without_code(const wasm::Module& module) {
  const auto section = find(module);
  return section ? module.bytes.first(section->begin) : module.bytes;
}

Result<std::optional<Bytes>> code_of(const wasm::Module& module) {
  const auto section = find(module);
  if (!section) return std::nullopt;
  constexpr size_t kBeforeImage = sizeof(Prologue) + sizeof(Digest);
  if (section->contents.size() < kBeforeImage) return fail(ErrorKind::Malformed, "its section is too short");
  const auto prologue = load_unaligned<Prologue>(section->contents.data());
  if (prologue.format != kFormat) return fail(ErrorKind::Malformed, "another release of godwit has made it");
  ASSIGN_OR_RETURN(const platform::UserKey key, platform::read_user_key());
  const Bytes image = section->contents.subspan(kBeforeImage);
  const Digest wanted =
      authenticate(key, module.bytes.first(section->begin), section->contents.first(sizeof(Prologue)), image);
  if (!is_equal(wanted, load_unaligned<Digest>(section->contents.data() + sizeof(Prologue))))
    return fail(ErrorKind::Unsupported, "it was not made by this user on this machine, or was changed since");
  const auto level = cpu_level();
  if (!level || prologue.cpu_level > level->number)
    return fail(ErrorKind::Unsupported,
                "it needs a processor of level v" + std::to_string(prologue.cpu_level));
  return image;
}

}  // namespace godwit::engine
