"""What customers pay, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from homogsim.plots.frame import drawing, new_figure
from homogsim.plots.style import BLUE, GREEN, PURPLE_INK
from homogsim.plots.time import (
    column,
    dollar_axis,
    end_note,
    line,
    note_if_empty,
    periods,
    start_and_end,
    widen,
    year_axis,
)
from homogsim.plots.wording import EMPTY_MARKET, change_text, dollars

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator

    from homogsim.results import Results

PANELS = (
    ("mean_price", "Price: mean over what is sold", "$ per purchase", BLUE),
    ("mean_markup", "Markup: what a purchase brings above its unit cost", "$ per purchase", GREEN),
    ("price_dispersion", "Price dispersion: how prices differ within a town and sector", "sd of ln price", PURPLE_INK),
)

NARROWEST = 0.1
"""Least height of a panel, as a share of its metric's largest value: smaller movements should look small."""


@drawing("Prices, markups and how much prices differ within a town")
def prices(results: Results) -> Figure:
    """Draw mean price, markup and price dispersion, each on its own scale."""
    price, markup = start_and_end(results, "mean_price"), start_and_end(results, "mean_markup")
    before, after = periods(results)
    figure = new_figure(
        "What customers pay",
        f"From {before} to {after}: mean price {dollars(price[0], 4)} → {dollars(price[1], 4)} "
        f"({change_text(*price)}),\nmarkup {dollars(markup[0])} → {dollars(markup[1])} "
        f"({change_text(*markup)}).{end_note(results)}"
        if np.isfinite([price, markup]).any()
        else EMPTY_MARKET,
        height=7.6,
    )
    panels = figure.subplots(len(PANELS), 1, sharex=True)
    for axes, (name, title, unit, colour) in zip(panels, PANELS, strict=True):
        drawn = line(axes, results, name, "", colour)
        axes.set_title(title, pad=20 if axes is panels[0] else None)
        axes.set_ylabel(unit)
        axes.yaxis.set_major_locator(_few_ticks())
        if drawn is not None:
            widen(axes, NARROWEST * float(np.nanmax(np.abs(column(results, name)))))
        note_if_empty(axes, [drawn])
    for axes in panels[:2]:
        dollar_axis(axes)
    year_axis(panels, results)
    figure.align_ylabels(panels)
    return figure


def _few_ticks() -> Locator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=5)
