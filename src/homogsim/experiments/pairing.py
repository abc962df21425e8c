"""Statistics of paired runs: the same seeds under two scenarios."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95

Verdict = Literal["higher", "lower", "no clear difference"]
Values = NDArray[np.float64]


class Paired(NamedTuple):
    """A metric under two scenarios with the same seeds; NaN where something is undefined."""

    pairs: int
    """Seeds in which the metric is defined under both."""
    baseline_mean: float
    mean: float
    difference: float
    """Mean of the differences, other − baseline."""
    low: float
    """Lower end of the 95 % interval of the difference; NaN with fewer than two pairs."""
    high: float
    relative: float
    """difference / |baseline mean|."""
    variance_reduction: float
    """How many times fewer runs the pairing needs than independent seeds would."""

    @property
    def verdict(self) -> Verdict | None:
        """What the interval says; None where there is no interval."""
        if not np.isfinite(self.low):
            return None
        return "higher" if self.low > 0.0 else "lower" if self.high < 0.0 else "no clear difference"

    @property
    def half_width(self) -> float:
        """Half the interval's width."""
        return (self.high - self.low) / 2.0


def paired_difference(baseline: ArrayLike, other: ArrayLike, confidence: float = CONFIDENCE) -> Paired:
    r"""Compare a metric under two scenarios, seed by seed.

    With :math:`d_k = b_k - a_k`, the interval is :math:`\bar d \pm t_{n-1} s_d/\sqrt n`, and the variance-reduction
    factor is :math:`(s_a^2 + s_b^2)/s_d^2`: with independent seeds the variance of the difference would be the sum.

    Parameters
    ----------
    baseline, other : array_like, shape (seeds,)
        The metric in the run of each seed; pairs with a value that is not finite are left out.
    confidence : float
        Probability that the interval covers the difference, 0 … 1.

    Returns
    -------
    Paired
        Unit of the metric. With one pair there is a difference but no interval; with none everything is NaN. A
        difference that is the same in all seeds has an interval of no width and an infinite variance-reduction factor
        (NaN where the metric does not vary at all).

    References
    ----------
    Law (2015), Simulation Modeling and Analysis, 5th ed., 10.2 (paired t) and 11.2 (common random numbers).
    """
    a, b = np.asarray(baseline, dtype=np.float64), np.asarray(other, dtype=np.float64)
    defined = np.isfinite(a) & np.isfinite(b)
    a, b = a[defined], b[defined]
    n = a.size
    if n == 0:
        return Paired(0, *(np.nan,) * 7)
    d = b - a
    difference, reference = float(d.mean()), float(a.mean())
    relative = 0.0 if difference == 0.0 else difference / abs(reference) if reference != 0.0 else np.nan
    half, reduction = np.nan, np.nan
    if n > 1:
        half = float(t_quantile(n, confidence) * d.std(ddof=1) / np.sqrt(n))
        reduction = _ratio(a.var(ddof=1) + b.var(ddof=1), d.var(ddof=1))
    return Paired(n, reference, float(b.mean()), difference, difference - half, difference + half, relative, reduction)


def _ratio(independent: float, paired: float) -> float:
    if paired > 0.0:
        return float(independent / paired)
    return np.inf if independent > 0.0 else np.nan


def t_quantile(n: ArrayLike, confidence: float = CONFIDENCE) -> Values:
    """Return the half-width, in standard errors, of the interval of a mean of `n` values; NaN for fewer than two."""
    from scipy.stats import t

    n = np.asarray(n, dtype=np.float64)
    return np.where(n > 1.0, t.ppf(0.5 + confidence / 2.0, np.maximum(n - 1.0, 1.0)), np.nan)


class Band(NamedTuple):
    """A mean and its interval, month by month."""

    mean: Values
    low: Values
    high: Values


def band(values: ArrayLike, confidence: float = CONFIDENCE) -> Band:
    """Return mean and interval of every column over the seeds in which it is defined.

    Parameters
    ----------
    values : array_like, shape (seeds, months)
        A metric; not finite where undefined.

    Returns
    -------
    Band
        Three arrays of shape (months,); NaN where no seed has a value, the interval also where only one has.
    """
    table = np.asarray(values, dtype=np.float64)
    defined = np.isfinite(table)
    n = defined.sum(axis=0)
    safe = np.maximum(n, 1)
    mean = np.where(n > 0, np.where(defined, table, 0.0).sum(axis=0) / safe, np.nan)
    squares = np.where(defined, (table - np.where(n > 0, mean, 0.0)) ** 2, 0.0).sum(axis=0)
    half = t_quantile(n, confidence) * np.sqrt(squares / np.maximum(n - 1, 1) / safe)
    return Band(mean, mean - half, mean + half)
