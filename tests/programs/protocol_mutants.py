# SPDX-License-Identifier: MIT
"""Mutants of recorded requests, put to the programs with a keyring behind them.

usage: protocol_mutants.py SEEDS HOME COUNT SECONDS RANDOM [CALLS BURST]

SEEDS is a directory of recordings (tests/fuzz/seeds: protocol, and git's in request); HOME has a vault
with the accounts below. So many mutants are tried of each protocol, in turns, for at most so many
seconds (0: no end); each is a start of the built programs, or, with CALLS (tests/programs/calls), BURST of
them a fork of one process that has their code. An answer may bear the token of an account only where the request
names its host or, in a protocol that names accounts, its name. No account is deleted, and its
token is changed by nobody but who stores another one under its name at its host.
"""

import base64
import collections
import functools
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import time
import typing

ACCOUNTS = {
    "first": ("api.coze.cn", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0aGlyZCJ9.c2ln"),
    "second": ("registry.example.com", "second_token_77aa"),
    "third": ("pypi.example.com", "pat_third_4f1c"),
}
ALIASES = {
    "ws.coze.cn": "api.coze.cn", "docker.io": "index.docker.io",
    "registry-1.docker.io": "index.docker.io",
}
SITES = {"coze.cn": "api.coze.cn"}
PROGRAMS = {
    "bazel": ["bazel-credential-keyturn"], "docker": ["docker-credential-keyturn"],
    "terraform": ["terraform-credentials-keyturn"], "keyring": ["keyring"],
    "cargo": ["keyturn", "--cargo-plugin"], "git get": ["git-credential-keyturn", "get"],
    "git store": ["git-credential-keyturn", "store"], "git erase": ["git-credential-keyturn", "erase"],
}
VARIABLES = {"kubernetes": b"KUBERNETES_EXEC_INFO", "google": b"GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE"}
BY_ACCOUNT = {"aws", "google", "kubernetes", "npm", "sasl", "goauth"}
PIECES = [
    b"@", b":", b"/", b"\\", b"?", b"#", b"%", b"%00", b"%0a", b"%2e", b"..", b".", b"://", b"https://",
    b"http://", b"sparse+", b"\r", b"\n", b"\t", b" ", b'"', b"{", b"}", b"[", b"]", b"\\u0000", b"\\n",
    b"\\ud800", b"[::1]", b":443", b":80", b":0", b":65536", b".evil.example", b"@evil.example",
    b"evil.example", b"evil.example/", b"\xc3\xbc", b"\xff", b"\xe2\x80\xae", b"null", b"1e999", b"get",
    b"erase", b"forget", b"store", b"del", b"set", b"--mode", b"--output=json", b"--", b"-", b"login",
    b"logout", b'"kind":"logout",', b"*", b"docker.io", b"ws.coze.cn", b"api.coze.cn", b"first", b"second",
    b"registry.example.com", b"pypi.example.com", b"coze.com", b"@coze.cn",
]
# Beside the recordings, which name other hosts: what is answered with a token.
ANSWERED = [
    ("docker", b"get\n\nregistry.example.com\n"), ("netrc", b"https://registry.example.com/x\n"),
    ("keyring", b"get\nhttps://pypi.example.com/simple/\nthird\n"),
    ("keyring", b"--mode=creds\n--output=json\nget\nhttps://pypi.example.com/simple/\n"),
    ("kubernetes", b'\n{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",'
                   b'"spec":{"cluster":{"server":"https://api.coze.cn:443"},"interactive":false}}'),
    ("bazel", b'get\n\n{"uri":"https://registry.example.com/x"}'),
    ("terraform", b"get\nregistry.example.com\n"), ("goauth", b"https://api.coze.cn/x\n"),
    ("cargo", b'\n{"v":1,"registry":{"index-url":"sparse+https://registry.example.com/"},"kind":"get"}'),
]
# Requests of cargo go to one process, a line each; those of other tools are this many at a time.
BATCH = 40
# A vault in which mutants have stored so many logins is put back as it was.
FILES = 24


def mutate(body, others):
    for _ in range(random.randint(0, 3)):
        at = random.randint(0, len(body))
        gone = 0
        way = random.randrange(6)
        if way == 0:
            new, gone = bytes([random.randrange(256)]), 1
        elif way == 1:
            new = bytes([random.randrange(256)])
        elif way == 2:
            new, gone = b"", 1 + random.randrange(8)
        elif way == 3:
            new, gone = random.choice(PIECES), random.randrange(3)
        else:
            other = random.choice(others) if way == 4 else body
            start = random.randint(0, len(other))
            new = other[start:start + random.randrange(40)]
            gone = random.randrange(16) if way == 4 else 0
        body = body[:at] + new + body[at + gone:]
    return body[:1024]


def split(tool, body):
    """The words, and what stands on stdin or in the tool's variable."""
    if tool.startswith("git "):
        return [], body
    words, _, given = body.partition(b"\n\n")
    return [word.split(b"\0")[0] for word in words.split(b"\n") if word], given


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from strings_of(part)


def texts_of(given):
    """Each text of the JSON, every one of a name that comes twice, and the bytes as they are."""
    text = given.decode("utf-8", "surrogateescape")
    yield text
    found = []
    try:
        json.JSONDecoder(object_pairs_hook=lambda pairs: found.extend(
            part for _, value in pairs for part in strings_of(value)), strict=False).raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        found.extend(re.findall(r'"([^"]*)"', text))
    yield from found


def host_of(text):
    """None where that is no server to which a token may travel by https."""
    text = text.strip(" \t\r\n")
    text = text[len("sparse+"):] if text.startswith("sparse+") else text
    text = re.split("[?#]", text)[0]
    scheme, is_url, rest = text.partition("://")
    if is_url and scheme.lower() != "https":
        return None
    text = (rest if is_url else text).split("/")[0].rsplit("@", 1)[-1].lower()
    text = re.sub(r":(0*443)?$", "", text)
    text = text[:-1] if text.endswith(".") else text
    return ALIASES.get(text, text)


def git_names(given, host):
    """Over https alone; a URL brings a protocol of its own."""
    fields = [line.partition("=") for line in given.decode("utf-8", "surrogateescape").split("\n")]
    is_safe = any(key == "protocol" and value.rstrip("\r").lower() == "https" for key, _, value in fields)
    return any((key == "url" or key == "host" and is_safe) and host_of(value) == host
               for key, _, value in fields)


def names_host(tool, words, given, host):
    if tool.startswith("git "):
        return git_names(given, host)
    texts = [word.decode("utf-8", "surrogateescape") for word in words]
    return any(host_of(text) == host for text in [*texts, *texts_of(given)])


def may_answer(tool, words, given, account):
    host = ACCOUNTS[account][0]
    if tool in BY_ACCOUNT:
        texts = [word.decode("utf-8", "surrogateescape") for word in words]
        named = texts[1:] if tool == "sasl" else texts
        for word in named:
            name, _, place = word.partition("@")
            if word in ACCOUNTS:
                if word == account:
                    return True
            elif name in ("", account) and host_of(SITES.get(place, place)) == host:
                return True
        # The default account is the first one's.
        if account == "first" and not named and tool != "goauth":
            return True
    return names_host(tool, words, given, host)


def may_change(tool, words, given, account):
    """It says to store, at the account's host, under the account's name."""
    said = b"\n".join([tool.encode(), *words, given])
    return any(verb in said for verb in (b"store", b"set", b"login")) and account.encode() in said and \
        names_host(tool, words, given, ACCOUNTS[account][0])


class Failure(Exception):
    pass


class Call(typing.NamedTuple):
    tool: str
    words: list
    given: bytes
    command: list
    input: bytes
    variable: bytes


class Done(typing.NamedTuple):
    status: int
    out: bytes
    err: bytes
    is_changed: bool


def call_of(tool, body):
    words, given = split(tool, body)
    variable, data = b"", given
    if tool in VARIABLES and given:
        text = given.split(b"\0")[0]
        variable, data = VARIABLES[tool] + b"=" + (text.strip() if tool == "google" else text), b""
    command = [word.encode() for word in PROGRAMS.get(tool, ["keyturn", tool])] + words
    return Call(tool, words, given, command, data, variable)


def signature(path):
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


class Programs:
    """Each call is a start of the program."""

    def __init__(self, watched):
        self.watched = watched
        self.known = [signature(path) for path in watched]

    def run(self, calls):
        return [self.run_one(call) for call in calls]

    def run_one(self, call):
        environment = dict(os.environb)
        if call.variable:
            name, _, value = call.variable.partition(b"=")
            environment[name] = value
        try:
            done = subprocess.run(call.command, input=call.input, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=120, env=environment, check=False)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"no end: {call}") from late
        before, self.known = self.known, [signature(path) for path in self.watched]
        return Done(done.returncode, done.stdout, done.stderr, self.known != before)

    def end(self):
        return 0


