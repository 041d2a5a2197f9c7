// Many guests on one thread, each with connections that say nothing: what they cost in memory, and that all still answer.
//
//   idle_connections GUEST.wasm GUESTS CONNECTIONS [MOST_MB]
//
// A process of its own plays the clients: it opens the connections, asks once on each, looks at the memory of the server's
// process while nothing happens, asks once more on each, and closes them. Fails if anything is unanswered or, where MOST_MB
// is given, the memory was more.
#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "godwit/godwit.h"

namespace {

using namespace godwit;

struct Plan {
  std::string wasm;
  int guests = 0;
  int connections = 0;  // of each guest
  double most_mb = 0;   // 0: any
};

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "idle_connections: %s\n", why.c_str());
  std::exit(1);
}

// ---- the clients ----

// A line such as "VmRSS:   1234 kB" or "Threads: 1" of the server's process.
long status_of(pid_t process, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name + ":")) return std::atol(line.c_str() + name.size() + 1);
  die("no " + name + " of the server's process");
}

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience = {.tv_sec = 120, .tv_usec = 0};
  if (fd < 0) die("too few descriptors (ulimit -n)");
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) die(std::strerror(errno));
  return fd;
}

void ask_on_each(const std::vector<int>& connections) {
  const std::string request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
  const std::string expected = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
  for (const int fd : connections)
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
      die("a connection takes no request");
  for (const int fd : connections) {
    std::string answer(expected.size(), '\0');
    const ssize_t size = ::recv(fd, answer.data(), answer.size(), MSG_WAITALL);
    if (size != static_cast<ssize_t>(expected.size()) || answer != expected) die("a request is not answered");
  }
}

int play_clients(const Plan& plan, int lines, pid_t server) {
  std::FILE* places = ::fdopen(lines, "r");
  std::vector<int> connections;
  for (int guest = 0; guest < plan.guests; guest++) {
    int number = 0, port = 0;
    if (std::fscanf(places, "%d %d", &number, &port) != 2) die("a guest has not said where it listens");
    for (int i = 0; i < plan.connections; i++) connections.push_back(connect_to(port));
  }
  ask_on_each(connections);
  const double mb = static_cast<double>(status_of(server, "VmRSS")) / 1024;
  const long threads = status_of(server, "Threads");
  ask_on_each(connections);
  std::printf("%zu connections of %d guests, idle: %.0f MB in %ld thread%s; all answered twice\n",
              connections.size(), plan.guests, mb, threads, threads == 1 ? "" : "s");
  std::fflush(stdout);
  for (const int fd : connections) ::close(fd);
  return plan.most_mb != 0 && mb > plan.most_mb ? 1 : 0;
}

// ---- the guests ----

int run_guest(const Plan& plan, const Engine& engine, const Module& module, Scheduler& scheduler, int number,
              int lines) {
  auto wasi = Wasi::create({.args = {"server", std::to_string(number), std::to_string(plan.connections)},
                            .network = {.listen = {"127.0.0.1:0"}},
                            .scheduler = &scheduler,
                            .stdout_fd = lines});
  if (!wasi) die(std::string(wasi.error().message()));
  Linker linker;
  linker.define(*wasi);
  Store store(engine);
  auto instance = linker.instantiate(store, module);
  if (!instance) die(std::string(instance.error().message()));
  auto result = instance->find_func(store, "_start")->call(store, std::span<const Value>());
  if (result) return 0;
  return result.error().kind() == ErrorKind::Exit ? static_cast<int>(result.error().code()) : 1;
}

int run_guests(const Plan& plan, int lines) {
  auto engine = Engine::create();
  auto module = Module::from_file(*engine, plan.wasm);
  if (!module) die(std::string(module.error().message()));
  auto scheduler = Scheduler::create();
  if (!scheduler) die(std::string(scheduler.error().message()));
  int failed = 0;
  for (int number = 0; number < plan.guests; number++) {
    auto spawned = scheduler->spawn(
        [&, number] { failed += run_guest(plan, *engine, *module, *scheduler, number, lines) != 0; });
    if (!spawned) die(std::string(spawned.error().message()));
  }
  if (!scheduler->run()) die("the scheduler does not wait");
  return failed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) die("usage: idle_connections GUEST.wasm GUESTS CONNECTIONS [MOST_MB]");
  const Plan plan = {.wasm = argv[1],
                     .guests = std::atoi(argv[2]),
                     .connections = std::atoi(argv[3]),
                     .most_mb = argc > 4 ? std::atof(argv[4]) : 0};
  rlimit files = {};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  int lines[2];
  if (::pipe(lines) != 0) die("no pipe");
  const pid_t server = ::getpid();
  const pid_t clients = ::fork();
  if (clients == 0) {
    ::close(lines[1]);
    return play_clients(plan, lines[0], server);
  }
  ::close(lines[0]);
  const int failed = run_guests(plan, lines[1]);
  int status = 0;
  ::waitpid(clients, &status, 0);
  if (failed != 0) die(std::to_string(failed) + " guests failed");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
