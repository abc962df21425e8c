"""Numbers and texts as a reader says them."""

from __future__ import annotations

import numpy as np

EMPTY_MARKET = "No business was open: nothing to measure."
ALONE = "One business alone has nothing to differ from: no diversity to measure."
UNDEFINED = "No month has offerings that can be compared: no diversity to measure."


def signed(value: float) -> str:
    """Return a number with a true minus sign, without needless decimals."""
    return f"{value:g}".replace("-", "−")


def percent(value: float, digits: int = 1) -> str:
    """Return a share as percent, or as a signed change: ``-0.055`` → ``−5.5 %``."""
    return f"{100 * value:.{digits}f} %".replace("-", "−") if np.isfinite(value) else "undefined"


def change_text(start: float, end: float) -> str:
    """Return a relative change in words' order: ``−5.5 %``, ``no change`` or ``change undefined``."""
    if start == end:
        return "no change"
    if not (np.isfinite(start) and np.isfinite(end)) or start == 0:
        return "change undefined"
    return signed_percent((end - start) / abs(start))


def signed_percent(change: float) -> str:
    """Return a relative change as percent with its sign: ``+3.0 %``."""
    text = percent(change)
    return text.lstrip("−") if text.strip("−") == percent(0.0) else f"+{text}" if change > 0 else text


def dollars(value: float, digits: int = 3) -> str:
    """Return money to `digits` significant digits: ``$4.27M``, ``−$12.5k``, ``$11.2``."""
    if not np.isfinite(value):
        return "undefined"
    size, unit = money_unit(float(f"{abs(value):.{digits}g}"))
    whole_digits = len(f"{abs(value) / size:.0f}")
    return money(value, size, unit, max(0, digits - whole_digits))


def businesses(n: int) -> str:
    """Return ``1 business``, ``2 businesses``."""
    return f"{n} business{'' if n == 1 else 'es'}"


def plain(text: str, limit: int = 110) -> str:
    """Return `text` on one line, without control characters, shortened to `limit` characters."""
    kept = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return kept if len(kept) <= limit else kept[: max(0, limit - 1)].rstrip(" …") + "…" * (limit > 1)


def money_unit(value: float) -> tuple[float, str]:
    """Return the unit (size and letter) in which an amount of money is written."""
    return next(((size, unit) for size, unit in ((1e9, "bn"), (1e6, "M"), (1e3, "k")) if value >= size), (1.0, ""))


def money(value: float, size: float, unit: str, decimals: int) -> str:
    """Return money in a given unit; nothing is ``$0`` in any."""
    if value == 0:
        return "$0"
    number = f"{abs(value) / size:,.{decimals}f}"
    return f"{'−' if value < 0 and float(number.replace(',', '')) else ''}${number}{unit}"
