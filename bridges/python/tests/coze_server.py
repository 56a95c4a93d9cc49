# SPDX-License-Identifier: MIT
"""Where the Coze server of tests/servers is, as tests/bridges.sh tells, and what it may be asked."""

import os

import httpx

from keyturn import TokenSource

ACCOUNTS = os.environ["BRIDGE_ACCOUNTS"].split()  # each is renewed
FIXED = os.environ["BRIDGE_FIXED"].split()  # a PAT and a SAT
ACCOUNT = os.environ["BRIDGE_ACCOUNT"]
API = os.environ["BRIDGE_API"]
LIFE = int(os.environ["BRIDGE_LIFE"])
CALLERS = 16
ME = API + "/v1/users/me"

control = httpx.Client(trust_env=False)


def starts(account):
    """How often keyturn was started for a token of the account."""
    with open(os.environ["BRIDGE_STARTS"]) as file:
        return sum(1 for line in file if line.split()[:2] == ["token", account])


def revoke(token):
    answer = control.post(
        os.environ["BRIDGE_CONTROL"] + "/control", json={"revoke_access": token}
    )
    assert answer.status_code == 200, answer.text


def young():
    """A source whose token has its whole life before it: none but the server ends it."""
    source = TokenSource(ACCOUNT)
    source.reject(source.token())
    source.token()
    return source


def refused(token):
    """How often the server refused the token."""
    with open(os.environ["BRIDGE_LOG"]) as file:
        return sum(1 for line in file if f'"value":"{token}"' in line and '"status":401' in line)
