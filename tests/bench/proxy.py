# SPDX-License-Identifier: MIT
"""
The measuring part of tests/bench/proxy.sh: runs as the command, with direct access beside it, and a
relay that does nothing but TLS (proxy_relay.c): what it costs is the machine's, not the room's.
"""

import http.client
import os
import resource
import socket
import ssl
import statistics
import subprocess
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
RELAY = subprocess.Popen([os.environ["RELAY"], DIRECT[1], os.environ["COZE_CA"]], stdout=subprocess.PIPE)
WAYS = {"direct": DIRECT, "proxy": PROXY, "relay": ["127.0.0.1", RELAY.stdout.readline().decode().strip()]}
missed = []


def raw(way):
    host, port = WAYS[way]
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return CONTEXT.wrap_socket(connection, server_hostname=host) if way == "direct" else connection


def head(way, line, fields=""):
    host, port = PROXY if way == "proxy" else DIRECT
    token = os.environ["COZE_API_TOKEN" if way == "proxy" else "COZE_DIRECT_TOKEN"]
    return f"{line} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n{fields}\r\n".encode()


def judge(name, value, goal):
    if value > goal:
        missed.append(name)


def tell(name, value, goal):
    judge(name, value, goal)
    print(f"{name:44} {value:8.2f}   goal {goal}", flush=True)


def tell_more(name, times, goal):
    more = times["proxy"] - times["direct"]
    judge(name, more, goal)
    print(f"{name:44} {times['proxy']:8.2f} ({times['direct']:.2f})   more {more:.2f}, goal {goal}; "
          f"relay {times['relay'] - times['direct']:.2f}", flush=True)


def tell_ratio(name, times, goal):
    ratio = times["proxy"] / times["direct"]
    judge(name, ratio, goal)
    print(f"{name:44} {times['proxy']:8.2f} ({times['direct']:.2f})   ratio {ratio:.2f}, goal {goal}; "
          f"relay {times['relay'] / times['direct']:.2f}", flush=True)


def requests(way):
    connection = raw(way)
    request = head(way, "GET /v1/users/me")
    times = []
    for _ in range(REQUESTS):
        begin = time.perf_counter()
        connection.sendall(request)
        answer = connection.recv(65536)
        while not answer.rstrip().endswith(b"}}"):
            answer += connection.recv(65536)
        times.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(times)


def events(way):
    connection = raw(way)
    connection.sendall(head(way, "POST /v3/chat?events=300&pause=4", "Content-Length: 2\r\n") + b"{}")
    delays = []
    text = b""
    while b"[DONE]" not in text:
        text = connection.recv(65536)
        now = time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6
        if text.count(b'"sent":') == 1:
            delays.append(now - float(text.split(b'"sent":')[1].split(b"}")[0]))
    return statistics.median(delays)


def download(way):
    connection = raw(way)
    connection.sendall(head(way, f"GET /v1/files/download?bytes={MIB << 20}"))
    left = MIB << 20
    buffer = bytearray(1 << 18)
    begin = time.perf_counter()
    while left > 0:
        left -= connection.recv_into(buffer)
    return time.perf_counter() - begin


def upload(way):
    connection = raw(way)
    piece = bytes(1 << 18)
    begin = time.perf_counter()
    connection.sendall(head(way, "POST /v1/files/upload", f"Content-Length: {MIB << 20}\r\n"))
    for _ in range(MIB * 4):
        connection.sendall(piece)
    connection.recv(1000)
    return time.perf_counter() - begin


def in_turn(call):
    results = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way in WAYS:
            results[way].append(call(way))
    return {way: min(times) for way, times in results.items()}


def processor_time(pid):
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0]) / 1e9


def tell_body(name, call):
    """Time beside direct access, and the room's processor time beside the relay's."""
    used = {way: [] for way in WAYS}

    def counted(way):
        pid = ROOM if way == "proxy" else RELAY.pid
        begin = processor_time(pid)
        time_taken = call(way)
        used[way].append(processor_time(pid) - begin)
        return time_taken

    tell_ratio(f"{MIB} MiB {name}, s (direct)", in_turn(counted), 1.3)
    print(f"{'  of that the room, s of a processor (relay)':44} {min(used['proxy']):8.2f} ({min(used['relay']):.2f})",
          flush=True)


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
tell_more("kept-alive request, median, us (direct)", in_turn(requests), 60)
tell_more("event of a stream, median, us (direct)", in_turn(events), 300)
tell_body("down", download)
tell_body("up", upload)
RELAY.kill()
tell("room's peak after that, MiB", memory("VmHWM"), 16)

streams = [raw("proxy") for _ in range(STREAMS)]
for stream in streams:
    stream.sendall(head("proxy", "POST /v3/chat?events=1&pause=30000", "Content-Length: 2\r\n") + b"{}")
for stream in streams:
    stream.recv(1000)
time.sleep(2)
tell(f"room with {STREAMS} idle streams, MiB", memory("VmRSS"), 80)
for stream in streams:
    stream.close()
deadline = time.monotonic() + 10
while len(os.listdir(f"/proc/{ROOM}/fd")) > 20 and time.monotonic() < deadline:
    time.sleep(0.05)
tell("its descriptors after these were closed", len(os.listdir(f"/proc/{ROOM}/fd")), 20)
if missed:
    print("missed: " + "; ".join(missed))
sys.exit(bool(missed))
