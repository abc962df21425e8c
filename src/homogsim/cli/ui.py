"""`homogsim ui`: the page in the browser."""

from __future__ import annotations

from homogsim.errors import HomogsimError

NEEDED = ("solara", "anywidget", "uvicorn")


def open_page(scenario: str, host: str, port: int, *, browser: bool) -> None:
    """Serve the page until Ctrl-C.

    Raises
    ------
    HomogsimError
        The extra is not installed; says how to install it.
    """
    from importlib.util import find_spec

    absent = [name for name in NEEDED if find_spec(name) is None]
    if absent:
        what = f"the page needs packages that are not installed: {', '.join(absent)}"
        raise HomogsimError(what, help='pip install "homogsim[ui]"')
    from homogsim.ui.server import serve

    serve(scenario, host, port, browser=browser)