class Forks:
    """Each burst of calls is a fork of one process: how it is asked stands in tests/programs/calls.c."""

    def __init__(self, watched, program, burst):
        self.burst = burst
        self.process = subprocess.Popen([program, *watched], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, calls):
        results = []
        for at in range(0, len(calls), self.burst):
            results += self.run_burst(calls[at:at + self.burst])
        return results

    def run_burst(self, calls):
        frame = [struct.pack("=I", len(calls))]
        for call in calls:
            texts = [call.input, call.variable, *call.command]
            frame.append(struct.pack("=I", len(texts)))
            for text in texts:
                frame += [struct.pack("=I", len(text)), text]
        self.process.stdin.write(b"".join(frame))
        self.process.stdin.flush()
        return [self.read(call) for call in calls]

    def read(self, call):
        head = self.process.stdout.read(16)
        if len(head) < 16:
            raise Failure(f"the process that forks has ended: {call}")
        status, is_changed, size, said = struct.unpack("=IIII", head)
        out, err = self.process.stdout.read(size), self.process.stdout.read(said)
        if status >= 256:
            raise Failure(f"the process died of {status - 256}: {call}: {err.decode(errors='replace')}")
        return Done(status, out, err, bool(is_changed))

    def end(self):
        """What it said of the last burst's end is the only thing that was not read yet."""
        self.process.stdin.close()
        said = self.process.stdout.read()
        return self.process.wait() or len(said)


