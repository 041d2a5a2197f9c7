// The files of src/web/pages, as parts of the program.
#pragma once

#include <string_view>

namespace godwit::web {

// The file's bytes; empty if there is none of that name. @lifetime the program's.
std::string_view page_file(std::string_view name);

}  // namespace godwit::web
