"""Bets are read within bounds, and told as a table that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io

import pytest
import small_markets

from homogsim.errors import HomogsimError
from homogsim.results.summary import summarise
from homogsim.ui import bets

GOOD = {"diversity": -5, "survival": 50.0, "price": 0, "surplus": 3.5}


def test_bets_are_read():
    assert bets.read(GOOD) == {name: float(value) for name, value in GOOD.items()}


@pytest.mark.parametrize("wrong", [None, "5", True, float("nan"), 101.0, -1.0])
def test_a_wrong_bet_is_named(wrong):
    with pytest.raises(HomogsimError) as refused:
        bets.read(GOOD | {"survival": wrong})
    assert refused.value.where == "survival"


def test_no_bets():
    with pytest.raises(HomogsimError):
        bets.read(None)


def test_outcomes_are_those_of_the_summary():
    results = small_markets.after(72).results()
    came = bets.outcomes(results)
    table = summarise(results.timeline)
    assert came["price"] == 100.0 * table.loc["mean_price", "relative_change"]
    assert came["survival"] == pytest.approx(100.0 * results.summary["survival_5y"], nan_ok=True)


def test_a_class_is_kept_in_order_and_within_limits(monkeypatch):
    monkeypatch.setattr(bets, "MOST_BETS", 3)
    room = bets.Classroom()
    for k in range(5):
        room.add(f"=cmd{k}\n,x", "baseline", 1, bets.read(GOOD), bets.read(GOOD))
    rows = list(csv.DictReader(io.StringIO(room.csv())))
    assert [row["who"] for row in rows] == [f"'=cmd{k} ,x" for k in (2, 3, 4)]
    assert rows[0]["diversity_bet"] == rows[0]["diversity_outcome"] == "-5.0"
