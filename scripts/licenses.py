#!/usr/bin/env python3
"""Writes the notices of everything that is in what this checkout has built, models included.

usage: licenses.py [FILE]     default: build/THIRD-PARTY-NOTICES.txt

What is taken from others, and why, says docs/dependencies.md; here are their texts, as they came with them. A part that is
not there (an optional tensor library) is left out; one that is there without its text is an error.
"""

import hashlib
import pathlib
import struct
import sys

THIRD_PARTY = pathlib.Path("third_party")
DEBIAN = pathlib.Path("/usr/share/doc")

# name, what it is in, a file that shows that it is there, its texts
PARTS = [
    ("{fmt}", "godwit", DEBIAN / "libfmt-dev", [DEBIAN / "libfmt-dev/copyright"]),
    ("Boost (Beast, JSON)", "godwit-serve, godwit-openai", DEBIAN / "libboost1.81-dev", [DEBIAN / "libboost1.81-dev/copyright"]),
    ("toml++", "godwit-serve", DEBIAN / "libtomlplusplus-dev", [DEBIAN / "libtomlplusplus-dev/copyright"]),
    ("SQLite", "godwit-serve", DEBIAN / "libsqlite3-dev", [DEBIAN / "libsqlite3-dev/copyright"]),
    ("OpenSSL", "godwit-net.so", DEBIAN / "libssl-dev", [DEBIAN / "libssl-dev/copyright"]),
    ("LLVM", "godwit-llvm.so", DEBIAN / "llvm-22-dev", [DEBIAN / "llvm-22-dev/copyright"]),
    ("llama.cpp, ggml", "godwit-nn-ggml.so", THIRD_PARTY / "llama", [THIRD_PARTY / "llama/LICENSE"]),
    ("whisper.cpp", "godwit-nn-whisper.so", THIRD_PARTY / "nn/whisper", [THIRD_PARTY / "nn/whisper/LICENSE"]),
    ("ONNX Runtime", "godwit-nn-onnx.so", THIRD_PARTY / "nn/onnx",
     [THIRD_PARTY / "nn/onnx/LICENSE", THIRD_PARTY / "nn/onnx/ThirdPartyNotices.txt"]),
    ("OpenVINO, oneTBB, hwloc", "godwit-nn-openvino.so", THIRD_PARTY / "nn/openvino", [THIRD_PARTY / "nn/openvino/licenses"]),
    # its package brings no text: Apache-2.0, as this project's own
    ("TensorFlow Lite", "godwit-nn-tensorflowlite.so", THIRD_PARTY / "nn/tflite", [pathlib.Path("LICENSE")]),
    ("TensorFlow", "godwit-nn-tensorflow.so", THIRD_PARTY / "nn/tensorflow",
     [THIRD_PARTY / "nn/tensorflow/LICENSE", THIRD_PARTY / "nn/tensorflow/THIRD_PARTY_NOTICES.txt"]),
    ("libtorch", "godwit-nn-pytorch.so", DEBIAN / "libtorch-dev", [DEBIAN / "libtorch-dev/copyright"]),
    ("OpenBLAS", "godwit-nn-pytorch.so", DEBIAN / "libopenblas0-pthread", [DEBIAN / "libopenblas0-pthread/copyright"]),
]

# Sizes of GGUF's types of values but for texts (8) and lists (9).
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


class Gguf:
    """spec: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

    def __init__(self, file):
        self.file = file

    def number(self, form):
        return struct.unpack(form, self.file.read(struct.calcsize(form)))[0]

    def text(self):
        return self.file.read(self.number("<Q")).decode("utf-8", "replace")

    def value(self, kind):
        if kind == 8:
            return self.text()
        if kind == 9:
            inner, count = self.number("<I"), self.number("<Q")
            for _ in range(count):
                self.value(inner)
            return None
        self.file.read(SIZES[kind])
        return None

    def about(self):
        """The texts among the values whose names begin with "general."."""
        magic, _, _, count = self.file.read(4), self.number("<I"), self.number("<Q"), self.number("<Q")
        if magic != b"GGUF":
            return {}
        values = {}
        for _ in range(count):
            key, value = self.text(), self.value(self.number("<I"))
            if key.startswith("general.") and value is not None:
                values[key] = value
        return values


def texts(path):
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        sys.exit(f"error: {path} is missing, the text of what is there; run ./dev setup")
    return [(file, file.read_text(encoding="utf-8", errors="replace")) for file in files]


def models():
    for path in sorted(THIRD_PARTY.glob("models/*.gguf")):
        with path.open("rb") as file:
            about = Gguf(file).about()
        with path.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        yield path.name, about.get("general.name", "without a name"), about.get("general.license", "not said in the file"), checksum


def main():
    target = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/THIRD-PARTY-NOTICES.txt")
    lines = ["What is from others in this build of Godwit, with the texts of their licences.", ""]
    found = [part for part in PARTS if part[2].exists()]
    lines += [f"  {name} (in {where})" for name, where, _, _ in found] + ["", "Models:", ""]
    lines += [f"  {file}: {name}, licence: {licence}, SHA-256 {checksum}" for file, name, licence, checksum in models()]
    for name, where, _, sources in found:
        for source in sources:
            for file, text in texts(source):
                lines += ["", "=" * 100, f"{name} (in {where}): {file.name}", "=" * 100, "", text.rstrip()]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{target}: {len(found)} parts, {target.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
