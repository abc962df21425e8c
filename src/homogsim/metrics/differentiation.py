"""What being different is worth: to customers, in their judgement, and in the market."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import Array, Booleans, floats, integers
from homogsim.metrics.averages import group_means, weighted_mean

PROMOTER, DETRACTOR = 9.0, 6.0  # ratings of at least, and at most
_LOGIT_OF_PROMOTER = 2.1972245773362196  # ln(.9/.1)


def differentiation_premium(
    value: ArrayLike, value_of_twin: ArrayLike, price_sensitivity: ArrayLike, purchases: ArrayLike
) -> Array:
    r"""Return what a firm's buyers would pay for it not to be its generic twin.

    .. math:: DP_j = \sum_i Q_{ij} \frac{V_{ij} - V_{ij}^{twin}}{\alpha_i} \Big/ \sum_i Q_{ij}

    The twin has the same price, cost, quality and distance, but the offering pulled to the template, the
    personalization of the generic tool and no locality. A willingness to pay, not a premium that was realized.

    Parameters
    ----------
    value, value_of_twin : array_like, shape (consumers, firms)
        V and V^twin, dollars.
    price_sensitivity : array_like, shape (consumers,)
        α_i, positive, mean 1.
    purchases : array_like, shape (consumers, firms)
        W·Pr_ij, not negative; pairs with 0 are not looked at, whatever their V.

    Returns
    -------
    ndarray, shape (firms,)
        Dollars a purchase. NaN for a firm without buyers.
    """
    Q, alpha = floats(purchases), floats(price_sensitivity)
    gain = np.subtract(value, value_of_twin, out=np.zeros_like(Q), where=Q > 0, dtype=float)
    total = Q.sum(axis=0)
    worth = (Q * gain / alpha[:, None]).sum(axis=0)
    return floats(np.divide(worth, total, out=np.full(total.shape, np.nan), where=total > 0))


def premium_over_reference(values: ArrayLike, is_reference: ArrayLike, town: ArrayLike, n_towns: int) -> Array:
    """Return each firm's value less the mean of the reference firms in its town.

    With prices it is the realized premium that stands beside the differentiation premium.

    Parameters
    ----------
    values : array_like, shape (firms,)
        Prices, revenues, …
    is_reference : array_like of bool, shape (firms,)
        The firms compared with: those with a generic tool and nothing local.
    town : array_like of int, shape (firms,)
        0 … `n_towns` − 1.
    n_towns : int
        Number of towns.

    Returns
    -------
    ndarray, shape (firms,)
        Unit of `values`. NaN in towns without a reference firm.
    """
    values, town = floats(values), integers(town)
    return values - group_means(values, town, n_towns, floats(is_reference))[town]


def brand_equity(revenue: ArrayLike, is_generic_nonlocal: ArrayLike, town: ArrayLike, n_towns: int) -> Array:
    """Return :math:`p_j Q_j` less the mean revenue of the town's generic, non-local firms.

    Parameters
    ----------
    revenue : array_like, shape (firms,)
        Dollars per month.
    is_generic_nonlocal : array_like of bool, shape (firms,)
        Firms with a generic tool and locality lost.
    town : array_like of int, shape (firms,)
        0 … `n_towns` − 1.
    n_towns : int
        Number of towns.

    Returns
    -------
    ndarray, shape (firms,)
        Dollars per month. NaN in towns without such a firm.

    References
    ----------
    Ailawadi, Lehmann & Neslin (2003), Revenue premium as an outcome measure of brand equity, Journal of Marketing 67,
    1–17.
    """
    return premium_over_reference(revenue, is_generic_nonlocal, town, n_towns)


def market_share_premium(sales: ArrayLike, cell: ArrayLike, n_cells: int) -> Array:
    r"""Return how much more than an equal share of its cell a firm sells, :math:`s_j n / \sum s - 1`.

    Parameters
    ----------
    sales : array_like, shape (firms,)
        Units or dollars a month, not negative.
    cell : array_like of int, shape (firms,)
        The block (town, sector) within which firms share a market, 0 … `n_cells` − 1.
    n_cells : int
        Number of cells.

    Returns
    -------
    ndarray, shape (firms,)
        Without unit, −1 … n − 1, mean 0 in each cell. NaN in cells without sales.
    """
    sales, cell = floats(sales), integers(cell)
    mean = group_means(sales, cell, n_cells)[cell]
    return floats(np.divide(sales, mean, out=np.full(sales.shape, np.nan), where=mean > 0) - 1)


def distance_to_cell_mean(offering: ArrayLike, cell: ArrayLike, n_cells: int) -> Array:
    r"""Return how different each firm is from those around it, :math:`\|x_j - \bar x_{c(j)}\|`.

    Parameters
    ----------
    offering : array_like, shape (firms, d)
        In standard deviations of tastes.
    cell : array_like of int, shape (firms,)
        The block (town, sector) of each firm, 0 … `n_cells` − 1.
    n_cells : int
        Number of cells.

    Returns
    -------
    ndarray, shape (firms,)
        Same unit; at least 0, and 0 for a firm that is alone in its cell.
    """
    x, cell = floats(offering), integers(cell)
    count = np.maximum(np.bincount(cell, minlength=n_cells), 1)
    squared = np.zeros(len(x))
    for axis in x.T:
        squared += (axis - (np.bincount(cell, weights=axis, minlength=n_cells) / count)[cell]) ** 2
    return floats(np.sqrt(squared))


def more_different_half(offering: ArrayLike, cell: ArrayLike, n_cells: int) -> Booleans:
    """Say which firms belong to the half of their cell that is farthest from the cell's mean offering.

    Parameters
    ----------
    offering : array_like, shape (firms, d)
        In standard deviations of tastes.
    cell : array_like of int, shape (firms,)
        The block (town, sector) of each firm, 0 … `n_cells` − 1.
    n_cells : int
        Number of cells.

    Returns
    -------
    ndarray of bool, shape (firms,)
        n // 2 of the n firms of each cell; of equally distant ones (to 1e-9) the later rows.
    """
    cell = integers(cell)
    # Rounded: two firms of a cell are equally far from their mean, and no last bit may tell them apart.
    distance = distance_to_cell_mean(offering, cell, n_cells).round(9)
    order = np.lexsort((distance, cell))
    count = np.bincount(cell, minlength=n_cells)
    rank = np.empty(cell.size, dtype=np.int64)
    rank[order] = np.arange(cell.size) - (np.cumsum(count) - count)[cell[order]]
    different: Booleans = rank >= count[cell] - count[cell] // 2
    return different


def rating_reference(satisfaction: ArrayLike, weights: ArrayLike | None = None) -> tuple[float, float]:
    r"""Return the frozen reference of ratings, :math:`\bar u_0 = m - 1.032\,sd` and :math:`s_0 = .47\,sd`.

    Taken once, in month 12 of the warm-up. If u is normal, half of the visits are then rated 9 or more and a fifth 6 or
    less, so that advocacy begins near 1.

    Parameters
    ----------
    satisfaction : array_like, shape (n,)
        u of visits (or of firms, weighted by their purchases), dollars.
    weights : array_like, shape (n,), optional
        Not negative; equal weights when left out.

    Returns
    -------
    u_0, s_0 : float
        Dollars; s_0 at least 0. NaN when nothing has weight.
    """
    u = floats(satisfaction)
    mean = weighted_mean(u, weights)
    deviation = float(np.sqrt(weighted_mean((u - mean) ** 2, weights)))
    return mean - 1.032 * deviation, 0.47 * deviation


def rating(satisfaction: ArrayLike, u_0: float, s_0: float) -> Array:
    r"""Return the rating a visit gets, :math:`10\,\Lambda((u - \bar u_0)/s_0)` with Λ the logistic function.

    Parameters
    ----------
    satisfaction : array_like
        u, dollars.
    u_0, s_0 : float
        See `rating_reference`, dollars; s_0 positive.

    Returns
    -------
    ndarray or scalar, shape of `satisfaction`
        0 … 10.

    Raises
    ------
    ValueError
        If s_0 is 0 or negative.
    """
    if s_0 <= 0:
        raise ValueError(f"the spread of ratings must be positive, not {s_0}")
    # Λ(x) = (1 + tanh(x/2))/2 overflows nowhere.
    return 5 * (1 + np.tanh((floats(satisfaction) - u_0) / (2 * s_0)))


def satisfaction_of_promoters(u_0: float, s_0: float) -> float:
    r"""Return the satisfaction from which a visit is rated 9 or more, :math:`\bar u_0 + s_0 \ln 9`.

    Parameters
    ----------
    u_0, s_0 : float
        See `rating_reference`, dollars.

    Returns
    -------
    float
        Dollars; +, × and a constant only, so that a law may build on it.
    """
    return u_0 + s_0 * _LOGIT_OF_PROMOTER


def net_promoter_score(ratings: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return 100·(share of visits rated 9 or more − share rated 6 or less), the sources' customer advocacy.

    Parameters
    ----------
    ratings : array_like, shape (visits,)
        0 … 10.
    weights : array_like, shape (visits,), optional
        Not negative; equal weights when left out.

    Returns
    -------
    float
        −100 … 100. NaN without visits.

    References
    ----------
    Reichheld (2003), The one number you need to grow, Harvard Business Review 81(12), 46–54.
    """
    ratings = floats(ratings)
    leaning = (ratings >= PROMOTER).astype(float) - (ratings <= DETRACTOR)
    return 100 * weighted_mean(leaning, weights)


def customer_lifetime_value(margin: ArrayLike, retention: ArrayLike, interest: float = 0.008) -> Array:
    r"""Return the discounted margin of a customer, :math:`m (1 + i) / (1 + i - r)`.

    Parameters
    ----------
    margin : array_like
        m, dollars per customer and month.
    retention : array_like
        r, share of customers who stay from one month to the next, 0 … 1.
    interest : float
        i, per month, positive.

    Returns
    -------
    ndarray or scalar, broadcast shape
        Dollars per customer, with the sign of the margin. NaN where r is outside 0 … 1.

    References
    ----------
    Gupta & Lehmann (2003), Customers as assets, Journal of Interactive Marketing 17, 9–24 (first margin at once).
    """
    m, r = floats(margin), floats(retention)
    kept = np.where((r >= 0) & (r <= 1), r, np.nan)
    return m * (1 + interest) / (1 + interest - kept)
