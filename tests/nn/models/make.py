#!/usr/bin/env python3
"""Makes models whose answers are known, in every format that is written by hand here, and pictures for them.

usage: make.py FOLDER
   shapes.onnx shapes.xml shapes.bin shapes.tflite shapes-quantised.tflite   one network, one set of weights
   double_f32.* double_i32.* widen_u8.*   one operation each: three shapes and types
   NAME.pb NAME.saved/saved_model.pb   the same networks for TensorFlow; variables.saved/: one with a variable, which
   writer.pb writes
   sentences.bin     a model of Whisper that says known sentences
   outside.onnx      a model that would open a file of the host's
   CLASS-N.pgm       pictures, 48 pixels wide; CLASS-N.raw: 32 wide, the network's own input
   answers.txt       of each raw picture: its name, and what the network says
   weights.txt       the numbers of the network
"""

import pathlib
import random
import sys

import onnx_file
import openvino_file
import shapes
import tensorflow_file
import tflite_file
import whisper_file


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    network = shapes.Network()

    def write(name, content):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    write("shapes.onnx", onnx_file.classifier(network))
    write("shapes.tflite", tflite_file.classifier(network))
    write("shapes-quantised.tflite", tflite_file.quantised_classifier(network))
    xml, weights = openvino_file.classifier(network)
    write("shapes.xml", xml)
    write("shapes.bin", weights)
    for name, content in onnx_file.small().items():
        write(name + ".onnx", content)
    for name, content in tflite_file.small().items():
        write(name + ".tflite", content)
    for name, (xml, weights) in openvino_file.small().items():
        write(name + ".xml", xml)
        if weights:
            write(name + ".bin", weights)
    for name, files in {"shapes": tensorflow_file.classifier(network), **tensorflow_file.small()}.items():
        for ending, content in files.items():
            write(name + ending, content)
    write("variables.saved/saved_model.pb", tensorflow_file.with_variable())
    write("writer.pb", tensorflow_file.writer(str((folder / "variables.saved/variables/variables").resolve())))
    write("sentences.bin", whisper_file.sentences())
    numbers = [shapes.FILTERS, [shapes.FILTER_BIAS] * len(shapes.FILTERS), network.weights, network.bias]
    write("weights.txt", "\n".join(repr(float(value)) for value in shapes.flat(numbers)).encode() + b"\n")
    rng = random.Random(7)
    answers = []
    for kind, name in enumerate(shapes.CLASSES):
        for number in range(4):
            rows = shapes.draw(kind, rng)
            answer = network.answer(rows)
            if answer.index(max(answer)) != kind:
                sys.exit(f"the network takes {name}-{number} for something else: {answer}")
            write(f"{name}-{number}.raw", b"".join(rows))
            answers.append(f"{name}-{number}.raw " + " ".join(f"{value:.7f}" for value in answer))
            large = shapes.draw(kind, rng, 48)
            write(f"{name}-{number}.pgm", b"P5\n48 48\n255\n" + b"".join(large))
    write("answers.txt", "\n".join(answers).encode() + b"\n")


if __name__ == "__main__":
    main()
