#!/usr/bin/env python3
"""What a collector of traces is told, what tokens are counted, and how an agent is ended.

usage: traces_test.py --server godwit-serve --guests DIRECTORY --source DIRECTORY [unittest arguments...]
"""

import argparse
import http.server
import json
import sys
import threading
import time
import unittest

import harness
from harness import SECRET, AgentsTest

MANIFEST = """version = 1
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
access_log = false
traces = "http://127.0.0.1:{port}"
[[agent]]
name = "granted"
module = "probe.wasm"
routes = ["/granted"]
[agent.limits]
tokens = 150
[agent.grants]
hosts = ["127.0.0.1:{port}"]
queues = ["other"]
[[agent.grants.model]]
name = "default"
url = "http://127.0.0.1:{port}/v1"
model = "tiny"
secret = "KEY"
[[agent.grants.secret]]
name = "KEY"
env = "TEST_SECRET"
header = "Authorization"
prefix = "Bearer "
hosts = ["127.0.0.1:{port}"]
[[agent]]
name = "other"
module = "probe.wasm"
routes = ["/other"]
[agent.grants]
kv = true
"""
ANSWER = {"model": "tiny", "choices": [{"message": {"content": 'a "usage": {"prompt_tokens": 7000}'}}],
          "usage": {"prompt_tokens": 20, "completion_tokens": 13}}  # fmt: skip
STREAM = ['{"choices":[{"delta":{"content":"x"}}],"usage":null}', '{"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":40}}', "[DONE]"]


