// Pictures as a network wants them: read, made grey, resized.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Grey, rows from the top; each number from 0 to 255.
struct Picture {
  uint32_t width;
  uint32_t height;
  std::vector<float> pixels;
};

// Reads a PGM or PPM file (P5, P6; 8 bits). Nothing: it is not one.
std::optional<Picture> read_picture(const std::string& path);

// A square picture of it, each pixel of its four neighbours.
Picture resized(const Picture& picture, uint32_t side);
