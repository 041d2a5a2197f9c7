// Each record is one write, so that a process that ends early has told all it made.
#include "platform/jit_dump.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "platform/clock.h"
#include "platform/memory_map.h"

namespace godwit::platform {
namespace {

constexpr uint32_t kMagic = 0x4A695444, kVersion = 1, kHeaderBytes = 40;
constexpr uint32_t kCodeRecord = 0, kLinesRecord = 2;
#if defined(__x86_64__)
constexpr uint32_t kMachine = EM_X86_64;
#else
constexpr uint32_t kMachine = EM_AARCH64;
#endif

class Record final {
 public:
  explicit Record(uint32_t kind) {
    add(kind);
    add(uint32_t{0});  // the size, when it is known
    add(now_ns(Clock::Monotonic));
  }
  template <class T>
  Record& add(T number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
    return *this;
  }
  Record& add_text(std::string_view text) {
    bytes_ += text.substr(0, text.find('\0'));
    bytes_ += '\0';
    return *this;
  }
  Record& add_bytes(const uint8_t* bytes, size_t size) {
    bytes_.append(reinterpret_cast<const char*>(bytes), size);
    return *this;
  }
  void write(int file) {
    const auto size = static_cast<uint32_t>(bytes_.size());
    std::memcpy(bytes_.data() + sizeof(uint32_t), &size, sizeof size);
    if (::write(file, bytes_.data(), bytes_.size()) < 0) return;
  }

 private:
  std::string bytes_;
};

uint64_t number_of(const uint8_t* address) { return reinterpret_cast<uintptr_t>(address); }

}  // namespace

Result<JitDump> JitDump::create(const std::string& directory) {
  const std::string path = directory + "/jit-" + std::to_string(::getpid()) + ".dump";
  const auto refuse = [&](const char* what) {
    const int code = errno;
    return fail(Error(ErrorKind::Io, static_cast<uint32_t>(code), path + ": " + what + std::strerror(code)));
  };
  JitDump dump;
  // an old file of a process with the same number; what others may have put there is neither followed nor written to
  ::unlink(path.c_str());
  dump.file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC, 0600);
  if (dump.file_ < 0) return refuse("");
  std::string header;
  const auto add = [&header](auto number) {
    header.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  for (const uint32_t number :
       {kMagic, kVersion, kHeaderBytes, kMachine, uint32_t{0}, static_cast<uint32_t>(::getpid())})
    add(number);
  add(now_ns(Clock::Monotonic));
  add(uint64_t{0});
  if (::write(dump.file_, header.data(), header.size()) < 0) return refuse("");
  dump.marker_bytes_ = page_size();
  void* const marker = ::mmap(nullptr, dump.marker_bytes_, PROT_READ | PROT_EXEC, MAP_PRIVATE, dump.file_, 0);
  if (marker == MAP_FAILED) return refuse("perf finds the file by its mapping: ");
  dump.marker_ = marker;
  return dump;
}

JitDump::JitDump(JitDump&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      marker_(std::exchange(other.marker_, nullptr)),
      marker_bytes_(other.marker_bytes_),
      next_number_(other.next_number_) {}

JitDump::~JitDump() {
  if (marker_) ::munmap(marker_, marker_bytes_);
  if (file_ >= 0) ::close(file_);
}

void JitDump::add(const uint8_t* code, size_t size_bytes, std::string_view name,
                  std::span<const Line> lines) {
  const std::lock_guard lock(mutex_);
  if (!lines.empty()) {
    Record record(kLinesRecord);
    record.add(number_of(code)).add(uint64_t{lines.size()});
    std::string_view file;
    for (const Line& line : lines) {
      record.add(number_of(line.begin)).add(line.line).add(uint32_t{0});
      // the same as before has a sign of its own
      record.add_text(!file.empty() && line.file == file ? std::string_view("\xFF") : line.file);
      file = line.file;
    }
    record.write(file_);
  }
  Record record(kCodeRecord);
  record.add(static_cast<uint32_t>(::getpid())).add(static_cast<uint32_t>(::syscall(SYS_gettid)));
  record.add(number_of(code)).add(number_of(code)).add(uint64_t{size_bytes}).add(next_number_++);
  record.add_text(name).add_bytes(code, size_bytes).write(file_);
}

}  // namespace godwit::platform
