#!/usr/bin/env python3
"""WebSockets of agents, by a small client of this test's own: what passes, what is refused, what ends them.

usage: websocket_test.py --server godwit-serve --guests DIRECTORY --source DIRECTORY
"""

import argparse
import base64
import hashlib
import os
import pathlib
import shutil
import signal
import socket
import struct
import sys
import tempfile
import unittest

import harness

MANIFEST = """version = 1
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
{top}
[[agent]]
name = "granted"
module = "probe.wasm"
routes = ["/granted"]
websockets = ["/talk"]
[agent.limits]
body = "64KiB"
[agent.grants]
kv = true
timers = true
[[agent]]
name = "other"
module = "probe.wasm"
routes = ["/other"]
"""
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Client:
    def __init__(self, port, path="/talk", headers=(), wrap=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        if wrap:
            self.socket = wrap(self.socket)
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {"Host": f"127.0.0.1:{port}", "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key, **dict(headers)}  # fmt: skip
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n".encode()
                            + b"".join(f"{name}: {value}\r\n".encode() for name, value in fields.items()) + b"\r\n")
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.more()
        self.head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.status = int(self.head.split()[1])
        if self.status == 101:
            digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
            assert b"Sec-WebSocket-Accept: " + base64.b64encode(digest) in self.head, self.head

    def more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise EOFError
        return piece

    def send(self, opcode, payload=b"", is_last=True, is_masked=True):
        head = bytes([opcode | (0x80 if is_last else 0)])
        mask_bit = 0x80 if is_masked else 0
        if len(payload) < 126:
            head += bytes([len(payload) | mask_bit])
        elif len(payload) < 65536:
            head += bytes([126 | mask_bit]) + struct.pack(">H", len(payload))
        else:
            head += bytes([127 | mask_bit]) + struct.pack(">Q", len(payload))
        mask = os.urandom(4) if is_masked else b""
        if is_masked:
            payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.socket.sendall(head + mask + payload)

    def take(self, size):
        while len(self.buffer) < size:
            self.buffer += self.more()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def receive(self):
        first, size = self.take(2)
        assert first & 0x80 and not size & 0x80
        if size == 126:
            (size,) = struct.unpack(">H", self.take(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", self.take(8))
        return first & 0x0F, self.take(size)

    def text(self, text):
        self.send(TEXT, text.encode())
        return self.receive()

    def until_close(self):
        while True:
            opcode, payload = self.receive()
            if opcode == CLOSE:
                return struct.unpack(">H", payload[:2])[0] if payload else None

    def close(self):
        self.socket.close()


class WebSockets(unittest.TestCase):
    TOP = ""

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="godwit-websocket."))
        shutil.copy(pathlib.Path(harness.OPTIONS.guests) / "agent-probe.wasm", cls.directory / "probe.wasm")
        cls.server = harness.Server(cls.directory, MANIFEST.format(top=cls.TOP))

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        shutil.rmtree(cls.directory)
        assert status == 0, status

    def open(self, **options):
        client = Client(self.server.port, **options)
        self.addCleanup(client.close)
        self.assertEqual(client.status, 101, client.head)
        opcode, payload = client.receive()
        self.assertEqual((opcode, payload[:8]), (TEXT, b"welcome "))
        return client, payload[8:].decode()

    def test_passes_messages(self):
        client, _ = self.open()
        self.assertEqual(client.text("hello é"), (TEXT, "echo hello é".encode()))
        client.send(BINARY, bytes(range(256)) * 200)
        self.assertEqual(client.receive(), (BINARY, bytes(range(256)) * 200))
        for i, piece in enumerate((b"in ", b"three ", b"pieces")):
            if i > 0:
                client.send(PING, b"between")
                self.assertEqual(client.receive(), (PONG, b"between"))
            client.send(TEXT if i == 0 else 0, piece, is_last=i == 2)
        self.assertEqual(client.receive(), (TEXT, b"echo in three pieces"))

    def test_any_run_may_send(self):
        client, name = self.open()
        other, other_name = self.open()
        self.assertEqual(self.server.ask("/granted/tell?" + name, b"by a request"), (200, "ok"))
        self.assertEqual(client.receive(), (TEXT, b"by a request"))
        self.assertEqual(other.text("pass " + name), (TEXT, b"echo pass " + name.encode()))
        self.assertEqual(client.receive(), (TEXT, b"passed"))
        self.assertEqual(self.server.ask("/other/tell?" + name, b"x"), (400, "no WebSocket of that id is open"))
        self.assertEqual(self.server.ask("/granted/tell?" + "0" * 32, b"x"), (400, "no WebSocket of that id is open"))
        self.assertNotEqual(name, other_name)

    def test_ends_as_either_side_says(self):
        client, name = self.open()
        client.send(CLOSE, struct.pack(">H", 1000) + b"bye")
        self.assertEqual(client.until_close(), 1000)
        self.server.until("/granted/kv-get", ("closed:" + name).encode(), (200, "1000"))
        client, name = self.open()
        client.send(TEXT, b"close")
        self.assertEqual(client.until_close(), 4000)
        client.send(CLOSE, struct.pack(">H", 4000))
        self.server.until("/granted/kv-get", ("closed:" + name).encode(), (200, "4000"))
        client, name = self.open()
        client.close()
        self.server.until("/granted/kv-get", ("closed:" + name).encode(), (200, "1006"))
        self.assertEqual(self.server.ask("/granted/tell?" + name, b"x")[0], 400)

    def test_a_run_that_fails_ends_it(self):
        client, _ = self.open()
        client.send(TEXT, b"trap")
        self.assertEqual(client.until_close(), 1011)

    def test_refuses_what_is_no_protocol(self):
        for code, send in (
            (1002, lambda c: c.send(TEXT, b"x", is_masked=False)),
            (1002, lambda c: c.send(0, b"x")),
            (1002, lambda c: c.send(3, b"x")),
            (1002, lambda c: c.send(TEXT | 0x40, b"x")),
            (1002, lambda c: c.send(PING, b"x" * 126)),
            (1002, lambda c: c.send(PING, b"x", is_last=False)),
            (1002, lambda c: (c.send(TEXT, b"x", is_last=False), c.send(TEXT, b"x"))),
            (1002, lambda c: c.send(CLOSE, b"x")),
            (1002, lambda c: c.send(CLOSE, struct.pack(">H", 1006))),
            (1007, lambda c: c.send(TEXT, b"\xff")),
            (1009, lambda c: c.send(BINARY, b"x" * 65537)),
            (1009, lambda c: (c.send(BINARY, b"x" * 60000, is_last=False), c.send(0, b"x" * 6000))),
        ):
            client, _ = self.open()
            send(client)
            self.assertEqual(client.until_close(), code)

    def test_refuses_handshakes(self):
        for status, headers in (
            (403, {"Origin": "http://evil.test"}),
            (421, {"Host": "evil.test"}),
            (426, {"Sec-WebSocket-Version": "8"}),
            (400, {"Sec-WebSocket-Key": "short"}),
            (400, {"Connection": "close"}),
            (426, {"Upgrade": "h2c"}),
        ):
            client = Client(self.server.port, headers=headers)
            self.assertEqual(client.status, status, headers)
            client.close()
        client = Client(self.server.port, path="/talk/beneath")
        self.assertEqual(client.status, 404)
        client.close()

    def test_a_client_that_does_not_read_is_no_burden(self):
        client, name = self.open()
        client.send(TEXT, b"flood")
        self.assertEqual(client.receive()[0], TEXT)
        # what was sent before the guest was told that it is too much, and that it was told so
        answer = b""
        while not answer.startswith(b"refused"):
            answer = client.receive()[1]
        self.assertIn(b"takes too little", answer)
        for _ in range(2000):
            client.send(PING, b"x" * 125)
        client.send(TEXT, b"still there")
        while client.receive() != (TEXT, b"echo still there"):
            pass

    def test_the_end_of_the_server_is_said(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="godwit-websocket."))
        shutil.copy(self.directory / "probe.wasm", directory / "probe.wasm")
        server = harness.Server(directory, MANIFEST.format(top=""))
        client = Client(server.port)
        client.receive()
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(client.until_close(), 1001)
        client.send(CLOSE, struct.pack(">H", 1001))
        self.assertEqual(server.stop(), 0)
        client.close()
        shutil.rmtree(directory)


class OverTls(unittest.TestCase):
    def test_both_ways_at_once(self):
        import ssl

        import tls_test

        directory = pathlib.Path(tempfile.mkdtemp(prefix="godwit-websocket."))
        shutil.copy(pathlib.Path(harness.OPTIONS.guests) / "agent-probe.wasm", directory / "probe.wasm")
        tls_test.make_certificate(directory, "one.test")
        top = '[tls]\ncertificate = "server.pem"\nkey = "server.key"'
        server = harness.Server(directory, MANIFEST.format(top=top))
        context = ssl.create_default_context(cafile=directory / "server.pem")
        client = Client(server.port, wrap=lambda s: context.wrap_socket(s, server_hostname="one.test"))
        client.receive()
        messages = [os.urandom(20000) for _ in range(30)]
        for message in messages:  # the server writes what it has read before, while it reads
            client.send(BINARY, message)
        for message in messages:
            self.assertEqual(client.receive(), (BINARY, message))
        client.close()
        self.assertEqual(server.stop(), 0)
        shutil.rmtree(directory)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *harness.parse_options(argparse.ArgumentParser())])
