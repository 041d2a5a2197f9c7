// Reading and writing the section.
#include "engine/code_section.h"

#include <algorithm>

#include "base/sha256.h"
#include "engine/trailing_section.h"
#include "platform/cpu.h"
#include "runtime/layout_hash.h"

namespace godwit::engine {

namespace {

constexpr std::string_view kName = "godwit.code";
constexpr std::string_view kContext = "godwit code\n";
constexpr uint32_t kFormat = 2;
constexpr uint32_t kMostParts = 16;
constexpr uint64_t kImageAlignment = 8;

enum SealKind : uint32_t { kUserKey = 1, kSignature = 2 };

struct Head {
  uint32_t format;
  uint32_t seal_kind;
  Signature seal;  // of kUserKey: the first half
  uint32_t part_count;
  uint32_t unused;
};
static_assert(sizeof(Head) == 80);

struct PartHead {
  uint32_t level;
  uint32_t unused;
  uint64_t processor;
  uint64_t layout;
  uint64_t begin;
  uint64_t size;
};
static_assert(sizeof(PartHead) == 40);

std::optional<TrailingSection> find(const wasm::Module& module) {
  for (const wasm::CustomSection& custom : module.customs) {
    const bool is_last = custom.contents.offset + uint64_t{custom.contents.size} == module.bytes.size();
    if (!is_last) continue;
    if (const auto section = trailing_section(module, custom, kName)) return section;
  }
  return std::nullopt;
}

template <class T>
void append(std::vector<uint8_t>& bytes, const T& value) {
  const auto* data = reinterpret_cast<const uint8_t*>(&value);
  bytes.insert(bytes.end(), data, data + sizeof value);
}
void append(std::vector<uint8_t>& bytes, Bytes more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

// What a seal is over: the module, and of the section all but the seal itself.
Digest sealed_digest(Bytes wasm, Bytes contents) {
  Sha256 hash;
  hash.update(wasm);
  hash.update(contents.first(offsetof(Head, seal)));
  hash.update(contents.subspan(offsetof(Head, part_count)));
  return hash.finish();
}

std::vector<uint8_t> sealed_message(const Digest& digest) {
  std::vector<uint8_t> message;
  append(message, as_bytes(kContext));
  append(message, Bytes(digest));
  return message;
}

uint64_t this_processor() {
  Sha256 hash;
  hash.update(as_bytes(platform::cpu_identity()));
  return load_unaligned<uint64_t>(hash.finish().data());
}

Result<> check_user_key(const Signature& seal, Bytes message) {
  ASSIGN_OR_RETURN(const platform::UserKey key, platform::read_user_key());
  const bool is_rest_zero =
      std::ranges::all_of(std::span(seal).subspan(sizeof(Digest)), [](uint8_t byte) { return byte == 0; });
  if (is_rest_zero && is_equal(hmac_sha256(key, {message}), load_unaligned<Digest>(seal.data()))) return {};
  return fail(ErrorKind::Unsupported, "it was not made by this user on this machine, or was changed since");
}

Result<> check_signature(const Signature& seal, Bytes message, std::span<const std::string> trusted_keys) {
  if (trusted_keys.empty())
    return fail(ErrorKind::Unsupported,
                "it is signed, and no key is trusted: name the signer's with --trust");
  for (const std::string& key : trusted_keys) {
    ASSIGN_OR_RETURN(const bool is_signed, is_signed_by(key, message, seal));
    if (is_signed) return {};
  }
  return fail(ErrorKind::Unsupported, "no trusted key has signed it, or it was changed since");
}

Error damaged() { return Error(ErrorKind::Malformed, "its section makes no sense"); }

}  // namespace

std::string CodeTarget::name() const {
  if (level == kNative) return "native";
  return level == 1 ? "x86-64" : "x86-64-v" + std::to_string(level);
}

const char* CodeTarget::compiler_name() const {
  static constexpr const char* kNames[] = {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"};
  return level == kNative ? nullptr : kNames[level - 1];
}

bool CodeTarget::runs_here() const {
  const auto best = best_target();
  if (!best) return false;
  return level == kNative ? processor == this_processor() : level <= best->level;
}

std::optional<CodeTarget> target_of(std::string_view name) {
  if (name == "native") return CodeTarget{CodeTarget::kNative, this_processor()};
  for (uint32_t level = 1; level <= 4; ++level)
    if (CodeTarget{level}.name() == name) return CodeTarget{level};
  return std::nullopt;
}

std::optional<CodeTarget> best_target() {
  const platform::CpuFeatures cpu = platform::cpu_features();
  if (cpu.arch != platform::CpuArch::X86_64) return std::nullopt;
  if (!cpu.sse4_2 || !cpu.popcnt) return CodeTarget{1};
  if (!cpu.avx2 || !cpu.bmi2 || !cpu.fma || !cpu.lzcnt) return CodeTarget{2};
  return CodeTarget{cpu.avx512 ? 4u : 3u};
}

Result<std::vector<uint8_t>> with_code(Bytes wasm, std::span<const CodePart> parts, const SealMaker& seal) {
  std::vector<uint8_t> contents;
  append(contents, Head{.format = kFormat,
                        .seal_kind = seal.user_key ? kUserKey : kSignature,
                        .seal = {},
                        .part_count = static_cast<uint32_t>(parts.size()),
                        .unused = 0});
  // where the file is read to, images can be used where they lie
  const size_t before = wasm.size() + trailing_head_bytes(kName);
  auto aligned = [&](uint64_t place) {
    return (before + place + kImageAlignment - 1) / kImageAlignment * kImageAlignment - before;
  };
  uint64_t begin = sizeof(Head) + parts.size() * sizeof(PartHead);
  for (const CodePart& part : parts) {
    begin = aligned(begin);
    append(contents, PartHead{.level = part.target.level,
                              .unused = 0,
                              .processor = part.target.processor,
                              .layout = part.layout,
                              .begin = begin,
                              .size = part.image.size()});
    begin += part.image.size();
  }
  for (const CodePart& part : parts) {
    contents.resize(aligned(contents.size()));
    append(contents, Bytes(part.image));
  }
  const std::vector<uint8_t> message = sealed_message(sealed_digest(wasm, contents));
  uint8_t* const place = contents.data() + offsetof(Head, seal);
  if (seal.user_key) {
    store_unaligned(place, hmac_sha256(*seal.user_key, {message}));
  } else {
    ASSIGN_OR_RETURN(const Signature signature, sign(seal.private_key, message));
    store_unaligned(place, signature);
  }

  return with_section(wasm, kName, contents);
}

Bytes without_code(const wasm::Module& module) {
  const auto section = find(module);
  return section ? module.bytes.first(section->begin) : module.bytes;
}

bool brings_code(const wasm::Module& module) { return find(module).has_value(); }

Result<std::optional<Bytes>> code_of(const wasm::Module& module, std::span<const std::string> trusted_keys,
                                     bool counts_fuel, std::optional<Digest>* digest) {
  const auto section = find(module);
  if (!section) return std::nullopt;
  const Bytes contents = section->contents;
  if (contents.size() < sizeof(Head)) return fail(ErrorKind::Malformed, "its section is too short");
  const auto head = load_unaligned<Head>(contents.data());
  if (head.format != kFormat) return fail(ErrorKind::Malformed, "another release of godwit has made it");
  const Digest sealed =
      digest != nullptr && *digest ? **digest : sealed_digest(module.bytes.first(section->begin), contents);
  if (digest != nullptr) *digest = sealed;
  const std::vector<uint8_t> message = sealed_message(sealed);
  if (head.seal_kind == kUserKey) TRY(check_user_key(head.seal, message));
  else TRY(check_signature(head.seal, message, trusted_keys));

  if (head.part_count > kMostParts || (contents.size() - sizeof(Head)) / sizeof(PartHead) < head.part_count)
    return fail(damaged());
  std::optional<PartHead> best;
  std::string why = "it has none";
  for (uint32_t i = 0; i < head.part_count; ++i) {
    const auto part = load_unaligned<PartHead>(contents.data() + sizeof(Head) + i * sizeof(PartHead));
    if (part.begin > contents.size() || contents.size() - part.begin < part.size) return fail(damaged());
    if (part.level < 1 || part.level > CodeTarget::kNative) return fail(damaged());
    const CodeTarget target{part.level, part.processor};
    if (part.layout == runtime::layout_of_code(!counts_fuel))
      why = counts_fuel ? "it does not count fuel: compile the module with --fuel"
                        : "it was made to count fuel";
    else if (part.layout != runtime::layout_of_code(counts_fuel))
      why = "another release of godwit has made it";
    else if (!target.runs_here()) why = "it needs another processor: " + target.name();
    else if (!best || part.level > best->level) best = part;
  }
  if (!best) return fail(ErrorKind::Unsupported, why);
  return contents.subspan(best->begin, best->size);
}

}  // namespace godwit::engine
