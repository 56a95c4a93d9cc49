# SPDX-License-Identifier: MIT
"""Mutants of recorded requests, put to the built programs with a keyring behind them.

usage: protocol_mutants.py SEEDS HOME COUNT SECONDS [RANDOM]

SEEDS is a directory of recordings (tests/fuzz/seeds/protocol); HOME has a vault with the accounts
below. So many mutants of each recording are tried, in turns, for at most so many seconds (0: no end).
An answer may bear the token of an account only where the request names its host or, in a protocol
that names accounts, its name. Nobody's request may delete an account or change its token.
"""

import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time

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
    "cargo": ["keyturn", "--cargo-plugin"],
}
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
]
# Requests of cargo go to one process, a line each.
LINES = 40


def mutate(seed, others):
    head, body = seed
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
            other = random.choice(others)[1] if way == 4 else body
            start = random.randint(0, len(other))
            new = other[start:start + random.randrange(40)]
            gone = random.randrange(16) if way == 4 else 0
        body = body[:at] + new + body[at + gone:]
    return head, body[:1024]


def split(body):
    """The words, and what stands on stdin or in the tool's variable."""
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
    text = text.strip(" \t\r\n")
    text = text[len("sparse+"):] if text.startswith("sparse+") else text
    text = re.split("[?#]", text)[0]
    text = text.split("://", 1)[-1].split("/")[0].rsplit("@", 1)[-1].lower()
    text = re.sub(r":(0*443|0*80)?$", "", text)
    text = text[:-1] if text.endswith(".") else text
    return ALIASES.get(text, text)


def may_answer(tool, words, given, account):
    host = ACCOUNTS[account][0]
    texts = [word.decode("utf-8", "surrogateescape") for word in words]
    if tool in BY_ACCOUNT:
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
    return any(host_of(text) == host for text in [*texts, *texts_of(given)])


class Failure(Exception):
    pass


class Trial:
    def __init__(self, home):
        self.home = home
        self.environment = {**os.environ, "KEYTURN_PROMPT": "0"}
        self.tried = collections.Counter()
        self.answered = collections.Counter()
        shutil.copytree(self.vault(), self.vault() + ".kept")

    def vault(self):
        return os.path.join(self.home, ".local/share/keyturn/vault")

    def run(self, command, given=b"", variables=None):
        try:
            done = subprocess.run(command, input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=120, env={**self.environment, **(variables or {})}, check=False)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"no end: {command} {given}") from late
        if done.returncode < 0 or done.returncode in (70, 99) or b"Sanitizer" in done.stderr or \
                b"runtime error" in done.stderr:
            raise Failure(f"{done.returncode} of {command} {given}: {done.stderr.decode(errors='replace')}")
        return done

    def judge(self, tool, words, given, out, err):
        self.tried[tool] += 1
        for account, (_, token) in ACCOUNTS.items():
            if token.encode() in err:
                raise Failure(f"{tool} {words} {given}: stderr has the token of {account}")
            if token.encode() in out:
                self.answered[tool] += 1
                if not may_answer(tool, words, given, account):
                    raise Failure(f"{tool} {words} {given}: was given the token of {account}")

    def ask(self, tool, body):
        words, given = split(body)
        variables = None
        if tool == "kubernetes" and given:
            variables = {b"KUBERNETES_EXEC_INFO": given.split(b"\0")[0]}
        elif tool == "google" and given:
            variables = {b"GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE": given.split(b"\0")[0].strip()}
        command = PROGRAMS.get(tool, ["keyturn", tool])
        environment = {os.fsencode(name): os.fsencode(value) for name, value in (variables or {}).items()}
        done = self.run([*command, *words], b"" if variables else given, {
            os.fsdecode(name): os.fsdecode(value) for name, value in environment.items()})
        out = done.stdout
        if tool == "sasl" and done.returncode == 0:
            out = subprocess.run(["base64", "-d"], input=out, stdout=subprocess.PIPE, check=True).stdout
        self.judge(tool, words, given, out, done.stderr)

    def ask_cargo(self, bodies):
        """A line that is no line of its own would shift the answers."""
        lines = [split(body)[1] or body for body in bodies]
        lines = [line.replace(b"\n", b" ").strip() or b"{" for line in lines]
        done = self.run(PROGRAMS["cargo"], b"\n".join(lines) + b"\n")
        answers = done.stdout.splitlines()
        if len(answers) != len(lines) + 1:
            raise Failure(f"{len(answers)} answers of {len(lines)} lines: {lines}: {done.stderr}")
        for line, answer in zip(lines, answers[1:]):
            self.judge("cargo", [], line, answer, done.stderr)

    def check_accounts(self):
        """Each account is there with its token; then the vault is as it was before."""
        for account, (_, token) in ACCOUNTS.items():
            done = self.run(["keyturn", "token", account], variables={"KEYTURN_CACHE": "off"})
            if done.stdout != token.encode() + b"\n":
                raise Failure(f"{account} was lost or changed: {done.stderr}")
        self.run(["keyturn", "lock"])
        shutil.rmtree(self.vault())
        shutil.copytree(self.vault() + ".kept", self.vault())


def read_seeds(directory):
    seeds = list(ANSWERED)
    for name in sorted(os.listdir(directory)):
        with open(os.path.join(directory, name), "rb") as file:
            tool, _, body = file.read().partition(b"\n")
        seeds.append((tool.decode(), body.replace(b"work", b"first")))
    return seeds


def main(directory, home, count, seconds):
    seeds = read_seeds(directory)
    trial = Trial(home)
    end = time.monotonic() + seconds if seconds else float("inf")
    turn = 0
    while turn < count and time.monotonic() < end:
        for seed in seeds:
            mutants = [mutate(seed, seeds) for _ in range(LINES if seed[0] == "cargo" else 1)]
            if seed[0] == "cargo":
                trial.ask_cargo([body for _, body in mutants])
            else:
                trial.ask(seed[0], mutants[0][1])
        turn += 1
        if turn % 8 == 0 or turn == count:
            trial.check_accounts()
    trial.check_accounts()
    for tool, tried in sorted(trial.tried.items()):
        print(f"# {tool}: {tried} requests, {trial.answered[tool]} answers with a token")
    print(f"{sum(trial.tried.values())} requests")


if __name__ == "__main__":
    random.seed(int(sys.argv[5]) if len(sys.argv) > 5 else 1)
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    except Failure as failure:
        sys.exit(str(failure)[:4000])
