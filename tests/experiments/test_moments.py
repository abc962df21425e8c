"""Moments against hand-worked and independent computations; looking at a run changes nothing in it."""

from __future__ import annotations

import math
from copy import copy
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from experiments.tiny import TINY
from scipy.optimize import minimize
from small_markets import state_hash

from homogsim.errors import HomogsimError
from homogsim.experiments.finished import Finished
from homogsim.experiments.moments import DAYS_A_MONTH, MOMENTS, measure
from homogsim.experiments.pairs import (
    Pairs,
    category_price_elasticity,
    distance_elasticity,
    loss_by_disclosure,
    pairs_of,
)
from homogsim.experiments.targets import targets
from homogsim.metrics.table import METRICS, RUN_METRICS
from homogsim.model import MarketModel
from homogsim.scenario import Scenario


@cache
def ran(name: str = "baseline", **changes: object) -> MarketModel:
    """Return a model that ran to its end, made once. Not to be changed by a test."""
    return MarketModel(Scenario.read(name).override(TINY | changes), seed=5, threads=1).run()


def told(**tables: pd.DataFrame) -> Finished:
    """Return a run with some tables in place of its own."""
    return Finished(replace(ran().results(), **tables))


def lives(*rows: tuple[int, int | None]) -> pd.DataFrame:
    """Return a table of businesses: birth, death."""
    deaths = pd.array([death for _, death in rows], dtype="Int64")
    return pd.DataFrame({"birth": [birth for birth, _ in rows], "death": deaths, "is_chain": False})


def timeline(months: range, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"month": list(months)} | columns)


# --- the record ------------------------------------------------------------------------------------------------------


def test_survival_is_that_of_entrants() -> None:
    """Six entrants; one older business that must not count: S(12) = 5/6, S(24) = 5/6 · 3/4 (one is censored before)."""
    firms = lives((-100, -5), (0, 12), (0, 20), (0, None), (30, None), (0, None), (33, None))
    run = told(firms=firms, timeline=timeline(range(-10, 50)))
    assert MOMENTS["survival_1y"](run) == pytest.approx(5 / 6)
    assert MOMENTS["survival_2y"](run) == pytest.approx(5 / 6 * 2 / 3)
    assert math.isnan(MOMENTS["survival_5y"](run))
    assert math.isnan(MOMENTS["median_life"](run))
    half = told(firms=lives((0, 6), (0, 18), (0, 30)), timeline=timeline(range(-10, 50)))
    assert MOMENTS["median_life"](half) == 1.5


def test_outlets_of_chains_are_no_small_businesses() -> None:
    firms = lives((0, 3), (0, 40))
    firms["is_chain"] = [True, False]
    assert MOMENTS["survival_1y"](told(firms=firms, timeline=timeline(range(-10, 50)))) == 1.0


def test_weibull_shape_of_a_weibull() -> None:
    """Lives at the quantiles of a Weibull of shape .65 and scale 9 years."""
    n = 40_000
    age = np.ceil(12 * 9.0 * (-np.log((np.arange(n) + 0.5) / n)) ** (1 / 0.65)).astype(int)
    firms = lives(*((0, int(a)) for a in age))
    run = told(firms=firms, timeline=timeline(range(-1, int(age.max()) + 1)))
    assert MOMENTS["weibull_shape"](run) == pytest.approx(0.65, abs=0.01)
    firms.loc[age >= 60, "death"] = pd.NA
    short = told(firms=firms, timeline=timeline(range(-1, 60)))
    assert math.isnan(MOMENTS["weibull_shape"](short))


def test_turnover_is_per_business_and_year() -> None:
    months = range(-60, 60)
    settled = [0 if m < -24 else 1 for m in months]
    run = told(timeline=timeline(months, exits=settled, entries=[9] * 120, n_firms=[100] * 120))
    assert MOMENTS["exit_rate"](run) == pytest.approx(0.12)
    assert MOMENTS["entry_rate"](run) == pytest.approx(1.08)


def test_adoption_at_the_dates_of_the_surveys() -> None:
    """Month 0 is January 2023: September 2023 to February 2024, December 2025 to May 2026."""
    months = range(-12, 60)
    run = told(timeline=timeline(months, adoption_share=[float(m) for m in months]))
    assert MOMENTS["adoption_2023_2024"](run) == np.mean([8, 9, 10, 11, 12, 13])
    assert MOMENTS["adoption_2026"](run) == np.mean([35, 36, 37, 38, 39, 40])
    short = told(timeline=timeline(range(-12, 40), adoption_share=0.2))
    assert math.isnan(MOMENTS["adoption_2026"](short))


