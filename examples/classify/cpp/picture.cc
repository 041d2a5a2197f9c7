// Reads and resizes pictures.
#include "picture.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fstream>
#include <iterator>

namespace {

// The next number of a header, behind spaces and comments.
std::optional<uint32_t> next_number(const std::string& text, size_t& at) {
  while (at < text.size() && (std::isspace(static_cast<unsigned char>(text[at])) || text[at] == '#')) {
    if (text[at] == '#') at = std::min(text.find('\n', at), text.size());
    else ++at;
  }
  uint32_t value = 0;
  size_t digits = 0;
  for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) && digits < 6; ++at, ++digits)
    value = value * 10 + static_cast<uint32_t>(text[at] - '0');
  return digits ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<Picture> read_picture(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.size() < 3 || bytes[0] != 'P' || (bytes[1] != '5' && bytes[1] != '6')) return std::nullopt;
  const size_t channels = bytes[1] == '6' ? 3 : 1;
  size_t at = 2;
  const auto width = next_number(bytes, at), height = next_number(bytes, at), most = next_number(bytes, at);
  if (!width || !height || !*width || !*height || most != 255u) return std::nullopt;
  ++at;  // the one space behind the header
  const size_t count = size_t{*width} * *height;
  if (bytes.size() < at || (bytes.size() - at) / channels < count) return std::nullopt;
  Picture picture{*width, *height, std::vector<float>(count)};
  for (size_t i = 0; i < count; ++i) {
    const auto* pixel = reinterpret_cast<const unsigned char*>(bytes.data()) + at + i * channels;
    picture.pixels[i] = channels == 1 ? static_cast<float>(pixel[0])
                                      : 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];
  }
  return picture;
}

Picture resized(const Picture& picture, uint32_t side) {
  Picture result{side, side, std::vector<float>(size_t{side} * side)};
  const auto at = [&](uint32_t x, uint32_t y) { return picture.pixels[size_t{y} * picture.width + x]; };
  for (uint32_t y = 0; y < side; ++y)
    for (uint32_t x = 0; x < side; ++x) {
      // The middle of a pixel stays in the middle.
      const auto place = [side](uint32_t to, uint32_t size) {
        const float from =
            (static_cast<float>(to) + 0.5f) * static_cast<float>(size) / static_cast<float>(side) - 0.5f;
        return std::clamp(from, 0.0f, static_cast<float>(size - 1));
      };
      const float from_x = place(x, picture.width), from_y = place(y, picture.height);
      const auto x0 = static_cast<uint32_t>(from_x), y0 = static_cast<uint32_t>(from_y);
      const uint32_t x1 = std::min(x0 + 1, picture.width - 1), y1 = std::min(y0 + 1, picture.height - 1);
      const float right = from_x - static_cast<float>(x0), below = from_y - static_cast<float>(y0);
      const float top = at(x0, y0) * (1 - right) + at(x1, y0) * right;
      const float bottom = at(x0, y1) * (1 - right) + at(x1, y1) * right;
      result.pixels[size_t{y} * side + x] = top * (1 - below) + bottom * below;
    }
  return result;
}
