#!/usr/bin/env python3
"""Agents in a real server on the loopback interface.

usage: agents_test.py --server godwit-serve --guests DIRECTORY --source DIRECTORY [--kills N] [unittest arguments...]
"""

import argparse
import collections
import hashlib
import hmac
import http.client
import json
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import harness
from harness import SECRET, AgentsTest


class Requests(AgentsTest):
    def test_answers(self):
        self.assertEqual(self.server.ask("/granted/a/echo?b=c", b"body"), (200, "http|POST|/granted/a/echo|b=c|body"))
        self.assertEqual(self.server.ask("/nowhere")[0], 404)
        self.assertEqual(self.server.ask("/grantedtoo")[0], 404)

    def test_streams(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        connection.request("GET", "/granted/stream")
        response = connection.getresponse()
        self.assertEqual(response.getheader("Transfer-Encoding"), "chunked")
        self.assertEqual(response.read(), b"data: 0\n\ndata: 1\n\ndata: 2\n\n")
        connection.close()

    def test_ends_what_fails(self):
        self.assertEqual(self.granted("trap"), (500, "the agent failed\n"))
        self.assertEqual(self.server.ask("/short/loop"), (504, "the agent took too long\n"))
        self.assertEqual(self.granted("grow")[0], 500)
        self.assertEqual(self.granted("echo", "x" * 70000)[0], 413)
        self.assertEqual(self.granted("echo", "after")[0], 200)

    def test_refuses_other_hosts_and_origins(self):
        self.assertEqual(self.server.ask("/granted/echo", headers={"Host": "evil.test"})[0], 421)
        self.assertEqual(self.server.ask("/granted/echo", headers={"Origin": "http://evil.test"})[0], 403)
        self.assertEqual(self.server.ask("/granted/echo", headers={"Origin": "null"})[0], 403)
        own = f"127.0.0.1:{self.server.port}"
        self.assertEqual(self.server.ask("/granted/echo", headers={"Origin": "http://" + own, "Host": own})[0], 200)
        self.assertEqual(self.granted("cors")[0], 400)


class Grants(AgentsTest):
    def test_kv(self):
        self.assertEqual(self.server.ask("/granted/kv-set?one", b"1"), (200, "ok"))
        self.assertEqual(self.granted("kv-get", "one"), (200, "1"))
        self.assertEqual(self.granted("kv-get", "two"), (400, "no such key"))
        self.assertEqual(self.server.ask("/other/kv-get", b"one"), (400, "no such key"), "each agent has its own")
        self.assertIn("kv = true", self.denied("kv-get", "one")[1])

    def test_sql(self):
        self.assertEqual(self.granted("sql", "CREATE TABLE IF NOT EXISTS t (a INTEGER, b TEXT)")[0], 200)
        self.assertEqual(self.granted("sql", "INSERT INTO t VALUES (1, 'x'), (2, 'y')"), (200, "2"))
        self.assertEqual(self.granted("sql", "SELECT * FROM t ORDER BY a"), (200, "0|1,x,|2,y,"))
        for refused in ("ATTACH 'other.db' AS o", "PRAGMA journal_mode = DELETE", "BEGIN", "SELECT load_extension('x')",
                        "SELECT 1; SELECT 2", "SELEC 1", "VACUUM INTO 'copy.db'"):  # fmt: skip
            self.assertEqual(self.granted("sql", refused)[0], 400, refused)
        slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
        self.assertIn(self.server.ask("/short/sql", slow.encode())[0], (400, 504))
        self.assertEqual(self.granted("sql", "SELECT 1"), (200, "0|1,"), "and statements of others run")
        self.assertIn("sql = true", self.denied("sql", "SELECT 1")[1])

    def test_hosts(self):
        status, text = self.granted("fetch", self.url())
        self.assertEqual((status, json.loads(text)["body"]), (200, "sent"))
        self.assertIn("'hosts' of its grants", self.denied("fetch", self.url())[1])
        self.assertIn("'hosts' of its grants", self.granted("fetch", "http://127.0.0.1:1/")[1])
        self.assertEqual(self.granted("fetch", self.url("/redirect"))[0], 302, "redirections are not followed")
        self.assertEqual(self.granted("fetch", "file:///etc/passwd")[0], 400)
        self.assertEqual(self.granted("fetch", f"http://user@127.0.0.1:{self.upstream.server_port}/")[0], 400)

    def test_secrets(self):
        self.assertEqual(self.granted("fetch", self.url("/secret"))[0], 200)
        headers = next(headers for path, headers, _ in reversed(self.upstream.seen) if path == "/secret")
        self.assertEqual(headers["Authorization"], "Bearer " + SECRET)
        self.assertEqual(self.granted("scan", SECRET[:6] + "|" + SECRET[6:]), (200, "absent"))
        self.assertEqual(self.granted("scan", "Whether a |text"), (200, "absent"))
        self.assertEqual(self.granted("scan", "noth|ing"), (200, "found"), "what is there is found")
        self.granted("log", "it is " + SECRET)
        logs = self.server.admin("/v1/agents/granted/logs")[1]
        self.assertIn("it is ***", logs)
        everything = logs + "".join(self.server.lines) + (self.directory / "output").read_text()
        self.assertNotIn(SECRET, everything)

    def test_secrets_go_nowhere_else(self):
        self.assertEqual(self.granted("fetch", f"http://localhost:{self.upstream.server_port}/elsewhere")[0], 200)
        headers = next(headers for path, headers, _ in reversed(self.upstream.seen) if path == "/elsewhere")
        self.assertNotIn("Authorization", headers, "a host that is granted, but not to the secret")

    def test_models(self):
        status, text = self.granted("llm", '{"model": "other", "messages": [{"model": 1}]}')
        self.assertEqual(status, 200)
        sent = json.loads(json.loads(text)["body"])
        self.assertEqual(sent, {"model": "tiny", "messages": [{"model": 1}]})
        self.assertEqual(json.loads(text)["path"], "/v1/chat/completions")
        self.assertIn("'model' of its grants", self.denied("llm", "{}")[1])

    def test_environment_and_paths(self):
        self.assertEqual(self.granted("env"), (200, "hello"))
        self.assertEqual(self.denied("env"), (200, "unset"))
        self.assertEqual(self.granted("file", "/data/file"), (200, "content"))
        self.assertEqual(self.granted("file", "/data/../private"), (200, "no file"))
        self.assertEqual(self.denied("file", "/data/file"), (200, "no file"))
        self.assertEqual(self.granted("write-file", "/out/file"), (200, "written"))
        self.assertEqual((self.directory / "out" / "file").read_text(), "by a guest")
        self.assertEqual(self.granted("write-file", "/data/file"), (200, "no file"), "for reading")
        self.assertEqual(self.granted("write-file", "/data/new"), (200, "no file"))
        self.assertEqual((self.directory / "data" / "file").read_text(), "content")

    def test_timers_and_queues(self):
        self.assertEqual(self.granted("timer", "t1"), (200, "ok"))
        self.server.until("/granted/kv-get", b"event:timer:t1", (200, "rung"))
        self.assertIn("timers = true", self.denied("timer", "t1")[1])
        self.assertEqual(self.server.ask("/granted/queue?key1", b"fail once"), (200, "ok"))
        self.server.until("/other/kv-get", b"failed", (200, "1"))
        self.server.until("/other/kv-get", b"event:queue:granted:key1", (200, "fail once"))
        self.assertIn("'queues' of its grants", self.server.ask("/denied/queue", b"x")[1])

    def test_counts_denials(self):
        self.denied("sql", "SELECT 1")
        agents = {agent["name"]: agent for agent in json.loads(self.server.admin("/v1/agents")[1])["agents"]}
        self.assertGreater(agents["denied"]["denials"], 0)
        self.assertIn('godwit_agent_denials_total{agent="denied"}', self.server.admin("/metrics")[1])


class Webhooks(AgentsTest):
    def github(self, body, secret=SECRET, **headers):
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return self.server.ask("/hooks/github", body, {"X-Hub-Signature-256": signature, **headers})[0]

    def slack(self, body, secret=SECRET, at=None):
        at = str(int(at or time.time()))
        signature = "v0=" + hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        return self.server.ask("/hooks/slack", body, {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": at})

    def test_github(self):
        self.assertEqual(self.github(b'{"n":1}'), 200)
        self.assertEqual(self.github(b'{"n":2}', "another"), 401)
        self.assertEqual(self.server.ask("/hooks/github", b'{"n":3}')[0], 401)
        self.assertEqual(self.server.ask("/hooks/github", method="GET")[0], 405)

    def test_slack(self):
        self.assertEqual(self.slack(b"payload=1"), (200, "nothing"))
        self.assertEqual(self.slack(b"payload=1", "another")[0], 401)
        self.assertEqual(self.slack(b"payload=1", at=time.time() - 400)[0], 401)
        self.assertEqual(self.slack(b"payload=1", at=time.time() + 400)[0], 401)

    def test_telegram(self):
        header = "X-Telegram-Bot-Api-Secret-Token"
        self.assertEqual(self.server.ask("/hooks/telegram", b'{"update_id":1}', {header: SECRET}), (200, "nothing"))
        self.assertEqual(self.server.ask("/hooks/telegram", b'{"update_id":2}', {header: "another"})[0], 401)

    def test_replays_do_not_run_the_agent(self):
        at = time.time()
        telegram = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        self.assertEqual(self.server.ask("/hooks/telegram", b'{"update_id":7}', telegram), (200, "nothing"))
        while (again := self.server.ask("/hooks/telegram", b'{"update_id":7}', telegram))[0] == 409:
            pass
        self.assertEqual(again, (200, "this delivery was answered before\n"))
        self.assertEqual(self.slack(b"payload=r", at=at), (200, "nothing"))
        deadline = time.monotonic() + 60  # the answer is on its way before the delivery is written down
        while (again := self.slack(b"payload=r", at=at))[0] == 409 and time.monotonic() < deadline:
            pass
        self.assertEqual(again, (200, "this delivery was answered before\n"))
        self.assertEqual(self.github(b'{"r":1}', **{"X-GitHub-Delivery": "a"}), 200)
        while self.github(b'{"r":1}', **{"X-GitHub-Delivery": "a"}) == 409 and time.monotonic() < deadline:
            pass
        runs = json.loads(self.server.admin("/v1/agents/granted")[1])["runs"]
        self.assertEqual(self.github(b'{"r":1}', **{"X-GitHub-Delivery": "a"}), 200)
        self.assertEqual(json.loads(self.server.admin("/v1/agents/granted")[1])["runs"], runs)
        self.assertEqual(self.github(b'{"r":1}', **{"X-GitHub-Delivery": "b"}), 200)
        self.assertEqual(json.loads(self.server.admin("/v1/agents/granted")[1])["runs"], runs + 1, "another delivery, the same body")


class Operating(AgentsTest):
    def test_admin_is_for_the_operator(self):
        token = self.directory / "state" / "admin.token"
        self.assertEqual(token.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.server.ask("/v1/agents", method="GET", port=self.server.admin_port)[0], 401)
        wrong = {"Authorization": "Bearer " + "0" * 64}
        self.assertEqual(self.server.ask("/v1/agents", headers=wrong, method="GET", port=self.server.admin_port)[0], 401)
        self.assertEqual(self.server.admin("/v1/agents", headers={"Host": "evil.test"})[0], 403)
        self.assertEqual(self.server.admin("/v1/agents", headers={"Origin": "http://127.0.0.1"})[0], 403)
        self.assertEqual(self.server.admin("/v1/agents")[0], 200)
        self.assertEqual(self.server.ask("/v1/agents", method="GET")[0], 404, "not where agents answer")

    def test_shows_a_page_that_holds_nothing(self):
        own = f"127.0.0.1:{self.server.admin_port}"
        status, page = self.server.ask("/", headers={"Host": own}, method="GET", port=self.server.admin_port)
        self.assertEqual(status, 200, "who has no token sees it")
        self.assertIn("dashboard.js", page)
        self.assertNotIn("granted", page)
        for headers in ({"Host": "evil.test"}, {"Origin": "http://evil.test"}, {"Origin": "null"}):
            self.assertEqual(self.server.ask("/", headers=headers, method="GET", port=self.server.admin_port)[0], 403)
        # what it asks, as a browser does
        self.assertEqual(self.server.admin("/v1/reload", method="POST", headers={"Host": own, "Origin": "http://" + own})[0], 200)
        self.assertEqual(self.server.admin("/v1/reload", method="POST", headers={"Host": own, "Origin": f"http://127.0.0.1:{self.server.port}"})[0], 403)
        self.granted("echo", "x")
        self.granted("trap")
        runs = []
        while not runs or runs[-1]["target"] != "POST /granted/trap":  # a run is told of after its answer
            runs = json.loads(self.server.admin("/v1/agents/granted/runs")[1])["runs"]
        self.assertEqual([(run["kind"], run["target"], run["status"], run["error"]) for run in runs[-2:]],
                         [("http", "POST /granted/echo", 200, ""), ("http", "POST /granted/trap", 500, "trap")])  # fmt: skip
        agent = json.loads(self.server.admin("/v1/agents/granted")[1])
        self.assertEqual(agent["memory_bytes"] % 65536, 0)
        self.assertGreaterEqual(agent["peak_memory_bytes"], agent["memory_bytes"])
        self.assertGreater(agent["latency_ms"]["p99"], 0)
        self.assertGreater(json.loads(self.server.admin("/v1/server")[1])["memory_bytes"], 1 << 20)

    def test_stops_and_starts(self):
        self.assertEqual(self.server.admin("/v1/agents/other/stop", method="POST")[0], 200)
        self.assertEqual(self.server.ask("/other/echo")[0], 503)
        self.assertEqual(self.server.admin("/v1/agents/other/start", method="POST")[0], 200)
        self.assertEqual(self.server.ask("/other/echo")[0], 200)

    def test_printing_goes_nowhere(self):
        self.assertEqual(self.granted("print"), (200, "ok"))
        self.assertNotIn("printed by a guest", (self.directory / "output").read_text())

    def test_logs_floods_in_part(self):
        for i in range(40):
            self.granted("log", f"line {i}")
        lines = [json.loads(line) for line in self.server.admin("/v1/agents/granted/logs")[1].splitlines()]
        self.assertIn("line 39", [line["message"] for line in lines])
        status, rest = self.server.admin(f"/v1/agents/granted/logs?from={lines[-1]['seq'] + 1}")
        self.assertEqual((status, rest), (200, ""))

    def test_deploys_and_reloads_under_load(self):
        failures, count, is_over = [], [0], threading.Event()

        def load():
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
            while not is_over.is_set():
                connection.request("POST", "/granted/echo", b"x")
                response = connection.getresponse()
                response.read()
                count[0] += 1
                if response.status != 200:
                    failures.append(response.status)
            connection.close()

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        module = (self.directory / "probe.wasm").read_bytes()
        for _ in range(3):
            self.assertEqual(self.server.admin("/v1/agents/granted/module", module, "PUT")[0], 200)
            self.assertEqual(self.server.admin("/v1/reload", method="POST")[0], 200)
        status, text = self.server.admin("/v1/agents/granted/module", b"nonsense", "PUT")
        self.assertEqual(status, 422, text)
        is_over.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertGreater(count[0], 20)

    def test_keeps_what_is_served_when_the_manifest_is_wrong(self):
        manifest = self.directory / "godwit.toml"
        good = manifest.read_text()
        manifest.write_text(good.replace("[agent.limits]", "[agent.limit]", 1))
        status, text = self.server.admin("/v1/reload", method="POST")
        manifest.write_text(good)
        self.assertEqual(status, 422)
        self.assertIn("godwit.toml:9:8: agent has no key 'limit'; did you mean 'limits'?", json.loads(text)["error"])
        self.assertEqual(self.granted("echo")[0], 200)


class Overload(AgentsTest):
    """Ten times as many clients as an agent may have at a time, for --seconds."""

    @classmethod
    def manifest(cls):
        return super().manifest("false").replace('body = "64KiB"', 'body = "64KiB"\nconcurrency = 4')

    def test_refuses_what_is_too_much(self):
        end = time.monotonic() + harness.OPTIONS.seconds
        statuses, waits, resident, failures = collections.Counter(), [], [], []

        def client():
            try:
                while time.monotonic() < end:
                    connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
                    connection.request("POST", "/granted/fetch", self.url("/slow"))
                    response = connection.getresponse()
                    text = response.read().decode()
                    statuses[response.status] += 1
                    if response.status == 200:
                        self.assertEqual(json.loads(text)["path"], "/slow")
                    else:
                        self.assertEqual((response.status, response.getheader("Retry-After")), (429, "1"))
                        time.sleep(0.05)  # far less than it is told: the load is to stay
                    connection.close()
            except (AssertionError, OSError, http.client.HTTPException) as error:
                failures.append(error)

        threads = [threading.Thread(target=client) for _ in range(40)]
        for thread in threads:
            thread.start()
        while time.monotonic() < end:
            for path in ("/v1/agents", "/v1/server", "/v1/agents/granted/runs", "/"):
                began = time.monotonic()
                self.assertEqual(self.server.admin(path)[0], 200)
                waits.append(time.monotonic() - began)
            resident.append(json.loads(self.server.admin("/v1/server")[1])["memory_bytes"])
            time.sleep(0.05)
        for thread in threads:
            thread.join()
        waits.sort()
        print(f"{dict(statuses)}; the dashboard in {waits[len(waits) // 2] * 1000:.0f} ms (99 %: "
              f"{waits[len(waits) * 99 // 100] * 1000:.0f} ms); {min(resident) >> 20} to {max(resident) >> 20} MiB", file=sys.stderr)  # fmt: skip
        self.assertEqual(failures, [])
        self.assertEqual(set(statuses), {200, 429})
        settled = resident[len(resident) // 4 :]
        self.assertLess(max(settled) - settled[0], 16 << 20)


class Durability(AgentsTest):
    def test_kill_loses_nothing_that_was_acknowledged(self):
        acknowledged, sent, number = {}, set(), 0
        for _ in range(harness.OPTIONS.kills):
            is_over = threading.Event()

            def write():
                nonlocal number
                while not is_over.is_set():
                    number += 1
                    key, value = f"key{number}", f"value{number}"
                    try:
                        if self.server.ask("/granted/kv-set?" + key, value.encode()) == (200, "ok"):
                            acknowledged[key] = value
                        if self.server.ask("/granted/queue?" + key, value.encode()) == (200, "ok"):
                            sent.add(key)
                    except (OSError, http.client.HTTPException):
                        return

            before = len(acknowledged)
            thread = threading.Thread(target=write)
            thread.start()
            while len(acknowledged) < before + 5 and thread.is_alive():
                time.sleep(0.001)
            self.server.stop(signal.SIGKILL)
            is_over.set()
            thread.join()
            self.server.start()
        for key, value in acknowledged.items():
            self.assertEqual(self.granted("kv-get", key), (200, value))
        for key in sent:
            self.server.until("/other/kv-get", f"event:queue:granted:{key}".encode(), (200, "value" + key[3:]))

    def test_state_of_an_older_server_is_migrated(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="godwit-agents."))
        shutil.copy(self.directory / "probe.wasm", directory)
        shutil.copytree(self.directory / "data", directory / "data")
        (directory / "out").mkdir()
        (directory / "state" / "agents" / "granted").mkdir(parents=True)
        with sqlite3.connect(directory / "state" / "events.db") as database:
            database.executescript((pathlib.Path(__file__).parent / "state-1.sql").read_text())
        database.close()
        with sqlite3.connect(directory / "state" / "agents" / "granted" / "kv.db") as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
        server = harness.Server(directory, self.manifest())
        server.until("/other/kv-get", b"event:queue:granted:old", (200, "of long ago"))
        self.assertEqual(server.ask("/granted/queue?old", b"new"), (200, "ok"))
        status, why = server.ask("/granted/kv-get", b"x")
        self.assertEqual(status, 400)
        self.assertIn("was written by a newer godwit (schema 99", why)
        self.assertEqual(server.stop(), 0)
        with sqlite3.connect(directory / "state" / "events.db") as database:
            self.assertEqual(database.execute("PRAGMA user_version").fetchone(), (3,))
            self.assertEqual(database.execute("SELECT payload, trace FROM event WHERE key = 'granted:old'").fetchall(), [(b"", "")])
        database.close()
        shutil.rmtree(directory)

    def test_state_of_a_newer_server_is_refused(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="godwit-agents."))
        (directory / "state").mkdir()
        with sqlite3.connect(directory / "state" / "events.db") as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
        (directory / "godwit.toml").write_text('version = 1\nlisten = "127.0.0.1:0"\nadmin = "127.0.0.1:0"\n')
        ran = subprocess.run([harness.OPTIONS.server, "serve"], cwd=directory, capture_output=True, text=True, timeout=30, check=False)
        shutil.rmtree(directory)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("was written by a newer godwit (events.db has schema 99", ran.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2, help="of overload")
    unittest.main(argv=[sys.argv[0], *harness.parse_options(parser)])
