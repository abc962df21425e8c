"""The table of metrics: complete, and every line against plain loops over a month made by hand."""

from __future__ import annotations

import math
from statistics import median

import numpy as np
import pytest
from observations import SECTORS, TOWNS, observation

from homogsim.metrics.listed.tables import TABLED
from homogsim.metrics.observation import Observation, People, field_names, from_fields, to_fields
from homogsim.metrics.table import (
    ALL_TIMELINE,
    ERRORS,
    METRICS,
    OTHER_SCALES,
    RUN_METRICS,
    columns,
    listing,
    row,
    town_rows,
)

PUBLIC = [
    "n_firms", "entries", "exits", "adoption_share", "adoption_generic", "adoption_industry", "adoption_custom",
    "contact_intensity", "mean_price", "mean_markup", "net_margin", "own_price_elasticity", "price_dispersion",
    "outside_share", "sales_hhi", "diversity_gamma", "diversity_alpha", "diversity_beta", "diversity_gamma_supply",
    "diversity_alpha_supply", "diversity_beta_supply", "process_diversity_gamma", "mean_pairwise_distance",
    "functional_dispersion", "decoupling_index", "mean_personalization", "mean_quality", "consumer_surplus",
    "smb_profit", "roi12_positive_share",
]  # fmt: skip


def ordinariness(points: np.ndarray, shares: np.ndarray, scale: float, here: np.ndarray | None = None) -> list[float]:
    """Return Σ_k e^{−‖x_j − x_k‖/ℓ} p_k over all points, or over some of them only, for every j."""
    among = range(len(points)) if here is None else np.flatnonzero(here)
    return [sum(math.exp(-math.dist(a, points[k]) / scale) * shares[k] for k in among) for a in points]


def diversity(points: np.ndarray, shares: np.ndarray, scale: float, q: float = 1.0) -> float:
    alike = ordinariness(points, shares, scale)
    if q == 1:
        return math.exp(-sum(p * math.log(z) for p, z in zip(shares, alike, strict=True)))
    return sum(p * z ** (q - 1) for p, z in zip(shares, alike, strict=True)) ** (1 / (1 - q))


def parts(points: np.ndarray, shares: np.ndarray, groups: np.ndarray, scale: float, q: float) -> tuple[float, float]:
    """Return Ā and B̄ after Reeve et al. (2016), tables 1 and 2."""
    market = ordinariness(points, shares, scale)
    alpha, beta = [], []
    for g in np.unique(groups):
        here = groups == g
        w = shares[here].sum()
        own = np.array(ordinariness(points, shares, scale, here))[here] / w
        p, everywhere = shares[here] / w, np.array(market)[here]
        if q == 1:
            a, rho = math.exp(-(p * np.log(own)).sum()), math.exp((p * np.log(everywhere / own)).sum())
        else:
            a = (p * own ** (q - 1)).sum() ** (1 / (1 - q))
            rho = (p * (everywhere / own) ** (1 - q)).sum() ** (1 / (1 - q))
        alpha.append((w, a))
        beta.append((w, 1 / rho))

    def mean(pairs: list[tuple[float, float]]) -> float:
        if q == 1:
            return math.exp(sum(w * math.log(v) for w, v in pairs))
        return sum(w * v ** (1 - q) for w, v in pairs) ** (1 / (1 - q))

    return mean(alpha), mean(beta)


def mean_distance(points: np.ndarray) -> float:
    pairs = [(a, b) for i, a in enumerate(points) for b in points[:i]]
    return sum(math.dist(a, b) for a, b in pairs) / len(pairs)


