"""Who gains and who loses, in dollars a month, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial, fsum

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import Array, Integers, floats
from homogsim.metrics.averages import group_means

LARGEST_DECOMPOSITION = 7  # 2^7 = 128 counterfactual worlds


def consumer_surplus(
    inclusive_value: ArrayLike, price_sensitivity: ArrayLike, occasions: ArrayLike, taste_noise: float
) -> float:
    r"""Return consumer surplus over what the outside option gives, :math:`\sum_i W_i (\mu/\alpha_i) I_i`.

    Parameters
    ----------
    inclusive_value : array_like, shape (consumers,)
        :math:`I_i = \ln(1 + \sum_j e^{V_{ij}/\mu})`, without unit, at least 0.
    price_sensitivity : array_like, shape (consumers,)
        α_i, positive, mean 1.
    occasions : array_like, shape (consumers,)
        W, purchase occasions per month that a simulated consumer stands for.
    taste_noise : float
        μ, dollars.

    Returns
    -------
    float
        Dollars per month, at least 0. NaN without consumers.

    References
    ----------
    Small & Rosen (1981), Applied welfare economics with discrete choice models, Econometrica 49, 105–130.
    """
    value = floats(inclusive_value)
    alpha, W = floats(price_sensitivity), floats(occasions)
    return float((W * taste_noise / alpha * value).sum()) if value.size else float("nan")


def total_welfare(
    consumer_surplus: float,
    smb_profit: float,
    chain_profit: float,
    vendor_profit: float,
    rent: float,
    setup_cost: float,
    public_money: float,
) -> float:
    """Return what a month leaves everyone together, resources used taken off.

    CS + SMB profit + chain profit + vendors' fees less their cost + rent − set-up costs − public money. Owners' draws
    are transfers and do not appear. `smb_profit` is before set-up costs.

    Parameters
    ----------
    consumer_surplus, smb_profit, chain_profit, vendor_profit, rent, setup_cost, public_money : float
        Dollars per month.

    Returns
    -------
    float
        Dollars per month. NaN when a part is.
    """
    return fsum((consumer_surplus, smb_profit, chain_profit, vendor_profit, rent, -setup_cost, -public_money))


def shapley_decomposition(value: Callable[[frozenset[str]], float], parts: Sequence[str]) -> dict[str, float]:
    r"""Decompose a difference into parts by their Shapley values, exactly.

    .. math:: \phi_i = \sum_{S \subseteq N \setminus i} \frac{|S|!\,(n - |S| - 1)!}{n!} \big(v(S \cup i) - v(S)\big)

    A part's value is what changing it adds, averaged over all orders in which the parts could be changed.

    Parameters
    ----------
    value : callable
        Consumer surplus (or anything) when the parts in the given set are as in the second run and the others as in the
        first. Called once for each of the 2^n sets.
    parts : sequence of str
        Names, all different, at most 7.

    Returns
    -------
    dict of str to float
        Value of each part, unit of `value`; they sum to v(all) − v(none) within 1e-10 of the largest |v|.

    Raises
    ------
    ValueError
        With more than 7 parts or a name given twice.

    References
    ----------
    Shapley (1953), A value for n-person games; as a decomposition, Shorrocks (2013), Journal of Economic Inequality 11,
    99–126.
    """
    n = len(parts)
    if n > LARGEST_DECOMPOSITION or len(set(parts)) != n:
        raise ValueError(f"a decomposition takes up to {LARGEST_DECOMPOSITION} different parts, not {list(parts)}")
    sets = [frozenset(chosen) for size in range(n + 1) for chosen in combinations(parts, size)]
    v = {chosen: float(value(chosen)) for chosen in sets}
    share = [factorial(size) * factorial(n - size - 1) / factorial(n) for size in range(n)]
    return {part: fsum(share[len(S)] * (v[S | {part}] - v[S]) for S in sets if part not in S) for part in parts}


def share_losing(before: ArrayLike, after: ArrayLike, weights: ArrayLike, smallest_loss: float = 0.0) -> float:
    """Return the weighted share of consumers whose surplus fell.

    Parameters
    ----------
    before, after : array_like, shape (consumers,)
        Surplus of the same consumers in two runs (or at two times), dollars per month.
    weights : array_like, shape (consumers,)
        Purchase occasions each stands for.
    smallest_loss : float
        A fall of this much or less is not a loss, dollars per month.

    Returns
    -------
    float
        Share, 0 … 1. NaN when nothing has weight.
    """
    loss = floats(before) - floats(after)
    return weighted_share(loss > smallest_loss, weights)


def weighted_share(which: ArrayLike, weights: ArrayLike) -> float:
    """Return the share of the weight for which something holds; `served_badly_share` is one of these.

    Parameters
    ----------
    which : array_like of bool, shape (n,)
        For `served_badly_share`: whether the consumer's best V is below the outside option's.
    weights : array_like, shape (n,)
        Not negative.

    Returns
    -------
    float
        Share, 0 … 1. NaN when nothing has weight.
    """
    weights = floats(weights)
    total = weights.sum()
    return float(weights[np.asarray(which, dtype=bool)].sum() / total) if total > 0 else float("nan")


def taste_quartile(distance: ArrayLike, weights: ArrayLike) -> Integers:
    r"""Return each consumer's quartile of :math:`\|z_i - m_s\|`, how far a taste is from the sector's centre.

    Parameters
    ----------
    distance : array_like, shape (consumers,)
        In standard deviations of tastes.
    weights : array_like, shape (consumers,)
        Purchase occasions each stands for; the quartiles hold equal weight, as far as consumers can be divided. Equal
        distances share a quartile, so that the order of consumers does not matter.

    Returns
    -------
    ndarray of int, shape (consumers,)
        0 (popular tastes) … 3 (tail tastes).
    """
    distance, weights = floats(distance), floats(weights)
    if distance.size == 0:
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(distance, kind="stable")
    reached = np.cumsum(weights[order])
    # The hair's breadth keeps a quarter that is reached exactly from being missed by a rounding error.
    limits = distance[order][np.searchsorted(reached, reached[-1] * np.array([0.25, 0.5, 0.75]) * (1 - 1e-12))]
    return np.searchsorted(limits, distance, side="left")


def change_by_quartile(change: ArrayLike, distance: ArrayLike, weights: ArrayLike) -> Array:
    """Return the mean change in each quartile of distance between a consumer's taste and the sector's centre.

    Parameters
    ----------
    change : array_like, shape (consumers,)
        Change of surplus (or level of anything), for instance dollars per month.
    distance : array_like, shape (consumers,)
        ‖z_i − m_s‖, in standard deviations of tastes.
    weights : array_like, shape (consumers,)
        Purchase occasions each stands for.

    Returns
    -------
    ndarray, shape (4,)
        Unit of `change`, popular tastes first, tail tastes last. NaN for a quartile without consumers.
    """
    return group_means(change, taste_quartile(distance, weights), 4, weights)


def personalization_gap(misfit: ArrayLike, distance: ArrayLike, weights: ArrayLike) -> float:
    r"""Return how much worse tail tastes are served than popular ones.

    Mean served misfit of the outer quartile of ‖z_i − m_s‖ minus that of the inner quartile.

    Parameters
    ----------
    misfit : array_like, shape (consumers,)
        Σ_j Pr_ij‖z_i − x_ij‖/Σ_j Pr_ij: distance from a consumer's taste to the offerings served to it, in standard
        deviations of tastes.
    distance : array_like, shape (consumers,)
        ‖z_i − m_s‖, same unit.
    weights : array_like, shape (consumers,)
        Purchases each stands for.

    Returns
    -------
    float
        Same unit; 0 when all tastes are served alike. NaN when one of the two quartiles is empty.
    """
    means = change_by_quartile(misfit, distance, weights)
    return float(means[3] - means[0])
