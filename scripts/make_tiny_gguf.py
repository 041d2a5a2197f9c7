#!/usr/bin/env python3
"""Writes a llama model of 0.45 million random parameters as a GGUF file, the same bytes on every machine.

It says nothing sensible; tests use it to see that another model gives other tokens, and it loads in milliseconds.
The format is written by hand (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): no package is needed.

usage: make_tiny_gguf.py <out.gguf>
"""

import random
import struct
import sys

EMBEDDING, LAYERS, HEADS, KV_HEADS, FEED_FORWARD, CONTEXT = 96, 4, 4, 2, 256, 512
HEAD_SIZE = EMBEDDING // HEADS
ALIGNMENT = 32

# GGUF value types and tensor types
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
TENSOR_F32, TENSOR_F16 = 0, 1
# token types of the tokenizer
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6

CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def vocabulary():
    """Yields (text, score, type): control tokens, all bytes, and the printable ASCII characters."""
    yield "<unk>", 0.0, UNKNOWN
    for text in ("<s>", "</s>", "<|im_start|>", "<|im_end|>"):
        yield text, 0.0, CONTROL
    for byte in range(256):
        yield f"<0x{byte:02X}>", 0.0, BYTE
    yield "\u2581", -1.0, NORMAL  # sentencepiece's space
    for code in range(0x21, 0x7F):
        yield chr(code), -1.0, NORMAL


def string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def value(kind, item):
    if kind == STRING:
        return string(item)
    return struct.pack({UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind], item)


def pair(key, kind, item):
    return string(key) + struct.pack("<I", kind) + value(kind, item)


def array_pair(key, kind, items):
    head = string(key) + struct.pack("<IIQ", ARRAY, kind, len(items))
    return head + b"".join(value(kind, item) for item in items)


def tensors(vocabulary_size):
    """Yields (name, dimensions with the fastest first)."""
    kv_size = KV_HEADS * HEAD_SIZE
    yield "token_embd.weight", (EMBEDDING, vocabulary_size)
    yield "output_norm.weight", (EMBEDDING,)
    yield "output.weight", (EMBEDDING, vocabulary_size)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        yield block + "attn_norm.weight", (EMBEDDING,)
        yield block + "attn_q.weight", (EMBEDDING, EMBEDDING)
        yield block + "attn_k.weight", (EMBEDDING, kv_size)
        yield block + "attn_v.weight", (EMBEDDING, kv_size)
        yield block + "attn_output.weight", (EMBEDDING, EMBEDDING)
        yield block + "ffn_norm.weight", (EMBEDDING,)
        yield block + "ffn_gate.weight", (EMBEDDING, FEED_FORWARD)
        yield block + "ffn_up.weight", (EMBEDDING, FEED_FORWARD)
        yield block + "ffn_down.weight", (FEED_FORWARD, EMBEDDING)


def tensor_data(generator, dimensions):
    if len(dimensions) == 1:  # a norm: all ones
        return TENSOR_F32, struct.pack(f"<{dimensions[0]}f", *[1.0] * dimensions[0])
    count = dimensions[0] * dimensions[1]
    scale = 3.0 / dimensions[0] ** 0.5
    # uniform from random() alone: it is the one method whose values Python promises to keep between versions
    return TENSOR_F16, struct.pack(f"<{count}e", *((2 * generator.random() - 1) * scale for _ in range(count)))


def padding(size):
    return b"\0" * (-size % ALIGNMENT)


def main():
    tokens = list(vocabulary())
    index_of = {text: index for index, (text, _, _) in enumerate(tokens)}
    pairs = [
        pair("general.architecture", STRING, "llama"),
        pair("general.name", STRING, "godwit tiny random"),
        pair("general.alignment", UINT32, ALIGNMENT),
        pair("general.file_type", UINT32, 1),
        pair("llama.context_length", UINT32, CONTEXT),
        pair("llama.embedding_length", UINT32, EMBEDDING),
        pair("llama.block_count", UINT32, LAYERS),
        pair("llama.feed_forward_length", UINT32, FEED_FORWARD),
        pair("llama.attention.head_count", UINT32, HEADS),
        pair("llama.attention.head_count_kv", UINT32, KV_HEADS),
        pair("llama.attention.layer_norm_rms_epsilon", FLOAT32, 1e-5),
        pair("llama.rope.dimension_count", UINT32, HEAD_SIZE),
        pair("llama.rope.freq_base", FLOAT32, 10000.0),
        pair("llama.vocab_size", UINT32, len(tokens)),
        pair("tokenizer.ggml.model", STRING, "llama"),
        array_pair("tokenizer.ggml.tokens", STRING, [text for text, _, _ in tokens]),
        array_pair("tokenizer.ggml.scores", FLOAT32, [score for _, score, _ in tokens]),
        array_pair("tokenizer.ggml.token_type", INT32, [kind for _, _, kind in tokens]),
        pair("tokenizer.ggml.bos_token_id", UINT32, index_of["<s>"]),
        pair("tokenizer.ggml.eos_token_id", UINT32, index_of["<|im_end|>"]),
        pair("tokenizer.ggml.unknown_token_id", UINT32, index_of["<unk>"]),
        pair("tokenizer.ggml.add_bos_token", BOOL, True),
        pair("tokenizer.ggml.add_space_prefix", BOOL, False),
        pair("tokenizer.chat_template", STRING, CHATML),
    ]
    generator = random.Random(20260101)
    infos, blobs, offset, parameters = [], [], 0, 0
    for name, dimensions in tensors(len(tokens)):
        kind, data = tensor_data(generator, dimensions)
        parameters += dimensions[0] * (dimensions[1] if len(dimensions) > 1 else 1)
        infos.append(
            string(name)
            + struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions)
            + struct.pack("<IQ", kind, offset)
        )
        blobs.append(data + padding(len(data)))
        offset += len(blobs[-1])
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(pairs)) + b"".join(pairs) + b"".join(infos)
    with open(sys.argv[1], "wb") as out:
        out.write(head + padding(len(head)) + b"".join(blobs))
    print(f"{sys.argv[1]}: {parameters} parameters, {len(tokens)} tokens, {len(head) + offset} bytes")


if __name__ == "__main__":
    main()
