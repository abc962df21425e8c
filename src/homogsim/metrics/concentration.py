"""How much of a market is in how few hands."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import Array, floats, integers


def group_herfindahl(amounts: ArrayLike, group: ArrayLike, n_groups: int) -> Array:
    r"""Return the Herfindahl–Hirschman index :math:`\sum_j s_j^2` of the shares within each group.

    Parameters
    ----------
    amounts : array_like, shape (n,)
        Sales or counts, not negative.
    group : array_like of int, shape (n,)
        0 … `n_groups` − 1.
    n_groups : int
        Number of groups.

    Returns
    -------
    ndarray, shape (n_groups,)
        Without unit, 0 < H ≤ 1 (not the 0 … 10,000 of competition law); NaN for a group without sales.

    References
    ----------
    Herfindahl (1950); Hirschman (1964), The paternity of an index, American Economic Review 54, 761–762.
    """
    amounts, group = floats(amounts), integers(group)
    total = np.bincount(group, weights=amounts, minlength=n_groups)
    whole = total[group]
    share = np.divide(amounts, whole, out=np.zeros_like(amounts), where=whole > 0)
    return np.where(total > 0, np.bincount(group, weights=share**2, minlength=n_groups), np.nan)


def mean_cell_hhi(sales: ArrayLike, cell: ArrayLike, n_cells: int) -> float:
    """Return the mean over cells of the Herfindahl index of sales (`sales_hhi`, over small businesses).

    Parameters
    ----------
    sales : array_like, shape (n,)
        Units or dollars a month, not negative.
    cell : array_like of int, shape (n,)
        The block (town, sector) of each business, 0 … `n_cells` − 1.
    n_cells : int
        Number of cells; those without sales are left out of the mean.

    Returns
    -------
    float
        Without unit, 0 < H ≤ 1. NaN when no cell sells anything.
    """
    per_cell = group_herfindahl(sales, cell, n_cells)
    known = per_cell[~np.isnan(per_cell)]
    return float(known.mean()) if known.size else float("nan")


def vendor_hhi(clients: ArrayLike, market: ArrayLike | None = None) -> float:
    """Return the Herfindahl index of vendors' clients, within each market and averaged by clients.

    Parameters
    ----------
    clients : array_like, shape (vendors,)
        Clients of each vendor.
    market : array_like of int, shape (vendors,), optional
        In which market a vendor competes: its tier, with its sector for industry vendors. One market when left out.

    Returns
    -------
    float
        Without unit, 1/vendors … 1. NaN when nobody is a client.
    """
    clients = floats(clients)
    if not clients.sum() > 0:
        return float("nan")
    market = np.zeros(clients.size, dtype=np.int64) if market is None else integers(market)
    market = market - market.min()
    size = np.bincount(market, weights=clients)
    squares = np.bincount(market, weights=clients**2)  # size·H = Σ clients²/size
    used = size > 0
    return float((squares[used] / size[used]).sum() / size.sum())


def top_share(amounts: ArrayLike) -> float:
    """Return the share of the largest, for instance of the largest vendor among adopters.

    Parameters
    ----------
    amounts : array_like, shape (n,)
        Sales or counts, not negative.

    Returns
    -------
    float
        Share, 1/n … 1. NaN when nothing has weight.
    """
    amounts = floats(amounts)
    total = amounts.sum()
    return float(amounts.max() / total) if total > 0 else float("nan")
