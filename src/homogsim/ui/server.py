"""Starts the page's server: Solara without anything that leaves the machine, behind the guard."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Any

from homogsim.errors import HomogsimError
from homogsim.scenario import Scenario

INTERRUPTED = 130
"""Exit code after Ctrl-C."""
MOST_TABS = 40
LARGEST_MESSAGE = 2_000_000
"""Bytes of a message from a browser: an uploaded scenario and its wrapping."""

SWITCH_SECONDS = 0.0005
"""How long a thread may hold Python's lock. A message passes through five threads on its way, and at Python's own 5 ms
each of them would wait for the market's thread: 10 frames a second in place of 30."""

SETTINGS = {
    "SOLARA_APP": "homogsim.ui.page",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_TITLE": "homogsim",
    "SOLARA_THEME_VARIANT": "light",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False",
    "SOLARA_KERNEL_CULL_TIMEOUT": "60s",
    "SOLARA_SESSION_HTTP_ONLY": "True",
    "SOLARA_MODE": "production",
    "ANYWIDGET_HMR": "0",
}
"""Read by Solara when it is imported. A tab whose connection is lost may come back for a minute."""


def serve(
    first: str, host: str = "127.0.0.1", port: int = 8765, *, browser: bool = True, token: str | None = None
) -> None:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    first : str
        The preset or scenario file that the page opens.
    host, port : str, int
        Where to listen.
    browser : bool
        Whether to open the page in the user's browser.
    token : str, optional
        What must be known off loopback; drawn anew by default.

    Raises
    ------
    HomogsimError
        The scenario cannot be run, the port is taken, or the page's packages are missing.
    """
    scenario = Scenario.read(first)
    listener = _listen(host, port)
    config, wanted = _configured(first, host, token, listener)
    from homogsim.ui import shared

    openings = shared.openings()
    try:
        openings.warm(scenario)
        _announce(host, listener.getsockname()[1], wanted, browser=browser)
        interrupted = _run(config, listener)
    finally:
        openings.close()
    if interrupted:
        raise SystemExit(INTERRUPTED)


def _announce(host: str, port: int, wanted: str, *, browser: bool) -> None:
    """Say where the page is, and open it."""
    from homogsim.ui.guard import is_loopback

    place = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    address = f"http://{place}:{port}/" + (f"?token={wanted}" if wanted else "")
    print(f"homogsim: {address}   (Ctrl-C ends it)", flush=True)  # noqa: T201  # the command's one line
    if not is_loopback(host):
        print("Whoever has the token can use this page; give the address to your class only.", file=sys.stderr)  # noqa: T201
    if browser:
        import webbrowser

        opening = threading.Timer(1.0, webbrowser.open, (address,))
        opening.daemon = True  # a page that is ended within that second is not waited for
        opening.start()


def _run(config: Any, listener: socket.socket) -> bool:
    """Serve until Ctrl-C or SIGTERM, and return whether it was one of them that ended it.

    uvicorn raises the signal again inside its loop when it has shut down; an exception from there would be shown as an
    accident of the loop, so it is only noted.
    """
    import uvicorn

    server, noted = uvicorn.Server(config), []

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        server.should_exit = True

    if threading.current_thread() is not threading.main_thread():
        server.run(sockets=[listener])
        return False
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return bool(noted)


def _configured(first: str, host: str, token: str | None, listener: socket.socket) -> tuple[Any, str]:
    """Return uvicorn's configuration and the token; Solara is imported here, after its settings are made."""
    os.environ.update(SETTINGS)
    # Solara asks whether values are tables of pandas; half imported, by the thread that opens the first market, pandas
    # has no answer, and a page that is opened in that second would stay empty.
    import pandas  # noqa: F401

    try:
        import solara.server.cdn_helper as cdn
        import solara.server.starlette as starlette
        import uvicorn
        from solara.server import kernel_context
        from solara.server import server as pages
    except ImportError as error:
        raise missing(error) from error
    from homogsim.ui import shared
    from homogsim.ui.dressing import dressed
    from homogsim.ui.guard import Guard, is_loopback

    cdn.fetch_from_cdn = _stay_here
    sys.setswitchinterval(SWITCH_SECONDS)
    plain = pages.read_root
    pages.read_root = lambda *arguments, **options: dressed(plain(*arguments, **options))
    shared.set_first(first)
    wanted = "" if is_loopback(host) else token or secrets.token_urlsafe(16)
    guarded = Guard(starlette.app, host, wanted, lambda: set(kernel_context.contexts), MOST_TABS)
    config = uvicorn.Config(
        guarded, log_level="warning", access_log=False, ws_max_size=LARGEST_MESSAGE, proxy_headers=False,
        server_header=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    return config, wanted


def missing(error: ImportError) -> HomogsimError:
    """Return what to say when the page's packages are not installed."""
    return HomogsimError(f"the page needs packages that are not installed ({error.name})",
                         help='pip install "homogsim[ui]"')  # fmt: skip


def _stay_here(url: str) -> bytes:
    raise FileNotFoundError(f"{url} is not among the installed assets, and nothing is fetched")


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raises when the port is taken, with the next free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not 0 <= port <= 65535:
        raise HomogsimError(f"--port {port}: a number from 0 to 65535 is needed")
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
    except (OSError, UnicodeError) as error:
        listener.close()
        if isinstance(error, OSError) and error.errno in (98, 48, 10048):
            free = _free_port(family, host, port)
            help = f"Use --port {free}, which is free." if free else "Choose another --port."
            raise HomogsimError(f"port {port} is in use", help=help) from None
        raise HomogsimError(f"cannot listen at {host}:{port}: {error}", "--host") from None
    listener.listen(128)
    return listener


def _free_port(family: int, host: str, port: int) -> int | None:
    for candidate in range(port + 1, min(port + 100, 65536)):
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host.strip("[]"), candidate))
            except OSError:
                continue
            return candidate
    return None
