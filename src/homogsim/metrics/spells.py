"""Survival by a state that changes while a business lives, such as its tool.

A business that adopts late had to live long enough to adopt. Compared by what they once used, adopters would look
immortal; so each business is cut into spells, each in one state, and is at risk in the state it is in.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from homogsim.metrics.arrays import Array, Booleans, Integers
from homogsim.metrics.survival import SurvivalCurve, count_at_risk, kaplan_meier


class Spells(NamedTuple):
    """Stretches of businesses' lives in one state: at risk at ages start < t ≤ stop, months.

    All arrays have shape (spells,). `event` says whether the business closed at `stop`; a change of state ends a spell
    without an event. `business` is the row of the business the spell belongs to.
    """

    start: Array
    stop: Array
    event: Booleans
    state: Integers
    business: Integers


def kaplan_meier_by_state(spells: Spells, n_states: int) -> list[SurvivalCurve]:
    """Return one Kaplan–Meier curve for each state, of businesses while they are in it.

    S_k(t) is the chance of reaching age t with the hazard, at every age, of those then in state k (Simon & Makuch). A
    curve begins to mean something once businesses have entered the state; early ages with few at risk move it much.

    Parameters
    ----------
    spells : Spells
        See `Spells`.
    n_states : int
        Number of states.

    Returns
    -------
    list of SurvivalCurve, length n_states
        Empty curves (`last` NaN) for states nobody was in.

    References
    ----------
    Simon & Makuch (1984), A non-parametric graphical representation of the relationship between survival and the
    occurrence of an event, Statistics in Medicine 3, 35–44.
    """
    return [
        kaplan_meier(spells.stop[here], spells.event[here], spells.start[here])
        for here in (spells.state == k for k in range(n_states))
    ]


class LogRank(NamedTuple):
    """A log-rank test: χ², its degrees of freedom, p-value, and closings observed and expected in each state."""

    statistic: float
    freedom: int
    p_value: float
    observed: Array
    expected: Array


def log_rank(spells: Spells, n_states: int) -> LogRank:
    r"""Test whether closing is as likely in every state, age by age.

    At each age t with d closings among n at risk, of whom n_k in state k, state k expects d·n_k/n. With
    U = observed − expected summed over ages and V its hypergeometric covariance,

    .. math:: \chi^2 = U^\top V^- U, \quad
              V_{kl} = \sum_t d \frac{n - d}{n - 1} \frac{n_k}{n}\Big(\delta_{kl} - \frac{n_l}{n}\Big)

    Parameters
    ----------
    spells : Spells
        Spells of one business do not overlap, so that it is at risk once at any age.
    n_states : int
        Number of states.

    Returns
    -------
    LogRank
        χ² ≥ 0; degrees of freedom: the rank of V, states at risk together less one; p-value in [0, 1]. χ² and p are NaN
        when no two states were ever at risk together.

    References
    ----------
    Mantel (1966), Cancer Chemotherapy Reports 50, 163–170; for time-varying states Andersen & Gill (1982), Annals of
    Statistics 10, 1100–1120.
    """
    times, closed = np.unique(spells.stop[spells.event], return_counts=True)
    here = [spells.state == k for k in range(n_states)]
    at_risk = np.array([count_at_risk(times, spells.stop[k], spells.start[k]) for k in here], dtype=float)
    observed = np.array([np.count_nonzero(spells.event[k]) for k in here], dtype=float)
    total = at_risk.sum(axis=0)
    share = at_risk / total
    expected = (closed * share).sum(axis=1)
    spread = np.where(total > 1, closed * (total - closed) / np.maximum(total - 1, 1), 0.0)
    covariance = np.diag((spread * share).sum(axis=1)) - np.einsum("t,kt,lt->kl", spread, share, share)
    freedom = int(np.linalg.matrix_rank(covariance, hermitian=True)) if times.size else 0
    if freedom == 0:
        return LogRank(float("nan"), 0, float("nan"), observed, expected)
    excess = observed - expected
    statistic = float(excess @ np.linalg.pinv(covariance, hermitian=True) @ excess)
    return LogRank(statistic, freedom, chi_square_tail(statistic, freedom), observed, expected)


def chi_square_tail(x: float, freedom: int) -> float:
    r"""Return P(χ² > x) with `freedom` ≥ 1 degrees of freedom, x ≥ 0.

    .. math:: Q_1 = \mathrm{erfc}\sqrt{x/2}, \quad Q_2 = e^{-x/2}, \quad
              Q_{k+2} = Q_k + \frac{(x/2)^{k/2}}{\Gamma(k/2 + 1)} e^{-x/2}

    The same as `scipy.special.chdtrc`, whose package takes as long to import as ten months to run.

    References
    ----------
    Abramowitz & Stegun (1964), 26.4.4–26.4.8.
    """
    half = 0.5 * x
    odd = freedom % 2
    tail = math.erfc(math.sqrt(half)) if odd else math.exp(-half)
    term = math.sqrt(half) / math.gamma(1.5) * math.exp(-half) if odd else half * math.exp(-half)
    for k in range(2 - odd, freedom, 2):
        tail += term
        term *= half / (0.5 * k + 1.0)
    return tail
