#!/usr/bin/env python3
"""Tools of agents by the official client of MCP, and tools of a server of its for agents.

usage: mcp_test.py --server godwit-serve --guests DIRECTORY --source DIRECTORY --library DIRECTORY [unittest arguments...]
"""

import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import harness

MANIFEST = """version = 1
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
[[agent]]
name = "box"
module = "toolbox.wasm"
routes = ["/box"]
[agent.mcp]
route = "/mcp"
[agent.limits]
time = "20s"
body = "256KiB"
[[agent.tool]]
name = "add"
description = "Adds two numbers."
input = '{{"type":"object","properties":{{"a":{{"type":"integer"}},"b":{{"type":"integer"}}}},"required":["a","b"]}}'
[[agent.tool]]
name = "weather"
description = "Tells the weather."
input = '{{"type":"object","properties":{{"town":{{"type":"string"}}}},"required":["town"]}}'
output = '{{"type":"object","properties":{{"town":{{"type":"string"}},"degrees":{{"type":"number"}}}},"required":["degrees"]}}'
[[agent.tool]]
name = "remember"
[[agent.tool]]
name = "fail"
[[agent.tool]]
name = "trap"
[[agent.tool]]
name = "wrong"
output = '{{"type":"object"}}'
[agent.grants]
kv = true
[[agent.grants.mcp]]
name = "calculator"
url = "http://127.0.0.1:{stream}/mcp"
tools = ["multiply", "broken", "large"]
[[agent.grants.mcp]]
name = "json"
url = "http://127.0.0.1:{json}/mcp"
tools = ["*"]
[[agent.grants.mcp]]
name = "self"
url = "http://127.0.0.1:1/mcp"
tools = ["*"]
[[agent]]
name = "locked"
module = "toolbox.wasm"
[agent.mcp]
route = "/locked/mcp"
secret = "KEY"
[[agent.tool]]
name = "add"
[[agent.grants.secret]]
name = "KEY"
env = "TEST_SECRET"
"""
INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


@contextlib.asynccontextmanager
async def session_over(transport):
    import mcp

    async with transport as streams, mcp.ClientSession(streams[0], streams[1]) as session:
        yield session


class McpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.servers = []
        cls.ports = [1, 1]
        cls.start_servers()
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="godwit-mcp."))
        shutil.copy(pathlib.Path(harness.OPTIONS.guests) / "mcp-toolbox.wasm", cls.directory / "toolbox.wasm")
        cls.server = harness.Server(cls.directory, MANIFEST.format(stream=cls.ports[0], json=cls.ports[1]))

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        cls.stop_servers()
        shutil.rmtree(cls.directory)
        assert status == 0, status

    @classmethod
    def start_servers(cls):
        pass

    @classmethod
    def stop_servers(cls):
        for process in cls.servers:
            process.terminate()
            process.wait(30)
            process.stdout.close()
        cls.servers = []

    def post(self, message, session=None, path="/mcp", **headers):
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        fields = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if session:
            fields["Mcp-Session-Id"] = session
        fields.update({name.replace("_", "-"): value for name, value in headers.items()})
        return self.server.ask(path, body, fields)

    def begin(self):
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE})
        connection.request("POST", "/mcp", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.getheader("Mcp-Session-Id")


class Tools(McpTest):
    async def use(self, session, version="2025-11-25"):
        import mcp

        begun = await session.initialize()
        self.assertEqual(begun.protocol_version, version)
        self.assertEqual(begun.server_info.name, "box")
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        self.assertEqual(list(tools), ["add", "weather", "remember", "fail", "trap", "wrong"])
        self.assertEqual(tools["add"].description, "Adds two numbers.")
        self.assertEqual(tools["add"].input_schema["required"], ["a", "b"])
        answer = await session.call_tool("add", {"a": 2, "b": 40})
        self.assertEqual((answer.content[0].text, answer.is_error), ("42", False))
        answer = await session.call_tool("weather", {"town": "Oslo \u00e9\u4e2d"})
        self.assertEqual(answer.structured_content, {"town": "Oslo \u00e9\u4e2d", "degrees": 21})
        answer = await session.call_tool("fail", {"what": "a unicorn"})
        self.assertEqual((answer.content[0].text, answer.is_error), ("no such thing: a unicorn", True))
        answer = await session.call_tool("trap", {})
        self.assertEqual((answer.content[0].text, answer.is_error), ("the tool failed: the agent's log says why", True))
        answer = await session.call_tool("add", {"a": "two", "b": 40})
        self.assertEqual((answer.content[0].text, answer.is_error), ("the arguments do not fit: /a: must be of type integer", True))
        for name in ("wrong", "unknown"):
            with self.assertRaises(mcp.MCPError):
                await session.call_tool(name, {})
        answers = await asyncio.gather(*(session.call_tool("add", {"a": i, "b": i}) for i in range(20)))
        self.assertEqual([answer.content[0].text for answer in answers], [str(2 * i) for i in range(20)])
        await session.send_ping()
        answer = await session.call_tool("remember", {"key": "k", "value": "v"})
        self.assertEqual((answer.content[0].text, answer.is_error), ("kept", False))

    def test_over_http(self):
        from mcp.client.streamable_http import streamable_http_client

        async def run():
            async with session_over(streamable_http_client(f"http://127.0.0.1:{self.server.port}/mcp")) as session:
                await self.use(session)

        asyncio.run(run())

    def test_over_stdio(self):
        import mcp

        directory = tempfile.mkdtemp(prefix="godwit-mcp.")
        manifest = (self.directory / "godwit.toml").read_text()
        shutil.copy(self.directory / "toolbox.wasm", directory)
        (pathlib.Path(directory) / "godwit.toml").write_text(manifest)
        parameters = mcp.StdioServerParameters(command=harness.OPTIONS.server, args=["mcp", "--agent", "box"], cwd=directory,
                                               env={**os.environ, "TEST_SECRET": harness.SECRET})  # fmt: skip

        async def run():
            async with session_over(mcp.stdio_client(parameters)) as session:
                await self.use(session)

        asyncio.run(run())
        shutil.rmtree(directory)

    def test_beside_a_server(self):
        """With the state of a server that runs."""
        arguments = [harness.OPTIONS.server, "mcp", "--agent", "box"]
        lines = [{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE},
                 {"jsonrpc": "2.0", "method": "notifications/initialized"}]  # fmt: skip
        call = {"name": "remember", "arguments": {"key": "other", "value": "v"}}
        lines.append({"jsonrpc": "2.0", "id": "two", "method": "tools/call", "params": call})
        text = "".join(json.dumps(line) + "\n" for line in lines) + "nonsense\n[1]\n" + "x" * (5 << 20) + "\n"
        environment = {**os.environ, "TEST_SECRET": harness.SECRET}
        ran = subprocess.run(arguments, input=text, cwd=self.directory, env=environment, capture_output=True, text=True,
                             timeout=60, check=False)  # fmt: skip
        self.assertEqual(ran.returncode, 0, ran.stderr)
        said = [json.loads(line) for line in ran.stdout.splitlines()]
        results = {answer["id"]: answer for answer in said if "result" in answer}
        self.assertEqual(results["two"]["result"]["content"][0]["text"], "kept")
        self.assertEqual(sorted(answer["error"]["code"] for answer in said if "error" in answer), [-32700, -32600, -32600])
        for wrong, why in (["--agent", "none"], "no agent 'none'"), ([], "--agent NAME"):
            ran = subprocess.run([arguments[0], "mcp", *wrong], cwd=self.directory, env=environment, capture_output=True,
                                 text=True, timeout=60, check=False)  # fmt: skip
            self.assertNotEqual(ran.returncode, 0)
            self.assertIn(why, ran.stderr)


class Hostile(McpTest):
    def error(self, answer, status=400):
        self.assertEqual(answer[0], status, answer[1])
        return json.loads(answer[1])["error"]["code"]

    def test_messages(self):
        session = self.begin()
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        self.assertEqual(self.post(ping, session)[0], 200)
        self.assertEqual(self.error(self.post(b"{", session)), -32700)
        self.assertEqual(self.error(self.post(b"\xff\xfe", session)), -32700)
        self.assertEqual(self.error(self.post(b"[" * 100_000, session)), -32700)
        self.assertEqual(self.error(self.post(b'{"a":' * 20_000 + b"1" + b"}" * 20_000, session)), -32700)
        self.assertEqual(self.error(self.post(b"[]", session)), -32600)
        for wrong in {"jsonrpc": "1.0"}, {"method": 1}, {"id": None}, {"id": 1.5}, {"id": {}}, {"params": [1]}:
            self.assertEqual(self.error(self.post({**ping, **wrong}, session)), -32600, wrong)
        self.assertEqual(self.error(self.post({**ping, "method": "resources/list"}, session), 200), -32601)
        self.assertEqual(self.error(self.post({**ping, "method": "tools/list", "params": {"cursor": "x"}}, session), 200), -32602)
        for params in {}, {"name": 1}, {"name": "add", "arguments": [1]}, {"name": "add", "arguments": "x"}:
            self.assertEqual(self.error(self.post({**ping, "method": "tools/call", "params": params}, session), 200), -32602)
        call = {"name": "add", "arguments": {"a": 1, "b": 2, "x": "y" * 300_000}}
        self.assertEqual(self.post({**ping, "method": "tools/call", "params": call}, session)[0], 413)
        self.assertEqual(self.post({"jsonrpc": "2.0", "method": "notifications/cancelled"}, session), (202, ""))
        self.assertEqual(self.post({"jsonrpc": "2.0", "id": 9, "result": {}}, session), (202, ""))

    def test_sessions(self):
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        session = self.begin()
        self.assertEqual(self.post(ping)[0], 400)
        for wrong in "x", session[:-1], session + "0":
            self.assertEqual(self.post(ping, wrong)[0], 404)
        self.assertEqual(self.post(ping, session, MCP_Protocol_Version="1999-01-01")[0], 400)
        self.assertEqual(self.post(ping, session, MCP_Protocol_Version="2025-11-25")[0], 200)
        locked = {"Authorization": "Bearer " + harness.SECRET}
        self.assertEqual(self.post(ping, session, "/locked/mcp", **locked)[0], 404, "a session is of one agent's")
        self.assertEqual(self.server.ask("/mcp", headers={"Mcp-Session-Id": session}, method="DELETE")[0], 200)
        self.assertEqual(self.server.ask("/mcp", headers={"Mcp-Session-Id": session}, method="DELETE")[0], 404)
        self.assertEqual(self.post(ping, session)[0], 404)
        old = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {**INITIALIZE, "protocolVersion": "2020-01-01"}}
        self.assertEqual(json.loads(self.post(old)[1])["result"]["protocolVersion"], "2025-11-25")
        old["params"]["protocolVersion"] = "2025-06-18"
        self.assertEqual(json.loads(self.post(old)[1])["result"]["protocolVersion"], "2025-06-18")

    def test_who_may_ask(self):
        begin = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}
        self.assertEqual(self.post(begin, Origin="http://evil.test")[0], 403)
        self.assertEqual(self.post(begin, Host="evil.test")[0], 421)
        self.assertEqual(self.post(begin, Content_Type="text/plain")[0], 415)
        self.assertEqual(self.server.ask("/mcp", method="GET")[0], 405)
        self.assertEqual(self.post(begin, path="/mcp/below")[0], 404)
        self.assertEqual(self.post(begin, path="/locked/mcp")[0], 401)
        self.assertEqual(self.post(begin, path="/locked/mcp", Authorization="Bearer x")[0], 401)
        self.assertEqual(self.post(begin, path="/locked/mcp", Authorization="Bearer " + harness.SECRET)[0], 200)


