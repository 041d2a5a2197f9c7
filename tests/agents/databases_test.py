#!/usr/bin/env python3
"""Agents and real servers of PostgreSQL and Redis, which this starts.

usage: databases_test.py --server godwit-serve --guests DIRECTORY --source DIRECTORY --postgresql DIRECTORY
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import harness
from harness import AgentsTest

POSTGRESQL = None
MANIFEST = """version = 1
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
access_log = false
authorities = ["postgres/server.pem"]
[[agent]]
name = "granted"
module = "probe.wasm"
routes = ["/granted"]
[[agent.subscription]]
redis = "main"
channel = "news"
[[agent.subscription]]
postgres = "main"
channel = "Say \\"so\\""
[agent.grants]
kv = true
[[agent.grants.secret]]
name = "PASSWORD"
env = "DATABASE_PASSWORD"
[[agent.grants.redis]]
name = "main"
address = "127.0.0.1:{redis}"
secret = "PASSWORD"
[[agent.grants.postgres]]
name = "main"
address = "127.0.0.1:{postgres}"
user = "guest"
database = "postgres"
secret = "PASSWORD"
[[agent]]
name = "wrong"
module = "probe.wasm"
routes = ["/wrong"]
[agent.grants]
[[agent.grants.secret]]
name = "WRONG"
env = "WRONG_PASSWORD"
[[agent.grants.redis]]
name = "main"
address = "127.0.0.1:{redis}"
secret = "WRONG"
[[agent.grants.postgres]]
name = "main"
address = "127.0.0.1:{postgres}"
user = "guest"
database = "postgres"
secret = "WRONG"
[[agent]]
name = "tls"
module = "probe.wasm"
routes = ["/tls"]
[agent.grants]
[[agent.grants.secret]]
name = "PASSWORD"
env = "DATABASE_PASSWORD"
[[agent.grants.postgres]]
name = "main"
address = "localhost:{postgres}"
user = "guest"
database = "postgres"
secret = "PASSWORD"
tls = true
[[agent]]
name = "misnamed"
module = "probe.wasm"
routes = ["/misnamed"]
[agent.grants]
[[agent.grants.secret]]
name = "PASSWORD"
env = "DATABASE_PASSWORD"
[[agent.grants.postgres]]
name = "main"
address = "127.0.0.1:{postgres}"
user = "guest"
database = "postgres"
secret = "PASSWORD"
tls = true
[[agent]]
name = "denied"
module = "probe.wasm"
routes = ["/denied"]
"""


def make_certificate(directory):
    """For localhost, by nobody but itself."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", f"{directory}/server.key", "-out", f"{directory}/server.pem"], check=True, capture_output=True)  # fmt: skip
    os.chmod(f"{directory}/server.key", 0o600)
    os.chmod(f"{directory}/server.pem", 0o644)
    databases.give_away(f"{directory}/server.key")


