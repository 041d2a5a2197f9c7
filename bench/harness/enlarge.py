"""Makes a larger module of one: its functions once more, and once more, with nobody that calls them. What such a module
costs before its first output is what the mere size of a module costs."""


def read_leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def leb(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def sections(module):
    at = 8
    while at < len(module):
        kind = module[at]
        size, begin = read_leb(module, at + 1)
        yield kind, module[begin:begin + size]
        at = begin + size


def items(section, read):
    count, at = read_leb(section, 0)
    for _ in range(count):
        item, at = read(section, at)
        yield item


def read_body(section, at):
    size, begin = read_leb(section, at)
    return section[at:begin + size], begin + size


def enlarge(module, size):
    """The bytes of a module of about `size` bytes. Custom sections are left out."""
    known = {kind: content for kind, content in sections(module) if kind != 0}
    types = list(items(known[3], read_leb))
    bodies = list(items(known[10], read_body))
    times = 1 + (size - len(module)) // sum(map(len, bodies))
    known[3] = leb(len(types) * times) + b"".join(map(leb, types * times))
    known[10] = leb(len(bodies) * times) + b"".join(bodies * times)
    return module[:8] + b"".join(bytes([kind]) + leb(len(content)) + content for kind, content in known.items())
