"""Writes OpenVINO's format: an XML file that describes a network, and a file with its weights.

spec: https://docs.openvino.ai/2025/documentation/openvino-ir-format.html
"""

import struct

import shapes

PRECISION = {"f32": "FP32", "i32": "I32", "u8": "U8", "i64": "I64"}


class Network:
    def __init__(self):
        self.layers, self.edges, self.weights = [], [], b""

    def layer(self, kind, inputs, type_, dims, data="", name=None):
        """@returns the layer's number. `inputs`: numbers of layers; a Result has no output: dims is None."""
        number = len(self.layers)
        ports = ""
        if inputs:
            ports += "<input>" + "".join(self.port(i, *self.layers[source][1:]) for i, source in enumerate(inputs)) + "</input>"
            self.edges += [f'<edge from-layer="{source}" from-port="{len(self.layers[source][3])}" to-layer="{number}" to-port="{i}"/>'
                           for i, source in enumerate(inputs)]
        if dims is not None:
            ports += "<output>" + self.port(len(inputs), type_, dims) + "</output>"
        text = f'<layer id="{number}" name="{name or f"{kind}_{number}"}" type="{kind}" version="opset1">{data}{ports}</layer>'
        self.layers.append((text, type_, dims, inputs))
        return number

    @staticmethod
    def port(number, type_, dims, inputs=None):
        return f'<port id="{number}" precision="{PRECISION[type_]}">' + "".join(f"<dim>{dim}</dim>" for dim in dims) + "</port>"

    def const(self, type_, dims, data):
        text = f'<data element_type="{type_}" shape="{",".join(map(str, dims))}" offset="{len(self.weights)}" size="{len(data)}"/>'
        self.weights += data
        return self.layer("Const", [], type_, dims, text)

    def parameter(self, type_, dims):
        shape = ",".join("?" if dim == -1 else str(dim) for dim in dims)
        return self.layer("Parameter", [], type_, dims, f'<data shape="{shape}" element_type="{type_}"/>', "x")

    def files(self, last):
        self.layer("Result", [last], None, None, name="y")
        text = '<?xml version="1.0"?><net name="godwit" version="11"><layers>' + "".join(layer[0] for layer in self.layers)
        return (text + "</layers><edges>" + "".join(self.edges) + "</edges></net>").encode(), self.weights


def classifier(trained):
    count, net = len(shapes.FILTERS), Network()
    x = net.parameter("f32", [1, 1, 32, 32])
    x = net.layer("Convolution", [x, net.const("f32", [count, 1, 3, 3], shapes.floats(shapes.FILTERS))], "f32", [1, count, 16, 16],
                  '<data strides="2,2" dilations="1,1" pads_begin="0,0" pads_end="1,1" auto_pad="explicit"/>')
    bias = net.const("f32", [1, count, 1, 1], shapes.floats([shapes.FILTER_BIAS] * count))
    x = net.layer("Add", [x, bias], "f32", [1, count, 16, 16], '<data auto_broadcast="numpy"/>')
    x = net.layer("ReLU", [x], "f32", [1, count, 16, 16])
    x = net.layer("AvgPool", [x], "f32", [1, count, 4, 4],
                  '<data kernel="4,4" strides="4,4" pads_begin="0,0" pads_end="0,0" exclude-pad="true" rounding_type="floor" auto_pad="explicit"/>')
    x = net.layer("Reshape", [x, net.const("i64", [2], struct.pack("<2q", 1, shapes.FEATURES))], "f32", [1, shapes.FEATURES],
                  '<data special_zero="false"/>')
    x = net.layer("MatMul", [x, net.const("f32", [3, shapes.FEATURES], shapes.floats(trained.weights))], "f32", [1, 3],
                  '<data transpose_a="false" transpose_b="true"/>')
    x = net.layer("Add", [x, net.const("f32", [1, 3], shapes.floats(trained.bias))], "f32", [1, 3], '<data auto_broadcast="numpy"/>')
    return net.files(net.layer("SoftMax", [x], "f32", [1, 3], '<data axis="1"/>'))


def small():
    """Three shapes and types: name -> the two files."""
    numpy = '<data auto_broadcast="numpy"/>'
    floats, ints, any_ = Network(), Network(), Network()
    x = floats.parameter("f32", [2, 3])
    doubled = floats.layer("Multiply", [x, floats.const("f32", [1], struct.pack("<f", 2))], "f32", [2, 3], numpy)
    y = ints.parameter("i32", [4])
    z = any_.parameter("u8", [-1, 2])
    return {
        "double_f32": floats.files(doubled),
        "double_i32": ints.files(ints.layer("Add", [y, y], "i32", [4], numpy)),
        "widen_u8": any_.files(any_.layer("Convert", [z], "f32", [-1, 2], '<data destination_type="f32"/>')),
    }
