"""Designs: which points of the space of parameters are run.

Latin hypercubes and Sobol' points come from `scipy.stats.qmc`, Saltelli's and Morris's designs from SALib; grids,
one-at-a-time and random designs are made here.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from homogsim.errors import HomogsimError
from homogsim.experiments.sweeps.factors import Factor, Value
from homogsim.scenario import Scenario

DESIGNS = ("grid", "lhs", "sobol", "sobol-points", "morris", "oat", "random")
GROWING = ("sobol", "sobol-points", "random", "morris")
"""Designs of which a larger one begins with the smaller one."""
SAMPLED = ("lhs", "sobol", "sobol-points", "morris", "random")
MORRIS_LEVELS = 4
MOST_SAMPLES = 10_000_000

Units = NDArray[np.float64]


class TooLarge(HomogsimError):
    """A design with more runs than `--max-runs` allows."""


@dataclass(frozen=True)
class Design:
    """Points over some factors.

    Parameters
    ----------
    kind : str
        One of `DESIGNS`.
    factors : tuple of Factor
        What varies.
    samples : int or None
        Samples; None for grids and one-at-a-time designs.
    seed : int
        Of the samples, where they are random.
    centre : tuple
        Value of every factor in the scenario: where one-at-a-time designs start.
    """

    kind: str
    factors: tuple[Factor, ...]
    samples: int | None
    seed: int
    centre: tuple[Value, ...] = ()
    _units: list[Units] = field(default_factory=list, compare=False, repr=False)

    def __len__(self) -> int:
        """Return the number of points."""
        k, n = len(self.factors), self.samples or 0
        if self.kind == "grid":
            return math.prod(len(factor.levels()) for factor in self.factors)
        if self.kind == "oat":
            return 1 + sum(len(values) for values in self._beside())
        return n * {"sobol": k + 2, "morris": k + 1}.get(self.kind, 1)

    def values(self, point: int) -> tuple[Value, ...]:
        """Return the value of every factor at a point."""
        if self.kind == "grid":
            levels = [factor.levels() for factor in self.factors]
            places = np.unravel_index(point, [len(values) for values in levels])
            return tuple(values[int(place)] for values, place in zip(levels, places, strict=True))
        if self.kind == "oat":
            return self._one_at_a_time(point)
        return tuple(factor.at(float(u)) for factor, u in zip(self.factors, self.units()[point], strict=True))

    def units(self) -> Units:
        """Return the points of a sampled design in the unit cube, shape (points, factors)."""
        if not self._units:
            self._units.append(_sampled(self.kind, len(self.factors), self.samples or 0, self.seed))
        return self._units[0]

    def fingerprint(self, points: int) -> str:
        """Return a hash of the first points; libraries of another version may draw others."""
        digest = hashlib.sha256(f"{self.kind} {points}".encode())
        if self.kind in SAMPLED:
            digest.update(np.ascontiguousarray(self.units()[:points], dtype="<f8").tobytes())
        return digest.hexdigest()[:16]

    def _beside(self) -> list[list[Value]]:
        return [
            [value for value in factor.levels() if value != at]
            for factor, at in zip(self.factors, self.centre, strict=True)
        ]

    def _one_at_a_time(self, point: int) -> tuple[Value, ...]:
        left = point - 1
        for n, values in enumerate(self._beside() if point else ()):
            if left < len(values):
                return (*self.centre[:n], values[left], *self.centre[n + 1 :])
            left -= len(values)
        return self.centre


def make_design(kind: str, factors: Sequence[Factor], samples: int | None, seed: int, base: Scenario) -> Design:
    """Return a design, after refusing what makes none.

    Raises
    ------
    HomogsimError
        An unknown design, a number of samples that it cannot have, factors that it cannot vary.
    """
    if kind not in DESIGNS:
        raise HomogsimError(f"there is no design {kind[:60]!r}", "--design", f"Known: {', '.join(DESIGNS)}.")
    check_samples(kind, samples)
    if kind == "morris" and (fixed := [f.name for f in factors if f.listed]):
        what = f"{fixed[0]} has listed values; Morris's design moves parameters along a range"
        raise HomogsimError(what, "--vary", "Write LOW:HIGH, or choose --design oat.")
    if kind in ("sobol", "morris") and len(factors) < 2:
        raise HomogsimError(f"--design {kind} needs two parameters or more", "--vary", "Choose --design lhs or grid.")
    design = Design(kind, tuple(factors), samples, seed, tuple(_value_in(base, f) for f in factors))
    if kind == "oat" and len(design) == 1:
        raise HomogsimError("every value is the scenario's own: the design is empty", "--vary")
    return design


def check_samples(kind: str, samples: int | None) -> None:
    """Refuse a number of samples that a design cannot have.

    Raises
    ------
    HomogsimError
        Says which number would do.
    """
    where = "--samples"
    if kind not in SAMPLED:
        if samples is not None:
            what = f"a {kind} design has no samples"
            raise HomogsimError(what, where, "Its size is that of --vary: NAME=LOW:HIGH:LEVELS or NAME=a,b,c.")
        return
    if samples is None:
        raise HomogsimError(f"how many samples? --design {kind} needs --samples N", where)
    if samples < 1:
        raise HomogsimError(f"--samples {samples}: the design is empty", where, "A whole number from 1 is needed.")
    if samples > MOST_SAMPLES:
        raise TooLarge(f"--samples {samples} is more than {MOST_SAMPLES}", where)
    if kind.startswith("sobol") and samples & (samples - 1):
        what = f"--samples {samples} is no power of two, which Sobol' points need to keep their balance"
        raise HomogsimError(what, where, f"The next one is {1 << samples.bit_length()}.")
    if kind == "morris" and samples < 2:
        raise HomogsimError("one trajectory gives no spread of effects", where, "Take 10 or more.")


def _value_in(base: Scenario, factor: Factor) -> Value:
    value: Any = base.parameters
    for part in factor.name.split("."):
        value = getattr(value, part)
    return value


def _sampled(kind: str, k: int, samples: int, seed: int) -> Units:
    if kind == "lhs":
        from scipy.stats import qmc

        return np.asarray(qmc.LatinHypercube(d=k, seed=seed).random(samples))
    if kind == "sobol-points":
        from scipy.stats import qmc

        return np.asarray(qmc.Sobol(d=k, seed=seed).random_base2(int(math.log2(samples))))
    if kind == "random":
        from homogsim.streams import Streams

        points = np.arange(samples)[:, None]
        return np.asarray(Streams(seed).uniform("design", points, index=np.arange(k)[None, :]))
    return _saltelli(k, samples, seed) if kind == "sobol" else _morris(k, samples, seed)


def problem(names: Sequence[str]) -> dict[str, Any]:
    """Return SALib's description of the unit cube."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def salib(part: str) -> Any:
    """Return a module of SALib.

    Raises
    ------
    HomogsimError
        It is not installed.
    """
    from importlib import import_module

    try:
        return import_module(f"SALib.{part}")
    except ImportError as error:
        what = f"this needs {error.name}, which is not installed"
        raise HomogsimError(what, help='Install the extra: pip install "homogsim[sensitivity]".') from error


def _saltelli(k: int, samples: int, seed: int) -> Units:
    names = [str(n) for n in range(k)]
    sample = salib("sample.sobol").sample
    return np.asarray(sample(problem(names), samples, calc_second_order=False, scramble=True, seed=seed))


def _morris(k: int, samples: int, seed: int) -> Units:
    """Return trajectories, each from a seed of its own, so that a larger design begins with a smaller one."""
    names = [str(n) for n in range(k)]
    sample = salib("sample.morris").sample
    parts = [sample(problem(names), 1, num_levels=MORRIS_LEVELS, seed=seed + n) for n in range(samples)]
    return np.vstack(parts)
