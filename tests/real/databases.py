#!/usr/bin/env python3
"""Starts a database on a free port of the loopback interface, runs a command beside it, and stops it.

    databases.py --postgresql DIR postgres|mariadb|redis COMMAND...

In COMMAND, the word PORT stands for the port. User and password are guest and tide (for redis: the password only), the
database is birds. Each has a new directory of its own, which goes with it. Ends with COMMAND's exit status.
"""
import argparse
import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile

TRIES = 5  # another program may take the port that was free


def as_user():
    """Options of subprocesses: these servers refuse to run as root."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o644)


def give_away(path):
    """To the user that servers run as."""
    if os.getuid() == 0:
        os.chown(path, as_user()["user"], as_user()["group"])


def prepare(command, cwd, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, **{"input": ""} | options, **as_user())
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stdout}{done.stderr}")


class Postgres:
    ready = "ready to accept connections"

    def __init__(self, root, programs):
        self.root, self.programs = root, programs
        write(f"{root}/password", "tide")
        prepare([f"{programs}/initdb", "-D", f"{root}/data", "-U", "guest", "-A", "scram-sha-256", "--no-sync",
                 f"--pwfile={root}/password", "-E", "UTF8", "--locale=C"], cwd=root)

    def command(self, port):
        return [f"{self.programs}/postgres", "-D", f"{self.root}/data", "-p", str(port), "-c", "fsync=off",
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]


class Mariadb:
    ready = "ready for connections"

    def __init__(self, root, _):
        self.root = root
        write(f"{root}/init.sql", "CREATE DATABASE birds CHARACTER SET utf8mb4;\n"
                                  "CREATE USER 'guest'@'127.0.0.1' IDENTIFIED BY 'tide';\n"
                                  "GRANT ALL ON birds.* TO 'guest'@'127.0.0.1';\n")
        # what mariadb-install-db does, which needs the client's packages
        os.makedirs(f"{root}/data/mysql")
        for path in (f"{root}/data", f"{root}/data/mysql"):
            give_away(path)
        tables = ["CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\n"]
        for name in ("mysql_system_tables.sql", "mysql_system_tables_data.sql"):
            with open(f"/usr/share/mysql/{name}", encoding="utf-8") as file:
                tables.append(file.read())
        prepare([*self.server(), "--bootstrap", "--log-warnings=0"], input="".join(tables), cwd=root)

    def server(self):
        return [shutil.which("mariadbd", path="/usr/sbin:" + os.environ["PATH"]), "--no-defaults",
                f"--datadir={self.root}/data", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=4M"]

    def command(self, port):
        return [*self.server(), f"--port={port}", "--bind-address=127.0.0.1", f"--socket={self.root}/socket",
                f"--pid-file={self.root}/pid", "--skip-name-resolve", f"--init-file={self.root}/init.sql",
                "--innodb-flush-log-at-trx-commit=0"]


class Redis:
    ready = "Ready to accept connections"

    def __init__(self, root, _):
        self.root = root

    def command(self, port):
        return ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--requirepass", "tide", "--save", "",
                "--dir", self.root]


def start(server):
    """The process of a server that is ready, and its port."""
    for _ in range(TRIES):
        port = free_port()
        command = server.command(port)
        # Redis is one program that goes by its name; Debian's package without the service has it as its checker
        program = "/usr/bin/redis-check-rdb" if command[0] == "redis-server" else command[0]
        process = subprocess.Popen(command, executable=program, cwd=server.root, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **as_user())
        said = []
        for line in process.stdout:
            said.append(line)
            if server.ready in line:
                return process, port
        process.wait()
    sys.exit(f"{command[0]} does not start: {''.join(said[-20:])}")


@contextlib.contextmanager
def running(server):
    process, port = start(server)
    try:
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=60)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--postgresql", required=True, help="where its programs are")
    parser.add_argument("kind", choices=["postgres", "mariadb", "redis"])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="godwit-db-") as root:
        give_away(root)
        server = {"postgres": Postgres, "mariadb": Mariadb, "redis": Redis}[options.kind](root, options.postgresql)
        with running(server) as port:
            return subprocess.run([word.replace("PORT", str(port)) for word in options.command], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
