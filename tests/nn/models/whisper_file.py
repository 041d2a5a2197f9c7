"""A model of Whisper in ggml's format whose weights are chosen by hand: it says known sentences whatever it hears.

Each token of the sentences, and each special token before them, has a place of its own in the state. The decoder's
one layer brings the state from a token's place to that of the next one; the audio, of which the layers of the encoder
make nothing, has no say. What a test sees of it is the way of samples, options and text, not recognition.
"""

import struct

MAGIC = 0x67676D6C
VOCABULARY = 51865   # the least with languages: 50257 words, 99 languages, special tokens, 1501 times
STATE, HEADS, MELS, AUDIO_CONTEXT, TEXT_CONTEXT = 64, 1, 80, 1500, 448
FREQUENCIES = 201
F32, F16 = 0, 1

END, START = 50257, 50258
LANGUAGES = 50259    # English; German is the third
GERMAN = LANGUAGES + 2
TRANSLATE, TRANSCRIBE, NO_TIMES, FIRST_TIME = 50358, 50359, 50363, 50364

WORDS = [" ", " The", " quick", " brown", " fox", " jumps", ".", " A", " translation"]
SAID = [" The", " quick", " brown", " fox", " jumps", "."]
TRANSLATED = [" A", " translation", "."]
LATER = FIRST_TIME + 1      # 0.02 s, where translations begin
LAST_TIME = FIRST_TIME + 100  # 2 s

# Scales: of a token's place; of the way to the next, which outweighs what came in; of what the layer norm leaves.
PLACE, STEP, SECOND_CHOICE, SHARPNESS = 1.0, 8.0, 4.0, 4.0


class Sentences:
    """Which place comes after which."""

    def __init__(self):
        self.places = []     # the tokens at each; several where the same comes next
        self.next = {}       # place: [(place, scale)]
        end = self.place(END)
        last = self.place(LAST_TIME)
        self.next[last] = [(end, STEP)]
        said = self.chain(SAID, last, end, [FIRST_TIME, NO_TIMES])
        translated = self.chain(TRANSLATED, last, end, [LATER])
        self.next[self.place(TRANSCRIBE)] = [(said, STEP)]
        self.next[self.place(TRANSLATE)] = [(translated, STEP)]
        self.next[self.place(START)] = [(self.place(GERMAN), STEP)]   # the language it hears

    def place(self, *tokens):
        self.places.append(tokens)
        return len(self.places) - 1

    def chain(self, words, last, end, begin):
        # A word that both sentences have gets a place in each; they differ in how near the output is to it.
        places = [self.place(WORDS.index(word)) for word in words]
        first = self.place(*begin)
        for here, there in zip([first] + places, places):
            self.next[here] = [(there, STEP)]
        self.next[places[-1]] = [(last, STEP), (end, SECOND_CHOICE)]   # the end where there are no times
        return first


def tensor(name, kind, shape, values):
    head = struct.pack("<iii", len(shape), len(name), kind) + struct.pack(f"<{len(shape)}i", *shape)
    return head + name.encode() + values


def floats(kind, count, entries=None):
    """`count` zeros but for the entries {index: value}."""
    size, form = (4, "<f") if kind == F32 else (2, "<e")
    data = bytearray(count * size)
    for index, value in (entries or {}).items():
        struct.pack_into(form, data, index * size, value)
    return bytes(data)


def vector(name, size, value=0.0):
    return tensor(name, F32, [size], struct.pack("<f", value) * size)


def matrix(name, columns, rows, entries=None):
    """entries: {(row, column): value}"""
    flat = {row * columns + column: value for (row, column), value in (entries or {}).items()}
    return tensor(name, F16, [columns, rows], floats(F16, columns * rows, flat))


def attention(prefix):
    for name in ("query", "key", "value", "out"):
        yield matrix(f"{prefix}.{name}.weight", STATE, STATE)
        if name != "key":
            yield vector(f"{prefix}.{name}.bias", STATE)
    yield vector(f"{prefix}_ln.weight", STATE, 1.0)
    yield vector(f"{prefix}_ln.bias", STATE)


def block(prefix, inner=None, outer=None):
    yield from attention(prefix + "attn")
    yield vector(prefix + "mlp_ln.weight", STATE, 1.0)
    yield vector(prefix + "mlp_ln.bias", STATE)
    yield matrix(prefix + "mlp.0.weight", STATE, 4 * STATE, inner)
    yield vector(prefix + "mlp.0.bias", 4 * STATE)
    yield matrix(prefix + "mlp.2.weight", 4 * STATE, STATE, outer)
    yield vector(prefix + "mlp.2.bias", STATE)


def tensors():
    sentences = Sentences()
    yield tensor("encoder.positional_embedding", F32, [STATE, AUDIO_CONTEXT], floats(F32, STATE * AUDIO_CONTEXT))
    yield tensor("encoder.conv1.weight", F16, [3, MELS, STATE], floats(F16, 3 * MELS * STATE))
    yield tensor("encoder.conv1.bias", F32, [1, STATE], floats(F32, STATE))
    yield tensor("encoder.conv2.weight", F16, [3, STATE, STATE], floats(F16, 3 * STATE * STATE))
    yield tensor("encoder.conv2.bias", F32, [1, STATE], floats(F32, STATE))
    yield vector("encoder.ln_post.weight", STATE, 1.0)
    yield vector("encoder.ln_post.bias", STATE)
    yield from block("encoder.blocks.0.")
    yield tensor("decoder.positional_embedding", F32, [STATE, TEXT_CONTEXT], floats(F32, STATE * TEXT_CONTEXT))
    embedding = {(token, place): PLACE for place, tokens in enumerate(sentences.places) for token in tokens}
    yield matrix("decoder.token_embedding.weight", STATE, VOCABULARY, embedding)
    yield vector("decoder.ln.weight", STATE, SHARPNESS)
    yield vector("decoder.ln.bias", STATE)
    inner = {(place, place): 1.0 for place in range(len(sentences.places))}
    outer = {(there, here): scale for here, ways in sentences.next.items() for there, scale in ways}
    yield from block("decoder.blocks.0.", inner, outer)
    yield from attention("decoder.blocks.0.cross_attn")


def header(**changed):
    numbers = {"vocabulary": VOCABULARY, "audio_context": AUDIO_CONTEXT, "audio_state": STATE, "audio_heads": HEADS,
               "audio_layers": 1, "text_context": TEXT_CONTEXT, "text_state": STATE, "text_heads": HEADS,
               "text_layers": 1, "mels": MELS, "type": F16} | changed
    return struct.pack("<I11i", MAGIC, *numbers.values())


def sentences():
    filters = struct.pack("<ii", MELS, FREQUENCIES) + floats(F32, MELS * FREQUENCIES)
    # whisper.cpp names the tokens behind these by itself
    words = struct.pack("<i", len(WORDS)) + b"".join(struct.pack("<I", len(word)) + word.encode() for word in WORDS)
    return header() + filters + words + b"".join(tensors())
