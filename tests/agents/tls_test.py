#!/usr/bin/env python3
"""Servers that others than this machine reach: TLS, keys, certificates that change while they serve.

usage: tls_test.py --server godwit-serve --openai godwit-openai --guests DIRECTORY --source DIRECTORY --model FILE
"""

import argparse
import http.client
import json
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

import harness

KEY = "a-key-of-a-client-of-ours"
MANIFEST = """version = 1
listen = "0.0.0.0:0"
admin = "0.0.0.0:0"
keys = "keys"
[tls]
certificate = "server.pem"
key = "server.key"
[[agent]]
name = "granted"
module = "probe.wasm"
routes = ["/granted"]
[[agent.webhook]]
route = "/hooks/telegram"
style = "telegram"
secret = "KEY"
[[agent.grants.secret]]
name = "KEY"
env = "TEST_SECRET"
"""


def make_certificate(directory, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name, "-keyout", directory / "new.key",
                    "-out", directory / "new.pem"], check=True, capture_output=True)  # fmt: skip
    for kind in ("key", "pem"):
        (directory / f"new.{kind}").rename(directory / f"server.{kind}")


def shake_hands(port, certificate, name, least=None, most=None, protocols=None):
    """Gives a connection that believes nobody but that certificate."""
    context = ssl.create_default_context(cafile=certificate)
    if least:
        context.minimum_version = least
    if most:
        context.maximum_version = most
    if protocols:
        context.set_alpn_protocols(protocols)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=120), server_hostname=name)


def ask(port, certificate, path, body=b"", headers=None, method="POST"):
    with shake_hands(port, certificate, "one.test") as connection:
        client = http.client.HTTPConnection("one.test")
        client.sock = connection
        client.request(method, path, body, headers or {})
        response = client.getresponse()
        return response.status, response.read().decode()


def bearer(key):
    return {"Authorization": "Bearer " + key}


class Agents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="godwit-tls."))
        shutil.copy(pathlib.Path(harness.OPTIONS.guests) / "agent-probe.wasm", cls.directory / "probe.wasm")
        make_certificate(cls.directory, "one.test")
        shutil.copy(cls.directory / "server.pem", cls.directory / "one.pem")
        (cls.directory / "keys").write_text("# of clients\n" + KEY + "\n")
        (cls.directory / "keys").chmod(0o600)
        cls.server = harness.Server(cls.directory, MANIFEST)
        cls.one = str(cls.directory / "one.pem")

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        shutil.rmtree(cls.directory)
        assert status == 0, status

    def test_answers_who_shows_a_key(self):
        self.assertEqual(ask(self.server.port, self.one, "/granted/echo", b"x", bearer(KEY)),
                         (200, "http|POST|/granted/echo||x"))
        for headers in ({}, bearer(KEY + "r"), {"Authorization": KEY}):
            status, text = ask(self.server.port, self.one, "/granted/echo", b"x", headers)
            self.assertEqual((status, "Authorization: Bearer" in text), (401, True))
        # what has a secret of its own needs no key beside it
        status, _ = ask(self.server.port, self.one, "/hooks/telegram", b'{"update_id":1}',
                        {"X-Telegram-Bot-Api-Secret-Token": harness.SECRET})
        self.assertEqual(status, 200)
        self.assertEqual(ask(self.server.port, self.one, "/hooks/telegram", b'{"update_id":2}')[0], 401)

    def test_the_agent_does_not_see_the_key(self):
        status, text = ask(self.server.port, self.one, "/granted/header?authorization", b"", bearer(KEY))
        self.assertEqual((status, text), (200, "none"))

    def test_curl_believes_it(self):
        done = subprocess.run(["curl", "-sS", "--cacert", self.one, "--resolve", f"one.test:{self.server.port}:127.0.0.1",
                               "-H", "Authorization: Bearer " + KEY, "--data-binary", "@-",
                               f"https://one.test:{self.server.port}/granted/echo"],
                              input=b"y" * 60000, capture_output=True, timeout=120)  # fmt: skip
        self.assertEqual((done.returncode, len(done.stdout)), (0, 60000 + len("http|POST|/granted/echo||")), done.stderr)

    def test_versions_and_protocols(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with shake_hands(self.server.port, self.one, "one.test", version, version, ["h2", "http/1.1"]) as connection:
                self.assertEqual(connection.selected_alpn_protocol(), "http/1.1")
                self.assertEqual(connection.version(), "TLSv1." + ("2" if version == ssl.TLSVersion.TLSv1_2 else "3"))
        with self.assertRaises(ssl.SSLError):
            shake_hands(self.server.port, self.one, "one.test", protocols=["h2"])
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", "-tls1_1", "-cipher",
                               "ALL@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)  # fmt: skip
        self.assertNotEqual(done.returncode, 0)

    def test_says_what_it_speaks(self):
        client = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        client.request("GET", "/granted/echo")
        response = client.getresponse()
        self.assertEqual((response.status, response.read()), (400, b"This address speaks TLS: ask by https://.\n"))
        client.close()
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=120) as connection:
            connection.sendall(b"\x00\x01rubbish" * 100)
            try:
                while connection.recv(1000):
                    pass
            except ConnectionResetError:
                pass

    def test_the_operator_from_elsewhere_and_here(self):
        token = (self.directory / "state" / "admin.token").read_text().strip()
        status, text = ask(self.server.admin_port, self.one, "/v1/agents", headers=bearer(token), method="GET")
        self.assertEqual((status, json.loads(text)["agents"][0]["name"]), (200, "granted"))
        self.assertEqual(ask(self.server.admin_port, self.one, "/v1/agents", headers=bearer(KEY), method="GET")[0], 401)
        listed = subprocess.run([harness.OPTIONS.server, "agents", "--state", self.directory / "state"], capture_output=True,
                                timeout=120)  # fmt: skip
        self.assertIn("granted", listed.stdout.decode(), listed.stderr)

    def test_takes_another_certificate(self):
        open_one = shake_hands(self.server.port, self.one, "one.test")
        (self.directory / "server.pem").write_text("rubbish")
        self.server.process.send_signal(signal.SIGHUP)
        self.until(lambda: "there is no certificate in PEM" in (self.directory / "output").read_text())
        shake_hands(self.server.port, self.one, "one.test").close()
        make_certificate(self.directory, "two.test")
        shutil.copy(self.directory / "server.pem", self.directory / "two.pem")
        self.server.process.send_signal(signal.SIGHUP)

        def is_there():
            try:
                shake_hands(self.server.port, self.directory / "two.pem", "two.test").close()
                return True
            except ssl.SSLError:
                return False

        self.until(is_there)
        # a connection that was open goes on
        client = http.client.HTTPConnection("one.test")
        client.sock = open_one
        client.request("POST", "/granted/echo", b"x", bearer(KEY))
        self.assertEqual(client.getresponse().status, 200)
        client.close()
        shutil.copy(self.directory / "two.pem", self.directory / "one.pem")
        make_certificate(self.directory, "one.test")
        shutil.copy(self.directory / "server.pem", self.directory / "one.pem")
        self.server.process.send_signal(signal.SIGHUP)
        self.until(lambda: self.believes_one())

    def believes_one(self):
        try:
            shake_hands(self.server.port, self.one, "one.test").close()
            return True
        except ssl.SSLError:
            return False

    def until(self, holds):
        for _ in range(600):
            if holds():
                return
            time.sleep(0.02)
        raise AssertionError("it does not happen")


