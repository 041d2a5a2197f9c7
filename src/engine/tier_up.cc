// The queue, the worker, and what is compiled together.
#include "engine/tier_up.h"

#include <algorithm>
#include <chrono>

#include "code/module_code.h"
#include "image/image.h"
#include "peak/libcalls.h"
#include "platform/clock.h"
#include "platform/cpu.h"
#include "platform/plugins.h"
#include "runtime/layout_hash.h"
#include "wasm/instruction.h"

namespace godwit::engine {

namespace {

// LLVM takes a second for some 100 KiB of bodies; nothing of a batch runs before all of it is compiled.
constexpr uint64_t kBatchBytes = uint64_t{32} << 10;
// Functions of this size are compiled with those that call them: calls of register code cost more than they do.
constexpr uint64_t kSmallBodyBytes = uint64_t{2} << 10;
// Of all modules: what is hot in a program has less.
constexpr uint64_t kMostBodyBytes = uint64_t{16} << 20;
constexpr uint64_t kMaxTimeNs = 1'000'000'000;  // of making code faster, for each batch
constexpr size_t kWorkerStackBytes = size_t{8} << 20;
constexpr size_t kTickerStackBytes = size_t{64} << 10;

// Compiling takes no more of the process's time than one part in so many: who ends before that has not paid for code that
// hardly ran.
constexpr uint64_t kCompilingShare = 4;
// What LLVM is expected to take: for whatever it is, and for each byte of a body.
constexpr uint64_t kLeastNs = 25'000'000;
constexpr uint64_t kNsPerByte = 60'000;

uint64_t expected_ns(const runtime::Module& module, const code::HotPlace& place) {
  const uint64_t bytes = module.declarations.bodies[place.defined].range.size;
  const bool is_loop = place.loop != code::HotPlace::kNoLoop;  // loops around it are translated twice
  return kLeastNs + kNsPerByte * (is_loop ? bytes + bytes / 2 : bytes);
}

}  // namespace

TierUp::~TierUp() {
  const std::lock_guard lock(mutex_);
  stops_ = true;
  cancel_.store(1, std::memory_order_relaxed);
  is_wanted_.notify_all();
  ticks_.notify_all();
}

bool TierUp::is_there() {
  std::call_once(has_looked_, [this] {
    auto found = Compiler::find(platform::plugin_directories());
    if (found) return is_there_.store(true, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    obstacle_ = found.error().message();
  });
  return is_there_.load(std::memory_order_relaxed);
}

std::string TierUp::obstacle() {
  (void)is_there();
  const std::lock_guard lock(mutex_);
  return obstacle_;
}

code::Look* TierUp::look() {
  std::call_once(has_ticker_, [this] {
    const std::lock_guard lock(mutex_);
    if (stops_) return;
    auto started = platform::Thread::start([this] { tick(); }, kTickerStackBytes);
    if (started) ticker_ = std::move(*started);
    else obstacle_ = started.error().message();
  });
  return &look_;
}

// Asks where the process's time goes, and seldom while it takes none.
void TierUp::tick() {
  using std::chrono::nanoseconds;
  constexpr uint64_t kMostNs = 16 * code::kLookEveryNs;
  uint64_t wait_ns = code::kLookEveryNs;
  uint64_t used_ns = platform::now_ns(platform::Clock::ProcessCpu);
  std::unique_lock lock(mutex_);
  while (!ticks_.wait_for(lock, nanoseconds(wait_ns), [this] { return stops_; })) {
    const uint64_t now_ns = platform::now_ns(platform::Clock::ProcessCpu);
    const bool is_idle = now_ns - used_ns < code::kLookEveryNs / 2;
    wait_ns = is_idle ? std::min(2 * wait_ns, kMostNs) : code::kLookEveryNs;
    if (is_idle) continue;
    used_ns = now_ns;
    look_.ask();
  }
}

bool TierUp::improve(code::ModuleCode& code, const runtime::Module& module, const code::HotPlace& place,
                     uint64_t run_ns) {
  const uint64_t used_ns = platform::now_ns(platform::Clock::ProcessCpu);
  const std::lock_guard lock(mutex_);
  if (stops_ || !is_there_.load(std::memory_order_relaxed) || body_bytes_ > kMostBodyBytes) return true;
  const uint64_t expected = expected_ns(module, place);
  if (expected > run_ns || kCompilingShare * (compiling_ns_ + expected) > used_ns) return false;
  compiling_ns_ += expected;
  queue_.push_back({&code, &module, place, expected});
  if (!is_started_) {
    is_started_ = true;
    if (auto started = platform::Thread::start([this] { work(); }, kWorkerStackBytes)) {
      worker_ = std::move(*started);
    } else {
      is_there_.store(false, std::memory_order_relaxed);
      obstacle_ = started.error().message();
    }
  }
  is_wanted_.notify_one();
  return true;
}

std::string TierUp::cache_remark() {
  const std::lock_guard lock(mutex_);
  return cache_remark_;
}

void TierUp::forget(code::ModuleCode& code) {
  const std::lock_guard lock(mutex_);
  cached_.erase(&code);
  std::erase_if(queue_, [&](const Request& request) {
    if (request.code != &code) return false;
    compiling_ns_ -= request.expected_ns;
    return true;
  });
  if (code_in_work_ != &code) return;
  code_in_work_ = nullptr;
  cancel_.store(1, std::memory_order_relaxed);
}

void TierUp::work() {
  for (;;) {
    Batch batch;
    {
      std::unique_lock lock(mutex_);
      is_wanted_.wait(lock, [this] { return stops_ || !queue_.empty(); });
      if (stops_) return;
      batch = take_batch();
      code_in_work_ = batch.code;
      cancel_.store(0, std::memory_order_relaxed);
      body_bytes_ += batch.body_bytes;
    }
    const uint64_t begin = platform::now_ns(platform::Clock::ThreadCpu);
    compile(batch);
    const uint64_t taken = platform::now_ns(platform::Clock::ThreadCpu) - begin;
    const std::lock_guard lock(mutex_);
    compiling_ns_ += taken;
    compiling_ns_ -= std::min(compiling_ns_, batch.expected_ns);
  }
}

// With the lock: the module is there.
TierUp::Batch TierUp::take_batch() {
  Batch batch;
  batch.code = queue_.front().code;
  batch.module = queue_.front().module;
  batch.storage = batch.module->declarations.storage;
  batch.bytes = batch.module->declarations.bytes;
  batch.is_wanted.resize(batch.module->declarations.bodies.size());
  for (auto request = queue_.begin(); request != queue_.end();) {
    const bool has_room = batch.places.empty() || batch.body_bytes < kBatchBytes;
    if (request->code != batch.code || !has_room) {
      ++request;
      continue;
    }
    const code::HotPlace place = request->place;
    batch.places.push_back(place);
    batch.expected_ns += request->expected_ns;
    if (place.loop != code::HotPlace::kNoLoop) {
      batch.loops.push_back({place.defined, place.loop});
      batch.body_bytes += batch.module->declarations.bodies[place.defined].range.size;
    } else {
      add_function(batch, place.defined);
    }
    request = queue_.erase(request);
  }
  for (size_t i = 0; i < batch.places.size(); ++i) add_callees(batch, batch.places[i].defined);
  return batch;
}

void TierUp::add_function(Batch& batch, uint32_t defined) const {
  if (batch.is_wanted[defined] != 0) return;
  batch.is_wanted[defined] = 1;
  batch.body_bytes += batch.module->declarations.bodies[defined].range.size;
}

void TierUp::add_callees(Batch& batch, uint32_t defined) const {
  const wasm::Module& module = batch.module->declarations;
  wasm::InstructionReader reader(module, module.bodies[defined].range, options_.features);
  if (!reader.locals()) return;
  wasm::Instruction in;
  while (!reader.at_end() && reader.next(in)) {
    if (in.op != wasm::Opcode::call || in.index < module.imported_funcs) continue;
    const uint32_t callee = in.index - module.imported_funcs;
    const uint64_t size = module.bodies[callee].range.size;
    if (size > kSmallBodyBytes || batch.body_bytes + size > kBatchBytes || batch.is_wanted[callee] != 0 ||
        !batch.code->is_called_often(callee))
      continue;
    add_function(batch, callee);
    batch.places.push_back({callee});
  }
}

bool TierUp::load_compiler() {
  if (compiler_) return true;
  auto loaded = Compiler::load(platform::plugin_directories());
  if (loaded) {
    compiler_ = *loaded;
    return true;
  }
  const std::lock_guard lock(mutex_);
  is_there_.store(false, std::memory_order_relaxed);
  obstacle_ = loaded.error().message();
  queue_.clear();
  code_in_work_ = nullptr;
  return false;
}

void TierUp::compile(Batch& batch) {
  if (cache_) look_up(batch);
  if (batch.places.empty() || !load_compiler()) return;
  code::EffortMeter meter(effort_, options_.measures_time);
  std::vector<uint32_t> refused;
  auto image = compiler_->compile(batch.bytes,
                                  {.features = options_.features,
                                   .is_wanted = batch.is_wanted,
                                   .loops = batch.loops,
                                   .max_time_ns = kMaxTimeNs,
                                   .counts_fuel = options_.counts_fuel,
                                   .left_out =
                                       [&](uint32_t defined, std::string_view why) {
                                         refused.push_back(defined);
                                         left_out_.add(why);
                                       }},
                                  Interrupt(cancel_));
  if (!image) {
    const std::lock_guard lock(mutex_);
    if (code_in_work_ != batch.code) return;  // forgotten meanwhile
    left_out_.add(image.error().message());
    for (const code::HotPlace& place : batch.places) batch.code->refuse(place.defined);
    code_in_work_ = nullptr;
    return;
  }
  if (cache_) keep(batch, *image, refused);  // first: the guest may end as soon as it has the code
  const std::lock_guard lock(mutex_);
  if (code_in_work_ != batch.code) return;
  for (const uint32_t defined : refused) batch.code->refuse(defined);
  install(*batch.code, *batch.module, std::move(*image), meter);
  code_in_work_ = nullptr;
}

// False: it does not fit, and never will.
bool TierUp::install(code::ModuleCode& code, const runtime::Module& module, std::vector<uint8_t> image,
                     code::EffortMeter& meter) {
  const size_t image_bytes = image.size();
  auto loaded = peak::CompiledModule::load(map_, module, peak::OwnedImage(std::move(image)),
                                           runtime::layout_of_code(options_.counts_fuel));
  if (!loaded) {
    left_out_.add(loaded.error().message());
    return false;
  }
  peak::install_fault_landing();
  meter.done((*loaded)->function_count(), image_bytes);
  const std::vector<code::HotPlace> places = (*loaded)->places();
  code.install(std::move(*loaded), places);
  look_.ask();  // loops that run go over at once
  return true;
}

// --- The cache --------------------------------------------------------------------------------------------------------

// All that code depends on beside its module.
const std::string& TierUp::build() {
  std::call_once(has_build_, [this] {
    build_ = "godwit " + std::to_string(runtime::layout_of_code(options_.counts_fuel)) + " " +
             std::to_string(image::kMagic) + " features " + std::to_string(options_.features.bits()) +
             " cpu " + platform::cpu_identity();
    const auto path = Compiler::find(platform::plugin_directories());
    if (!path) return;
    const auto plugin = platform::identity_of(*path);
    if (!plugin) return;  // too new to be known: then its code is found by those of the next build only
    build_ += " compiler " + std::to_string(plugin->size_bytes) + " " + std::to_string(plugin->mtime_ns);
  });
  return build_;
}

void TierUp::adopt(code::ModuleCode& code, const runtime::Module& module,
                   const std::optional<platform::FileIdentity>& file) {
  if (!cache_) return;
  Cached cached{.file = file};
  std::string remark;
  if (const auto known = file ? cache_->recall(*file) : std::nullopt) {
    cached.key = ImageCache::key_of(*known, build());
    install_cached(code, module, cached, cache_->load(*cached.key, remark));
  }
  const std::lock_guard lock(mutex_);
  cached_.insert_or_assign(&code, cached);
  if (!remark.empty()) cache_remark_ = std::move(remark);
}

void TierUp::install_cached(code::ModuleCode& code, const runtime::Module& module, Cached& cached,
                            std::vector<ImageCache::Record> records) {
  for (ImageCache::Record& record : records) {
    ++cached.next_record;
    code::EffortMeter meter(effort_, options_.measures_time);
    if (!install(code, module, std::move(record.image), meter)) continue;
    for (const uint32_t defined : record.refused)
      if (defined < module.declarations.bodies.size()) code.refuse(defined);
  }
}

// The module's bytes are looked at when something of it is hot, and not before. What is found need not be compiled.
void TierUp::look_up(Batch& batch) {
  std::optional<platform::FileIdentity> file;
  {
    const std::lock_guard lock(mutex_);
    const auto cached = cached_.find(batch.code);
    if (cached == cached_.end() || cached->second.key) return;
    file = cached->second.file;
  }
  Sha256 hash;
  hash.update(batch.bytes);
  const Digest module = hash.finish();
  const Digest key = ImageCache::key_of(module, build());
  std::string remark;
  std::vector<ImageCache::Record> records = cache_->load(key, remark);
  if (file) cache_->remember(*file, module);
  const std::lock_guard lock(mutex_);
  if (!remark.empty()) cache_remark_ = std::move(remark);
  if (code_in_work_ != batch.code) return batch.places.clear();
  Cached& cached = cached_[batch.code];
  cached.key = key;
  install_cached(*batch.code, *batch.module, cached, std::move(records));
  if (cached.next_record == 0) return;
  std::erase_if(batch.places, [&](const code::HotPlace& place) { return batch.code->has_code(place); });
  if (batch.places.empty()) code_in_work_ = nullptr;
}

void TierUp::keep(const Batch& batch, Bytes image, std::span<const uint32_t> refused) {
  Digest key;
  uint32_t number;
  {
    const std::lock_guard lock(mutex_);
    const auto cached = cached_.find(batch.code);
    if (cached == cached_.end() || !cached->second.key) return;
    key = *cached->second.key;
    number = cached->second.next_record++;
  }
  cache_->store(key, number, image, refused);
}

}  // namespace godwit::engine