class Trial:
    def __init__(self, home, program, burst):
        self.vault = os.path.join(home, ".local/share/keyturn/vault")
        self.tried = collections.Counter()
        self.answered = collections.Counter()
        self.changed = collections.Counter()
        os.environ["KEYTURN_PROMPT"] = "0"
        if not os.path.exists(self.vault + ".kept"):
            shutil.copytree(self.vault, self.vault + ".kept")
        watched = [os.path.join(self.vault, name) for name in os.listdir(self.vault)]
        self.runner = Forks(watched, program, burst) if program else Programs(watched)

    def run(self, calls):
        results = self.runner.run(calls)
        for call, done in zip(calls, results):
            if done.status < 0 or done.status in (70, 99) or b"Sanitizer" in done.err or \
                    b"runtime error" in done.err:
                raise Failure(f"{done.status} of {call}: {done.err.decode(errors='replace')}")
        return results

    def judge(self, call, out, err):
        self.tried[call.tool.split()[0]] += 1
        for account, (_, token) in ACCOUNTS.items():
            if token.encode() in err:
                raise Failure(f"{call}: stderr has the token of {account}")
            if token.encode() in out:
                self.answered[call.tool.split()[0]] += 1
                if not may_answer(call.tool, call.words, call.given, account):
                    raise Failure(f"{call}: was given the token of {account}")

    def ask(self, tool, bodies):
        calls = [call_of(tool, body) for body in bodies]
        results = self.run(calls)
        for call, done in zip(calls, results):
            out = done.out
            if tool == "sasl" and done.status == 0:
                out = base64.b64decode(out, validate=False)
            self.judge(call, out, done.err)
        self.look([call for call, done in zip(calls, results) if done.is_changed])

    def ask_cargo(self, bodies):
        """A line that is no line of its own would shift the answers."""
        lines = [split("cargo", body)[1] or body for body in bodies]
        lines = [line.replace(b"\n", b" ").strip() or b"{" for line in lines]
        whole = Call("cargo", [], b"\n".join(lines) + b"\n", [b"keyturn", b"--cargo-plugin"],
                     b"\n".join(lines) + b"\n", b"")
        done = self.run([whole])[0]
        answers = done.out.splitlines()
        if len(answers) != len(lines) + 1:
            raise Failure(f"{len(answers)} answers of {len(lines)} lines: {lines}: {done.err}")
        calls = [whole._replace(given=line) for line in lines]
        for call, answer in zip(calls, answers[1:]):
            self.judge(call, answer, done.err)
        self.look(calls if done.is_changed else [])

    def look(self, changers):
        """Those calls changed a file of the vault in which an account or its key lies."""
        if not changers and len(os.listdir(self.vault)) < FILES:
            return
        for account in self.lost():
            if not any(may_change(call.tool, call.words, call.given, account) for call in changers):
                raise Failure(f"{account} was lost or changed by one of {changers}")
            self.changed[changers[0].tool] += 1
        self.put_back()

    def lost(self):
        names = list(ACCOUNTS)
        calls = [Call("token", [], b"", [b"keyturn", b"token", name.encode()], b"", b"KEYTURN_CACHE=off")
                 for name in names]
        return [name for name, done in zip(names, self.run(calls))
                if done.out != ACCOUNTS[name][1].encode() + b"\n"]

    def put_back(self):
        lock = Call("lock", [], b"", [b"keyturn", b"lock"], b"", b"")
        self.run([lock])
        shutil.rmtree(self.vault)
        shutil.copytree(self.vault + ".kept", self.vault)
        if self.lost():
            raise Failure("the vault as it was is not had again")


