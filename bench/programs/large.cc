// A program of about 2 MB whose code is that of C++'s library: templates, locales, regular expressions, streams.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <format>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <list>
#include <locale>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <valarray>
#include <variant>
#include <vector>

namespace {

template <class Key, class Value>
size_t containers(int count) {
  std::map<Key, Value> sorted;
  std::unordered_map<Key, Value> hashed;
  std::multimap<Value, Key> reversed;
  std::deque<std::pair<Key, Value>> queue;
  std::list<Value> chain;
  for (int i = 0; i < count; ++i) {
    sorted.emplace(Key(i), Value(i));
    hashed.emplace(Key(i), Value(i));
    reversed.emplace(Value(i), Key(i));
    queue.emplace_front(Key(i), Value(i));
    chain.push_back(Value(i));
  }
  chain.sort();
  std::sort(queue.begin(), queue.end());
  std::stable_sort(queue.begin(), queue.end(),
                   [](const auto& a, const auto& b) { return a.second < b.second; });
  return sorted.size() + hashed.size() + reversed.size() + queue.size() + chain.size();
}

template <class Number>
std::string numbers(int count) {
  std::valarray<Number> values(static_cast<size_t>(count + 1));
  std::mt19937_64 engine(static_cast<uint64_t>(count));
  std::normal_distribution<double> normal;
  for (auto& value : values) value = static_cast<Number>(normal(engine) * 100);
  std::ostringstream out;
  out << std::setprecision(8) << values.sum() << ' ' << values.max() << ' '
      << std::complex<double>(static_cast<double>(values[0]), 1.0);
  return out.str() + std::format("{:>12} {:#x}", values.min(), static_cast<int>(values[0]));
}

template <class Char>
size_t matches(std::basic_string<Char> text, std::basic_string<Char> pattern) {
  const std::basic_regex<Char> expression(pattern, std::regex_constants::icase);
  using Iterator = std::regex_iterator<typename std::basic_string<Char>::const_iterator>;
  const auto replaced = std::regex_replace(text, expression, std::basic_string<Char>(1, Char('x')));
  return static_cast<size_t>(std::distance(Iterator(text.begin(), text.end(), expression), Iterator())) +
         replaced.size();
}

}  // namespace

int main(int argc, char** argv) {
  size_t sum = 0;
  if (argc > 1000) {
    sum += containers<int, double>(argc) + containers<long long, float>(argc) +
           containers<double, int>(argc) + containers<unsigned char, short>(argc) +
           containers<float, long>(argc) + containers<short, char>(argc);
    std::cout << numbers<double>(argc) << numbers<float>(argc) << numbers<int>(argc)
              << numbers<long long>(argc);
    sum += matches<char>(argv[1], argv[2]) + matches<wchar_t>(L"some text", L"(s|t)(.*?)[[:alpha:]]+");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[3]))
      std::cout << std::format("{}\n", entry.path().string());
    std::cout << std::put_time(std::localtime(nullptr), "%c") << std::get<0>(std::variant<int, double>(1));
  }
  std::cout << "ready " << sum << '\n';
}
