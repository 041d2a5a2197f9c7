// TensorFlow's functions. The larger one of its libraries is loaded when its logging is silent: while it starts it says on
// standard error how it was built.
#pragma once

#include <tensorflow/c/c_api.h>

#include <string>

namespace godwit::tensorflow {

// Once; null until then.
// @returns what is wrong; "" if all of them are there
const std::string& load_functions();

#define GODWIT_TF_FUNCTION(name) extern decltype(&::name) name;
#include "functions.def"

}  // namespace godwit::tensorflow
