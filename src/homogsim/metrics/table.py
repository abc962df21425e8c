"""The one table of metrics: a metric is one function and one line here.

From its line come its column in the timeline, its row in summaries, its entry in the documentation and its contract
test.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from homogsim.metrics.averages import weighted_mean, within_cell_dispersion
from homogsim.metrics.concentration import mean_cell_hhi
from homogsim.metrics.diversity import decoupling_index
from homogsim.metrics.observation import EXACT_OUTLETS, Observation
from homogsim.metrics.returns import positive_share
from homogsim.metrics.similarity import functional_dispersion, mean_pairwise_distance

REEVE = "Reeve et al. 2016; Leinster & Cobbold 2012"


class Metric(NamedTuple):
    """A metric of the timeline."""

    name: str
    symbol: str
    unit: str
    range: tuple[float, float]
    meaning: str
    reference: str
    compute: Callable[[Observation], float]


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator > 0.0 else np.nan


def _share(month: Observation, tool: int) -> float:
    return _ratio(float((month.tool == tool).sum()), month.n)


def _mean(values: np.ndarray, month: Observation) -> float:
    return weighted_mean(values, month.sales) if month.n and month.sales.sum() > 0.0 else np.nan


def _elasticity(month: Observation) -> float:
    trading = (month.expected_sales > 0.0) & (month.slope > 0.0)
    if not trading.any():
        return np.nan
    price, slope, sales = month.price[trading], month.slope[trading], month.expected_sales[trading]
    return float(np.mean(-price * slope / (month.choice_noise * sales)))


def _mean_distance(month: Observation) -> float:
    if month.n < 2:
        return np.nan
    if month.n > EXACT_OUTLETS:
        return mean_pairwise_distance(month.offering[month.sample[:2000]])
    return mean_pairwise_distance(month.offering, distances=month.distances)


def _dispersion(month: Observation) -> float:
    return functional_dispersion(month.offering, month.sales_shares) if month.n and month.sales.sum() > 0.0 else np.nan


def _decoupling(month: Observation) -> float:
    if month.month < 0:
        return np.nan
    return decoupling_index(
        month.by_sales.gamma, month.offering_diversity_0, month.process_gamma, month.process_diversity_0
    )


_ANY = (-np.inf, np.inf)
_POSITIVE = (0.0, np.inf)
_SHARE = (0.0, 1.0)
_DIVERSITY = (1.0, np.inf)

METRICS = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            Metric("n_firms", "n", "firms", _POSITIVE, "firms that traded", "", lambda m: float(m.n)),
            Metric("entries", "", "firms/month", _POSITIVE, "firms that opened", "", lambda m: float(m.entries)),
            Metric("exits", "", "firms/month", _POSITIVE, "firms that closed", "", lambda m: float(m.exits)),
            Metric("adoption_share", "", "share", _SHARE, "firms with a tool", "", lambda m: _ratio(float((m.tool > 0).sum()), m.n)),
            Metric("adoption_generic", "", "share", _SHARE, "firms with a generic tool", "", lambda m: _share(m, 1)),
            Metric("adoption_industry", "", "share", _SHARE, "firms with an industry tool", "", lambda m: _share(m, 2)),
            Metric("adoption_custom", "", "share", _SHARE, "firms with a customized tool", "", lambda m: _share(m, 3)),
            Metric("contact_intensity", "a_F", "share", _SHARE, "mean intensity of automated contact", "", lambda m: weighted_mean(m.contact) if m.n else np.nan),
            Metric("mean_price", "p", "$", _POSITIVE, "sales-weighted price", "", lambda m: _mean(m.price, m)),
            Metric("mean_markup", "p − c", "$", _ANY, "sales-weighted markup over unit cost", "", lambda m: _mean(m.price - m.unit_cost, m)),
            Metric("net_margin", "", "share of revenue", (-np.inf, 1.0), "profit over revenue, all firms", "", lambda m: _ratio(float(m.profit.sum()), float((m.price * m.sales).sum()))),
            Metric("own_price_elasticity", "", "-", (-np.inf, 0.0), "mean own price elasticity, −p·Bα/(μS)", "", _elasticity),
            Metric("price_dispersion", "", "sd of log", _POSITIVE, "standard deviation of ln p within cells", "Kaplan & Menzio 2015", lambda m: within_cell_dispersion(m.price, m.cell, m.cells) if m.n else np.nan),
            Metric("outside_share", "", "share", _SHARE, "occasions on which nothing is bought", "", lambda m: 1.0 - _ratio(float(m.expected_sales.sum()) + m.chain_expected_sales, m.occasions)),
            Metric("sales_hhi", "", "-", _SHARE, "mean over cells of Σs², s sales shares in the cell", "Herfindahl 1950", lambda m: mean_cell_hhi(m.sales, m.cell, m.cells) if m.n else np.nan),
            Metric("diversity_gamma", "γ", "offerings", _DIVERSITY, "effective number of distinct offerings, by sales", REEVE, lambda m: m.by_sales.gamma),
            Metric("diversity_alpha", "Ā", "offerings", _DIVERSITY, "effective number within towns (normalized), by sales", REEVE, lambda m: m.by_sales.alpha),
            Metric("diversity_beta", "B̄", "towns", _DIVERSITY, "effective number of distinct towns (normalized), by sales", REEVE, lambda m: m.by_sales.beta),
            Metric("diversity_gamma_supply", "γ", "offerings", _DIVERSITY, "as diversity_gamma, each outlet counting 1", REEVE, lambda m: m.by_supply.gamma),
            Metric("diversity_alpha_supply", "Ā", "offerings", _DIVERSITY, "as diversity_alpha, each outlet counting 1", REEVE, lambda m: m.by_supply.alpha),
            Metric("diversity_beta_supply", "B̄", "towns", _DIVERSITY, "as diversity_beta, each outlet counting 1", REEVE, lambda m: m.by_supply.beta),
            Metric("process_diversity_gamma", "γ", "processes", _DIVERSITY, "effective number of distinct ways of working, by sales", REEVE, lambda m: m.process_gamma),
            Metric("mean_pairwise_distance", "", "taste sd", _POSITIVE, "mean distance between two outlets' offerings", "", _mean_distance),
            Metric("functional_dispersion", "", "taste sd", _POSITIVE, "sales-weighted distance to the mean offering", "Laliberté & Legendre 2010", _dispersion),
            Metric("decoupling_index", "", "-", (-np.inf, 1.0), "1 − loss of offering diversity / loss of process diversity", "", _decoupling),
            Metric("mean_personalization", "P", "-", _SHARE, "sales-weighted personalization", "", lambda m: _mean(m.personalization, m)),
            Metric("mean_quality", "q^e", "$", _ANY, "sales-weighted quality with tools", "", lambda m: _mean(m.quality, m)),
            Metric("consumer_surplus", "CS", "$/month", _POSITIVE, "ΣW(μ/α)ln(1 + Σe^{V/μ})", "Small & Rosen 1981", lambda m: m.consumer_surplus),
            Metric("smb_profit", "π", "$/month", _ANY, "profit of all firms", "", lambda m: float(m.profit.sum())),
            Metric("smb_sales_share", "", "share", _SHARE, "small businesses' share of sales, chains the rest", "", lambda m: _ratio(float(m.sales.sum()), float(m.sales.sum()) + m.chain_sales)),
            Metric("independent_outlet_share", "", "share", _SHARE, "small businesses among all outlets", "", lambda m: _ratio(m.n, m.n + m.chain_outlets)),
            Metric("chain_outlets", "", "outlets", _POSITIVE, "outlets of chains", "", lambda m: float(m.chain_outlets)),
            Metric("chain_profit", "", "$/month", _ANY, "profit of all chains", "", lambda m: m.chain_profit),
            Metric("public_money", "", "$/month", _POSITIVE, "subsidies, grants and vouchers that the public pays", "", lambda m: m.public_money),
            Metric("public_money_so_far", "", "$", _POSITIVE, "public money since the first recorded month", "", lambda m: m.public_money_so_far),
            Metric("roi12_positive_share", "", "share", _SHARE, "adopters so far whose first year paid", "", lambda m: positive_share(m.returns) if m.returns.size else np.nan),
        )
    }
)  # fmt: skip
"""Every metric of the timeline by its name, in the order of its columns."""


def row(month: Observation) -> dict[str, float]:
    """Return a row of the timeline: every metric of a month; undefined ones are NaN."""
    return {"month": month.month, **{name: float(metric.compute(month)) for name, metric in METRICS.items()}}


def town_rows(month: Observation, entries: np.ndarray, exits: np.ndarray, places: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of one month of the table of towns (entries and exits by town are counted elsewhere)."""
    count = np.bincount(month.town, minlength=month.towns).astype(np.float64)
    sales = np.bincount(month.town, month.sales, minlength=month.towns)
    adopters = np.bincount(month.town, (month.tool > 0).astype(np.float64), minlength=month.towns)
    revenue = np.bincount(month.town, month.sales * month.price, minlength=month.towns)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "month": np.full(month.towns, month.month),
            "town": np.arange(month.towns),
            "n_firms": count.astype(np.int64),
            "entries": entries,
            "exits": exits,
            "adoption_share": np.where(count > 0, adopters / count, np.nan),
            "diversity_alpha": month.by_sales.alpha_bar,
            "diversity_beta": month.by_sales.beta_bar,
            "representativeness": month.by_sales.rho_bar,
            "mean_price": np.where(sales > 0, revenue / sales, np.nan),
            "sales": sales,
            "x": places[:, 0],
            "y": places[:, 1],
        }