def test_chains_are_looked_at_before_automation() -> None:
    months = range(-60, 60)
    share = [0.5 if -24 <= m < 0 else 0.9 for m in months]
    run = told(timeline=timeline(months, independent_outlet_share=share, smb_sales_share=share))
    assert MOMENTS["independent_outlet_share"](run) == 0.5
    assert MOMENTS["independent_visit_share"](run) == 0.5


def test_undefined_months_are_left_out_and_missing_metrics_undefined() -> None:
    run = told(timeline=timeline(range(3), net_margin=[0.1, np.nan, 0.3]))
    assert MOMENTS["net_margin"](run) == pytest.approx(0.2)
    assert math.isnan(MOMENTS["price_dispersion"](run))


def test_returns_of_back_office_and_contact() -> None:
    firms = pd.DataFrame(
        {
            "uid": [1, 2, 3, 4],
            "is_chain": False,
            "first_adoption": pd.array([0, 0, 5, None], dtype="Int64"),
            "roi12": [0.5, -0.2, 0.1, np.nan],
        }
    )
    spells = pd.DataFrame(
        {
            "uid": [1, 1, 2, 3, 3, 4],
            "start": [0, 30, 0, 5, 10, 0],
            "stop": [30, 60, 60, 10, 60, 60],
            "contact": [0.0, 0.8, 0.0, 0.0, 0.3, 0.0],
        }
    )
    run = told(firms=firms, spells=spells)
    assert MOMENTS["roi12_positive"](run) == pytest.approx(2 / 3)
    assert MOMENTS["back_office_pays_more"](run) == 1.0  # .15 (1 and 2; 1 added contact after its first year) > .1
    firms.loc[2, "roi12"] = 0.2
    assert MOMENTS["back_office_pays_more"](told(firms=firms, spells=spells)) == 0.0
    assert math.isnan(MOMENTS["back_office_pays_more"](told(firms=firms[:2], spells=spells)))


def test_clone_towns_by_their_score() -> None:
    """A town of 4 shops, 1 kind: (50·k + 5·(4 − k) + 5)/4 is 17.5 with one independent, 28.75 with two."""
    chain = [True, True, True, False, True, True, False, False]
    shots = pd.DataFrame({"month": -1, "town": [0] * 4 + [1] * 4, "sector": 0, "is_chain": chain})
    late = shots.assign(month=60, is_chain=True)
    assert MOMENTS["clone_town_share"](told(snapshots=pd.concat([shots, late]))) == 0.5
    assert math.isnan(MOMENTS["clone_town_share"](told(snapshots=late)))


def test_diversity_grows_with_each_item_of_those_who_differ() -> None:
    """Eight offerings far apart add one effective number each; eight close together hardly anything."""
    far, near = np.arange(8) * 100.0, np.arange(8) * 0.1
    shots = pd.DataFrame({
        "month": 9, "is_chain": False, "uid": np.arange(16), "tool": ["custom"] * 8 + ["generic"] * 8,
        "offering_0": np.concatenate([far, near]), "offering_1": 0.0,
    })  # fmt: skip
    run = Finished(replace(ran().results(), snapshots=shots, scale=1.0))
    ratio = MOMENTS["diversity_growth_ratio"](run)
    slope = 1.0 / ratio
    assert 0.0 < slope < 0.1
    few = replace(ran().results(), snapshots=shots[1:], scale=1.0)
    assert math.isnan(MOMENTS["diversity_growth_ratio"](Finished(few)))


def test_priors_are_parameters_at_the_price_of_the_run() -> None:
    run = Finished.of(ran())
    price = run.mean("mean_price")
    assert MOMENTS["local_premium"](run) == pytest.approx(0.75 / price)
    assert MOMENTS["handmade_premium"](run) == pytest.approx(1.0 / price)
    assert MOMENTS["personalization_premium"](run) == pytest.approx(2.0 / price)
    assert MOMENTS["tool_spend"](run) == 200.0
    assert MOMENTS["bass_q"](run) == pytest.approx(12 * ran().parameters.tools.heard_from_peers)
    draws = np.random.default_rng(1).normal(0.0, 0.4, 400_000)
    assert MOMENTS["quality_lift"](run) * price == pytest.approx(np.maximum(0.5 - draws, 0.0).mean(), abs=0.005)


# --- the market at the end --------------------------------------------------------------------------------------------


