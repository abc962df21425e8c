"""Who may come in."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from homogsim.ui.guard import COOKIE, Guard, is_loopback

TOKEN = "secret-token"


async def inner(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"in"})


def ask(guard: Guard, path: str = "/", kind: str = "http", query: str = "", **headers: str) -> dict[str, Any]:
    """Return the first message of the answer, with headers as a dictionary."""
    said: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        said.append(dict(message))

    named = {"host": "127.0.0.1:8765"} | {key.replace("_", "-"): value for key, value in headers.items()}
    raw = [(key.encode(), value.encode()) for key, value in named.items() if value]
    scope = {"type": kind, "path": path, "method": "GET", "query_string": query.encode(), "headers": raw}
    with suppress(StopIteration):  # nothing in it waits, so it needs no event loop (a browser's may be running)
        guard(scope, None, send).send(None)  # type: ignore[arg-type]
    return said[0] | {"headers": dict(said[0].get("headers", []))}


def loopback(most: int = 3, tabs: set[str] | None = None) -> Guard:
    return Guard(inner, "127.0.0.1", "", lambda: tabs or set(), most)


def public() -> Guard:
    return Guard(inner, "0.0.0.0", TOKEN, set, 3)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "[::1]:8765", "LOCALHOST:80"])
def test_this_machine_may(host):
    assert ask(loopback(), host=host)["status"] == 200


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.1", "127.0.0.1.evil.example", "", "localhost.evil:8765"])
def test_other_names_may_not(host):
    assert ask(loopback(), host=host)["status"] == 421


def test_requests_come_from_our_own_page():
    assert ask(loopback(), origin="http://127.0.0.1:8765")["status"] == 200
    assert ask(loopback(), origin="http://evil.example")["status"] == 403
    assert ask(loopback(), origin="http://127.0.0.1:9999")["status"] == 403
    assert ask(loopback(), origin="null")["status"] == 403


def test_websockets_need_an_origin():
    path = "/jupyter/api/kernels/abc/channels"
    assert ask(loopback(), path, "websocket", origin="http://127.0.0.1:8765")["type"] == "websocket.accept"
    assert ask(loopback(), path, "websocket")["type"] == "websocket.close"
    assert ask(loopback(), path, "websocket", origin="http://evil.example")["type"] == "websocket.close"


def test_answers_say_what_a_browser_may_do_with_them():
    headers = ask(loopback())["headers"]
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert b"frame-ancestors 'none'" in headers[b"content-security-policy"]


def test_off_loopback_a_token_lets_in_once_and_becomes_a_cookie():
    assert ask(public())["status"] == 401
    assert ask(public(), query="token=wrong")["status"] == 401
    assert ask(public(), cookie=f"{COOKIE}=wrong")["status"] == 401
    answer = ask(public(), query=f"scenario=baseline&token={TOKEN}")
    assert (answer["status"], answer["headers"][b"location"]) == (303, b"/?scenario=baseline")
    cookie = answer["headers"][b"set-cookie"].decode()
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert ask(public(), cookie=cookie.split(";")[0])["status"] == 200


def test_off_loopback_the_machine_answers_to_addresses_and_not_to_any_name():
    assert ask(public(), host="192.168.1.5:8765", query=f"token={TOKEN}")["status"] == 303
    assert ask(public(), host="evil.example", query=f"token={TOKEN}")["status"] == 421


def test_there_is_a_limit_of_tabs():
    full = loopback(2, {"abc", "def"})
    assert ask(full)["status"] == 503
    assert ask(full, "/static/main.js")["status"] == 200
    origin = "http://127.0.0.1:8765"
    assert ask(full, "/jupyter/api/kernels/new/channels", "websocket", origin=origin)["type"] == "websocket.close"
    assert ask(full, "/jupyter/api/kernels/abc/channels", "websocket", origin=origin)["type"] == "websocket.accept"


def test_loopback_addresses():
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.1", "example.org", "")))
