"""Writes TensorFlow Lite models.

spec: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
"""

import struct

import shapes
from flatbuffer import Table, Vector, data, finish, ints

F32, I32, U8 = 0, 2, 3
ADD, AVERAGE_POOL, CONV, FULLY_CONNECTED, MUL, SOFTMAX, CAST = 0, 1, 3, 9, 18, 25, 53
CONV_OPTIONS, POOL_OPTIONS, FULLY_CONNECTED_OPTIONS, SOFTMAX_OPTIONS, ADD_OPTIONS, MUL_OPTIONS, CAST_OPTIONS = 1, 5, 8, 9, 11, 21, 37
SAME, VALID, RELU = 0, 1, 1


class Model:
    def __init__(self):
        self.tensors, self.buffers, self.codes, self.operators = [], [Table({})], [], []

    def tensor(self, name, type_, dims, content=None, scale=None, zero=0, signature=None):
        buffer = 0
        if content is not None:
            buffer = len(self.buffers)
            self.buffers.append(Table({0: data(content)}))
        quantisation = None if scale is None else Table({2: Vector("f", [scale]), 3: Vector("q", [zero])})
        self.tensors.append(Table({0: ints(dims), 1: ("b", type_), 2: ("I", buffer), 3: name, 4: quantisation,
                                   7: ints(signature) if signature else None}))
        return len(self.tensors) - 1

    def operator(self, code, inputs, output, options_type, options):
        if code not in self.codes:
            self.codes.append(code)
        self.operators.append(Table({0: ("I", self.codes.index(code)), 1: ints(inputs), 2: ints([output]), 3: ("B", options_type),
                                     4: Table(options)}))
        return output

    def file(self, inputs, outputs):
        graph = Table({0: Vector(None, self.tensors), 1: ints(inputs), 2: ints(outputs), 3: Vector(None, self.operators), 4: "main"})
        codes = [Table({0: ("b", code), 2: ("i", 1), 3: ("i", code)}) for code in self.codes]
        return finish(Table({0: ("I", 3), 1: Vector(None, codes), 2: Vector(None, [graph]), 3: "godwit",
                             4: Vector(None, self.buffers)}), b"TFL3")


def layers(model, picture, filters, bias, edges, mean, weights, dense_bias, logits, answer):
    model.operator(CONV, [picture, filters, bias], edges, CONV_OPTIONS,
                   {0: ("b", SAME), 1: ("i", 2), 2: ("i", 2), 3: ("b", RELU), 4: ("i", 1), 5: ("i", 1)})
    model.operator(AVERAGE_POOL, [edges], mean, POOL_OPTIONS,
                   {0: ("b", VALID), 1: ("i", 4), 2: ("i", 4), 3: ("i", 4), 4: ("i", 4)})
    model.operator(FULLY_CONNECTED, [mean, weights, dense_bias], logits, FULLY_CONNECTED_OPTIONS, {0: ("b", 0)})
    model.operator(SOFTMAX, [logits], answer, SOFTMAX_OPTIONS, {0: ("f", 1.0)})
    return model.file([picture], [answer])


def classifier(network):
    count, model = len(shapes.FILTERS), Model()
    return layers(
        model, model.tensor("picture", F32, [1, 32, 32, 1]),
        model.tensor("filters", F32, [count, 3, 3, 1], shapes.floats(shapes.FILTERS)),
        model.tensor("filter_bias", F32, [count], shapes.floats([shapes.FILTER_BIAS] * count)),
        model.tensor("edges", F32, [1, 16, 16, count]), model.tensor("mean", F32, [1, 4, 4, count]),
        model.tensor("weights", F32, [3, shapes.FEATURES], shapes.floats(network.channels_last())),
        model.tensor("bias", F32, [3], shapes.floats(network.bias)), model.tensor("logits", F32, [1, 3]),
        model.tensor("answer", F32, [1, 3]))


def quantised(values, scale, zero):
    return bytes(max(0, min(255, round(value / scale) + zero)) for value in shapes.flat(values))


def quantised_classifier(network):
    """Takes the picture's bytes as they are, and gives bytes: 256 stands for 1."""
    count, model = len(shapes.FILTERS), Model()
    picture, filter_scale, edges = 1 / 255, 2 / 127, 6 / 255  # no sum of a filter is more than 6
    rows = network.channels_last()
    weight_scale = max(abs(value) for value in shapes.flat(rows)) / 127
    most = max(sum(abs(value) for value in row) for row in rows) / 6
    numbers = lambda values: struct.pack(f"<{len(values)}i", *(round(value) for value in values))
    return layers(
        model, model.tensor("picture", U8, [1, 32, 32, 1], scale=picture),
        model.tensor("filters", U8, [count, 3, 3, 1], quantised(shapes.FILTERS, filter_scale, 128), filter_scale, 128),
        model.tensor("filter_bias", I32, [count], numbers([shapes.FILTER_BIAS / (picture * filter_scale)] * count), picture * filter_scale),
        model.tensor("edges", U8, [1, 16, 16, count], scale=edges), model.tensor("mean", U8, [1, 4, 4, count], scale=edges),
        model.tensor("weights", U8, [3, shapes.FEATURES], quantised(rows, weight_scale, 128), weight_scale, 128),
        model.tensor("bias", I32, [3], numbers([value / (edges * weight_scale) for value in network.bias]), edges * weight_scale),
        model.tensor("logits", U8, [1, 3], scale=2 * most / 255, zero=128), model.tensor("answer", U8, [1, 3], scale=1 / 256))


def small():
    """Three shapes and types: name -> file."""
    floats, ints_, any_ = Model(), Model(), Model()
    x, two = floats.tensor("x", F32, [2, 3]), floats.tensor("scale", F32, [1], struct.pack("<f", 2))
    floats.operator(MUL, [x, two], floats.tensor("y", F32, [2, 3]), MUL_OPTIONS, {0: ("b", 0)})
    x = ints_.tensor("x", I32, [4])
    ints_.operator(ADD, [x, x], ints_.tensor("y", I32, [4]), ADD_OPTIONS, {0: ("b", 0)})
    x = any_.tensor("x", U8, [1, 2], signature=[-1, 2])
    any_.operator(CAST, [x], any_.tensor("y", F32, [1, 2], signature=[-1, 2]), CAST_OPTIONS, {0: ("b", U8), 1: ("b", F32)})
    return {"double_f32": floats.file([0], [2]), "double_i32": ints_.file([0], [1]), "widen_u8": any_.file([0], [1])}
