// File kinds: recognised by their first bytes.
#include "file_kind.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string_view>

#include "text/source.h"

namespace godwit::cli {
namespace {

struct Kind {
  std::string_view begins;
  std::string_view what;
};

using namespace std::string_view_literals;

// The first that fits counts.
constexpr Kind kKinds[] = {
    // spec: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
    {"\0asm\x0d\0\1\0"sv,
     "it is a WebAssembly component; godwit runs core modules. Build for the target wasm32-wasip1, or take "
     "the core "
     "module out of it with 'wasm-tools component unbundle'"sv},
    {"\x1f\x8b"sv, "it is compressed with gzip; unpack it first: gunzip"sv},
    {"\x28\xb5\x2f\xfd"sv, "it is compressed with zstd; unpack it first: zstd -d"sv},
    {"PK\3\4"sv, "it is a zip archive; unpack it first"sv},
    {"\x7f"
     "ELF"sv,
     "it is a native program or library (ELF); build it for the target wasm32-wasip1"sv},
    {"MZ"sv, "it is a native program (PE); build it for the target wasm32-wasip1"sv},
    {"\xcf\xfa\xed\xfe"sv, "it is a native program (Mach-O); build it for the target wasm32-wasip1"sv},
    {"!<arch>"sv, "it is an archive of object files; link it first: wasm-ld"sv},
    {"BC\xc0\xde"sv, "it is LLVM bitcode; compile it for the target wasm32-wasip1"sv},
    {"GGUF"sv, "it is a model (GGUF); give it to a guest with --nn-preload NAME:GGML:AUTO:FILE"sv},
    {"#!"sv, "it is a script"sv},
    {"(component"sv, "it is the text of a WebAssembly component; godwit runs core modules"sv},
};

constexpr std::string_view kCoreModule = "\0asm\1\0\0\0"sv;

std::string first_bytes(std::string_view head) {
  std::string text;
  for (char c : head.substr(0, 8)) {
    char byte[8];
    std::snprintf(byte, sizeof byte, text.empty() ? "%02x" : " %02x",
                  static_cast<unsigned>(static_cast<uint8_t>(c)));
    text += byte;
  }
  return text;
}

bool is_text(std::string_view head) {
  for (char c : head)
    if (static_cast<uint8_t>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') return false;
  return true;
}

}  // namespace

std::string what_else_it_is(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  char buffer[64];
  const ssize_t size = ::read(fd, buffer, sizeof buffer);
  ::close(fd);
  if (size < 0) return {};
  std::string_view head(buffer, static_cast<size_t>(size));
  if (head.empty()) return "the file is empty";
  if (head.starts_with(kCoreModule)) return {};
  for (const Kind& kind : kKinds)
    if (head.starts_with(kind.begins)) return std::string(kind.what);
  const size_t first_word = head.find_first_not_of(" \t\r\n");
  if (first_word != std::string_view::npos)
    for (const Kind& kind : kKinds)
      if (kind.begins[0] == '(' && head.substr(first_word).starts_with(kind.begins))
        return std::string(kind.what);
  if (text::looks_like_text(head)) return {};
  if (head.starts_with(kCoreModule.substr(0, 4)))
    return "it says WebAssembly, but of a version that godwit does not know: it starts with " +
           first_bytes(head);
  return std::string(is_text(head) ? "it looks like text: it starts with " : "it starts with ") +
         first_bytes(head) + ", where a module has 00 61 73 6d 01 00 00 00";
}

}  // namespace godwit::cli
