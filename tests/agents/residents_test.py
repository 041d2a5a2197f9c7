#!/usr/bin/env python3
"""Instances that stay, asleep and awake; and runs that are interrupted and resumed.

usage: residents_test.py --server godwit-serve --guests DIRECTORY --source DIRECTORY [--kills N] [unittest arguments...]
"""

import argparse
import http.client
import json
import random
import signal
import sys
import threading
import time
import unittest

import harness
from harness import AgentsTest, Upstream

MANIFEST = """version = 1
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
access_log = false
[[agent]]
name = "kept"
module = "probe.wasm"
routes = ["/kept"]
[agent.resident]
key = "header:X-Who"
awake = 4
most = 300
[agent.limits]
body = "128KiB"
[agent.grants]
timers = true
kv = true
[[agent]]
name = "durable"
module = "durable.wasm"
routes = ["/durable"]
[agent.resident]
key = "query:who"
awake = 2
durable = true
[agent.grants]
kv = true
timers = true
queues = ["kept", "durable"]
[[agent]]
name = "brief"
module = "probe.wasm"
routes = ["/brief"]
[agent.resident]
key = "path"
idle = "10ms"
[[agent]]
name = "steps"
module = "probe.wasm"
routes = ["/steps"]
journal = true
[agent.limits]
time = "1h"
[agent.grants]
kv = true
queues = ["steps"]
hosts = ["127.0.0.1:{port}"]
"""
STATE_BYTES = 64 << 10
MANY = 200


class Holding(Upstream):
    """Holds the first answer for a step that is to be held, until the test goes on."""

    def do_POST(self):
        step = self.path.partition("?step=")[2]
        if step in self.server.held:
            self.server.held.discard(step)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self.server.seen.append((self.path, dict(self.headers), body))
            self.server.is_held.set()
            self.connection.recv(1)  # until the other side is gone
            self.close_connection = True
            return
        super().do_POST()


class ResidentsTest(AgentsTest):
    @classmethod
    def manifest(cls):
        (cls.directory / "durable.wasm").write_bytes((cls.directory / "probe.wasm").read_bytes())
        cls.upstream.RequestHandlerClass = Holding
        cls.upstream.held = set()
        cls.upstream.is_held = threading.Event()
        return MANIFEST.format(port=cls.upstream.server_port)

    def kept(self, who, what="keep", body=b""):
        return self.server.ask("/kept/" + what, body, {"X-Who": who})

    def durable(self, who, body=b"", what="keep"):
        return self.server.ask(f"/durable/{what}?who={who}", body)

    def counts(self, agent):
        found = json.loads(self.server.admin("/v1/agents/" + agent)[1])
        return found["awake"], found["asleep"]


