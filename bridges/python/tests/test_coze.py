# SPDX-License-Identifier: MIT
"""Against the Coze server of tests/servers, as tests/bridges.sh starts it."""

import asyncio
import unittest
import warnings

warnings.simplefilter("ignore")

import httpx  # noqa: E402
import requests  # noqa: E402

from coze_server import ACCOUNT, CALLERS, ME, revoke, starts  # noqa: E402
from keyturn import KeyturnError, TokenSource  # noqa: E402
from keyturn.coze import Auth, connect, connect_async  # noqa: E402
from keyturn.http import HTTPXAuth, RequestsAuth  # noqa: E402


class Source(unittest.TestCase):
    def test_tasks_ask_once_and_do_not_block_the_loop(self):
        async def work():
            coze = connect_async(ACCOUNT)
            before = starts(ACCOUNT)
            users = await asyncio.gather(*(coze.users.me() for _ in range(CALLERS)))
            return starts(ACCOUNT) - before, {user.user_name for user in users}

        asked, names = asyncio.run(work())
        self.assertLessEqual(asked, 1)
        self.assertEqual(names, {"tester"})

    def test_a_revoked_token_is_replaced_within_the_call(self):
        coze = connect(ACCOUNT)
        coze.users.me()
        revoke(coze._auth.source.token())
        self.assertEqual(coze.users.me().user_name, "tester")

    def test_httpx_and_requests_replace_it_too(self):
        source = TokenSource(ACCOUNT)
        client = httpx.Client(auth=HTTPXAuth(source))
        session = requests.Session()
        session.auth = RequestsAuth(source)
        for get in (client.get, session.get):
            revoke(source.token())
            self.assertEqual(get(ME).json()["data"]["user_name"], "tester")

        async def work():
            async with httpx.AsyncClient(auth=HTTPXAuth(source)) as client:
                revoke(source.token())
                return (await client.get(ME)).status_code

        self.assertEqual(asyncio.run(work()), 200)

    def test_a_failure_carries_the_cause_and_the_remedy(self):
        for source in (TokenSource("nobody"), Auth("nobody").source):
            with self.assertRaises(KeyturnError) as caught:
                source.token()
            self.assertEqual(caught.exception.code, "not_found")
            self.assertEqual(caught.exception.exit_status, 1)
            self.assertIn("nobody", str(caught.exception))
            self.assertTrue(caught.exception.remedy)
        with self.assertRaises(KeyturnError) as caught:
            TokenSource(program="/nonexistent").token()
        self.assertIn("install", caught.exception.remedy)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
