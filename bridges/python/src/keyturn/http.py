# SPDX-License-Identifier: MIT
"""Authentication for httpx and requests: a refused token is replaced, once for a request."""

import json

from keyturn import TokenSource

# Coze's codes for a token that it does not take; they also come with HTTP 200.
REFUSED_CODES = (4100, 700012006)
LONGEST_REFUSAL = 16384


def _source(account):
    return account if isinstance(account, TokenSource) else TokenSource(account)


def _may_refuse(status, headers):
    """A short JSON answer, whose code has to be looked at."""
    length = headers.get("content-length", "")
    return (
        status in (200, 400, 403)
        and "json" in headers.get("content-type", "")
        and length.isdigit()
        and int(length) <= LONGEST_REFUSAL
    )


def _is_refusal(body):
    if not any(str(code).encode() in body for code in REFUSED_CODES):
        return False
    try:
        return json.loads(body).get("code") in REFUSED_CODES
    except (ValueError, AttributeError):
        return False


try:
    import httpx
except ImportError:
    pass
else:

    class HTTPXAuth(httpx.Auth):
        """For httpx.Client and httpx.AsyncClient."""

        def __init__(self, account=None):
            self.source = _source(account)

        def sync_auth_flow(self, request):
            token = self.source.token()
            request.headers["Authorization"] = f"Bearer {token}"
            response = yield request
            refused = response.status_code == 401
            if not refused and _may_refuse(response.status_code, response.headers):
                refused = _is_refusal(response.read())
            if refused:
                self.source.reject(token)
            if refused and _can_repeat(request):
                request.headers["Authorization"] = f"Bearer {self.source.token()}"
                yield request

        async def async_auth_flow(self, request):
            token = await self.source.atoken()
            request.headers["Authorization"] = f"Bearer {token}"
            response = yield request
            refused = response.status_code == 401
            if not refused and _may_refuse(response.status_code, response.headers):
                refused = _is_refusal(await response.aread())
            if refused:
                await self.source.areject(token)
            if refused and _can_repeat(request):
                request.headers["Authorization"] = f"Bearer {await self.source.atoken()}"
                yield request

    def _can_repeat(request):
        """A body that was a stream of the caller's is gone; a form's files are read again."""
        try:
            request.content
        except httpx.RequestNotRead:
            return type(request.stream).__name__ == "MultipartStream"
        return True


try:
    import requests.auth
except ImportError:
    pass
else:

    class RequestsAuth(requests.auth.AuthBase):
        """For requests and its sessions."""

        def __init__(self, account=None):
            self.source = _source(account)

        def __call__(self, request):
            token = self.source.token()
            request.headers["Authorization"] = f"Bearer {token}"
            request.register_hook(
                "response",
                lambda response, **options: self._again(response, token, options),
            )
            return request

        def _again(self, response, token, options):
            request = response.request
            if request.headers.get("Authorization") != f"Bearer {token}":
                return response
            refused = response.status_code == 401
            if not refused and _may_refuse(response.status_code, response.headers):
                refused = _is_refusal(response.content)
            if not refused:
                return response
            self.source.reject(token)
            if not (request.body is None or isinstance(request.body, (bytes, str))):
                return response
            response.content
            response.close()
            again = request.copy()
            again.headers["Authorization"] = f"Bearer {self.source.token()}"
            result = response.connection.send(again, **options)
            result.history.append(response)
            result.request = again
            return result
