"""What the tables of a run come to: survival, hazards, slopes, scorecard, who gains and who loses."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from results_factory import make_results

from homogsim.errors import HomogsimError
from homogsim.metrics.survival import kaplan_meier, survival_at
from homogsim.metrics.table import METRICS
from homogsim.parameters import TOOLS
from homogsim.results import (
    Results,
    hazard_table,
    log_rank_by_tool,
    run_values,
    scorecard,
    survival_by_tool,
    welfare_change,
)
from homogsim.results.lifetimes import entrants_curve, observed_lives
from homogsim.results.runs import (
    aligned_return_gain,
    aligned_survival_gain,
    first_mover_advantage,
    slope_of_return,
    slope_of_survival,
)


def firms(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Return a table of firms with what is told of each, the rest not known."""
    columns: dict[str, object] = {
        "uid": 0, "birth": 0, "death": pd.NA, "is_chain": False, "first_adoption": pd.NA, "roi36": np.nan,
        "distance_at_adoption": np.nan, "alignment": 0.4,
    }  # fmt: skip
    table = pd.DataFrame([columns | row for row in rows])
    return table.astype({"death": "Int64", "first_adoption": "Int64"})


def test_entrants_only_and_no_chains() -> None:
    table = firms(
        [
            {"birth": -120, "death": 5},  # before the record
            {"birth": 0, "death": 10},
            {"birth": 0},
            {"birth": 4, "death": 24},
            {"birth": 3, "death": 6, "is_chain": True},
        ]
    )
    curve = entrants_curve(table, -12, 30)
    by_hand = kaplan_meier([10, 30, 20], [True, False, True])
    assert survival_at(curve, [9, 10, 19, 20, 29]).tolist() == survival_at(by_hand, [9, 10, 19, 20, 29]).tolist()
    assert survival_at(curve, 20) == pytest.approx(1 / 3)


def test_who_was_there_at_the_start_is_no_entrant() -> None:
    table = firms([{"birth": 0, "death": 3}, {"birth": 0, "death": 4}, {"birth": 2, "death": 8}])
    assert entrants_curve(table, 0, 20).times.tolist() == [6]


def test_lives_are_seen_from_when_they_are_recorded() -> None:
    table = firms([{"birth": -120, "death": 6}, {"birth": 3}, {"birth": -50, "death": -20}, {"birth": 20}])
    lives = observed_lives(table, 0, 12)
    assert lives.entry.tolist() == [120, 0]
    assert lives.stop.tolist() == [126, 9]
    assert lives.event.tolist() == [True, False]


def test_hazard_by_age_against_a_loop(results: Results) -> None:
    table = hazard_table(results)
    closed, years = np.zeros(len(table)), np.zeros(len(table))
    first, last = -results.scenario.parameters.calendar.before, results.months - 1
    for firm in results.firms.itertuples():
        death = math.inf if pd.isna(firm.death) else int(firm.death)
        for month in range(max(int(firm.birth), first), int(min(death, last))):
            age = month - int(firm.birth)
            for band, (low, high) in enumerate(zip(table["from_age"], table["to_age"], strict=True)):
                if 12 * low <= age < 12 * high:
                    years[band] += 1 / 12
                    closed[band] += month + 1 == death
    assert table["years"].to_numpy() == pytest.approx(years)
    with np.errstate(invalid="ignore"):
        assert table["hazard"].to_numpy() == pytest.approx(closed / years, nan_ok=True)
    assert closed.sum() > 0


def test_survival_by_tool_counts_a_tool_only_while_it_is_used() -> None:
    base = make_results(months=36)
    lives = firms([{"uid": 1, "birth": 0, "death": 20}, {"uid": 2, "birth": 0, "death": 8}, {"uid": 3, "birth": 0}])
    spells = pd.DataFrame(
        [
            (1, 0, 10, "none", 0.0, 0),
            (1, 10, 20, "custom", 0.8, 1),
            (2, 0, 8, "none", 0.0, 1),
            (3, 0, 36, "none", 0.0, 0),
        ],
        columns=["uid", "start", "stop", "tool", "contact", "event"],
    )
    results = replace(base, firms=lives, spells=spells)
    table = survival_by_tool(results)
    none, custom = (table[table["tool"] == tool] for tool in ("none", "custom"))
    assert none[["age", "survival", "at_risk"]].to_numpy().tolist() == [[8, pytest.approx(2 / 3), 3]]
    assert custom[["age", "survival", "at_risk"]].to_numpy().tolist() == [[20, 0, 1]]
    se = math.sqrt((2 / 3) ** 2 * (1 / (3 * 2)))  # Greenwood
    spread = 1.959964 * se / abs(2 / 3 * math.log(2 / 3))
    assert none["lower"].iloc[0] == pytest.approx((2 / 3) ** math.exp(spread), abs=1e-6)
    assert none["upper"].iloc[0] == pytest.approx((2 / 3) ** math.exp(-spread), abs=1e-6)
    # At age 8 one of three closes, all without a tool; at 20 one of two, of whom one has a custom tool.
    test = log_rank_by_tool(results)
    assert test.observed.tolist() == [1, 0, 0, 1]
    assert test.expected.tolist() == [1.5, 0, 0, 0.5]
    assert test.statistic == pytest.approx(0.5**2 / (0.5 * 0.5))
    assert test.freedom == 1


def test_bands_hold_the_curve(results: Results) -> None:
    table = survival_by_tool(results)
    assert set(table["tool"]) <= set(TOOLS)
    known = table.dropna()
    assert (known["lower"] <= known["survival"]).all()
    assert (known["survival"] <= known["upper"]).all()


