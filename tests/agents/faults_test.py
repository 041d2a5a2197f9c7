#!/usr/bin/env python3
"""What one agent does wrong, and what the others notice of it: nothing.

usage: faults_test.py --server godwit-serve --guests DIRECTORY --source DIRECTORY [unittest arguments...]
"""

import argparse
import json
import pathlib
import re
import resource
import socket
import sqlite3
import sys
import threading
import time
import unittest

import harness
from harness import AgentsTest

MANIFEST = """version = 1
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
access_log = false
[[agent]]
name = "good"
module = "probe.wasm"
routes = ["/good"]
[agent.grants]
kv = true
sql = true
[[agent]]
name = "bad"
module = "probe.wasm"
routes = ["/bad"]
[agent.limits]
memory = "8MiB"
time = "1h"
[agent.grants]
kv = true
sql = true
hosts = ["127.0.0.1:{port}"]
[[agent]]
name = "late"
module = "probe.wasm"
routes = ["/late"]
[agent.limits]
time = "300ms"
[agent.grants]
sql = true
hosts = ["127.0.0.1:{port}"]
"""
# More than there are threads.
AT_A_TIME = 4


class Liar:
    """An upstream that takes connections, and says what it was told to, or nothing."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.says = None
        self.accepted = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.accepted.append(connection)
            if self.says is None:
                continue
            try:
                connection.sendall(self.says)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # who has heard enough may go


class FaultsTest(AgentsTest):
    @classmethod
    def setUpClass(cls):
        cls.liar = Liar()
        super().setUpClass()

    @classmethod
    def manifest(cls):
        return MANIFEST.format(port=cls.liar.port)

    def setUp(self):
        self.liar.says = None

    def rss(self):
        pages = int(pathlib.Path(f"/proc/{self.server.process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.liar.port}{path}".encode()

    def answers_others(self):
        for i in range(20):
            self.assertEqual(self.server.ask("/good/echo", b"x")[0], 200)
            self.assertEqual(self.server.ask(f"/good/kv-set?{i}", b"x"), (200, "ok"))

    def while_it_runs(self, what, check):
        """Has the bad agent do so, several times at once, for as long as `check` takes."""
        connections = []
        for _ in range(AT_A_TIME):
            connection = socket.create_connection(("127.0.0.1", self.server.port))
            connection.sendall(f"POST /bad/{what} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode())
            connections.append(connection)
        while self.running() < AT_A_TIME:
            time.sleep(0.001)
        check()
        self.assertEqual(self.running(), AT_A_TIME, "they go on")
        for connection in connections:
            connection.close()
        while self.running() > 0:  # whose client has left is ended
            time.sleep(0.001)

    def running(self):
        return json.loads(self.server.admin("/v1/agents/bad")[1])["running"]


class Computing(FaultsTest):
    def test_loops(self):
        self.while_it_runs("loop", self.answers_others)

    def test_asks_for_the_time_for_ever(self):
        self.while_it_runs("clock", self.answers_others)

    def test_floods_logs(self):
        before = self.rss()

        def is_flooded():
            lines = self.server.admin("/v1/agents/bad/logs")[1].splitlines()
            return any("left out" in json.loads(line)["message"] for line in lines)

        def check():
            self.answers_others()
            deadline = time.monotonic() + 60  # those who flood have their turns when nobody else wants one
            while not is_flooded() and time.monotonic() < deadline:
                time.sleep(0.01)
            self.assertTrue(is_flooded())
            self.answers_others()

        self.while_it_runs("flood", check)
        self.assertLess(self.rss() - before, 64 << 20)

    def test_ends_with_its_time_and_with_the_server(self):
        self.assertEqual(self.server.ask("/late/loop"), (504, "the agent took too long\n"))
        counted = re.search(r'godwit_agent_cpu_seconds_total{agent="late"} ([0-9.]+)', self.server.admin("/metrics")[1])
        self.assertGreater(float(counted[1]), 0)
        self.assertGreater(json.loads(self.server.admin("/v1/agents/late")[1])["cpu_ms"], 0)


class Memory(FaultsTest):
    def test_leaks(self):
        for _ in range(3):
            self.assertEqual(self.server.ask("/bad/grow")[0], 500)
        before = self.rss()
        for _ in range(60):
            self.assertEqual(self.server.ask("/bad/grow")[0], 500)
        self.assertLess(self.rss() - before, 64 << 20)
        self.answers_others()


class Upstreams(FaultsTest):
    def test_opens_many_sockets(self):
        self.liar.says = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
        before = len(self.liar.accepted)
        status, why = self.server.ask("/bad/sockets", self.url())
        self.assertEqual((status, why), (400, "sixteen responses are open: close one"))
        self.assertLessEqual(len(self.liar.accepted) - before, 17)
        self.answers_others()

    def test_hangs(self):
        status, text = self.server.ask("/late/fetch", self.url())
        self.assertIn((status, text), ((504, "the agent took too long\n"), (400, "cannot read from the connection: nothing happened for too long")))
        self.answers_others()

    def test_lies(self):
        for lie, words in (
            (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "cut"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\nx", "cut"),
            (b"nonsense\r\n\r\n", "the response: only HTTP/1.0"),
            (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * (1 << 20) + b"\r\n\r\n", "the response: "),
            (b"", "the connection ended"),
        ):
            self.liar.says = lie
            status, text = self.server.ask("/bad/fetch", self.url())
            self.assertIn(status, (200, 400), text)
            self.assertIn(words, text)
        self.answers_others()


class Disk(FaultsTest):
    def test_database_is_locked(self):
        self.assertEqual(self.server.ask("/bad/sql", b"CREATE TABLE t (a)")[0], 200)
        self.assertEqual(self.server.ask("/late/sql", b"CREATE TABLE t (a)")[0], 200)
        lock = sqlite3.connect(self.directory / "state/agents/late/sql.db", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        self.assertEqual(self.server.ask("/late/sql", b"INSERT INTO t VALUES (1)")[0], 504)
        self.answers_others()
        lock.execute("COMMIT")
        self.assertEqual(self.server.ask("/late/sql", b"INSERT INTO t VALUES (1)"), (200, "1"))
        lock.close()

    def test_disk_is_full(self):
        self.assertEqual(self.server.ask("/good/kv-set?before", b"x"), (200, "ok"))
        # no file may become larger than this from now on
        limit = 1 << 20
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        statuses = {}
        for i in range(40):
            status, text = self.server.ask(f"/bad/kv-set?{i}", b"x" * 60000)
            statuses[status] = text
        self.assertIn(400, statuses, statuses)
        self.assertRegex(statuses[400], "disk")
        self.answers_others()
        self.assertEqual(self.server.ask("/good/kv-get", b"before"), (200, "x"))
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        self.assertEqual(self.server.ask("/bad/kv-set?again", b"x" * 60000), (200, "ok"), "there is room again")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *harness.parse_options(argparse.ArgumentParser())])
