# SPDX-License-Identifier: MIT
"""A double of systemd's io.systemd.Credentials (systemd-creds(1), Varlink): user-scoped credentials.

credentials_service.py SOCKET KEY-FILE [SORT]: SORT is disk, tpm, strange, slow, silent, garbled or
busy. As in systemd 257, the credential is good for its name, for its user's number and name, and for
the host whose key it has; errors are BadFormat, NameMismatch and, of polkit, PermissionDenied. Of a
user's connections it holds 16 at once (systemd-creds.socket), and hangs up on each that comes then;
busy, on each. SOCKET.calls has a line for each call.
"""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import pwd
import socket
import struct
import sys
import threading
import time

path, key_file = sys.argv[1:3]
sort = sys.argv[3] if len(sys.argv) > 3 else "disk"
TYPES = {"disk": "55b9ed1d38594d43a8319d2ebb332ac6", "tpm": "ef4ac13679a9480ea7db68897f9f165d",
         "strange": "00" * 16}


class Refusal(Exception):
    """An error's name."""


def user(said):
    try:
        return [said["uid"], pwd.getpwuid(said["uid"]).pw_name]
    except KeyError as error:
        raise Refusal("io.systemd.Credentials.NoSuchUser") from error


def seal(said):
    content = json.dumps([said["name"], user(said), said["data"]]).encode()
    key = open(key_file, "rb").read()
    mask = hashlib.shake_256(key).digest(len(content))
    body = bytes(a ^ b for a, b in zip(content, mask))
    head = bytes.fromhex(TYPES.get(sort, TYPES["disk"]))
    return head + hmac.digest(key, head + body, "sha256") + body


def unseal(said):
    try:
        key = open(key_file, "rb").read()
    except OSError as error:
        raise Refusal("io.systemd.System") from error
    blob = base64.b64decode(said["blob"])
    head, mark, body = blob[:16], blob[16:48], blob[48:]
    if not hmac.compare_digest(mark, hmac.digest(key, head + body, "sha256")):
        raise Refusal("io.systemd.Credentials.BadFormat")
    mask = hashlib.shake_256(key).digest(len(body))
    name, whose, data = json.loads(bytes(a ^ b for a, b in zip(body, mask)))
    if whose != user(said):
        raise Refusal("io.systemd.Credentials.BadFormat")
    if name != said["name"]:
        raise Refusal("io.systemd.Credentials.NameMismatch")
    return data


def answer(call, peer):
    said = call["parameters"]
    if said["scope"] != "user" or said["uid"] != peer:
        raise Refusal("org.varlink.service.PermissionDenied")
    if call["method"] == "io.systemd.Credentials.Encrypt":
        return {"blob": base64.b64encode(seal(said)).decode()}
    return {"data": unseal(said)}


def converse(connection):
    text = b""
    while not text.endswith(b"\0") and (piece := connection.recv(65536)):
        text += piece
    if not text:
        return
    with open(path + ".calls", "a") as calls:
        calls.write(json.loads(text[:-1])["method"] + "\n")
    if sort == "silent":
        threading.Event().wait()
    if sort == "slow":
        time.sleep(0.3)
    peer = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
    try:
        reply = {"parameters": answer(json.loads(text[:-1]), peer)}
    except Refusal as refusal:
        reply = {"error": str(refusal), "parameters": {}}
    connection.sendall(b"\x1b[31m{\0" if sort == "garbled" else json.dumps(reply).encode() + b"\0")


def hold(connection):
    with connection, contextlib.suppress(OSError, ValueError):
        converse(connection)
    places.release()


places = threading.Semaphore(0 if sort == "busy" else 16)
server = socket.socket(socket.AF_UNIX)
server.bind(path)
os.chmod(path, 0o666)
server.listen(128)
while True:
    connection, _ = server.accept()
    if places.acquire(blocking=False):
        threading.Thread(target=hold, args=[connection], daemon=True).start()
    else:
        connection.close()
