"""Numbers, intervals and tables of facts as a report writes them."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from homogsim.parameters import declared
from homogsim.plots.wording import percent, plain
from homogsim.report.document import Table

MISSING = "–"
LABELS = {
    "diversity_gamma": "the diversity of what the market offers",
    "consumer_surplus": "consumer surplus",
    "diversity_lost": "the share of diversity lost",
    "n_firms": "the number of small businesses",
}
"""How sentences name metrics; others go by their name."""


def label(metric: str) -> str:
    """Return how a sentence names a metric."""
    return LABELS.get(metric, metric.replace("_", " "))


def number(value: float | None) -> str:
    """Return a number with four significant digits and a true minus sign.

    >>> [number(v) for v in (3912345.6, -189.25, 0.04567, 0.0, float("nan"))]
    ['3,912,000', '−189.2', '0.04567', '0', '–']
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0.0:
        return "0"
    rounded = round(value, 3 - math.floor(math.log10(abs(value))))
    text = f"{rounded:,.0f}" if abs(rounded) >= 1000.0 else f"{rounded:.4g}"
    return text.replace("-", "−", 1)


def interval(low: float, high: float) -> str:
    """Return an interval, or a dash where there is none."""
    return MISSING if math.isnan(low) or math.isnan(high) else f"{number(low)} to {number(high)}"


def relative(change: float) -> str:
    """Return a relative change such as ``−4.7 %``; a dash where it is undefined."""
    return f"{'+' if change > 0 else ''}{percent(change)}" if math.isfinite(change) else MISSING


def told(value: Any) -> str:
    """Return the value of a parameter as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(told, value)) or "none"
    return f"{value:,.10g}".replace("-", "−", 1) if isinstance(value, int | float) else plain(str(value), 200)


def unit_text(unit: str) -> str:
    """Return a unit, nothing for pure numbers."""
    return "" if unit == "-" else unit


def written(value: Any) -> str:
    """Return a value as ``--set`` takes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"[{','.join(map(str, value))}]" if isinstance(value, list | tuple) else str(value)


def parameter_table(values: Mapping[str, Mapping[str, Any]], title: str, note: str) -> Table:
    """Return the parameters that differ from their defaults, with meaning and source.

    Parameters
    ----------
    values : mapping
        By the heading of a column: the value of each parameter that differs there, by its dotted name.
    title, note : str
        What stands above and below the table.
    """
    known = declared()
    names = [name for name in known if any(name in column for column in values.values())]
    rows = []
    for name in names:
        fact = known[name]
        own = (told(column.get(name, fact.default)) for column in values.values())
        rows.append((name, *own, told(fact.default), unit_text(fact.unit), fact.meaning, fact.source))
    headings = ("parameter", *values, "default", "unit", "meaning", "source")
    return Table(title, headings, tuple(rows), note, frozenset(range(1, len(values) + 2)))


def facts(provenance: Mapping[str, Any], more: Iterable[tuple[str, str]] = ()) -> tuple[tuple[str, str], ...]:
    """Return where something was made, as pairs of a name and a text."""
    names = {"version": "homogsim", "started": "made", "wall_seconds": "wall time"}
    found = [(names.get(key, key), told(value)) for key, value in provenance.items() if not isinstance(value, dict)]
    return (*more, *((key, f"{text} s" if key == "wall time" else text) for key, text in found))


def command(*words: str) -> str:
    """Return a command as a shell takes it."""
    return shlex.join(words)


METHOD = (
    "homogsim is an agent-based market. Consumers choose among the small businesses of their own and nearby towns by "
    "random utility: price, fit of the offering to their taste, personalization, locality and distance. Businesses set "
    "prices near the Bertrand–Nash price, review from time to time whether to use a generic, an industry-specific or "
    "a customized tool, and leave when their cash runs out; founders enter where they expect to earn. A tool pulls "
    "what a business offers toward the template of its vendor. Nothing imposes a trend of diversity, "
    "survival or prices.",
    "Diversity is the similarity-sensitive diversity of order 1 (Leinster and Cobbold 2012) of the offerings, weighted "
    "with sales, on a scale frozen in the month before automation arrives: 1 when all are alike. The start is the mean "
    "of the 12 months before automation arrives, the end the mean of the last 24 months of a run. Consumer surplus is "
    "the money value of what people could buy. The model's parameters were fitted to moments of the United States; "
    "wages, morale and platforms are outside of it. It shows mechanisms, and forecasts no particular town.",
)
