"""Metrics of the consumers: how satisfied and loyal they are, what they met, and how well they are served."""

from __future__ import annotations

from homogsim.metrics.differentiation import customer_lifetime_value
from homogsim.metrics.metric import ANY, POSITIVE, SHARE, Metric, by_sales
from homogsim.metrics.observation import Observation


def _lifetime_value(month: Observation) -> float:
    people = month.people
    if not people.customers > 0.0:
        return float("nan")
    margin = float(((month.price - month.unit_cost) * month.sales).sum()) / people.customers
    return float(customer_lifetime_value(margin, people.retention))


# fmt: off
PEOPLE = (
    Metric("mean_satisfaction", "u", "$", ANY, "sales-weighted satisfaction that small businesses remember, (V without distance, loyalty and awareness)/α", "", lambda m: by_sales(m.satisfaction, m)),
    Metric("net_promoter_score", "", "points", (-100.0, 100.0), "100·(share of visits to small businesses rated 9 or more − share rated 6 or less), rating 10·Λ((u − ū_0)/s_0)", "Reichheld 2003", lambda m: m.people.net_promoter_score, 12),
    Metric("customer_retention", "r", "share", SHARE, "customers of small businesses who are so a month later; whose business closes is lost", "", lambda m: m.people.retention),
    Metric("cltv", "", "$", ANY, "discounted margin of a customer, m(1 + i)/(1 + i − r), i = .8 % a month; a customer is a household whose last purchase was at a small business", "Gupta & Lehmann 2003", _lifetime_value),
    Metric("repeat_revenue_share", "", "share of revenue", SHARE, "what a panel spends in a year at small businesses that it visited in the 12 months before", "", lambda m: m.people.repeat_revenue_share, 12),
    Metric("repeat_12m", "", "share", SHARE, "first-time visitors of a panel who are back at the business within 12 months", "", lambda m: m.people.repeat_12m, every=12),
    Metric("experienced_richness", "", "offerings", (0.0, 12.0), "different offerings that a consumer of a panel met in 12 months", "", lambda m: m.people.experienced_richness, every=12),
    Metric("differentiation_premium", "DP", "$", ANY, "buyers' mean (V − V of the generic twin)/α: a willingness to pay, not a realized premium", "", lambda m: m.people.differentiation_premium, every=12),
    Metric("served_badly_share", "", "share", SHARE, "consumers whose best V is below the outside option", "", lambda m: m.people.served_badly_share, every=12),
    Metric("personalization_gap", "", "taste sd", ANY, "served misfit of the outer quartile of tastes less that of the inner", "", lambda m: m.people.personalization_gap, every=12),
)
"""Lines of the table."""

__all__ = ["PEOPLE", "POSITIVE"]
