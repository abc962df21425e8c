"""How much of a metric's variance is luck: what replications of the same point tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from homogsim.streams import Streams

RESAMPLES = 500


@dataclass(frozen=True)
class Noise:
    """The share of the variance of single runs that is replicate noise."""

    share: float
    """σ²_noise/(σ²_points + σ²_noise), 0 … 1; NaN with one replication."""
    low: float
    """Ends of the 95 % interval."""
    high: float
    common: float
    """The part of the share that all points have in common, because their seeds are the same: it cancels in
    comparisons of points."""


def noise(values: NDArray[np.float64], *, common: bool, seed: int = 1) -> Noise:
    r"""Return the share of the variance of single runs that is replicate noise.

    With mean squares between points and within them, :math:`\sigma^2_{points} = (MS_b - MS_w)/R`, at least 0, and
    :math:`\sigma^2_{noise} = MS_w` (one-way random effects). The part common to all points is that of the seeds in
    the two-way layout. The interval is a percentile bootstrap over points.

    Parameters
    ----------
    values : ndarray, shape (points, replications)
        A metric.
    common : bool
        Whether replications have the same seeds at all points.
    seed : int
        Of the bootstrap.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, 3.6.
    """
    points, replications = values.shape
    if replications < 2 or points < 2:
        return Noise(np.nan, np.nan, np.nan, np.nan)
    picks = Streams(seed).uniform("design", np.arange(RESAMPLES)[:, None], index=np.arange(points)[None, :])
    shares = [_share(values[chosen]) for chosen in (picks * points).astype(np.int64)]
    share = _share(values)
    low, high = np.nanpercentile(shares, [2.5, 97.5]) if np.isfinite(share) else (np.nan, np.nan)
    return Noise(share, float(low), float(high), share * _common(values) if common else 0.0)


def _share(values: NDArray[np.float64]) -> float:
    replications = values.shape[1]
    within = float(values.var(axis=1, ddof=1).mean())
    between = replications * float(values.mean(axis=1).var(ddof=1))
    of_points = max(0.0, (between - within) / replications)
    total = of_points + within
    return within / total if total > 0.0 else np.nan


def _common(values: NDArray[np.float64]) -> float:
    """Return the share of the variance within points that all points have in common, 0 … 1."""
    points, replications = values.shape
    centred = values - values.mean(axis=1, keepdims=True)
    seeds = centred.mean(axis=0)
    rest = ((centred - seeds) ** 2).sum() / ((points - 1) * (replications - 1))
    of_seeds = max(0.0, float(points * (seeds**2).sum() / (replications - 1) - rest) / points)
    total = of_seeds + float(rest)
    return of_seeds / total if total > 0.0 else 0.0
