"""Pictures of circles, squares and triangles, and a small network that tells them apart, trained here: the same weights on
every machine, since nothing but Python's own numbers and generator is used.

    picture 32x32 ── conv 3x3, stride 2 (filters that see edges), relu ── mean over 4x4 ── 128 numbers ── dense ── softmax
"""

import math
import random
import struct

SIZE = 32
CLASSES = ("circle", "square", "triangle")
FILTERS = [
    [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    [[-1, -2, -1], [0, 0, 0], [1, 2, 1]], [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]], [[0, -1, -2], [1, 0, -1], [2, 1, 0]],
    [[2, 1, 0], [1, 0, -1], [0, -1, -2]], [[-2, -1, 0], [-1, 0, 1], [0, 1, 2]],
]
FILTER_BIAS = -0.25  # faint edges are noise
CONV = SIZE // 2
POOL = CONV // 4
FEATURES = POOL * POOL * len(FILTERS)


def f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def inside(kind, x, y, radius):
    if kind == 0:
        return x * x + y * y <= radius * radius
    if kind == 1:
        return max(abs(x), abs(y)) <= radius * 0.85
    return -radius * 0.8 <= y <= radius and abs(x) <= (y + radius * 0.8) / 1.8 * 1.1


def draw(kind, rng, size=SIZE):
    """A picture, rows of bytes: light on dark, somewhere in the middle, with some noise."""
    scale = size / SIZE
    radius = rng.uniform(7.5, 11.5) * scale
    cx, cy = (size / 2 + rng.uniform(-3, 3) * scale for _ in range(2))
    light, dark = rng.randint(170, 245), rng.randint(5, 50)
    rows = []
    for y in range(size):
        row = bytearray()
        for x in range(size):
            base = light if inside(kind, x + 0.5 - cx, y + 0.5 - cy, radius) else dark
            row.append(max(0, min(255, base + rng.randint(-9, 9))))
        rows.append(bytes(row))
    return rows


def conv(rows):
    """[filter][y][x]: after relu."""
    at = lambda y, x: rows[y][x] / 255 if y < SIZE and x < SIZE else 0.0
    maps = [[[0.0] * CONV for _ in range(CONV)] for _ in FILTERS]
    for y in range(CONV):
        for x in range(CONV):
            window = [at(2 * y + i, 2 * x + j) for i in range(3) for j in range(3)]
            for number, kernel in enumerate(FILTERS):
                total = FILTER_BIAS + sum(w * v for w, v in zip((w for row in kernel for w in row), window) if w)
                maps[number][y][x] = max(0.0, total)
    return maps


def pooled(rows):
    """In the order filter, y, x."""
    maps = conv(rows)
    return [sum(one[4 * y + i][4 * x + j] for i in range(4) for j in range(4)) / 16
            for one in maps for y in range(POOL) for x in range(POOL)]


def softmax(values):
    most = max(values)
    powers = [math.exp(value - most) for value in values]
    return [power / sum(powers) for power in powers]


class Network:
    """weights[class][feature], bias[class]; numbers are those of f32."""

    def __init__(self):
        rng = random.Random(1)
        samples = [(pooled(draw(number % 3, rng)), number % 3) for number in range(360)]
        weights = [[0.0] * FEATURES for _ in CLASSES]
        bias = [0.0] * len(CLASSES)
        for round_ in range(30):
            rng.shuffle(samples)
            for features, wanted in samples:
                answer = softmax([sum(w * v for w, v in zip(row, features)) + b for row, b in zip(weights, bias)])
                for kind in range(len(CLASSES)):
                    step = 0.1 * (answer[kind] - (kind == wanted))
                    bias[kind] -= step
                    row = weights[kind]
                    for i, value in enumerate(features):
                        if value:
                            row[i] -= step * value
        self.weights = [[f32(value) for value in row] for row in weights]
        self.bias = [f32(value) for value in bias]

    def logits(self, features):
        return [sum(w * v for w, v in zip(row, features)) + b for row, b in zip(self.weights, self.bias)]

    def answer(self, rows):
        return softmax(self.logits(pooled(rows)))

    def channels_last(self):
        """The weights for features in the order y, x, filter."""
        count = len(FILTERS)
        return [[row[f * POOL * POOL + at] for at in range(POOL * POOL) for f in range(count)] for row in self.weights]


def flat(values):
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from flat(value)
        else:
            yield value


def floats(values):
    numbers = list(flat(values))
    return struct.pack(f"<{len(numbers)}f", *numbers)
