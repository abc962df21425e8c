"""What a headline result depends on across uncertain parameters, and where it changes sign; luck kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

CLEAR = 2.0
"""Standard errors from zero at which a point's sign is clear."""


class Effect(NamedTuple):
    """What a parameter does to a result, all others being equal."""

    parameter: str
    change: float
    """From the low to the high end of its range, in the unit of the result (least squares)."""
    error: float
    """Standard error of that."""
    share: float
    """Share of the variance across points that it explains by itself, luck taken out; 0 … 1."""

    @property
    def clear(self) -> bool:
        """Whether the change is two standard errors from zero."""
        return abs(self.change) > CLEAR * self.error


class Sensitivity(NamedTuple):
    """A result across the points of a design."""

    points: int
    """Points at which it is defined under every seed."""
    mean: float
    """Over all points."""
    spread: float
    """Standard deviation across points, luck taken out."""
    luck: float
    """Standard deviation of one point's mean over its seeds, pooled over points; NaN with one seed."""
    explained: float
    """Share of that variance which straight lines explain (0 … 1); the rest is curved, or joint."""
    effects: tuple[Effect, ...]


class Signs(NamedTuple):
    """How many points share the sign of the baseline's result."""

    same: int
    clearly_same: int
    opposite: int
    clearly_opposite: int
    where: tuple[tuple[str, float, float], ...]
    """Parameters by which points of the other sign differ most: name, their mean position in the range (0 … 1), and
    that of the others; the clearest first. Empty when all points agree."""


def sensitivity(names: Sequence[str], unit: ArrayLike, values: ArrayLike) -> Sensitivity:
    r"""Return the main effects of parameters on a result, by least squares over a Latin hypercube.

    .. math:: \bar y_p = a + \sum_k b_k (u_{pk} - ½) + e_p, \qquad
              \hat\sigma^2_{luck} = \frac{1}{P}\sum_p \frac{s_p^2}{R}

    with y the mean over R seeds at each of P points and s² its variance over them. The variance across points less that
    of luck is what parameters cause; :math:`(b_k^2 - \mathrm{se}_k^2)\,\mathrm{var}(u_k)`, at least 0, is k's part of
    it: the square of an estimate is too large by its variance.

    Parameters
    ----------
    names : sequence of str, length K
        The parameters.
    unit : array_like, shape (P, K)
        Positions in their ranges, 0 … 1.
    values : array_like, shape (P, R)
        The result; points with an undefined value are left out.

    Returns
    -------
    Sensitivity
        Effects in the order of `names`; NaN with no more points than parameters + 1.

    References
    ----------
    Saltelli et al. (2008), Global Sensitivity Analysis: The Primer, 1.2.5 (regression); Ankenman, Nelson & Staum
    (2010), Operations Research 58, 371–382 (replicate noise apart from the surface).
    """
    x, y = _defined(unit, values)
    count, parameters, seeds = len(x), x.shape[1], y.shape[1]
    mean = y.mean(axis=1)
    noise = float(y.var(axis=1, ddof=1).mean() / seeds) if seeds > 1 and count else np.nan
    if count <= parameters + 1:
        blank = tuple(Effect(name, np.nan, np.nan, np.nan) for name in names)
        return Sensitivity(count, float(mean.mean()) if count else np.nan, np.nan, noise**0.5, np.nan, blank)
    design = np.column_stack([np.ones(count), x - 0.5])
    found, *_ = np.linalg.lstsq(design, mean, rcond=None)
    left = mean - design @ found
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * (left @ left) / (count - parameters - 1))
    total = float(mean.var(ddof=1))
    signal = max(total - (0.0 if np.isnan(noise) else noise), 0.0)
    part = np.maximum(found[1:] ** 2 - errors[1:] ** 2, 0.0) * x.var(axis=0, ddof=1)
    share = part / signal if signal > 0.0 else np.full(parameters, np.nan)
    lines = 1.0 - (left @ left) / (count - parameters - 1) / total if total > 0.0 else np.nan
    explained = float(np.clip(lines * total / signal, 0.0, 1.0)) if signal > 0.0 else np.nan
    effects = tuple(
        Effect(name, float(b), float(e), float(min(s, 1.0)))
        for name, b, e, s in zip(names, found[1:], errors[1:], share, strict=True)
    )
    return Sensitivity(count, float(mean.mean()), signal**0.5, noise**0.5, explained, effects)


def signs(names: Sequence[str], unit: ArrayLike, values: ArrayLike, sign: float) -> Signs:
    """Return how many points have a sign, how many the other, and how these differ.

    Parameters
    ----------
    names, unit, values
        As for `sensitivity`.
    sign : float
        Negative or positive: the baseline's.

    Returns
    -------
    Signs
        A point's sign is clear when its mean lies two standard errors from zero, with luck pooled over all points; none
        is clear with one seed.
    """
    x, y = _defined(unit, values)
    mean = y.mean(axis=1) * np.sign(sign)
    luck = float(np.sqrt(y.var(axis=1, ddof=1).mean() / y.shape[1])) if y.shape[1] > 1 and len(y) else np.inf
    same, clear = mean > 0.0, np.abs(mean) > CLEAR * luck
    return Signs(
        int(same.sum()), int((same & clear).sum()), int((~same).sum()), int((~same & clear).sum()),
        _where(names, x, same),
    )  # fmt: skip


def _where(names: Sequence[str], x: Floats, same: NDArray[np.bool_]) -> tuple[tuple[str, float, float], ...]:
    if same.all() or not same.any():
        return ()
    there, here = x[~same], x[same]
    # Positions are uniform over the range, so that a mean of n of them has the variance 1/(12 n).
    error = np.sqrt((1.0 / len(there) + 1.0 / len(here)) / 12.0)
    apart = (there.mean(axis=0) - here.mean(axis=0)) / error
    order = [int(k) for k in np.argsort(-np.abs(apart)) if abs(apart[k]) > CLEAR]
    return tuple((names[k], float(there[:, k].mean()), float(here[:, k].mean())) for k in order)


def _defined(unit: ArrayLike, values: ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.asarray(unit, dtype=np.float64), np.asarray(values, dtype=np.float64)
    kept = np.isfinite(y).all(axis=1)
    return x[kept], y[kept]
