// The modules that are instantiated, in the text format.
#pragma once

#include <string>

namespace bench {

// `pages` of memory, `data_bytes` of data from address 1024 on, `functions` that `run` may call through a table.
//
//   run(i32) -> i32     adds 1
//   poke() -> i32       writes to one page
//   touch() -> i32      writes to three pages of 4 KiB; what it found there before, or-ed: 0 in a new instance
//   loop(i32) -> i32    calls the import `env.out` that often, if the module has it
struct Shape {
  unsigned pages = 1;
  unsigned data_bytes = 0;
  unsigned functions = 0;
  bool has_import = false;
};

inline constexpr Shape kSmall{};
inline constexpr Shape kMedium{.pages = 32, .data_bytes = 96 << 10, .functions = 200};
inline constexpr Shape kCalling{.has_import = true};
// 16 MiB of memory; its export `warm` writes to all of it.
inline constexpr Shape kLarge{.pages = 256, .data_bytes = 4096, .functions = 200};

inline std::string text_of(const Shape& shape) {
  std::string text = "(module\n";
  if (shape.has_import) text += "(import \"env\" \"out\" (func $out (param i32) (result i32)))\n";
  text += "(memory (export \"memory\") " + std::to_string(shape.pages) + ")\n";
  text += "(global $calls (mut i32) (i32.const 0))\n";
  if (shape.functions != 0) {
    text += "(table funcref (elem";
    for (unsigned i = 0; i < shape.functions; ++i) text += " $f" + std::to_string(i);
    text += "))\n";
  }
  for (unsigned i = 0; i < shape.functions; ++i) {
    const std::string number = std::to_string(i);
    text += "(func $f" + number + " (param i32) (result i32) (i32.mul (local.get 0) (i32.const " + number +
            ")))\n";
  }
  if (shape.data_bytes != 0) {
    text += "(data (i32.const 1024) \"";
    for (unsigned i = 0; i < shape.data_bytes; ++i) text += static_cast<char>('a' + i % 23);
    text += "\")\n";
  }
  // Behind the data, where a new instance has zeros.
  const unsigned first = (1024 + shape.data_bytes + 4095) & ~4095u;
  text +=
      "(func (export \"run\") (param i32) (result i32)"
      " (global.set $calls (i32.add (global.get $calls) (i32.const 1)))"
      " (i32.add (local.get 0) (global.get $calls)))\n";
  text += "(func (export \"touch\") (result i32) (local i32)\n";
  for (unsigned i = 0; i < 3; ++i) {
    const std::string at = std::to_string(first + i * 8192 + 64);
    text += " (local.set 0 (i32.or (local.get 0) (i32.load (i32.const " + at +
            "))))"
            " (i32.store (i32.const " +
            at + ") (i32.const 77))\n";
  }
  text += " (local.get 0))\n";
  text += "(func (export \"poke\") (result i32) (i32.store (i32.const 64) (i32.const 1)) (i32.const 0))\n";
  text +=
      "(func (export \"warm\") (result i32) (local i32)"
      " (loop (i32.store (local.get 0) (i32.or (local.get 0) (i32.const 1)))"
      " (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 64)))"
      " (i32.mul (memory.size) (i32.const 65536))))) (i32.load (i32.const 4096)))\n";
  text +=
      "(func (export \"loop\") (param i32) (result i32) (local i32)"
      " (loop (local.set 1 ";
  text += shape.has_import ? "(call $out (local.get 1))" : "(i32.add (local.get 1) (i32.const 1))";
  text += ") (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 1))\n";
  return text + ")\n";
}

}  // namespace bench
