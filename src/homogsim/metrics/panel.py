"""What a panel of consumers met and came back to, told from whom each of them visited in each month."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import integers
from homogsim.metrics.averages import weighted_mean


def experienced_richness(visits: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the mean number of different businesses that a consumer met.

    Parameters
    ----------
    visits : array_like of int, shape (consumers, months)
        Whom each consumer visited in each month (a business's uid), −1 for nobody. Twelve months by definition.
    weights : array_like, shape (consumers,), optional
        Purchase occasions each simulated consumer stands for; equal weights when left out.

    Returns
    -------
    float
        Businesses per consumer, 0 … months; consumers who met nobody count 0. NaN without consumers or months.
    """
    visits = integers(visits)
    if visits.size == 0:
        return float("nan")
    ordered = np.sort(visits, axis=1)
    new = np.ones(ordered.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    richness = (new & (ordered >= 0)).sum(axis=1)
    return weighted_mean(richness, weights)


def repeat_share(visits: ArrayLike, window: int = 12, since: int = 0) -> float:
    """Return the share of first-time visitors who are back at the same business within `window` months.

    Counted over pairs of a consumer and a business whose first visit has `window` recorded months after it.

    Parameters
    ----------
    visits : array_like of int, shape (consumers, months)
        Whom each consumer visited in each month (a business's uid), −1 for nobody.
    window : int
        Months within which the visitor must come back.
    since : int
        First month from which a first visit is believed: earlier ones may be returns from before the panel began.

    Returns
    -------
    float
        Share, 0 … 1. NaN without such a first visit.
    """
    from homogsim.metrics.compiled import count_returns

    first, back = count_returns(np.ascontiguousarray(integers(visits)), window, since)
    return back / first if first else float("nan")


def repeat_spending(now: ArrayLike, before: ArrayLike, spent: ArrayLike) -> float:
    """Return the share of spending that goes to businesses which the consumer had visited before.

    Parameters
    ----------
    now : array_like of int, shape (visitors,)
        Whom each visitor visits now (a business's uid).
    before : array_like of int, shape (visitors, months)
        Whom each of them visited in the months before, −1 for nobody. Twelve months by definition.
    spent : array_like, shape (visitors,)
        What each spends now, dollars.

    Returns
    -------
    float
        Share, 0 … 1. NaN when nothing is spent.
    """
    from homogsim.metrics.compiled import is_among_into

    now, before = integers(now), integers(before)
    returning = np.empty(now.size, dtype=bool)
    is_among_into(now, before, returning)
    return weighted_mean(returning, spent)
