// Gravitation of five bodies, in doubles (the planets' data are those of the Computer Language Benchmarks Game).
// n: steps in thousands.
// bench: n=900
#include <math.h>

#include "kernel.h"

enum { kBodies = 5 };
static struct Body {
  double x, y, z, vx, vy, vz, mass;
} bodies[kBodies];

static const double kPi = 3.141592653589793, kDays = 365.24;

static void reset(void) {
  static const double data[kBodies][7] = {
      {0, 0, 0, 0, 0, 0, 1},
      {4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01, 1.66007664274403694e-03,
       7.69901118419740425e-03, -6.90460016972063023e-05, 9.54791938424326609e-04},
      {8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01, -2.76742510726411867e-03,
       4.99852801234917238e-03, 2.30417297573763929e-05, 2.85885980666130812e-04},
      {1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01, 2.96460137564761618e-03,
       2.37847173959480950e-03, -2.96589568540237556e-05, 4.36624404335156298e-05},
      {1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01, 2.68067772490389322e-03,
       1.62824170038242295e-03, -9.51592254519715870e-05, 5.15138902046611451e-05}};
  double px = 0, py = 0, pz = 0;
  const double solar = 4 * kPi * kPi;
  for (int i = 0; i < kBodies; ++i) {
    bodies[i] = (struct Body){data[i][0],         data[i][1],         data[i][2],        data[i][3] * kDays,
                              data[i][4] * kDays, data[i][5] * kDays, data[i][6] * solar};
    px += bodies[i].vx * bodies[i].mass;
    py += bodies[i].vy * bodies[i].mass;
    pz += bodies[i].vz * bodies[i].mass;
  }
  bodies[0].vx = -px / solar;
  bodies[0].vy = -py / solar;
  bodies[0].vz = -pz / solar;
}

static void advance(double dt) {
  for (int i = 0; i < kBodies; ++i) {
    struct Body* a = &bodies[i];
    for (int j = i + 1; j < kBodies; ++j) {
      struct Body* b = &bodies[j];
      const double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      const double d2 = dx * dx + dy * dy + dz * dz;
      const double mag = dt / (d2 * sqrt(d2));
      a->vx -= dx * b->mass * mag;
      a->vy -= dy * b->mass * mag;
      a->vz -= dz * b->mass * mag;
      b->vx += dx * a->mass * mag;
      b->vy += dy * a->mass * mag;
      b->vz += dz * a->mass * mag;
    }
  }
  for (int i = 0; i < kBodies; ++i) {
    bodies[i].x += dt * bodies[i].vx;
    bodies[i].y += dt * bodies[i].vy;
    bodies[i].z += dt * bodies[i].vz;
  }
}

static uint64_t kernel(uint32_t n) {
  reset();
  for (uint32_t i = 0; i < n * 1000; ++i) advance(0.01);
  return hash_double(bodies[0].x) ^ hash_double(bodies[1].y);
}
