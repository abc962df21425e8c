"""`homogsim sweep plot`: figures of a metric over the points of a sweep."""

from __future__ import annotations

from pathlib import Path

from homogsim.cli.text import console, finite, printable


def plot_sweep(
    folder: Path, metric: str, names: tuple[str, ...], x: str | None, y: str | None, level: float, out: Path | None,
    kind: str,
) -> int:  # fmt: skip
    """Draw figures, say where they are, and return 0."""
    from homogsim.experiments.sensitivity.outputs import read_outputs
    from homogsim.plots.saving import check_formats, write_figure
    from homogsim.plots.sweeps import FIGURES, PAIRWISE, check_figure, figure
    from homogsim.report.sweep_data import sweep_data

    check_formats([kind])
    finite("--level", level)
    data = sweep_data(read_outputs(folder, metric))
    possible = [name for name in FIGURES if len(data.axes) > 1 or name not in PAIRWISE]
    target = folder / "figures" if out is None else out
    for option, key in (("--x", x), ("--y", y)):
        if key is not None:
            data.axis(key, option)  # refused before anything is written
    chosen = names or possible
    for name in chosen:
        check_figure(name)
    for name in chosen:
        drawn = figure(data, name, x=x, y=y, level=level)
        path = write_figure(drawn, target / f"{metric}-{name}.{kind}")
        console().print(printable(str(path)), soft_wrap=True)
    return 0
