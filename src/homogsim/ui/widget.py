"""The drawn page as one anywidget: its script and style are the files in ``static``, joined in order."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import anywidget

STATIC = Path(__file__).parent / "static"

SCRIPTS = (
    "dom", "marks", "maps", "space", "series", "tables", "controls", "transport", "told", "bets", "takeaway",
    "owner", "app",
)  # fmt: skip
"""Files of the script, each using those before it."""
STYLES = ("base", "layout", "parts")


@cache
def joined(ending: str, names: tuple[str, ...]) -> str:
    """Return the files of one kind as one text."""
    return "\n".join((STATIC / f"{name}.{ending}").read_text(encoding="utf-8") for name in names)


class Drawn(anywidget.AnyWidget):
    """What the browser draws. It has no state of its own here: messages go both ways, frames as binary buffers."""

    _esm = joined("js", SCRIPTS)
    _css = joined("css", STYLES)
