"""What a line of the table of metrics says, and the few ways in which most of them are computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.metrics.averages import weighted_mean
from homogsim.metrics.observation import Observation

Floats = NDArray[np.float64]

ANY = (-np.inf, np.inf)
POSITIVE = (0.0, np.inf)
SHARE = (0.0, 1.0)
AT_MOST_1 = (-np.inf, 1.0)
DIVERSITY = (1.0, np.inf)


class Metric(NamedTuple):
    """A metric: one function, and everything that is told about it."""

    name: str
    symbol: str
    unit: str
    range: tuple[float, float]
    """Lowest and highest value that it can have; NaN, not defined, it can have always."""
    meaning: str
    reference: str
    compute: Callable[[Observation], float]
    every: int = 1
    """Months from one value to the next: 1, or 12 for what is costly or counted over a year (NaN in between)."""
    error: Callable[[Observation], float] | None = None
    """Standard error, where the metric is estimated on a sample of outlets in large markets."""


class RunMetric(NamedTuple):
    """A metric of a whole run, of which there is no monthly value."""

    name: str
    symbol: str
    unit: str
    range: tuple[float, float]
    meaning: str
    reference: str


def ratio(numerator: float, denominator: float) -> float:
    """Return a quotient of sums; NaN where there is nothing to divide by."""
    return float(numerator / denominator) if denominator > 0.0 else float("nan")


def by_sales(values: Floats, month: Observation) -> float:
    """Return the sales-weighted mean over small businesses; what is NaN (not known yet) is left out."""
    total = float((values * month.sales_shares).sum())
    if month.n and not np.isnan(total):
        return total
    known = ~np.isnan(values)
    return weighted_mean(values[known], month.sales[known])


def mean(values: Floats) -> float:
    """Return the mean, NaN of nothing."""
    return float(values.sum()) / values.size if values.size else float("nan")