class Remote(McpTest):
    @classmethod
    def start_servers(cls):
        script = pathlib.Path(__file__).parent / "mcp_server.py"
        ports = [0, 0] if cls.ports == [1, 1] else cls.ports
        for port, arguments in zip(ports, ([], ["--json"]), strict=True):
            cls.servers.append(subprocess.Popen([sys.executable, script, str(port), *arguments], stdout=subprocess.PIPE))
        cls.ports = [int(process.stdout.readline()) for process in cls.servers]

    def ask(self, tool, server, arguments=None):
        return self.server.ask(f"/box/{tool}?{server}", b"" if arguments is None else json.dumps(arguments).encode())

    def test_an_agent_calls_tools(self):
        for server in "calculator", "json":
            self.assertEqual(self.ask("multiply", server, {"a": 6, "b": 7}), (200, "42"))
            self.assertIn("it is broken", self.ask("broken", server)[1])
            status, text = self.ask("multiply", server, {"a": "x"})
            self.assertEqual(status, 200, "the tool's error is for the model")
            self.assertIn("rror", text)
        self.assertEqual(self.ask("large", "json", {"size": 1 << 20}), (200, "x" * (1 << 20)))
        status, text = self.ask("large", "json", {"size": 5 << 20})
        self.assertEqual(status, 400, "it is said twice, which is more than 8 MiB")
        self.assertEqual(self.ask("secret", "json"), (200, "told"))

    def test_only_what_is_granted(self):
        status, text = self.ask("secret", "calculator")
        self.assertEqual((status, text), (400, "the tool 'secret' of the MCP server 'calculator'; 'tools' of its grant could allow it"))
        status, text = self.ask("multiply", "elsewhere", {"a": 1, "b": 1})
        self.assertEqual((status, text), (400, "the MCP server 'elsewhere'; 'mcp' of its grants could allow it"))
        listed = json.loads(self.ask("list", "calculator")[1])
        self.assertEqual(sorted(tool["name"] for tool in listed), ["broken", "large", "multiply"])
        self.assertIn("secret", [tool["name"] for tool in json.loads(self.ask("list", "json")[1])])
        self.assertIn("refused: the tool 'secret'", self.server.admin("/v1/agents/box/logs")[1])

    def test_servers_that_forget(self):
        self.assertEqual(self.ask("multiply", "json", {"a": 6, "b": 7}), (200, "42"))
        self.stop_servers()
        self.start_servers()
        self.assertEqual(self.ask("multiply", "json", {"a": 6, "b": 7}), (200, "42"))
        self.assertEqual(self.ask("multiply", "calculator", {"a": 6, "b": 8}), (200, "48"))

    def test_servers_that_fail(self):
        self.assertEqual(self.ask("x", "self")[0], 400, "nobody listens there")
        self.assertEqual(self.server.ask("/box/multiply?json", b"[1]")[0], 400)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    rest = harness.parse_options(parser)
    sys.path.insert(0, harness.OPTIONS.library)
    os.environ["PYTHONPATH"] = harness.OPTIONS.library
    unittest.main(argv=[sys.argv[0], *rest])