class DatabasesTest(AgentsTest):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.TemporaryDirectory(prefix="godwit-db-")
        cls.servers = []
        cls.ports = {}
        for name, kind in (("postgres", databases.Postgres), ("redis", databases.Redis)):
            directory = pathlib.Path(cls.root.name) / name
            directory.mkdir()
            databases.give_away(directory)
            os.chmod(cls.root.name, 0o755)
            server = kind(str(directory), POSTGRESQL)
            if name == "postgres":
                make_certificate(directory)
                command = server.command
                tls = ["-c", "ssl=on", "-c", f"ssl_cert_file={directory}/server.pem", "-c", f"ssl_key_file={directory}/server.key"]
                server.command = lambda port, command=command, tls=tls: [*command(port), *tls]
            process, cls.ports[name] = databases.start(server)
            cls.servers.append(process)
        os.environ["DATABASE_PASSWORD"] = "tide"
        os.environ["WRONG_PASSWORD"] = "ebb"
        super().setUpClass()

    @classmethod
    def manifest(cls):
        return MANIFEST.format(**cls.ports).replace("postgres/server.pem", f"{cls.root.name}/postgres/server.pem")

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        for process in cls.servers:
            process.terminate()
            process.communicate(timeout=60)
        cls.root.cleanup()

    def test_postgres(self):
        def run(text):
            return self.granted("postgres", text)

        self.assertEqual(run("CREATE TABLE bird (id bigint, name text, weight float8, is_big boolean, ring bytea)"), (200, "0"))
        insert = "INSERT INTO bird VALUES ($1, $2, 1.5, true, $3)"
        self.assertEqual(run(insert + "\n#1\n'; DROP TABLE bird; --\n*\x01x"), (200, "1"))
        self.assertEqual(run(insert + "\n#2\n-\n-"), (200, "1"))
        select = "SELECT id, name, weight, is_big, ring FROM bird WHERE id = $1"
        self.assertEqual(run(select + "\n#1"), (200, "0|1,'; DROP TABLE bird; --,real 1.500000,1,blob \x01x,"))
        self.assertEqual(run(select + "\n#2"), (200, "0|2,?,real 1.500000,1,?,"))
        self.assertEqual(run("UPDATE bird SET weight = 2"), (200, "2"))
        status, why = run("SELECT nonsense")
        self.assertEqual((status, why[:12], why[-7:]), (400, "PostgreSQL: ", "(42703)"))
        self.assertEqual(run("SELECT 1; SELECT 2")[0], 400)
        self.assertIn("transaction", run("BEGIN")[1])
        self.assertIn("COPY", run("COPY bird FROM STDIN")[1])
        self.assertIn("10000 rows", run("SELECT generate_series(1, 10001)")[1])
        many = "SELECT " + ", ".join(["NULL"] * 1600) + " FROM generate_series(1, 626)"
        self.assertIn("1000000 values", run(many)[1])
        self.assertEqual(run("SELECT count(*) FROM bird"), (200, "0|2,"), "the table is there")

    def test_redis(self):
        def call(text):
            return self.granted("redis", text)

        self.assertEqual(call("SET a 1"), (200, "OK,"))
        self.assertEqual(call("INCR a"), (200, "2,"))
        self.assertEqual(call("GET a"), (200, "2,"))
        self.assertEqual(call("GET nothing"), (200, "?,"))
        self.assertEqual(call("RPUSH l x y"), (200, "2,"))
        self.assertEqual(call("LRANGE l 0 -1"), (200, "x,y,"))
        self.assertEqual(call("XADD s 1-1 f v"), (200, "1-1,"))
        self.assertEqual(call("XRANGE s - +"), (200, "2,1-1,2,f,v,"))
        self.assertEqual(call("INCR l")[0], 400)
        for refused in ("SELECT 1", "multi", "CONFIG GET *", "subscribe c"):
            self.assertIn("agents may not say", call(refused)[1])
        self.assertEqual(call("GET a"), (200, "2,"))

    def heard(self, kind, channel):
        """What was told of a channel, in no order."""
        keys = self.granted("kv-list", f"event:{kind}:{channel}:")[1].split(",")[:-1]
        return sorted(self.granted("kv-get", key)[1] for key in keys)

    def until_heard(self, kind, channel, text, say):
        """Says it until it is heard: the server may be about to subscribe."""
        deadline = time.monotonic() + 60
        while text not in self.heard(kind, channel):
            self.assertLess(time.monotonic(), deadline, self.server.admin("/v1/agents/granted/logs")[1])
            self.assertEqual(say(text)[0], 200)
            time.sleep(0.05)

    def test_messages_of_redis_are_events(self):
        self.until_heard("redis", "news", "first", lambda text: self.granted("redis", "PUBLISH news " + text))
        self.assertEqual(self.granted("redis", "PUBLISH news second"), (200, "1,"), "one listens")
        self.assertEqual(self.granted("redis", "PUBLISH other third"), (200, "0,"))
        while "second" not in self.heard("redis", "news"):
            time.sleep(0.01)
        self.assertEqual(self.heard("redis", "news").count("second"), 1)

    def test_notifications_of_postgres_are_events(self):
        channel = 'Say "so"'

        def say(text):
            return self.granted("postgres", f"SELECT pg_notify($1, $2)\n{channel}\n{text}")

        self.until_heard("postgres", channel, "first", say)
        self.assertEqual(say("it's")[0], 200)
        while "it's" not in self.heard("postgres", channel):
            time.sleep(0.01)
        # the connection is lost, and made again
        kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        self.assertEqual(self.granted("postgres", kill), (200, "0|1,"))
        self.until_heard("postgres", channel, "again", say)

    def test_postgres_with_tls(self):
        query = b"SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        self.assertEqual(self.server.ask("/tls/postgres", query), (200, "0|1,"))
        self.assertEqual(self.granted("postgres", query.decode()), (200, "0|0,"))
        status, why = self.server.ask("/misnamed/postgres", query)
        self.assertEqual((status, "certificate" in why or "IP address" in why), (400, True), why)

    def test_denials(self):
        self.assertIn("'postgres' of its grants", self.denied("postgres", "SELECT 1")[1])
        self.assertIn("'redis' of its grants", self.denied("redis", "PING")[1])
        self.assertIn("password authentication failed", self.server.ask("/wrong/postgres", b"SELECT 1")[1])
        self.assertIn("WRONGPASS", self.server.ask("/wrong/redis", b"PING")[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--postgresql", required=True)
    parser.add_argument("--databases", required=True, help="where databases.py is")
    arguments = harness.parse_options(parser)
    POSTGRESQL = harness.OPTIONS.postgresql
    sys.path.insert(0, harness.OPTIONS.databases)
    import databases

    unittest.main(argv=[sys.argv[0], *arguments])
