"""What is told about a run beside its course over time: survival, who gains, scorecard, A against B. Plain data."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from homogsim.metrics.table import METRICS
from homogsim.results import scorecard, summarise, welfare_change
from homogsim.ui.bets import QUESTIONS, outcomes

if TYPE_CHECKING:
    from homogsim.results import Results
    from homogsim.ui.side import Side

QUARTILES = ("popular tastes", "second quartile", "third quartile", "tail tastes")
ACCOUNTS = ("consumer_surplus", "smb_profit", "vendor_profit", "landlord_rent", "chain_profit", "setup_cost",
            "public_money", "total_welfare")  # fmt: skip


def survival(sides: list[Side]) -> dict[str, Any]:
    """Return the survival curves by tool with their bands, of each market."""
    from homogsim.plots.survival import _look, survival_curves

    told = []
    for side in sides:
        curves = []
        for curve in survival_curves(side.results()):
            label, colour, dashes, _ = _look(curve.name)
            dash = list(dashes[1]) if isinstance(dashes, tuple) else []
            parts = {name: _clean(getattr(curve, name)) for name in ("age", "survival", "lower", "upper")}
            curves.append({"name": curve.name, "label": label, "colour": colour, "dash": dash} | parts)
        told.append(curves)
    return {"curves": told}


def gains(sides: list[Side]) -> dict[str, Any]:
    """Return who gains from before automation until now; and with two markets whose consumers gain in A against B."""
    found = [side.results() for side in sides]
    table = summarise(found[0].timeline)
    people = [_changed(table, f"consumer_surplus_quartile_{k + 1}", QUARTILES[k]) for k in range(4)]
    accounts = [
        _changed(
            table,
            name,
            name.replace("_", " ").replace("smb", "small businesses'").replace("setup cost", "set-up costs paid"),
        )
        for name in ACCOUNTS
    ]
    return {"people": people, "accounts": accounts, "between": _between(found) if len(found) == 2 else None}


def _changed(table: Any, metric: str, label: str) -> dict[str, Any]:
    row = table.loc[metric]
    return {"metric": metric, "label": label} | {name: plain_number(row[name]) for name in row.index}


def _between(found: list[Results]) -> dict[str, Any]:
    from homogsim.errors import HomogsimError

    try:
        table = welfare_change(found[1], found[0])
    except HomogsimError as error:
        return {"reason": error.what}
    names = (*QUARTILES, "all consumers")
    rows = [
        {"label": name, "change": plain_number(row.change), "share_losing": plain_number(row.share_losing)}
        for name, row in zip(names, table.itertuples(), strict=True)
    ]
    return {"rows": rows}


def balanced(sides: list[Side]) -> dict[str, Any]:
    """Return the balanced scorecard of each market."""
    cards = []
    for side in sides:
        table = scorecard(side.results().timeline)
        cards.append([
            {"perspective": perspective, "metric": metric, "meaning": METRICS[metric].meaning, "unit": row["unit"]}
            | {name: plain_number(row[name]) for name in ("start", "end", "change", "relative_change")}
            for (perspective, metric), row in table.iterrows()
        ])  # fmt: skip
    return {"cards": cards}


def against(sides: list[Side]) -> dict[str, Any]:
    """Return A against B as ``homogsim compare B A`` tells it for this seed: ends, differences, parts of welfare."""
    from homogsim.experiments.decomposition import decompose, different_consumers, market_end

    if len(sides) < 2:
        return {"rows": []}
    ends = [side.results().summary for side in sides]
    rows = []
    for name, metric in METRICS.items():
        a, b = ends[0].get(name, math.nan), ends[1].get(name, math.nan)
        told = {"a": plain_number(a), "b": plain_number(b), "difference": plain_number(a - b)}
        rows.append({"metric": name, "unit": metric.unit, "meaning": metric.meaning} | told)
    a_end, b_end = (market_end(side.model) for side in sides)
    if reason := different_consumers(b_end, a_end):
        return {"rows": rows, "reason": reason}
    welfare = decompose(b_end, a_end)
    parts = {name: plain_number(value) for name, value in welfare.parts.items()}
    return {"rows": rows, "parts": parts, "total": welfare.total}


def outcome(sides: list[Side]) -> dict[str, Any]:
    """Return what came out of the bets."""
    came = outcomes(sides[0].results())
    return {question.name: plain_number(came[question.name]) for question in QUESTIONS}


TOLD: dict[str, Callable[[list[Side]], dict[str, Any]]] = {
    "survival": survival,
    "gains": gains,
    "scorecard": balanced,
    "against": against,
    "outcome": outcome,
}
"""Everything that a tab may ask for, by name."""


def plain_number(value: float) -> float | None:
    """Return a number as JSON has it: what is not defined is None."""
    return float(value) if math.isfinite(value) else None


def _clean(values: Any) -> list[float | None]:
    return [plain_number(float(value)) for value in values]
