"""Sobol' indices, Morris's effects, PAWN and regression: which parameter moves a metric, each with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

from homogsim.errors import HomogsimError
from homogsim.experiments.sensitivity.noise import Noise, noise
from homogsim.experiments.sensitivity.outputs import Outputs, read_outputs
from homogsim.experiments.sweeps.designs import MORRIS_LEVELS, problem, salib
from homogsim.streams import Streams

RESAMPLES = 300
CONFIDENCE, NORMAL_QUANTILE = 0.95, 1.959964
PAWN_SLICES = 10
PAWN_RESAMPLES = 60
LEAST_POINTS = 3
"""Points a parameter, at least, for a regression."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """One measure of how much a parameter matters, with its 95 % interval."""

    parameter: str
    measure: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Sensitivity:
    """Which parameters move a metric."""

    metric: str
    method: str
    points: int
    replications: int
    effects: tuple[Effect, ...]
    noise: Noise
    explained: float = float("nan")
    """R² of a regression; NaN for other methods."""

    def of(self, measure: str) -> dict[str, Effect]:
        """Return the effects of one measure by parameter."""
        return {effect.parameter: effect for effect in self.effects if effect.measure == measure}

    @property
    def measures(self) -> list[str]:
        """Names of the measures, in order."""
        return list(dict.fromkeys(effect.measure for effect in self.effects))

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON; what is not defined is None."""
        from homogsim.results.manifest import plain

        effects: dict[str, dict[str, Any]] = {}
        for effect in self.effects:
            interval = {"value": effect.value, "low": effect.low, "high": effect.high}
            effects.setdefault(effect.parameter, {})[effect.measure] = interval
        found = {
            "metric": self.metric, "method": self.method, "points": self.points, "replications": self.replications,
            "effects": effects, "explained": self.explained, "noise": vars(self.noise),
        }  # fmt: skip
        return dict(plain(found))


def sensitivity(folder: str | Path, metric: str, method: str | None = None, *, seed: int = 1) -> Sensitivity:
    """Return which parameters of a finished sweep move a metric.

    Parameters
    ----------
    folder : path
        Of the sweep.
    metric : str
        Name of a metric.
    method : str, optional
        ``sobol``, ``morris``, ``pawn`` or ``regression``; by default what the design is made for.
    seed : int
        Of the resampling behind the intervals.

    Raises
    ------
    HomogsimError
        An unknown metric or method, a design that the method cannot use, an incomplete sweep, undefined values.
    """
    outputs = read_outputs(folder, metric)
    return analyse(
        outputs, method or {"sobol": "sobol", "morris": "morris"}.get(outputs.design.kind, "regression"), seed
    )


def analyse(outputs: Outputs, method: str, seed: int = 1) -> Sensitivity:
    """Return which parameters move a metric (see `sensitivity`)."""
    if method not in METHODS:
        raise HomogsimError(f"there is no method {method[:40]!r}", "--method", f"Known: {', '.join(METHODS)}, prim.")
    if float(np.ptp(outputs.means)) == 0.0:
        what = f"{outputs.metric} is the same at all points: no parameter moves it"
        raise HomogsimError(what, "--metric", "Choose another metric, or wider ranges.")
    points, replications = outputs.values.shape
    with catch_warnings():
        simplefilter("ignore", RuntimeWarning)  # of slices without a point: their effects are undefined, and say so
        effects, explained = METHODS[method](outputs, seed)
    told = noise(outputs.values, common=outputs.common, seed=seed)
    return Sensitivity(outputs.metric, method, points, replications, tuple(effects), told, explained)


def _needs(outputs: Outputs, kind: str, method: str) -> None:
    if outputs.design.kind != kind:
        what = f"method {method} needs a design {kind}; the sweep's is {outputs.design.kind}"
        raise HomogsimError(what, "--method", f"Sweep with --design {kind}, or choose --method regression.")


Found = tuple[list[Effect], float]


def sobol(outputs: Outputs, seed: int) -> Found:
    """Return first-order and total Sobol' indices.

    Shares of the variance that a parameter explains alone, and with all its interactions.

    References
    ----------
    Saltelli et al. (2010), Computer Physics Communications 181; intervals by SALib's bootstrap.
    """
    _needs(outputs, "sobol", "sobol")
    analyze = salib("analyze.sobol").analyze
    with np.errstate(invalid="ignore", divide="ignore"):
        found = analyze(
            problem(outputs.names), outputs.means, calc_second_order=False, num_resamples=RESAMPLES,
            conf_level=CONFIDENCE, seed=seed,
        )  # fmt: skip
    effects = []
    for measure, name in (("first", "S1"), ("total", "ST")):
        for parameter, value, half in zip(outputs.names, found[name], found[f"{name}_conf"], strict=True):
            effects.append(Effect(parameter, measure, float(value), float(value - half), float(value + half)))
    return effects, float("nan")


