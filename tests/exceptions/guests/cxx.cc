// What C++ promises of exceptions, checked by the guest itself: it prints what happens, in order.
#include <any>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <variant>
#include <vector>

namespace {

// Says when it goes.
struct Witness {
  explicit Witness(const char* what) : name(what) {}
  ~Witness() { std::printf("  ~%s\n", name); }
  Witness(const Witness&) = delete;
  const char* name;
};

struct Base {
  virtual ~Base() = default;
  virtual const char* name() const { return "base"; }
};
struct Derived : Base {
  const char* name() const override { return "derived"; }
};
struct Big {
  long long numbers[40];
};

[[gnu::noinline]] void throw_by_number(int number) {
  Witness witness("thrower");
  switch (number) {
    case 0: throw std::runtime_error("a runtime error");
    case 1: throw 42;
    case 2: throw std::string("a string");
    case 3: throw Derived();
    case 4: throw 2.5;
    case 5: {
      Big big{};
      for (int i = 0; i < 40; ++i) big.numbers[i] = i * i;
      throw big;
    }
    default: std::puts("  nothing thrown");
  }
}

void kinds() {
  std::puts("kinds");
  for (int number = 0; number < 7; ++number) {
    try {
      Witness witness("body");
      throw_by_number(number);
    } catch (const std::exception& error) {
      std::printf("  std::exception: %s\n", error.what());
    } catch (int value) {
      std::printf("  int: %d\n", value);
    } catch (const std::string& text) {
      std::printf("  string: %s\n", text.c_str());
    } catch (const Base& base) {
      std::printf("  Base: %s\n", base.name());
    } catch (const Big& big) {
      std::printf("  Big: %lld\n", big.numbers[39]);
    } catch (...) {
      std::puts("  something else");
    }
  }
}

[[gnu::noinline]] int recurse(int depth, int& unwound) {
  struct Count {
    int& counter;
    ~Count() { ++counter; }
  } count{unwound};
  if (depth == 0) throw depth;
  return recurse(depth - 1, unwound) + 1;
}

void deep() {
  std::puts("deep");
  int unwound = 0;
  try {
    recurse(2000, unwound);
  } catch (int) {
    std::printf("  %d frames unwound\n", unwound);
  }
}

void rethrowing() {
  std::puts("rethrow");
  try {
    try {
      Witness witness("inner");
      throw std::out_of_range("too far");
    } catch (const std::logic_error& error) {
      std::printf("  first: %s\n", error.what());
      throw;
    }
  } catch (const std::out_of_range& error) {
    std::printf("  again: %s\n", error.what());
  }
  // a handler that is left by an exception of its own
  try {
    try {
      throw 1;
    } catch (int value) {
      Witness witness("handler");
      throw std::string("from the handler of ") + std::to_string(value);
    }
  } catch (const std::string& text) {
    std::printf("  %s\n", text.c_str());
  }
  // caught inside a handler, whose own exception stays the current one
  try {
    throw 2;
  } catch (int) {
    try {
      throw 3;
    } catch (int value) {
      std::printf("  inside: %d\n", value);
    }
    try {
      throw;
    } catch (int value) {
      std::printf("  still: %d\n", value);
    }
  }
}

struct Member {
  explicit Member(int n) : number(n) {
    if (n == 3) throw std::invalid_argument("no third member");
  }
  ~Member() { std::printf("  ~member %d\n", number); }
  int number;
};
struct Whole {
  Member one{1}, two{2}, three{3};
};
struct FunctionTry {
  explicit FunctionTry(int n) try : member(n) {
  } catch (const std::invalid_argument& error) {
    std::printf("  function try: %s\n", error.what());
  }
  Member member;
};

void construction() {
  std::puts("construction");
  try {
    Whole whole;
  } catch (const std::invalid_argument& error) {
    std::printf("  %s\n", error.what());
  }
  try {
    FunctionTry failing(3);
  } catch (const std::invalid_argument&) {
    std::puts("  thrown on");
  }
  try {
    auto members = std::make_unique<std::vector<Member>>();
    members->reserve(4);
    for (int i = 1; i < 5; ++i) members->emplace_back(i);
  } catch (const std::invalid_argument&) {
    std::puts("  the vector is gone");
  }
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      static int value = attempt == 0 ? throw std::runtime_error("not yet") : 5;
      std::printf("  static %d\n", value);
    } catch (const std::runtime_error& error) {
      std::printf("  static: %s\n", error.what());
    }
  }
}

