// Loading modules in either format.
#include "module_file.h"

#include <vector>

#include "platform/memory_map.h"
#include "text/parse.h"

namespace godwit::cli {

Result<ModuleFile> load_module_file(const std::string& path) {
  ASSIGN_OR_RETURN(platform::MappedFile mapped, platform::MappedFile::copy(path));
  const auto file = std::make_shared<platform::MappedFile>(std::move(mapped));
  if (!text::looks_like_text(as_text(file->bytes()))) return ModuleFile{file, file->bytes()};
  ASSIGN_OR_RETURN(std::vector<uint8_t> binary,
                   text::parse_module({.name = path, .text = as_text(file->bytes())}));
  const auto storage = std::make_shared<const std::vector<uint8_t>>(std::move(binary));
  return ModuleFile{storage, *storage};
}

}  // namespace godwit::cli
