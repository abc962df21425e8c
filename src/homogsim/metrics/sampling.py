"""Similarity metrics of large markets, estimated from a keyed sample of outlets with their standard error.

Similarities of n outlets need n² numbers: above some 5,000 outlets a sample is taken. Estimate and error come from one
delete-a-group jackknife, whatever the metric.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import Array, floats, integers
from homogsim.metrics.partition import ordinariness_of, partition_at

GROUPS = 20
"""Groups of the jackknife."""


class Estimate(NamedTuple):
    """An estimated metric (same unit for both) and its standard error; 0 when the sample is the whole market."""

    value: Array
    standard_error: Array


def jackknife(whole: Array, without: Array, unsampled: float) -> Estimate:
    r"""Return a bias-corrected estimate and its standard error by the delete-a-group jackknife.

    With the sample cut into G groups, θ̂ the statistic of the sample, θ̂_g the same without group g, m sampled of N:

    .. math:: \hat\theta - f(G - 1)(\bar\theta_g - \hat\theta), \quad
              \mathrm{se}^2 = f\,\frac{G - 1}{G} \sum_g (\hat\theta_g - \bar\theta_g)^2, \quad f = 1 - m/N

    f is the finite population correction. The correction of the bias matters: an outlet is fully similar to itself,
    and the smaller the sample, the more that counts.

    Parameters
    ----------
    whole : ndarray
        θ̂, a number or an array of any shape.
    without : ndarray, shape (G, …)
        θ̂_g, G at least 2. Groups have nothing to do with what is measured: every G-th outlet of the keyed order.
    unsampled : float
        f, share of the outlets that is not in the sample, 0 … 1.

    Returns
    -------
    Estimate
        Unit and shape of the statistic.

    References
    ----------
    Kott (2001), The delete-a-group jackknife, Journal of Official Statistics 17, 521–526; Efron (1982), The Jackknife,
    the Bootstrap and Other Resampling Plans, SIAM.
    """
    groups, mean = len(without), without.mean(axis=0)
    variance = unsampled * (groups - 1) / groups * ((without - mean) ** 2).sum(axis=0)
    return Estimate(whole - unsampled * (groups - 1) * (mean - whole), np.sqrt(variance))


def sampled_partitions(
    Z: Array, p: ArrayLike, group: ArrayLike, orders: tuple[float, ...], population: int, groups: int = GROUPS
) -> Estimate:
    r"""Estimate γ, Ā and B̄ of several orders of a market too large for its similarities.

    All groups of the jackknife come from one pass over the similarities: without a group, Zp is less by what that group
    adds to it.

    Parameters
    ----------
    Z : ndarray, shape (m, m)
        Similarities of the sampled outlets, in the keyed order they were drawn in; symmetric.
    p : array_like, shape (m,)
        Their shares of the market, not negative.
    group : array_like of int, shape (m,)
        Town (or sector) of each.
    orders : tuple of float
        q, each 0 … ∞.
    population : int
        N, the outlets sampled from, at least m.
    groups : int
        Groups of the jackknife.

    Returns
    -------
    Estimate
        Both of shape (orders, 3): γ, Ā, B̄, effective numbers. A town must have many outlets in the sample for its Ā to
        be well estimated. NaN when nothing sampled has weight; the error is NaN for one outlet out of several.

    References
    ----------
    See `Partition` and `jackknife`.
    """
    from homogsim.metrics.compiled import ordinariness_by_part_into

    p, group = floats(p), integers(group)
    size, n_groups = p.size, int(group.max(initial=-1)) + 1
    groups = max(1, min(groups, size))
    part = np.arange(size, dtype=np.int64) % groups
    market, own = np.zeros((groups, size)), np.zeros((groups, size))
    ordinariness_by_part_into(np.ascontiguousarray(Z), np.ascontiguousarray(p), group, part, market, own)

    def statistic(shares: Array, everywhere: Array, here: Array) -> list[list[float]]:
        total = float(shares.sum())
        if not total > 0:
            return [[float("nan")] * 3 for _ in orders]
        outlets = ordinariness_of(shares / total, group, everywhere / total, here / total, n_groups)
        parts = [partition_at(outlets, q) for q in orders]
        return [[found.gamma, found.alpha, found.beta] for found in parts]

    all_market, all_own = market.sum(axis=0), own.sum(axis=0)
    whole = np.array(statistic(p, all_market, all_own))
    if size == population:
        return Estimate(whole, np.zeros_like(whole))
    if groups < 2:
        return Estimate(whole, np.full_like(whole, np.nan))
    without = [statistic(np.where(part == g, 0.0, p), all_market - market[g], all_own - own[g]) for g in range(groups)]
    return jackknife(whole, np.array(without), 1 - size / population)


def sampled_mean_distance(distances: Array, population: int, groups: int = GROUPS) -> Estimate:
    """Estimate the mean distance between two outlets of a market too large for all its distances.

    Parameters
    ----------
    distances : ndarray, shape (m, m)
        Distances of the sampled outlets, in the keyed order they were drawn in.
    population : int
        N, the outlets sampled from, at least m.
    groups : int
        Groups of the jackknife.

    Returns
    -------
    Estimate
        Unit of the distances. NaN with fewer than two outlets sampled; the error needs two groups of them at least.
    """
    size = len(distances)
    if size < 2:
        return Estimate(np.array(np.nan), np.array(np.nan))
    groups = max(1, min(groups, size // 2))
    member = np.arange(size) % groups
    # (G, G): sums of distances between two groups; what is left without one needs its row, its column, and itself.
    by_row = np.stack([distances[member == g].sum(axis=0) for g in range(groups)])
    between = np.stack([by_row[:, member == g].sum(axis=1) for g in range(groups)], axis=1)
    total, count = between.sum(), np.bincount(member)
    whole = np.array(total / (size * (size - 1)))
    if size == population:
        return Estimate(whole, np.array(0.0))
    left = size - count
    if groups < 2 or left.min() < 2:
        return Estimate(whole, np.array(np.nan))
    without = (total - between.sum(axis=0) - between.sum(axis=1) + np.diag(between)) / (left * (left - 1))
    return jackknife(whole, without, 1 - size / population)
