"""The loops over pairs of outlets, compiled: they are most of what a month of metrics costs.

Sums run in a fixed order and use + − × ÷ √ and this project's own exp and log, so that they have the same bits on any
machine.
"""

from __future__ import annotations

import numpy as np

from homogsim.kernels.compiled import njit
from homogsim.metrics.arrays import Array, Booleans, Integers
from homogsim.numerics import LANES, exp, log, prefer_wide_vectors, sum_of_products


@njit(cache=True)
def distances_into(columns: Array, result: Array) -> None:
    """Fill (n, n) with the Euclidean distances between points, given as (d, n) contiguous columns."""
    prefer_wide_vectors()
    d, n = columns.shape
    for j in range(n):
        row = result[j]
        for i in range(n):
            row[i] = 0.0
        for k in range(d):
            axis, here = columns[k], columns[k, j]
            for i in range(n):
                gap = here - axis[i]
                row[i] += gap * gap
        for i in range(n):
            row[i] = np.sqrt(row[i])


@njit(cache=True)
def pairs_into(columns: Array, scale: float, p: Array, group: Integers, market: Array, own: Array) -> float:
    """Go through all pairs of points once; return the sum of their distances, each pair counted twice.

    Adds to `market` (V, n) the ordinariness Zp of every point for each of V shares `p` (V, n), and to `own` (V, G, n)
    that among the points of its own group, for each of G ways to group them (G, n). No matrix is kept: what j adds to
    later points i goes from row to row, what they add to j is a sum over the row.
    """
    prefer_wide_vectors()
    d, n = columns.shape
    views, width, rate = p.shape[0], (n + LANES - 1) // LANES * LANES, -1.0 / scale
    row, distance = np.empty(n), np.zeros(n)
    # One array, so that sums of products can be taken: two rows of similarities, then shares; zeros at the end.
    room = np.zeros((2 + views) * width)
    for v in range(views):
        for i in range(n):
            room[(2 + v) * width + i] = p[v, i]
    for j in range(n):
        # Rows begin at a whole vector; what they hold up to j counts nothing.
        first = j // LANES * LANES
        done, size = j + 1 - first, n - first
        alike, together = room[first:n], room[width + first : width + n]
        for i in range(size):
            row[i] = 0.0
        for k in range(d):
            axis, here = columns[k, first:], columns[k, j]
            for i in range(size):
                gap = here - axis[i]
                row[i] += gap * gap
        for i in range(size):
            row[i] = np.sqrt(row[i])
        for i in range(size):
            alike[i] = exp(rate * row[i])
        row[:done], alike[:done] = 0.0, 0.0
        far = distance[first:]
        for i in range(size):
            far[i] += row[i]
        for v in range(views):
            weight, everywhere, shares = p[v, j], market[v, first:], (2 + v) * width + first
            for i in range(size):
                everywhere[i] += alike[i] * weight
            market[v, j] += weight + sum_of_products(room, first, shares, width - first)
        for g in range(group.shape[0]):
            mine, groups = group[g, j], group[g, first:]
            for i in range(size):
                together[i] = alike[i] if groups[i] == mine else 0.0
            for v in range(views):
                weight, here_only, shares = p[v, j], own[v, g, first:], (2 + v) * width + first
                for i in range(size):
                    here_only[i] += together[i] * weight
                own[v, g, j] += weight + sum_of_products(room, width + first, shares, width - first)
    total = 0.0
    for i in range(n):
        total += distance[i]
    return 2.0 * total


@njit(cache=True)
def similarities_into(distances: Array, scale: float, result: Array) -> None:
    """Fill with exp(−distance/ℓ), ℓ > 0: in one pass, without a matrix in between."""
    prefer_wide_vectors()
    for j in range(distances.shape[0]):
        row, alike = distances[j], result[j]
        for i in range(row.size):
            alike[i] = row[i] / -scale
        for i in range(row.size):
            alike[i] = exp(alike[i])


