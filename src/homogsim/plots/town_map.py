"""Where the businesses are and which tool they use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.plots.frame import drawing, new_figure, tool_legend
from homogsim.plots.moments import Moment, draw_firms, moments, note_if_none, tools_shown
from homogsim.plots.style import MUTED, SMALL_SIZE, halo
from homogsim.plots.wording import businesses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from homogsim.results import Results

MINUTES_A_UNIT = 60.0
TOWN_RADIUS = 10.0 / MINUTES_A_UNIT
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
        _draw_ground(axes, results)
        x, y, sales = (moment.firms[name].to_numpy(dtype=np.float64) for name in ("x", "y", "sales"))
        draw_firms(axes, x, y, moment.firms["tool"].to_numpy(dtype=object), mark_areas(sales, top, largest))
        _name_towns(axes, results)
        axes.set_title(_title(moment), size=11)
        note_if_none(axes, results, moment)
    tool_legend(figure, tools_shown(start, end), _size_key(top, largest))
    return figure


def mark_areas(sales: NDArray[np.float64], top: float, largest: float) -> NDArray[np.float64]:
    """Return areas in proportion to sales (units a month), not below what an eye can find."""
    share = sales / top if top > 0 else np.zeros(sales.shape)
    return np.maximum(largest * np.nan_to_num(share), 0.06 * largest)


def _corners(results: Results) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower left and upper right corner of what is shown."""
    place = results.town_positions[["x", "y"]].to_numpy(dtype=np.float64)
    margin = TOWN_RADIUS + 0.02
    return place.min(axis=0) - margin, place.max(axis=0) + margin


def _height(results: Results) -> float:
    """Return a height (inches) at which both maps fill the figure."""
    low, high = _corners(results)
    width, height = high - low
    return float(np.clip(1.7 + 0.47 * WIDTH * height / width, 4.5, 9.5))


def _title(moment: Moment) -> str:
    using = int((moment.firms["tool"] != "none").sum())
    return (
        f"{moment.title}: {businesses(len(moment.firms))}, {using} with a tool" if len(moment.firms) else moment.title
    )


def _draw_ground(axes: Axes, results: Results) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Circle

    towns = results.town_positions.set_index("town")
    place = towns[["x", "y"]]
    for x, y in place.to_numpy():
        axes.add_patch(Circle((x, y), TOWN_RADIUS, fc="#F1EFE9", ec="#DDD9CE", lw=0.8, zorder=0.5))
    ends = [place.loc[results.roads[side]].to_numpy() for side in ("from_town", "to_town")]
    axes.add_collection(
        LineCollection(list(np.stack(ends, axis=1)), colors="#BDBDBD", linewidths=1.6, zorder=1, gid="roads")
    )
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    (left, bottom), (right, top) = _corners(results)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    _scale_bar(axes)


def _scale_bar(axes: Axes) -> None:
    left, bottom = axes.get_xlim()[0] + 0.02, axes.get_ylim()[0] + 0.02
    axes.plot(
        [left, left + 15 / MINUTES_A_UNIT], [bottom, bottom], color=MUTED, lw=2.0, solid_capstyle="butt", zorder=2
    )
    axes.text(
        left, bottom + 0.012, "15 minutes", color=MUTED, size=SMALL_SIZE, va="bottom", path_effects=halo(), zorder=6
    )


def _name_towns(axes: Axes, results: Results) -> None:
    many = len(results.town_positions) > 30
    if len(results.town_positions) > 120:
        return
    for town in results.town_positions.itertuples():
        axes.text(
            town.x,
            town.y + (0.0 if many else 0.8 * TOWN_RADIUS),
            f"{town.town}" if many else f"town {town.town}",
            size=SMALL_SIZE,
            ha="center",
            va="center",
            weight="bold",
            color="#444444",
            path_effects=halo(3),
            zorder=6,
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
            label=f"sells {a:,.0f} a month",
        )
        for a in amounts
    ]
