"""Metrics of tools: who has them, how well they work, who sells them, and what they return."""

from __future__ import annotations

import numpy as np

from homogsim.metrics.concentration import top_share, vendor_hhi
from homogsim.metrics.metric import ANY, POSITIVE, SHARE, Metric, mean, ratio
from homogsim.metrics.observation import Observation
from homogsim.metrics.returns import median_return, positive_share


def _share(month: Observation, tool: int) -> float:
    return ratio(float(np.count_nonzero(month.tool == tool)), month.n)


def _payback(month: Observation) -> float:
    """Return the median; NaN, and not infinity, where less than half of the tools paid."""
    middle = median_return(month.investment.paybacks)
    return middle if np.isfinite(middle) else float("nan")


# fmt: off
TOOLS = (
    Metric("adoption_share", "", "share", SHARE, "small businesses with a tool", "", lambda m: ratio(float(np.count_nonzero(m.tool)), m.n)),
    Metric("adoption_generic", "", "share", SHARE, "small businesses with a generic tool", "", lambda m: _share(m, 1)),
    Metric("adoption_industry", "", "share", SHARE, "small businesses with an industry tool", "", lambda m: _share(m, 2)),
    Metric("adoption_custom", "", "share", SHARE, "small businesses with a customized tool", "", lambda m: _share(m, 3)),
    Metric("contact_intensity", "a_F", "-", SHARE, "mean intensity of automated contact", "", lambda m: mean(m.contact)),
    Metric("mean_implementation", "b", "-", SHARE, "mean implementation quality of those with a tool", "", lambda m: mean(m.implementation[m.tool > 0])),
    Metric("mean_data", "D", "-", POSITIVE, "mean data stock of those with a tool", "", lambda m: mean(m.data[m.tool > 0])),
    Metric("reinvestment", "r", "$/month", POSITIVE, "savings reinvested in differentiation", "", lambda m: m.money.reinvestment),
    Metric("vendor_hhi", "", "-", SHARE, "Σs² of vendors' clients within tier and sector, averaged by clients", "Herfindahl 1950", lambda m: vendor_hhi(m.investment.clients, m.investment.vendor_market)),
    Metric("vendor_top_share", "", "share", SHARE, "largest vendor's share of all small businesses with a tool", "", lambda m: top_share(m.investment.clients)),
    Metric("roi12_positive_share", "", "share", SHARE, "adopters so far whose first year paid", "", lambda m: positive_share(m.investment.returns_12)),
    Metric("roi12_median", "", "-", ANY, "median return over 12 months, adopters so far", "", lambda m: median_return(m.investment.returns_12)),
    Metric("roi36_positive_share", "", "share", SHARE, "adopters so far whose first three years paid", "", lambda m: positive_share(m.investment.returns_36)),
    Metric("roi36_median", "", "-", ANY, "median return over 36 months, adopters so far", "", lambda m: median_return(m.investment.returns_36)),
    Metric("payback_month", "", "months", (1.0, 36.0), "month by which half of the adopters so far had their money back; not defined while less than half of them had within 36", "", _payback),
    Metric("innovation_velocity", "", "1/year", POSITIVE, "launches that pay, per small business and year: of the year that ended 12 months ago", "", lambda m: m.investment.velocity, every=12),
)
"""Lines of the table."""
