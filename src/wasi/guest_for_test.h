// A guest for tests: a memory, a context, and a Wasi over a directory of its own; functions of P1 are called directly.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/fs_file.h"
#include "wasi/recorded_for_test.h"
#include "wasi/wasi.h"

namespace godwit::wasi {

// Addresses are handed out from the front of the memory and never reused.
class TestGuest {
 public:
  static constexpr uint32_t kMemoryBytes = 1 << 20;

  TestGuest() : bytes_(kMemoryBytes) {
    memory_.base = bytes_.data();
    memory_.size_bytes = kMemoryBytes;
    context_.memory0 = &memory_;
    context_.store = &store_;
  }

  host::GuestMemory memory() { return host::GuestMemory(&memory_); }
  Caller caller() { return Caller(&context_); }
  runtime::VmStore& store() { return store_; }

  uint32_t reserve(uint32_t size) {
    const uint32_t at = next_;
    next_ += size;
    EXPECT_LE(next_, kMemoryBytes);
    return at;
  }
  template <class T>
  GuestPtr<T> ptr() {
    return {memory(), reserve(sizeof(T))};
  }
  GuestString text(std::string_view value) {
    const uint32_t at = reserve(static_cast<uint32_t>(value.size()));
    std::memcpy(bytes_.data() + at, value.data(), value.size());
    return {memory(), at, static_cast<uint32_t>(value.size())};
  }
  GuestSpan<uint8_t> buffer(uint32_t size) { return {memory(), reserve(size), size}; }
  // One iovec that covers `size` bytes at `at`.
  GuestSpan<Iovec> iovec(uint32_t at, uint32_t size) {
    auto one = ptr<Iovec>();
    EXPECT_TRUE(one.write({at, size}));
    return {memory(), one.address(), 1};
  }
  std::string_view view(uint32_t at, uint32_t size) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + at, size};
  }
  uint8_t* data() { return bytes_.data(); }

 private:
  std::vector<uint8_t> bytes_;
  uint32_t next_ = 1;  // so that nothing is aligned by accident
  runtime::VmMemory memory_{};
  runtime::VmStore store_{};
  runtime::VmContext context_{};
};

// The tests' fixture:
//   3 "/"      <temporary>/root     read and write
//   4 "ro"     <temporary>/root/ro  read-only
class WasiTest : public testing::Test {
 protected:
  static constexpr uint32_t kRoot = 3, kReadOnly = 4;
  static constexpr uint64_t kReadWrite = right::kFdRead | right::kFdWrite;

  void SetUp() override {
    platform::fs::ignore_broken_pipes();
    std::string name = testing::TempDir() + "wasi-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    top_ = name;
    std::filesystem::create_directories(root() / "ro" / "sub");
    std::ofstream(root() / "ro" / "file") << "read only";
    std::ofstream(root() / "ro" / "sub" / "file") << "deep";
    std::ofstream(top_ / "secret") << "secret";
    make({});
  }
  void TearDown() override {
    wasi_.reset();
    std::filesystem::remove_all(top_);
  }

  void make(Config config) {
    if (config.preopens.empty())
      config.preopens = {{"/", root().string(), Permission::ReadWrite},
                         {"ro", (root() / "ro").string(), Permission::ReadOnly}};
    auto wasi = Wasi::create(std::move(config));
    ASSERT_TRUE(wasi) << wasi.error().message();
    wasi_ = std::move(*wasi);
    p1_.emplace(wasi_->p1());
    p0_.emplace(wasi_->p0());
    sock_v1_.emplace(wasi_->sock_v1());
  }
  std::filesystem::path root() const { return top_ / "root"; }
  RecordedP1& p1() { return *p1_; }
  RecordedP0& p0() { return *p0_; }
  RecordedSockV1& sock_v1() { return *sock_v1_; }

  struct Opened {
    Errno error;
    uint32_t fd;
  };
  Opened open(uint32_t dir, std::string_view path, uint32_t oflags = 0, uint64_t rights = right::kFdRead,
              uint32_t fdflags = 0, uint32_t lookup = lookup_flag::kSymlinkFollow) {
    auto fd = guest_.ptr<uint32_t>();
    const Errno error =
        p1().path_open(dir, lookup, guest_.text(path), oflags, rights, ~uint64_t{0}, fdflags, fd);
    return {error, error == Errno::Success ? *fd.read() : ~uint32_t{0}};
  }
  Errno write(uint32_t fd, std::string_view text) {
    auto at = guest_.text(text);
    auto size = guest_.ptr<Size>();
    Caller caller = guest_.caller();
    const Errno error = p1().fd_write(caller, fd, guest_.iovec(at.address(), at.size()), size);
    if (error == Errno::Success) EXPECT_EQ(*size.read(), text.size());
    return error;
  }
  // What can be read at once, or "!" and the error.
  std::string read(uint32_t fd) {
    auto room = guest_.buffer(100);
    auto size = guest_.ptr<Size>();
    Caller caller = guest_.caller();
    const Errno error = p1().fd_read(caller, fd, guest_.iovec(room.address(), room.size()), size);
    if (error != Errno::Success) return "!" + std::string(to_string(error));
    return std::string(guest_.view(room.address(), *size.read()));
  }
  FdStat fdstat(uint32_t fd) {
    auto stat = guest_.ptr<FdStat>();
    EXPECT_EQ(p1().fd_fdstat_get(fd, stat), Errno::Success);
    return *stat.read();
  }

  std::filesystem::path top_;
  TestGuest guest_;
  std::unique_ptr<Wasi> wasi_;
  std::optional<RecordedP1> p1_;
  std::optional<RecordedP0> p0_;
  std::optional<RecordedSockV1> sock_v1_;
};

// So that a failed expectation names the error.
inline void PrintTo(Errno number, std::ostream* out) { *out << to_string(number); }

}  // namespace godwit::wasi
