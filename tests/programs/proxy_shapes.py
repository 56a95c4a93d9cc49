# SPDX-License-Identifier: MIT
#
# Shapes of HTTP that programs use, sent to the address in the environment by the standard library and
# by hand: what the service answers has to come as it does without anybody in between. Prints a line
# for each shape that did not.

import hashlib
import http.client
import json
import os
import socket
import sys
import time

BASE = os.environ["COZE_API_BASE"]
HOST, PORT = BASE.removeprefix("http://").split(":")
TOKEN = {"Authorization": "Bearer " + os.environ["COZE_API_TOKEN"]}
HEAD = f"Host: {HOST}:{PORT}\r\nAuthorization: {TOKEN['Authorization']}\r\n"


def connect():
    return http.client.HTTPConnection(HOST, int(PORT), timeout=20)


def raw(request=b""):
    connection = socket.create_connection((HOST, int(PORT)), timeout=20)
    connection.sendall(request)
    return connection


def read_until(connection, end):
    text = b""
    while not text.endswith(end):
        piece = connection.recv(65536)
        if not piece:
            break
        text += piece
    return text


def ask(connection, method, path, body=None, headers={}):
    connection.request(method, path, body=body, headers={**TOKEN, **headers})
    answer = connection.getresponse()
    return answer, answer.read()


def kept_alive():
    connection = connect()
    ports = set()
    for _ in range(20):
        answer, body = ask(connection, "GET", "/v1/users/me")
        assert answer.status == 200 and b"tester" in body
        ports.add(connection.sock.getsockname()[1])
    assert len(ports) == 1
    # Head and body in one piece: a client that is woken twice waits twice. tcpi_data_segs_in of tcp(7).
    information = connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)
    assert int.from_bytes(information[152:156], sys.byteorder) == 20


def head():
    connection = connect()
    answer, body = ask(connection, "HEAD", "/v1/files/download?bytes=5000")
    assert answer.status == 200 and answer.headers["Content-Length"] == "5000" and body == b""
    assert ask(connection, "GET", "/v1/users/me")[0].status == 200


def upload_with_length():
    body = os.urandom(3_000_000)
    answer, text = ask(connect(), "POST", "/v1/files/upload", body)
    data = json.loads(text)["data"]
    assert data["bytes"] == len(body)
    assert data["sha256"] == hashlib.sha256(body).hexdigest()


def upload_that_the_service_takes_late():
    body = os.urandom(1 << 20) * 24
    answer, text = ask(connect(), "POST", "/v1/files/upload?pause=300", body)
    assert json.loads(text)["data"]["sha256"] == hashlib.sha256(body).hexdigest()


def upload_in_chunks_with_a_trailer():
    parts = [os.urandom(size) for size in (1, 2, 65536, 3, 200_000)]
    request = f"POST /v1/files/upload HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
    connection = raw(request.encode())
    for part in parts:
        connection.sendall(b"%x;note=x\r\n%b\r\n" % (len(part), part))
    connection.sendall(b"0\r\nX-Sum: 42\r\n\r\n")
    data = json.loads(read_until(connection, b"}}").split(b"\r\n\r\n")[1])["data"]
    assert data["sha256"] == hashlib.sha256(b"".join(parts)).hexdigest()
    assert data["trailers"] == ["X-Sum", "42"]


def download():
    for query, size in (("bytes=3000000", 3_000_000), ("bytes=3000000&chunked=1", 3_000_000)):
        answer, body = ask(connect(), "GET", "/v1/files/download?" + query)
        assert len(body) == size and body[:8] == b"keyturn "


def trailer_of_an_answer():
    connection = raw(f"GET /v1/files/download?bytes=10&chunked=1 HTTP/1.1\r\n{HEAD}\r\n".encode())
    text = read_until(connection, b"X-End: reached\r\n\r\n")
    assert text.startswith(b"HTTP/1.1 200 ") and b"\r\n0\r\nX-End" in text, text