def diversities(m: Observation) -> dict[str, float]:
    """Return every line about diversity."""
    views = {"": m.sales / m.sales.sum(), "_supply": np.full(m.n, 1 / m.n)}
    found: dict[str, float] = {}
    for view, shares in views.items():
        for name, q in (("", 1.0), ("_q0", 0.0), ("_q2", 2.0)):
            found[f"diversity_gamma{name}{view}"] = diversity(m.offering, shares, m.scale, q)
            a, b = parts(m.offering, shares, m.town, m.scale, q)
            found |= {f"diversity_alpha{name}{view}": a, f"diversity_beta{name}{view}": b}
        a, b = parts(m.offering, shares, m.sector, m.scale, 1.0)
        found |= {f"diversity_sector_alpha{view}": a, f"diversity_sector_beta{view}": b}
    s, gamma = views[""], found["diversity_gamma"]
    process = diversity(m.process, s, m.scale)
    subsamples = [np.argsort(m.draws[:, r])[: m.rarefied_size] for r in range(m.draws.shape[1])]
    six = np.full(m.rarefied_size, 1 / m.rarefied_size)
    thirty = np.full(30, 1 / 30)
    centre = (s[:, None] * m.offering).sum(axis=0)
    return found | {
        "diversity_lost": 1 - (gamma - 1) / (2.4 - 1),
        "diversity_rarefied": sum(diversity(m.offering[rows], six, m.scale) for rows in subsamples) / len(subsamples),
        "diversity_served": diversity(m.people.served, thirty, m.scale),
        "diversity_visited": diversity(m.people.windows, m.people.window_visits / 30, m.scale),
        "hill_q0": m.n,
        "hill_q1": math.exp(-sum(p * math.log(p) for p in s)),
        "hill_q2": 1 / sum(p * p for p in s),
        "process_diversity_gamma": process,
        "mean_pairwise_distance": mean_distance(m.offering),
        "process_distance": mean_distance(m.process),
        "functional_dispersion": sum(p * math.dist(x, centre) for p, x in zip(s, m.offering, strict=True)),
        "decoupling_index": 1 - (1 - gamma / 2.4) / (1 - process / 2.5),
    }


def by_cell(m: Observation) -> list[np.ndarray]:
    return [rows for c in range(m.cells) if (rows := np.flatnonzero(m.cell == c)).size]


