"""A real server with agents, for tests: its manifest, an upstream of theirs, requests to both of its addresses."""

import http.client
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

OPTIONS = None
SECRET = "hunter2-is-a-secret"

GRANTS = """
[agent.grants]
kv = true
sql = true
timers = true
queues = ["other"]
hosts = ["127.0.0.1:{port}", "localhost:{port}", "localtest.invalid:80", "metadata.test:80"]
env = {{ GREETING = "hello" }}
[[agent.grants.path]]
guest = "/data"
host = "data"
[[agent.grants.path]]
guest = "/out"
host = "out"
writable = true
[[agent.grants.secret]]
name = "KEY"
env = "TEST_SECRET"
header = "Authorization"
prefix = "Bearer "
hosts = ["127.0.0.1:{port}"]
[[agent.grants.model]]
name = "default"
url = "http://127.0.0.1:{port}/v1"
model = "tiny"
secret = "KEY"
"""

MANIFEST = """version = 1
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
access_log = {access_log}
[[agent]]
name = "granted"
module = "probe.wasm"
routes = ["/granted"]
[agent.limits]
memory = "8MiB"
time = "60s"
body = "64KiB"
{webhooks}
{grants}
[[agent]]
name = "short"
module = "probe.wasm"
routes = ["/short"]
[agent.limits]
time = "300ms"
[agent.grants]
sql = true
[[agent]]
name = "denied"
module = "probe.wasm"
routes = ["/denied"]
[[agent]]
name = "other"
module = "probe.wasm"
routes = ["/other"]
[agent.grants]
kv = true
"""

WEBHOOKS = """
[[agent.webhook]]
route = "/hooks/github"
style = "github"
secret = "KEY"
[[agent.webhook]]
route = "/hooks/slack"
style = "slack"
secret = "KEY"
[[agent.webhook]]
route = "/hooks/telegram"
style = "telegram"
secret = "KEY"
"""


class Upstream(http.server.BaseHTTPRequestHandler):
    """Says what it was sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path == "/slow":
            time.sleep(0.1)  # as what models and databases do
        self.server.seen.append((self.path, dict(self.headers), body))
        answer = json.dumps({"path": self.path, "body": body}).encode()
        self.send_response(302 if self.path == "/redirect" else 200)
        if self.path == "/redirect":
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Server:
    def __init__(self, directory, manifest, arguments=()):
        self.directory = directory
        (directory / "godwit.toml").write_text(manifest)
        self.start(arguments)

    def start(self, arguments=()):
        environment = {**os.environ, "TEST_SECRET": SECRET, "XDG_CACHE_HOME": str(self.directory / "cache")}
        self.output = open(self.directory / "output", "ab")
        self.process = subprocess.Popen([OPTIONS.server, arguments[0] if arguments else "serve", "godwit.toml"], cwd=self.directory,
                                        env=environment, stdout=subprocess.PIPE, stderr=self.output)  # fmt: skip
        line = self.process.stdout.readline().decode()
        words = line.split()
        assert words[:1] == ["listening"], (line, (self.directory / "output").read_text())
        self.port = int(words[1].rsplit(":", 1)[1])
        self.admin_port = int(words[3].rsplit(":", 1)[1])
        self.reader = threading.Thread(target=self.drain, daemon=True)
        self.lines = []
        self.reader.start()

    def drain(self):
        for line in self.process.stdout:
            self.lines.append(line.decode())

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        status = self.process.wait(30)
        self.reader.join()
        self.process.stdout.close()
        self.output.close()
        return status

    def ask(self, path, body=b"", headers=None, method="POST", port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def admin(self, path, body=b"", method="GET", headers=None):
        token = (self.directory / "state" / "admin.token").read_text().strip()
        return self.ask(path, body, {"Authorization": "Bearer " + token, **(headers or {})}, method, self.admin_port)

    def until(self, path, body, wanted):
        """Asks until the answer is as wanted: for what happens by itself."""
        for _ in range(600):
            answer = self.ask(path, body)
            if answer == wanted:
                return
            time.sleep(0.02)
        raise AssertionError(f"{path} {body}: {answer}, not {wanted}")


class AgentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        cls.upstream.seen = []
        threading.Thread(target=cls.upstream.serve_forever, daemon=True).start()
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="godwit-agents."))
        shutil.copy(pathlib.Path(OPTIONS.guests) / "agent-probe.wasm", cls.directory / "probe.wasm")
        (cls.directory / "data").mkdir()
        (cls.directory / "out").mkdir()
        (cls.directory / "data" / "file").write_text("content")
        (cls.directory / "private").write_text("private")
        cls.server = Server(cls.directory, cls.manifest())

    @classmethod
    def manifest(cls, access_log="true"):
        grants = GRANTS.format(port=cls.upstream.server_port)
        return MANIFEST.format(grants=grants, webhooks=WEBHOOKS, access_log=access_log)

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        cls.upstream.shutdown()
        cls.upstream.server_close()
        shutil.rmtree(cls.directory)
        assert status == 0, status

    def granted(self, what, body=""):
        return self.server.ask("/granted/" + what, body.encode())

    def denied(self, what, body=""):
        return self.server.ask("/denied/" + what, body.encode())

    def url(self, path="/x"):
        return f"http://127.0.0.1:{self.upstream.server_port}{path}"


def parse_options(parser):
    """Sets OPTIONS. Returns what is left for unittest."""
    global OPTIONS
    parser.add_argument("--server", required=True)
    parser.add_argument("--guests", required=True)
    parser.add_argument("--source", required=True)
    OPTIONS, rest = parser.parse_known_args()
    return rest
