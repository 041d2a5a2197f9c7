// What C++ programs do with exceptions, streams and files. It prints the same wherever it runs.
// Run with: a directory to work in. Reads numbers from standard input.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace {

namespace fs = std::filesystem;

class ParseError : public std::runtime_error {
 public:
  ParseError(int line, const std::string& what) : std::runtime_error(what), line_(line) {}
  int line() const { return line_; }

 private:
  int line_;
};

// Says an error as all C++ libraries do: not by its message, which is the library's own.
void say(const char* what, const std::error_code& error) {
  std::cout << what << ": ";
  if (!error) std::cout << "fine\n";
  else if (error == std::errc::no_such_file_or_directory) std::cout << "no such file\n";
  else if (error == std::errc::file_exists) std::cout << "exists\n";
  else if (error == std::errc::directory_not_empty) std::cout << "not empty\n";
  else if (error == std::errc::not_a_directory) std::cout << "not a directory\n";
  else std::cout << "error " << error.value() << '\n';
}

std::vector<double> numbers(std::istream& in) {
  std::vector<double> all;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    try {
      std::size_t used = 0;
      all.push_back(std::stod(line, &used));
      if (used != line.size()) throw ParseError(number, "more after the number: '" + line.substr(used) + "'");
    } catch (const std::invalid_argument&) {
      throw ParseError(number, "no number: '" + line + "'");
    } catch (const std::out_of_range&) {
      std::cout << "line " << number << ": out of range\n";
    }
  }
  return all;
}

void exceptions() {
  std::cout << "== exceptions\n";
  auto read = numbers(std::cin);
  std::cout << read.size() << " numbers, sum " << std::accumulate(read.begin(), read.end(), 0.0) << '\n';
  for (const char* text : {"1\n2\nthree\n", "1 2\n", "4\n1e999\n5\n"}) {
    std::istringstream in(text);
    try {
      std::cout << numbers(in).size() << " numbers\n";
    } catch (const ParseError& error) {
      std::cout << "line " << error.line() << ": " << error.what() << '\n';
    }
  }
  try {
    std::ifstream missing;
    missing.exceptions(std::ios::failbit);
    missing.open("/no/such/file");
  } catch (const std::ios_base::failure&) {
    std::cout << "stream failure\n";
  }
  try {
    std::throw_with_nested(std::logic_error("never nested"));
  } catch (const std::exception& outer) {
    std::cout << outer.what() << '\n';
  }
  try {
    try {
      throw std::runtime_error("inner");
    } catch (...) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  } catch (const std::exception& outer) {
    try {
      std::rethrow_if_nested(outer);
    } catch (const std::exception& inner) {
      std::cout << outer.what() << " around " << inner.what() << '\n';
    }
  }
}

void streams(const fs::path& directory) {
  std::cout << "== streams\n"
            << std::hex << std::showbase << 48879 << std::dec << ' ' << std::setw(8) << std::setfill('.')
            << std::left << "left" << std::right << std::setw(8) << 42 << ' ' << std::boolalpha << true
            << '\n';
  std::cout << std::fixed << std::setprecision(3) << 2.0 / 3 << ' ' << std::scientific << 12345.678 << ' '
            << std::defaultfloat << std::setprecision(10) << 0.1 + 0.2 << ' ' << 1e300 * 10 << ' '
            << std::quoted("a \"b\"") << '\n';
  auto path = directory / "table.txt";
  {
    std::ofstream out(path);
    for (int i = 0; i < 5000; ++i) out << i << '\t' << i * i << '\n';
  }
  std::fstream both(path, std::ios::in | std::ios::out | std::ios::binary);
  std::map<int, int> squares;
  for (int key = 0, square = 0; both >> key >> square;) squares[key] = square;
  both.clear();
  both.seekp(0);
  both << "zero";
  both.seekg(-9, std::ios::end);
  std::string last;
  std::getline(both, last);
  if (squares.empty()) throw std::runtime_error("no squares");
  std::cout << squares.size() << " squares, the last " << squares.rbegin()->second << ", end '" << last
            << "'\n";
  std::ofstream(path, std::ios::app) << "appended\n";
}

void files(const fs::path& directory) {
  std::cout << "== files\n";
  std::error_code error;
  std::cout << fs::create_directories(directory / "one" / "two" / "three")
            << fs::create_directories(directory / "one") << '\n';
  for (int i = 0; i < 200; ++i)
    std::ofstream(directory / "one" / ("f" + std::to_string(i))) << std::string(i, 'x');
  std::vector<std::string> names;
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    names.push_back(entry.path().lexically_relative(directory).generic_string());
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  std::sort(names.begin(), names.end());
  std::cout << names.size() << " entries, " << names.front() << " to " << names.back() << ", " << bytes
            << " bytes\n";

  fs::rename(directory / "one" / "f199", directory / "one" / "two" / "moved");
  fs::create_symlink("moved", directory / "one" / "two" / "link");
  fs::create_hard_link(directory / "one" / "f10", directory / "one" / "hard");
  std::cout << fs::read_symlink(directory / "one" / "two" / "link").string() << ' '
            << fs::file_size(directory / "one" / "two" / "link") << ' '
            << fs::is_symlink(directory / "one" / "two" / "link") << ' '
            << fs::hard_link_count(directory / "one" / "hard") << ' '
            << fs::equivalent(directory / "one" / "hard", directory / "one" / "f10") << '\n';
  fs::copy_file(directory / "table.txt", directory / "copy.txt");
  fs::resize_file(directory / "copy.txt", 10);
  std::cout << fs::file_size(directory / "copy.txt") << ' ' << fs::exists(directory / "nothing") << '\n';
  auto day = fs::file_time_type(std::chrono::sys_days(std::chrono::January / 2 / 2003).time_since_epoch());
  fs::last_write_time(directory / "copy.txt", day);
  std::cout << (fs::last_write_time(directory / "copy.txt") == day) << '\n';

  fs::create_directory(directory / "one" / "f1", error);
  say("directory over a file", error);
  fs::remove(directory / "one", error);
  say("full directory", error);
  fs::rename(directory / "nothing", directory / "something", error);
  say("rename of nothing", error);
  fs::directory_iterator(directory / "copy.txt", error);
  say("listing a file", error);
  fs::copy_file(directory / "table.txt", directory / "copy.txt", error);
  say("copy over a file", error);
  try {
    std::cout << fs::file_size(directory / "nothing");
  } catch (const fs::filesystem_error& thrown) {
    say("thrown", thrown.code());
    std::cout << thrown.path1().filename().string() << '\n';
  }
  std::cout << fs::remove_all(directory / "one" / "two") << " removed\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: program DIRECTORY\n";
    return 2;
  }
  const char* who = std::getenv("WHO");
  std::cout << "hello, " << (who != nullptr ? who : "nobody") << '\n';
  try {
    exceptions();
    streams(argv[1]);
    files(argv[1]);
    throw std::make_unique<int>(5);
  } catch (const std::unique_ptr<int>& five) {
    std::cerr << "done\n";
    return *five;
  } catch (const std::exception& error) {
    std::cerr << "failed: " << error.what() << '\n';
    return 1;
  }
}
