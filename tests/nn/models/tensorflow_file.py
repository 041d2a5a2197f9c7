"""Writes graphs of TensorFlow, frozen and as SavedModels: protocol buffers by hand.

spec: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/graph.proto
spec: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/meta_graph.proto
"""

import struct

import shapes
from onnx_file import message, number

F32, I32, U8, TEXT = 1, 3, 4, 7


def shape(dims):
    """A dimension that is open is None."""
    return b"".join(message(2, number(1, dim if dim is not None else 2**64 - 1)) for dim in dims)


def type_(value):
    return number(6, value)


def integers(values):
    return message(1, b"".join(number(3, value) for value in values))


def text(value):
    return message(2, value)


def node(name, op, inputs=(), **attributes):
    content = message(1, name) + message(2, op) + b"".join(message(3, source) for source in inputs)
    return content + b"".join(message(5, message(1, key) + message(2, value)) for key, value in sorted(attributes.items()))


def constant(name, dtype, dims, data):
    tensor = number(1, dtype) + message(2, shape(dims)) + message(4, data)
    return node(name, "Const", dtype=type_(dtype), value=message(8, tensor))


def words(name, values):
    """A constant of texts."""
    tensor = number(1, TEXT) + message(2, shape([len(values)])) + b"".join(message(8, value) for value in values)
    return node(name, "Const", dtype=type_(TEXT), value=message(8, tensor))


def word(name, value):
    tensor = number(1, TEXT) + message(2, shape([])) + message(8, value)
    return node(name, "Const", dtype=type_(TEXT), value=message(8, tensor))


def graph(nodes):
    return b"".join(message(1, item) for item in nodes) + message(4, number(1, 1000))


def port(name, dtype, dims):
    return message(1, name + ":0") + number(2, dtype) + message(3, shape(dims))


def saved(graph_, inputs, outputs, saver=b""):
    """inputs, outputs: (name, type, dims) of operations; their names are the signature's keys, too."""
    entries = b"".join(message(1, message(1, item[0]) + message(2, port(*item))) for item in inputs)
    entries += b"".join(message(2, message(1, item[0]) + message(2, port(*item))) for item in outputs)
    signature = message(1, "serving_default") + message(2, entries + message(3, "tensorflow/serving/predict"))
    meta = message(1, message(4, "serve")) + message(2, graph_) + (message(3, saver) if saver else b"") + message(5, signature)
    return number(1, 1) + message(2, meta)


def both(nodes, inputs, outputs):
    """The files of one network: ending -> content."""
    placeholders = [node(name, "Placeholder", dtype=type_(dtype), shape=message(7, shape(dims))) for name, dtype, dims in inputs]
    frozen = graph(placeholders + nodes)
    return {".pb": frozen, ".saved/saved_model.pb": saved(frozen, inputs, outputs)}


def classifier(network):
    f32 = type_(F32)
    count = len(shapes.FILTERS)
    kernels = [[[[kernel[y][x] for kernel in shapes.FILTERS]] for x in range(3)] for y in range(3)]
    nodes = [
        constant("filters", F32, [3, 3, 1, count], shapes.floats(kernels)),
        constant("filter_bias", F32, [count], shapes.floats([shapes.FILTER_BIAS] * count)),
        constant("flat", I32, [2], struct.pack("<2i", 1, shapes.FEATURES)),
        constant("weights", F32, [3, shapes.FEATURES], shapes.floats(network.channels_last())),
        constant("bias", F32, [3], shapes.floats(network.bias)),
        node("edges", "Conv2D", ["picture", "filters"], T=f32, strides=integers([1, 2, 2, 1]), padding=text("SAME")),
        node("biased", "BiasAdd", ["edges", "filter_bias"], T=f32),
        node("relu", "Relu", ["biased"], T=f32),
        node("mean", "AvgPool", ["relu"], T=f32, ksize=integers([1, 4, 4, 1]), strides=integers([1, 4, 4, 1]), padding=text("VALID")),
        node("features", "Reshape", ["mean", "flat"], T=f32, Tshape=type_(I32)),
        node("product", "MatMul", ["features", "weights"], T=f32, transpose_b=number(5, 1)),
        node("logits", "BiasAdd", ["product", "bias"], T=f32),
        node("answer", "Softmax", ["logits"], T=f32),
    ]
    return both(nodes, [("picture", F32, [1, 32, 32, 1])], [("answer", F32, [1, 3])])


def small():
    """Three shapes and types: name -> ending -> file."""
    return {
        "double_f32": both([constant("scale", F32, [1], struct.pack("<f", 2)), node("y", "Mul", ["x", "scale"], T=type_(F32))],
                           [("x", F32, [2, 3])], [("y", F32, [2, 3])]),
        "double_i32": both([node("y", "AddV2", ["x", "x"], T=type_(I32))], [("x", I32, [4])], [("y", I32, [4])]),
        "widen_u8": both([node("y", "Cast", ["x"], SrcT=type_(U8), DstT=type_(F32))], [("x", U8, [None, 2])], [("y", F32, [None, 2])]),
    }


def with_variable():
    """y = x * scale, where scale is a variable: its value, [3], is in the files that writer() writes."""
    dims = message(7, shape([1]))
    f32, texts = type_(F32), message(1, number(6, F32))
    nodes = [
        node("x", "Placeholder", dtype=f32, shape=message(7, shape([2]))),
        node("scale", "VariableV2", dtype=f32, shape=dims),
        node("value", "Identity", ["scale"], T=f32),
        node("y", "Mul", ["x", "value"], T=f32),
        word("file", "model"),
        words("names", ["scale"]),
        words("slices", [""]),
        node("restore", "RestoreV2", ["file", "names", "slices"], dtypes=texts),
        node("assign", "Assign", ["scale", "restore"], T=f32),
        node("restore_all", "NoOp", ["^assign"]),
    ]
    saver = message(1, "file:0") + message(3, "restore_all") + number(7, 2)
    return saved(graph(nodes), [("x", F32, [2])], [("y", F32, [2])], saver)


def writer(prefix):
    """A graph whose operation "save" writes that variable."""
    return graph([
        word("file", prefix),
        words("names", ["scale"]),
        words("slices", [""]),
        constant("scale", F32, [1], struct.pack("<f", 3)),
        node("save", "SaveV2", ["file", "names", "slices", "scale"], dtypes=message(1, number(6, F32))),
    ])
