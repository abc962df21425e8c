"""A metric of a finished sweep, by point and replication; incomplete sweeps and undefined values are refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from homogsim.errors import HomogsimError, nearest
from homogsim.experiments.sweeps.designs import Design
from homogsim.experiments.sweeps.factors import Factor, Value
from homogsim.experiments.sweeps.store import Store
from homogsim.experiments.sweeps.work import OK

SHOWN = 4
"""Runs that are named when something is missing."""

Values = NDArray[np.float64]


class Incomplete(HomogsimError):
    """A sweep that has not all that an analysis needs."""


@dataclass(frozen=True)
class Outputs:
    """A metric over a design."""

    metric: str
    design: Design
    values: Values
    """Shape (points, replications)."""
    common: bool
    """Whether replications have the same seeds at all points."""
    scenario: str = ""

    @property
    def factors(self) -> tuple[Factor, ...]:
        """What varies."""
        return self.design.factors

    @property
    def names(self) -> list[str]:
        """Names of what varies."""
        return [factor.name for factor in self.factors]

    @property
    def means(self) -> Values:
        """Mean over replications, shape (points,)."""
        return np.asarray(self.values.mean(axis=1))

    def places(self) -> Values:
        """Return every point in the unit cube, shape (points, factors): listed values by their rank."""
        if self.design.kind in ("sobol", "sobol-points", "lhs", "random", "morris"):
            return self.design.units()
        rows = [self.design.values(point) for point in range(len(self.design))]
        columns = [_ranked(factor, [row[n] for row in rows]) for n, factor in enumerate(self.factors)]
        return np.column_stack(columns)


def _ranked(factor: Factor, values: list[Value]) -> Values:
    if factor.low is not None and factor.high is not None:
        return (np.array(values, dtype=np.float64) - factor.low) / (factor.high - factor.low)
    known = list(dict.fromkeys([*factor.values, *values]))
    if all(isinstance(value, int | float) for value in known):
        known.sort()
    ranks = np.array([known.index(value) for value in values], dtype=np.float64)
    return ranks / max(1, len(known) - 1)


def read_outputs(folder: str | Path, metric: str) -> Outputs:
    """Return a metric of all runs of a sweep.

    Raises
    ------
    HomogsimError
        There is no such metric.
    Incomplete
        Runs are missing or not ok, or the metric is undefined in some; names them.
    StorageError
        There is no sweep in the folder, or it is damaged.
    """
    store = Store.open(Path(folder))
    if metric not in store.metrics:
        help = f"{nearest(metric[:100], store.metrics)} `homogsim metrics` lists all."
        raise HomogsimError(f"there is no metric {metric[:100]!r}", "--metric", help)
    plan = store.plan
    frame = store.frame()
    if len(frame) < plan.runs:
        what = f"the design is incomplete: {plan.runs - len(frame):,} of {plan.runs:,} runs are not stored"
        raise Incomplete(what, str(folder), "Repeat the command that made the sweep; it makes the others.")
    bad = frame[frame["status"] != OK]
    if len(bad):
        what = f"the design is incomplete: {len(bad):,} runs are not ok ({_named(list(bad['id']))})"
        raise Incomplete(what, str(folder), "Repeat the command with --retry failed.")
    values = frame[metric].to_numpy(dtype=np.float64)
    undefined = frame["id"][~np.isfinite(values)]
    if len(undefined):
        what = f"{metric} is undefined in {len(undefined):,} runs ({_named(list(undefined))})"
        raise Incomplete(what, str(folder), "Choose another metric, or parameters under which it is defined.")
    shape = (len(plan.design), plan.replications)
    return Outputs(metric, plan.design, values.reshape(shape), not plan.independent, plan.scenario.name)


def _named(ids: list[str]) -> str:
    return ", ".join(ids[:SHOWN]) + (" …" if len(ids) > SHOWN else "")
