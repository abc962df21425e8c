"""Figures of a run: one function each, `Results` → `matplotlib.figure.Figure`, in one table.

Nothing here uses pyplot, so figures can be drawn in any thread and none is kept alive.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from homogsim.errors import HomogsimError, nearest
from homogsim.plots.adoption import adoption
from homogsim.plots.diversity import diversity
from homogsim.plots.firms import firms
from homogsim.plots.frame import Drawing
from homogsim.plots.offering_space import offering_space
from homogsim.plots.prices import prices
from homogsim.plots.saving import check_formats, write_figure
from homogsim.plots.surplus import surplus
from homogsim.plots.survival import survival
from homogsim.plots.town_map import town_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from homogsim.results import Results

__all__ = ["FIGURES", "Drawing", "figure", "save_all", "write_figure"]

FIGURES: dict[str, Drawing] = {
    drawing.name: drawing
    for drawing in (town_map, offering_space, diversity, survival, prices, adoption, surplus, firms)
}
"""Every figure by its name; each knows its `meaning` and is called with the results of a run."""


def figure(results: Results, name: str) -> Figure:
    """Return one figure of a run.

    Raises
    ------
    HomogsimError
        There is no figure of that name.
    """
    if name not in FIGURES:
        raise HomogsimError(f"there is no figure {name!r}", help=nearest(name, FIGURES))
    return FIGURES[name](results)


def save_all(results: Results, folder: str | Path, formats: Sequence[str] = ("png",)) -> list[Path]:
    """Write every figure of a run to `folder`, one file for each format, and return their paths.

    Parameters
    ----------
    results : Results
        What the run found.
    folder : path
        Created when missing; earlier figures in it are replaced.
    formats : sequence of str
        Of ``png``, ``svg``, ``pdf``.

    Raises
    ------
    HomogsimError
        A format is unknown.
    StorageError
        The folder cannot be written.
    """
    check_formats(formats)
    paths = []
    for name, draw in FIGURES.items():
        drawn = draw(results)
        paths += [write_figure(drawn, Path(folder) / f"{name}.{kind}") for kind in formats]
    return paths
