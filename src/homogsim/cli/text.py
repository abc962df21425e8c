"""Numbers and texts as a terminal shows them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from homogsim.errors import HomogsimError

if TYPE_CHECKING:
    from rich.console import Console

MISSING = "–"
PIPE_WIDTH = 160
"""Columns of a table that goes to a file or a pipe, which have no width of their own."""


def printable(text: str) -> str:
    """Return text without the control characters that could steer a terminal; line breaks stay."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)


def number(value: float | None) -> str:
    """Return a number with four significant digits, without exponents where people do not want them.

    >>> [number(v) for v in (3912345.6, 189.25, 0.04567, 0.0, float("nan"))]
    ['3,912,000', '189.2', '0.04567', '0', '–']
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0.0:
        return "0"
    digits = 3 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    return f"{rounded:,.0f}" if abs(rounded) >= 1000.0 else f"{rounded:.4g}"


def percent(share: float) -> str:
    """Return a relative change such as ``-4.7 %``; empty when it is not defined."""
    if not math.isfinite(share):
        return ""
    return f"{100 * share:+.1f} %" if abs(share) < 10.0 else f"{100 * share:+,.0f} %"


def finite(option: str, value: float) -> float:
    """Return a number that was given for an option.

    Raises
    ------
    HomogsimError
        It is not a finite number.
    """
    if not math.isfinite(value):
        raise HomogsimError(f"{value} is not a finite number", option, "For example: 0.5")
    return value


def console(*, stderr: bool = False) -> Console:
    """Return a rich console that takes no text for markup."""
    from rich.console import Console

    made = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not made.is_terminal:
        made.width = PIPE_WIDTH
    return made
