"""How long businesses last: Kaplan–Meier curves, hazard by age, Weibull fit, entry and exit per year.

Times are ages in months. A business that closes in its twelfth month has the duration 12 with `event` true and is not
counted in S(12); one that is still open when the run ends is censored: its duration so far, `event` false.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import Array, Integers, floats


@dataclass(frozen=True)
class SurvivalCurve:
    """A Kaplan–Meier curve: a step at each age at which a business closed.

    Attributes
    ----------
    times : ndarray, shape (steps,)
        Ages at which businesses closed, months, increasing.
    survival : ndarray, shape (steps,)
        S just after, share 0 … 1.
    variance : ndarray, shape (steps,)
        Greenwood's variance of S; NaN once S is 0.
    at_risk, events : ndarray of int, shape (steps,)
        Businesses open just before that age, and closing at it.
    last : float
        Longest duration seen, months: where the curve ends. NaN when there was no business.
    """

    times: Array
    survival: Array
    variance: Array
    at_risk: Integers
    events: Integers
    last: float


def kaplan_meier(durations: ArrayLike, events: ArrayLike, entry: ArrayLike | None = None) -> SurvivalCurve:
    r"""Return the Kaplan–Meier estimate of survival by age.

    .. math:: \hat S(t) = \prod_{t_i \le t} \Big(1 - \frac{d_i}{n_i}\Big), \quad
              \widehat{\mathrm{Var}}\,\hat S(t) = \hat S(t)^2 \sum_{t_i \le t} \frac{d_i}{n_i (n_i - d_i)}

    Parameters
    ----------
    durations : array_like, shape (n,)
        Age at closing or censoring, months.
    events : array_like of bool, shape (n,)
        Whether the business closed (else it is censored).
    entry : array_like, shape (n,), optional
        Age from which the business is observed (left truncation), for one older than the record. At risk at age t are
        those with entry < t ≤ duration. Everybody from birth when left out.

    Returns
    -------
    SurvivalCurve
        Empty, with `last` NaN, when there is no business.

    Raises
    ------
    ValueError
        If a duration is not after its entry.

    References
    ----------
    Kaplan & Meier (1958), JASA 53, 457–481; Greenwood (1926); Klein & Moeschberger (2003), Survival
    Analysis, §4.2, 4.6.
    """
    durations, events = floats(durations), np.asarray(events, dtype=bool)
    times, closed = np.unique(durations[events], return_counts=True)
    at_risk = count_at_risk(times, durations, _checked_entry(durations, entry))
    survival = np.cumprod(1 - closed / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = survival**2 * np.cumsum(closed / (at_risk * (at_risk - closed)))
    last = float(durations.max()) if durations.size else float("nan")
    return SurvivalCurve(times, floats(survival), floats(variance), at_risk, closed.astype(np.int64), last)


def _checked_entry(durations: Array, entry: ArrayLike | None) -> Array:
    """Return entry ages, −∞ for observed from birth (so that a closing at age 0 counts)."""
    if entry is None:
        return np.full(durations.shape, -np.inf)
    entry = floats(entry)
    if np.any(entry >= durations):
        raise ValueError("every duration must be after its entry: a spell without time has no risk")
    return entry


def count_at_risk(times: Array, stop: Array, start: Array) -> Integers:
    """Return how many spells are at risk at each time: start < t ≤ stop.

    Parameters
    ----------
    times : ndarray, shape (k,)
        Ages, months.
    stop, start : ndarray, shape (n,)
        End and beginning of each spell, months; start < stop.

    Returns
    -------
    ndarray of int, shape (k,)
        Number of spells, 0 … n.
    """
    begun = np.searchsorted(np.sort(start), times, side="left")
    return begun - np.searchsorted(np.sort(stop), times, side="left")


def survival_at(curve: SurvivalCurve, months: ArrayLike) -> Array:
    """Return the share of businesses that outlive the given ages.

    Parameters
    ----------
    curve : SurvivalCurve
        See `kaplan_meier`.
    months : array_like
        Ages, months.

    Returns
    -------
    ndarray or scalar, shape of `months`
        Share, 0 … 1. NaN beyond the longest duration seen, unless S had reached 0 by then.
    """
    months = floats(months)
    values = np.concatenate(([1.0], curve.survival))[np.searchsorted(curve.times, months, side="right")]
    all_closed = curve.survival.size > 0 and curve.survival[-1] == 0
    known = (months <= curve.last) | (all_closed & (months >= curve.last))
    return np.where(known, values, np.nan)[()]


def median_survival(curve: SurvivalCurve) -> float:
    """Return the age that half of the businesses outlive, the first with S ≤ 1/2.

    Parameters
    ----------
    curve : SurvivalCurve
        See `kaplan_meier`.

    Returns
    -------
    float
        Months. NaN when more than half outlive the record.
    """
    reached = np.flatnonzero(curve.survival <= 0.5)
    return float(curve.times[reached[0]]) if reached.size else float("nan")


def greenwood_band(curve: SurvivalCurve, level: float = 0.95, log_log: bool = True) -> tuple[Array, Array]:
    r"""Return the pointwise confidence band of a curve at its steps.

    Plain: Ŝ ± z·se, cut at 0 and 1. Log-log (the default, better in the tails and never outside 0 … 1):
    :math:`\hat S^{\exp(\pm z\,\mathrm{se} / (\hat S \ln \hat S))}`.

    Parameters
    ----------
    curve : SurvivalCurve
        See `kaplan_meier`.
    level : float
        Coverage, between 0 and 1.
    log_log : bool
        Which of the two.

    Returns
    -------
    lower, upper : ndarray, shape (steps,)
        Shares, 0 … 1. NaN where S is 0 or, log-log, 1.

    References
    ----------
    Greenwood (1926); Kalbfleisch & Prentice (2002), The Statistical Analysis of Failure Time Data, §1.4.
    """
    z, S, error = NormalDist().inv_cdf(0.5 + level / 2), curve.survival, np.sqrt(curve.variance)
    if not log_log:
        return np.clip(S - z * error, 0, 1), np.clip(S + z * error, 0, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = z * error / np.abs(S * np.log(S))
        return S ** np.exp(spread), S ** np.exp(-spread)


class WeibullFit(NamedTuple):
    """S(t) = exp(−(t/scale)^shape): shape (under 1: the longer open, the safer), scale (years), largest error of S."""

    shape: float
    scale: float
    largest_error: float


def weibull_fit(survival: ArrayLike, years: ArrayLike | None = None) -> WeibullFit:
    r"""Fit :math:`S(t) = e^{-(t/\lambda)^k}` to survival at whole years by least squares on S itself.

    The published series it is compared with are shares at years 1 … 10 without numbers at risk, so that every year
    counts the same.

    Parameters
    ----------
    survival : array_like, shape (n,)
        Shares at `years`; those not strictly between 0 and 1 are left out.
    years : array_like, shape (n,), optional
        Ages in years; 1, 2, …, n when left out.

    Returns
    -------
    WeibullFit
        NaN with fewer than three usable years, or where survival hardly falls with age.

    References
    ----------
    Weibull (1951), Journal of Applied Mechanics 18, 293–297.
    """
    S = floats(survival)
    t = np.arange(1.0, S.size + 1) if years is None else floats(years)
    usable = (S > 0) & (S < 1) & (t > 0)
    if np.count_nonzero(usable) < 3:
        return WeibullFit(float("nan"), float("nan"), float("nan"))
    S, log_t = S[usable], np.log(t[usable])
    # The line ln(−ln S) = k ln t − k ln λ, exact for a Weibull, is where the search begins.
    (shape, shift), error = _least_squares(log_t, S, np.polyfit(log_t, np.log(-np.log(S)), 1))
    log_scale = -shift / shape if shape else np.inf
    if not -700 < log_scale < 700:  # survival hardly falls: no scale fits
        return WeibullFit(float("nan"), float("nan"), float("nan"))
    return WeibullFit(float(shape), float(np.exp(log_scale)), float(np.abs(error).max()))


def _least_squares(log_t: Array, S: Array, line: Array) -> tuple[Array, Array]:
    """Return (slope, shift) of the curve e^{−e^{slope·ln t + shift}} nearest to S, and its errors.

    Levenberg and Marquardt's method on two parameters. SciPy's takes a quarter of a second to load, in every run.
    """
    found, damping = floats(line), 1e-3
    exponent = np.exp(found[0] * log_t + found[1])
    error = np.exp(-exponent) - S
    for _ in range(200):
        slope = -np.exp(-exponent) * exponent
        jacobian = np.stack([slope * log_t, slope], axis=1)
        square = jacobian.T @ jacobian
        step = -np.linalg.solve(square + damping * np.diag(np.diag(square)) + 1e-300 * np.eye(2), jacobian.T @ error)
        with np.errstate(over="ignore"):  # a step too far: survival 0, and the step is not taken
            tried = np.exp((found[0] + step[0]) * log_t + found[1] + step[1])
        new = np.exp(-tried) - S
        if (new @ new) <= (error @ error):
            found, exponent, error, damping = found + step, tried, new, damping / 10.0
            if np.abs(step).max() < 1e-13:
                break
        else:
            damping *= 10.0
    return found, error


def hazard_by_age(
    durations: ArrayLike, events: ArrayLike, edges: ArrayLike, entry: ArrayLike | None = None
) -> tuple[Array, Array]:
    """Return the closing rate in each age band, closings per month at risk.

    Parameters
    ----------
    durations : array_like, shape (n,)
        Age at closing or censoring, months.
    events : array_like of bool, shape (n,)
        Whether the business closed.
    edges : array_like, shape (bands + 1,)
        Limits of the bands, months, increasing; a band holds ages above its lower and up to its upper limit.
    entry : array_like, shape (n,), optional
        Age from which the business is observed; 0 when left out.

    Returns
    -------
    hazard : ndarray, shape (bands,)
        Per month, at least 0 (×12: per year). NaN where nobody was at risk.
    exposure : ndarray, shape (bands,)
        Months at risk.

    References
    ----------
    Occurrence–exposure rate: Andersen, Borgan, Gill & Keiding (1993), Statistical Models Based on Counting Processes.
    """
    durations, events = floats(durations), np.asarray(events, dtype=bool)
    start = np.zeros(durations.shape) if entry is None else floats(entry)
    edges = floats(edges)
    low, high = edges[:-1, None], edges[1:, None]
    exposure = np.clip(np.minimum(durations, high) - np.maximum(start, low), 0, None).sum(axis=1)
    closed = (events & (durations > low) & (durations <= high)).sum(axis=1)
    return np.divide(closed, exposure, out=np.full(exposure.shape, np.nan), where=exposure > 0), exposure


def turnover_rate(counts: ArrayLike, stock: ArrayLike) -> float:
    r"""Return entries or exits per business and year, :math:`12 \, \overline{\text{counts}} / \overline{\text{stock}}`.

    Parameters
    ----------
    counts : array_like, shape (months,)
        Entries, or exits, of each month.
    stock : array_like, shape (months,)
        Businesses open in each month.

    Returns
    -------
    float
        Per year, at least 0. NaN when no business was open.

    References
    ----------
    Establishment entry and exit rates as in the Census Bureau's Business Dynamics Statistics (there against the mean of
    two March stocks, here against the mean stock of the months given).
    """
    counts, stock = floats(counts), floats(stock)
    total = stock.sum()
    return float(12 * counts.sum() / total) if total > 0 else float("nan")
