"""The two moments that maps compare: before automation arrives, and the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from homogsim.parameters import TOOLS
from homogsim.plots.style import TOOL_STYLES, note
from homogsim.plots.time import MONTHS_A_YEAR, tools_on_sale
from homogsim.plots.wording import signed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from homogsim.results import Results


class Moment(NamedTuple):
    """All open businesses in one month."""

    month: int
    firms: pd.DataFrame
    """Rows of the snapshots table."""
    title: str
    """When this is."""


def moments(results: Results) -> tuple[Moment, Moment]:
    """Return the last snapshot before month 0 (else the first) and the end of the run.

    An emptied market has no row in its last month: its end is then an empty table.
    """
    shots = results.snapshots
    recorded = np.unique(shots["month"].to_numpy())
    last = int(results.timeline["month"].iloc[-1])
    earlier = recorded[recorded < 0]
    first = int(earlier[-1] if earlier.size else recorded[0] if recorded.size else results.timeline["month"].iloc[0])
    emptied = results.timeline["n_firms"].iloc[-1] == 0
    end = last if emptied or not recorded.size else int(recorded[-1])
    event = ("automation arrives", "automation arrived") if tools_on_sale(results) else ("month 0", "month 0")
    before, after = (Moment(m, _named(shots[shots["month"] == m]), _when(m, *event)) for m in (first, end))
    return before, after


def _named(firms: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with tools by name; snapshots hold names or the codes of `TOOLS`."""
    if firms["tool"].dtype.kind not in "iu":
        return firms
    return firms.assign(tool=np.array(TOOLS, dtype=object)[firms["tool"].to_numpy()])


def note_if_none(axes: Axes, results: Results, moment: Moment) -> None:
    """Say why no business is shown: none was open, or nobody looked."""
    if len(moment.firms):
        return
    row = results.timeline["month"] == moment.month
    seen = row.any() and int(results.timeline.loc[row, "n_firms"].iloc[0]) > 0
    note(axes, "no snapshot of this month" if seen else "no business is open")


def draw_firms(
    axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], tool: NDArray[np.object_], sizes: NDArray[np.float64]
) -> None:
    """Draw one mark per business, by colour and shape of its tool (no tool below, custom on top)."""
    for rank, name in enumerate(TOOLS):
        chosen = np.flatnonzero(tool == name)
        if not chosen.size:
            continue
        # large marks first, so that none hides a smaller one
        chosen = chosen[np.argsort(-sizes[chosen], kind="stable")]
        look = TOOL_STYLES[name]
        axes.scatter(
            x[chosen],
            y[chosen],
            s=sizes[chosen],
            c=look.colour,
            marker=look.marker,
            alpha=0.8,
            edgecolors="white",
            linewidths=0.6,
            zorder=3 + 0.1 * rank,
            gid=f"firms with {name}",
        )


def tools_shown(*shown: Moment) -> list[str]:
    """Return the tools that occur, in the order of their codes; at least ``none``."""
    found = {str(tool) for moment in shown for tool in moment.firms["tool"].unique()}
    return [tool for tool in TOOLS if tool in found] or [TOOLS[0]]


def _when(month: int, arrives: str, arrived: str) -> str:
    if month == -1:
        return f"Just before {arrives}"
    if month < 0:
        return f"{_years(-month)} before {arrives}"
    return f"{_years(month + 1)} after {arrived}"


def _years(months: int) -> str:
    value = months / MONTHS_A_YEAR
    if months < MONTHS_A_YEAR:
        return f"{months} month{'s' if months > 1 else ''}"
    return f"{signed(round(value, 1))} year{'s' if value != 1 else ''}"
