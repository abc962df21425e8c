"""How far apart offerings are, and how similar that makes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import Array, floats, integers


def pairwise_distances(x: ArrayLike) -> Array:
    r"""Return Euclidean distances :math:`d_{jk} = \|x_j - x_k\|`.

    Differences are squared and summed as they are, not through :math:`\|x\|^2 + \|y\|^2 - 2 x \cdot y`, which gives
    identical offerings a distance above 0.

    Parameters
    ----------
    x : array_like, shape (n, d)
        Offerings (or processes), in standard deviations of tastes.

    Returns
    -------
    ndarray, shape (n, n)
        Same unit as `x`; symmetric, at least 0, 0 on the diagonal.
    """
    from homogsim.metrics.compiled import distances_into

    columns = np.ascontiguousarray(floats(x).T)
    distances = np.empty((columns.shape[1], columns.shape[1]))
    distances_into(columns, distances)
    return distances


def similarity_scale(x: ArrayLike) -> float:
    r"""Return the scale :math:`\ell`, the median distance between two outlets.

    Taken once, at month 0 before anything has happened, and then frozen: estimated anew each month it would shrink
    with the market and hide that the market becomes alike.

    Parameters
    ----------
    x : array_like, shape (n, d)
        Offerings, in standard deviations of tastes.

    Returns
    -------
    float
        Same unit as `x`; at least 0. NaN with fewer than two outlets.
    """
    x = floats(x)
    if len(x) < 2:
        return float("nan")
    return float(np.median(pairwise_distances(x)[np.triu_indices(len(x), 1)]))


def similarity_matrix(x: ArrayLike, scale: float) -> Array:
    r"""Return similarities :math:`Z_{jk} = \exp(-\|x_j - x_k\| / \ell)`.

    Parameters
    ----------
    x : array_like, shape (n, d)
        Offerings, in standard deviations of tastes.
    scale : float
        :math:`\ell`, same unit as `x`: see `similarity_scale`. NaN gives NaN throughout; 0, the limit: only what is
        identical is similar.

    Returns
    -------
    ndarray, shape (n, n)
        Without unit, in (0, 1]; 1 on the diagonal.

    Raises
    ------
    ValueError
        If `scale` is negative.

    References
    ----------
    Leinster & Cobbold (2012), Measuring diversity: the importance of species similarity, Ecology 93, 477–489.
    """
    if scale < 0:
        raise ValueError(f"the similarity scale must not be negative: {scale}")
    return similarity_of(pairwise_distances(x), scale)


def similarity_of(distances: Array, scale: float) -> Array:
    """Return exp(−distance/ℓ): `similarity_matrix` where the distances are at hand."""
    from homogsim.metrics.compiled import similarities_into

    if scale == 0:
        return floats(distances == 0)
    similarities = np.empty(distances.shape)
    similarities_into(np.ascontiguousarray(distances), float(scale), similarities)
    return similarities


class Pairs(NamedTuple):
    """What all pairs of n points come to, without n² numbers being kept."""

    mean_distance: float
    """NaN with fewer than two points."""
    market: Array
    """(V, n) ordinariness Zp for each of V shares p."""
    own: Array
    """(V, G, n) Σ_j Z_ij p_j over the points of i's own group, for each of G ways to group them."""


def all_pairs(x: ArrayLike, scale: float, p: ArrayLike, group: ArrayLike) -> Pairs:
    """Return mean distance and ordinariness of points in one pass: what every diversity of them is made of.

    Parameters
    ----------
    x : array_like, shape (n, d)
        Offerings or processes, in standard deviations of tastes.
    scale : float
        ℓ, same unit; where it is 0 or NaN the ordinariness means nothing.
    p : array_like, shape (V, n)
        Shares.
    group : array_like of int, shape (G, n)
        Town, sector, … of each point.

    Returns
    -------
    Pairs
    """
    from homogsim.metrics.compiled import pairs_into

    columns = np.ascontiguousarray(floats(x).T)
    p, group = np.ascontiguousarray(floats(p)), np.ascontiguousarray(integers(group))
    n = columns.shape[1]
    market, own = np.zeros((len(p), n)), np.zeros((len(p), len(group), n))
    total = pairs_into(columns, float(scale), p, group, market, own)
    return Pairs(total / (n * (n - 1)) if n > 1 else float("nan"), market, own)


def mean_pairwise_distance(x: ArrayLike, weights: ArrayLike | None = None, *, distances: Array | None = None) -> float:
    r"""Return the mean distance between two different outlets.

    .. math:: \sum_{j \ne k} w_j w_k \|x_j - x_k\| \Big/ \sum_{j \ne k} w_j w_k

    Parameters
    ----------
    x : array_like, shape (n, d)
        Offerings, in standard deviations of tastes.
    weights : array_like, shape (n,), optional
        Not negative, for instance sales; equal weights when left out.
    distances : ndarray, shape (n, n), optional
        `pairwise_distances(x)` where it is at hand; `x` is then not looked at.

    Returns
    -------
    float
        Same unit as `x`; at least 0. NaN with fewer than two outlets of positive weight.

    References
    ----------
    Webb (2000), American Naturalist 156, 145–155 (mean pairwise distance); weighted as in Rao (1982).
    """
    distances = pairwise_distances(x) if distances is None else distances
    w = np.ones(len(distances)) if weights is None else floats(weights)
    if np.count_nonzero(w) < 2:
        return float("nan")
    w = w / w.sum()
    # w times the others' weight: 1 - sum(w**2) would cancel to nothing when one outlet sells almost everything.
    pairs = float((w * _others(w)).sum())
    return float(np.einsum("i,ij,j->", w, distances, w) / pairs) if pairs > 0 else float("nan")


def _others(w: Array) -> Array:
    """Return, for each entry, the sum of the other entries, summed without subtraction."""
    before = np.concatenate(([0.0], np.cumsum(w)[:-1]))
    after = np.concatenate((np.cumsum(w[::-1])[::-1][1:], [0.0]))
    return before + after


def functional_dispersion(x: ArrayLike, weights: ArrayLike | None = None) -> float:
    r"""Return the weighted mean distance of offerings to their weighted centroid.

    .. math:: \mathrm{FDis} = \frac{\sum_j w_j \|x_j - c\|}{\sum_j w_j}, \quad c = \frac{\sum_j w_j x_j}{\sum_j w_j}

    Parameters
    ----------
    x : array_like, shape (n, d)
        Offerings, in standard deviations of tastes.
    weights : array_like, shape (n,), optional
        Not negative, for instance sales; equal weights when left out.

    Returns
    -------
    float
        Same unit as `x`; at least 0, and 0 for a single outlet. NaN when nothing has weight.

    References
    ----------
    Laliberté & Legendre (2010), A distance-based framework for measuring functional diversity from multiple traits,
    Ecology 91, 299–305.
    """
    x = floats(x)
    w = np.ones(len(x)) if weights is None else floats(weights)
    total = float(w.sum())
    if not total > 0:
        return float("nan")
    w = w / total
    centroid = (w[:, None] * x).sum(axis=0)
    return float((w * np.sqrt(((x - centroid) ** 2).sum(axis=1))).sum())