class Collector(http.server.BaseHTTPRequestHandler):
    """A collector, a model, and an upstream."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        answer, kind = "{}", "application/json"
        if self.path == "/v1/traces":
            for resource in json.loads(body)["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    self.server.spans.extend(scope["spans"])
        else:
            self.server.seen.append((self.path, self.headers.get("traceparent")))
            self.server.keys.append(self.headers.get("Authorization"))
        if self.path == "/v1/chat/completions":
            answer = json.dumps(ANSWER)
            if '"stream"' in body:
                answer, kind = "".join(f"data: {event}\n\n" for event in STREAM), "text/event-stream"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


def attributes(span):
    return {attribute["key"]: next(iter(attribute["value"].values())) for attribute in span["attributes"]}


class CollectedTest(AgentsTest):
    @classmethod
    def setUpClass(cls):
        cls.collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        cls.collector.spans, cls.collector.seen, cls.collector.keys = [], [], []
        threading.Thread(target=cls.collector.serve_forever, daemon=True).start()
        super().setUpClass()

    @classmethod
    def manifest(cls):
        return MANIFEST.format(port=cls.collector.server_port)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.collector.shutdown()
        cls.collector.server_close()

    def spans_of(self, trace, count):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = [span for span in self.collector.spans if span["traceId"] == trace]
            if len(found) >= count:
                return found
            time.sleep(0.01)
        raise AssertionError(self.collector.spans)

    def ask(self, what, body, trace):
        header = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        return self.server.ask("/granted/" + what, body, header)


class Traces(CollectedTest):
    def test_tells_of_runs_requests_and_tokens(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        self.assertEqual(self.ask("llm", b'{"messages": []}', trace)[0], 200)
        run, call = sorted(self.spans_of(trace, 2), key=lambda span: span["kind"])
        self.assertEqual((run["name"], run["parentSpanId"], run["kind"]), ("invoke_agent granted", "00f067aa0ba902b7", 2))
        self.assertEqual(attributes(run)["gen_ai.operation.name"], "invoke_agent")
        self.assertEqual(attributes(run)["http.response.status_code"], "200")
        self.assertEqual((call["name"], call["parentSpanId"], call["kind"]), ("chat tiny", run["spanId"], 3))
        told = attributes(call)
        self.assertEqual((told["gen_ai.request.model"], told["gen_ai.agent.name"]), ("tiny", "granted"))
        self.assertEqual((told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]), ("20", "13"))
        self.assertIn(("/v1/chat/completions", f"00-{trace}-{call['spanId']}-01"), self.collector.seen)
        self.assertNotIn("messages", json.dumps([run, call]), "prompts are not told")

        trace = "5bf92f3577b34da6a3ce929d0e0e4736"
        self.assertEqual(self.ask("fetch", f"http://127.0.0.1:{self.collector.server_port}/x".encode(), trace)[0], 200)
        self.assertEqual(self.ask("trap", b"", trace)[0], 500)
        spans = self.spans_of(trace, 3)
        self.assertEqual([span["status"]["code"] for span in spans if "status" in span], [2])
        self.assertIn("POST", [span["name"] for span in spans])
        self.assertEqual(self.collector.keys, ["Bearer " + SECRET] * 2, "it was sent")
        self.assertNotIn(SECRET, json.dumps(self.collector.spans), "and not told")

    def test_events_belong_to_the_trace_of_who_sends_them(self):
        trace = "8bf92f3577b34da6a3ce929d0e0e4736"
        self.assertEqual(self.ask("queue", b"x", trace)[0], 200)
        sender, receiver = sorted(self.spans_of(trace, 2), key=lambda span: span["kind"])
        self.assertEqual((receiver["name"], receiver["kind"], receiver["parentSpanId"]), ("invoke_agent other", 5, sender["spanId"]))
        self.assertEqual(attributes(receiver)["godwit.trigger"], "queue")

    def test_tokens_are_counted_and_bounded(self):
        def tokens():
            agent = json.loads(self.server.admin("/v1/agents/granted")[1])
            return agent["input_tokens"], agent["output_tokens"]

        before = tokens()
        self.assertEqual(self.ask("llm", b'{"stream": true, "messages": []}', "0" * 31 + "1")[0], 200)
        self.assertEqual(tokens(), (before[0] + 30, before[1] + 40))
        while sum(tokens()) < 150:
            self.assertEqual(self.ask("llm", b'{"messages": []}', "0" * 31 + "1")[0], 200)
        status, why = self.ask("llm", b'{"messages": []}', "0" * 31 + "1")
        self.assertEqual((status, why), (400, "the agent has used its 150 tokens: 'tokens' of its limits"))
        self.assertIn('godwit_agent_output_tokens_total{agent="granted"}', self.server.admin("/metrics")[1])

    def test_unsampled_and_malformed_contexts(self):
        trace = "6bf92f3577b34da6a3ce929d0e0e4736"
        self.server.ask("/granted/echo", b"", {"traceparent": f"00-{trace}-00f067aa0ba902b7-00"})
        self.server.ask("/granted/echo", b"", {"traceparent": f"00-{trace}-0000000000000000-01"})
        last = "7bf92f3577b34da6a3ce929d0e0e4736"
        self.ask("echo", b"", last)
        self.spans_of(last, 1)
        self.assertEqual([span for span in self.collector.spans if span["traceId"] == trace], [])


class Kill(CollectedTest):
    def test_ends_what_runs(self):
        thread = threading.Thread(target=lambda: statuses.append(self.server.ask("/granted/loop")[0]))
        statuses = []
        thread.start()
        while json.loads(self.server.admin("/v1/agents/granted")[1])["running"] == 0:
            time.sleep(0.001)
        ended = json.loads(self.server.admin("/v1/agents/granted/kill", method="POST")[1])["ended"]
        thread.join()
        self.assertEqual((statuses, ended), ([503], 1))
        self.assertEqual(self.server.ask("/granted/echo")[0], 503)
        self.assertIn("ended by the operator", self.server.admin("/v1/agents/granted/logs")[1])
        self.assertEqual(self.server.admin("/v1/agents/granted/start", method="POST")[0], 200)
        self.assertEqual(self.server.ask("/granted/echo")[0], 200)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *harness.parse_options(argparse.ArgumentParser())])
