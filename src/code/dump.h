// Register code as text: for tests and for people.
#pragma once

#include <string>

#include "code/translation.h"

namespace godwit::code {

// One line per cell: its index, op and the fields that are not 0; targets of branches as indices, literals in hex.
std::string dump(const Translation& translation);

}  // namespace godwit::code
