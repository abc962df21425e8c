"""Metrics over time: the axis that figures share, lines, and what is said about start and end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.plots.labels import Label
from homogsim.plots.style import MUTED, ORANGE, SMALL_SIZE, WARM_INK, note
from homogsim.plots.wording import EMPTY_MARKET, money, money_unit, signed
from homogsim.results.summary import END_MONTHS, START_MONTHS, summarise

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from homogsim.results import Results

MONTHS_A_YEAR = 12


def years(results: Results) -> NDArray[np.float64]:
    """Return the recorded months as years relative to the arrival of automation."""
    month: NDArray[np.float64] = results.timeline["month"].to_numpy(dtype=np.float64)
    return month / MONTHS_A_YEAR


def column(results: Results, name: str) -> NDArray[np.float64]:
    """Return one metric of the timeline; NaN where it is undefined."""
    values: NDArray[np.float64] = results.timeline[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def start_and_end(results: Results, name: str) -> tuple[float, float]:
    """Return a metric's mean over the year before automation and over the last two years, as the summary has them."""
    row = summarise(results.timeline[["month", name]]).loc[name]
    return float(row["start"]), float(row["end"])


def periods(results: Results) -> tuple[str, str]:
    """Return in words the months that `start_and_end` averages, as in ``in the year before automation``."""
    month = results.timeline["month"].to_numpy()
    # an interrupted run may end before month 0; its end then reaches back
    reach = int(month[-1]) + 1 - (0 if month[-1] >= 0 else int(month[0]))
    before, after = min(START_MONTHS, max(1, -int(month[0]))), min(END_MONTHS, reach)
    event = "automation" if tools_on_sale(results) else "month 0"
    first = "year" if before == MONTHS_A_YEAR else _months(before)
    last = "two years" if after == END_MONTHS else "year" if after == MONTHS_A_YEAR else _months(after)
    return f"the {first} before {event}", f"the last {last}"


def end_note(results: Results) -> str:
    """Return a sentence for averages over an end in which the market stood empty."""
    empty = column(results, "n_firms")[results.timeline["month"] > results.timeline["month"].iloc[-1] - END_MONTHS] == 0
    return "\nMonths without any business are left out." if empty.any() else ""


def _months(count: int) -> str:
    return "month" if count == 1 else f"{count} months"


def line(axes: Axes, results: Results, name: str, text: str, colour: str, **options: Any) -> Label | None:
    """Draw one metric over time; return the label for its end, or None where it has no value at all."""
    x, y = years(results), column(results, name)
    # a single month between gaps would be invisible as a line
    marker = "o" if np.isfinite(y).sum() == 1 else ""
    axes.plot(x, y, color=colour, marker=marker, gid=name, **options)
    known = np.flatnonzero(np.isfinite(y))
    return Label(float(x[known[-1]]), float(y[known[-1]]), text, colour) if known.size else None


def year_axis(axes: Sequence[Axes], results: Results) -> None:
    """Give stacked axes one time axis in years, the line where automation arrives, and the end of an emptied market.

    The label of the arrival stands above the first of the axes.
    """
    x = years(results)
    low, high = min(float(x[0]), 0.0), max(float(x[-1]) + 1.0 / MONTHS_A_YEAR, 1.0 / MONTHS_A_YEAR)
    for one in axes:
        one.set_xlim(low, high)
        one.axvline(0.0, color=ORANGE, lw=2.0, zorder=1.5, gid="arrival")
        emptied = _shade_empty_end(one, results)
        one.tick_params(labelbottom=one is axes[-1])
    axes[-1].set_xlabel("years since automation arrived" if tools_on_sale(results) else "years since month 0")
    axes[-1].xaxis.set_major_locator(_whole_steps(high - low))
    axes[-1].xaxis.set_major_formatter(lambda value, _: signed(value))
    side = "right" if -low > high else "left"
    _label_top(axes[0], arrival_text(results), 0.0, side, WARM_INK)
    if emptied:
        _label_top(axes[0], "no business left", high, "right", MUTED)


def _label_top(axes: Axes, text: str, x: float, side: str, colour: str) -> None:
    """Write above the axes, at x in years, on the given side of that place."""
    axes.annotate(
        text,
        (x, 1.0),
        (4 if side == "left" else -4, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha=side,
        va="bottom",
        color=colour,
        size=SMALL_SIZE + 0.5,
    )


def arrival_text(results: Results) -> str:
    """Return what happens at month 0 in this scenario."""
    return "automation arrives" if tools_on_sale(results) else "month 0 (no tools on sale)"


def note_if_empty(axes: Axes, labels: Sequence[Label | None], told: str = EMPTY_MARKET) -> None:
    """Say so (`told`) when none of the lines has a value."""
    if not any(labels):
        axes.set_yticks([])
        note(axes, told)


def dollar_axis(axes: Axes) -> None:
    """Write the ticks of the y axis as money, all in one unit and with as many decimals as their step needs."""
    ticks = axes.get_yticks()
    if not len(ticks):  # an empty panel
        return
    size, unit = money_unit(float(np.abs(ticks).max()))
    step = float(np.diff(ticks).min()) / size if len(ticks) > 1 else 1.0
    decimals = next((d for d in range(5) if abs(step - round(step, d)) < 1e-6 * step), 5)
    axes.yaxis.set_major_formatter(lambda value, _: money(value, size, unit, decimals))


def widen(axes: Axes, span: float) -> None:
    """Make the y axis at least `span` wide, so that tiny movements look tiny."""
    low, high = axes.get_ylim()
    extra = max(0.0, span - (high - low)) / 2
    axes.set_ylim(low - extra, high + extra)


def tools_on_sale(results: Results) -> bool:
    """Return whether month 0 brings automation in this scenario."""
    return bool(results.scenario.parameters.tools.available) or bool((column(results, "adoption_share") > 0).any())


def _shade_empty_end(axes: Axes, results: Results) -> bool:
    """Shade the months in which no business was left; return whether there are any."""
    empty = column(results, "n_firms") == 0
    if not empty[-1]:
        return False
    x = years(results)
    occupied = np.flatnonzero(~empty)
    first = x[occupied[-1]] if occupied.size else x[0]
    axes.axvspan(first, axes.get_xlim()[1], color="#F0F0F0", zorder=0.5, lw=0)
    return True


def _whole_steps(span: float) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=10, integer=span > 3, steps=[1, 2, 5, 10])
