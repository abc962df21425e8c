"""The loops over pairs of outlets, compiled: they are most of what a month of metrics costs.

Sums run in a fixed order and use + − × ÷ √ and this project's own exp, so that they have the same bits on any machine.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from homogsim.metrics.arrays import Array, Integers
from homogsim.numerics import exp, prefer_wide_vectors


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
def pairs_into(columns: Array, scale: float, p: Array, group: Integers, market: Array, own: Array) -> float:
    """Go through all pairs of points once; return the sum of their distances.

    Adds to `market` (V, n) the ordinariness Zp of every point for each of V shares `p` (V, n), and to `own` (V, G, n)
    that among the points of its own group, for each of G ways to group them (G, n). No matrix is kept.
    """
    prefer_wide_vectors()
    d, n = columns.shape
    row, together, distance = np.empty(n), np.empty(n), np.zeros(n)
    for j in range(n):
        for i in range(n):
            row[i] = 0.0
        for k in range(d):
            axis, here = columns[k], columns[k, j]
            for i in range(n):
                gap = here - axis[i]
                row[i] += gap * gap
        for i in range(n):
            row[i] = np.sqrt(row[i])
        for i in range(n):
            distance[i] += row[i]
        for i in range(n):
            row[i] = exp(-row[i] / scale)
        for v in range(p.shape[0]):
            weight, everywhere = p[v, j], market[v]
            for i in range(n):
                everywhere[i] += row[i] * weight
        for g in range(group.shape[0]):
            mine, groups = group[g, j], group[g]
            for i in range(n):
                together[i] = row[i] if groups[i] == mine else 0.0
            for v in range(p.shape[0]):
                weight, here_only = p[v, j], own[v, g]
                for i in range(n):
                    here_only[i] += together[i] * weight
    total = 0.0
    for i in range(n):
        total += distance[i]
    return total


@njit(cache=True, error_model="numpy")
def ordinariness_into(Z: Array, p: Array, group: Integers, market: Array, own: Array) -> None:
    """Fill (Zp)_i over all outlets and over those of i's own group."""
    n = p.size
    for i in range(n):
        everywhere, here = 0.0, 0.0
        for j in range(n):
            alike = Z[i, j] * p[j]
            everywhere += alike
            here += alike if group[j] == group[i] else 0.0
        market[i], own[i] = everywhere, here


@njit(cache=True, error_model="numpy")
def ordinariness_by_part_into(Z: Array, p: Array, group: Integers, part: Integers, market: Array, own: Array) -> None:
    """Fill (G, n): what each of G parts of the outlets adds to (Zp)_i, over all and over those of i's own group."""
    n = p.size
    for i in range(n):
        for j in range(n):
            alike = Z[i, j] * p[j]
            market[part[j], i] += alike
            own[part[j], i] += alike if group[j] == group[i] else 0.0
