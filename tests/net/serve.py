#!/usr/bin/env python3
"""Loopback servers and clients for guests under test.

    serve.py with-server COMMAND...    runs COMMAND with PORT set to the port of a server that sends back, upper case,
                                       what one connection brings
    serve.py with-guest WORD COMMAND...  runs COMMAND, a guest that prints "address:port …" first, connects to it, sends
                                       WORD, prints what comes back, then the rest of the guest's output
    serve.py with-listener WORD COMMAND...  the same with a listening socket passed as systemd does
"""
import os
import socket
import subprocess
import sys
import threading


def with_server(command):
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = server.accept()
        with connection:
            data = b""
            while chunk := connection.recv(1000):
                data += chunk
            connection.sendall(data.upper())

    threading.Thread(target=serve, daemon=True).start()
    environment = dict(os.environ, PORT=str(server.getsockname()[1]))
    return subprocess.run([part.replace("PORT", environment["PORT"]) for part in command], env=environment).returncode


def talk_to(port, word):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(word.encode())
        connection.shutdown(socket.SHUT_WR)
        data = b""
        while chunk := connection.recv(1000):
            data += chunk
    print(data.decode(), flush=True)


def with_guest(word, command):
    guest = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    where = guest.stdout.readline()
    if ":" in where:
        talk_to(int(where.split(":")[1].split()[0]), word)
    else:
        print(where, end="")
    print(guest.stdout.read(), end="")
    return guest.wait(30)


def with_listener(word, command):
    listener = socket.create_server(("127.0.0.1", 0))

    def become_fd_3():
        os.dup2(listener.fileno(), 3)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))

    # sh says its own process number and then becomes the guest's process
    line = 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
    guest = subprocess.Popen(["/bin/sh", "-c", line, "sh"] + command, stdout=subprocess.PIPE, text=True,
                             preexec_fn=become_fd_3, pass_fds=[3])
    guest.stdout.readline()
    talk_to(listener.getsockname()[1], word)
    print(guest.stdout.read(), end="")
    return guest.wait(30)


def main():
    mode, rest = sys.argv[1], sys.argv[2:]
    if mode == "with-server":
        return with_server(rest)
    if mode == "with-guest":
        return with_guest(rest[0], rest[1:])
    return with_listener(rest[0], rest[1:])


if __name__ == "__main__":
    sys.exit(main())