class Residents(ResidentsTest):
    def test_each_key_has_its_own(self):
        self.assertEqual(self.kept("a", body=b"one"), (200, "1 one"))
        self.assertEqual(self.kept("b", body=b"two"), (200, "1 two"))
        self.assertEqual(self.kept("a"), (200, "2 one"))
        self.assertEqual(self.kept("b"), (200, "2 two"))
        self.assertEqual(self.server.ask("/kept/keep")[0], 400, "no key")
        self.assertEqual(self.kept("x" * 201)[0], 400)
        self.assertEqual(self.server.ask("/brief/c/keep", b"three"), (200, "1 three"))
        self.assertEqual(self.server.ask("/brief/d/keep"), (200, "1 "))

    def test_one_at_a_time(self):
        def ask():
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
            for _ in range(20):
                connection.request("POST", "/kept/keep", b"", {"X-Who": "many"})
                response = connection.getresponse()
                self.assertEqual(response.status, 200, response.read())
                response.read()
            connection.close()

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.kept("many"), (200, "81 "), "no call was lost, none ran beside another")

    def test_sleeps_and_wakes_with_its_state(self):
        states = {f"sleeper{i}": random.Random(i).randbytes(STATE_BYTES // 2).hex().encode() for i in range(MANY)}
        for who, state in states.items():
            self.assertEqual(self.kept(who, "keep-large", state)[0], 200)
        awake, asleep = self.counts("kept")
        self.assertLessEqual(awake, 4)
        self.assertGreaterEqual(asleep, MANY - 4)
        for who, state in states.items():
            self.assertEqual(self.kept(who, "keep-large"), (200, state.decode()))

    def test_there_are_no_more_than_may_be(self):
        statuses = {self.kept(f"one of too many {i}", body=b"x")[0] for i in range(310)}
        self.assertEqual(statuses, {200, 503})
        self.assertEqual(self.kept("one of too many 0")[1], "2 x")

    def test_idle_ones_sleep_by_themselves(self):
        self.assertEqual(self.server.ask("/brief/sleepy/keep", b"tired"), (200, "1 tired"))
        while self.counts("brief")[0] > 0:
            time.sleep(0.01)
        self.assertEqual(self.server.ask("/brief/sleepy/keep"), (200, "2 tired"))

    def test_a_run_that_fails_leaves_nothing(self):
        self.assertEqual(self.durable("t", b"whole"), (200, "1 whole"))
        self.assertEqual(self.durable("t", what="keep-trap")[0], 500)
        self.assertEqual(self.durable("t"), (200, "2 whole"))

    def test_events_find_their_instance(self):
        self.assertEqual(self.durable("sender", b"durable/e keep told", "send-to"), (200, "ok"))
        self.assertEqual(self.durable("sender", b"durable/f keep more", "send-to"), (200, "ok"))
        while self.durable("e")[1][2:] != "told":
            time.sleep(0.01)
        while self.durable("f")[1][2:] != "more":
            time.sleep(0.01)
        self.assertEqual(self.durable("timed", b"t", "timer"), (200, "ok"))
        self.server.until("/durable/kv-get?who=other", b"event:timer:t", (200, "rung"))
        self.assertIn("'queues' of its grants", self.kept("a", "send-to", b"durable/e keep no")[1])

    def test_another_module_begins_anew(self):
        self.assertEqual(self.durable("m", b"old"), (200, "1 old"))
        other = (self.directory / "probe.wasm").read_bytes() + b"\x00\x05\x04more"  # a custom section
        self.assertEqual(self.server.admin("/v1/agents/durable/module", other, "PUT")[0], 200)
        self.assertEqual(self.durable("m"), (200, "1 "))
        self.assertIn("another module's", self.server.admin("/v1/agents/durable/logs")[1])

    def test_timers_may_be_set_again_by_their_own_runs(self):
        self.assertEqual(self.durable("s", b"durable/s again", "send-to"), (200, "ok"))
        self.server.until("/durable/kv-get?who=s", b"again", (200, "xxx"))


class Ends(ResidentsTest):
    def test_kill_loses_nothing_of_what_is_durable(self):
        self.assertEqual(self.kept("gone", body=b"soon"), (200, "1 soon"))
        calls, kills = {}, 0
        for _ in range(harness.OPTIONS.kills):
            is_over = threading.Event()

            def call():
                while not is_over.is_set():
                    for who in ("p", "q", "r"):
                        try:
                            status, text = self.durable(who, who.encode())
                        except (OSError, http.client.HTTPException):
                            return
                        if status == 200:
                            calls[who] = int(text.split()[0])

            before = sum(calls.values())
            thread = threading.Thread(target=call)
            thread.start()
            while sum(calls.values()) < before + 5 and thread.is_alive():
                time.sleep(0.001)
            self.server.stop(signal.SIGKILL)
            kills += 1
            is_over.set()
            thread.join()
            self.server.start()
        for who, count in calls.items():
            found, _, text = self.durable(who)[1].partition(" ")
            self.assertEqual(text, who)
            self.assertGreater(int(found), count, "what was answered is there")
            self.assertLessEqual(int(found), count + 1 + kills, "and nothing but what was asked")
        self.assertEqual(self.kept("gone"), (200, "1 "), "what is not durable ends with the server")


class Journals(ResidentsTest):
    def test_an_interrupted_run_is_resumed(self):
        self.upstream.held.update({"3", "last"})
        self.assertEqual(self.server.ask("/steps/send-to", b"steps steps " + self.url("/do").encode()), (200, "ok"))
        for _ in range(2):  # in its third step, and in its last
            self.assertTrue(self.upstream.is_held.wait(60))
            self.upstream.is_held.clear()
            self.server.stop(signal.SIGKILL)
            self.server.start()
        while json.loads(self.server.admin("/v1/agents/steps")[1])["runs"] == 0:
            time.sleep(0.01)
        seen = [(path.partition("?step=")[2], headers["Idempotency-Key"], body) for path, headers, body in self.upstream.seen]
        self.assertEqual([step for step, _, _ in seen], ["1", "2", "3", "3", "last", "last"])
        keys = [key for _, key, _ in seen]
        self.assertEqual((keys[2], keys[4]), (keys[3], keys[5]), "what is asked again is known by its key")
        self.assertEqual(len(set(keys)), 4)
        self.assertEqual(seen[4][2], seen[5][2], "time and chance are the same")
        runs = json.loads(self.server.admin("/v1/agents/steps")[1])
        self.assertEqual((runs["runs"], runs["failures"]), (1, 0))

    def test_what_failed_begins_anew(self):
        closed = "http://127.0.0.1:1"  # not granted: fails, and is tried again
        self.assertEqual(self.server.ask("/steps/send-to", f"steps steps {closed}".encode()), (200, "ok"))
        while json.loads(self.server.admin("/v1/agents/steps")[1])["failures"] < 2:
            time.sleep(0.02)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=3)
    unittest.main(argv=[sys.argv[0], *harness.parse_options(parser)])
