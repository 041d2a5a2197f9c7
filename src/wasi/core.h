// Core: what the interfaces of WASI share for one guest.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "platform/fs_wait.h"
#include "platform/net_virtual.h"
#include "wasi/denials.h"
#include "wasi/descriptor.h"
#include "wasi/network.h"

namespace godwit::wasi {

struct Core {
  std::vector<std::string> args;
  std::vector<std::string> env;  // "NAME=value"
  DescriptorTable descriptors;
  std::unique_ptr<Denials> denials;
  // Whether the guest has looked for directories and was given none. C libraries look for those that a path lies in by
  // themselves: a path outside of all of them never comes here.
  std::atomic<bool> lacks_directories = false;
  std::unique_ptr<Network> network;        // tells `denials`
  platform::fs::Parker* parker = nullptr;  // who waits in the place of the guest's thread; null: that does
  platform::net::VirtualHosts* virtual_hosts = nullptr;  // null: there are none
};

}  // namespace godwit::wasi