def test_shares_are_those_of_the_market() -> None:
    """Summed over all consumers they are the kernel's expected sales; each consumer's sum to what is bought."""
    market = ran().market
    pairs = pairs_of(market)
    sales = market.streets.weight * pairs.shares().sum()
    assert sales == pytest.approx(market.firms.expected_sales[market.traded].sum(), rel=1e-10)
    assert pairs.bought(pairs.attraction) == pytest.approx(pairs.shares().sum() / market.consumers.rows, rel=1e-12)


def test_ways_explain_what_distance_costs() -> None:
    """Taken nearer by removing τ ln(1 + d), a pair's attraction no longer depends on the town it is in."""
    market = ran().market
    pairs = pairs_of(market)
    cheap = copy(market)
    cheap.appeal = market.appeal._replace(travel=np.zeros_like(market.appeal.travel))
    free = pairs_of(cheap)
    np.testing.assert_allclose(
        pairs.attraction * (1.0 + pairs.minutes) ** (pairs.travel / pairs.noise), free.attraction, rtol=1e-9
    )


def test_category_elasticity_is_that_of_dearer_shops() -> None:
    market = ran().market
    pairs = pairs_of(market)
    dearer = copy(market)
    dearer.appeal = market.appeal._replace(price=1.01 * market.appeal.price)
    other = pairs_of(dearer)
    change = math.log(other.bought(other.attraction) / pairs.bought(pairs.attraction)) / math.log(1.01)
    assert category_price_elasticity(pairs) == pytest.approx(change, rel=1e-9)
    assert -5.0 < change < 0.0


def some_pairs(n: int, ways: np.ndarray, tau: float, mu: float, outside: float = 1.0) -> Pairs:
    """Return n consumers with random shops in reach, at the given ways (n, k)."""
    k = ways.shape[1]
    value = np.random.default_rng(3).normal(4.0, 1.0, (n, k)) - tau / mu * np.log1p(ways)
    return Pairs(
        consumer=np.repeat(np.arange(n), k), attraction=np.exp(value).ravel(), outside=np.full(n, outside),
        alpha=np.ones(n), price=np.full(n * k, 10.0), travel=np.full(n * k, tau), minutes=ways.ravel(), noise=mu,
    )  # fmt: skip


@pytest.mark.parametrize("outside", [1.0, 0.0])
def test_distance_elasticity_of_long_ways_is_tau_over_mu(outside: float) -> None:
    ways = np.random.default_rng(2).uniform(2e4, 9e4, (300, 5))
    pairs = some_pairs(300, ways, tau=2.52, mu=1.8, outside=outside)
    assert distance_elasticity(pairs) == pytest.approx(-1.4, abs=1e-3)


def test_distance_elasticity_maximizes_the_likelihood() -> None:
    ways = np.random.default_rng(2).uniform(1.0, 60.0, (200, 4))
    pairs = some_pairs(200, ways, tau=2.52, mu=1.8)
    share = pairs.shares()
    apart = np.log(pairs.attraction) + 1.4 * np.log1p(pairs.minutes)
    nothing = pairs.outside / pairs.totals(pairs.attraction)

    def loss(b: np.ndarray) -> float:
        value = apart + b[0] + b[1] * np.log(pairs.minutes)
        total = np.log(pairs.totals(np.exp(value)))
        return float(-(share * (value - total[pairs.consumer])).sum() + (nothing * total).sum())

    found = minimize(loss, [0.0, -1.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12})
    assert distance_elasticity(pairs) == pytest.approx(found.x[1], abs=1e-5)


def test_elasticities_where_nothing_can_be_told() -> None:
    same = some_pairs(10, np.full((10, 3), 5.0), 2.0, 1.0)
    assert math.isnan(distance_elasticity(same))
    nobody = same._replace(attraction=np.zeros(30))
    assert math.isnan(category_price_elasticity(nobody))
    assert math.isnan(loss_by_disclosure(nobody, 1.0))


def test_loss_by_disclosure_of_a_monopolist() -> None:
    """One consumer, one shop at even odds: worth e^−1 less, the odds are 1 : e."""
    pair = Pairs(np.array([0]), np.ones(1), np.ones(1), np.ones(1), np.ones(1), np.ones(1), np.ones(1), 2.0)
    odds = math.exp(-1.0)
    assert loss_by_disclosure(pair, 2.0) == pytest.approx(odds / (1 + odds) / 0.5 - 1.0)
    assert loss_by_disclosure(pair, 0.0) == 0.0


