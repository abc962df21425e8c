"""Averages and spreads over businesses, weighted by what they sell."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import Array, floats, integers


def weighted_mean(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    r"""Return the mean :math:`\sum_j w_j v_j / \sum_j w_j`.

    Mean price, markup, quality and personalization are such means over small businesses, weighted by sales.

    Parameters
    ----------
    values : array_like, shape (n,)
        Any unit.
    weights : array_like, shape (n,), optional
        Not negative; equal weights when left out. Values with weight 0 are not looked at.

    Returns
    -------
    float
        Same unit as `values`; within their range. NaN when nothing has weight.
    """
    values = floats(values)
    weights = np.ones(values.shape) if weights is None else floats(weights)
    used = weights > 0
    total = weights[used].sum()
    return float((values[used] * weights[used]).sum() / total) if total > 0 else float("nan")


def within_cell_dispersion(price: ArrayLike, cell: ArrayLike, n_cells: int) -> float:
    r"""Return the standard deviation of ln price within a cell, pooled over cells.

    .. math:: \sqrt{\sum_j (\ln p_j - \overline{\ln p}_{c(j)})^2 / (n - C)}

    with C the number of cells that hold a business: how differently the same kind of business in the same town charges.

    Parameters
    ----------
    price : array_like, shape (n,)
        Dollars, positive.
    cell : array_like of int, shape (n,)
        The block (town, sector) of each business, 0 … `n_cells` − 1.
    n_cells : int
        Number of cells.

    Returns
    -------
    float
        In ln dollars (.20 is about 20 %); at least 0. NaN when no cell holds two businesses.
    """
    log_price, cell = np.log(floats(price)), integers(cell)
    count = np.bincount(cell, minlength=n_cells)
    mean = np.bincount(cell, weights=log_price, minlength=n_cells) / np.maximum(count, 1)
    freedom = log_price.size - np.count_nonzero(count)
    return float(np.sqrt(((log_price - mean[cell]) ** 2).sum() / freedom)) if freedom > 0 else float("nan")


def group_means(values: ArrayLike, group: ArrayLike, n_groups: int, weights: ArrayLike | None = None) -> Array:
    """Return the (weighted) mean of each group, for instance of each town or each tool.

    Parameters
    ----------
    values : array_like, shape (n,)
        Any unit.
    group : array_like of int, shape (n,)
        0 … `n_groups` − 1.
    n_groups : int
        Number of groups.
    weights : array_like, shape (n,), optional
        Not negative; equal weights when left out.

    Returns
    -------
    ndarray, shape (n_groups,)
        Same unit as `values`; NaN for a group in which nothing has weight.
    """
    values, group = floats(values), integers(group)
    weights = np.ones(values.shape) if weights is None else floats(weights)
    used = weights > 0
    total = np.bincount(group[used], weights=weights[used], minlength=n_groups)
    summed = np.bincount(group[used], weights=(weights * values)[used], minlength=n_groups)
    return floats(np.divide(summed, total, out=np.full(n_groups, np.nan), where=total > 0))
