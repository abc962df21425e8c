"""Who gets what firms spend: the model keeps one fixed cost and one unit cost, and these shares divide them.

The shares are conventions (judgement, from cost structures of small shops and restaurants: rent some 7 % of revenue,
labour some 30 %). They set the level of a metric; how it differs between two runs they hardly touch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import Array, floats

LANDLORDS = 1 / 3
"""Share of fixed cost that is rent; the rest is staff that is there whatever is sold."""
DIRECT_LABOUR = 0.2
"""Share of the unit cost without tools that is work; what tools save comes out of it."""
VENDOR_COST = 0.25
"""Share of fees that it costs a vendor to serve its clients (software as a service: a gross margin near 75 %)."""


def landlord_rent(fixed_cost: ArrayLike) -> float:
    """Return landlords' rent: a third of fixed costs.

    Counted as welfare, because space is there whoever pays for it; wages are not: staff could earn them elsewhere.

    Parameters
    ----------
    fixed_cost : array_like
        Paid, dollars per month.

    Returns
    -------
    float
        Dollars per month.
    """
    return float(LANDLORDS * floats(fixed_cost).sum())


def vendor_profit(fees: ArrayLike) -> float:
    """Return vendors' fees less what it costs them to serve their clients.

    Set-up costs are no income of theirs: they are work done for the client, a resource used.

    Parameters
    ----------
    fees : array_like
        Paid by clients, dollars per month.

    Returns
    -------
    float
        Dollars per month.
    """
    return float((1 - VENDOR_COST) * floats(fees).sum())


def labour_cost(fixed_cost: ArrayLike, base_cost: ArrayLike, unit_cost: ArrayLike, sales: ArrayLike) -> Array:
    r"""Return what firms pay for work, :math:`\tfrac23 F + \max(0, .2\,c_j - \max(0, c_j - c))\,Q`.

    Parameters
    ----------
    fixed_cost : array_like, shape (firms,)
        F paid, dollars per month.
    base_cost, unit_cost : array_like, shape (firms,)
        Unit cost c_j without the tool, and c with it, dollars.
    sales : array_like, shape (firms,)
        Q, units per month.

    Returns
    -------
    ndarray, shape (firms,)
        Dollars per month.
    """
    base = floats(base_cost)
    saved = np.maximum(0.0, base - floats(unit_cost))
    direct = np.maximum(0.0, DIRECT_LABOUR * base - saved)
    return floats((1 - LANDLORDS) * floats(fixed_cost) + direct * floats(sales))
