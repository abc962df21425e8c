"""Who uses which tool, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from homogsim.plots.frame import drawing, new_figure
from homogsim.plots.labels import Label, label_ends
from homogsim.plots.style import INK, TOOL_STYLES, note
from homogsim.plots.time import column, end_note, line, periods, start_and_end, year_axis, years
from homogsim.plots.wording import EMPTY_MARKET, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from homogsim.results import Results

ORDER = ("custom", "industry", "generic", "none")
"""From the bottom of the stack to its top."""

HATCHES = {"custom": "xx", "industry": "//", "generic": "..", "none": ""}


@drawing("Shares of businesses by tool, and how far contact with customers is automated")
def adoption(results: Results) -> Figure:
    """Draw the shares of open businesses by tool (stacked) and the mean intensity of automated contact."""
    figure = new_figure("Who uses which tool", _finding(results), height=6.4)
    axes = figure.subplots()
    axes.set_ylim(0.0, 1.0)
    axes.set_ylabel("share of open businesses")
    axes.yaxis.set_major_formatter(lambda value, _: percent(value, 0))
    axes.grid(False)
    shares = tool_shares(results)
    ends = _stack(axes, results, shares)
    contact = line(axes, results, "contact_intensity", "", INK, ls=(0, (4, 2)), lw=2.2)
    if contact is not None:
        contact = contact._replace(text=f"automated contact {percent(contact.y, 0)}")
    year_axis([axes], results)
    if not ends:
        note(axes, EMPTY_MARKET)
    elif not (column(results, "adoption_share") > 0).any():
        note(axes, "no business adopted a tool")
        contact = None  # a label "0 %" would stand on the axis
    label_ends(figure, axes, [*ends, contact])
    return figure


def tool_shares(results: Results) -> dict[str, NDArray[np.float64]]:
    """Return the share of open businesses with each tool, NaN in months without any."""
    shares = {tool: column(results, f"adoption_{tool}") for tool in ORDER[:-1]}
    shares["none"] = np.clip(1.0 - sum(shares.values()), 0.0, 1.0)
    empty = column(results, "n_firms") == 0
    return {tool: np.where(empty, np.nan, shares[tool]) for tool in ORDER}


def _stack(axes: Axes, results: Results, shares: dict[str, NDArray[np.float64]]) -> list[Label]:
    x, base = years(results), np.zeros(len(results.timeline))
    labels = []
    for tool in ORDER:
        look, top = TOOL_STYLES[tool], base + shares[tool]
        axes.fill_between(x, base, top, color=look.colour, alpha=0.3, lw=0, gid=f"adoption_{tool}")
        axes.fill_between(x, base, top, facecolor="none", edgecolor=look.colour, hatch=HATCHES[tool], alpha=0.35, lw=0)
        known = np.flatnonzero(np.isfinite(top))
        if known.size and np.nanmax(shares[tool]) > 0:
            last = known[-1]
            text = f"{look.label} {percent(shares[tool][last], 0)}"
            labels.append(Label(float(x[last]), float((base[last] + top[last]) / 2), text, look.colour))
        base = top
    return labels


def _finding(results: Results) -> str:
    _, end = start_and_end(results, "adoption_share")
    _, contact = start_and_end(results, "contact_intensity")
    _, after = periods(results)
    if not np.isfinite(end):
        return f"No business was open in {after}."
    if end == 0:
        return f"No business uses a tool in {after}."
    return (
        f"In {after} {percent(end, 0)} of businesses use a tool. "
        f"Dashed: how far contact with customers is automated (mean {percent(contact, 0)}).{end_note(results)}"
    )
