"""Recording: what every run's timeline promises, and that looking changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_markets import EVERYONE_HEARS, NOBODY_ENTERS, after, model, state_hash

from homogsim.agents.firms import NEVER
from homogsim.metrics.metric import Metric
from homogsim.metrics.table import ERRORS, METRICS, OTHER_SCALES, RUN_METRICS, columns
from homogsim.model import MarketModel
from homogsim.recording import Recorder
from homogsim.results import Results

MARKETS: dict[str, tuple[str, list[Mapping[str, object]]]] = {
    "normal": ("baseline", [EVERYONE_HEARS]),
    "extinct": ("baseline", [NOBODY_ENTERS, {"finance.retirement": 0.2}]),
    "no tools": ("before-automation", []),
    "chains": ("baseline", [EVERYONE_HEARS, {"chains.enabled": True, "chains.opening_rate": 0.5}]),
    "sampled": ("baseline", [EVERYONE_HEARS, {"consumers.demand": "sampled"}]),
    "one town": ("baseline", [EVERYONE_HEARS, {"world.towns": 1}]),
    "one sector": ("baseline", [EVERYONE_HEARS, {"world.sectors": 1}]),
    "one site": ("baseline", [{"world.towns": 1, "world.sectors": 1, "world.sites": 1, "world.occupied": 1}]),
    "no outside option": ("baseline", [EVERYONE_HEARS, {"consumers.outside_option": False}]),
    "nobody goes out": ("baseline", [EVERYONE_HEARS, {"consumers.visit_probability": 0.0}]),
    "backlash": ("plug-and-play", [EVERYONE_HEARS, {"consumers.backlash": 10.0}]),
}


@pytest.fixture(scope="module")
def ended() -> Callable[[str], MarketModel]:
    """Return a function that gives the model of one of the markets after its run, each made once."""
    made: dict[str, MarketModel] = {}

    def get(name: str) -> MarketModel:
        if name not in made:
            preset, changes = MARKETS[name]
            made[name] = model(preset, *changes, other_scales=True).run()
        return made[name]

    return get


def breaches(timeline: pd.DataFrame, metrics: Mapping[str, Metric]) -> dict[str, tuple[float, float]]:
    """Return the metrics that leave their range (beyond rounding), with their least and greatest values."""
    found = {}
    for name, metric in metrics.items():
        values = timeline[name].dropna().to_numpy()
        low, high = metric.range
        inside = (values >= low - 1e-9) & (values <= high + 1e-9) & np.isfinite(values)
        if not inside.all():
            found[name] = (float(values.min()), float(values.max()))
    return found


@pytest.mark.parametrize("name", MARKETS)
def test_every_metric_is_in_its_range_or_undefined(name: str, ended: Callable[[str], MarketModel]) -> None:
    run = ended(name)
    timeline = run.results().timeline
    metrics = columns(run.market.firms.rows, True)
    assert list(timeline.columns) == ["month", *metrics]
    assert breaches(timeline, metrics) == {}
    assert (timeline.drop(columns="month").dtypes == np.float64).all()


@pytest.mark.parametrize("name", MARKETS)
def test_metrics_of_the_run_are_in_their_range(name: str, ended: Callable[[str], MarketModel]) -> None:
    summary = ended(name).results().summary
    assert set(summary) == set(METRICS) | set(OTHER_SCALES) | set(RUN_METRICS)
    for metric in RUN_METRICS.values():
        value = summary[metric.name]
        assert math.isnan(value) or metric.range[0] <= value <= metric.range[1], (metric.name, value)


@pytest.mark.parametrize("name", MARKETS)
def test_what_must_add_up(name: str, ended: Callable[[str], MarketModel]) -> None:
    timeline = ended(name).results().timeline
    quarters = sum(timeline[f"consumer_surplus_quartile_{k}"] for k in (1, 2, 3, 4))
    np.testing.assert_allclose(quarters, timeline["consumer_surplus"], rtol=1e-12)
    for view in ("", "_supply"):
        product = timeline[f"diversity_alpha{view}"] * timeline[f"diversity_beta{view}"]
        np.testing.assert_allclose(product, timeline[f"diversity_gamma{view}"], rtol=1e-12)
        yearly = timeline[timeline[f"diversity_sector_alpha{view}"].notna()]
        sectors = yearly[f"diversity_sector_alpha{view}"] * yearly[f"diversity_sector_beta{view}"]
        np.testing.assert_allclose(sectors, yearly[f"diversity_gamma{view}"], rtol=1e-12)
    parts = ("consumer_surplus", "smb_profit", "chain_profit", "vendor_profit", "landlord_rent")
    total = sum(timeline[part] for part in parts) - timeline["setup_cost"] - timeline["public_money"]
    np.testing.assert_allclose(total, timeline["total_welfare"], rtol=1e-12)
    for q in (0, 1, 2):  # the coarser the scale, the less distinct
        assert (timeline["hill_q0"].dropna() >= timeline[f"hill_q{q}"].dropna() - 1e-9).all()
    gammas = [timeline[f"diversity_gamma{scale}"].dropna() for scale in ("_half_scale", "", "_double_scale")]
    assert (gammas[0] >= gammas[1] - 1e-12).all()
    assert (gammas[1] >= gammas[2] - 1e-12).all()


def test_all_is_defined_in_a_normal_market(ended: Callable[[str], MarketModel]) -> None:
    """Where all tools are in use, nothing but what takes longer than the run stays undefined."""
    results = ended("normal").results()
    undefined = {name for name, value in results.summary.items() if math.isnan(value)}
    slow = {"roi36_positive_share", "roi36_median", "payback_month", "roi36_slope", "survival_slope"}
    slow |= {"first_mover_advantage", "survival_5y", "survival_10y", "weibull_shape", "weibull_scale", "median_life"}
    slow |= {"aligned_return_gain", "aligned_survival_gain"}
    assert undefined <= slow | {"decoupling_index"}


def test_an_extinct_market(ended: Callable[[str], MarketModel]) -> None:
    results = ended("extinct").results()
    assert results.status == "extinct"
    last = results.timeline.iloc[-1]
    assert last["n_firms"] == 0
    assert last["consumer_surplus"] == 0
    assert last["served_badly_share"] == 1
    assert math.isnan(last["diversity_gamma"])
    assert math.isnan(last["mean_price"])


def test_what_is_told_once_a_year(ended: Callable[[str], MarketModel]) -> None:
    timeline = ended("normal").results().timeline
    yearly = [name for name, metric in METRICS.items() if metric.every == 12]
    known = timeline.loc[timeline[yearly].notna().any(axis=1), "month"].tolist()
    assert known == [-1, 11, 23, 35]
    assert len(yearly) > 5


@pytest.mark.parametrize(
    ("every", "expected"),
    [(5, [-12, -1, 3, 13, 23, 35]), (7, [-12, -1, 2, 16, 23, 35]), (12, [-12, -1, 0, 12, 24, 35])],
)
def test_what_is_told_once_a_year_is_not_lost_when_recorded_more_rarely(every: int, expected: list[int]) -> None:
    timeline = model("baseline", {"world.consumers": 30}, record_every=every).run().results().timeline
    assert timeline.loc[timeline["experienced_richness"].notna(), "month"].tolist() == expected


def test_recorded_more_rarely_the_months_are_the_same(ended: Callable[[str], MarketModel]) -> None:
    preset, changes = MARKETS["normal"]
    rare = model(preset, *changes, record_every=6, other_scales=True).run().results().timeline
    often = ended("normal").results().timeline
    monthly = ["month", *(name for name, metric in METRICS.items() if metric.every == 1)]
    shared = often[often["month"].isin(rare["month"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(rare[monthly], shared[monthly], check_exact=True)


def test_looking_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = (EVERYONE_HEARS, {"consumers.backlash": 10.0, "chains.enabled": True})
    looked = after(60, "baseline", *changes)
    scale = Recorder.freeze_scale
    monkeypatch.setattr(Recorder, "look", lambda recorder, is_last: None)
    monkeypatch.setattr(Recorder, "begin_automation", scale)  # backlash takes ℓ from there
    unseen = after(60, "baseline", *changes)
    assert not unseen.recorder.timeline
    assert state_hash(unseen.market) == state_hash(looked.market)
    looked.results()
    unseen.step()
    looked.step()
    assert state_hash(unseen.market) == state_hash(looked.market)


def test_customers_who_stay(ended: Callable[[str], MarketModel]) -> None:
    """Retention, from one month's last purchases to the next's, told of the months between."""
    run = after(40, "baseline", {"chains.enabled": True, "chains.opening_rate": 0.5, "finance.retirement": 0.02})
    for _ in range(10):
        before = run.market.consumers.last.copy()
        uid, is_chain = run.market.firms.uid.copy(), run.market.firms.is_chain.copy()
        run.step()
        now = run.market.consumers.last
        had = (before >= 0) & ~is_chain[before]
        stayed = had & (now == before) & (run.market.firms.uid[now] == uid[before])
        assert run.recorder.timeline[-1]["customer_retention"] == stayed.sum() / had.sum()


def test_distance_and_payback_are_noted_at_adoption() -> None:
    run = after(36, "baseline", EVERYONE_HEARS, {"calendar.months": 48, "finance.starting_cash": 20.0})
    market, firms = run.market, run.market.firms
    paid: dict[int, int] = {}
    checked = 0
    while run.month <= run.last_month:
        offering, present = firms.offering.copy(), firms.independent.copy()
        run.step()
        new = np.flatnonzero((firms.adopted == run.month - 1) & market.traded)
        for j in new:
            here = present & (market.site_cell == market.site_cell[j])
            expected = np.linalg.norm(offering[:, j] - offering[:, here].mean(axis=1))
            assert firms.distance_at_adoption[j] == pytest.approx(expected, abs=1e-12)
            checked += 1
        young = (firms.adopted > NEVER) & market.traded & (run.month - 1 - firms.adopted < 36)
        for j in np.flatnonzero(young & (firms.gain_36 >= firms.upfront_36)):
            paid.setdefault(int(firms.uid[j]), int(run.month - firms.adopted[j]))
    assert checked > 20
    table = run.results().firms.set_index("uid")["payback_month"].dropna()
    assert len(table) > 3
    assert table.to_dict() == paid


def test_returns_over_three_years() -> None:
    run = model("baseline", EVERYONE_HEARS, {"calendar.months": 48, "finance.retirement": 0.01}).run()
    table, returns = run.results().firms, run.recorder.memory.returns
    known = table["roi36"].dropna()
    assert known.size > 10
    assert sorted(returns.over_36) == pytest.approx(sorted(known), abs=1e-12)
    paid = table.loc[table["roi36"].notna(), "payback_month"].fillna(np.inf)
    assert sorted(returns.paybacks) == sorted(paid)
    row = run.recorder.timeline[-1]
    assert row["roi36_median"] == pytest.approx(known.median(), abs=1e-12)


def test_large_markets_carry_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("table", "observation"):
        monkeypatch.setattr(f"homogsim.metrics.{module}.EXACT_OUTLETS", 20)
    monkeypatch.setattr("homogsim.agents.observing.EXACT_OUTLETS", 20)
    monkeypatch.setattr("homogsim.metrics.observation.SAMPLED_OUTLETS", 30)
    columns.cache_clear()
    try:
        run = model("baseline", {"calendar.months": 3}).run()
        timeline = run.results().timeline
        assert list(timeline.columns) == ["month", *METRICS, *ERRORS]
        assert (timeline["diversity_gamma_se"] > 0).all()
        assert breaches(timeline, ERRORS) == {}
    finally:
        columns.cache_clear()


def test_checkpoints_carry_what_is_remembered(tmp_path: Path) -> None:
    changes = (EVERYONE_HEARS, {"consumers.backlash": 5.0})
    run = after(31, "baseline", *changes)
    run = MarketModel.load(run.save(tmp_path / "early.npz"), threads=1, other_scales=True)
    while run.month < 20:
        run.step()
    again = MarketModel.load(run.save(tmp_path / "late.npz"), threads=1)
    assert again.recorder.other_scales
    one, two = run.run().results(), again.run().results()
    assert one.results_hash() == two.results_hash()
    pd.testing.assert_frame_equal(one.consumers, two.consumers, check_exact=True)
    assert "diversity_gamma_half_scale" in one.timeline
    straight: Results = model("baseline", *changes, other_scales=True).run().results()
    assert straight.results_hash() == one.results_hash()
