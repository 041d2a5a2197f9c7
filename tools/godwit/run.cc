// godwit run: runs a program, or one function of a library.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "command.h"
#include "godwit/godwit.h"
#include "invoke.h"
#include "option_values.h"
#include "output.h"
#include "report.h"
#include "statistics.h"
#include "write_file.h"

extern char** environ;

namespace godwit::cli {
namespace {

constexpr std::string_view kNnModule = "wasi_ephemeral_nn";
constexpr std::string_view kTlsModules[] = {"rustls_client", "wasmedge_httpsreq"};

struct RunOptions {
  const char* file = nullptr;
  WasiConfig wasi;
  TlsConfig tls;
  std::vector<std::string> nn_preloads;
  NnConfig nn;
  ModelRegistryConfig nn_registry;
  std::optional<std::string> invoke;
  std::optional<std::chrono::nanoseconds> timeout;
  std::string timeout_text;
  Config config{.validation = Validation::Lazy, .uses_cache = true};
  Limits limits;
  uint32_t max_threads = ThreadsConfig().max_threads;
  std::optional<std::string> core_dump;
  std::optional<std::string> profile;
  bool prints_gc_statistics = false;
  bool prints_statistics = false;
  bool is_verbose = false;
  std::span<char* const> arguments;  // after the file
};

constexpr OptionSpec kOptions[] = {
    {"dir", "DIR",
     "Let the guest use a directory, and nothing above it. Repeatable:\n"
     "PATH        under its own name\n"
     "GUEST:HOST  the host's HOST as GUEST (as WasmEdge has it)\n"
     "HOST::GUEST the same (as Wasmtime has it)\n"
     ":ro or :readonly after any of them forbids writing.",
     0, "what the guest may use"},
    {"env", "NAME=VALUE",
     "Set an environment variable of the guest; NAME alone passes\non the value that is set here. "
     "Repeatable."},
    {"env-inherit", "", "Pass on the whole environment. --env comes after it."},
    {"net", "", "Let the guest use the network as it likes."},
    {"allow-net", "ADDR",
     "Let the guest connect to HOST:PORT, and look the name up.\n"
     "Several with commas; * for any host or port. Repeatable."},
    {"listen", "ADDR", "Let the guest listen at HOST:PORT; port 0 is a free one.\nRepeatable."},
    {"tcplisten", "ADDR",
     "Open a listening socket, which the guest finds as descriptor\n"
     "3 (and 4, …, before directories). Repeatable."},
    {"listenfd", "", "Pass on the listening sockets that systemd has passed (first)."},
    {"allow-af-unix", "", "Let the guest use unix sockets, in its directories."},
    {"tls-ca", "FILE",
     "Let the guest's TLS trust the authorities whose certificates\n"
     "(PEM) are in FILE, beside the system's. Repeatable."},
    {"nn-preload", "MODEL",
     "Name a model for the guest: NAME:ENCODING:TARGET:PATH, for\n"
     "example default:GGML:AUTO:model.gguf. Targets: CPU GPU TPU\n"
     "AUTO. Or a model of 'godwit models': NAME, or GUEST'S=NAME to\n"
     "give it another name. Repeatable."},
    {"nn-guest-models", "",
     "Run models of any encoding that the guest brings along; else\nonly GGUF. Trusts the guest: "
     "docs/nn.md."},
    {"nn-max-memory", "SIZE",
     "The most that models may take, by the size of their files; those\nthat the guest does not hold are "
     "unloaded for others: "
     "512M, 8G."},
    {"nn-max-tokens", "N", "The most tokens that models may compute for the guest."},
    {"nn-max-contexts", "N", "The most execution contexts that the guest may have at a time."},
    {"nn-max-time", "TIME", "The longest that models may compute for the guest: 500ms, 1.5s, 2m."},
    {"invoke", "FUNCTION",
     "Call an exported function instead of _start, after\n"
     "_initialize if there is one. The arguments after the file\n"
     "are its arguments; results are printed, one per line.",
     0, "how it runs"},
    {"timeout", "TIME", "Stop the guest after 500ms, 1.5s, 2m or 1h."},
    {"max-memory", "SIZE", "The most that one memory may grow to: 512K, 64M, 1G.\nThe default is 4G."},
    {"max-total-memory", "SIZE",
     "The most that all memories, tables and objects of the guest may\ntake together. The default is 8G."},
    {"max-threads", "N",
     "The most threads that the guest may run beside its main one;\n0 forbids them. The default is 256."},
    {"relaxed-simd", "WHICH",
     "deterministic: the same results on every machine (the default,\nand all there is)"},
    {"fuel", "N",
     "Stop the guest after so many instructions, the same in each run. Counting\n"
     "costs speed. What is left, --stats says."},
    {"max-gc-heap", "SIZE",
     "The most that the guest's structs, arrays and exceptions\nmay take together: 64M, 1G. The default is "
     "4G."},
    {"gc-statistics", "", "Print at the end what collecting garbage has cost."},
    {"tier", "TIER",
     "auto: functions are compiled once they have run often, and\noptimised in the background once they have "
     "run very often,\nif the optimising compiler is installed (the default)\n"
     "baseline: compiled when they are first called\ninterp: interpreted\n"
     "peak: optimised before anything runs, which takes long\n"
     "Where machine code is impossible, all are interpreted."},
    {"trust", "KEYFILE",
     "Run code that a module brings along if the owner of this public\nEd25519 key (PEM) has signed it "
     "(godwit compile "
     "--sign). Repeatable."},
    {"no-cache", "", "Neither use nor keep optimised code of other runs (godwit cache)."},
    {"stats", "",
     "Print at the end what validating, translating and compiling\nfunctions has cost, and collecting "
     "garbage."},
    {"coredump", "FILE",
     "If the guest fails, write its memories, globals and stack to\nFILE, for debuggers. All that it had in "
     "memory is in there."},
    {"profile", "[=FILE]",
     "Ask the guest's threads each millisecond of CPU time which\nfunctions they are in, and write the "
     "stacks "
     "to FILE\n(profile.folded), as flamegraph.pl and speedscope read them."},
    {"perf-map", "",
     "Write the names of compiled functions to /tmp/perf-PID.map,\nwhere Linux's perf looks for them."},
    {"jitdump", "[=DIR]",
     "Write machine code, names and lines to jit-PID.dump in DIR (here),\nfor perf record -k mono and perf "
     "inject --jit."},
    {"verbose", "",
     "Say if functions are interpreted because machine code is\nimpossible, or not optimised because the "
     "compiler is missing.",
     'v'},
    {"validate", "WHEN",
     "lazy: each function before it first runs (the default)\neager: the whole module before anything runs"},
    kHelpOption,
};

std::expected<void, UsageError> set_validation(RunOptions& into, std::string_view text) {
  if (text == "lazy") into.config.validation = Validation::Lazy;
  else if (text == "eager") into.config.validation = Validation::Eager;
  else return std::unexpected(UsageError{"--validate " + std::string(text) + ": write lazy or eager"});
  return {};
}

std::expected<void, UsageError> set_tier(RunOptions& into, std::string_view text) {
  if (text == "interp") into.config.tier = Tier::Interpreter;
  else if (text == "baseline") into.config.tier = Tier::Baseline;
  else if (text == "auto") into.config.tier = Tier::Auto;
  else if (text == "peak") into.config.tier = Tier::Peak;
  else
    return std::unexpected(
        UsageError{"--tier " + std::string(text) + ": write auto, baseline, interp or peak"});
  return {};
}

// Two directories under one name: the guest could not tell them apart.
std::expected<void, UsageError> add_preopen(RunOptions& into, Preopen preopen) {
  for (const Preopen& other : into.wasi.preopens)
    if (other.guest_path == preopen.guest_path)
      return std::unexpected(UsageError{
          "--dir gives the guest two directories called '" + preopen.guest_path + "': " + other.host_path +
          " and " + preopen.host_path + "; give one of them another name: --dir NAME:" + preopen.host_path});
  into.wasi.preopens.push_back(std::move(preopen));
  return {};
}

void set_variable(RunOptions& into, std::pair<std::string, std::string> variable) {
  for (auto& other : into.wasi.env)
    if (other.first == variable.first) return void(other = std::move(variable));
  into.wasi.env.push_back(std::move(variable));
}

void inherit_environment(RunOptions& into) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      set_variable(into, {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))});
  }
}

