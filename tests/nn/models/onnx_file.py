"""Writes ONNX models: protocol buffers by hand.

spec: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

import struct

import shapes

F32, U8, I32, I64 = 1, 2, 6, 7


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def tensor(name, type_, dims, data):
    return b"".join(number(1, dim) for dim in dims) + number(2, type_) + message(8, name) + message(9, data)


def external_tensor(name, dims, path):
    entry = message(1, "location") + message(2, path)
    return b"".join(number(1, dim) for dim in dims) + number(2, F32) + message(8, name) + message(13, entry) + number(14, 1)


def attribute(name, value):
    if isinstance(value, (list, tuple)):
        return message(1, name) + b"".join(number(8, item) for item in value) + number(20, 7)
    return message(1, name) + number(3, value) + number(20, 2)


def node(op, inputs, outputs, **attributes):
    content = b"".join(message(1, name) for name in inputs) + b"".join(message(2, name) for name in outputs)
    content += message(4, op) + b"".join(message(5, attribute(*item)) for item in sorted(attributes.items()))
    return content


def port(name, type_, dims):
    shape = b"".join(message(1, message(2, "n") if dim is None else number(1, dim)) for dim in dims)
    return message(1, name) + message(2, message(1, number(1, type_) + message(2, shape)))


def model(nodes, inputs, outputs, initializers=()):
    graph = b"".join(message(1, item) for item in nodes) + message(2, "graph")
    graph += b"".join(message(5, item) for item in initializers)
    graph += b"".join(message(11, port(*item)) for item in inputs) + b"".join(message(12, port(*item)) for item in outputs)
    return number(1, 8) + message(2, "godwit") + message(7, graph) + message(8, message(1, "") + number(2, 13))


def classifier(network):
    count = len(shapes.FILTERS)
    initializers = [
        tensor("filters", F32, [count, 1, 3, 3], shapes.floats(shapes.FILTERS)),
        tensor("filter_bias", F32, [count], shapes.floats([shapes.FILTER_BIAS] * count)),
        tensor("flat", I64, [2], struct.pack("<2q", 1, shapes.FEATURES)),
        tensor("weights", F32, [3, shapes.FEATURES], shapes.floats(network.weights)),
        tensor("bias", F32, [3], shapes.floats(network.bias)),
    ]
    nodes = [
        node("Conv", ["picture", "filters", "filter_bias"], ["edges"], strides=[2, 2], pads=[0, 0, 1, 1], kernel_shape=[3, 3]),
        node("Relu", ["edges"], ["relu"]),
        node("AveragePool", ["relu"], ["mean"], kernel_shape=[4, 4], strides=[4, 4]),
        node("Reshape", ["mean", "flat"], ["features"]),
        node("Gemm", ["features", "weights", "bias"], ["logits"], transB=1),
        node("Softmax", ["logits"], ["answer"], axis=1),
    ]
    return model(nodes, [("picture", F32, [1, 1, 32, 32])], [("answer", F32, [1, 3])], initializers)


def small():
    """Three shapes and types: name -> file."""
    scale = tensor("scale", F32, [1], struct.pack("<f", 2))
    return {
        "double_f32": model([node("Mul", ["x", "scale"], ["y"])], [("x", F32, [2, 3])], [("y", F32, [2, 3])], [scale]),
        "double_i32": model([node("Add", ["x", "x"], ["y"])], [("x", I32, [4])], [("y", I32, [4])]),
        "widen_u8": model([node("Cast", ["x"], ["y"], to=F32)], [("x", U8, [None, 2])], [("y", F32, [None, 2])]),
        "outside": model([node("Add", ["x", "w"], ["y"])], [("x", F32, [4])], [("y", F32, [4])],
                         [external_tensor("w", [4], "/etc/hostname")]),
    }
