"""The one table of metrics: a metric is one function and one line in `homogsim.metrics.listed`.

From its line come its column in the timeline, its row in summaries, its entry in the documentation and its contract
test.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from homogsim.metrics.listed.diversity import DIVERSITIES, RESCALED
from homogsim.metrics.listed.firms import FIRMS
from homogsim.metrics.listed.people import PEOPLE
from homogsim.metrics.listed.runs import RUNS
from homogsim.metrics.listed.tables import TABLED, TabledMetric
from homogsim.metrics.listed.tools import TOOLS
from homogsim.metrics.listed.welfare import WELFARE
from homogsim.metrics.metric import POSITIVE, Metric, RunMetric
from homogsim.metrics.observation import EXACT_OUTLETS, Observation

METRICS: Mapping[str, Metric] = MappingProxyType(
    {metric.name: metric for metric in (*FIRMS, *TOOLS, *DIVERSITIES, *PEOPLE, *WELFARE)}
)
"""Every metric that every run has a column of in its timeline, in the order of the columns."""

ERRORS: Mapping[str, Metric] = MappingProxyType(
    {
        f"{metric.name}_se": metric._replace(
            name=f"{metric.name}_se",
            symbol="s.e.",
            range=POSITIVE,
            meaning=f"standard error of {metric.name}, 0 in months with up to {EXACT_OUTLETS:,} outlets",
            reference="Kott 2001 (delete-a-group jackknife)",
            compute=metric.error,
            error=None,
        )
        for metric in METRICS.values()
        if metric.error is not None
    }
)
"""Columns of markets with more storefronts than are compared one by one."""

OTHER_SCALES: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in RESCALED})
"""Columns that are recorded on request: diversity at ℓ/2 and 2ℓ."""

RUN_METRICS: Mapping[str, RunMetric] = MappingProxyType({metric.name: metric for metric in RUNS})
"""Every metric of a whole run, in the summary."""

ALL_TIMELINE: Mapping[str, Metric] = MappingProxyType({**METRICS, **ERRORS, **OTHER_SCALES})


class Line(NamedTuple):
    """What is told about a metric."""

    name: str
    symbol: str
    unit: str
    range: tuple[float, float]
    where: str
    """Where it lands: in the timeline (every month, or once a year), in the summary of a run, or in a table."""
    meaning: str
    reference: str


def listing() -> list[Line]:
    """Return every metric there is, in the order of the columns."""
    large, asked = f"timeline, above {EXACT_OUTLETS:,} storefronts", "timeline, on request"
    return [
        *(_told(metric, "timeline" if metric.every == 1 else "timeline, once a year") for metric in METRICS.values()),
        *(_told(metric, large) for metric in ERRORS.values()),
        *(_told(metric, asked) for metric in OTHER_SCALES.values()),
        *(_told(metric, "summary") for metric in RUN_METRICS.values()),
        *(_told(metric, metric.where) for metric in TABLED),
    ]


def _told(metric: Metric | RunMetric | TabledMetric, where: str) -> Line:
    return Line(metric.name, metric.symbol, metric.unit, metric.range, where, metric.meaning, metric.reference)


@lru_cache(maxsize=8)
def columns(storefronts: int, other_scales: bool) -> Mapping[str, Metric]:
    """Return the metrics that a market of so many storefronts has a column of in its timeline."""
    errors = ERRORS if storefronts > EXACT_OUTLETS else {}
    return {**METRICS, **errors, **(OTHER_SCALES if other_scales else {})}


def row(month: Observation, metrics: Mapping[str, Metric] = METRICS) -> dict[str, float]:
    """Return a row of the timeline: every metric of a month; undefined ones are NaN."""
    return {
        "month": month.month,
        **{
            name: float(metric.compute(month)) if month.yearly or metric.every == 1 else np.nan
            for name, metric in metrics.items()
        },
    }


def town_rows(month: Observation, entries: np.ndarray, exits: np.ndarray, places: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of one month of the table of towns (entries and exits by town are counted elsewhere)."""
    count = np.bincount(month.town, minlength=month.towns).astype(np.float64)
    sales = np.bincount(month.town, month.sales, minlength=month.towns)
    adopters = np.bincount(month.town, (month.tool > 0).astype(np.float64), minlength=month.towns)
    revenue = np.bincount(month.town, month.sales * month.price, minlength=month.towns)
    parts = month.by_sales
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "month": np.full(month.towns, month.month),
            "town": np.arange(month.towns),
            "n_firms": count.astype(np.int64),
            "entries": entries,
            "exits": exits,
            "adoption_share": np.where(count > 0, adopters / count, np.nan),
            "diversity_alpha": parts.alpha_bar,
            "diversity_beta": parts.beta_bar,
            "representativeness": parts.rho_bar,
            "mean_price": np.where(sales > 0, revenue / sales, np.nan),
            "sales": sales,
            "x": places[:, 0],
            "y": places[:, 1],
        }


__all__ = [
    "ALL_TIMELINE", "ERRORS", "METRICS", "OTHER_SCALES", "RUN_METRICS", "Line", "Metric", "RunMetric", "columns",
    "listing", "row", "town_rows",
]  # fmt: skip