def firms(m: Observation) -> dict[str, float]:
    """Return every line about businesses."""
    Q = m.sales.sum()
    cells = by_cell(m)
    deviations = [(np.log(m.price[rows]) - np.log(m.price[rows]).mean()) for rows in cells]
    plain = [j for j in range(m.n) if m.tool[j] == 1 and m.contact[j] > 0]
    premium, equity, weight = [], [], []
    for j in range(m.n):
        there = [k for k in plain if m.town[k] == m.town[j]]
        if there and j not in plain:
            reference = sum(m.price[k] * m.sales[k] for k in there) / sum(m.sales[k] for k in there)
            premium.append(m.price[j] - reference)
            weight.append(m.sales[j])
            equity.append(m.price[j] * m.sales[j] - sum(m.price[k] * m.sales[k] for k in there) / len(there))
    far = []
    for rows in cells:
        centre = m.offering[rows].mean(axis=0)
        order = sorted(rows, key=lambda j: math.dist(m.offering[j], centre), reverse=True)
        far += [m.sales[j] * len(rows) / m.sales[rows].sum() - 1 for j in order[: len(rows) // 2]]
    labour = sum(
        2 / 3 * F + max(0.0, 0.2 * c0 - (c0 - c)) * q
        for F, c0, c, q in zip(m.fixed_cost, m.base_cost, m.unit_cost, m.sales, strict=True)
    )
    return {
        "n_firms": m.n,
        "entries": 2,
        "exits": 1,
        "mean_price": (m.price * m.sales).sum() / Q,
        "mean_unit_cost": (m.unit_cost * m.sales).sum() / Q,
        "mean_markup": ((m.price - m.unit_cost) * m.sales).sum() / Q,
        "net_margin": m.profit.sum() / (m.price * m.sales).sum(),
        "labour_cost_share": labour / (m.price * m.sales).sum(),
        "own_price_elasticity": np.mean(
            [-p * b / (1.8 * q) for p, b, q in zip(m.price, m.slope, m.sales, strict=True)]
        ),
        "price_dispersion": math.sqrt(sum((d**2).sum() for d in deviations) / (m.n - len(cells))),
        "outside_share": 1 - (Q + 4000) / m.occasions,
        "sales_hhi": np.mean([((m.sales[rows] / m.sales[rows].sum()) ** 2).sum() for rows in cells]),
        "mean_personalization": (m.personalization * m.sales).sum() / Q,
        "mean_quality": (m.quality * m.sales).sum() / Q,
        "smb_sales_share": Q / (Q + 4000),
        "independent_outlet_share": m.n / (m.n + 3),
        "chain_outlets": 3,
        "realized_premium": np.average(premium, weights=weight),
        "brand_equity": np.mean(equity),
        "market_share_premium": np.mean(far),
    }


def others(m: Observation) -> dict[str, float]:
    """Return every line about tools, people and welfare."""
    users = m.tool > 0
    margin = ((m.price - m.unit_cost) * m.sales).sum() / 9000
    return {
        "adoption_share": users.mean(),
        "adoption_generic": (m.tool == 1).mean(),
        "adoption_industry": (m.tool == 2).mean(),
        "adoption_custom": (m.tool == 3).mean(),
        "contact_intensity": m.contact.mean(),
        "mean_implementation": m.implementation[users].mean(),
        "mean_data": m.data[users].mean(),
        "reinvestment": 700,
        # Three markets of 5, 5 and 2 clients: 17/25, 13/25 and 1.
        "vendor_hhi": (5 * 17 / 25 + 5 * 13 / 25 + 2) / 12,
        "vendor_top_share": 4 / 12,
        "roi12_positive_share": 2 / 4,
        "roi12_median": median([-1.0, 0.5, 0.2, -0.3]),
        "roi36_positive_share": 2 / 3,
        "roi36_median": 0.7,
        "payback_month": 20,
        "innovation_velocity": 0.11,
        "mean_satisfaction": (m.satisfaction * m.sales).sum() / m.sales.sum(),
        "net_promoter_score": 31,
        "customer_retention": 0.8,
        "cltv": margin * 1.008 / (1.008 - 0.8),
        "repeat_revenue_share": 0.6,
        "repeat_12m": 0.4,
        "experienced_richness": 2.1,
        "differentiation_premium": 1.5,
        "served_badly_share": 0.2,
        "personalization_gap": 0.3,
        "consumer_surplus": 1e5,
        **{f"consumer_surplus_quartile_{k}": 1e4 * (5 - k) for k in (1, 2, 3, 4)},
        "smb_profit": m.profit.sum(),
        "chain_profit": 2500,
        "vendor_profit": 3000,
        "landlord_rent": 50_000,
        "setup_cost": 6000,
        "public_money": 900,
        "public_money_so_far": 5000,
        "total_welfare": 1e5 + m.profit.sum() + 2500 + 3000 + 50_000 - 6000 - 900,
    }


def test_every_metric_against_plain_loops() -> None:
    month = observation(seed=4)
    expected = diversities(month) | firms(month) | others(month)
    assert expected.keys() == METRICS.keys()
    assert row(month) == pytest.approx({"month": 35} | expected, rel=1e-10)


def test_other_scales_against_plain_loops() -> None:
    month = observation(seed=5)
    found = row(month, OTHER_SCALES)
    shares = month.sales / month.sales.sum()
    for name, scale in (("half", 0.85), ("double", 3.4)):
        a, b = parts(month.offering, shares, month.town, scale, 1.0)
        expected = (diversity(month.offering, shares, scale), a, b)
        assert [found[f"diversity_{which}_{name}_scale"] for which in ("gamma", "alpha", "beta")] == pytest.approx(
            expected
        )


def test_a_year_is_told_once() -> None:
    found = row(observation(yearly=False, draws=np.empty((0, 5))))
    told = {name for name, value in found.items() if not math.isnan(value)}
    assert told == {"month"} | {name for name, metric in METRICS.items() if metric.every == 1}


def test_losses_are_not_told_before_automation() -> None:
    found = row(observation(month=-3))
    assert math.isnan(found["diversity_lost"])
    assert math.isnan(found["decoupling_index"])


def test_an_empty_market_is_undefined_not_zero() -> None:
    empty = observation(
        n=0, sample=np.empty(0, dtype=np.int64), draws=np.empty((0, 5)), chain_outlets=0, chain_sales=0.0,
        chain_expected_sales=0.0, people=People(0.0, np.zeros(4), customers=0.0),
    )  # fmt: skip
    found = row(empty)
    zero = {"n_firms", "smb_profit", "chain_outlets"} | {
        name for name in METRICS if name.startswith("consumer_surplus")
    }
    assert {name for name, value in found.items() if value == 0} == zero
    known = {name for name, value in found.items() if not math.isnan(value)}
    assert not known & {name for name in METRICS if name.startswith(("diversity_gamma", "mean_", "adoption", "hill"))}


def test_nothing_is_known_without_a_scale() -> None:
    found = row(observation(scale=math.nan))
    assert all(math.isnan(found[name]) for name in METRICS if name.startswith(("diversity", "process_div")))
    assert found["mean_pairwise_distance"] > 0


def test_public_names_stay() -> None:
    assert set(PUBLIC) <= set(METRICS)


def test_lines_are_complete() -> None:
    lines = listing()
    names = [line.name for line in lines]
    assert len(names) == len(set(names))
    assert len(names) == sum(map(len, (METRICS, ERRORS, OTHER_SCALES, RUN_METRICS, TABLED)))
    for line in lines:
        assert line.unit, line.name
        assert line.meaning, line.name
        assert line.where.startswith(("timeline", "summary", "towns.parquet", "results.", "compare"))
        low, high = line.range
        assert low < high
    assert all(metric.every in (1, 12) for metric in ALL_TIMELINE.values())
    assert all(name == metric.name for name, metric in ALL_TIMELINE.items())


def test_columns_depend_on_the_size_of_the_market() -> None:
    assert list(columns(384, False)) == list(METRICS)
    assert list(columns(5001, True)) == [*METRICS, *ERRORS, *OTHER_SCALES]


def test_large_markets_are_sampled_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    month = observation(seed=6, n=400)
    exact = row(month)
    month.forget()
    monkeypatch.setattr("homogsim.metrics.observation.EXACT_OUTLETS", 100)
    monkeypatch.setattr("homogsim.metrics.observation.SAMPLED_OUTLETS", 150)
    found = row(month, columns(10_000, False))
    for name in ERRORS:
        metric = name.removesuffix("_se")
        assert 0 < found[name] < 0.2 * exact[metric], name
        assert abs(found[metric] - exact[metric]) < 4 * found[name], name
    assert found["functional_dispersion"] == exact["functional_dispersion"]
    assert np.isnan(month.by_sales.alpha_bar).all()
    assert month.by_sales.alpha_bar.size == TOWNS


def test_small_markets_have_no_error() -> None:
    found = row(observation(), ERRORS)
    assert {value for name, value in found.items() if name != "month"} == {0.0}


def test_an_observation_comes_apart_and_together() -> None:
    month = observation(seed=7)
    flat = to_fields(month)
    assert list(flat) == field_names()
    assert all(isinstance(value, bool | int | float | np.ndarray) for value in flat.values())
    again = from_fields(flat)
    assert row(again) == pytest.approx(row(month), rel=0, nan_ok=True)
    assert int(again.sector.max()) + 1 == SECTORS


def test_tables_that_are_listed_can_be_had() -> None:
    import homogsim.results as results

    functions = [line.where.removeprefix("results.") for line in TABLED if line.where.startswith("results.")]
    assert len(functions) == 5
    assert all(callable(getattr(results, name)) for name in functions)
    columns_ = town_rows(observation(), *(np.zeros(TOWNS, dtype=np.int64),) * 2, np.zeros((TOWNS, 2)))
    for line in TABLED:
        if line.where == "towns.parquet":
            assert line.name.removeprefix("town_") in columns_
