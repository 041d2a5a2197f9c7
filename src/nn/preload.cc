// Takes preload specifications apart.
#include "nn/preload.h"

#include <optional>

#include "nn/model_list.h"

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

Result<Preload> listed(std::string_view spec) {
  const size_t equals = spec.find('=');
  const std::string_view name = spec.substr(equals == std::string_view::npos ? 0 : equals + 1);
  const auto list = ModelList::of_user();
  if (!list) return malformed(spec, "a part is missing");
  auto model = list->find(name);
  if (!model && model.error().kind() == ErrorKind::NotFound)
    return malformed(spec, "a part is missing, and no model of 'godwit models ls' is called so");
  if (!model) return std::unexpected(std::move(model).error());
  Preload preload{.name = std::string(spec.substr(0, equals)),
                  .encoding = model->encoding,
                  .target = model->target,
                  .paths = {},
                  .options = json_of(model->options)};
  if (preload.name.empty()) return malformed(spec, "the name is empty");
  for (ListedFile& file : model->files) preload.paths.push_back(std::move(file.path));
  return preload;
}

}  // namespace

Result<Preload> parse_preload(std::string_view spec) {
  if (!spec.contains(':')) return listed(spec);
  std::string_view rest = spec;
  const auto name = take_field(rest);
  const auto encoding = take_field(rest);
  const auto target = take_field(rest);
  if (!name || !encoding || !target) return malformed(spec, "a part is missing");
  if (name->empty()) return malformed(spec, "the name is empty");
  if (rest.empty()) return malformed(spec, "the path is empty");

  Preload preload{.name = std::string(*name),
                  .encoding = encoding_of(*encoding),
                  .target = Target::Auto,
                  .paths = {},
                  .options = {}};
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