def morris(outputs: Outputs, seed: int) -> Found:
    """Return Morris's elementary effects over the parameters' ranges.

    Mean of their sizes (μ*), with sign (μ), and spread (σ: interactions and curvature).

    References
    ----------
    Campolongo, Cariboni and Saltelli (2007), Environmental Modelling & Software 22.
    """
    _needs(outputs, "morris", "morris")
    analyze = salib("analyze.morris").analyze
    units = outputs.design.units()
    found = analyze(
        problem(outputs.names), units, outputs.means, num_resamples=RESAMPLES, conf_level=CONFIDENCE,
        num_levels=MORRIS_LEVELS, seed=seed,
    )  # fmt: skip
    effects = []
    for n, parameter in enumerate(outputs.names):
        size, half = float(found["mu_star"][n]), float(found["mu_star_conf"][n])
        effects.append(Effect(parameter, "mu_star", size, size - half, size + half))
        effects.append(Effect(parameter, "mu", float(found["mu"][n]), np.nan, np.nan))
        effects.append(Effect(parameter, "sigma", float(found["sigma"][n]), np.nan, np.nan))
    return effects, float("nan")


def pawn(outputs: Outputs, seed: int) -> Found:
    """Return PAWN indices, 0 … 1.

    The median Kolmogorov-Smirnov distance between the metric's distribution and that with the parameter in one slice
    of its range.

    References
    ----------
    Pianosi and Wagener (2018), Environmental Modelling & Software 108; intervals by the bootstrap.
    """
    _needs_scatter(outputs, "pawn")
    analyze = salib("analyze.pawn").analyze
    units, means = outputs.places(), outputs.means

    def medians(chosen: NDArray[np.int64]) -> Values:
        found = analyze(problem(outputs.names), units[chosen], means[chosen], S=PAWN_SLICES, seed=seed)
        return np.asarray(found["median"], dtype=np.float64)

    return _bootstrapped(outputs.names, "median", medians, len(means), seed, PAWN_RESAMPLES), float("nan")


def regression(outputs: Outputs, seed: int) -> Found:
    """Return standardized regression coefficients.

    Standard deviations that the metric moves with one of the parameter; listed values count by their rank.

    References
    ----------
    Saltelli et al. (2008), Global Sensitivity Analysis: The Primer, 1.2.5; intervals by the bootstrap.
    """
    units, means = outputs.places(), outputs.means
    points, k = units.shape
    if points < LEAST_POINTS * (k + 1):
        what = f"{points} points are too few for a regression on {k} parameters"
        raise HomogsimError(what, "--method", f"Sweep {LEAST_POINTS * (k + 1)} points or more.")

    def coefficients(chosen: NDArray[np.int64]) -> Values:
        return standardized(units[chosen], means[chosen])[0]

    effects = _bootstrapped(outputs.names, "coefficient", coefficients, points, seed)
    return effects, standardized(units, means)[1]


def standardized(units: Values, means: Values) -> tuple[Values, float]:
    """Return standardized coefficients and R² of the least squares of `means` on `units`."""
    spread, of_means = units.std(axis=0), float(means.std())
    moved = spread > 0.0
    x = (units[:, moved] - units[:, moved].mean(axis=0)) / spread[moved]
    y = (means - means.mean()) / (of_means or 1.0)
    found = np.zeros(units.shape[1])
    found[moved], *_ = np.linalg.lstsq(x, y, rcond=None)
    left = float(((y - x @ found[moved]) ** 2).sum())
    return found, 1.0 - left / max(float((y**2).sum()), 1e-300)


def _needs_scatter(outputs: Outputs, method: str) -> None:
    if outputs.design.kind in ("grid", "oat"):
        what = f"method {method} needs points spread over the ranges; the sweep's design is {outputs.design.kind}"
        raise HomogsimError(what, "--method", "Sweep with --design lhs or sobol, or choose --method regression.")


def _bootstrapped(
    names: list[str],
    measure: str,
    estimate: Callable[[NDArray[np.int64]], Values],
    points: int,
    seed: int,
    resamples: int = RESAMPLES,
) -> list[Effect]:
    picks = Streams(seed).uniform("design", np.arange(resamples)[:, None], index=np.arange(points)[None, :])
    resampled = np.array([estimate(chosen) for chosen in (picks * points).astype(np.int64)])
    half = NORMAL_QUANTILE * np.nanstd(resampled, axis=0, ddof=1)
    return [
        Effect(name, measure, float(value), float(value - width), float(value + width))
        for name, value, width in zip(names, estimate(np.arange(points)), half, strict=True)
    ]


METHODS: dict[str, Callable[[Outputs, int], Found]] = {
    "sobol": sobol, "morris": morris, "pawn": pawn, "regression": regression,
}  # fmt: skip
