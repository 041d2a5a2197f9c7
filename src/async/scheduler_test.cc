// Tests of the scheduler, and of the waits of platform on its fibers.
#include "async/scheduler.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "platform/fs_file.h"
#include "platform/net_socket.h"

namespace godwit::async {
namespace {

namespace fs = platform::fs;

constexpr uint64_t kMillisecond_ns = 1'000'000;

class SchedulerTest : public testing::Test {
 protected:
  void SetUp() override { scheduler_ = std::move(*Scheduler::create()); }
  fs::WaitMode mode(fs::StopWord stop = {}) { return {.stop = stop, .parker = scheduler_.get()}; }
  void sleep(uint64_t time_ns) { EXPECT_EQ(fs::wait_for({}, time_ns, mode()), 0u); }
  void spawn(std::function<void()> function) { ASSERT_TRUE(scheduler_->spawn(std::move(function))); }
  void run() { ASSERT_TRUE(scheduler_->run()); }

  struct Pipe {
    Pipe() {
      int ends[2];
      EXPECT_EQ(::pipe(ends), 0);
      out = fs::FileHandle(ends[0]);
      in = fs::FileHandle(ends[1]);
    }
    fs::FileHandle out, in;
  };
  std::string read(const Pipe& pipe) {
    char text[100];
    const fs::IoVector piece = {text, sizeof text};
    const auto size = fs::read(pipe.out.get(), {&piece, 1}, fs::FileKind::Fifo, fs::Blocking::Wait, mode());
    EXPECT_TRUE(size);
    return std::string(text, size.value_or(0));
  }

