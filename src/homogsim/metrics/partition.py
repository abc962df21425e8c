"""Diversity within towns and between towns, which together make the diversity of the whole market.

Written for towns; sectors, or any other split of the market, are partitioned by the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from homogsim.metrics.arrays import Array, Integers, floats
from homogsim.metrics.diversity import known_power_mean, power_mean


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

    References
    ----------
    Reeve, Leinster, Cobbold, Thompson, Brummitt, Mitchell & Matthews (2016), How to partition diversity,
    arXiv:1404.6520v3.
    """

    gamma: float
    alpha: float
    beta: float
    weights: Array
    alpha_bar: Array
    rho_bar: Array
    beta_bar: Array


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


def ordinariness_of(p: Array, group: Integers, market: Array, own: Array, n_groups: int) -> Ordinariness:
    """Return the ordinariness of the outlets with weight, `own` still being Σ_j Z_ij p_j over the group's outlets."""
    w = floats(np.bincount(group, weights=p, minlength=n_groups))
    used = p > 0
    group = group[used]
    return Ordinariness(p[used], group, w, market[used], own[used] / w[group])


def partition_at(outlets: Ordinariness, q: float) -> Partition:
    """Return the partition of order q, 0 … ∞, from the outlets' ordinariness; NaN throughout where none has weight."""
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
