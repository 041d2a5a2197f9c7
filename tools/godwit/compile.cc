// godwit compile: adds optimised code to a module.
#include <unistd.h>

#include <string>
#include <vector>

#include "command.h"
#include "engine/engine.h"
#include "module_error.h"
#include "output.h"
#include "output_file.h"
#include "platform/memory_map.h"
#include "text/parse.h"

namespace godwit::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"output", "FILE", "The file to write. Without it, nothing is compiled.", 'o'},
    {"target", "CPU,…",
     "The processors that code is made for: x86-64, x86-64-v2, x86-64-v3,\n"
     "x86-64-v4, native; several of them, separated by commas: the best that\n"
     "a processor can run is chosen when the file is loaded. The default is\n"
     "the highest level that this machine has."},
    {"opt", "LEVEL", "How much is done for fast code: 0 to 3. The default is 2."},
    {"precise-traps", "",
     "Memories, globals and tables are at a trap as the instructions before it\n"
     "have left them. Costs speed; without, what comes before an access outside\n"
     "of a memory may not have happened."},
    {"fuel", "", "Make code for godwit run --fuel; without that option it is not run."},
    {"sign", "KEYFILE",
     "Sign the code with a private Ed25519 key (PEM): those who trust its public\n"
     "half run it (godwit run --trust). Without, only you do, and only here."},
    kHelpOption,
};

struct CompileRequest {
  std::string path, output, key_file;
  engine::CompileAheadOptions options;
};

Result<std::vector<uint8_t>> read_module(const platform::MappedFile& file, const std::string& path) {
  if (text::looks_like_text(as_text(file.bytes())))
    return text::parse_module({.name = path, .text = as_text(file.bytes())});
  return std::vector<uint8_t>(file.bytes().begin(), file.bytes().end());
}

// Shows on a terminal how far it is.
class Progress final {
 public:
  void show(uint64_t done, uint64_t all) {
    const auto percent = static_cast<unsigned>(all == 0 ? 100 : 100 * done / all);
    if (percent == last_) return;
    last_ = percent;
    write_err("\rcompiling " + std::to_string(percent) + " %\x1b[K");
  }
  ~Progress() {
    if (last_ != kNothing) write_err("\r\x1b[K");
  }

 private:
  static constexpr unsigned kNothing = ~0u;
  unsigned last_ = kNothing;
};

Result<> compile(CompileRequest request) {
  ASSIGN_OR_RETURN(const platform::MappedFile file, platform::MappedFile::copy(request.path));
  ASSIGN_OR_RETURN(const std::vector<uint8_t> module, read_module(file, request.path));
  if (!request.key_file.empty()) {
    ASSIGN_OR_RETURN(const platform::MappedFile key, platform::MappedFile::copy(request.key_file));
    request.options.signing_key = as_text(key.bytes());
    if (request.options.signing_key.empty()) return fail(ErrorKind::Usage, request.key_file + " is empty");
  }
  std::vector<uint8_t> compiled;
  {
    Progress progress;
    if (::isatty(STDERR_FILENO) == 1)
      request.options.progress = [&](uint64_t done, uint64_t all) { progress.show(done, all); };
    ASSIGN_OR_RETURN(compiled, engine::compile_ahead(module, request.options));
  }
  ASSIGN_OR_RETURN(OutputFile out, OutputFile::open(request.output));
  TRY(out.write(as_text(compiled)));
  return out.commit();
}

std::expected<void, UsageError> apply(CompileRequest& into, const OptionReader::Option& option) {
  const std::string_view name = option.spec->name, value = option.value;
  if (name == "output") {
    into.output = value;
  } else if (name == "sign") {
    into.key_file = value;
  } else if (name == "precise-traps") {
    into.options.has_precise_traps = true;
  } else if (name == "fuel") {
    into.options.counts_fuel = true;
  } else if (name == "target") {
    for (std::string_view rest = value;;) {
      const size_t comma = rest.find(',');
      into.options.targets.emplace_back(rest.substr(0, comma));
      if (!engine::is_target(into.options.targets.back()))
        return std::unexpected(UsageError{"--target " + into.options.targets.back() +
                                          ": write x86-64, x86-64-v2, x86-64-v3, x86-64-v4 or native"});
      if (comma == rest.npos) break;
      rest.remove_prefix(comma + 1);
    }
  } else {
    if (value.size() != 1 || value[0] < '0' || value[0] > '3')
      return std::unexpected(UsageError{"--opt " + std::string(value) + ": write a number from 0 to 3"});
    into.options.optimization = static_cast<uint32_t>(value[0] - '0');
  }
  return {};
}

int run_compile(const Command& self, std::span<char* const> arguments) {
  OptionReader reader(self.options, arguments, OptionOrder::Anywhere);
  CompileRequest request;
  std::vector<std::string> paths;
  for (;;) {
    auto option = reader.next();
    if (!option) return usage_error(self, option.error().message);
    if (*option) {
      if ((*option)->spec->name == kHelpOption.name) return write_out(help_text(self)) ? kExitOk : kExitError;
      if (auto applied = apply(request, **option); !applied)
        return usage_error(self, applied.error().message);
      continue;
    }
    const auto path = reader.take_argument();
    if (!path) break;
    paths.emplace_back(*path);
  }
  if (paths.empty()) return usage_error(self, "no module to compile");
  if (paths.size() > 1) return usage_error(self, "more than one module to compile");
  if (request.output.empty()) return usage_error(self, "no file to write: name one with -o");
  request.path = paths[0];
  const Result<> compiled = compile(std::move(request));
  return compiled ? kExitOk : report_module_error(compiled.error(), paths[0]);
}

}  // namespace

constexpr Command kCompile{
    .name = "compile",
    .summary = "Add optimised code to a module",
    .arguments = "FILE -o OUTPUT",
    .details =
        "The output is the module with its code in a custom section: it runs everywhere, and\n"
        "without compiling where this user runs it with this godwit, on such a processor.\n"
        "Signed code runs where the signer is trusted. Any other code, or one that was changed,\n"
        "is never run. The same input gives the same output, byte for byte.\n",
    .examples =
        "  godwit compile app.wasm -o app.godwit\n"
        "  godwit run app.godwit\n"
        "  godwit compile --target x86-64-v2,x86-64-v3 --sign key.pem app.wasm -o app.godwit\n"
        "  godwit run --trust key.pub app.godwit\n",
    .options = kOptions,
    .run = run_compile,
};

}  // namespace godwit::cli
