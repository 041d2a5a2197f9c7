// godwit new agent NAME: a manifest and a program to begin with.
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "agent/manifest.h"
#include "agent/text.h"
#include "commands.h"
#include "platform/process.h"
#include "platform/random.h"
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
  constexpr std::string_view kWanted =
      "wanted: godwit new agent|flow NAME [--rust] [--model FILE (of a flow)]";
  bool is_rust = false, is_flow = false;
  std::string name, model;
  for (size_t i = 0; i < arguments.size(); i++) {
    const std::string_view argument = arguments[i];
    if (i == 0 && (argument == "agent" || argument == "flow")) is_flow = argument == "flow";
    else if (argument == "--rust") is_rust = true;
    else if (argument == "--model" && i + 1 < arguments.size()) model = arguments[++i];
    else if (argument.starts_with('-') || !name.empty() || i == 0) return usage(kWanted);
    else name = argument;
  }
  if (!is_name(name)) return usage("an agent's name has a to z, 0 to 9, - and _; 64 at most");
  if (is_flow == model.empty()) return usage(kWanted);
  std::string manifest = agent::manifest_template(name);
  std::string secret;
  if (is_flow) {
    char* const path = ::realpath(model.c_str(), nullptr);
    if (!path) return error("there is no model '" + model + "'");
    manifest = agent::flow_template(name, path);
    std::free(path);
    uint8_t random[24];
    if (!platform::fill_random(random)) return error("the system gives no random bytes");
    secret = agent::to_hex(random) + "\n";
  }
  if (::mkdir(name.c_str(), 0777) != 0)
    return error("cannot make the directory '" + name + "': is it there already?");
  if (is_rust && ::mkdir((name + "/src").c_str(), 0777) != 0) return error("cannot make '" + name + "/src'");
  const std::string source = name + (is_rust ? "/src/lib.rs" : "/" + name + ".cc");
  const std::string_view program = is_flow   ? (is_rust ? kRustFlow : kCppFlow)
                                   : is_rust ? kRustAgent
                                             : kCppAgent;
  if (!write(name + "/godwit.toml", manifest) || !write(source, program) ||
      (is_rust && !write(name + "/Cargo.toml", cargo_file(name))) ||
      (is_flow &&
       (!write(name + "/hook.secret", secret) || ::chmod((name + "/hook.secret").c_str(), 0600) != 0)))
    return error("cannot write the files in '" + name + "'");
  std::printf("%s/godwit.toml  what it may use, and where it answers\n%s  what it does\n", name.c_str(),
              source.c_str());
  if (is_flow) std::printf("%s/hook.secret  what who sends it messages has to know\n", name.c_str());
  return kOk;
}

}  // namespace godwit::serve
