# SPDX-License-Identifier: MIT
#
# A service that breaks off, and a command under run --proxy before it.
#
#   proxy_broken.py --serve    prints its port; the path says where it breaks off
#   proxy_broken.py            the command: prints a line for each case that did not come as it should

import http.client
import os
import socket
import struct
import sys
import threading

PATIENCE = 15
GOOD = b'{"code":0,"msg":"","data":{"user_id":"1","user_name":"broken"}}'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(GOOD), GOOD)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def after(text, then=reset):
    """Sends that, sees that it has arrived, and breaks off."""

    def act(connection, head):
        connection.sendall(text)
        while text and struct.unpack_from("I", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 24)[0]:
            pass  # tcpi_unacked
        then(connection)

    return act


def in_body(connection, head):
    connection.recv(1000)
    reset(connection)


def second(connection, head):
    """The first request of a connection is answered, the second is not."""
    connection.sendall(WHOLE)
    read_head(connection)
    reset(connection)


def say(connection, text):
    """That answer, and nothing is reset by a body that nobody read."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                       b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536):
        pass


def token(connection, head):
    """A new token for each that is asked for."""
    tokens.append(len(tokens))
    say(connection, b'{"access_token":"token_%d","token_type":"bearer","expires_in":3600}' % len(tokens))


def refused(connection, head):
    """Coze's envelope of a refused token, and how many requests had it."""
    asked.append(head)
    say(connection, b'{"code":4100,"msg":"asked %d"}' % len(asked))


tokens = []
asked = []
ACTS = {
    "/token": token,
    "/refused": refused,
    "/reset": after(b""),
    "/close": after(b"", socket.socket.close),
    "/head": after(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "/head-closed": after(b"HTTP/1.1 200 OK\r\nContent-Le", socket.socket.close),
    "/body": after(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun"),
    "/body-closed": after(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun", socket.socket.close),
    "/endless": after(b"HTTP/1.1 200 OK\r\n\r\nbegun"),
    "/endless-closed": after(b"HTTP/1.1 200 OK\r\n\r\nbegun", socket.socket.close),
    "/json": after(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"),
    "/chunk": after(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n5\r\nbe"),
    "/chunk-closed": after(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n", socket.socket.close),
    "/continue": after(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "/early": after(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
    "/garbage": after(b"\x16\x03\x01\x02\r\n\r\n"),
    "/upload": in_body,
    "/second": second,
    "/websocket": after(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x01a"),
}


def read_head(connection):
    text = b""
    while b"\r\n\r\n" not in text:
        piece = connection.recv(65536)
        if not piece:
            return None
        text += piece
    return text


def serve_one(connection):
    with connection:
        try:
            while (head := read_head(connection)) is not None:
                path = head.split()[1].decode().split("?")[0]
                if path in ACTS:
                    ACTS[path](connection, head)
                    return
                connection.sendall(WHOLE)
        except OSError:
            return


def serve():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve_one, args=(listener.accept()[0],), daemon=True).start()


HOST = os.environ.get("COZE_API_BASE", "").removeprefix("http://")
TOKEN = {"Authorization": "Bearer " + os.environ.get("COZE_API_TOKEN", "")}


def outcome(connection, method, path, body=None, **fields):
    """The status; "cut" where the body broke off, "nothing" where not even a head came."""
    status = "nothing"
    try:
        connection.request(method, path, body, {**TOKEN, **fields})
        answer = connection.getresponse()
        status = "cut"
        text = answer.read()
        if answer.status == 502 and b'"msg":"keyturn: the server' not in text:
            return f"502 with {text!r}"
        return answer.status
    except TimeoutError:
        return "hung"
    except (OSError, http.client.HTTPException):
        return status
    finally:
        connection.close()


def connect():
    return http.client.HTTPConnection(HOST, timeout=PATIENCE)


def expect(wanted, method, path, body=None, connection=None, or_else=None, **fields):
    got = outcome(connection or connect(), method, path, body, **fields)
    if got not in (wanted, or_else):
        print(f"{method} {path}: {got}, not {wanted}")
    healthy = outcome(connect(), "GET", "/good")
    if healthy != 200:
        print(f"after {method} {path} a good request has {healthy}")


def kept(method, wanted):
    connection = connect()
    connection.request("GET", "/second", headers=TOKEN)
    if connection.getresponse().read() != GOOD:
        print("the first of two has another answer")
    expect(wanted, method, "/good", b"" if method == "POST" else None, connection)


def by_hand(request, wanted):
    with socket.create_connection(HOST.split(":"), PATIENCE) as connection:
        head = request.replace("\r\n", f"\r\nHost: {HOST}\r\nAuthorization: {TOKEN['Authorization']}\r\n", 1)
        connection.sendall(head.encode())
        text = b""
        try:
            while piece := connection.recv(65536):
                text += piece
        except TimeoutError:
            text = b"hung"
        except OSError:
            pass
        for line in wanted:
            if line.encode() not in text:
                print(f"{request!r}: {text!r}")


def command():
    for path in ("/reset", "/close", "/head", "/head-closed", "/garbage"):
        expect(502, "GET", path)
        expect(502, "POST", path, b"{}")
    expect(200, "GET", "/endless-closed")
    for path in ("/endless", "/body", "/body-closed", "/json", "/chunk", "/chunk-closed"):
        expect("cut", "GET", path)
        # A reset that comes before the body was sent is one of the sending.
        expect("cut", "POST", path, b"{}", or_else="nothing" if path == "/endless" else None)
    expect(502, "POST", "/upload", bytes(3000000))
    expect(502, "PUT", "/upload", iter([bytes(100000)] * 30))
    kept("GET", 200)
    kept("POST", 502)
    expecting = "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    by_hand("POST /continue HTTP/1.1\r\n" + expecting, ["HTTP/1.1 100 ", "HTTP/1.1 502 ", "keyturn: the server"])
    by_hand("POST /reset HTTP/1.1\r\n" + expecting, ["HTTP/1.1 502 "])
    by_hand("GET /early HTTP/1.1\r\n\r\n", ["HTTP/1.1 103 ", "HTTP/1.1 502 "])
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    by_hand("GET /websocket HTTP/1.1\r\n" + upgrade, ["HTTP/1.1 101 ", "\x01a"])
    by_hand("GET /reset HTTP/1.1\r\n" + upgrade, ["HTTP/1.1 502 "])


serve() if sys.argv[1:] == ["--serve"] else command()
