#!/usr/bin/env python3
"""The server of OpenAI's API, by the official client: a program that is started here, on a free port, and stopped.

  openai_test.py --server godwit-openai --client third_party/openai --models third_party/models [unittest's arguments]
"""
import argparse
import asyncio
import json
import math
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

ARGUMENTS = None
DEADLINE_S = 120  # for what must happen, and soon does


class Server:
    """godwit-openai, until close()."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [ARGUMENTS.server, "serve", "--listen", "127.0.0.1:0", *options],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert "listening on http://" in line, line
        self.base = line.split()[-1]
        self.root = self.base.removesuffix("/v1")

    def client(self, key="none", kind=None):
        import openai
        return (kind or openai.OpenAI)(base_url=self.base, api_key=key, max_retries=0, timeout=DEADLINE_S)

    def health(self):
        with urllib.request.urlopen(self.root + "/health", timeout=DEADLINE_S) as answer:
            return json.load(answer)

    def wait_until(self, holds):
        """Until health() is so; gives the seconds that took."""
        began = time.monotonic()
        while not holds(health := self.health()):
            assert time.monotonic() < began + DEADLINE_S, health
        return time.monotonic() - began

    def post(self, path, body, headers=()):
        request = urllib.request.Request(self.root + path, data=body, headers=dict(headers), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers

    def close(self):
        self.process.terminate()
        code = self.process.wait(timeout=DEADLINE_S)
        self.process.stdout.close()
        return code


def model(name, file):
    return ["--model", f"{name}={ARGUMENTS.models}/{file}"]


def user(text):
    return [{"role": "user", "content": text}]


WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string", "enum": ["Rome", "Oslo"]}},
                   "required": ["city"], "additionalProperties": False}}}
PERSON = {"type": "object", "additionalProperties": False, "required": ["name", "age", "tags"], "properties": {
    "name": {"type": "string", "pattern": "^[A-Z][a-z]{1,11}$"}, "age": {"type": "integer", "minimum": 0, "maximum": 150},
    "tags": {"type": "array", "maxItems": 3, "items": {"type": "string", "enum": ["a", "b", "c"]}}}}


def is_person(text):
    person = json.loads(text)
    return (set(person) == {"name", "age", "tags"} and re.fullmatch("[A-Z][a-z]{1,11}", person["name"])
            and isinstance(person["age"], int) and 0 <= person["age"] <= 150
            and len(person["tags"]) <= 3 and set(person["tags"]) <= {"a", "b", "c"})


class ByTheClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(*model("smol", "smollm2-135m-instruct-q4_1.gguf"), *model("tiny", "tiny.gguf"),
                            "--ctx-size", "1024", "--parallel", "32", "--queue", "64")
        cls.client = cls.server.client()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.close() == 0

    def test_lists_models(self):
        self.assertEqual([entry.id for entry in self.client.models.list()], ["smol", "tiny"])
        self.assertEqual(self.client.models.retrieve("tiny").id, "tiny")

    def test_chats(self):
        answer = self.client.chat.completions.create(
            model="smol", messages=[{"role": "system", "content": "You answer in one short sentence."},
                                    *user("What is the capital of Italy?")], temperature=0, max_tokens=40)
        self.assertIn("Rome", answer.choices[0].message.content)
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
        self.assertIn(answer.choices[0].finish_reason, ("stop", "length"))

    def test_streams(self):
        chunks = list(self.client.chat.completions.create(
            model="smol", messages=user("Count to five."), temperature=0, max_tokens=12, stream=True,
            stream_options={"include_usage": True}))
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        self.assertTrue(text)
        self.assertGreater(len([chunk for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]), 3)
        self.assertEqual([chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1], "length")
        self.assertEqual(chunks[-1].usage.completion_tokens, 12)

    def test_remembers_what_a_prompt_begins_with(self):
        rules = "Rules: " + " ".join(f"rule {i} is to be kind." for i in range(20))
        ask = lambda text: self.client.chat.completions.create(
            model="smol", messages=[{"role": "system", "content": rules}, *user(text)], max_tokens=1)
        ask("Who are you?")
        self.assertGreater(ask("What is a lake?").usage.prompt_tokens_details.cached_tokens, 100)

    def test_several_answers_with_seeds(self):
        ask = lambda seed: [choice.message.content for choice in self.client.chat.completions.create(
            model="tiny", messages=user("x"), n=3, seed=seed, temperature=1, max_tokens=20).choices]
        first = ask(7)
        self.assertEqual(len(set(first)), 3)
        self.assertNotEqual(first, ask(8000))

    def test_tells_probabilities(self):
        choice = self.client.chat.completions.create(
            model="tiny", messages=user("x"), logprobs=True, top_logprobs=3, max_tokens=5, temperature=0,
            extra_body={"ignore_eos": True}).choices[0]
        self.assertEqual(len(choice.logprobs.content), 5)
        for token in choice.logprobs.content:
            self.assertEqual(len(token.top_logprobs), 3)
            self.assertAlmostEqual(token.logprob, token.top_logprobs[0].logprob)
            self.assertLessEqual(sum(math.exp(other.logprob) for other in token.top_logprobs), 1.0001)

    def test_stops(self):
        options = {"model": "smol", "messages": user("Count from one to ten."), "temperature": 0, "max_tokens": 30}
        whole = self.client.chat.completions.create(**options).choices[0].message.content
        stop = whole[8:12]
        choice = self.client.chat.completions.create(**options, stop=[stop, "never said"]).choices[0]
        self.assertEqual(choice.message.content, whole[:whole.index(stop)])
        self.assertEqual(choice.finish_reason, "stop")

    def test_calls_tools(self):
        options = {"model": "smol", "messages": user("What is the weather in Rome?"), "tools": [WEATHER],
                   "tool_choice": "required", "temperature": 0, "max_tokens": 100}
        choice = self.client.chat.completions.create(**options).choices[0]
        self.assertEqual(choice.finish_reason, "tool_calls")
        call = choice.message.tool_calls[0]
        self.assertEqual(call.function.name, "get_weather")
        self.assertTrue(call.id)
        self.assertIn(json.loads(call.function.arguments)["city"], ("Rome", "Oslo"))

        name, arguments, reasons = "", "", []
        for chunk in self.client.chat.completions.create(**options, stream=True):
            reasons.append(chunk.choices[0].finish_reason)
            for piece in chunk.choices[0].delta.tool_calls or []:
                name += piece.function.name or ""
                arguments += piece.function.arguments or ""
        self.assertEqual((name, json.loads(arguments)), ("get_weather", json.loads(call.function.arguments)))
        self.assertEqual(reasons[-1], "tool_calls")

        # the result goes back, and the model says something
        answer = self.client.chat.completions.create(model="smol", max_tokens=60, temperature=0, tools=[WEATHER], messages=[
            *options["messages"],
            {"role": "assistant", "content": None, "tool_calls": [call.model_dump()]},
            {"role": "tool", "tool_call_id": call.id, "content": "{\"celsius\": 21}"}])
        message = answer.choices[0].message
        self.assertTrue(message.content or message.tool_calls)
        named = {"type": "function", "function": {"name": "get_weather"}}
        self.assertTrue(self.client.chat.completions.create(**{**options, "tool_choice": named}).choices[0].message.tool_calls)

    def test_writes_100_of_100_by_a_schema(self):
        valid = 0
        for seed in range(0, 100, 20):
            answer = self.client.chat.completions.create(
                model="tiny", messages=user("A person, please."), n=20, seed=seed, temperature=1, max_tokens=400,
                response_format={"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}})
            valid += sum(bool(is_person(choice.message.content)) for choice in answer.choices)
        self.assertEqual(valid, 100)
        text = self.client.chat.completions.create(
            model="smol", messages=user("Write a person as JSON."), temperature=0, max_tokens=200,
            response_format={"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}})
        self.assertTrue(is_person(text.choices[0].message.content))

    def test_completes(self):
        answer = self.client.completions.create(
            model="smol", prompt=["The capital of Italy is", "The capital of France is"], max_tokens=4, temperature=0,
            logprobs=1)
        self.assertIn("Rome", answer.choices[0].text)
        self.assertIn("Paris", answer.choices[1].text)
        self.assertEqual("".join(answer.choices[0].logprobs.tokens), answer.choices[0].text)
        chunks = list(self.client.completions.create(model="smol", prompt="One, two,", max_tokens=4, stream=True))
        self.assertTrue("".join(chunk.choices[0].text for chunk in chunks))

    def test_embeds(self):
        texts = ["A dog runs in the park.", "A dog is running through a park.", "Interest rates fell by a quarter."]
        vectors = [entry.embedding for entry in self.client.embeddings.create(model="smol", input=texts).data]
        dot = lambda a, b: sum(x * y for x, y in zip(a, b))
        for vector in vectors:
            self.assertAlmostEqual(dot(vector, vector), 1, places=3)
        self.assertGreater(dot(vectors[0], vectors[1]), dot(vectors[0], vectors[2]))
        as_floats = self.client.embeddings.create(model="smol", input=texts[0], encoding_format="float").data[0].embedding
        self.assertAlmostEqual(dot(as_floats, vectors[0]), 1, places=3)

    def test_says_what_is_wrong(self):
        import openai
        create = lambda **options: self.client.chat.completions.create(**{"model": "tiny", "messages": user("x"), **options})
        with self.assertRaises(openai.NotFoundError) as caught:
            create(model="nobody")
        self.assertEqual(caught.exception.code, "model_not_found")
        with self.assertRaises(openai.BadRequestError) as caught:
            create(temperature=3)
        self.assertEqual(caught.exception.param, "temperature")
        with self.assertRaises(openai.BadRequestError) as caught:
            create(messages=user("word " * 3000))
        self.assertEqual(caught.exception.code, "context_length_exceeded")
        for options in ({"n": 0}, {"max_tokens": -1}, {"stop": [""]}, {"messages": []}, {"tools": [3]}, {"n": 33},
                        {"logit_bias": {"x": 1}}, {"response_format": {"type": "xml"}}, {"modalities": ["audio"]},
                        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}]},
                        {"stream": True, "messages": []}):
            with self.assertRaises(openai.BadRequestError, msg=str(options)):
                create(**options)

    def test_outlives_hostile_requests(self):
        path = "/v1/chat/completions"
        for body, wanted in ((b"", 400), (b"{", 400), (b"[" * 100000, 400), (b"3", 400), (b"\xff\xfe", 400),
                             (b'{"model":"tiny","messages":' + b"[" * 90 + b"]" * 90 + b"}", 400),
                             (b'{"model":"tiny","messages":[{"role":"user","content":"\\ud800"}]}', 400),
                             (b" " * (5 << 20), 413)):
            try:
                status, answer, _ = self.server.post(path, body)
            except (urllib.error.URLError, ConnectionError):
                continue  # it was not read to its end
            self.assertEqual(status, wanted, body[:60])
            self.assertIn("message", json.loads(answer)["error"])
        self.assertEqual(self.server.post("/v1/nothing", b"{}")[0], 404)
        form = {"Content-Type": "multipart/form-data; boundary=b"}
        status, answer, _ = self.server.post("/v1/audio/transcriptions", b"--b--", form)
        self.assertEqual(status, 404)
        self.assertIn("no model is served that writes speech down", json.loads(answer)["error"]["message"])
        self.assertEqual(self.server.post("/v1/models", b"{}")[0], 405)
        self.assertEqual(self.server.health()["status"], "ok")

    def test_32_streams_at_once(self):
        import openai
        live, most_live = 0, 0

        async def one(client, number):
            nonlocal live, most_live
            stream = await client.chat.completions.create(
                model="tiny", messages=user(f"story {number}"), max_tokens=100, stream=True,
                extra_body={"ignore_eos": True}, stream_options={"include_usage": True})
            live += 1
            most_live = max(most_live, live)
            tokens = 0
            async for chunk in stream:
                tokens = chunk.usage.completion_tokens if chunk.usage else tokens
            live -= 1
            return tokens

        async def all_of_them():
            async with self.server.client(kind=openai.AsyncOpenAI) as client:
                return await asyncio.gather(*(one(client, number) for number in range(32)))

        self.assertEqual(asyncio.run(all_of_them()), [100] * 32)
        self.assertGreater(most_live, 8)
        self.server.wait_until(lambda health: health["in_use"] == 0)

    def test_a_client_that_leaves_frees_its_place(self):
        for _ in range(3):
            stream = self.client.chat.completions.create(
                model="smol", messages=user("Tell me a long story."), max_tokens=900, stream=True,
                extra_body={"ignore_eos": True})
            next(iter(stream))
            self.assertEqual(self.server.health()["in_use"], 1)
            stream.close()
            took_s = self.server.wait_until(lambda health: health["in_use"] == 0)
            print(f"a place was free {took_s * 1000:.0f} ms after its client had left", file=sys.stderr)


    def test_ranks(self):
        documents = ["Interest rates fell by a quarter.", "A dog is running through a park.", {"text": "The cat sat."}]
        ask = lambda **options: self.client.post("/rerank", cast_to=object, body={
            "model": "smol", "query": "A dog runs in the park.", "documents": documents, **options})
        answer = ask(return_documents=True)
        self.assertEqual(sorted(result["index"] for result in answer["results"]), [0, 1, 2])
        self.assertEqual(answer["results"][0]["document"], {"text": "A dog is running through a park."})
        scores = [result["relevance_score"] for result in answer["results"]]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertGreater(answer["usage"]["total_tokens"], 10)
        self.assertEqual([result["index"] for result in ask(top_n=1)["results"]], [1])
        import openai
        for options in ({"query": ""}, {"documents": []}, {"documents": [3]}, {"top_n": 0}):
            with self.assertRaises(openai.BadRequestError, msg=str(options)):
                ask(**options)


class Files(unittest.TestCase):
    def test_stay_until_they_are_deleted(self):
        import openai
        with tempfile.TemporaryDirectory() as folder:
            keys = pathlib.Path(folder, "keys")
            keys.write_text("one\ntwo\n")
            start = lambda: Server(*model("tiny", "tiny.gguf"), "--state", folder + "/state", "--api-key-file", str(keys))
            content = bytes(range(256)) * 40
            server = start()
            try:
                client = server.client("one")
                first = client.files.create(file=("../notes \"1\".txt", content), purpose="user_data")
                self.assertEqual((first.filename, first.bytes, first.purpose), ("notes \"1\".txt", len(content), "user_data"))
                second = client.files.create(file=("b.jsonl", b"{}\n"), purpose="batch")
                with self.assertRaises(openai.BadRequestError) as caught:
                    client.files.create(file=("b", b"x"), purpose="nothing")
                self.assertEqual(caught.exception.param, "purpose")
                self.assertEqual(server.post("/v1/files", b"{}", {"Authorization": "Bearer one"}.items())[0], 400)
            finally:
                self.assertEqual(server.close(), 0)
            server = start()
            try:
                client, stranger = server.client("one"), server.client("two")
                self.assertEqual({file.id for file in client.files.list()}, {first.id, second.id})
                self.assertEqual([file.id for file in client.files.list(purpose="batch")], [second.id])
                self.assertEqual({file.id for page in client.files.list(limit=1).iter_pages() for file in page.data},
                                 {first.id, second.id})
                self.assertEqual(client.files.retrieve(first.id), first)
                # who sends no more of a file holds a place; there are as many as are bounded
                half = b"POST /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer two\r\nContent-Length: 1000\r\n\r\n--"
                slow = [socket.create_connection(("127.0.0.1", int(server.root.rsplit(":", 1)[1]))) for _ in range(8)]
                for connection in slow:
                    connection.sendall(half)
                began = time.monotonic()
                while time.monotonic() < began + DEADLINE_S:
                    try:
                        client.files.content(first.id)
                    except openai.RateLimitError as error:
                        self.assertEqual(error.response.headers["Retry-After"], "1")
                        break
                else:
                    self.fail("more come and go than may")
                for connection in slow:
                    connection.close()
                while True:
                    try:
                        answer = client.files.content(first.id)
                        break
                    except openai.RateLimitError:
                        self.assertLess(time.monotonic(), began + DEADLINE_S)
                self.assertEqual(answer.read(), content)
                self.assertEqual(answer.response.headers["Content-Type"], "application/octet-stream")
                self.assertEqual(list(stranger.files.list()), [])
                for someone, id in ((stranger, first.id), (client, "file-0"), (client, "../keys")):
                    for ask in (someone.files.retrieve, someone.files.content, someone.files.delete):
                        with self.assertRaises(openai.NotFoundError):
                            ask(id)
                self.assertTrue(client.files.delete(first.id).deleted)
                with self.assertRaises(openai.NotFoundError):
                    client.files.content(first.id)
                with self.assertRaises(openai.APIStatusError) as caught:
                    client.files.create(file=("large", bytes(33 << 20)), purpose="user_data")
                self.assertEqual(caught.exception.status_code, 413)
            finally:
                self.assertEqual(server.close(), 0)


class Limits(unittest.TestCase):
    def test_of_each_key(self):
        import openai
        with tempfile.TemporaryDirectory() as folder:
            keys = pathlib.Path(folder, "keys")
            keys.write_text("one\ntwo\n")
            start = lambda *options: Server(*model("tiny", "tiny.gguf"), "--api-key-file", str(keys), *options)
            ask = lambda client: client.completions.with_raw_response.create(
                model="tiny", prompt="x", max_tokens=20, extra_body={"ignore_eos": True})
            for option, code in ((("--requests-per-minute", "2"), "requests"), (("--tokens-per-minute", "30"), "tokens")):
                server = start(*option)
                try:
                    client = server.client("one")
                    headers = [ask(client).headers for _ in range(2)][1]
                    self.assertEqual(headers["x-ratelimit-limit-" + code], option[1])
                    with self.assertRaises(openai.RateLimitError) as caught:
                        ask(client)
                    self.assertEqual((caught.exception.code, caught.exception.type), ("rate_limit_exceeded", code))
                    self.assertGreater(int(caught.exception.response.headers["Retry-After"]), 0)
                    ask(server.client("two"))
                    self.assertEqual(len(list(client.models.list())), 1, "who only asks what there is is not counted")
                finally:
                    self.assertEqual(server.close(), 0)


class Responses(unittest.TestCase):
    def test_remembers_them_across_a_restart(self):
        import openai
        with tempfile.TemporaryDirectory() as folder:
            keys = pathlib.Path(folder, "keys")
            keys.write_text("one\ntwo\n")
            start = lambda: Server(*model("smol", "smollm2-135m-instruct-q4_1.gguf"), "--ctx-size", "1024",
                                   "--state", folder + "/state", "--api-key-file", str(keys))
            server = start()
            try:
                client = server.client("one")
                first = client.responses.create(model="smol", input="My name is Ada.", instructions="Be short.",
                                                max_output_tokens=20, temperature=0)
                self.assertTrue(first.output_text)
                self.assertEqual(first.usage.total_tokens, first.usage.input_tokens + first.usage.output_tokens)
                events = list(client.responses.create(model="smol", input=[{"role": "user", "content": "Count to three."}],
                                                      max_output_tokens=12, temperature=0, stream=True))
                kinds = [event.type for event in events]
                self.assertEqual(kinds[:2], ["response.created", "response.in_progress"])
                self.assertIn(kinds[-1], ("response.completed", "response.incomplete"))
                self.assertEqual("".join(event.delta for event in events if event.type == "response.output_text.delta"),
                                 events[-1].response.output_text)
                unstored = client.responses.create(model="smol", input="x", max_output_tokens=1, store=False)
            finally:
                self.assertEqual(server.close(), 0)
            server = start()
            try:
                client, stranger = server.client("one"), server.client("two")
                again = client.responses.retrieve(first.id)
                self.assertEqual((again.id, again.output_text), (first.id, first.output_text))
                second = client.responses.create(model="smol", input="What is my name?", previous_response_id=first.id,
                                                 max_output_tokens=30, temperature=0)
                self.assertGreater(second.usage.input_tokens, first.usage.input_tokens + 5)
                call = client.responses.create(
                    model="smol", input="The weather in Oslo?", temperature=0, max_output_tokens=100, tool_choice="required",
                    tools=[{"type": "function", "strict": True, **WEATHER["function"]}]).output[-1]
                self.assertEqual((call.type, call.name), ("function_call", "get_weather"))
                for someone, id in ((stranger, first.id), (client, unstored.id), (client, "../keys"), (client, "resp_x")):
                    with self.assertRaises(openai.NotFoundError):
                        someone.responses.retrieve(id)
                with self.assertRaises(openai.NotFoundError):
                    stranger.responses.create(model="smol", input="x", previous_response_id=first.id)
                client.responses.delete(first.id)
                with self.assertRaises(openai.NotFoundError):
                    client.responses.retrieve(first.id)
            finally:
                self.assertEqual(server.close(), 0)


class Strangers(unittest.TestCase):
    BODY = b'{"model": "tiny", "prompt": "x", "max_tokens": 1}'

    def ask(self, server, **headers):
        return server.post("/v1/completions", self.BODY, headers.items())[0]

    def test_pages_in_browsers_are_kept_out(self):
        server = Server(*model("tiny", "tiny.gguf"), "--host", "Models.Example.org")
        try:
            self.assertEqual(self.ask(server), 200)
            self.assertEqual(self.ask(server, Host="models.example.org:80"), 200)
            self.assertEqual(self.ask(server, Host="rebound.example.org"), 421)
            self.assertEqual(self.ask(server, Origin="https://page.example.org"), 403)
            self.assertEqual(self.ask(server, Origin="null"), 403)
            self.assertEqual(self.ask(server, Origin=server.root), 200)
        finally:
            self.assertEqual(server.close(), 0)

    def get(self, path):
        with urllib.request.urlopen(path, timeout=DEADLINE_S) as answer:
            return answer.headers, answer.read().decode()

    def test_shows_a_page(self):
        server = Server(*model("tiny", "tiny.gguf"))
        try:
            headers, page = self.get(server.root + "/")
            policy = headers["Content-Security-Policy"]
            for rule in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"):
                self.assertIn(rule, policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            # all that it names is there, of the right type, and nothing of it is inline or of others
            parts = re.findall(r'(?:src|href)="([^"#]+)"', page)
            self.assertEqual(len(parts), 3)
            for part in parts:
                headers, text = self.get(f"{server.root}/{part}")
                self.assertRegex(headers["Content-Type"], r"text/(javascript|css); charset=utf-8|image/svg\+xml")
                self.assertEqual(headers["Content-Security-Policy"], policy)
                for imported in re.findall(r'from "\./([^"]+)"', text):
                    self.assertIn("export", self.get(f"{server.root}/{imported}")[1])
            self.assertNotRegex(page, r"<style|style=|<script[^>]*>[^<]|\bon[a-z]+=|https?:")
            self.assertEqual(self.ask(server, Host="rebound.example.org"), 421)
            self.assertEqual(server.post("/", b"")[0], 404)
        finally:
            self.assertEqual(server.close(), 0)

    def test_other_machines_need_keys(self):
        for address in ("0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"):
            done = subprocess.run([ARGUMENTS.server, "serve", "--listen", address, *model("tiny", "tiny.gguf")],
                                  capture_output=True, text=True, timeout=DEADLINE_S)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--api-key-file", done.stderr)


class Overload(unittest.TestCase):
    def test_refuses_what_it_cannot_hold(self):
        import openai
        with tempfile.TemporaryDirectory() as folder:
            keys = pathlib.Path(folder, "keys")
            keys.write_text("# who may ask\nsecret-one\nsecret-two\n")
            server = Server(*model("tiny", "tiny.gguf"), "--ctx-size", "4096", "--parallel", "1", "--queue", "1",
                            "--api-key-file", str(keys))
        try:
            for key in ("wrong", "secret-on", "secret-one-"):
                with self.assertRaises(openai.AuthenticationError):
                    server.client(key).models.list()
            client = server.client("secret-two")
            endless = lambda: client.chat.completions.create(
                model="tiny", messages=user("x"), stream=True, extra_body={"ignore_eos": True})
            first = endless()
            next(iter(first))
            answers = []
            second = threading.Thread(target=lambda: answers.append(client.chat.completions.create(
                model="tiny", messages=user("y"), max_tokens=3)))
            second.start()
            server.wait_until(lambda health: health["waiting"] == 1)
            with self.assertRaises(openai.RateLimitError) as caught:
                client.chat.completions.create(model="tiny", messages=user("z"))
            self.assertGreater(int(caught.exception.response.headers["Retry-After"]), 0)
            first.close()
            second.join(DEADLINE_S)
            self.assertEqual(len(answers), 1)
            server.wait_until(lambda health: health["in_use"] == 0 and health["waiting"] == 0)
            self.assertGreaterEqual(server.health()["refused"], 1)
        finally:
            self.assertEqual(server.close(), 0)


    def test_ten_times_what_it_can(self):
        """Clients without end: 10 for each place to compute or wait in. What is told is whole, what is refused is told so."""
        places, queue, tokens = 2, 4, 24
        server = Server(*model("tiny", "tiny.gguf"), "--ctx-size", "512", "--parallel", str(places), "--queue", str(queue))
        port = int(server.root.rsplit(":", 1)[1])
        body = json.dumps({"model": "tiny", "prompt": "x", "max_tokens": tokens, "stream": True,
                           "ignore_eos": True, "stream_options": {"include_usage": True}}).encode()
        request = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        whole, refused, waits, resident = [0], [0], [], []

        async def ask(what):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(what)
            answer = await reader.read(-1)
            writer.close()
            return answer

        async def client(end):
            while time.monotonic() < end:
                answer = await ask(request + body)
                head = answer.split(b"\r\n\r\n")[0]
                if head.startswith(b"HTTP/1.1 200"):
                    self.assertIn(b'"completion_tokens":%d' % tokens, answer)
                    self.assertIn(b"data: [DONE]", answer)
                    whole[0] += 1
                else:
                    self.assertTrue(head.startswith(b"HTTP/1.1 429"), answer)
                    self.assertIn(b"\r\nRetry-After: ", head)
                    refused[0] += 1
                    await asyncio.sleep(0.1)  # far less than it is told: the load is to stay

        async def reader_of_the_page(end):
            while time.monotonic() < end:
                for path in (b"/", b"/chat.js", b"/v1/models", b"/health"):
                    began = time.monotonic()
                    answer = await ask(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path)
                    waits.append(time.monotonic() - began)
                    self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer)
                pages = int(pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
                resident.append(pages * os.sysconf("SC_PAGESIZE"))
                await asyncio.sleep(0.05)

        async def everybody():
            end = time.monotonic() + ARGUMENTS.seconds
            await asyncio.gather(reader_of_the_page(end), *(client(end) for _ in range(10 * (places + queue))))

        try:
            asyncio.run(everybody())
            server.wait_until(lambda health: health["in_use"] == 0 and health["waiting"] == 0)
        finally:
            self.assertEqual(server.close(), 0)
        waits.sort()
        print(f"{whole[0]} whole, {refused[0]} refused; pages in {waits[len(waits) // 2] * 1000:.0f} ms (99 %: "
              f"{waits[len(waits) * 99 // 100] * 1000:.0f} ms); {min(resident) >> 20} to {max(resident) >> 20} MiB", file=sys.stderr)
        self.assertGreaterEqual(whole[0], places + queue)
        self.assertGreater(refused[0], 0)
        self.assertLess(max(resident), 512 << 20)
        settled = resident[len(resident) // 4:]
        self.assertLess(max(settled) - settled[0], 32 << 20)


class Terminal(unittest.TestCase):
    def test_chats(self):
        ran = subprocess.run(
            [ARGUMENTS.server, "chat", *model("smol", "smollm2-135m-instruct-q4_1.gguf"), "--ctx-size", "512",
             "--system", "You answer in one short sentence."],
            input="What is the capital of Italy?\nAnd of France?\n", capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertGreaterEqual(len(ran.stdout.splitlines()), 2)

    def test_says_what_is_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "speech.bin").write_bytes(b"lmgg and so on")
            ran = subprocess.run([ARGUMENTS.server, "serve", "--model", folder + "/speech.bin"], capture_output=True, text=True,
                                 timeout=DEADLINE_S)
            self.assertNotEqual(ran.returncode, 0)  # there is no plug-in, or it takes no such file
            self.assertRegex(ran.stderr, "setup --nn whisper|of Whisper")
        for options, wanted in ((["chat"], "--model is missing"), (["serve", "--model", "nope.gguf"], "nope.gguf"),
                                (["serve", "--parallel", "0"], "from 1 to 64"), (["nothing"], "no command")):
            ran = subprocess.run([ARGUMENTS.server, *options], capture_output=True, text=True, timeout=DEADLINE_S)
            self.assertNotEqual(ran.returncode, 0)
            self.assertIn(wanted, ran.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--server", required=True)
    parser.add_argument("--client", required=True)
    parser.add_argument("--models", required=True)
    parser.add_argument("--seconds", type=float, default=2, help="of overload")
    ARGUMENTS, others = parser.parse_known_args()
    sys.path.insert(0, os.path.abspath(ARGUMENTS.client))
    unittest.main(argv=[sys.argv[0], *others], verbosity=2)
