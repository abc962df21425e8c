"""Similarity metrics of large markets, estimated from a keyed sample of outlets with their standard error.

Similarities of n outlets need n² numbers: above some 5,000 outlets a sample is taken. Estimate and error come from one
delete-a-group jackknife, whatever the metric.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from homogsim.metrics.arrays import Array, floats, integers
from homogsim.metrics.diversity import leinster_cobbold
from homogsim.metrics.partition import ordinariness_of, partition_at
from homogsim.metrics.similarity import similarity_matrix

GROUPS = 20
"""Groups of the jackknife."""


class Estimate(NamedTuple):
    """An estimated metric (same unit for both) and its standard error; 0 when the sample is the whole market."""

    value: Array
    standard_error: Array


def jackknife(
    statistic: Callable[[Array], ArrayLike], weights: ArrayLike, population: int, groups: int = GROUPS
) -> Estimate:
    r"""Return a bias-corrected estimate and its standard error by the delete-a-group jackknife.

    With the sample cut into G groups, θ̂ the statistic of the sample, θ̂_g the same without group g, m sampled of N:

    .. math:: \hat\theta - f(G - 1)(\bar\theta_g - \hat\theta), \quad
              \mathrm{se}^2 = f\,\frac{G - 1}{G} \sum_g (\hat\theta_g - \bar\theta_g)^2, \quad f = 1 - m/N

    f is the finite population correction. The correction of the bias matters: an outlet is fully similar to itself,
    and the smaller the sample, the more that counts.

    Parameters
    ----------
    statistic : callable
        Takes weights of shape (m,), some of them 0, and returns a number or an array.
    weights : array_like, shape (m,)
        Weight of each sampled outlet, in an order that has nothing to do with it (the keyed order it was drawn in):
        groups are every G-th outlet.
    population : int
        N, the outlets sampled from, at least m.
    groups : int
        G, at least 2; at most m are used.

    Returns
    -------
    Estimate
        Unit of the statistic. The error is NaN for a sample of one outlet out of several.

    Raises
    ------
    ValueError
        If `groups` is under 2 or `population` under the size of the sample.

    References
    ----------
    Kott (2001), The delete-a-group jackknife, Journal of Official Statistics 17, 521–526; Efron (1982), The Jackknife,
    the Bootstrap and Other Resampling Plans, SIAM.
    """
    weights = floats(weights)
    size = len(weights)
    if groups < 2 or population < size:
        raise ValueError(f"{groups} groups (at least 2) of {size} outlets from {population} (no fewer) cannot be")
    whole = np.asarray(statistic(weights), dtype=float)
    unsampled = 1 - size / population if population else 0.0
    if unsampled == 0:
        return Estimate(whole, np.zeros_like(whole))
    groups = min(groups, size)
    if groups < 2:
        return Estimate(whole, np.full_like(whole, np.nan))
    member = np.arange(size) % groups
    without = np.array([statistic(np.where(member == g, 0.0, weights)) for g in range(groups)], dtype=float)
    return _estimate(whole, without, unsampled)


def _estimate(whole: Array, without: Array, unsampled: float) -> Estimate:
    """Return the jackknife's estimate from the statistic of the sample, and of the sample without each group."""
    groups, mean = len(without), without.mean(axis=0)
    variance = unsampled * (groups - 1) / groups * ((without - mean) ** 2).sum(axis=0)
    return Estimate(whole - unsampled * (groups - 1) * (mean - whole), np.sqrt(variance))


def sampled_diversity(
    x: ArrayLike, p: ArrayLike, scale: float, q: float, order: NDArray[np.intp], groups: int = GROUPS
) -> Estimate:
    r"""Estimate :math:`D_q^Z` of a market too large for its similarities.

    Sampled outlets keep their shares, scaled to sum to 1, and their ordinariness is taken against the sample; the
    jackknife corrects the bias of that and gives the standard error.

    Parameters
    ----------
    x : array_like, shape (N, d)
        Offerings of all outlets, in standard deviations of tastes.
    p : array_like, shape (N,)
        Shares of all outlets, not negative.
    scale : float
        :math:`\ell`, same unit as `x`.
    q : float
        Order, 0 … ∞.
    order : ndarray of int, shape (m,)
        Rows sampled, all different, in keyed order: `np.argsort(uniforms)[:m]`.
    groups : int
        Groups of the jackknife.

    Returns
    -------
    Estimate
        Effective number, 1 … N (an estimate may fall outside by its error), and its standard error. Exact, with
        error 0, when the sample is everything; NaN when nothing sampled has weight.

    References
    ----------
    See `leinster_cobbold` and `jackknife`.
    """
    x, p = floats(x), floats(p)
    Z = similarity_matrix(x[order], scale)
    return jackknife(lambda weights: leinster_cobbold(weights, Z, q), p[order], len(p), groups)


def sampled_partitions(
    Z: Array, p: ArrayLike, group: ArrayLike, orders: tuple[float, ...], population: int, groups: int = GROUPS
) -> Estimate:
    r"""Estimate γ, Ā and B̄ of several orders of a market too large for its similarities.

    The same numbers as `jackknife` of `partition_by_group`, but from one pass over the similarities: without a group of
    the jackknife, Zp is less by what that group adds to it.

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
    See `partition_by_group` and `jackknife`.
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
    return _estimate(whole, np.array(without), 1 - size / population)


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
    return _estimate(whole, without, 1 - size / population)
