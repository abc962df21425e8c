"""A metric of a finished sweep, as the figures of sweeps want it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from homogsim.experiments.sensitivity.outputs import Outputs
    from homogsim.plots.sweeps import Axis, SweepData


def sweep_data(outputs: Outputs) -> SweepData:
    """Return a metric over a design as figures want it."""
    from homogsim import __version__
    from homogsim.metrics.table import ALL_TIMELINE, RUN_METRICS
    from homogsim.plots.sweeps import SweepData

    units = {name: metric.unit for name, metric in ALL_TIMELINE.items()}
    units |= {name: metric.unit for name, metric in RUN_METRICS.items()}
    unit = units.get(outputs.metric, "")
    rows = [outputs.design.values(point) for point in range(len(outputs.design))]
    axes = tuple(_axis(outputs, n, [row[n] for row in rows]) for n in range(len(outputs.factors)))
    points, replications = outputs.values.shape
    times = f" × {replications} replications" if replications > 1 else ""
    facts = (
        f"scenario {outputs.scenario}",
        f"{outputs.design.kind}, {points} points{times}",
        f"homogsim {__version__}",
    )
    return SweepData(outputs.metric, unit, axes, outputs.values, "   ·   ".join(facts))


def _axis(outputs: Outputs, n: int, values: list[object]) -> Axis:
    from homogsim.experiments.sweeps.factors import cell
    from homogsim.parameters import declared
    from homogsim.plots.sweeps import Axis

    factor = outputs.factors[n]
    unit = declared()[factor.name].unit
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return Axis(factor.name, np.array(values, dtype=np.float64), unit=unit)
    labels = tuple(dict.fromkeys(cell(value) for value in factor.values)) or tuple(dict.fromkeys(map(str, values)))
    # Values of any type, as a design has them; `cell` writes each as text.
    places = np.array([labels.index(cell(value)) for value in values], dtype=np.float64)  # type: ignore[arg-type]
    return Axis(factor.name, places, labels, unit)
