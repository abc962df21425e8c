"""Who gains: consumers and small businesses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from homogsim.plots.frame import drawing, new_figure
from homogsim.plots.style import BLUE, GREEN, MUTED, SMALL_SIZE
from homogsim.plots.time import column, dollar_axis, line, note_if_empty, periods, start_and_end, widen, year_axis
from homogsim.plots.wording import change_text, dollars

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from homogsim.results import Results

PANELS = (
    ("consumer_surplus", "Consumer surplus: worth to customers above what they pay", BLUE),
    ("smb_profit", "Profit of small businesses, together", GREEN),
)

NARROWEST = 0.1
"""Least height of a panel, as a share of its metric's largest value."""


@drawing("Consumer surplus and small businesses' profit, dollars per month")
def surplus(results: Results) -> Figure:
    """Draw consumer surplus and small-business profit, each on its own scale."""
    consumers, profit = (start_and_end(results, name) for name, _, _ in PANELS)
    before, after = periods(results)
    figure = new_figure(
        "Who gains and who loses",
        f"From {before} to {after}: consumer surplus "
        f"{dollars(consumers[0])} → {dollars(consumers[1])} a month ({change_text(*consumers)}),\n"
        f"profit of small businesses {dollars(profit[0])} → {dollars(profit[1])} a month ({change_text(*profit)}).",
        height=7.0,
    )
    panels = figure.subplots(len(PANELS), 1, sharex=True)
    for axes, (name, title, colour) in zip(panels, PANELS, strict=True):
        drawn = line(axes, results, name, "", colour, lw=1.8)
        axes.set_title(title, pad=20 if axes is panels[0] else None)
        axes.set_ylabel("$ per month")
        _mark_start(axes, results, name)
        if drawn is not None:
            widen(axes, max(1.0, NARROWEST * float(np.nanmax(np.abs(column(results, name))))))
        dollar_axis(axes)
        note_if_empty(axes, [drawn])
    year_axis(panels, results)
    figure.align_ylabels(panels)
    return figure


def _mark_start(axes: Axes, results: Results, name: str) -> None:
    """Draw the level before automation, to compare with."""
    start, _ = start_and_end(results, name)
    if not np.isfinite(start):
        return
    axes.axhline(start, color=MUTED, lw=1.0, ls=(0, (2, 3)), zorder=1.8)
    axes.annotate(
        periods(results)[0].removeprefix("the ").replace(" before ", " before\n"),
        (1.0, start),
        (5, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="left",
        va="center",
        color=MUTED,
        size=SMALL_SIZE,
    )