def read_seeds(directory):
    """The recordings of each tool; git's stand for each of its operations."""
    seeds = collections.defaultdict(list)
    for tool, body in ANSWERED:
        seeds[tool].append(body)
    for name in sorted(os.listdir(os.path.join(directory, "protocol"))):
        with open(os.path.join(directory, "protocol", name), "rb") as file:
            tool, _, body = file.read().partition(b"\n")
        seeds[tool.decode()].append(body.replace(b"work", b"first"))
    for name in sorted(os.listdir(os.path.join(directory, "request"))):
        with open(os.path.join(directory, "request", name), "rb") as file:
            body = file.read().replace(b"work", b"first")
        for tool in ("git get", "git store", "git erase"):
            seeds[tool].append(body)
    return seeds


def main(directory, home, count, seconds, program=None, burst=1):
    seeds = read_seeds(directory)
    everything = [body for bodies in seeds.values() for body in bodies]
    trial = Trial(home, program, int(burst))
    end = time.monotonic() + seconds if seconds else float("inf")
    tools = os.environ.get("KEYTURN_MUTANT_TOOLS", "").split()
    counts = {tool: -(-count // 3) if tool.startswith("git ") else count for tool in seeds
              if not tools or tool.split()[0] in tools}
    for done in range(0, count, BATCH):
        for tool, wanted in counts.items():
            wanted = min(BATCH, wanted - done)
            if wanted <= 0 or time.monotonic() > end:
                continue
            mutants = [mutate(random.choice(seeds[tool]), everything) for _ in range(wanted)]
            (trial.ask_cargo if tool == "cargo" else functools.partial(trial.ask, tool))(mutants)
    if trial.lost():
        raise Failure("an account was lost or changed")
    if trial.runner.end() != 0:
        raise Failure("the process that forks has failed")
    for tool, tried in sorted(trial.tried.items()):
        print(f"# {tool}: {tried} requests, {trial.answered[tool]} answers with a token")
    print(f"# stored in an account's place, as asked: {dict(trial.changed)}")
    print(f"{sum(trial.tried.values())} requests")


if __name__ == "__main__":
    random.seed(int(sys.argv[5]))
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), *sys.argv[6:])
    except Failure as failure:
        sys.exit(str(failure)[:4000])
