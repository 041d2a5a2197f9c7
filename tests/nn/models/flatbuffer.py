"""Writes FlatBuffers, front to back: what refers to something stands before it.

spec: https://flatbuffers.dev/internals/
"""

import struct

SIZES = {"b": 1, "B": 1, "i": 4, "I": 4, "f": 4}


class Table:
    """fields: slot -> (letter of struct, number), or a Table, a Vector or a str."""

    def __init__(self, fields):
        self.fields = {slot: value for slot, value in fields.items() if value is not None}


class Vector:
    """letter: of struct, or None for a vector of tables and strings."""

    def __init__(self, letter, items, align=4):
        self.letter, self.items, self.align = letter, items, align


def ints(values):
    return Vector("i", list(values))


def data(content):
    return Vector("B", content, 16)


def finish(root, identifier):
    out = bytearray(b"\0\0\0\0" + identifier)
    todo = [(0, root)]
    while todo:
        at, thing = todo.pop(0)
        position = emit(out, thing, todo)
        struct.pack_into("<I", out, at, position - at)
    return bytes(out)


def pad(out, align, behind=0):
    while (len(out) + behind) % align:
        out.append(0)


def emit(out, thing, todo):
    if isinstance(thing, str):
        pad(out, 4)
        position = len(out)
        out += struct.pack("<I", len(thing)) + thing.encode() + b"\0"
        return position
    if isinstance(thing, Vector):
        align = max(thing.align, 8 if thing.letter == "q" else 4)
        pad(out, align, 4)
        position = len(out)
        out += struct.pack("<I", len(thing.items))
        if thing.letter == "B":
            out += bytes(thing.items)
        elif thing.letter:
            out += struct.pack(f"<{len(thing.items)}{thing.letter}", *thing.items)
        else:
            for item in thing.items:
                todo.append((len(out), item))
                out += bytes(4)
        return position
    count = max(thing.fields, default=-1) + 1
    places, size = {}, 4
    wide_first = sorted(thing.fields, key=lambda slot: -(SIZES[thing.fields[slot][0]] if isinstance(thing.fields[slot], tuple) else 4))
    for slot in wide_first:
        places[slot] = size
        size += SIZES[thing.fields[slot][0]] if isinstance(thing.fields[slot], tuple) else 4
    table_of_slots = struct.pack(f"<{2 + count}H", 4 + 2 * count, size, *(places.get(slot, 0) for slot in range(count)))
    pad(out, 4, len(table_of_slots))
    out += table_of_slots
    position = len(out)
    out += struct.pack("<i", len(table_of_slots)) + bytes(size - 4)
    for slot, value in thing.fields.items():
        if isinstance(value, tuple):
            struct.pack_into("<" + value[0], out, position + places[slot], value[1])
        else:
            todo.append((position + places[slot], value))
    return position
