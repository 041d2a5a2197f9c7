// Makes the TorchScript models of tests/nn/backends from the numbers that make.py wrote.
// usage: make_torchscript weights.txt FOLDER
#include <torch/script.h>

#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

at::Tensor take(std::ifstream& file, std::vector<int64_t> shape) {
  at::Tensor tensor = torch::empty(shape);
  for (int64_t i = 0; i < tensor.numel(); ++i) file >> tensor.data_ptr<float>()[i];
  return tensor;
}

void save(const std::string& path, const std::string& body) {
  torch::jit::Module module("Small");
  module.define("def forward(self, x):\n  return " + body + "\n");
  module.save(path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::ifstream weights(argv[1]);
  const std::string folder = argv[2];
  torch::jit::Module module("Shapes");
  module.register_parameter("filters", take(weights, {8, 1, 3, 3}), false);
  module.register_parameter("filter_bias", take(weights, {8}), false);
  module.register_parameter("weights", take(weights, {3, 128}), false);
  module.register_parameter("bias", take(weights, {3}), false);
  if (!weights) {
    std::cerr << argv[1] << " is cut short\n";
    return 1;
  }
  module.define(R"(
def forward(self, x):
  x = torch.constant_pad_nd(x, [0, 1, 0, 1])
  x = torch.relu(torch.conv2d(x, self.filters, self.filter_bias, [2, 2]))
  x = torch.flatten(torch.avg_pool2d(x, [4, 4], [4, 4]), 1)
  return torch.softmax(torch.addmm(self.bias, x, torch.t(self.weights)), 1)
)");
  save(folder + "/double_f32.pt", "x * 2.0");
  save(folder + "/double_i32.pt", "x + x");
  save(folder + "/widen_u8.pt", "x.float()");
  module.save(folder + "/shapes.pt");
}