def test_cash_of_a_month_lasts_a_month() -> None:
    market = copy(ran().market)
    firms = market.firms = copy(market.firms)
    rows = market.traded & firms.independent
    fee = np.array([0.0, 200.0, 350.0, 600.0])[firms.tool]
    saved = firms.cash.copy()
    try:
        firms.cash[:] = np.where(rows, firms.unit_cost * firms.sales + firms.fixed_cost_paid + fee, 1e9)
        run = Finished(ran().results(), market)
        assert MOMENTS["cash_buffer"](run) == pytest.approx(DAYS_A_MONTH)
    finally:
        firms.cash[:] = saved


def test_processes_half_as_far_apart() -> None:
    market = ran().market
    firms = market.firms
    kept = {name: getattr(firms, name).copy() for name in ("tool", "contact", "contact_months", "process", "vendor")}
    try:
        firms.tool[:], firms.contact[:], firms.contact_months[:] = 1, 0.8, 30.0
        firms.process[:] = 0.5 * firms.identity
        firms.vendor[:] = np.where(np.arange(firms.rows) % 4 == 0, 1, 0)
        run = Finished(ran().results(), market)
        assert MOMENTS["process_similarity"](run) == pytest.approx(0.5)
        clients = firms.vendor[firms.independent]
        assert MOMENTS["vendor_top_share"](run) == pytest.approx(max((clients == 0).mean(), (clients == 1).mean()))
        firms.contact_months[:] = 23.0
        assert math.isnan(MOMENTS["process_similarity"](run))
    finally:
        for name, values in kept.items():
            getattr(firms, name)[:] = values


# --- all of them ------------------------------------------------------------------------------------------------------


def test_looking_changes_nothing() -> None:
    model = MarketModel(Scenario.read("baseline-with-chains").override(TINY), seed=5, threads=1).run()
    before = state_hash(model.market), model.results().results_hash()
    found = measure(model, MOMENTS)
    assert list(found) == list(MOMENTS)
    assert all(isinstance(value, float) for value in found.values())
    assert (state_hash(model.market), model.results().results_hash()) == before
    assert measure(model, MOMENTS) == pytest.approx(found, rel=0, abs=0, nan_ok=True)


def test_moments_ask_for_metrics_that_there_are(monkeypatch) -> None:
    """Names of columns are texts; a metric that is renamed must not turn a moment into NaN."""
    asked: set[str] = set()
    column = Finished.column

    def listening(run: Finished, metric: str, *months: int) -> np.ndarray:
        asked.add(metric)
        return column(run, metric, *months)

    monkeypatch.setattr(Finished, "column", listening)
    measure(ran("baseline-with-chains"), MOMENTS)
    assert asked <= METRICS.keys()
    assert len(asked) >= 10


def test_survival_is_that_of_the_summary() -> None:
    """One definition of entrants: a moment and the summary's metric of the same name are one number."""
    run = Finished(ran(**{"calendar.months": 40, "finance.retirement": 0.02}).results())
    shared = {
        "survival_1y",
        "survival_2y",
        "survival_3y",
        "survival_5y",
        "survival_10y",
        "median_life",
        "weibull_shape",
    }
    assert shared <= RUN_METRICS.keys()
    for name in sorted(shared):
        assert MOMENTS[name](run) == pytest.approx(run.results.summary[name], nan_ok=True)
    assert 0.0 < MOMENTS["survival_1y"](run) < 1.0


def test_an_emptied_market_defines_no_market_moment() -> None:
    doom = {"finance.retirement": 1.0, "finance.entry_rate": 0.0}
    found = measure(ran("baseline", **doom), MOMENTS)
    for name in (
        "own_price_elasticity",
        "category_price_elasticity",
        "distance_elasticity",
        "cash_buffer",
        "roi12_positive",
    ):
        assert math.isnan(found[name])


def test_results_alone_say_what_they_cannot() -> None:
    run = Finished(ran().results())
    assert math.isfinite(MOMENTS["net_margin"](run))
    with pytest.raises(HomogsimError, match="read off the market at the end"):
        MOMENTS["distance_elasticity"](run)


def test_unknown_moment() -> None:
    with pytest.raises(HomogsimError, match="no moment 'exit_rat'") as caught:
        measure(ran(), ["exit_rat"])
    assert "exit_rate" in caught.value.help


def test_fitted_targets_are_of_settled_presets() -> None:
    """A moment is told of the run that its target names, so names must be those of shipped presets."""
    assert {t.preset for t in targets().targets if t.expressed} == {
        "before-automation", "baseline", "baseline-with-chains", "chatbot-everywhere",
    }  # fmt: skip
