"""Where the businesses are and which tool they use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.plots.frame import drawing, new_figure, tool_legend
from homogsim.plots.ground import corners, draw_ground, name_towns
from homogsim.plots.moments import Moment, draw_firms, moments, note_if_none, tools_shown
from homogsim.plots.style import MUTED
from homogsim.plots.wording import businesses

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from homogsim.results import Results

WIDTH = 12.6
"""Inches."""

LARGEST_MARK = 190.0
"""Area of the mark with the largest sales, in square points, on a map of few businesses."""


@drawing("Towns, roads and businesses by tool and size, before automation and at the end")
def town_map(results: Results) -> Figure:
    """Draw the map of towns, roads and businesses (tool by colour and shape, sales by area), start beside end."""
    start, end = moments(results)
    figure = new_figure(
        "Where the businesses are, and which tool they use",
        "Each mark is a business; its area shows how much it sells. Grey lines are roads, pale discs are towns.",
        width=WIDTH,
        height=_height(results),
        key_row=True,
    )
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    top = max((float(m.firms["sales"].max()) for m in (start, end) if len(m.firms)), default=0.0)
    largest = LARGEST_MARK * min(1.0, 600.0 / max(1, len(start.firms), len(end.firms)))
    for axes, moment in zip(panels, (start, end), strict=True):
        draw_ground(axes, results)
        x, y, sales = (moment.firms[name].to_numpy(dtype=np.float64) for name in ("x", "y", "sales"))
        draw_firms(axes, x, y, moment.firms["tool"].to_numpy(dtype=object), mark_areas(sales, top, largest))
        name_towns(axes, results, 0.47 * WIDTH)
        axes.set_title(_title(moment), size=11)
        note_if_none(axes, results, moment)
    tool_legend(figure, tools_shown(start, end), _size_key(top, largest))
    return figure


def mark_areas(sales: NDArray[np.float64], top: float, largest: float) -> NDArray[np.float64]:
    """Return areas in proportion to sales (units a month), not below what an eye can find."""
    share = sales / top if top > 0 else np.zeros(sales.shape)
    return np.maximum(largest * np.nan_to_num(share), 0.06 * largest)


def _height(results: Results) -> float:
    """Return a height (inches) at which both maps fill the figure."""
    low, high = corners(results)
    width, height = high - low
    return float(np.clip(1.7 + 0.47 * WIDTH * height / width, 4.5, 9.5))


def _title(moment: Moment) -> str:
    using = int((moment.firms["tool"] != "none").sum())
    return (
        f"{moment.title}: {businesses(len(moment.firms))}, {using} with a tool" if len(moment.firms) else moment.title
    )


def _size_key(top: float, largest: float) -> list[Any]:
    """Return legend marks for round amounts of sales."""
    from matplotlib.lines import Line2D

    if top <= 0:
        return []
    step = 10.0 ** np.floor(np.log10(top))
    amounts = [a for a in (step * np.floor(top / step), step * np.floor(top / step) / 4) if a > 0]
    return [
        Line2D(
            [],
            [],
            ls="none",
            marker="o",
            mfc="none",
            mec=MUTED,
            ms=float(np.sqrt(mark_areas(np.array([a]), top, largest)[0])),
            label=f"{a:,.0f} purchase{'' if a == 1 else 's'} a month",
        )
        for a in amounts
    ]
