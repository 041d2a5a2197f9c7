// Compares what a context takes with what the machine has to spare.
#include "memory.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

namespace godwit::ggml {

uint64_t cache_bytes(const llama_model* model, uint64_t context_size, ggml_type keys, ggml_type values) {
  const uint64_t heads = static_cast<uint64_t>(std::max(llama_model_n_head(model), 1));
  const uint64_t cached_heads = static_cast<uint64_t>(std::max(llama_model_n_head_kv(model), 0));
  const uint64_t layers = static_cast<uint64_t>(std::max(llama_model_n_layer(model), 0));
  const uint64_t width = static_cast<uint64_t>(llama_model_n_embd(model)) / heads * cached_heads;
  const auto row = [width](ggml_type type) {
    return width * ggml_type_size(type) / static_cast<uint64_t>(ggml_blck_size(type));
  };
  return context_size * layers * (row(keys) + row(values));
}

std::optional<uint64_t> available_bytes(std::string_view meminfo) {
  constexpr std::string_view kKey = "MemAvailable:";
  const size_t key = meminfo.find(kKey);
  if (key == std::string_view::npos) return std::nullopt;
  const size_t digits = meminfo.find_first_not_of(' ', key + kKey.size());
  if (digits == std::string_view::npos) return std::nullopt;
  uint64_t kibibytes = 0;
  const auto read = std::from_chars(meminfo.data() + digits, meminfo.data() + meminfo.size(), kibibytes);
  if (read.ec != std::errc() || kibibytes > UINT64_MAX / 1024) return std::nullopt;
  return kibibytes * 1024;
}

Result<> check_room(uint64_t wanted_bytes) {
  std::ifstream file("/proc/meminfo");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::optional<uint64_t> available = available_bytes(text);
  if (!available || wanted_bytes <= *available) return {};
  constexpr uint64_t kMebibyte = uint64_t{1} << 20;
  return fail(GODWIT_NN_MISSING_MEMORY,
              "the context takes " + std::to_string(wanted_bytes / kMebibyte) + " MiB, the machine has " +
                  std::to_string(*available / kMebibyte) + " MiB to spare; a smaller \"ctx-size\" may help");
}

}  // namespace godwit::ggml
