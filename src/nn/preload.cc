// Takes preload specifications apart.
#include "nn/preload.h"

#include <optional>

namespace godwit::nn {
namespace {

constexpr std::string_view kForm = "NAME:ENCODING:TARGET:path, for example default:GGML:AUTO:model.gguf";

// The text up to the next colon, which is taken off `rest`; nothing without a colon.
std::optional<std::string_view> take_field(std::string_view& rest) {
  const size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view field = rest.substr(0, colon);
  rest.remove_prefix(colon + 1);
  return field;
}

std::string names_of_encodings() {
  std::string names = "autodetect";
#define GODWIT_NN_ENCODING(number, name, builders, brought) names += std::string(", ") + name;
#include "nn/encodings.def"
  return names;
}

std::unexpected<Error> malformed(std::string_view spec, const std::string& why) {
  return fail(ErrorKind::Usage,
              "\"" + std::string(spec) + "\": " + why + "; the form is " + std::string(kForm));
}

}  // namespace

Result<Preload> parse_preload(std::string_view spec) {
  std::string_view rest = spec;
  const auto name = take_field(rest);
  const auto encoding = take_field(rest);
  const auto target = take_field(rest);
  if (!name || !encoding || !target) return malformed(spec, "a part is missing");
  if (name->empty()) return malformed(spec, "the name is empty");
  if (rest.empty()) return malformed(spec, "the path is empty");

  Preload preload{
      .name = std::string(*name), .encoding = encoding_of(*encoding), .target = Target::Auto, .paths = {}};
  const bool autodetect = *encoding == "autodetect" || *encoding == "AUTODETECT";
  if (!preload.encoding && !autodetect)
    return malformed(
        spec, "unknown encoding \"" + std::string(*encoding) + "\" (known: " + names_of_encodings() + ")");
  const auto known_target = target_of(*target);
  if (!known_target)
    return malformed(spec, "unknown target \"" + std::string(*target) + "\" (known: cpu, gpu, tpu, auto)");
  preload.target = *known_target;

  if (preload.encoding && preload.encoding->builders == Builders::Parts)
    while (const auto path = take_field(rest))
      if (!path->empty()) preload.paths.emplace_back(*path);
  preload.paths.emplace_back(rest);
  return preload;
}

}  // namespace godwit::nn
