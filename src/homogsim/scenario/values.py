"""Values of parameters as people write and read them."""

from __future__ import annotations

import math
import re
import tomllib
from typing import Any

from homogsim.errors import ScenarioError

LONGEST_TEXT = 4000
"""Characters of one value on a command line; a limit against slips of the clipboard."""

LONGEST_LIST = 400

MOST_DOTS = 64
"""Dots in one line of TOML. Keys have at most three parts, and the parser takes quadratic time over dotted keys."""

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_DECIMAL = re.compile(r"[+-]?(?:\.\d+|\d+\.)")
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", tuple: "a list"}


def shown(value: object) -> str:
    """Return `value` as one short printable line, whatever it is (never raises)."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200:
        # Python refuses to print integers of more than 4,300 digits
        return f"a whole number of about {int(value.bit_length() * math.log10(2)) + 1} digits"
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        text = repr(list(value)) if isinstance(value, tuple) else repr(value)
    except (ValueError, RecursionError):
        return "a value too large to show"
    return text if len(text) <= 60 else f"{text[:57]}…"


def printable(name: str) -> str:
    """Return a name from a file so that it cannot move a terminal's cursor or fill its screen."""
    text = name if name.isprintable() else repr(name)[1:-1]
    return text if len(text) <= 200 else f"{text[:97]}…{text[-97:]}"


def number(value: float) -> str:
    """Return a bound without exponent or superfluous digits."""
    return format(value, ".12g")


def kind_name(kind: type) -> str:
    """Return what a parameter of this Python type is called in messages."""
    return _KINDS.get(kind, kind.__name__)


def impossible(value: object) -> str:
    """Return why `value` can be no parameter at all: not finite, beyond 64 bits, an endless list ("" when it can)."""
    if isinstance(value, list | tuple):
        if len(value) > LONGEST_LIST:
            return f"a list of {len(value)} items is too long"
        if any(isinstance(item, list | tuple | dict) for item in value):  # and so this function cannot recurse deeply
            return "lists hold numbers or words, not lists or tables"
        return next((reason for item in value if (reason := impossible(item))), "")
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is not a finite number (1e400, inf and nan are refused)"
    if isinstance(value, int) and abs(value) >= 2**63:
        return f"{shown(value)} does not fit in 64 bits"
    return ""


def plain(value: object) -> Any:
    """Return `value` without NumPy scalars and with tuples for lists, as parameters hold it."""
    if isinstance(value, list | tuple):
        return tuple(item if isinstance(item, list | tuple) else plain(item) for item in value)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return value.item()  # a NumPy scalar, as sweeps hand over
    return value


def from_text(text: str, key: str = "value") -> Any:
    """Return the value that someone wrote after ``KEY=`` on a command line.

    TOML's notation, and for convenience bare words as texts, alone (``sampled``) or in lists (``[generic,custom]``,
    because a shell removes the quotation marks).

    Raises
    ------
    ScenarioError
        When the text is no value.
    """
    text = text.strip()
    if _WORD.fullmatch(text) and text not in ("true", "false", "inf", "nan"):
        return text
    if _DECIMAL.fullmatch(text) and len(text) <= LONGEST_TEXT:
        return float(text)  # .5 and 5., which TOML does not know
    if text.startswith("[") and text.endswith("]") and re.fullmatch(r"[\sA-Za-z0-9_.,+-]*", text[1:-1]):
        items = [item for item in text[1:-1].split(",") if item.strip()]
        return [from_text(item, key) for item in items]
    return _toml_value(text, key)


def _toml_value(text: str, key: str) -> Any:
    refusal = ScenarioError(
        f"{printable(key)} = {shown(text)}: this is no value",
        help='Write a number (8000 or 8_000), true or false, a word, a "text", or a list such as [0.3, 0.8].',
    )
    if not text or len(text) > LONGEST_TEXT or text.count(".") > MOST_DOTS or "\n" in text:
        raise refusal
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        raise refusal from None
    return table["value"]
