"""Diversity within towns and between towns, which together make the diversity of the whole market.

Written for towns; sectors, or any other split of the market, are partitioned by the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import Array, Integers, floats, integers
from homogsim.metrics.diversity import check_order, check_weights, known_power_mean, power_mean


@dataclass(frozen=True)
class Partition:
    r"""Normalized diversities after Reeve et al. of a market (metacommunity) and its M towns (subcommunities).

    All are effective numbers. Town m has weight w_m (its share of the market), shares p̄_m within the town, the market
    p = Σ_m w_m p̄_m.

    Attributes
    ----------
    gamma : float
        γ = M_{1−q}(p, 1/Zp): distinct offerings in the whole market, 1 … n.
    alpha : float
        Ā = M_{1−q}(w, ᾱ): distinct offerings in a town on average, 1 … n.
    beta : float
        B̄ = M_{1−q}(w, β̄): effective number of distinct towns; 1 when every town looks the same, M for M towns of equal
        weight with nothing in common. Between 1 and M where kinds are completely different (Z = I). At q = 1, γ = Ā·B̄.
    weights : ndarray, shape (M,)
        w_m, sum 1.
    alpha_bar : ndarray, shape (M,)
        ᾱ_m = M_{1−q}(p̄_m, 1/Zp̄_m): distinct offerings in town m alone. NaN for a town without weight.
    rho_bar : ndarray, shape (M,)
        ρ̄_m = M_{1−q}(p̄_m, Zp/Zp̄_m): how well town m represents the market; 1 when it looks like the whole.
    beta_bar : ndarray, shape (M,)
        β̄_m = 1/ρ̄_m: how distinct town m is.
    """

    gamma: float
    alpha: float
    beta: float
    weights: Array
    alpha_bar: Array
    rho_bar: Array
    beta_bar: Array


def partition(weights: ArrayLike, Z: Array, q: float) -> Partition:
    r"""Partition diversity when an offering may be found in several towns.

    Parameters
    ----------
    weights : array_like, shape (n, M)
        P: how much of the market is offering i in town m. Not negative; scaled to sum to 1.
    Z : ndarray, shape (n, n)
        Similarities in [0, 1] with ones on the diagonal.
    q : float
        Order, 0 … ∞.

    Returns
    -------
    Partition
        NaN throughout when nothing has weight.

    Raises
    ------
    ValueError
        If q is negative or NaN, or the shapes differ.

    References
    ----------
    Reeve, Leinster, Cobbold, Thompson, Brummitt, Mitchell & Matthews (2016), How to partition diversity,
    arXiv:1404.6520v3.
    """
    P = floats(weights)
    check_order(q)
    if Z.shape != (len(P), len(P)):
        raise ValueError(f"{len(P)} offerings need similarities of shape ({len(P)}, {len(P)}), not {Z.shape}")
    total = float(P.sum())
    if not total > 0:
        return undefined_partition(P.shape[1])
    P = P / total
    w = P.sum(axis=0)
    ordinariness = np.einsum("ij,jm->im", Z, P)
    alpha_bar, rho_bar = np.full(len(w), np.nan), np.full(len(w), np.nan)
    for m in np.flatnonzero(w > 0):
        here = P[:, m] > 0
        own = ordinariness[here, m] / w[m]
        alpha_bar[m] = power_mean(1 / own, P[here, m], 1 - q)
        rho_bar[m] = power_mean(ordinariness[here].sum(axis=1) / own, P[here, m], 1 - q)
    p, market = P.sum(axis=1), ordinariness.sum(axis=1)
    return _assemble(power_mean(1 / market[p > 0], p[p > 0], 1 - q), w, alpha_bar, rho_bar, q)


def partition_by_group(p: ArrayLike, group: ArrayLike, Z: Array, q: float, n_groups: int | None = None) -> Partition:
    r"""Partition diversity when each outlet stands in one town: `partition` without the mostly empty matrix.

    Only similarities inside the towns and one product Zp are needed.

    Parameters
    ----------
    p : array_like, shape (n,)
        Share of each outlet, by sales or equal. Not negative; scaled to sum to 1.
    group : array_like of int, shape (n,)
        Town (or sector) of each outlet, 0 … M − 1, in any order.
    Z : ndarray, shape (n, n)
        Similarities in [0, 1] with ones on the diagonal.
    q : float
        Order, 0 … ∞.
    n_groups : int, optional
        M, where it is more than the largest group + 1; towns without weight are NaN and do not count.

    Returns
    -------
    Partition
        NaN throughout when nothing has weight.

    Raises
    ------
    ValueError
        If q is negative or NaN, or the shapes differ.

    References
    ----------
    Reeve et al. (2016), How to partition diversity, arXiv:1404.6520v3.
    """
    check_order(q)
    return partition_at(ordinariness_by_group(p, group, Z, n_groups), q)


class Ordinariness(NamedTuple):
    """What every order of a partition is made of; one entry for each outlet with weight (n), or each town (M)."""

    p: Array
    """(n) shares, sum 1."""
    group: Integers
    """(n) town or sector."""
    weights: Array
    """(M) w."""
    market: Array
    """(n) Zp: how alike the whole market is to the outlet."""
    own: Array
    """(n) Zp̄_m: how alike its own town is."""


def ordinariness_by_group(p: ArrayLike, group: ArrayLike, Z: Array, n_groups: int | None = None) -> Ordinariness:
    """Return the ordinariness of each outlet in the market and in its own group (arguments: `partition_by_group`)."""
    from homogsim.metrics.compiled import ordinariness_into

    p, group = floats(p), integers(group)
    check_weights(p)
    if Z.shape != (p.size, p.size) or group.shape != p.shape:
        raise ValueError(f"shares {p.shape}, groups {group.shape} and similarities {Z.shape} do not fit together")
    n_groups = int(group.max(initial=-1)) + 1 if n_groups is None else n_groups
    total = float(p.sum())
    if not total > 0:
        nothing = np.empty(0)
        return Ordinariness(nothing, group[:0], np.zeros(n_groups), nothing, nothing)
    p = p / total
    market, own = np.empty(p.size), np.empty(p.size)
    ordinariness_into(np.ascontiguousarray(Z), np.ascontiguousarray(p), np.ascontiguousarray(group), market, own)
    return ordinariness_of(p, group, market, own, n_groups)


def ordinariness_of(p: Array, group: Integers, market: Array, own: Array, n_groups: int) -> Ordinariness:
    """Return the ordinariness of the outlets with weight, `own` still being Σ_j Z_ij p_j over the group's outlets."""
    w = floats(np.bincount(group, weights=p, minlength=n_groups))
    used = p > 0
    group = group[used]
    return Ordinariness(p[used], group, w, market[used], own[used] / w[group])