def continued():
    request = f"POST /v1/files/upload HTTP/1.1\r\n{HEAD}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    connection = raw(request.encode())
    assert read_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
    connection.sendall(b"hello")
    assert b'"bytes":5' in read_until(connection, b"}}")


def pipelined():
    one = f"GET /v1/users/me HTTP/1.1\r\n{HEAD}\r\n"
    two = f"POST /v1/files/upload HTTP/1.1\r\n{HEAD}Content-Length: 5\r\n\r\nhello"
    last = f"GET /v1/users/me HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n"
    connection = raw((one + two + one + last).encode())
    text = read_until(connection, b"no such end")
    assert text.count(b"HTTP/1.1 200 OK") == 4 and text.count(b"tester") == 3
    assert text.index(b"tester") < text.index(b'"bytes":5') < text.rindex(b"tester")


def a_byte_at_a_time():
    connection = raw()
    for byte in f"POST /v1/files/upload HTTP/1.1\r\n{HEAD}Content-Length: 5\r\n\r\nhello".encode():
        connection.sendall(bytes([byte]))
    assert b'"bytes":5' in read_until(connection, b"}}")


def stream_without_delay():
    connection = raw(f"POST /v3/chat?events=5&pause=60 HTTP/1.1\r\n{HEAD}Content-Length: 2\r\n\r\n{{}}".encode())
    begin = time.monotonic()
    first = read_until(connection, b"\n\n\r\n")
    first_after = time.monotonic() - begin
    rest = read_until(connection, b"0\r\n\r\n")
    whole = time.monotonic() - begin
    assert b"created" in first and (first + rest).count(b"delta") >= 5
    assert first_after < whole / 2, f"{first_after} of {whole}"


def slow_reader_holds_the_server_back():
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    connection.connect((HOST, int(PORT)))
    connection.sendall(f"GET /v1/files/download?bytes=200000000 HTTP/1.1\r\n{HEAD}\r\n".encode())
    time.sleep(0.5)
    before = memory_of_room()
    time.sleep(0.5)
    assert memory_of_room() < before + 1000


def memory_of_room():
    """Of the room that has this address, in KiB; 0 where that cannot be seen."""
    with open("/proc/net/tcp") as file:
        inodes = {line.split()[9] for line in file if line.split()[1].endswith(f":{int(PORT):04X}")
                  and line.split()[3] == "0A"}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/status") as file:
                status = file.read()
            if "keyturn-proxy" in status and inodes & {
                    os.readlink(f"/proc/{pid}/fd/{name}")[8:-1] for name in os.listdir(f"/proc/{pid}/fd")}:
                return int(status.split("VmRSS:")[1].split()[0])
        except OSError:
            continue
    return 0


def refusals_close():
    for request, status in (
        (b"\x16\x03\x01\x02\x00", b"400"),
        (b"GET / HTTP/1.0\r\n\r\n", b"505"),
        (f"GET / HTTP/1.1\r\nHost: {HOST}:{PORT}\r\n\r\n".encode(), b"401"),
        (f"POST /v3/chat HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX".encode(), b"400"),
    ):
        text = read_until(raw(request), b"no such end")
        assert text.startswith(b"HTTP/1.1 " + status), text


def many_at_once():
    connections = [raw(f"POST /v3/chat?events=1&pause=200 HTTP/1.1\r\n{HEAD}Content-Length: 2\r\n\r\n{{}}".encode())
                   for _ in range(60)]
    for connection in connections:
        assert b"[DONE]" in read_until(connection, b"0\r\n\r\n")


SHAPES = [kept_alive, head, upload_with_length, upload_that_the_service_takes_late,
          upload_in_chunks_with_a_trailer, download, trailer_of_an_answer, continued, pipelined,
          a_byte_at_a_time, stream_without_delay, slow_reader_holds_the_server_back, refusals_close,
          many_at_once]

for shape in SHAPES:
    if len(sys.argv) > 1 and shape.__name__ not in sys.argv[1:]:
        continue
    try:
        shape()
    except Exception as error:
        print(f"{shape.__name__}: {type(error).__name__} {error}")
