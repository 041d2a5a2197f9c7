// Server: listeners and threads.
#include "net/server.h"

#include <cerrno>
#include <cstring>
#include <thread>

#include "net/connection.h"
#include "net/reactor.h"
#include "platform/net_server.h"
#include "platform/thread.h"

namespace godwit::net {
namespace {

// Fibers have stacks of their own; a thread's runs the scheduler.
constexpr size_t kThreadStackBytes = size_t{256} << 10;
constexpr uint32_t kBacklog = 4096;
constexpr uint32_t kMostThreads = 256;

}  // namespace

Result<std::unique_ptr<Server>> Server::create(const ServerConfig& config) {
  ServerConfig complete = config;
  if (complete.threads == 0) complete.threads = std::max(1u, std::thread::hardware_concurrency());
  complete.threads = std::min(complete.threads, kMostThreads);
  return std::unique_ptr<Server>(new Server(complete));
}

Server::Server(const ServerConfig& config) : config_(config) {
  for (uint32_t i = 0; i < config.threads; i++) reactors_.push_back(std::make_unique<Reactor>(*this, i));
}

Server::~Server() = default;

uint32_t Server::threads() const { return config_.threads; }

Result<platform::net::Address> Server::listen(const platform::net::Address& address, Handler& handler,
                                              Acceptor* acceptor) {
  auto listener = std::make_unique<Listener>();
  listener->handler = &handler;
  listener->acceptor = acceptor;
  listener->sockets.resize(config_.threads);
  platform::net::Address bound = address;
  if (const auto listening = platform::net::listen_together(bound, listener->sockets, kBacklog); !listening) {
    const int error = listening.error();
    return fail(Error(ErrorKind::Io, static_cast<uint32_t>(error),
                      "cannot listen at " + platform::net::to_text(address) + ": " + std::strerror(error)));
  }
  listeners_.push_back(std::move(listener));
  return bound;
}

Result<> Server::run() {
  std::vector<Result<>> outcomes(config_.threads);
  {
    std::vector<platform::Thread> threads;
    for (uint32_t i = 1; i < config_.threads; i++) {
      auto thread = platform::Thread::start([this, i, &outcomes] { outcomes[i] = reactors_[i]->run(); },
                                            kThreadStackBytes);
      if (!thread) {
        stop();
        return fail(std::move(thread).error());
      }
      threads.push_back(std::move(*thread));
    }
    outcomes[0] = reactors_[0]->run();
    if (!outcomes[0]) stop();
  }
  for (Result<>& outcome : outcomes) TRY(std::move(outcome));
  return {};
}

}  // namespace godwit::net
