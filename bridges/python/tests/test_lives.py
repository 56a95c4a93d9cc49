# SPDX-License-Identifier: MIT
"""Each kind of login over three lives of its token, with all that cozepy does with one."""

import asyncio
import itertools
import ssl
import threading
import time
import unittest

from cozepy import CozeAPIError, Message, WebsocketsEventType
from cozepy import ConversationMessageCreateEvent as Create

from coze_server import ACCOUNT, ACCOUNTS, CALLERS, FIXED, LIFE, refused, revoke, starts, young
from keyturn import TokenSource
from keyturn.coze import connect, connect_async

default_context = ssl.create_default_context


def context_without_tickets(*arguments, **options):
    """
    TLS 1.2. A websocket of websockets' is read by one thread while another writes, which ssl guards
    from Python 3.13 on only: a ticket of TLS 1.3 that comes meanwhile loses the request.
    """
    context = default_context(*arguments, **options)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


ssl.create_default_context = context_without_tickets

QUESTION = {
    "bot_id": "7",
    "user_id": "me",
    "additional_messages": [Message.build_user_question_text("hello")],
}
COMPLETED = WebsocketsEventType.CONVERSATION_CHAT_COMPLETED
SAID = Create.Data.model_validate({"role": "user", "content_type": "text", "content": "hello"})


def me(coze):
    return coze.users.me().user_name == "tester"


def chat(coze):
    stream = coze.chat.stream(**QUESTION)
    return "".join(e.message.content for e in stream if e.event.endswith("delta")) == "hello"


def upload(coze):
    return coze.files.upload(file=("a.txt", b"some text")).bytes == 9


def websocket(coze):
    socket = coze.websockets.chat.create(bot_id="7", on_event={})
    with socket() as client:
        client.conversation_message_create(SAID)
        client.wait([COMPLETED], wait_all=False)
    return True


async def me_async(coze):
    return (await coze.users.me()).user_name == "tester"


async def chat_async(coze):
    said = ""
    async for event in coze.chat.stream(**QUESTION):
        said += event.message.content if event.event.endswith("delta") else ""
    return said == "hello"


async def upload_async(coze):
    return (await coze.files.upload(file=("a.txt", b"some text"))).bytes == 9


async def websocket_async(coze):
    socket = coze.websockets.chat.create(bot_id="7", on_event={})
    async with socket() as client:
        await client.conversation_message_create(SAID)
        await client.wait([COMPLETED], wait_all=False)
    return True


CALLS = [me, chat, upload, websocket]
CALLS_ASYNC = [me_async, chat_async, upload_async, websocket_async]


class Callers:
    """So many threads and tasks for each source, each of which does one thing after the other."""

    def __init__(self, calls=CALLS, calls_async=CALLS_ASYNC, pause=1.0):
        self.calls, self.calls_async, self.pause = calls, calls_async, pause
        self.failures = []
        self.done = self.anew = 0
        self.begun = self.end = 0.0

    def _note(self, name, result):
        self.done += 1
        if result is not True:
            self.failures.append((name, round(time.time() - self.begun, 1), result))

    def _thread(self, source, coze, number):
        for call in itertools.islice(itertools.cycle(self.calls), number, None):
            try:
                token = source.token()
                result = call(coze)
            except CozeAPIError as error:
                result = self._anew(call, source, token, coze, error)
            except Exception as error:  # every kind of failure is one
                result = error
            self._note(call.__name__, result)
            if time.time() > self.end:
                return
            time.sleep(self.pause)

    def _anew(self, call, source, token, coze, error):
        """A websocket whose token ended on a slow way is opened anew, once."""
        if call is not websocket:
            return error
        self.anew += 1
        try:
            source.reject(token)
            return call(coze)
        except Exception as second:
            return second

    async def _anew_async(self, call, source, token, coze, error):
        if call is not websocket_async:
            return error
        self.anew += 1
        try:
            await source.areject(token)
            return await call(coze)
        except Exception as second:
            return second

    async def _task(self, source, coze, number):
        for call in itertools.islice(itertools.cycle(self.calls_async), number, None):
            try:
                token = await source.atoken()
                result = await call(coze)
            except CozeAPIError as error:
                result = await self._anew_async(call, source, token, coze, error)
            except Exception as error:
                result = error
            self._note(call.__name__, result)
            if time.time() > self.end:
                return
            await asyncio.sleep(self.pause)

    async def _tasks(self, sources):
        clients = [(source, connect_async(source)) for source in sources]
        await asyncio.gather(
            *(self._task(*client, i) for client in clients for i in range(CALLERS // 2))
        )

    def run(self, sources, seconds, middle=None):
        self.begun = time.time()
        self.end = self.begun + seconds
        threads = [threading.Thread(target=asyncio.run, args=(self._tasks(sources),))]
        threads += [
            threading.Thread(target=self._thread, args=(source, connect(source), i))
            for source in sources
            for i in range(CALLERS // 2)
        ]
        for thread in threads:
            thread.start()
        if middle:
            time.sleep(seconds / 2)
            middle()
        for thread in threads:
            thread.join()


class Lives(unittest.TestCase):
    def test_three_lives_of_each_kind(self):
        sources = [TokenSource(account) for account in ACCOUNTS]
        before = [starts(account) for account in ACCOUNTS]
        callers = Callers()
        callers.run(sources, 3 * LIFE)
        self.assertEqual(callers.failures, [])
        asked = [starts(account) - b for account, b in zip(ACCOUNTS, before)]
        print(f"{callers.done} calls, {callers.anew} websockets anew; starts of keyturn: {asked}")
        for count in asked:
            # A token is left a tenth of its life before its end, and may have been in its last
            # fifth, with its renewal under way: the first, and two for each life at the most.
            self.assertIn(count, range(3, 8))

    def test_what_is_not_renewed(self):
        for account in FIXED:
            coze = connect(account)
            self.assertTrue(all(call(coze) for call in CALLS))

    def test_revoked_in_the_middle(self):
        source = young()
        before = starts(ACCOUNT)
        told = []

        def middle():
            told.append(source.token())
            revoke(told[0])

        callers = Callers(CALLS[:3], CALLS_ASYNC[:3], pause=0.1)
        callers.run([source], 4, middle)
        self.assertEqual(callers.failures, [])
        self.assertGreater(callers.done, CALLERS)
        self.assertLessEqual(refused(told[0]), CALLERS)  # one call of each caller, repeated once
        self.assertGreater(refused(told[0]), 0)
        self.assertLessEqual(starts(ACCOUNT) - before, 3)

    def test_a_websocket_tells_that_its_token_was_refused(self):
        source = young()
        coze = connect(source)
        token = source.token()
        revoke(token)
        with self.assertRaises(CozeAPIError):
            websocket(coze)
        source.reject(token)
        self.assertTrue(websocket(coze))
        self.assertEqual(refused(token), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
