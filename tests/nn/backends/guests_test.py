#!/usr/bin/env python3
"""Guests in C++, Rust and C through every tensor backend that was built, all in one process.

usage: guests_test.py --godwit FILE --guests FOLDER --models FOLDER BACKEND...
"""

import argparse
import os
import subprocess
import sys
import unittest

TOLERANCE = 1e-3
# backend: of each format the model's name, its encoding, its files, its layout
FORMATS = {
    "ONNX": [("onnx", "onnx", ["shapes.onnx"], "nchw")],
    "OPENVINO": [("openvino", "openvino", ["shapes.xml", "shapes.bin"], "nchw")],
    "TFLITE": [("tflite", "tensorflowlite", ["shapes.tflite"], "nhwc")],
    "PYTORCH": [("torch", "pytorch", ["shapes.pt"], "nchw")],
    "TENSORFLOW": [("frozen", "tensorflow", ["shapes.pb"], "nhwc"), ("saved", "tensorflow", ["shapes.saved/saved_model.pb"], "nhwc")],
}
CLASSES = ("circle", "square", "triangle")


def answers():
    with open(os.path.join(options.models, "answers.txt"), encoding="utf-8") as file:
        return {line.split()[0]: [float(word) for word in line.split()[1:]] for line in file}


class Guests(unittest.TestCase):
    def godwit(self, *arguments):
        return subprocess.run([options.godwit, "run", "--dir", f"/m:{options.models}", *arguments], capture_output=True, text=True, check=False,
                              timeout=120)

    def guest(self, name):
        return os.path.join(options.guests, name + ".wasm")

    def formats(self):
        return [format_ for name in options.backends for format_ in FORMATS.get(name, [])]

    def preloads(self, target="CPU"):
        words = []
        for name, encoding, files, _ in self.formats():
            paths = ":".join(os.path.join(options.models, file) for file in files)
            words += ["--nn-preload", f"{name}:{encoding}:{target}:{paths}"]
        return words

    def ask(self, guest, picture):
        """{model: [probability of each class]}"""
        models = [word for name, _, _, layout in self.formats() for word in ("--model", f"{name}:{layout}:f32")]
        done = self.godwit(*self.preloads(), self.guest(guest), *models, f"/m/{picture}")
        self.assertEqual(done.returncode, 0, done.stderr)
        found = {}
        for line in done.stdout.splitlines():
            name, words = line.split(":")
            words = words.split()
            of = dict(zip(words[::2], map(float, words[1::2])))
            found[name] = [of[kind] for kind in CLASSES]
        self.assertEqual(len(found), len(self.formats()), done.stdout)
        return found

    def test_one_answer_from_all_formats_and_languages(self):
        for number, kind in enumerate(CLASSES):
            picture = f"{kind}-{number}.pgm"
            found = {(guest, name): answer for guest in ("classify", "classify-rs") for name, answer in self.ask(guest, picture).items()}
            first = next(iter(found.values()))
            self.assertEqual(max(range(3), key=lambda i: first[i]), number, found)
            for who, answer in found.items():
                for one, other in zip(first, answer):
                    self.assertAlmostEqual(one, other, delta=TOLERANCE, msg=f"{who} {found}")

    def test_missing_file(self):
        name, encoding, _, _ = self.formats()[0]
        done = self.godwit("--nn-preload", f"{name}:{encoding}:CPU:/nowhere/x", self.guest("classify"), "--model", name, "/m/circle-0.pgm")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/nowhere/x", done.stderr)

    def test_wrong_format(self):
        for name, encoding, _, layout in self.formats():
            done = self.godwit("--nn-preload", f"{name}:{encoding}:CPU:{options.models}/answers.txt", self.guest("classify"),
                               "--model", f"{name}:{layout}:f32", "/m/circle-0.pgm")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("answers.txt", done.stderr)
            self.assertIn("invalid encoding", done.stderr)

    def test_wrong_shape(self):
        for name, _, _, layout in self.formats():
            done = self.godwit(*self.preloads(), self.guest("classify"), "--size", "31", "--model", f"{name}:{layout}:f32", "/m/circle-0.pgm")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("godwit: nn: ", done.stderr)

    def test_no_gpu_is_one_clear_line(self):
        models = [word for name, _, _, layout in self.formats() for word in ("--model", f"{name}:{layout}:f32")]
        done = self.godwit(*self.preloads("GPU"), self.guest("classify"), *models, "/m/circle-0.pgm")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), len(self.formats()), done.stderr)
        self.assertEqual(done.stderr.count("CPU"), len(self.formats()), done.stderr)

    def test_backends_are_silent(self):
        models = [word for name, _, _, layout in self.formats() for word in ("--model", f"{name}:{layout}:f32")]
        done = self.godwit(*self.preloads(), self.guest("classify"), *models, "/m/circle-0.pgm")
        self.assertEqual(done.stderr, "")

    def test_models_of_guests(self):
        if "TFLITE" not in options.backends:
            self.skipTest("no TensorFlow Lite")
        for guest in ("classify", "classify-rs"):
            asked = [self.guest(guest), "--model", "/m/shapes-quantised.tflite:nhwc:u8", "/m/square-1.pgm"]
            refused = self.godwit(*asked)
            self.assertEqual(refused.returncode, 1, refused.stderr)
            self.assertIn("--nn-guest-models", refused.stderr)
            done = self.godwit("--nn-guest-models", *asked)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.split()[1], "square", done.stdout)

    def test_five_functions_with_old_numbers(self):
        if "TFLITE" not in options.backends:
            self.skipTest("no TensorFlow Lite")
        for picture, known in answers().items():
            done = self.godwit("--nn-guest-models", self.guest("five_functions"), "/m/shapes-quantised.tflite", f"/m/{picture}")
            self.assertEqual(done.returncode, 0, done.stderr)
            said = [int(word) for word in done.stdout.split()]
            self.assertEqual(len(said), 3, done.stdout)
            self.assertEqual(said.index(max(said)), known.index(max(known)), (picture, said, known))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("godwit", "guests", "models"):
        parser.add_argument("--" + name, required=True, type=os.path.abspath)
    parser.add_argument("backends", nargs="+")
    options = parser.parse_args()
    unittest.main(argv=[sys.argv[0]])
