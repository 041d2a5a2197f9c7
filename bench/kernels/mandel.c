// Mandelbrot set on a 256×256 grid, at most 200 steps a point: double arithmetic in a tight loop. n: repetitions.
// bench: n=8
#include "kernel.h"

static uint64_t kernel(uint32_t n) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < n; ++round) {
    const double shift = round * 1e-3;
    for (int py = 0; py < 256; ++py) {
      for (int px = 0; px < 256; ++px) {
        const double cx = px * (3.0 / 256) - 2.0 + shift, cy = py * (2.0 / 256) - 1.0;
        double x = 0, y = 0;
        int steps = 0;
        for (; steps < 200; ++steps) {
          const double xx = x * x, yy = y * y;
          if (xx + yy > 4.0) break;
          y = 2 * x * y + cy;
          x = xx - yy + cx;
        }
        sum = sum * 31 + (uint64_t)steps;
      }
    }
  }
  return sum;
}
