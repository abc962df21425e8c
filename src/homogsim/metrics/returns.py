"""What a tool returned to those who bought it, and what that depends on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import Array, floats


def roi(
    extra_profit: ArrayLike, upfront: ArrayLike, fees: ArrayLike, training: ArrayLike = 0.0, exited: ArrayLike = False
) -> Array:
    r"""Return the return on a tool, :math:`(\sum(\pi - \pi^0) - K)/(K + \text{fees} + \text{training})`.

    Over the 12 (ROI12) or 36 months (ROI36) after adoption. π⁰ is the shadow profit without the tool; fees and training
    are already costs in π. Report shares above 0 and medians: means have fat tails.

    Parameters
    ----------
    extra_profit : array_like
        Σ(π − π⁰), dollars.
    upfront : array_like
        K, dollars.
    fees, training : array_like
        Paid over the same months, dollars.
    exited : array_like of bool
        Adopters who closed within these months count −1.

    Returns
    -------
    ndarray or scalar, broadcast shape
        Without unit; −1 means all was lost (and below it, more than was spent). NaN where nothing was spent by a
        survivor.
    """
    extra, K, fees, training = (floats(a) for a in (extra_profit, upfront, fees, training))
    spent = K + fees + training
    returned = (extra - K) / np.where(spent > 0, spent, np.nan)
    return np.where(exited, -1.0, returned)[()]


def positive_share(values: ArrayLike) -> float:
    """Return the share of known values above 0, for instance of ROI12.

    Parameters
    ----------
    values : array_like
        NaN stands for not (yet) known and is left out.

    Returns
    -------
    float
        Share, 0 … 1. NaN when none is known.
    """
    values = floats(values)
    known = values[~np.isnan(values)]
    return np.count_nonzero(known > 0) / known.size if known.size else float("nan")


def median_return(values: ArrayLike) -> float:
    """Return the median of known values, for instance of ROI36: means have fat tails.

    Parameters
    ----------
    values : array_like
        NaN stands for not (yet) known and is left out; infinity counts as a value.

    Returns
    -------
    float
        Unit of `values`. NaN when none is known.
    """
    values = floats(values)
    known = np.sort(values[~np.isnan(values)])
    if not known.size:
        return float("nan")
    low, high = known[(known.size - 1) // 2], known[known.size // 2]
    return float(low if low == high else (low + high) / 2)


def payback_month(cumulative: ArrayLike) -> Array:
    """Return how many months after adoption a tool had first paid for itself.

    Parameters
    ----------
    cumulative : array_like, shape (…, months)
        Σ(π − π⁰) − K after 1, 2, … months, dollars. NaN after the end of a life.

    Returns
    -------
    ndarray or scalar, shape (…)
        Months, 1 … months. NaN where it never did.
    """
    paid = floats(cumulative) >= 0
    if paid.shape[-1] == 0:
        return np.full(paid.shape[:-1], np.nan)[()]
    return np.where(paid.any(axis=-1), paid.argmax(axis=-1) + 1.0, np.nan)[()]


class Slope(NamedTuple):
    """A fitted line's slope (unit of y per unit of x), its standard error, and the number of points."""

    value: float
    standard_error: float
    points: int


def slope(x: ArrayLike, y: ArrayLike) -> Slope:
    r"""Return the least-squares slope of y on x, with its classical standard error.

    .. math:: b = \frac{\sum (x - \bar x)(y - \bar y)}{\sum (x - \bar x)^2}, \quad
              \mathrm{se}^2 = \frac{\sum e^2/(n - 2)}{\sum (x - \bar x)^2}

    For ROI36 and survival (0 or 1) on differentiation at adoption. Where y is 0 or 1 it is a linear probability model.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Pairs with a NaN are left out.

    Returns
    -------
    Slope
        The slope is NaN with fewer than two different x, the error with fewer than three points.
    """
    x, y = floats(x), floats(y)
    known = ~(np.isnan(x) | np.isnan(y))
    x, y = x[known], y[known]
    points = int(x.size)
    if points < 2 or np.ptp(x) == 0:
        return Slope(float("nan"), float("nan"), points)
    x, y = floats(x - x.mean()), floats(y - y.mean())
    spread = (x * x).sum()
    b = (x * y).sum() / spread
    residual = ((y - b * x) ** 2).sum()
    error = np.sqrt(residual / (points - 2) / spread) if points > 2 else np.nan
    return Slope(float(b), float(error), points)


def labour_cost_share(labour_cost: ArrayLike, revenue: ArrayLike) -> float:
    r"""Return labour cost as a share of revenue, :math:`\sum_j \text{labour}_j / \sum_j p_j Q_j`.

    Parameters
    ----------
    labour_cost, revenue : array_like, shape (firms,)
        Dollars per month.

    Returns
    -------
    float
        Share, at least 0; above 1 where staff that is there whatever is sold costs more than is sold. NaN without
        revenue.
    """
    total = float(floats(revenue).sum())
    return float(floats(labour_cost).sum()) / total if total > 0 else float("nan")
