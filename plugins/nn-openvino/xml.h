// Whether bytes look like OpenVINO's description of a network.
#pragma once

#include <string_view>

namespace godwit::openvino {

// XML whose root is <net>, with elements nested no deeper than networks within networks are: the library's reader calls
// itself for each.
bool is_network(std::string_view text);

}  // namespace godwit::openvino
