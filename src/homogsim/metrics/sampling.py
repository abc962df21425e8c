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
from homogsim.metrics.partition import partition_by_group
from homogsim.metrics.similarity import similarity_matrix


class Estimate(NamedTuple):
    """An estimated metric (same unit for both) and its standard error; 0 when the sample is the whole market."""

    value: Array
    standard_error: Array


def jackknife(
    statistic: Callable[[Array], ArrayLike], weights: ArrayLike, population: int, groups: int = 20
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
    mean = without.mean(axis=0)
    variance = unsampled * (groups - 1) / groups * ((without - mean) ** 2).sum(axis=0)
    return Estimate(whole - unsampled * (groups - 1) * (mean - whole), np.sqrt(variance))


def sampled_diversity(
    x: ArrayLike, p: ArrayLike, scale: float, q: float, order: NDArray[np.intp], groups: int = 20
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


def sampled_partition(
    x: ArrayLike, p: ArrayLike, group: ArrayLike, scale: float, q: float, order: NDArray[np.intp], groups: int = 20
) -> Estimate:
    """Estimate γ, Ā and B̄ of a market too large for its similarities.

    Parameters
    ----------
    x : array_like, shape (N, d)
        Offerings of all outlets, in standard deviations of tastes.
    p : array_like, shape (N,)
        Shares of all outlets, not negative.
    group : array_like of int, shape (N,)
        Town (or sector) of each outlet.
    scale : float
        ℓ, same unit as `x`.
    q : float
        Order, 0 … ∞.
    order : ndarray of int, shape (m,)
        Rows sampled, all different, in keyed order.
    groups : int
        Groups of the jackknife.

    Returns
    -------
    Estimate
        Both of shape (3,): γ, Ā, B̄, effective numbers. A town must have many outlets in the sample for its Ā to be
        well estimated.

    References
    ----------
    See `partition_by_group` and `jackknife`.
    """
    x, p, group = floats(x), floats(p), integers(group)
    Z, sampled = similarity_matrix(x[order], scale), group[order]

    def statistic(weights: Array) -> tuple[float, float, float]:
        parts = partition_by_group(weights, sampled, Z, q)
        return parts.gamma, parts.alpha, parts.beta

    return jackknife(statistic, p[order], len(p), groups)
