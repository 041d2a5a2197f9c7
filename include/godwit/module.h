// Module: a program, decoded and ready to be instantiated any number of times.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/engine.h"
#include "godwit/store.h"
#include "godwit/types.h"

namespace godwit::GODWIT_V1 {

/// A decoded module. A copy is another handle to the same module.
/// @threads immutable: use it from any thread.
class Module final {
 public:
  /// Makes a module from a copy of `bytes`.
  /// @param bytes the binary format, whole.
  /// @param name for messages, where the module does not name itself.
  /// @errors Malformed, Invalid: with the byte offset. Unsupported: needs what this engine lacks.
  /// @cost linear in the size; with Validation::Lazy function bodies are not read.
  static Result<Module> from_bytes(const Engine& engine, std::span<const uint8_t> bytes,
                                   std::string_view name = {});

  /// Makes a module from the text format.
  /// @param text `(module …)`, or its fields alone.
  /// @param name of the file, for messages.
  /// @errors Malformed, Invalid: with the file, the line and a caret. Unsupported: needs what this engine lacks.
  /// @cost linear in the size; function bodies are always validated.
  static Result<Module> from_text(const Engine& engine, std::string_view text, std::string_view name = {});

  /// Makes a module from a file in either format; what becomes of the file later does not matter.
  /// @param path of the host, absolute or relative to the working directory.
  /// @errors as from_bytes; NotFound: no such file. Io: it cannot be read.
  static Result<Module> from_file(const Engine& engine, const std::string& path);

  /// The same two for an engine's store, whose interrupt() and timeout end them too: for modules that are not trusted
  /// to be quick to validate.
  /// @errors as above, and one for which is_interruption() is true.
  static Result<Module> from_bytes(Store& store, std::span<const uint8_t> bytes, std::string_view name = {});
  static Result<Module> from_file(Store& store, const std::string& path);

  /// What the module imports, in its order.
  std::vector<ImportType> imports() const;
  /// What the module exports, in its order.
  std::vector<ExportType> exports() const;
  /// The module in the binary format, with the compiled code that it brought along: what from_bytes() makes it of again.
  /// @lifetime as long as the Module.
  std::span<const uint8_t> binary() const;
  /// What the user may want to know though it is no error: why compiled code that the module brings along is not run.
  /// Empty if there is nothing to say.
  std::string_view remark() const;
  /// True if the module imports anything from the module called `name`. @cost one pass over the imports.
  bool imports_from(std::string_view name) const;

  /// Where an instruction comes from, as the module's debug information says, which need not be true.
  struct SourcePlace {
    std::string file;     ///< as the compiler was given it; any bytes
    uint32_t line = 0;    ///< from 1
    uint32_t column = 0;  ///< from 1; 0: not known
  };
  /// For each offset of an instruction (Frame::offset) its place; nothing where none is known.
  /// @cost linear in the size of the module's section .debug_line, whose contents are bounds-checked.
  std::vector<std::optional<SourcePlace>> source_places(std::span<const uint64_t> offsets) const;

  /// @private
  struct Impl;
  /// @private
  explicit Module(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  /// @private
  const std::shared_ptr<const Impl>& impl() const { return impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
