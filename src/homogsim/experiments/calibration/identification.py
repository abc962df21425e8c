"""Which parameters the targets tell, and which they cannot: sensitivities at the optimum and flat directions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.experiments.calibration.free import Free
from homogsim.experiments.calibration.objective import Evaluation
from homogsim.experiments.targets import Target

if TYPE_CHECKING:
    import pandas as pd

FLAT = 1.0
"""Half-widths of bands that all moments together move along a whole direction; below, it counts as flat."""


def neighbours(free: Sequence[Free], best: Evaluation) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Return for each parameter the sets below and above the optimum, one step away, inside the bounds."""
    pairs = []
    for one in free:
        at = one.unit(best.values[one.name])
        sides = (max(0.0, at - one.step), min(1.0, at + one.step))
        below, above = (best.values | {one.name: float(one.value(side))} for side in sides)
        pairs.append((below, above))
    return pairs


@dataclass(frozen=True)
class Direction:
    """A direction in the space of parameters, each scaled to its bounds."""

    strength: float
    """How far all moments together move from one end of the bounds to the other, in half-widths of their bands."""
    weights: dict[str, float]
    """Share of each parameter in it; squares sum to 1."""

    @property
    def flat(self) -> bool:
        """Whether the targets cannot tell where on it the parameters are."""
        return self.strength < FLAT


@dataclass(frozen=True)
class Identification:
    """What the targets say about the parameters at the optimum."""

    sensitivities: pd.DataFrame
    """A row per target and parameter: ``target, parameter, value, per_unit`` (change of the moment per unit of the
    parameter), ``across_bounds`` (its change from bound to bound, in half-widths of the band), ``error`` (standard
    error of the latter over the paired seeds). NaN where a neighbour failed."""
    directions: tuple[Direction, ...]
    """Eigenvectors of J'WJ, the flattest first."""
    left_out: tuple[str, ...]
    """Parameters whose sensitivities are unknown because an evaluation beside the optimum failed."""
    simulation_errors: dict[str, float]
    """Standard deviation of each estimate over other seeds of the simulation, in its own unit; NaN with one seed, and
    where there is a flat direction."""

    def as_dict(self) -> dict[str, Any]:
        """Return directions and errors as plain data."""
        told = [{"strength": d.strength, "flat": d.flat, "weights": d.weights} for d in self.directions]
        return {
            "flat_below": FLAT,
            "directions": told,
            "left_out": list(self.left_out),
            "simulation_errors": self.simulation_errors,
        }


def identify(
    free: Sequence[Free],
    targets: Sequence[Target],
    best: Evaluation,
    sides: Sequence[tuple[Evaluation, Evaluation]],
) -> Identification:
    r"""Return sensitivities by central differences under the same seeds, and the directions that they leave open.

    With parameters u scaled to their bounds and moments to half-widths of their bands, J = ∂m/∂u is estimated as the
    mean over seeds of (m(u + h) − m(u − h))/2h. Along an eigenvector of J'WJ with eigenvalue λ the distance Q rises by
    λ s² at s from the optimum: √λ is how far all moments together move along the whole direction. With Ω the covariance
    of the moments' means over the seeds, the estimate varies over other seeds by (J'J)⁻¹J'ΩJ(J'J)⁻¹.

    Parameters
    ----------
    free : sequence of Free
        The parameters.
    targets : sequence of Target
        The moments.
    best : Evaluation
        The optimum.
    sides : sequence of pairs of Evaluation
        Below and above it for each parameter (`neighbours`).

    References
    ----------
    Smith (1993), Estimating nonlinear time-series models using simulated vector autoregressions; Andrews, Gentzkow &
    Shapiro (2017), Measuring the sensitivity of parameter estimates to estimation moments, QJE 132, 1553–1592;
    Gutenkunst et al. (2007), Universally sloppy parameter sensitivities, PLoS Comput. Biol. 3, e189.
    """
    import pandas as pd

    J = np.full((len(targets), len(free)), np.nan)
    rows = []
    for k, (one, (below, above)) in enumerate(zip(free, sides, strict=True)):
        width = one.unit(above.values[one.name]) - one.unit(below.values[one.name])
        for m, target in enumerate(targets):
            slope, error = _slope(below, above, target, width)
            J[m, k] = slope
            per_unit = slope * target.half_width / (one.high - one.low)
            rows.append((target.id, one.name, best.values[one.name], per_unit, slope, error))
    columns = ["target", "parameter", "value", "per_unit", "across_bounds", "error"]
    known = np.isfinite(J).all(axis=0)
    names = [one.name for one in free]
    left_out = tuple(name for name, sure in zip(names, known, strict=True) if not sure)
    kept = [one for one, sure in zip(free, known, strict=True) if sure]
    found = directions(J[:, known], [one.name for one in kept])
    errors = dict.fromkeys(names, math.nan)
    if found and not any(direction.flat for direction in found):
        errors |= _errors(J[:, known], kept, targets, best)
    return Identification(pd.DataFrame(rows, columns=columns), found, left_out, errors)


def _errors(J: np.ndarray, free: Sequence[Free], targets: Sequence[Target], best: Evaluation) -> dict[str, float]:
    moments = np.array([best.moments[t.id] for t in targets]) / np.array([[t.half_width] for t in targets])
    seeds = moments.shape[1]
    if seeds < 2:
        return {}
    response = np.linalg.solve(J.T @ J, J.T)
    variance = response @ (np.atleast_2d(np.cov(moments)) / seeds) @ response.T
    scale = np.array([one.high - one.low for one in free])
    return {one.name: float(e) for one, e in zip(free, scale * np.sqrt(np.diag(variance)), strict=True)}


def _slope(below: Evaluation, above: Evaluation, target: Target, width: float) -> tuple[float, float]:
    if below.failure or above.failure or width <= 0.0:
        return math.nan, math.nan
    change = np.subtract(above.moments[target.id], below.moments[target.id]) / (width * target.half_width)
    error = float(change.std(ddof=1) / math.sqrt(change.size)) if change.size > 1 else math.nan
    return float(change.mean()), error


def directions(J: np.ndarray, names: Sequence[str]) -> tuple[Direction, ...]:
    """Return the eigenvectors of J'J of a scaled Jacobian (targets, parameters), the flattest first."""
    if not names:
        return ()
    strengths, vectors = np.linalg.eigh(J.T @ J)
    found = []
    for value, vector in zip(strengths, vectors.T, strict=True):
        sign = np.sign(vector[np.abs(vector).argmax()]) or 1.0
        weights = {name: float(sign * part) for name, part in zip(names, vector, strict=True)}
        found.append(Direction(float(math.sqrt(max(value, 0.0))), weights))
    return tuple(found)
