// WAV files, and other rates than 16 kHz.
#include "audio.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>
#include <span>
#include <string>

namespace godwit::whisper {
namespace {

using Bytes = std::span<const uint8_t>;

// Samples are from -1 to 1; beyond this, sums of their squares would be no numbers any more.
constexpr float kLoudest = 65536;

template <class T>
T at(Bytes bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::unexpected<tensors::Failure> wrong(const std::string& text) {
  return fail(GODWIT_NN_INVALID_ARGUMENT, "the audio: " + text);
}

std::unexpected<tensors::Failure> too_long() {
  return fail(GODWIT_NN_TOO_LARGE, "the audio is longer than two hours: give it in pieces");
}

Result<> check_samples(std::span<const float> samples) {
  for (size_t i = 0; i < samples.size(); ++i)
    if (!(std::abs(samples[i]) <= kLoudest))
      return wrong("sample " + std::to_string(i) + " is no number from -1 to 1");
  return {};
}

struct Wav {
  uint32_t rate;
  size_t channels;
  size_t sample_bytes;
  bool is_float;
  Bytes data;
};

constexpr uint16_t kWhole = 1, kFloat = 3, kExtensible = 0xfffe;

Result<> read_format(Bytes chunk, Wav& wav) {
  constexpr size_t kShort = 16, kSubformat = 24;
  if (chunk.size() < kShort) return wrong("the WAV file's format is cut off");
  uint16_t kind = at<uint16_t>(chunk, 0);
  if (kind == kExtensible && chunk.size() >= kSubformat + 2) kind = at<uint16_t>(chunk, kSubformat);
  wav.channels = at<uint16_t>(chunk, 2);
  wav.rate = at<uint32_t>(chunk, 4);
  const uint16_t bits = at<uint16_t>(chunk, 14);
  wav.is_float = kind == kFloat;
  wav.sample_bytes = bits / 8u;
  const bool is_known =
      kind == kFloat ? bits == 32 : kind == kWhole && bits % 8 == 0 && bits >= 8 && bits <= 32;
  if (!is_known)
    return wrong("WAV of format " + std::to_string(kind) + " with " + std::to_string(bits) +
                 " bits is not read: 8, 16, 24 or 32 bits, or 32 of floating point");
  if (wav.channels < 1 || wav.channels > 8)
    return wrong(std::to_string(wav.channels) + " channels, not 1 to 8");
  if (wav.rate < 1000 || wav.rate > 384000)
    return wrong(std::to_string(wav.rate) + " samples a second, not 1000 to 384000");
  return {};
}

Result<Wav> parse(Bytes file) {
  constexpr size_t kHeader = 12, kChunkHeader = 8;
  const auto says = [&](size_t offset, const char* word) {
    return file.size() >= offset + 4 && std::memcmp(file.data() + offset, word, 4) == 0;
  };
  if (!says(0, "RIFF") || !says(8, "WAVE"))
    return wrong("neither samples of f32 nor a WAV file (other formats are not read)");
  Wav wav{};
  for (size_t offset = kHeader; file.size() - offset >= kChunkHeader;) {
    const size_t rest = file.size() - offset - kChunkHeader;
    const size_t said = at<uint32_t>(file, offset + 4);
    const Bytes chunk = file.subspan(offset + kChunkHeader, std::min(said, rest));
    if (says(offset, "fmt ")) TENSORS_TRY(read_format(chunk, wav));
    if (says(offset, "data")) {
      if (wav.channels == 0) break;
      wav.data = chunk;  // one that was written to a pipe says too much
      return wav;
    }
    if (said >= rest) break;
    offset += kChunkHeader + said + said % 2;
    if (offset > file.size()) break;
  }
  return wrong("the WAV file has no sound in it");
}

float sample_at(const Wav& wav, size_t offset) {
  if (wav.is_float) return at<float>(wav.data, offset);
  if (wav.sample_bytes == 1) return (static_cast<float>(wav.data[offset]) - 128) / 128;
  uint32_t value = 0;  // at the upper end, so that the sign is at its place
  for (size_t i = 0; i < wav.sample_bytes; ++i)
    value |= static_cast<uint32_t>(wav.data[offset + i]) << (8 * (4 - wav.sample_bytes + i));
  return static_cast<float>(static_cast<int32_t>(value)) / 2147483648.0f;
}

std::vector<float> mixed(const Wav& wav) {
  const size_t frame = wav.channels * wav.sample_bytes;
  std::vector<float> mono(wav.data.size() / frame);
  for (size_t i = 0; i < mono.size(); ++i) {
    float sum = 0;
    for (size_t channel = 0; channel < wav.channels; ++channel)
      sum += sample_at(wav, i * frame + channel * wav.sample_bytes);
    mono[i] = sum / static_cast<float>(wav.channels);
  }
  return mono;
}

// Each sample of the result is a sum of those around its time, weighted by a sinc that lets through what both rates
// can carry, under a Hann window of 16 of its zeros on each side. The times repeat, and so do the weights.
class Resampler final {
 public:
  explicit Resampler(uint32_t rate)
      : rate_(rate),
        divisor_(std::gcd(rate, uint32_t{kSampleRate})),
        width_(std::max(1.0, static_cast<double>(rate) / kSampleRate)),
        reach_(static_cast<int64_t>(std::ceil(kZeros * width_))) {
    const size_t phases = kSampleRate / divisor_;
    weights_.resize(phases * taps());
    for (size_t phase = 0; phase < phases; ++phase)
      for (size_t tap = 0; tap < taps(); ++tap) {
        const double part = static_cast<double>(phase) / static_cast<double>(phases);
        weights_[phase * taps() + tap] =
            weight(static_cast<double>(tap) - static_cast<double>(reach_) - part);
      }
  }

  // The result's sample `index`.
  float operator()(std::span<const float> from, uint64_t index) const {
    const uint64_t position = index * (rate_ / divisor_);
    const uint64_t phases = kSampleRate / divisor_;
    const float* const weights = weights_.data() + position % phases * taps();
    const int64_t begin = static_cast<int64_t>(position / phases) - reach_;
    const int64_t first = std::max<int64_t>(0, -begin);
    const int64_t end = std::min(static_cast<int64_t>(taps()), static_cast<int64_t>(from.size()) - begin);
    float sum = 0;
    for (int64_t tap = first; tap < end; ++tap) sum += weights[tap] * from[static_cast<size_t>(begin + tap)];
    return sum;
  }

 private:
  static constexpr double kZeros = 16;

  size_t taps() const { return static_cast<size_t>(2 * reach_ + 2); }
  float weight(double distance) const {
    const double x = distance / width_;
    if (std::abs(x) >= kZeros) return 0;
    const double angle = std::numbers::pi * x;
    const double sinc = x == 0 ? 1 : std::sin(angle) / angle;
    return static_cast<float>(sinc * (0.5 + 0.5 * std::cos(angle / kZeros)) / width_);
  }

  const uint32_t rate_;
  const uint32_t divisor_;
  const double width_;  // of the sinc, in samples of what comes in
  const int64_t reach_;
  std::vector<float> weights_;  // of each phase, `taps` ones
};

Result<std::vector<float>> resampled(std::span<const float> from, uint32_t rate, const tensors::Call& call) {
  const Resampler resampler(rate);
  std::vector<float> to(static_cast<size_t>(static_cast<uint64_t>(from.size()) * kSampleRate / rate));
  for (size_t i = 0; i < to.size(); ++i) {
    if (i % kSampleRate == 0 && call.cancelled()) return fail(GODWIT_NN_CANCELLED);
    to[i] = resampler(from, i);
  }
  return to;
}

}  // namespace

Result<std::vector<float>> samples_of(const godwit_nn_tensor& tensor, const tensors::Call& call) {
  const Bytes bytes(tensor.data.data, static_cast<size_t>(tensor.data.size_bytes));
  if (tensor.type == GODWIT_NN_F32) {
    if (bytes.size() % sizeof(float) != 0) return wrong(std::to_string(bytes.size()) + " bytes are no f32");
    if (bytes.size() / sizeof(float) > kMostSamples) return too_long();
    std::vector<float> samples(bytes.size() / sizeof(float));
    if (!samples.empty()) std::memcpy(samples.data(), bytes.data(), bytes.size());
    TENSORS_TRY(check_samples(samples));
    return samples;
  }
  if (tensor.type != GODWIT_NN_U8) return wrong("a tensor of f32 (samples) or u8 (a WAV file)");
  const auto wav = parse(bytes);
  if (!wav) return std::unexpected(wav.error());
  const size_t frames = wav->data.size() / (wav->channels * wav->sample_bytes);
  if (frames / wav->rate >= kMostSamples / kSampleRate) return too_long();
  std::vector<float> samples = mixed(*wav);
  TENSORS_TRY(check_samples(samples));
  if (wav->rate == kSampleRate) return samples;
  return resampled(samples, wav->rate, call);
}

}  // namespace godwit::whisper