def test_slopes_by_hand() -> None:
    table = firms(
        [
            {"distance_at_adoption": 1.0, "roi36": -1.0, "first_adoption": 0, "death": 30},
            {"distance_at_adoption": 2.0, "roi36": 1.0, "first_adoption": 4},
            {"distance_at_adoption": 3.0, "roi36": 3.0, "first_adoption": 8, "death": 44},
            {"distance_at_adoption": 9.0, "first_adoption": 50},  # too young to tell
            {},
        ]
    )
    assert slope_of_return(table).value == pytest.approx(2.0)
    assert slope_of_return(table).points == 3
    # Open 36 months after adoption: no; yes; no (adopted in 8, closed in 44)
    assert slope_of_survival(table, 60).value == pytest.approx(0.0)
    assert slope_of_survival(table, 60).points == 3
    assert slope_of_survival(table, 40).value == pytest.approx(1.0)
    # The first quarter of three is the one of month 0; the others' median is 2.
    assert first_mover_advantage(table) == pytest.approx(-3.0)
    assert math.isnan(first_mover_advantage(table.iloc[:1]))
    assert math.isnan(first_mover_advantage(table.iloc[4:]))


def test_halves_by_what_they_know_of_themselves() -> None:
    table = firms(
        [
            {"alignment": 1.0, "distance_at_adoption": 1.0, "roi36": 2.0, "first_adoption": 0},
            {"alignment": 1.0, "distance_at_adoption": 1.0, "roi36": 4.0, "first_adoption": 6, "death": 20},
            {"alignment": 0.0, "distance_at_adoption": 1.0, "roi36": -1.0, "first_adoption": 2, "death": 30},
            {"alignment": 0.0, "distance_at_adoption": 1.0, "first_adoption": 40},  # too young to tell
            {"alignment": 1.0},
        ]
    )
    assert aligned_return_gain(table) == pytest.approx(3.0 - -1.0)
    assert aligned_survival_gain(table, 60) == pytest.approx(0.5 - 0.0)
    assert math.isnan(aligned_return_gain(table.iloc[:2]))
    assert math.isnan(aligned_survival_gain(table.iloc[:2], 60))
    assert math.isnan(aligned_survival_gain(table.iloc[3:], 60))


def test_rates_count_months_after_automation(results: Results) -> None:
    first = -results.scenario.parameters.calendar.before
    values = run_values(results.timeline, results.firms, results.spells, first, results.months - 1)
    after = results.timeline[results.timeline["month"] >= 0]
    assert values["exit_rate"] == pytest.approx(12 * after["exits"].sum() / after["n_firms"].sum())
    assert values["tool_log_rank_p"] == log_rank_by_tool(results).p_value
    nothing = run_values(pd.DataFrame(), results.firms, results.spells, first, results.months - 1)
    assert math.isnan(nothing["entry_rate"])


def test_nobody_ever_opened() -> None:
    base = make_results()
    values = run_values(base.timeline.iloc[:0], base.firms.iloc[:0], base.spells.iloc[:0], -24, 23)
    assert all(math.isnan(value) for value in values.values())


def test_scorecard_has_four_perspectives() -> None:
    months = np.arange(-12, 36)
    timeline = pd.DataFrame({"month": months} | {name: np.where(months < 0, 1.0, 3.0) for name in METRICS})
    table = scorecard(timeline)
    assert table.index.get_level_values("perspective").unique().tolist() == [
        "financial",
        "customer",
        "process",
        "learning",
    ]
    assert len(table) == 12
    assert table.loc[("customer", "net_promoter_score"), ["start", "end", "change", "unit"]].tolist() == [
        1,
        3,
        2,
        "points",
    ]
    timeline["payback_month"] = np.nan
    assert math.isnan(scorecard(timeline).loc[("financial", "payback_month"), "end"])


def test_welfare_against_itself_is_exactly_zero(results: Results) -> None:
    table = welfare_change(results, results)
    assert (table["change"] == 0).all()
    assert (table["share_losing"] == 0).all()
    assert (table["first"] == table["second"]).all()


def test_welfare_by_quartile_by_hand(results: Results) -> None:
    consumers = results.consumers.iloc[:8].assign(distance=np.arange(8.0), surplus_end=2.0, weight=100.0)
    one = replace(results, consumers=consumers)
    two = replace(results, consumers=consumers.assign(surplus_end=[3.0, 1.0, 2.5, 2.5, 2.0, 2.0, 1.0, 1.5]))
    table = welfare_change(one, two)
    assert table.index.tolist() == [1, 2, 3, 4, "all"]
    assert table["change"].tolist() == pytest.approx([0.0, 0.5, 0.0, -0.75, -0.0625])
    assert table["share_losing"].tolist() == pytest.approx([0.5, 0.0, 0.0, 1.0, 3 / 8])


def test_welfare_of_others_cannot_be_compared(results: Results) -> None:
    moved = replace(results, consumers=results.consumers.assign(distance=results.consumers["distance"] + 1))
    with pytest.raises(HomogsimError, match="different consumers"):
        welfare_change(results, moved)
    with pytest.raises(HomogsimError, match="different consumers"):
        welfare_change(results, replace(results, consumers=results.consumers.iloc[:3]))
    with pytest.raises(HomogsimError, match="without its consumers"):
        welfare_change(results, replace(results, consumers=None))
    unknown = replace(results, consumers=results.consumers.assign(surplus_end=np.nan))
    assert welfare_change(unknown, unknown)["share_losing"].isna().all()


def test_folders_without_consumers_can_be_read(results: Results, tmp_path: Path) -> None:
    folder = replace(results, consumers=None).save(tmp_path / "old")
    assert not (folder / "consumers.parquet").exists()
    assert Results.load(folder).consumers is None
