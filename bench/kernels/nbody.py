"""Gravitation of five bodies, as nbody.c."""
import math
import struct
import sys

PI = 3.141592653589793
DAYS = 365.24
DATA = [
    (0, 0, 0, 0, 0, 0, 1),
    (4.84143144246472090e00, -1.16032004402742839e00, -1.03622044471123109e-01, 1.66007664274403694e-03, 7.69901118419740425e-03,
     -6.90460016972063023e-05, 9.54791938424326609e-04),
    (8.34336671824457987e00, 4.12479856412430479e00, -4.03523417114321381e-01, -2.76742510726411867e-03, 4.99852801234917238e-03,
     2.30417297573763929e-05, 2.85885980666130812e-04),
    (1.28943695621391310e01, -1.51111514016986312e01, -2.23307578892655734e-01, 2.96460137564761618e-03, 2.37847173959480950e-03,
     -2.96589568540237556e-05, 4.36624404335156298e-05),
    (1.53796971148509165e01, -2.59193146099879641e01, 1.79258772950371181e-01, 2.68067772490389322e-03, 1.62824170038242295e-03,
     -9.51592254519715870e-05, 5.15138902046611451e-05),
]


def kernel(n):
    solar = 4 * PI * PI
    bodies = [[x, y, z, vx * DAYS, vy * DAYS, vz * DAYS, mass * solar] for x, y, z, vx, vy, vz, mass in DATA]
    px = py = pz = 0.0
    for body in bodies:
        px += body[3] * body[6]
        py += body[4] * body[6]
        pz += body[5] * body[6]
    bodies[0][3], bodies[0][4], bodies[0][5] = -px / solar, -py / solar, -pz / solar
    dt = 0.01
    for _ in range(n * 1000):
        for i, a in enumerate(bodies):
            for b in bodies[i + 1:]:
                dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
                d2 = dx * dx + dy * dy + dz * dz
                mag = dt / (d2 * math.sqrt(d2))
                a[3] -= dx * b[6] * mag
                a[4] -= dy * b[6] * mag
                a[5] -= dz * b[6] * mag
                b[3] += dx * a[6] * mag
                b[4] += dy * a[6] * mag
                b[5] += dz * a[6] * mag
        for body in bodies:
            body[0] += dt * body[3]
            body[1] += dt * body[4]
            body[2] += dt * body[5]
    bits = [struct.unpack("<Q", struct.pack("<d", value))[0] for value in (bodies[0][0], bodies[1][1])]
    return bits[0] ^ bits[1]


n = int(sys.argv[1])
print(f"{kernel(n) if n else 0:016x}")