  std::unique_ptr<Scheduler> scheduler_;
  std::string trace_;
};

TEST_F(SchedulerTest, TakesTurns) {
  for (const char name : {'a', 'b', 'c'})
    spawn([this, name] {
      for (int i = 0; i < 3; i++) {
        trace_ += name;
        scheduler_->yield();
      }
    });
  EXPECT_EQ(scheduler_->size(), 3u);
  run();
  EXPECT_EQ(trace_, "abcabcabc");
  EXPECT_EQ(scheduler_->size(), 0u);
  run();  // nothing to do
}

TEST_F(SchedulerTest, WakesSleepersInTheOrderOfTheirTimes) {
  for (const int name : {3, 1, 2})
    spawn([this, name] {
      sleep(static_cast<uint64_t>(name) * 20 * kMillisecond_ns);
      trace_ += std::to_string(name);
    });
  const auto began = std::chrono::steady_clock::now();
  run();
  EXPECT_EQ(trace_, "123");
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_GE(took, std::chrono::milliseconds(60));
  EXPECT_LT(took, std::chrono::seconds(10)) << "they sleep at the same time";
}

TEST_F(SchedulerTest, ParksReadersUntilThereIsSomething) {
  Pipe pipe;
  spawn([&] {
    trace_ += "r";
    trace_ += read(pipe);
  });
  spawn([&] {
    trace_ += "w";
    sleep(5 * kMillisecond_ns);
    EXPECT_EQ(::write(pipe.in.get(), "data", 4), 4);
  });
  run();
  EXPECT_EQ(trace_, "rwdata");
}

TEST_F(SchedulerTest, LetsSeveralWaitForOneFile) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  const fs::FileHandle one(pair[0]), other(pair[1]);
  spawn([&] {
    fs::Waited file = {.fd = one.get(), .wants_read = true};
    EXPECT_EQ(fs::wait_for({&file, 1}, fs::kForever, mode()), 1u);
    trace_ += "r";
  });
  spawn([&] {
    fs::Waited both[] = {{.fd = one.get(), .wants_read = true}, {.fd = one.get()}};
    EXPECT_EQ(fs::wait_for(both, fs::kForever, mode()), 1u);
    EXPECT_TRUE(both[1].is_ready);
    trace_ += "w";
  });
  spawn([&] {
    sleep(kMillisecond_ns);
    EXPECT_EQ(::write(other.get(), "x", 1), 1);
  });
  run();
  EXPECT_EQ(trace_, "wr");
}

TEST_F(SchedulerTest, EndsWaitsThatTakeTooLong) {
  Pipe pipe;
  spawn([&] { EXPECT_EQ(fs::wait_readable(pipe.out.get(), mode(), 5 * kMillisecond_ns).error(), EAGAIN); });
  spawn([&] { EXPECT_EQ(fs::wait_readable(pipe.out.get(), mode(), 0).error(), EAGAIN); });
  run();
}

TEST_F(SchedulerTest, EndsWaitsThatAreCalledOff) {
  Pipe pipe;
  std::atomic<uint64_t> word = 0;
  spawn([&] { EXPECT_EQ(fs::wait_readable(pipe.out.get(), mode(fs::StopWord(&word))).error(), EINTR); });
  spawn([&] {
    sleep(5 * kMillisecond_ns);
    word = 1;
  });
  run();
}

TEST_F(SchedulerTest, TellsWhatCannotBeWaitedFor) {
  const fs::FileHandle regular(::open("/proc/self/exe", O_RDONLY));
  spawn([&] {
    fs::Waited files[] = {{.fd = regular.get(), .wants_read = true}, {.fd = 9999, .wants_read = true}};
    EXPECT_EQ(fs::wait_for(files, fs::kForever, mode()), 2u);
    EXPECT_TRUE(files[1].is_invalid);
  });
  Pipe pipe;
  pipe.in.reset();
  spawn([&] {
    fs::Waited file = {.fd = pipe.out.get(), .wants_read = true};
    EXPECT_EQ(fs::wait_for({&file, 1}, fs::kForever, mode()), 1u);
    EXPECT_TRUE(file.is_hung_up);
  });
  run();
}

TEST_F(SchedulerTest, WaitsAsAThreadOutsideOfItsFibers) {
  Pipe pipe;
  ASSERT_EQ(::write(pipe.in.get(), "x", 1), 1);
  EXPECT_EQ(read(pipe), "x");
  sleep(kMillisecond_ns);
  // also while fibers run, on another thread
  spawn([&] {
    std::thread other([&] { sleep(kMillisecond_ns); });
    other.join();
  });
  run();
}

TEST_F(SchedulerTest, DoesNotStarveOthersForWhoPolls) {
  bool done = false;
  spawn([&] {
    for (int i = 0; i < 1'000'000 && !done; i++) EXPECT_EQ(fs::wait_for({}, 0, mode()), 0u);
    EXPECT_TRUE(done);
  });
  spawn([&] {
    sleep(kMillisecond_ns);
    done = true;
  });
  run();
}

TEST_F(SchedulerTest, ServesManyConnections) {
  constexpr int kConnections = 200, kRounds = 20;
  int total = 0;
  std::vector<fs::FileHandle> ends;
  for (int i = 0; i < kConnections; i++) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    for (const int fd : pair) ends.emplace_back(fd);
    auto exchange = [this, &total](int fd, bool begins) {
      for (int round = 0; round < kRounds; round++) {
        char byte = 'x';
        for (const bool sends : {begins, !begins}) {
          fs::IoVector piece = {&byte, 1};
          if (sends) EXPECT_EQ(platform::net::send(fd, {&piece, 1}, {}, mode()), 1u);
          else EXPECT_EQ(platform::net::receive(fd, {&piece, 1}, {}, mode())->size_bytes, 1u);
        }
        total++;
      }
    };
    spawn([=] { exchange(pair[0], true); });
    spawn([=] { exchange(pair[1], false); });
  }
  run();
  EXPECT_EQ(total, 2 * kConnections * kRounds);
}

TEST_F(SchedulerTest, UsesStacksAgain) {
  StackPool pool(64 << 10, 1);
  auto first = std::move(*pool.take());
  auto second = std::move(*pool.take());
  auto* const kept = first.get();
  pool.give_back(std::move(first));
  pool.give_back(std::move(second));
  EXPECT_EQ(pool.idle(), 1u) << "no more than it shall keep";
  EXPECT_EQ(pool.take()->get(), kept);
  for (int i = 0; i < 10000; i++) {
    spawn([] {});
    if (i % 100 == 99) run();
  }
}

}  // namespace
}  // namespace godwit::async