class OpenAi(unittest.TestCase):
    def test_speaks_tls(self):
        options = harness.OPTIONS
        if not options.model:
            self.skipTest("no model")
        directory = pathlib.Path(tempfile.mkdtemp(prefix="godwit-tls."))
        make_certificate(directory, "one.test")
        (directory / "keys").write_text(KEY + "\n")
        command = [options.openai, "serve", "--model", "tiny=" + options.model, "--listen", "0.0.0.0:0", "--api-key-file",
                   directory / "keys"]  # fmt: skip
        refused = subprocess.run(command, capture_output=True, text=True, timeout=120)
        self.assertEqual((refused.returncode, "--tls-certificate FILE --tls-key FILE" in refused.stderr), (2, True))
        server = subprocess.Popen(
            [*command, "--tls-certificate", directory / "server.pem", "--tls-key", directory / "server.key"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
        line = server.stdout.readline()
        self.assertIn("listening on https://", line)
        port = int(line.split(":")[-1].split("/")[0])
        status, text = ask(port, directory / "server.pem", "/v1/models", headers=bearer(KEY), method="GET")
        self.assertEqual((status, json.loads(text)["data"][0]["id"]), (200, "tiny"))
        body = json.dumps({"model": "tiny", "messages": [{"role": "user", "content": "x"}], "max_tokens": 4, "stream": True})
        status, text = ask(port, directory / "server.pem", "/v1/chat/completions", body, bearer(KEY))
        self.assertEqual((status, "data: [DONE]" in text), (200, True))
        self.assertEqual(ask(port, directory / "server.pem", "/v1/models", method="GET")[0], 401)
        server.send_signal(signal.SIGHUP)
        self.assertIn("the certificate was read again", server.stderr.readline())
        server.terminate()
        self.assertEqual(server.wait(60), 0)
        server.stdout.close()
        server.stderr.close()
        shutil.rmtree(directory)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--openai")
    parser.add_argument("--model")
    rest = harness.parse_options(parser)
    unittest.main(argv=[sys.argv[0], *rest])
