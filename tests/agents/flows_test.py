#!/usr/bin/env python3
"""Flows of flows.network in a real server, by the services that are in it: what each has recorded is looked at.

usage: flows_test.py --server godwit-serve --guests DIRECTORY --source DIRECTORY [--crates] [unittest arguments...]
"""

import argparse
import http.server
import json
import pathlib
import re
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
import unittest

import harness

MANIFEST = """version = 1
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
[[agent]]
name = "probe"
kind = "flow"
module = "flow.wasm"
routes = ["/probe"]
[agent.grants]
kv = true
[[agent.grants.path]]
guest = "/"
host = "files"
writable = true
[[agent.grants.model]]
name = "default"
url = "http://127.0.0.1:{port}/v1"
model = "tiny"
[[agent]]
name = "denied"
kind = "flow"
module = "flow.wasm"
routes = ["/denied"]
"""


class Model(http.server.BaseHTTPRequestHandler):
    """Answers with how many messages it was sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append(body)
        if self.path.endswith("embeddings"):
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            answer = {"data": [{"embedding": [len(text), 1]} for text in texts]}
        else:
            answer = {"choices": [{"message": {"content": f"heard {len(body['messages'])}"}}]}
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class FlowsTest(unittest.TestCase):
    guest = "flow-probe.wasm"

    @classmethod
    def setUpClass(cls):
        cls.model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
        cls.model.seen = []
        threading.Thread(target=cls.model.serve_forever, daemon=True).start()
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="godwit-flows."))
        (cls.directory / "files").mkdir()
        shutil.copy(pathlib.Path(harness.OPTIONS.guests) / cls.guest, cls.directory / "flow.wasm")
        cls.server = harness.Server(cls.directory, MANIFEST.format(port=cls.model.server_port))

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        cls.model.shutdown()
        cls.model.server_close()
        shutil.rmtree(cls.directory)
        assert status == 0, status

    def logged(self, pattern, agent="probe"):
        """What the agent has logged, once it has: deploys happen by themselves."""
        for _ in range(600):
            found = re.search(pattern, self.server.admin(f"/v1/agents/{agent}/logs")[1])
            if found:
                return found[1]
            time.sleep(0.02)
        raise AssertionError(self.server.admin(f"/v1/agents/{agent}/logs")[1])

    def kept(self, agent="probe"):
        """What lies in the state."""
        with sqlite3.connect(f"file:{self.directory}/state/agents/{agent}/kv.db?mode=ro", uri=True) as database:
            rows = dict(database.execute("SELECT key, value FROM kv").fetchall())
        database.close()
        return {key if isinstance(key, str) else key.decode(): value.decode() if isinstance(value, bytes) else value for key, value in rows.items()}

    def ring(self, agent="probe"):
        """Has the schedule that waits be due now."""
        self.assertEqual(self.server.stop(), 0)
        with sqlite3.connect(self.directory / "state" / "events.db") as database:
            changed = database.execute("UPDATE event SET due_ms = 1, key = key || ' of old' WHERE kind = 'schedule' AND agent = ?", (agent,)).rowcount
        database.close()
        self.server.start()
        self.assertEqual(changed, 1)


class Services(FlowsTest):
    def ask(self, host, path, body=None, way="a", agent="probe"):
        text = body if isinstance(body, str) else json.dumps(body)
        request = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(text.encode())}\r\n\r\n{text}"
        status, answer = self.server.ask(f"/{agent}/{way}/{host}", request.encode())
        self.assertEqual(status, 201, answer)
        head, _, rest = answer.partition("\r\n\r\n")
        return int(head.split()[1]), json.loads(rest) if rest else None

    def test_endpoints(self):
        key = self.logged(r"l_key\W+(probe\.[0-9a-f]{24})")
        status, text = self.server.ask(f"/webhook/{key}/sub/path?a=b%20c&d=e+f", b"body", {"X-One": "1"})
        self.assertEqual(status, 201)
        subpath, query, headers, body = text.split("|")
        self.assertEqual((subpath, json.loads(query), body), ("/sub/path", {"a": "b c", "d": "e f"}, "body"))
        self.assertIn(["X-One", "1"], json.loads(headers))
        self.assertEqual(self.kept()["flows/endpoint/" + key], "__webhook__on_request_received")
        self.assertEqual(self.server.ask("/webhook/probe.0000")[0], 404)
        self.assertEqual(self.server.ask("/webhook/none.0000")[0], 404)
        self.assertEqual(self.server.ask(f"/webhook/{key}", headers={"Host": "evil.test"})[0], 421)
        again = self.ask("webhook.flows.network", "/api/godwit/probe/listen?handler_fn=__webhook__on_request_received", "", "b")
        self.assertEqual(again, (200, {"l_key": key}))
        status, why = self.ask("webhook.flows.network", "/api/godwit/probe/listen?handler_fn=nothing", "")
        self.assertEqual((status, why), (400, "the flow exports no function 'nothing'"))

    def test_store(self):
        store = "store.flows.network"
        for way in "ab":
            self.assertEqual(self.ask(store, "/api/godwit/probe/set", {"key": "k" + way, "value": {"n": [1, way]}}, way)[0], 200)
            self.assertEqual(self.ask(store, "/api/godwit/probe/get", "k" + way, way), (200, {"n": [1, way]}))
            self.assertEqual(json.loads(self.kept()["flows/store/k" + way])["value"], {"n": [1, way]})
            self.assertEqual(self.ask(store, "/api/godwit/probe/del", "k" + way, way), (200, {"n": [1, way]}))
            self.assertEqual(self.ask(store, "/api/godwit/probe/get", "k" + way, way)[0], 404)
        self.ask(store, "/api/godwit/probe/set", {"key": "old", "value": 1, "exat": 1})
        self.assertEqual(self.ask(store, "/api/godwit/probe/get", "old")[0], 404)
        self.assertEqual(self.ask(store, "/api/godwit/denied/get", "k"), (403, "a flow asks for itself"))
        self.assertEqual(self.ask(store, "/api/godwit/probe/set", "[" * 1000)[0], 400)
        self.assertEqual(self.ask(store, "/api/godwit/denied/get", "k", agent="denied")[0], 403)

    def test_chat_keeps_its_history(self):
        chat = "openai.flows.network"
        path = "/api/godwit/probe/chat_completion_08?account=&conversation=c1"
        ask = {"sentence": "one", "params": {"model": "gpt-4", "restart": False, "system_prompt": "s", "pre_prompt": "p", "max_tokens": 9}}
        self.assertEqual(self.ask(chat, path, ask), (200, {"restarted": True, "choice": "heard 2"}))
        sent = self.model.seen[-1]
        self.assertEqual(sent["messages"], [{"role": "system", "content": "s"}, {"role": "user", "content": "p\none"}])
        self.assertEqual((sent["max_tokens"], sent["model"]), (9, "tiny"))
        self.assertEqual(self.ask(chat, path, {**ask, "sentence": "two"}, "b"), (200, {"restarted": False, "choice": "heard 4"}))
        status, history = self.ask(chat, "/api/godwit/probe/chat_history?conversation=c1&limit=3", "")
        self.assertEqual((status, [message["content"] for message in history]), (200, ["heard 2", "two", "heard 4"]))
        self.assertEqual(len(json.loads(self.kept()["flows/chat/c1"])["messages"]), 4)
        ask["params"]["restart"] = True
        self.assertEqual(self.ask(chat, path, ask), (200, {"restarted": True, "choice": "heard 2"}))
        self.assertEqual(self.ask(chat, "/api/godwit/create_embeddings", {"Vec": ["a", "bcd"]}), (200, [[1, 1], [3, 1]]))
        self.assertEqual(self.ask(chat, path.replace("probe", "denied"), ask, agent="denied")[0], 403)

    def test_vectors(self):
        def call(what, body=None):
            return self.ask("vector-store.flows.network", "/api/godwit/probe/towns/" + what, body, "b")

        self.assertEqual(call("collectionInfo", "")[0], 404)
        self.assertEqual(call("createCollection", {"vectorSize": 2})[0], 200)
        points = [{"id": n, "vector": [n, 10], "payload": {"n": n}} for n in range(150)]
        self.assertEqual(call("upsertPoints", points)[0], 200)
        self.assertEqual(call("upsertPoints", [{"id": 1, "vector": [1]}])[0], 400)
        self.assertEqual(call("collectionInfo", ""), (200, {"pointsCount": 150}))
        status, found = call("searchPoints", {"vector": [0, 1], "limit": 2})
        self.assertEqual((status, [point["payload"]["n"] for point in found]), (200, [0, 1]))
        self.assertAlmostEqual(found[0]["score"], 1)
        self.assertEqual(call("deleteCollection", "")[0], 200)
        self.assertEqual(call("collectionInfo", "")[0], 404)
        self.assertFalse([key for key in self.kept() if key.startswith("flows/vector")])

    def test_schedule(self):
        self.logged(r"(l_key)")
        host = "schedule-flows-extension.vercel.app"
        path = "/api/godwit/probe/listen?cron={}&handler_fn=__schedule__on_triggered"
        self.assertEqual(self.ask(host, path.format("nonsense"), "x")[0], 400)
        self.assertEqual(self.ask(host, path.format("5%204%20*%20*%20*"), "wake up")[0], 200)
        self.ring()
        for _ in range(600):
            if "flows/store/rang" in self.kept():
                break
            time.sleep(0.02)
        self.assertEqual(json.loads(self.kept()["flows/store/rang"])["value"], "wake up")
        with sqlite3.connect(self.directory / "state" / "events.db") as database:
            waiting = database.execute("SELECT count(*) FROM event WHERE kind = 'schedule' AND due_ms > 1").fetchone()
        database.close()
        self.assertEqual(waiting, (1,), "and once more tomorrow")


class Crates(FlowsTest):
    guest = "flow-crates.wasm"

    def test_what_the_crates_do(self):
        key = self.logged(r"Webhook endpoint: https://code.flows.network/webhook/(probe\.[0-9a-f]{24})")

        def ask(what, body=""):
            return self.server.ask(f"/webhook/{key}/{what}", body.encode())

        self.assertEqual(self.kept()["flows/endpoint/" + key], "__webhook__on_request_received")
        self.assertEqual(ask("count"), (200, "1"))
        self.assertEqual(ask("count"), (200, "2"))
        self.assertEqual(json.loads(self.kept()["flows/store/count"])["value"], 2)
        self.assertEqual(ask("forget"), (200, "2"))
        self.assertEqual(ask("get", "count"), (200, "nothing"))
        self.assertEqual(ask("chat?conversation=c", "one"), (200, "true heard 2"))
        self.assertEqual(ask("chat?conversation=c", "two"), (200, "false heard 4"))
        self.assertEqual([m["content"] for m in json.loads(self.kept()["flows/chat/c"])["messages"]], ["one", "heard 2", "two", "heard 4"])
        self.assertEqual(ask("vectors"), (200, "[2,3]"))
        logs = list((self.directory / "files").glob("output.log.*"))
        self.assertIn("asked for /count", logs[0].read_text())
        self.logged(r"(Your flow is scheduled at `5 4)")
        self.ring()
        for _ in range(600):
            if ask("get", "rang") == (200, '"wake up"'):
                return
            time.sleep(0.02)
        self.fail(self.server.admin("/v1/agents/probe/logs")[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--crates", action="store_true")
    rest = harness.parse_options(parser)
    unittest.main(argv=[sys.argv[0], *(rest or ["Crates" if harness.OPTIONS.crates else "Services"])])
