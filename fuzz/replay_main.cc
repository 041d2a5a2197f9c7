// A main for fuzz targets without libFuzzer: runs inputs from files, or random ones.
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "random_input.h"
#include "target.h"

namespace godwit::fuzz {
namespace {

constexpr std::string_view kUsage =
    "usage: <target> [--random COUNT [--first SEED]] [file or folder]...\n"
    "Runs the target on the files (of folders: all of them; of .hex: the bytes that they spell), then on "
    "COUNT random\n"
    "inputs. A finding ends the process.\n";

std::vector<uint8_t> from_hex(const std::vector<uint8_t>& text) {
  std::vector<uint8_t> bytes;
  std::string digits;
  bool is_comment = false;
  for (const uint8_t c : text) {
    if (c == '#') is_comment = true;
    if (c == '\n') is_comment = false;
    if (is_comment || c <= ' ') continue;
    digits += static_cast<char>(c);
    if (digits.size() < 2) continue;
    uint8_t byte = 0;
    std::from_chars(digits.data(), digits.data() + 2, byte, 16);
    bytes.push_back(byte);
    digits.clear();
  }
  return bytes;
}

void run_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(stream), {}};
  if (path.extension() == ".hex") bytes = from_hex(bytes);
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  run_target(bytes);
}

int usage() { return std::fputs(kUsage.data(), stderr), 2; }

int run_main(std::span<char*> arguments) {
  uint64_t count = 0, first = 0, files = 0;
  std::vector<std::filesystem::path> inputs;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (!argument.starts_with("--")) {
      inputs.emplace_back(argument);
      continue;
    }
    uint64_t* const number = argument == "--random" ? &count : argument == "--first" ? &first : nullptr;
    if (!number || ++i == arguments.size()) return usage();
    const std::string_view value = arguments[i];
    if (std::from_chars(value.data(), value.data() + value.size(), *number).ec != std::errc{}) return usage();
  }
  if (inputs.empty() && count == 0) return usage();
  start_target();
  for (const std::filesystem::path& input : inputs) {
    std::error_code error;
    std::filesystem::recursive_directory_iterator it(input, error), end;
    if (error) run_file(input), ++files;
    else
      for (; !error && it != end; it.increment(error))
        if (it->is_regular_file()) run_file(it->path()), ++files;
  }
  for (uint64_t seed = first; seed < first + count; ++seed) {
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    run_target(random_input(seed));
  }
  std::printf("%llu files and %llu random inputs without a finding\n", static_cast<unsigned long long>(files),
              static_cast<unsigned long long>(count));
  return 0;
}

}  // namespace
}  // namespace godwit::fuzz

int main(int count, char** arguments) {
  return godwit::fuzz::run_main({arguments + 1, static_cast<size_t>(count - 1)});
}
