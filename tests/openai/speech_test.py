#!/usr/bin/env python3
"""Speech by OpenAI's API, by the official client. The model says known sentences whatever it hears: the way of recordings,
choices and answers is tested, and nothing of how well speech is recognised.

  speech_test.py --server godwit-openai --client third_party/openai-client --models third_party/models --speech FOLDER [unittest's arguments]
"""
import argparse
import io
import json
import math
import os
import struct
import sys
import unittest
import wave

import openai_test

SAID = "The quick brown fox jumps."


def tone(seconds, rate=16000, channels=1):
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, 2, rate, 0, "NONE", None))
        writer.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(i / 6))) * channels for i in range(int(seconds * rate))))
    return file.getvalue()


def float_tone(seconds, rate=16000):
    """The same in floating point, which the module wave does not write."""
    data = b"".join(struct.pack("<f", math.sin(i / 6) / 4) for i in range(int(seconds * rate)))
    form = struct.pack("<HHIIHH", 3, 1, rate, rate * 4, 4, 32)
    return b"RIFF" + struct.pack("<I", 28 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data


class Speech(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = openai_test.Server(*openai_test.model("tiny", "tiny.gguf"),
                                        "--model", "hear=" + os.path.join(SPEECH, "sentences.bin"))
        cls.client = cls.server.client()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.close() == 0

    def write_down(self, sound=None, **options):
        return self.client.audio.transcriptions.create(model="hear", file=("a.wav", sound or tone(1.9)), **options)

    def test_text(self):
        answer = self.write_down()
        self.assertEqual(answer.text, SAID)
        self.assertAlmostEqual(answer.usage.seconds, 1.9, places=3)
        self.assertEqual(self.write_down(response_format="text"), SAID + "\n")
        for sound in (tone(1.9, 44100, 2), tone(1.9, 8000), float_tone(1.9), float_tone(1.9, 48000)):
            self.assertEqual(self.write_down(sound).text, SAID)

    def test_subtitles(self):
        sound = tone(31.5)
        self.assertEqual(self.write_down(sound, response_format="srt"),
                         f"1\n00:00:00,000 --> 00:00:02,000\n{SAID}\n\n2\n00:00:30,000 --> 00:00:32,000\n{SAID}\n\n")
        self.assertEqual(self.write_down(sound, response_format="vtt"),
                         f"WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n{SAID}\n\n00:00:30.000 --> 00:00:32.000\n{SAID}\n\n")

    def test_times(self):
        answer = self.write_down(response_format="verbose_json", temperature=0.2, prompt="A fox", language="en",
                                 timestamp_granularities=["segment"])
        self.assertEqual((answer.text, answer.language), (SAID, "english"))
        self.assertAlmostEqual(float(answer.duration), 1.9, places=3)
        [segment] = answer.segments
        self.assertEqual((segment.id, segment.start, segment.end, segment.text), (0, 0, 2, " " + SAID))
        self.assertTrue(segment.tokens)
        self.assertLessEqual(segment.avg_logprob, 0)
        self.assertEqual(segment.temperature, 0.2)
        self.assertEqual(self.write_down(response_format="verbose_json").language, "german")  # as it says by itself

    def test_translations(self):
        translate = lambda **options: self.client.audio.translations.create(model="hear", file=("a.wav", tone(1.9)), **options)
        self.assertEqual(translate().text, "A translation.")
        self.assertEqual(translate(response_format="verbose_json").language, "english")

    def test_says_what_is_wrong(self):
        import openai
        for options, field in (({"response_format": "xml"}, "response_format"), ({"temperature": 2}, "temperature"),
                               ({"stream": True}, "stream"), ({"timestamp_granularities": ["word"]}, "timestamp_granularities"),
                               ({"prompt": "x" * 1025}, "prompt"), ({"sound": b"ID3 and so on"}, "file"), ({"language": "klingon"}, None)):
            with self.assertRaises(openai.BadRequestError, msg=str(options)) as caught:
                self.write_down(**options)
            self.assertEqual(caught.exception.param, field)
        with self.assertRaises(openai.BadRequestError):
            self.write_down(b"RIFF....WAVE but no sound")
        for name, error in (("nobody", openai.NotFoundError), ("tiny", openai.BadRequestError)):
            with self.assertRaises(error) as caught:
                self.client.audio.transcriptions.create(model=name, file=("a.wav", tone(0.1)))
            self.assertEqual(caught.exception.param, "model")
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(model="hear", messages=openai_test.user("x"))
        self.assertIn("/v1/audio/transcriptions", str(caught.exception))
        # where one model answers texts, it needs no name
        status, answer, _ = self.server.post("/v1/completions", b'{"prompt": "x", "max_tokens": 1}')
        self.assertEqual((status, json.loads(answer)["model"]), (200, "tiny"))

    def test_outlives_damaged_forms(self):
        path, kind = "/v1/audio/transcriptions", {"Content-Type": "multipart/form-data; boundary=b"}
        part = lambda name, content: b'--b\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + content + b"\r\n"
        self.assertEqual(self.server.post(path, b"{}", {"Content-Type": "application/json"})[0], 400)
        for body in (b"", b"--b--\r\n", part(b"model", b"hear") + b"--b--\r\n", part(b"file", tone(0.1)),
                     part(b"file", tone(0.1)[:30]) + b"--b--\r\n", part(b"language", b"\xff") + part(b"file", tone(0.1)) + b"--b--\r\n"):
            status, answer, _ = self.server.post(path, body, kind)
            self.assertEqual(status, 400, body[:80])
            self.assertIn("message", json.loads(answer)["error"])
        status, answer, _ = self.server.post(path, part(b"file", tone(1.9)) + b"--b--\r\n", kind)  # one model hears
        self.assertEqual((status, json.loads(answer)["text"]), (200, SAID))
        self.assertEqual(self.server.health()["status"], "ok")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    for name in ("server", "client", "models", "speech"):
        parser.add_argument("--" + name, required=True, type=os.path.abspath)
    openai_test.ARGUMENTS, others = parser.parse_known_args()
    SPEECH = openai_test.ARGUMENTS.speech
    sys.path.insert(0, openai_test.ARGUMENTS.client)
    unittest.main(argv=[sys.argv[0], *others], verbosity=2)
