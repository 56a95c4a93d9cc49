# SPDX-License-Identifier: MIT
"""Fresh access tokens from keyturn(1)."""

import asyncio
import json
import subprocess
import threading
import time

__all__ = ["KeyturnError", "TokenSource"]

# A token without a known end is asked for again after so many seconds.
UNKNOWN_LIFE = 300
LONGEST_WAIT = 150


class KeyturnError(Exception):
    """keyturn gave no token. The text is its own cause and remedy, and holds no secret."""

    def __init__(self, message, remedy="", code="internal", exit_status=None):
        super().__init__(f"{message}\n{remedy}" if remedy else message)
        self.message = message
        self.remedy = remedy
        self.code = code
        self.exit_status = exit_status


class TokenSource:
    """
    The access token of an account, from memory until shortly before its end.

    One call of keyturn at a time, however many threads and tasks ask.
    """

    def __init__(self, account=None, *, session_name=None, program="keyturn"):
        self._account = account
        self._session = ["--session-name", session_name] if session_name else []
        self._program = program
        self._lock = threading.Lock()
        self._held = (None, 0.0)  # the answer, and until when it is good

    def token(self):
        """The token; KeyturnError where there is none."""
        return self._current()["access_token"]

    async def atoken(self):
        """The same without blocking the event loop."""
        answer = self._remembered()
        if answer is None:
            answer = await asyncio.to_thread(self._current)
        return answer["access_token"]

    def service(self):
        """The address of the account's service, such as https://api.coze.cn."""
        return self._current()["service"]

    def reject(self, token):
        """The service refused the token: the next one is another, or the reason why not."""
        with self._lock:
            answer = self._held[0]
            if answer is None or answer["access_token"] != token:
                return
            self._held = (None, 0.0)
            self._call(["reject", self._name(answer), *self._session], token)

    async def areject(self, token):
        """The same without blocking the event loop."""
        await asyncio.to_thread(self.reject, token)

    def _name(self, answer):
        if self._account:
            return self._account
        host = answer["service"].split("://", 1)[-1].split("/", 1)[0]
        return f"{answer['account']}@{host}"

    def _remembered(self):
        answer, until = self._held
        return answer if time.time() < until else None

    def _current(self):
        answer = self._remembered()
        if answer is not None:
            return answer
        with self._lock:
            answer = self._remembered()
            if answer is None:
                answer = self._ask()
            return answer

    def _ask(self):
        account = [self._account] if self._account else []
        output = self._call(["token", *account, "--json", *self._session])
        try:
            answer = json.loads(output)
            token = answer["access_token"]
        except (ValueError, KeyError, TypeError):
            raise KeyturnError("keyturn's answer is not understood") from None
        if not isinstance(token, str) or not token:
            raise KeyturnError("keyturn's answer has no token")
        self._held = (answer, _end(answer))
        return answer

    def _call(self, arguments, text=""):
        try:
            result = subprocess.run(
                [self._program, *arguments],
                input=text,
                capture_output=True,
                text=True,
                timeout=LONGEST_WAIT,
            )
        except subprocess.TimeoutExpired:
            raise KeyturnError("keyturn did not answer", "run: keyturn doctor", "busy") from None
        except OSError as error:
            raise KeyturnError(
                f"keyturn cannot be run: {error.strerror}",
                "install keyturn, or give the path of its program",
            ) from None
        if result.returncode != 0:
            raise _failure(result)
        return result.stdout


def _end(answer):
    """Until when the answer is good: a tenth of its life before its end, at most a minute."""
    now = time.time()
    expires = answer.get("expires_at")
    if not expires:
        return now + UNKNOWN_LIFE
    life = expires - (answer.get("obtained_at") or now)
    return expires - min(60, max(life, 0) / 10)


def _failure(result):
    try:
        error = json.loads(result.stdout)["error"]
        return KeyturnError(
            error["message"], error.get("remedy", ""), error["code"], result.returncode
        )
    except (ValueError, KeyError, TypeError):
        said = result.stderr.strip().replace("keyturn: ", "")
        message, _, remedy = said.partition("\n")
        return KeyturnError(
            message or f"keyturn ended with {result.returncode}",
            remedy,
            exit_status=result.returncode,
        )
