# SPDX-License-Identifier: MIT
"""Authentication for cozepy."""

import cozepy
from cozepy.request import AsyncHTTPClient, SyncHTTPClient

from keyturn.http import HTTPXAuth, _source

__all__ = ["Auth", "AsyncAuth", "connect", "connect_async"]


class Auth(cozepy.SyncAuth):
    """For cozepy.Coze. Its own client cannot repeat a refused call; connect() makes one that can."""

    def __init__(self, account=None):
        self.source = _source(account)

    @property
    def token_type(self):
        return "Bearer"

    @property
    def token(self):
        return self.source.token()


class AsyncAuth(cozepy.AsyncAuth):
    """For cozepy.AsyncCoze."""

    def __init__(self, account=None):
        self.source = _source(account)

    @property
    def token_type(self):
        return "Bearer"

    @property
    async def atoken(self):
        return await self.source.atoken()


def connect(account=None, base_url=None):
    """A client of the account's own site, which replaces a refused token by itself."""
    auth = Auth(account)
    return cozepy.Coze(
        auth=auth,
        base_url=base_url or auth.source.service(),
        http_client=SyncHTTPClient(auth=HTTPXAuth(auth.source)),
    )


def connect_async(account=None, base_url=None):
    """The same for asyncio."""
    auth = AsyncAuth(account)
    return cozepy.AsyncCoze(
        auth=auth,
        base_url=base_url or auth.source.service(),
        http_client=AsyncHTTPClient(auth=HTTPXAuth(auth.source)),
    )