// "a,b,c"
void append_list(std::vector<std::string>& into, std::string_view text) {
  for (;;) {
    const size_t comma = text.find(',');
    into.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

std::expected<void, UsageError> apply(RunOptions& into, const OptionReader::Option& option) {
  const std::string_view name = option.spec->name;
  if (name == "dir") {
    auto preopen = parse_dir(option.value);
    if (!preopen) return std::unexpected(preopen.error());
    return add_preopen(into, std::move(*preopen));
  }
  if (name == "trust") {
    auto key = read_key_file(option.value);
    if (!key) return std::unexpected(key.error());
    into.config.trusted_keys.push_back(std::move(*key));
    return {};
  }
  if (name == "net") {
    into.wasi.network.all = true;
  } else if (name == "allow-net") {
    append_list(into.wasi.network.connect, option.value);
  } else if (name == "listen") {
    append_list(into.wasi.network.listen, option.value);
  } else if (name == "tcplisten") {
    into.wasi.listeners.emplace_back(option.value);
  } else if (name == "listenfd") {
    into.wasi.passes_listeners = true;
  } else if (name == "allow-af-unix") {
    into.wasi.network.unix_sockets = true;
  } else if (name == "tls-ca") {
    into.tls.ca_files.emplace_back(option.value);
  } else if (name == "env") {
    auto variable = parse_env(option.value);
    if (!variable) return std::unexpected(variable.error());
    set_variable(into, std::move(*variable));
  } else if (name == "env-inherit") {
    inherit_environment(into);
  } else if (name == "nn-preload") {
    into.nn_preloads.emplace_back(option.value);
  } else if (name == "nn-guest-models") {
    into.nn.trust_guest_models = true;
  } else if (name == "nn-max-memory") {
    auto size = parse_size(option.value, "--nn-max-memory");
    if (!size) return std::unexpected(size.error());
    into.nn_registry.max_memory_bytes = *size;
  } else if (name == "nn-max-tokens") {
    auto number = parse_number(option.value, "--nn-max-tokens");
    if (!number) return std::unexpected(number.error());
    into.nn.max_tokens = *number;
  } else if (name == "nn-max-contexts") {
    auto number = parse_number(option.value, "--nn-max-contexts");
    if (!number) return std::unexpected(number.error());
    into.nn.max_contexts = static_cast<uint32_t>(std::min<uint64_t>(*number, UINT32_MAX));
  } else if (name == "nn-max-time") {
    auto time = parse_duration(option.value, "--nn-max-time");
    if (!time) return std::unexpected(time.error());
    into.nn.max_compute_time = *time;
  } else if (name == "invoke") {
    into.invoke = option.value;
  } else if (name == "timeout") {
    auto timeout = parse_duration(option.value);
    if (!timeout) return std::unexpected(timeout.error());
    into.timeout = *timeout;
    into.timeout_text = option.value;
  } else if (name == "max-memory") {
    auto size = parse_size(option.value);
    if (!size) return std::unexpected(size.error());
    into.limits.max_memory_bytes = *size;
  } else if (name == "max-total-memory") {
    auto size = parse_size(option.value, "--max-total-memory");
    if (!size) return std::unexpected(size.error());
    into.limits.max_total_memory_bytes = *size;
  } else if (name == "max-threads") {
    auto count = parse_count(option.value);
    if (!count) return std::unexpected(count.error());
    into.max_threads = *count;
  } else if (name == "relaxed-simd") {
    if (option.value != "deterministic")
      return std::unexpected(UsageError{"--relaxed-simd " + std::string(option.value) +
                                        ": write deterministic, which is all there is"});
    into.config.relaxed_simd = RelaxedSimd::Deterministic;
  } else if (name == "fuel") {
    auto fuel = parse_number(option.value, "--fuel");
    if (!fuel) return std::unexpected(fuel.error());
    into.limits.fuel = *fuel;
    into.config.counts_fuel = true;
  } else if (name == "max-gc-heap") {
    auto size = parse_size(option.value);
    if (!size) return std::unexpected(size.error());
    into.limits.max_gc_heap_bytes = *size;
  } else if (name == "gc-statistics") {
    into.prints_gc_statistics = true;
  } else if (name == "stats") {
    into.prints_statistics = into.config.measures_time = true;
  } else if (name == "no-cache") {
    into.config.uses_cache = false;
  } else if (name == "coredump") {
    into.core_dump = option.value;
  } else if (name == "profile") {
    into.profile = option.value.empty() ? "profile.folded" : option.value;
  } else if (name == "jitdump") {
    into.config.jit_dump_directory = option.value.empty() ? "." : option.value;
  } else if (name == "perf-map") {
    into.config.writes_perf_map = true;
  } else if (name == "verbose") {
    into.is_verbose = true;
  } else if (name == "tier") {
    return set_tier(into, option.value);
  } else if (name == "validate") {
    return set_validation(into, option.value);
  }
  return {};
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// What would provide the modules that programs are known to import and that are not there.
void add_hints(Linker& linker) {
  linker.hint("env",
              "the program was linked with undefined symbols, or made for a browser; build it for the target "
              "wasm32-wasip1");
  linker.hint("wasi", "threads are forbidden by --max-threads 0");
  linker.hint("wbg", "it was made for a browser by wasm-bindgen; build it for the target wasm32-wasip1");
  linker.hint("gojs", "it was built with GOOS=js; build it with GOOS=wasip1 GOARCH=wasm");
  linker.hint("go", "it was built with GOOS=js; build it with GOOS=wasip1 GOARCH=wasm");
}

// What is told when the guest has ended, however it did.
void tell(const Engine& engine, const Store& store, const RunOptions& options) {
  const Statistics statistics = engine.statistics();
  if (options.is_verbose && !statistics.obstacle.empty())
    write_err("note: all functions are interpreted: " + statistics.obstacle + "\n");
  if (options.is_verbose && !statistics.peak_obstacle.empty())
    write_err("note: hot functions are not optimised: " + statistics.peak_obstacle + "\n");
  if (!statistics.cache_remark.empty()) write_err("note: " + printable(statistics.cache_remark) + "\n");
  if (options.prints_statistics) write_err(describe(statistics));
  if (options.prints_statistics && options.config.counts_fuel)
    write_err("fuel: " + std::to_string(options.limits.fuel - store.fuel()) + " used, " +
              std::to_string(store.fuel()) + " left\n");
  const Store::GarbageStatistics garbage = store.garbage_statistics();
  if (options.prints_gc_statistics || (options.prints_statistics && garbage.allocated_bytes != 0))
    write_err(describe(garbage));
}

int report_run_error(const Error& error, const RunOptions& options, const Module* module = nullptr) {
  if (error.kind() == ErrorKind::Exit) return static_cast<int>(error.code() & 0xFF);
  if (error.is_interruption() && options.timeout) {
    write_error("timed out after " + options.timeout_text + " (--timeout)" +
                describe_backtrace(error, module));
    return kExitTimeout;
  }
  return report_module(error, options.file, module);
}

// What is left of a guest that has failed. Yields kExitOk, or an exit status after saying what is wrong.
int dump_core(const GuestCall& call, const Error& error, const RunOptions& options) {
  const bool has_failed = error.kind() == ErrorKind::Trap || error.kind() == ErrorKind::Exhausted ||
                          error.kind() == ErrorKind::Exception;
  if (!options.core_dump || !has_failed) return kExitOk;
  const auto dump = call.instance.core_dump(call.store, error, base_name(options.file));
  if (!dump) return report(dump.error());
  const std::string_view contents(reinterpret_cast<const char*>(dump->data()), dump->size());
  if (const int status = write_file(*options.core_dump, contents); status != kExitOk) return status;
  write_err("note: a core dump was written to " + printable(*options.core_dump) + "\n");
  return kExitOk;
}

// Ends with kExitOk, or with an exit status after saying what is wrong.
int write_profile(Profiler& profiler, const std::string& path) {
  const Profiler::Counts counts = profiler.stop();
  if (const int status = write_file(path, profiler.folded_stacks()); status != kExitOk) return status;
  std::string text = "profile: " + decimal(counts.all) + " samples of 1 ms";
  const auto add = [&](uint64_t count, std::string_view what) {
    if (count != 0) text += ", " + decimal(count) + " " + std::string(what);
  };
  add(counts.in_host, "in host functions");
  add(counts.outside, "outside of the guest");
  add(counts.cut, "with a part of the stack only");
  add(counts.lost, "lost");
  write_err(text + "; stacks in " + printable(path) + "\n");
  return kExitOk;
}

int run_module(const Engine& engine, RunOptions& options) {
  std::optional<Profiler> profiler;
  if (options.profile) {
    auto started = Profiler::start();
    if (!started) return report(started.error(), "--profile");
    profiler.emplace(std::move(*started));
  }
  // What the store's guests use outlives it.
  std::optional<Wasi> wasi;
  std::optional<TlsTrust> trust;
  std::optional<Tls> tls;
  std::optional<ModelRegistry> models;
  std::optional<Nn> nn;
  Linker linker;
  std::optional<Threads> threads;
  Store store(engine, options.limits);
  if (options.timeout)
    if (auto started = store.set_timeout(*options.timeout); !started) return report(started.error());
  auto module = Module::from_file(store, options.file);
  if (!module) return report_run_error(module.error(), options);
  if (!module->remark().empty())
    std::fprintf(stderr, "note: %.*s\n", static_cast<int>(module->remark().size()), module->remark().data());
  // a guest whose output nobody reads gets an error that it can handle, as it would anywhere else
  std::signal(SIGPIPE, SIG_IGN);
  options.wasi.on_denial = [](std::string_view what) { write_err("note: " + printable(what) + "\n"); };
  auto made = Wasi::create(std::move(options.wasi));
  if (!made)
    return made.error().kind() == ErrorKind::Usage ? usage_error(kRun, made.error().message())
                                                   : report(made.error());
  wasi.emplace(std::move(*made));

  linker.define(*wasi);
  if (std::ranges::any_of(kTlsModules, [&](std::string_view name) { return module->imports_from(name); })) {
    auto trusted = TlsTrust::create(std::move(options.tls));
    if (!trusted) return report(trusted.error(), "--tls-ca");
    trust.emplace(std::move(*trusted));
    tls.emplace(*trust, *wasi);
    linker.define(*tls);
  }
  // A guest without models does not pay for them.
  if (!options.nn_preloads.empty() || module->imports_from(kNnModule)) {
    models.emplace(options.nn_registry);
    for (const std::string& preload : options.nn_preloads)
      if (auto added = models->preload(preload); !added) return report(added.error(), "--nn-preload");
    options.nn.files = &*wasi;
    nn.emplace(*models, options.nn);
    linker.define(*nn);
  }
  if (options.max_threads != 0 && Threads::are_wanted_by(*module)) {
    threads.emplace(*module, ThreadsConfig{.max_threads = options.max_threads, .limits = options.limits});
    if (auto defined = linker.define(*threads); !defined) return report(defined.error(), options.file);
  }
  add_hints(linker);

  const auto snapshot = Snapshot::of(*module);
  if (!snapshot) return report_run_error(snapshot.error(), options);
  auto instance = *snapshot ? linker.instantiate(store, **snapshot) : linker.instantiate(store, *module);
  if (!instance) return report_run_error(instance.error(), options, &*module);

  const GuestCall call{store, *module, *instance, options.file, options.arguments, snapshot->has_value()};
  auto status = options.invoke ? invoke_function(call, *options.invoke) : run_command(call);
  int exit_status = status ? *status : report_run_error(status.error(), options, &*module);
  if (!status) (void)dump_core(call, status.error(), options);
  if (profiler) {
    const int written = write_profile(*profiler, *options.profile);
    if (exit_status == kExitOk) exit_status = written;
  }
  tell(engine, store, options);
  return leave(exit_status);
}

int run_run(const Command& self, std::span<char* const> arguments) {
  RunOptions options;
  OptionReader reader(self.options, arguments, OptionOrder::BeforeArguments);
  for (;;) {
    auto option = reader.next();
    if (!option) return usage_error(self, option.error().message);
    if (!*option) break;
    if ((*option)->spec->name == kHelpOption.name) return write_out(help_text(self)) ? kExitOk : kExitError;
    if (auto applied = apply(options, **option); !applied) return usage_error(self, applied.error().message);
  }
  const auto rest = reader.rest();
  if (rest.empty()) return usage_error(self, "no file to run");
  options.file = rest[0];
  options.arguments = rest.subspan(1);
  options.wasi.args.emplace_back(base_name(rest[0]));
  if (!options.invoke) options.wasi.args.insert(options.wasi.args.end(), rest.begin() + 1, rest.end());

  if (const char* wanted = std::getenv("GODWIT_PERF_MAP"); wanted != nullptr && *wanted != 0)
    options.config.writes_perf_map = true;
  auto engine = Engine::create(options.config);
  if (!engine) return report(engine.error());
  return run_module(*engine, options);
}

}  // namespace

constexpr Command kRun{
    .name = "run",
    .summary = "Run a WebAssembly program",
    .arguments = "FILE [arguments of the guest]",
    .details =
        "Options of godwit stand before FILE; everything after it belongs to the guest.\n"
        "A guest sees no files, no environment, no network and no models but those given here.\n"
        "\n"
        "exit status:\n"
        "  the guest's own   it ended by itself\n"
        "  1                 the file cannot be read, is no valid module, or cannot be linked\n"
        "  2                 the command line makes no sense\n"
        "  124               --timeout has passed\n"
        "  134               the guest trapped, or exhausted its stack\n"
        "\n"
        "environment:\n"
        "  GODWIT_PLUGIN_PATH  directories with plug-ins, separated by colons, searched first\n"
        "  GODWIT_PERF_MAP     if not empty, the same as --perf-map\n"
        "  NO_COLOR            no colours\n",
    .examples =
        "  godwit run hello.wasm\n"
        "  godwit run --dir /srv/data::/data:ro --env LANG app.wasm --verbose /data/in.txt\n"
        "  godwit run --allow-net api.example.org:443 --listen 127.0.0.1:8080 server.wasm\n"
        "  godwit run --nn-preload default:GGML:AUTO:model.gguf chat.wasm \"Hello!\"\n"
        "  godwit run --invoke add library.wasm 1 2\n",
    .options = kOptions,
    .run = run_run,
};

}  // namespace godwit::cli
