// Hello world in C++: a static constructor, a container and iostream.
#include <iostream>
#include <string>
#include <vector>

namespace {
const std::vector<std::string> kWords = {"Hello", "from", "C++!"};
}

int main() {
  const char* separator = "";
  for (const std::string& word : kWords) {
    std::cout << separator << word;
    separator = " ";
  }
  std::cout << std::endl;
}
