"""The market as a plain function, for other people's tools: samplers, optimizers, Bayesian inference.

>>> import homogsim as hs
>>> small = {"world.towns": 1, "world.sectors": 1, "world.consumers": 20, "calendar.months": 2}
>>> market = hs.as_function("baseline", ["firms.reinvestment"], ["n_firms"], set=small)
>>> market(firms__reinvestment=0.5, seed=3).keys()
dict_keys(['n_firms'])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from homogsim.errors import HomogsimError
from homogsim.experiments.replicate import check_metrics
from homogsim.experiments.runs import read
from homogsim.parameters import declared
from homogsim.scenario import Scenario, check_budget
from homogsim.scenario.checking import flatten

DOT = "__"
"""Stands for the dot in names that must be Python's: ``firms__reinvestment``."""


@dataclass(frozen=True)
class MarketFunction:
    """A market as a function of some parameters and a seed. Picklable; one call is one run, on one thread.

    Parameters
    ----------
    scenario : Scenario
        Where the other parameters come from.
    parameters : tuple of str
        Dotted names of those that calls may set, in the order of array columns.
    metrics : tuple of str
        What a call returns.
    seed : int
        Of calls that name none.
    replications : int
        Seeds, from the call's on, over which metrics are averaged.
    """

    scenario: Scenario
    parameters: tuple[str, ...]
    metrics: tuple[str, ...]
    seed: int
    replications: int = 1

    @property
    def __name__(self) -> str:
        """What tools call it in their logs."""
        return f"homogsim_{self.scenario.name.replace('-', '_')}"

    def __call__(self, given: Any = None, /, *, seed: int | None = None, **named: Any) -> Any:
        """Run the market.

        Parameters
        ----------
        given : mapping or array_like, optional
            Parameters by name (pyABC); or points, shape (points, parameters) or (parameters,), as SALib hands over.
        seed : int, optional
            Of the run.
        **named
            Parameters by dotted name, or with two underscores for the dot.

        Returns
        -------
        dict or ndarray
            Metrics by name; for arrays an array of shape (points, metrics), without the last axis for one metric.

        Raises
        ------
        HomogsimError
            An unknown parameter, or a value out of bounds.
        """
        if given is None or isinstance(given, Mapping):
            return self._metrics({**(given or {}), **named}, seed)
        points = np.asarray(given, dtype=np.float64)
        if points.ndim > 2 or points.shape[-1] != len(self.parameters):
            what = f"points of shape {points.shape} do not fit {len(self.parameters)} parameters"
            raise HomogsimError(what, help=f"Columns are, in order: {', '.join(self.parameters)}.")
        rows = [dict(zip(self.parameters, row, strict=True)) for row in np.atleast_2d(points)]
        found = np.array([list(self._metrics({**row, **named}, seed).values()) for row in rows])
        found = found[:, 0] if len(self.metrics) == 1 else found
        return found if points.ndim == 2 else found[0]

    def _metrics(self, given: Mapping[str, Any], seed: int | None) -> dict[str, float]:
        changed = self.scenario.override(changes) if (changes := self._changes(given)) else self.scenario
        first = self.seed if seed is None else int(seed)
        found = [_run(changed, first + n) for n in range(self.replications)]
        return {name: float(np.mean([one[name] for one in found])) for name in self.metrics}

    def _changes(self, given: Mapping[str, Any]) -> dict[str, Any]:
        changes = {name.replace(DOT, "."): value for name, value in given.items()}
        for name in changes:
            if name not in self.parameters:
                what = f"this function has no parameter {name[:100]!r}"
                raise HomogsimError(what, help=f"It has: {', '.join(self.parameters)}.")
        whole = {name: declared()[name].kind is int for name in changes}
        return {name: _whole(value) if whole[name] else value for name, value in changes.items()}


def _whole(value: Any) -> Any:
    """Return a whole number for one that a tool could only express as 3.0."""
    return int(value) if isinstance(value, float | np.floating) and float(value).is_integer() else value


def _run(scenario: Scenario, seed: int) -> dict[str, float]:
    from homogsim.model import MarketModel

    return MarketModel(scenario, seed=seed, threads=1).run().results().summary


def as_function(
    scenario: Scenario | str | Path,
    parameters: Sequence[str],
    metrics: Sequence[str],
    *,
    months: int | None = None,
    set: Mapping[str, object] | None = None,
    seed: int | None = None,
    replications: int = 1,
) -> MarketFunction:
    """Return a market as a picklable function of parameters and a seed.

    Parameters
    ----------
    scenario : Scenario, str or Path
        Where all other parameters come from.
    parameters : sequence of str
        Dotted names of those that calls may set, in the order of array columns.
    metrics : sequence of str
        What calls return: ends of runs, as in their summary.
    months : int, optional
        Months after automation arrives.
    set : mapping, optional
        Other parameters to change, by dotted name.
    seed : int, optional
        Of calls that name none; by default the scenario's.
    replications : int
        Seeds over which metrics are averaged, ≥ 1.

    Raises
    ------
    HomogsimError
        An unknown scenario, parameter or metric; a market that does not fit in memory.
    """
    changes = {**(set or {}), **({} if months is None else {"calendar.months": months})}
    base = read(scenario)
    base = base.override(changes) if changes else base
    names = tuple(name.replace(DOT, ".") for name in parameters)
    _, problems = flatten(dict.fromkeys(names, 0))
    if problems:
        raise HomogsimError(problems[0].what, help=problems[0].help)
    if not metrics or replications < 1:
        raise HomogsimError("a function needs at least one metric and one replication")
    check_metrics(metrics)
    check_budget(base.parameters)
    return MarketFunction(base, names, tuple(metrics), base.seed if seed is None else seed, replications)
