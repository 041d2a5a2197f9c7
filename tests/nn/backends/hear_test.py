#!/usr/bin/env python3
"""A guest that has speech written down, by a model that says known sentences.

usage: hear_test.py --godwit FILE --guests FOLDER --models FOLDER
"""

import argparse
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import wave


class Hear(unittest.TestCase):
    def hear(self, choices="", sound=None, flags=()):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "tone.wav")
            if sound is not None:
                with open(path, "wb") as file:
                    file.write(sound)
            else:
                with wave.open(path, "wb") as file:
                    file.setparams((1, 2, 16000, 0, "NONE", None))
                    file.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(i / 6))) for i in range(30000)))
            model = os.path.join(options.models, "sentences.bin")
            return subprocess.run([options.godwit, "run", *flags, "--dir", f"/m:{folder}", "--nn-preload", f"speech:whisper:CPU:{model}",
                                   os.path.join(options.guests, "hear.wasm"), "speech", choices, "/m/tone.wav"],
                                  capture_output=True, text=True, check=False, timeout=120)

    def test_text_and_times(self):
        done = self.hear()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        text, _, times = done.stdout.splitlines()
        self.assertEqual(text, "[00:00:00.000 --> 00:00:02.000]  The quick brown fox jumps.")
        self.assertEqual(json.loads(times)["segments"][0]["end"], 2.0)

    def test_options(self):
        done = self.hear('{"translate": true}')
        self.assertEqual(done.stdout.splitlines()[0], "[00:00:00.020 --> 00:00:02.000]  A translation.", done.stderr)
        done = self.hear('{"language": "klingon"}')
        self.assertEqual(done.returncode, 1)
        self.assertIn("language", done.stderr)

    def test_no_audio(self):
        done = self.hear(sound=b"ID3 something else" * 9)
        self.assertEqual(done.returncode, 1)
        self.assertIn("WAV", done.stderr)

    def test_what_a_guest_may_compute(self):
        done = self.hear(flags=("--nn-max-tokens", "2"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("tokens", done.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("godwit", "guests", "models"):
        parser.add_argument("--" + name, required=True, type=os.path.abspath)
    options = parser.parse_args()
    unittest.main(argv=[sys.argv[0]])
