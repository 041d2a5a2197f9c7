#!/usr/bin/env python3
"""Agents and real servers of PostgreSQL and Redis, which this starts.

usage: databases_test.py --server godwit-serve --guests DIRECTORY --source DIRECTORY --postgresql DIRECTORY
"""

import argparse
import os
import pathlib
import sys
import tempfile
import unittest

import harness
from harness import AgentsTest

POSTGRESQL = None
MANIFEST = """version = 1
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
access_log = false
[[agent]]
name = "granted"
module = "probe.wasm"
routes = ["/granted"]
[agent.grants]
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
name = "denied"
module = "probe.wasm"
routes = ["/denied"]
"""


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
            process, cls.ports[name] = databases.start(kind(str(directory), POSTGRESQL))
            cls.servers.append(process)
        os.environ["DATABASE_PASSWORD"] = "tide"
        os.environ["WRONG_PASSWORD"] = "ebb"
        super().setUpClass()

    @classmethod
    def manifest(cls):
        return MANIFEST.format(**cls.ports)

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
