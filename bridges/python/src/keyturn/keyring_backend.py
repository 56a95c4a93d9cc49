# SPDX-License-Identifier: MIT
"""A backend of the package keyring: twine and poetry load it and ask keyturn(1)."""

import json
import shutil
import subprocess

from keyring.backend import KeyringBackend
from keyring.credentials import SimpleCredential
from keyring.errors import KeyringError, KeyringLocked, PasswordDeleteError, PasswordSetError

NOT_FOUND = 1
USAGE = 2  # also: a service that is no address, which no login is for
LOCKED = 4


class Keyring(KeyringBackend):
    """Asks as keyring's command line does. The desktop's own keyring goes before it."""

    @property
    def priority(self):
        if shutil.which("keyturn") is None:
            raise RuntimeError("there is no keyturn")
        return 2

    def _run(self, *words, password=None):
        # The name by which keyturn is started chooses the protocol (keyturn-protocols(7)).
        return subprocess.run(
            ["keyring", *words],
            executable=shutil.which("keyturn"),
            input=password if password is not None else "",
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def get_credential(self, service, username):
        result = self._run(
            "--mode=creds", "--output=json", "get", "--", service, *([username] if username else [])
        )
        if result.returncode in (NOT_FOUND, USAGE):
            return None
        if result.returncode == LOCKED:
            raise KeyringLocked(result.stderr.strip())
        if result.returncode:
            raise KeyringError(result.stderr.strip())
        answer = json.loads(result.stdout)
        return SimpleCredential(answer["username"], answer["password"])

    def get_password(self, service, username):
        credential = self.get_credential(service, username)
        return credential.password if credential else None

    def set_password(self, service, username, password):
        result = self._run("set", "--", service, username, password=password + "\n")
        if result.returncode:
            raise PasswordSetError(result.stderr.strip())

    def delete_password(self, service, username):
        if self.get_credential(service, username) is None:
            raise PasswordDeleteError("no such password")
        result = self._run("del", "--", service, username)
        if result.returncode:
            raise PasswordDeleteError(result.stderr.strip())