int compare(const void* left, const void* right) {
  int a = *static_cast<const int*>(left), b = *static_cast<const int*>(right);
  if (a == 13 || b == 13) throw std::domain_error("thirteen");
  return a - b;
}

void callbacks() {
  std::puts("callbacks");
  int numbers[] = {5, 13, 2, 7};
  try {
    std::qsort(numbers, 4, sizeof(int), compare);  // through frames of C
  } catch (const std::domain_error& error) {
    std::printf("  qsort: %s\n", error.what());
  }
  std::function<int(int)> callback = [](int x) -> int { return x > 2 ? throw x : x; };
  int sum = 0;
  try {
    for (int i = 0; i < 10; ++i) sum += callback(i);
  } catch (int x) {
    std::printf("  function: %d after %d\n", x, sum);
  }
}

void pointers() {
  std::puts("exception_ptr");
  std::exception_ptr kept;
  try {
    throw std::runtime_error("kept");
  } catch (...) {
    kept = std::current_exception();
  }
  for (int i = 0; i < 2; ++i) {
    try {
      std::rethrow_exception(kept);
    } catch (const std::exception& error) {
      std::printf("  %s\n", error.what());
    }
  }
  try {
    try {
      throw std::runtime_error("within");
    } catch (...) {
      std::throw_with_nested(std::logic_error("around"));
    }
  } catch (const std::exception& error) {
    std::printf("  %s\n", error.what());
    try {
      std::rethrow_if_nested(error);
    } catch (const std::exception& nested) {
      std::printf("  %s\n", nested.what());
    }
  }
  struct Counter {
    ~Counter() { std::printf("  %d uncaught\n", std::uncaught_exceptions()); }
  };
  try {
    Counter counter;
    throw 0;
  } catch (int) {
    std::printf("  %d uncaught\n", std::uncaught_exceptions());
  }
}

template <class Error, class Function>
void expect(const char* name, Function function) {
  try {
    function();
    std::printf("  %s: nothing was thrown\n", name);
  } catch (const Error&) {
    std::printf("  %s\n", name);
  } catch (...) {
    std::printf("  %s: something else was thrown\n", name);
  }
}

void library() {
  std::puts("library");
  expect<std::out_of_range>("vector::at", [] { return std::vector<int>(3).at(3); });
  expect<std::out_of_range>("string::at", [] { return std::string("abc").at(4); });
  expect<std::out_of_range>("substr", [] { return std::string("abc").substr(9); });
  expect<std::invalid_argument>("stoi", [] { return std::stoi("x"); });
  expect<std::out_of_range>("stol", [] { return std::stol("99999999999999999999"); });
  expect<std::length_error>("reserve", [] { std::vector<int>().reserve(SIZE_MAX); });
  expect<std::bad_alloc>("new", [] {
    volatile size_t too_much = 0xFFFF'0000;
    char* volatile memory = new char[too_much];
    delete[] memory;
  });
  expect<std::bad_optional_access>("optional", [] { return std::optional<int>().value(); });
  expect<std::bad_variant_access>("variant", [] { return std::get<1>(std::variant<int, float>(1)); });
  expect<std::bad_any_cast>("any", [] { return std::any_cast<int>(std::any(1.5)); });
  expect<std::bad_function_call>("function", [] { std::function<void()>()(); });
  expect<std::bad_weak_ptr>("weak_ptr", [] { return std::shared_ptr<int>(std::weak_ptr<int>()); });
  expect<std::bad_cast>("dynamic_cast", [] {
    Base base;
    return dynamic_cast<Derived&>(base).name();
  });
  expect<std::bad_typeid>("typeid", [] {
    Base* volatile nobody = nullptr;
    return typeid(*nobody).name();
  });
  expect<std::regex_error>("regex", [] { return std::regex("("); });
  expect<std::ios_base::failure>("stream", [] {
    std::istringstream stream("");
    stream.exceptions(std::ios::failbit);
    int number;
    stream >> number;
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "uncaught") throw std::runtime_error("nobody catches this");
  if (argc > 1 && std::string(argv[1]) == "noexcept") []() noexcept { throw_by_number(1); }();
  kinds();
  deep();
  rethrowing();
  construction();
  callbacks();
  pointers();
  library();
}
