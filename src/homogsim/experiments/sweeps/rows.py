"""Rows of ``runs/`` and ``series/``: how finished runs become tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.experiments.sweeps.factors import Factor, cell
from homogsim.experiments.sweeps.plan import Plan
from homogsim.experiments.sweeps.work import Found

if TYPE_CHECKING:
    import pyarrow as pa

FIRST = ("run", "id", "point", "replication", "seed")
STATE = ("status", "outcome", "error")
LAST = ("timeline_hash", "wall_seconds", "version", "code", "python", "numpy", "numba", "host")
ABOUT = LAST[2:]


def metric_names(plan: Plan) -> tuple[str, ...]:
    """Return every metric that a row has a column of."""
    from homogsim.metrics.observation import EXACT_OUTLETS
    from homogsim.metrics.table import ERRORS, METRICS, RUN_METRICS

    large = _most_storefronts(plan) > EXACT_OUTLETS
    return (*METRICS, *(ERRORS if large else ()), *RUN_METRICS)


def _most_storefronts(plan: Plan) -> float:
    world = plan.scenario.parameters.world
    most = 1.0
    for name in ("towns", "sectors", "sites"):
        factor = next((f for f in plan.factors if f.name == f"world.{name}"), None)
        most *= getattr(world, name) if factor is None else max(_ends(factor))
    return most


def _ends(factor: Factor) -> list[float]:
    return [float(v) for v in (factor.low, factor.high, *factor.values) if isinstance(v, int | float)]


def runs_table(plan: Plan, metrics: Sequence[str], done: Sequence[tuple[Found, dict[str, str], str]]) -> pa.Table:
    """Return the rows of finished runs: each with versions and host, and the run's id."""
    import pyarrow as pa

    found = [one for one, _, _ in done]
    columns: dict[str, Any] = {
        "run": pa.array([one.run.number for one in found], pa.int64()),
        "id": pa.array([id for _, _, id in done], pa.string()),
        "point": pa.array([one.run.point for one in found], pa.int64()),
        "replication": pa.array([one.run.replication for one in found], pa.int64()),
        "seed": pa.array([one.run.seed for one in found], pa.int64()),
    }
    for n, factor in enumerate(plan.factors):
        columns[factor.name] = _factor_column(factor, [one.run.values[n] for one in found])
    for name in STATE:
        columns[name] = pa.array([getattr(one, name) for one in found], pa.string())
    values = np.array([one.metrics for one in found]).reshape(len(found), len(metrics))
    columns |= {name: pa.array(values[:, n], pa.float64()) for n, name in enumerate(metrics)}
    columns["timeline_hash"] = pa.array([one.timeline_hash for one in found], pa.string())
    columns["wall_seconds"] = pa.array([one.seconds for one in found], pa.float64())
    columns |= {name: pa.array([about.get(name, "") for _, about, _ in done], pa.string()) for name in ABOUT}
    return pa.table(columns)


def _factor_column(factor: Factor, values: list[Any]) -> pa.Array:
    import pyarrow as pa

    sample = factor.values[0] if factor.values else (0 if factor.whole else 0.0)
    if isinstance(sample, bool):
        return pa.array(values, pa.bool_())
    if isinstance(sample, int):
        return pa.array(values, pa.int64())
    return pa.array(values, pa.float64()) if isinstance(sample, float) else pa.array(list(map(cell, values)))


def series_table(done: Sequence[tuple[Found, dict[str, str], str]]) -> pa.Table | None:
    """Return a row per run and stored month of those runs that have series; None when none has."""
    import pyarrow as pa

    from homogsim.metrics.table import METRICS

    kept = [
        (one.run, one.months, one.series) for one, _, _ in done if one.series is not None and one.months is not None
    ]
    if not kept:
        return None
    lengths = [len(months) for _, months, _ in kept]
    columns: dict[str, Any] = {
        "run": np.repeat([run.number for run, _, _ in kept], lengths),
        "point": np.repeat([run.point for run, _, _ in kept], lengths),
        "replication": np.repeat([run.replication for run, _, _ in kept], lengths),
        "month": np.concatenate([months for _, months, _ in kept]),
    }
    values = np.concatenate([series for _, _, series in kept])
    return pa.table(columns | {name: values[:, n] for n, name in enumerate(METRICS)})
