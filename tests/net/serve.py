#!/usr/bin/env python3
"""Loopback servers and clients for guests under test.

    serve.py with-server COMMAND...    runs COMMAND with PORT set to the port of a server that sends back, upper case,
                                       what one connection brings
    serve.py with-guest WORD COMMAND...  runs COMMAND, a guest that prints "address:port …" first, connects to it, sends
                                       WORD, prints what comes back, then the rest of the guest's output
    serve.py with-listener WORD COMMAND...  the same with a listening socket passed as systemd does
    serve.py with-https KIND COMMAND...  runs COMMAND with PORT set to the port of an HTTPS server and CA to a file with the
                                       certificate of its authority. KIND says what is wrong with the server's own: good,
                                       other-authority, other-name, expired; or with its answer: cut
    serve.py with-silence COMMAND...   runs COMMAND with PORT set to the port of a server that never says anything
    serve.py with-web REQUESTS COMMAND...  runs COMMAND, a server of HTTP that prints "address:port" first, sends it that
                                       many requests over each of several connections, and stops it
    serve.py with-wrk SECONDS CONNECTIONS COMMAND...  the same with wrk, as fast as it goes; fails at the first error
"""
import http.client
import http.server
import os
import socket
import ssl
import subprocess
import sys
import tempfile
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


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_authority(folder, name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            f"/CN={name}", "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem")


def make_certificate(folder, authority, names, lifetime_days=2):
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=server", "-keyout",
            f"{folder}/server.key", "-out", f"{folder}/server.csr")
    with open(f"{folder}/server.ext", "w") as extensions:
        extensions.write(f"subjectAltName={names}\n")
    openssl("x509", "-req", "-in", f"{folder}/server.csr", "-CA", f"{folder}/{authority}.pem", "-CAkey",
            f"{folder}/{authority}.key", "-set_serial", "7", "-days", str(lifetime_days), "-extfile",
            f"{folder}/server.ext", "-out", f"{folder}/server.pem")


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    is_cut = False

    def do_GET(self):
        body = f"you asked for {self.path}".encode()
        if self.path == "/much":
            body = b"0123456789abcdef" * (1 << 16)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + 100 * self.is_cut))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.is_cut

    def log_message(self, *arguments):
        pass


def with_https(kind, command):
    with tempfile.TemporaryDirectory() as folder:
        make_authority(folder, "authority")
        make_authority(folder, "other")
        make_certificate(folder, "other" if kind == "other-authority" else "authority",
                         "DNS:elsewhere.example" if kind == "other-name" else "DNS:localhost,IP:127.0.0.1",
                         -1 if kind == "expired" else 2)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
        Answers.is_cut = kind == "cut"
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        server.handle_error = lambda *arguments: None  # clients that refuse it
        # the handshake belongs to the connection's thread
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        words = {"PORT": str(server.server_address[1]), "CA": f"{folder}/authority.pem"}
        command = [words[part] if part in words else part.replace("PORT", words["PORT"]) for part in command]
        return subprocess.run(command).returncode


def with_silence(command):
    server = socket.create_server(("127.0.0.1", 0))
    return subprocess.run([part.replace("PORT", str(server.getsockname()[1])) for part in command]).returncode


def with_web(requests, command):
    guest = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    where = guest.stdout.readline()
    connections = [http.client.HTTPConnection("127.0.0.1", int(where.split(":")[1]), timeout=60) for _ in range(10)]
    answers = set()
    for number in range(int(requests)):
        for connection in connections:  # all are open at a time, and kept
            connection.request("POST", "/", body=b"x" * 1000 * number)
        for connection in connections:
            answers.add((number, connection.getresponse().read() == b"x" * 1000 * number))
    connections[0].request("GET", "/a")
    print(connections[0].getresponse().read().decode(), end="")
    print(f"{len(answers)} answers, all right: {all(is_right for _, is_right in answers)}", flush=True)
    guest.terminate()
    guest.wait(30)
    return 0


def with_wrk(seconds, connections, command):
    guest = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    port = guest.stdout.readline().split(":")[1].strip()
    wrk = subprocess.run(["wrk", "-t", "2", "-c", connections, "-d", f"{seconds}s", f"http://127.0.0.1:{port}/a"],
                         capture_output=True, text=True)
    print(wrk.stdout, wrk.stderr, flush=True)
    is_alive = guest.poll() is None
    guest.terminate()
    guest.wait(30)
    went_wrong = wrk.returncode != 0 or "Socket errors" in wrk.stdout or "Non-2xx" in wrk.stdout
    return 0 if is_alive and not went_wrong else 1


def main():
    mode, rest = sys.argv[1], sys.argv[2:]
    if mode == "with-server":
        return with_server(rest)
    if mode == "with-guest":
        return with_guest(rest[0], rest[1:])
    if mode == "with-https":
        return with_https(rest[0], rest[1:])
    if mode == "with-silence":
        return with_silence(rest)
    if mode == "with-web":
        return with_web(rest[0], rest[1:])
    if mode == "with-wrk":
        return with_wrk(rest[0], rest[1], rest[2:])
    return with_listener(rest[0], rest[1:])


if __name__ == "__main__":
    sys.exit(main())
