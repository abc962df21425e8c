"""`homogsim sweep plot`: figures of a metric over the points of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from homogsim.cli.text import console, printable

if TYPE_CHECKING:
    from homogsim.experiments.sensitivity.outputs import Outputs
    from homogsim.plots.sweeps import Axis, SweepData


def plot_sweep(
    folder: Path, metric: str, names: tuple[str, ...], x: str | None, y: str | None, level: float, out: Path | None,
    kind: str,
) -> int:  # fmt: skip
    """Draw figures, say where they are, and return 0."""
    from homogsim.experiments.sensitivity.outputs import read_outputs
    from homogsim.plots.saving import check_formats, write_figure
    from homogsim.plots.sweeps import FIGURES, PAIRWISE, figure

    check_formats([kind])
    data = sweep_data(read_outputs(folder, metric))
    possible = [name for name in FIGURES if len(data.axes) > 1 or name not in PAIRWISE]
    target = folder / "figures" if out is None else out
    for name in names or possible:
        drawn = figure(data, name, x=x, y=y, level=level)
        path = write_figure(drawn, target / f"{metric}-{name}.{kind}")
        console().print(printable(str(path)), soft_wrap=True)
    return 0


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
    places = np.array([labels.index(cell(value)) for value in values], dtype=np.float64)  # type: ignore[arg-type]
    return Axis(factor.name, places, labels, unit)
