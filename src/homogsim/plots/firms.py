"""How many businesses there are, and how many open and close."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from homogsim.plots.frame import drawing, new_figure
from homogsim.plots.style import BLUE, INK, SMALL_SIZE, VERMILLION
from homogsim.plots.time import MONTHS_A_YEAR, line, periods, start_and_end, year_axis
from homogsim.plots.wording import change_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator
    from numpy.typing import NDArray

    from homogsim.results import Results


@drawing("Number of businesses, and how many open and close each year")
def firms(results: Results) -> Figure:
    """Draw the number of open businesses and, by year, entries (up) and exits (down)."""
    (start, end), (before, after) = start_and_end(results, "n_firms"), periods(results)
    figure = new_figure(
        "How many businesses there are",
        f"On average {_count(start)} open in {before}, {_count(end)} in {after} ({change_text(start, end)}).",
        height=7.0,
    )
    number, turnover = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    line(number, results, "n_firms", "", INK)
    number.set_ylim(0.0, max(1.0, 1.08 * float(results.timeline["n_firms"].max())))
    number.set_ylabel("businesses")
    number.yaxis.set_major_locator(_whole_numbers())
    number.set_title("Open businesses", pad=20)
    _draw_turnover(turnover, results)
    year_axis((number, turnover), results)
    figure.align_ylabels((number, turnover))
    return figure


def turnover_by_year(results: Results) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return years (0 = the first twelve months of automation), openings and closures in each.

    Counted from the businesses' own dates, so that they are complete however seldom a run was recorded.
    """
    month = results.timeline["month"].to_numpy()
    year = np.arange(month[0] // MONTHS_A_YEAR, month[-1] // MONTHS_A_YEAR + 1)
    edges = np.clip(np.append(year, year[-1] + 1) * MONTHS_A_YEAR, month[0], month[-1] + 1)
    births = results.firms["birth"].to_numpy(dtype=np.int64)
    deaths = results.firms["death"].dropna().to_numpy(dtype=np.int64)
    # the last bin of a histogram would include its end
    entries, exits = (np.histogram(dates[dates < edges[-1]], edges)[0] for dates in (births, deaths))
    return year, entries, exits


def _draw_turnover(axes: Axes, results: Results) -> None:
    month = results.timeline["month"].to_numpy()
    year, entries, exits = turnover_by_year(results)
    left = np.maximum(year * MONTHS_A_YEAR, month[0])
    right = np.minimum((year + 1) * MONTHS_A_YEAR, month[-1] + 1)
    whole = right - left == MONTHS_A_YEAR
    for heights, colour, text in ((entries, BLUE, "open"), (-exits, VERMILLION, "close")):
        bars = axes.bar(
            left / MONTHS_A_YEAR,
            heights,
            (right - left) / MONTHS_A_YEAR,
            align="edge",
            color=colour,
            alpha=0.75,
            edgecolor="white",
            lw=1.0,
            label=text,
            hatch="" if text == "open" else "//",
        )
        for bar, complete in zip(bars, whole, strict=True):
            bar.set_alpha(0.75 if complete else 0.3)
    axes.axhline(0.0, color=INK, lw=0.8)
    reach = max(1, int(entries.max(initial=0)), int(exits.max(initial=0)))
    axes.set_ylim(-1.25 * reach, 1.25 * reach)
    axes.yaxis.set_major_locator(_whole_numbers())
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
    axes.set_ylabel("businesses a year")
    part = "" if whole.all() else " (pale: part of a year)"
    axes.set_title(f"Openings and closures in each year{part}")
    for height, text, colour, side in ((0.98, "open ▲", BLUE, "top"), (0.02, "close ▼", VERMILLION, "bottom")):
        axes.text(
            0.006, height, text, transform=axes.transAxes, color=colour, size=SMALL_SIZE + 1, va=side, weight="bold"
        )


def _count(value: float) -> str:
    return f"{value:.{0 if value >= 100 else 1}f}" if np.isfinite(value) else "none"


def _whole_numbers() -> Locator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=6, integer=True)
