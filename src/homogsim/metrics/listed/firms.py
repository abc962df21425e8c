"""Metrics of the businesses: how many, at what prices, costs and quality, and who has the market."""

from __future__ import annotations

import numpy as np

from homogsim.metrics.accounting import labour_cost
from homogsim.metrics.averages import group_means, within_cell_dispersion
from homogsim.metrics.concentration import mean_cell_hhi
from homogsim.metrics.differentiation import brand_equity, market_share_premium, more_different_half
from homogsim.metrics.metric import ANY, AT_MOST_1, POSITIVE, SHARE, Metric, by_sales, mean, ratio
from homogsim.metrics.observation import Observation
from homogsim.metrics.returns import labour_cost_share


def _revenue(month: Observation) -> float:
    return float((month.price * month.sales).sum())


def _elasticity(month: Observation) -> float:
    trading = (month.expected_sales > 0.0) & (month.slope > 0.0)
    price, slope, sales = month.price[trading], month.slope[trading], month.expected_sales[trading]
    return mean(-price * slope / (month.choice_noise * sales))


def _labour(month: Observation) -> float:
    cost = labour_cost(month.fixed_cost, month.base_cost, month.unit_cost, month.sales)
    return labour_cost_share(cost, month.price * month.sales)


def is_standardized(month: Observation) -> np.ndarray:
    """Return which businesses have a generic tool in contact with customers, so that little about them is local."""
    return np.asarray((month.tool == 1) & (month.contact > 0.0))


def _brand_equity(month: Observation) -> float:
    plain = is_standardized(month)
    equity = brand_equity(month.price * month.sales, plain, month.town, month.towns)
    return mean(equity[~plain & ~np.isnan(equity)])


def _realized_premium(month: Observation) -> float:
    plain = is_standardized(month)
    # What the town's standardized businesses are paid on average, each sale counting the same.
    reference = group_means(month.price, month.town, month.towns, np.where(plain, month.sales, 0.0))
    return by_sales(np.where(plain, np.nan, month.price - reference[month.town]), month)


def _share_premium(month: Observation) -> float:
    premium = market_share_premium(month.sales, month.cell, month.cells)
    different = more_different_half(month.offering, month.cell, month.cells)
    return mean(premium[different & ~np.isnan(premium)])


# fmt: off
FIRMS = (
    Metric("n_firms", "n", "firms", POSITIVE, "small businesses that traded", "", lambda m: float(m.n)),
    Metric("entries", "", "firms/month", POSITIVE, "small businesses that opened", "", lambda m: float(m.entries)),
    Metric("exits", "", "firms/month", POSITIVE, "businesses that closed", "", lambda m: float(m.exits)),
    Metric("mean_price", "p", "$", POSITIVE, "sales-weighted price", "", lambda m: by_sales(m.price, m)),
    Metric("mean_unit_cost", "c", "$", POSITIVE, "sales-weighted unit cost", "", lambda m: by_sales(m.unit_cost, m)),
    Metric("mean_markup", "p − c", "$", ANY, "sales-weighted markup over unit cost", "", lambda m: by_sales(m.price - m.unit_cost, m)),
    Metric("net_margin", "", "share of revenue", AT_MOST_1, "profit over revenue, all small businesses", "", lambda m: ratio(float(m.profit.sum()), _revenue(m))),
    Metric("labour_cost_share", "", "share of revenue", POSITIVE, "labour cost over revenue, by fixed shares of costs (see metrics.accounting); morale and wages are out of scope", "", _labour),
    Metric("own_price_elasticity", "", "-", (-np.inf, 0.0), "mean own price elasticity, −p·Bα/(μS)", "", _elasticity),
    Metric("price_dispersion", "", "sd of log", POSITIVE, "standard deviation of ln p within cells", "Kaplan & Menzio 2015", lambda m: within_cell_dispersion(m.price, m.cell, m.cells)),
    Metric("outside_share", "", "share", SHARE, "occasions on which nothing is bought", "", lambda m: 1.0 - ratio(float(m.expected_sales.sum()) + m.chain_expected_sales, m.occasions)),
    Metric("sales_hhi", "", "-", SHARE, "mean over cells of Σs², s sales shares in the cell", "Herfindahl 1950", lambda m: mean_cell_hhi(m.sales, m.cell, m.cells)),
    Metric("mean_personalization", "P", "-", SHARE, "sales-weighted personalization", "", lambda m: by_sales(m.personalization, m)),
    Metric("mean_quality", "q^e", "$", ANY, "sales-weighted quality with tools", "", lambda m: by_sales(m.quality, m)),
    Metric("smb_sales_share", "", "share", SHARE, "small businesses' share of sales, chains the rest", "", lambda m: ratio(float(m.sales.sum()), float(m.sales.sum()) + m.chain_sales)),
    Metric("independent_outlet_share", "", "share", SHARE, "small businesses among all outlets", "", lambda m: ratio(m.n, m.n + m.chain_outlets)),
    Metric("chain_outlets", "", "outlets", POSITIVE, "outlets of chains", "", lambda m: float(m.chain_outlets)),
    Metric("realized_premium", "", "$", ANY, "sales-weighted price of the others less that of the town's standardized businesses (generic tool in contact)", "", _realized_premium, every=12),
    Metric("brand_equity", "", "$/month", ANY, "mean over the others of p_jQ_j less the mean of the town's standardized businesses", "Ailawadi, Lehmann & Neslin 2003", _brand_equity, every=12),
    Metric("market_share_premium", "", "-", ANY, "mean of s_j·n/Σs − 1 in the cell, over the half of its businesses farthest from its mean offering", "", _share_premium, every=12),
)
"""Lines of the table."""
