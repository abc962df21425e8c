"""Results of markets that figures must survive: ordinary, emptied, without adopters, a moment old, hostile in text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from results_factory import BEFORE, make_results

from homogsim.plots import figure
from homogsim.results import Results

ALWAYS_DEFINED = ("month", "n_firms", "entries", "exits", "consumer_surplus", "smb_profit", "outside_share")
HOSTILE = "cost $x$ <b>&bold</b> \\frac{1}{0} %s {0} [red]"


def ordinary(months: int = 60) -> Results:
    return make_results(3, months)


def extinct(months: int = 60, end: int = 40) -> Results:
    """Return a market whose last business closes in month `end`."""
    results = ordinary(months)
    gone = (results.timeline["month"] >= end).to_numpy()
    timeline = results.timeline.copy()
    measured = [name for name in timeline.columns if name not in ALWAYS_DEFINED]
    timeline.loc[gone, measured] = np.nan
    timeline.loc[gone, ["n_firms", "entries", "exits", "consumer_surplus", "smb_profit"]] = 0
    firms = results.firms[results.firms["birth"] < end].copy()
    firms["death"] = firms["death"].fillna(end).clip(upper=end)
    spells = results.spells[results.spells["start"] < end].copy()
    last = spells.groupby("uid")["stop"].transform("max") == spells["stop"]
    spells["stop"] = spells["stop"].clip(upper=end)
    spells["event"] = last.astype(int)
    snapshots = results.snapshots[results.snapshots["month"] < end]
    return replace(results, status="extinct", timeline=timeline, firms=firms, spells=spells, snapshots=snapshots)


def never_open(months: int = 12) -> Results:
    """Return a market in which no business was ever open."""
    results = extinct(months, end=-1000)
    return replace(results, snapshots=results.snapshots.iloc[:0])


def without_adopters(months: int = 60) -> Results:
    results = ordinary(months)
    timeline, spells, firms = results.timeline.copy(), results.spells.copy(), results.firms.copy()
    shares = [name for name in timeline.columns if name.startswith("adoption_")] + ["contact_intensity"]
    timeline[shares] = 0.0
    timeline[["decoupling_index", "roi12_positive_share"]] = np.nan
    spells["tool"], spells["contact"] = "none", 0.0
    firms[["first_tool", "last_tool"]] = "none"
    firms["first_adoption"] = pd.array([None] * len(firms), dtype="Int64")
    snapshots = results.snapshots.assign(tool="none", contact=0.0)
    scenario = results.scenario.override("tools.available", [])
    return replace(results, scenario=scenario, timeline=timeline, spells=spells, firms=firms, snapshots=snapshots)


def interrupted_before() -> Results:
    """Return a run that was stopped before automation arrived."""
    results = ordinary()
    timeline = results.timeline[results.timeline["month"] < -5]
    spells = results.spells[results.spells["start"] < -5].copy()
    spells["stop"] = spells["stop"].clip(upper=-5)
    snapshots = results.snapshots.iloc[:0]
    return replace(results, status="interrupted", months=0, timeline=timeline, spells=spells, snapshots=snapshots)


def alone() -> Results:
    """Return a market with one business, whose offering cannot differ from another's."""
    results = ordinary()
    uid = results.snapshots["uid"].mode()[0]
    tables = {name: getattr(results, name) for name in ("firms", "spells", "snapshots")}
    return replace(results, **{name: table[table["uid"] == uid] for name, table in tables.items()})


def hostile_text() -> Results:
    """Return results whose texts look like mathematics, markup and format strings."""
    results = ordinary(24)
    scenario = replace(results.scenario, question=HOSTILE + " " + "W" * 300 + "漢字")
    return replace(results, scenario=scenario, provenance=results.provenance | {"version": "$1$"})


def crowded(firms: int = 400) -> Results:
    """Return a market with enough businesses of known lives to estimate survival; a third adopt in month 12."""
    results, draw = ordinary(), np.random.default_rng(11)
    birth = draw.integers(-48, 48, firms)
    death = birth + 1 + draw.exponential(60.0, firms).astype(int)
    seen = death > -BEFORE
    birth, death = birth[seen], death[seen]
    uid, stop = np.arange(birth.size), np.minimum(death, 60)
    adopts = (uid % 3 == 0) & (birth < 12) & (stop > 12)
    table = pd.DataFrame(
        {"uid": uid, "start": birth, "stop": np.where(adopts, 12, stop), "tool": "none", "contact": 0.0}
    )
    table["event"] = (~adopts & (death < 60)).astype(int)
    later = pd.DataFrame({"uid": uid, "start": 12, "stop": stop, "tool": "generic", "contact": 0.8})[adopts]
    later["event"] = (death < 60)[adopts].astype(int)
    lives = pd.DataFrame({"uid": uid, "birth": birth, "death": pd.array(death, dtype="Int64").astype("Int64")})
    lives.loc[death >= 60, "death"] = pd.NA
    return replace(results, firms=lives, spells=pd.concat([table, later], ignore_index=True))


MARKETS: dict[str, Callable[[], Results]] = {
    "ordinary": ordinary,
    "extinct": extinct,
    "never open": never_open,
    "no adopters": without_adopters,
    "two months": lambda: ordinary(2),
    "interrupted before month 0": interrupted_before,
    "one business": alone,
    "hostile text": hostile_text,
}


@cache
def market(name: str) -> Results:
    """Return one of the markets, made once. Not to be changed by a test."""
    return MARKETS[name]()


@cache
def drawn_once(kind: str, name: str) -> Figure:
    """Return a figure of one of the markets, drawn once. Not to be changed by a test."""
    return figure(market(kind), name)
