"""Who may talk to the server: requests for this machine only, from its own pages, with a token off loopback."""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "homogsim-token"
KERNELS = "/jupyter/api/kernels/"
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' blob: data:; "
        b"frame-ancestors 'none'; form-action 'none'; base-uri 'self'; object-src 'none'",
    ),
)
"""Sent with every answer; the second half of the policy's first part is what Solara's own page needs."""


class Guard:
    """An ASGI application around another one, which refuses what does not come from a page of ours.

    Parameters
    ----------
    application : ASGI application
        What is guarded.
    host : str
        The address that the server listens at.
    token : str
        What must be known to come in; empty on loopback.
    tabs : callable
        Returns the names of the sessions there are.
    most_tabs : int
        Sessions at most.
    """

    def __init__(
        self, application: Application, host: str, token: str, tabs: Callable[[], set[str]], most_tabs: int
    ) -> None:
        self.application, self.token, self.tabs, self.most_tabs = application, token, tabs, most_tabs
        self.names = {"localhost", host.strip("[]").lower(), *([] if not token else _own_names())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self.application(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, send, *refusal)
        elif self.token and scope["type"] == "http" and self._offered(scope):
            await _let_in(scope, send, self.token)
        else:
            await self.application(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        """Return status and reason when a request must not pass."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return 421, "This server answers under its own address only."
        origin = headers.get("origin")
        own = origin is None or urlsplit(origin).netloc.lower() == host.lower()
        if not own or (origin is None and scope["type"] == "websocket"):
            return 403, "Requests come from this server's own page only."
        if self.token and not (self._known(headers) or self._offered(scope)):
            return 401, "Open the address that homogsim ui has printed; it carries the token."
        if self._is_one_too_many(scope):
            return 503, f"{self.most_tabs} tabs are open, and that is the most. Close one, then reload."
        return None

    def _is_ours(self, host: str) -> bool:
        """Whether a Host header names this machine: a name that is ours, or an address (no name can be rebound)."""
        name = urlsplit(f"//{host}").hostname or ""
        if name in self.names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return bool(self.token) or address.is_loopback

    def _known(self, headers: dict[str, str]) -> bool:
        cookies: SimpleCookie = SimpleCookie()
        cookies.load(headers.get("cookie", ""))
        return COOKIE in cookies and hmac.compare_digest(cookies[COOKIE].value.encode(), self.token.encode())

    def _offered(self, scope: Scope) -> bool:
        said = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"))).get("token", "")
        return hmac.compare_digest(said.encode(), self.token.encode())

    def _is_one_too_many(self, scope: Scope) -> bool:
        path, open_tabs = scope["path"], self.tabs()
        if len(open_tabs) < self.most_tabs:
            return False
        if scope["type"] == "websocket":
            return path.removeprefix(KERNELS).split("/")[0] not in open_tabs
        return path == "/" and scope["method"] == "GET"


def is_loopback(host: str) -> bool:
    """Whether an address to listen at is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _own_names() -> list[str]:
    name = socket.gethostname().lower()
    return [name, socket.getfqdn().lower(), f"{name}.local"]


async def _refuse(scope: Scope, send: Send, status: int, reason: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"homogsim: {reason}\n".encode()})


async def _let_in(scope: Scope, send: Send, token: str) -> None:
    """Keep the token in a cookie and take it out of the address, where histories and projectors would show it."""
    rest = [(k, v) for k, v in parse_qsl(scope["query_string"].decode("latin-1")) if k != "token"]
    place = "/" + (f"?{urlencode(rest)}" if rest else "")
    cookie = f"{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/"
    headers = [(b"location", place.encode("latin-1")), (b"set-cookie", cookie.encode("latin-1")), *HEADERS]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
        await send(message)

    return sending
