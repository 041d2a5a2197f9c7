// godwit new agent NAME: a manifest and a program to begin with.
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "agent/manifest.h"
#include "commands.h"
#include "platform/process.h"
#include "templates.h"

namespace godwit::serve {
namespace {

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) return false;
  return true;
}

bool write(const std::string& path, std::string_view text) {
  std::ofstream stream(path);
  stream << text;
  stream.close();
  return stream.good();
}

// The crate lies in the checkout that this program was built in; elsewhere its place is for the user to say.
std::string cargo_file(const std::string& name) {
  const auto program = platform::executable_path();
  const std::string sdk = program ? program->substr(0, program->rfind('/')) + "/../../sdk/rust" : "";
  char* const known = ::realpath(sdk.c_str(), nullptr);
  const std::string path = known ? known : "../sdk/rust";
  std::free(known);
  return "[package]\nname = \"" + name +
         "\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n\n[dependencies]\n"
         "godwit-agent = { path = \"" +
         path + "\" }\n\n[workspace]\n";
}

}  // namespace

int new_agent(Arguments arguments) {
  bool is_rust = false;
  std::string name;
  for (size_t i = 0; i < arguments.size(); i++) {
    const std::string_view argument = arguments[i];
    if (i == 0 && argument == "agent") continue;
    if (argument == "--rust") is_rust = true;
    else if (argument.starts_with('-') || !name.empty() || i == 0)
      return usage("wanted: godwit new agent NAME [--rust]");
    else name = argument;
  }
  if (!is_name(name)) return usage("an agent's name has a to z, 0 to 9, - and _; 64 at most");
  if (::mkdir(name.c_str(), 0777) != 0)
    return error("cannot make the directory '" + name + "': is it there already?");
  if (is_rust && ::mkdir((name + "/src").c_str(), 0777) != 0) return error("cannot make '" + name + "/src'");
  const std::string source = name + (is_rust ? "/src/lib.rs" : "/" + name + ".cc");
  if (!write(name + "/godwit.toml", agent::manifest_template(name)) ||
      !write(source, is_rust ? kRustAgent : kCppAgent) ||
      (is_rust && !write(name + "/Cargo.toml", cargo_file(name))))
    return error("cannot write the files in '" + name + "'");
  std::printf("%s/godwit.toml  what it may use, and where it answers\n%s  what it does\n", name.c_str(),
              source.c_str());
  return kOk;
}

}  // namespace godwit::serve