def partition_at(outlets: Ordinariness, q: float) -> Partition:
    """Return the partition of order q from the outlets' ordinariness."""
    p, group, w, market, own = outlets
    if not p.size:
        return undefined_partition(w.size)
    alpha_bar = _power_mean_by_group(1 / own, p, group, w, 1 - q)
    rho_bar = _power_mean_by_group(market / own, p, group, w, 1 - q)
    return _assemble(known_power_mean(1 / market, p, 1 - q), w, alpha_bar, rho_bar, q)


def three_orders(p: Array, group: Integers, market: Array, own: Array, n_groups: int) -> Array:
    """Return (3, 3) γ, Ā, B̄ at q = 0, 1, 2: `partition_at` of `ordinariness_of`, quicker, for the months of a run."""
    from homogsim.metrics.compiled import three_orders_into

    result = np.empty((3, 3))
    three_orders_into(p, group, market, own, floats(np.bincount(group, weights=p, minlength=n_groups)), result)
    return result


def _power_mean_by_group(values: Array, weights: Array, group: Integers, total: Array, order: float) -> Array:
    """Return the power mean within each group; NaN for a group without weight."""
    if order not in (-1, 0, 1):
        return np.array([power_mean(values[group == m], weights[group == m], order) for m in range(len(total))])
    # q = 0, 1 and 2, wanted every month: all groups at once.
    terms = np.log(values) if order == 0 else values**order
    summed = np.bincount(group, weights=weights * terms, minlength=len(total))
    mean = np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)
    return floats(np.exp(mean) if order == 0 else mean**order)


def _assemble(gamma: float, w: Array, alpha_bar: Array, rho_bar: Array, q: float) -> Partition:
    """Average the towns' diversities over the market."""
    present = w > 0
    return Partition(
        gamma=gamma,
        alpha=known_power_mean(alpha_bar[present], w[present], 1 - q),
        beta=known_power_mean(1 / rho_bar[present], w[present], 1 - q),
        weights=w,
        alpha_bar=alpha_bar,
        rho_bar=rho_bar,
        beta_bar=1 / rho_bar,
    )


def undefined_partition(n_groups: int) -> Partition:
    """Return the partition of an empty market, NaN throughout."""
    nan, nothing = float("nan"), np.full(n_groups, np.nan)
    return Partition(nan, nan, nan, nothing, nothing, nothing, nothing)
