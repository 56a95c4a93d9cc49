# SPDX-License-Identifier: MIT
"""The measuring part of tests/bench/proxy.sh: runs as the command, with direct access beside it."""

import http.client
import os
import resource
import socket
import ssl
import statistics
import sys
import threading
import time

ROUNDS = int(os.environ.get("ROUNDS", "3"))
REQUESTS = int(os.environ.get("REQUESTS", "2000"))
MIB = int(os.environ.get("MIB", "1024"))
STREAMS = int(os.environ.get("STREAMS", "1000"))
DIRECT = os.environ["COZE_API"].removeprefix("https://").split(":")
PROXY = os.environ["COZE_API_BASE"].removeprefix("http://").split(":")
CONTEXT = ssl.create_default_context(cafile=os.environ["COZE_CA"])
missed = []


def raw(is_direct):
    host, port = DIRECT if is_direct else PROXY
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return CONTEXT.wrap_socket(connection, server_hostname=host) if is_direct else connection


def head(is_direct, line, fields=""):
    host, port = DIRECT if is_direct else PROXY
    token = os.environ["COZE_DIRECT_TOKEN"] if is_direct else os.environ["COZE_API_TOKEN"]
    return f"{line} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n{fields}\r\n".encode()


def tell(name, proxy, direct, goal, is_ratio=False, unit=""):
    value = proxy / direct if is_ratio else proxy - direct
    if value > goal:
        missed.append(name)
    print(f"{name:44} {proxy:8.2f} ({direct:.2f})   {'ratio' if is_ratio else 'more'} {value:.2f}, "
          f"goal {goal}{unit}", flush=True)


def requests(is_direct):
    connection = raw(is_direct)
    request = head(is_direct, "GET /v1/users/me")
    times = []
    for _ in range(REQUESTS):
        begin = time.perf_counter()
        connection.sendall(request)
        answer = connection.recv(65536)
        while not answer.rstrip().endswith(b"}}"):
            answer += connection.recv(65536)
        times.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(times)


def events(is_direct):
    connection = raw(is_direct)
    connection.sendall(head(is_direct, "POST /v3/chat?events=300&pause=4", "Content-Length: 2\r\n") + b"{}")
    delays = []
    text = b""
    while b"[DONE]" not in text:
        text = connection.recv(65536)
        now = time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6
        if text.count(b'"sent":') == 1:
            delays.append(now - float(text.split(b'"sent":')[1].split(b"}")[0]))
    return statistics.median(delays)


def download(is_direct):
    connection = raw(is_direct)
    connection.sendall(head(is_direct, f"GET /v1/files/download?bytes={MIB << 20}"))
    left = MIB << 20
    buffer = bytearray(1 << 18)
    begin = time.perf_counter()
    while left > 0:
        left -= connection.recv_into(buffer)
    return time.perf_counter() - begin


def upload(is_direct):
    connection = raw(is_direct)
    piece = bytes(1 << 18)
    begin = time.perf_counter()
    connection.sendall(head(is_direct, "POST /v1/files/upload", f"Content-Length: {MIB << 20}\r\n"))
    for _ in range(MIB * 4):
        connection.sendall(piece)
    connection.recv(1000)
    return time.perf_counter() - begin


def in_turn(call):
    results = {True: [], False: []}
    for _ in range(ROUNDS):
        for is_direct in (True, False):
            results[is_direct].append(call(is_direct))
    return min(results[False]), min(results[True])


def room():
    with open("/proc/net/tcp") as file:
        inodes = {line.split()[9] for line in file if line.split()[1].endswith(f":{int(PROXY[1]):04X}")
                  and line.split()[3] == "0A"}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as file:
                name = file.read().strip()
            if name == "keyturn-proxy" and inodes & {
                    os.readlink(f"/proc/{pid}/fd/{number}")[8:-1] for number in os.listdir(f"/proc/{pid}/fd")}:
                return pid
        except OSError:
            continue
    sys.exit("the room cannot be seen: root can")


def memory(name):
    with open(f"/proc/{ROOM}/status") as file:
        return int(file.read().split(name + ":")[1].split()[0]) / 1024


ROOM = room()
tell("kept-alive request, median, us (direct)", *in_turn(requests), 60)
tell("event of a stream, median, us (direct)", *in_turn(events), 300)
for name, call in (("down", download), ("up", upload)):
    tell(f"{MIB} MiB {name}, s (direct)", *in_turn(call), 1.3, is_ratio=True)
tell("room's peak after that, MiB", memory("VmHWM"), 0, 16)

streams = [raw(False) for _ in range(STREAMS)]
for stream in streams:
    stream.sendall(head(False, "POST /v3/chat?events=1&pause=30000", "Content-Length: 2\r\n") + b"{}")
for stream in streams:
    stream.recv(1000)
time.sleep(2)
tell(f"room with {STREAMS} idle streams, MiB", memory("VmRSS"), 0, 80)
for stream in streams:
    stream.close()
deadline = time.monotonic() + 10
while len(os.listdir(f"/proc/{ROOM}/fd")) > 20 and time.monotonic() < deadline:
    time.sleep(0.05)
tell("its descriptors after these were closed", len(os.listdir(f"/proc/{ROOM}/fd")), 0, 20)
if missed:
    print("missed: " + "; ".join(missed))
sys.exit(bool(missed))
