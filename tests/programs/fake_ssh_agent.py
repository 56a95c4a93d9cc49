# SPDX-License-Identifier: MIT
"""An SSH agent that misbehaves: fake_ssh_agent.py SOCKET PUBLIC-KEY-FILE MODE

Offers the key of the file and answers a request to sign as MODE says: silent (not at all), cut (half
an answer), endless (a length of 2 GiB), text (no message at all), algorithm (a signature of another
algorithm), random (another one each time), same (one that is not the key's), short (three bytes).
"""
import base64
import os
import socket
import struct
import sys

path, public, mode = sys.argv[1:]
blob = base64.b64decode(open(public, encoding="ascii").read().split()[1])


def text(content):
    return struct.pack(">I", len(content)) + content


def signature():
    name = b"ssh-rsa" if mode == "algorithm" else b"ssh-ed25519"
    content = os.urandom(64) if mode == "random" else b"x" * (3 if mode == "short" else 64)
    return text(b"\x0e" + text(text(name) + text(content)))


def answer(request):
    if request[0] == 11:
        return text(b"\x0c" + struct.pack(">I", 1) + text(blob) + text(b"a \x1b[31mcomment"))
    if mode == "silent":
        return None
    if mode == "cut":
        return signature()[:20]
    if mode == "endless":
        return b"\x7f\xff\xff\xff\x0e"
    if mode == "text":
        return b"HTTP/1.1 400 Bad Request\r\n\r\n"
    return signature()


server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(8)
waiting = []
while True:
    connection, _ = server.accept()
    size = struct.unpack(">I", connection.recv(4, socket.MSG_WAITALL))[0]
    said = answer(connection.recv(size, socket.MSG_WAITALL))
    if said is None:
        waiting.append(connection)
    else:
        connection.sendall(said)
        connection.close()