@njit(cache=True)
def ordinariness_by_part_into(Z: Array, p: Array, group: Integers, part: Integers, market: Array, own: Array) -> None:
    """Fill (G, n): what each of G parts of the outlets adds to (Zp)_i, over all and over those of i's own group.

    Z is symmetric, so it is read by rows: its columns would be read from all over the memory, and one at a time.
    """
    prefer_wide_vectors()
    n = p.size
    alike = np.empty(n)
    for j in range(n):
        similar, weight, mine = Z[j], p[j], group[j]
        everywhere, here = market[part[j]], own[part[j]]
        for i in range(n):
            alike[i] = similar[i] * weight
        for i in range(n):
            everywhere[i] += alike[i]
        for i in range(n):
            here[i] += alike[i] if group[i] == mine else 0.0


@njit(cache=True)
def three_orders_into(p: Array, group: Integers, market: Array, own: Array, weight: Array, result: Array) -> None:
    """Fill (3, 3): γ, Ā and B̄ at q = 0, 1 and 2, as `homogsim.metrics.partition.partition_at` has them.

    `own` is Σ_j Z_ij p_j over the group's outlets, `weight` (M) the groups' shares. Outlets and groups without weight
    do not count.
    """
    groups = weight.size
    sums = np.zeros((2, 3, groups))  # of each group: Σ p (1/own)^(1−q) and Σ p (market/own)^(1−q), logarithms at q = 1
    whole = np.zeros(3)
    for i in range(p.size):
        if p[i] > 0.0:
            m, mine = group[i], own[i] / weight[group[i]]
            ratio = market[i] / mine
            whole[0] += p[i] / market[i]
            whole[1] -= p[i] * log(market[i])
            whole[2] += p[i] * market[i]
            sums[0, 0, m] += p[i] / mine
            sums[0, 1, m] -= p[i] * log(mine)
            sums[0, 2, m] += p[i] * mine
            sums[1, 0, m] += p[i] * ratio
            sums[1, 1, m] += p[i] * log(ratio)
            sums[1, 2, m] += p[i] / ratio
    result[0, 0], result[1, 0], result[2, 0] = whole[0], exp(whole[1]), 1.0 / whole[2]
    result[:, 1:] = 0.0
    for m in range(groups):
        w = weight[m]
        if w > 0.0:
            # ᾱ and β̄ = 1/ρ̄ of the group, each averaged with the order of its own mean.
            result[0, 1] += w * (sums[0, 0, m] / w)
            result[1, 1] += sums[0, 1, m]
            result[2, 1] += w * (sums[0, 2, m] / w)
            result[0, 2] += w * (w / sums[1, 0, m])
            result[1, 2] -= sums[1, 1, m]
            result[2, 2] += w / (sums[1, 2, m] / w)
    for k in (1, 2):
        result[1, k] = exp(result[1, k])
        result[2, k] = 1.0 / result[2, k]


@njit(cache=True)
def count_returns(visits: Integers, window: int, since: int) -> tuple[int, int]:
    """Return how many first visits there are with `window` months after them, and how many of them are repeated.

    `visits` is (consumers, months); see `homogsim.metrics.panel.repeat_share`.
    """
    months = visits.shape[1]
    first, back = 0, 0
    for i in range(visits.shape[0]):
        for t in range(since, months - window):
            business = visits[i, t]
            if business < 0:
                continue
            is_first = True
            for before in range(t):
                if visits[i, before] == business:
                    is_first = False
                    break
            if not is_first:
                continue
            first += 1
            for after in range(t + 1, t + window + 1):
                if visits[i, after] == business:
                    back += 1
                    break
    return first, back


@njit(cache=True)
def is_among_into(now: Integers, before: Integers, result: Booleans) -> None:
    """Fill whether each entry of `now` (n) is among its row of `before` (n, months)."""
    for i in range(now.size):
        result[i] = False
        for t in range(before.shape[1]):
            if before[i, t] == now[i]:
                result[i] = True
                break
