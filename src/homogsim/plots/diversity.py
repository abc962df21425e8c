"""How different the businesses are, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from homogsim.plots.frame import drawing, new_figure
from homogsim.plots.labels import Label, label_ends
from homogsim.plots.style import BLUE, GREEN, INK, PURPLE_INK
from homogsim.plots.time import column, end_note, line, note_if_empty, periods, start_and_end, widen, year_axis, years
from homogsim.plots.wording import ALONE, EMPTY_MARKET, UNDEFINED, change_text, signed, signed_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from homogsim.results import Results

LINES = (
    ("diversity_gamma", "what is sold (γ)", BLUE, "solid", 2.6),
    ("diversity_gamma_supply", "what is on offer (γ)", BLUE, (0, (5, 2)), 1.8),
    ("process_diversity_gamma", "how work is done", INK, (0, (1.5, 1.5)), 1.8),
    ("diversity_alpha", "within a town (α)", GREEN, (0, (7, 2, 1.5, 2)), 1.8),
    ("diversity_beta", "between towns (β)", PURPLE_INK, (0, (3, 1.5)), 1.8),
)
NARROWEST = 2.0
"""Least height of the panel of changes, percent: smaller movements should look small."""

CHANGES = ("diversity_gamma", "process_diversity_gamma", "diversity_alpha", "diversity_beta")


@drawing("How many truly different offerings and ways of working there are, and how that changes")
def diversity(results: Results) -> Figure:
    """Draw similarity-sensitive diversity (levels, and change against the year before automation)."""
    (start, end), (before, after) = start_and_end(results, "diversity_gamma"), periods(results)
    figure = new_figure(
        "How different the businesses are",
        f"Effective number of different offerings sold: {_number(start)} in {before}, "
        f"{_number(end)} in {after} ({change_text(start, end)}).{end_note(results)}"
        if np.isfinite([start, end]).any()
        else _why_undefined(results),
        height=7.4,
    )
    levels, changes = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    ends = [
        line(levels, results, name, text, colour, ls=dashes, lw=width) for name, text, colour, dashes, width in LINES
    ]
    levels.set_ylabel("effective number")
    levels.set_ylim(bottom=min(1.0, levels.get_ylim()[0]))
    levels.set_title("Diversity (1 = all alike)", pad=20)
    note_if_empty(levels, ends, _why_undefined(results))
    shifts = _draw_changes(changes, results)
    year_axis((levels, changes), results)
    label_ends(figure, levels, ends)
    label_ends(figure, changes, shifts)
    return figure


def _draw_changes(axes: Axes, results: Results) -> list[Label | None]:
    axes.set_title(f"Change against {periods(results)[0]}")
    axes.axhline(0.0, color="#8A8A8A", lw=0.8)
    axes.yaxis.set_major_formatter(lambda value, _: f"{signed(round(value, 6))} %")
    ends = []
    for name, text, colour, dashes, width in LINES:
        if name in CHANGES:
            ends.append(_draw_change(axes, results, name, text, colour, ls=dashes, lw=width))
    widen(axes, NARROWEST)
    note_if_empty(axes, ends, _why_undefined(results))
    return ends


def _draw_change(axes: Axes, results: Results, name: str, text: str, colour: str, **look: object) -> Label | None:
    start, _ = start_and_end(results, name)
    x, change = years(results), 100.0 * (column(results, name) / start - 1.0)
    # `look` holds keywords of Matplotlib's lines, each of a type of its own.
    axes.plot(x, change, color=colour, gid=f"change of {name}", **look)  # type: ignore[arg-type]
    known = np.flatnonzero(np.isfinite(change))
    if not known.size:
        return None
    last = known[-1]
    return Label(float(x[last]), float(change[last]), f"{text} {signed_percent(change[last] / 100)}", colour)


def _why_undefined(results: Results) -> str:
    """Return why there is no diversity in any month."""
    most = float(np.nanmax(column(results, "n_firms"), initial=0.0))
    return EMPTY_MARKET if most < 1 else ALONE if most == 1 else UNDEFINED


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "undefined"
