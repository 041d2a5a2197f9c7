#!/usr/bin/env python3
"""Agents and a model of the server's own.

usage: models_test.py --server godwit-serve --guests DIRECTORY --source DIRECTORY --model FILE
"""

import argparse
import json
import os
import pathlib
import sys
import unittest

import harness
from harness import AgentsTest

MANIFEST = """version = 1
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
access_log = false
[[agent]]
name = "granted"
module = "probe.wasm"
routes = ["/granted"]
[[agent.grants.model]]
name = "default"
file = "{model}"
[[agent]]
name = "denied"
module = "probe.wasm"
routes = ["/denied"]
"""
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 9}}, "required": ["n"], "additionalProperties": False}


class Models(AgentsTest):
    @classmethod
    def manifest(cls):
        return MANIFEST.format(model=harness.OPTIONS.model)

    def ask(self, **members):
        body = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 24, **members}
        status, text = self.granted("llm", json.dumps(body))
        self.assertEqual(status, 200, text)
        return text

    def test_answers(self):
        answer = json.loads(self.ask())
        self.assertEqual(answer["choices"][0]["message"]["role"], "assistant")
        agent = json.loads(self.server.admin("/v1/agents/granted")[1])
        self.assertGreaterEqual(agent["input_tokens"], answer["usage"]["prompt_tokens"])
        self.assertGreaterEqual(agent["output_tokens"], answer["usage"]["completion_tokens"])

    def test_answers_by_a_schema(self):
        form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}
        content = json.loads(self.ask(response_format=form))["choices"][0]["message"]["content"]
        self.assertIn(json.loads(content)["n"], range(10))

    def test_answers_piece_by_piece(self):
        events = self.ask(stream=True).split("\n\n")
        self.assertTrue(events[0].startswith("data: {"), events[0])
        self.assertIn("data: [DONE]", events)

    def test_is_denied_to_others(self):
        self.assertIn("'model' of its grants", self.denied("llm", "{}")[1])
        mine = {os.readlink(f"/proc/{self.server.process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{self.server.process.pid}/fd")}
        ports = set()
        for line in pathlib.Path(f"/proc/{self.server.process.pid}/net/tcp").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in mine:
                ports.add(int(words[1].split(":")[1], 16))
        ports -= {self.server.port, self.server.admin_port}
        self.assertEqual(len(ports), 1)
        self.assertEqual(self.server.ask("/v1/chat/completions", b"{}", port=ports.pop())[0], 401)

    def test_other_weights_want_a_new_start(self):
        manifest = self.directory / "godwit.toml"
        good = manifest.read_text()
        (self.directory / "other.gguf").write_bytes(b"GGUF")
        manifest.write_text(good.replace(str(harness.OPTIONS.model), "other.gguf"))
        status, text = self.server.admin("/v1/reload", method="POST")
        manifest.write_text(good)
        self.assertEqual(status, 422)
        self.assertIn("weights are read when the server is started anew", text)
        manifest.write_text(good.replace(str(harness.OPTIONS.model), "nowhere.gguf"))
        status, text = self.server.admin("/v1/reload", method="POST")
        manifest.write_text(good)
        self.assertIn("cannot read", text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    unittest.main(argv=[sys.argv[0], *harness.parse_options(parser)])
