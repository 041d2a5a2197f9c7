// Whether the options of a model's operations are such that the library can compute with them.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace godwit::tflite_backend {

// TensorFlow Lite checks that bytes have the form of a model, but takes for granted that its parts are there, and divides
// by strides and the like as they come. This looks at what must be there, and at the numbers of convolutions, pools and
// rearrangements.
// @returns what is wrong, or an empty text
std::string check_options(std::span<const uint8_t> model);

}  // namespace godwit::tflite_backend
