"""How long businesses last, by the tool they use at the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from homogsim.metrics.spells import Spells, log_rank
from homogsim.metrics.survival import count_at_risk, greenwood_band, kaplan_meier, survival_at
from homogsim.parameters import TOOLS
from homogsim.plots.frame import drawing, new_figure
from homogsim.plots.style import INK, MUTED, SMALL_SIZE, TOOL_STYLES, note
from homogsim.plots.time import MONTHS_A_YEAR
from homogsim.plots.wording import percent
from homogsim.results.lifetimes import observed_spells

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from homogsim.results import Results

SHORTEST = MONTHS_A_YEAR
"""Range of ages that a curve must span to be drawn, months."""

LONGEST = 15 * MONTHS_A_YEAR
"""Ages shown, months."""

FEWEST = 5
"""Businesses that must be at risk for a curve to be drawn."""

BEFORE = "before"
"""Name of the curve of all businesses before month 0."""


class Curve(NamedTuple):
    """One curve to draw: ages (months), survival and its band, from the first to the last well-supported age."""

    name: str
    age: NDArray[np.float64]
    survival: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    spells: Spells


@drawing("Share of businesses that reach each age, by the tool used at the time, with 95 % bands")
def survival(results: Results) -> Figure:
    """Draw Kaplan–Meier curves by tool (a time-varying state) with Greenwood bands and the numbers at risk below."""
    curves = survival_curves(results)
    figure = new_figure("How long businesses last, by the tool they use", _reading(results, curves), height=7.6)
    axes, table = figure.subplots(2, 1, sharex=True, height_ratios=[5, 0.3 + 0.28 * max(1, len(curves))])
    for curve in curves:
        _draw_curve(axes, curve)
    longest = max((curve.age[-1] for curve in curves), default=float(MONTHS_A_YEAR))
    axes.set_xlim(0.0, longest / MONTHS_A_YEAR)
    axes.set_ylim(0.0, 1.02)
    axes.set_ylabel("still open")
    axes.yaxis.set_major_formatter(lambda value, _: percent(value, 0))
    axes.tick_params(labelbottom=True)
    axes.set_xlabel("age of the business, years")
    if not curves:
        note(axes, f"fewer than {FEWEST} businesses at risk over any year of age:\nnothing to estimate")
    else:
        # survival falls, so that this corner is free
        axes.legend(
            loc="upper right", handlelength=4.0, frameon=True, facecolor="white", edgecolor="none", framealpha=0.8
        )
    _draw_numbers(table, curves, longest)
    return figure


def survival_curves(results: Results) -> list[Curve]:
    """Return the curve of all businesses before month 0, and of each tool from month 0 on.

    Only what was recorded counts: a business enters the risk set at its age when recording, automation or its tool
    begins (left truncation), and leaves it when it changes its tool, closes, or the record ends.
    """
    first, last = int(results.timeline["month"].iloc[0]), int(results.timeline["month"].iloc[-1])
    before, after = observed_spells(results, first, 0), observed_spells(results, 0, last + 1)
    curves = [_supported(BEFORE, before, before)]
    for code, tool in enumerate(TOOLS):
        here = after.state == code
        curves.append(_supported(tool, Spells(*(part[here] for part in after)), after))
    return [curve for curve in curves if curve is not None]


def _supported(name: str, spells: Spells, everybody: Spells) -> Curve | None:
    """Return the curve over the longest range of ages with enough businesses at risk, or None.

    A tool that few young businesses have starts late, at the level that all businesses (`everybody`) reach by that age.
    """
    months = np.arange(1, LONGEST + 1, dtype=np.float64)
    known = np.logical_and.accumulate(count_at_risk(months, everybody.stop, everybody.start) >= FEWEST)
    begin, end = _longest_range(known & (count_at_risk(months, spells.stop, spells.start) >= FEWEST))
    if end - begin < SHORTEST:
        return None
    used = (spells.stop > begin) & (spells.start < end)
    entry, stop = np.maximum(spells.start[used], begin), np.minimum(spells.stop[used], end)
    curve = kaplan_meier(stop, spells.event[used] & (spells.stop[used] <= end), entry)
    pooled = kaplan_meier(everybody.stop, everybody.event, everybody.start)
    level = float(survival_at(pooled, begin)) if begin > 0 else 1.0
    survived, lower, upper = (level * _closed(part) for part in (curve.survival, *greenwood_band(curve)))
    age = np.concatenate(([begin], curve.times, [end]))
    return Curve(name, age.astype(np.float64), survived, lower, upper, spells)


def _closed(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a step function's values with its beginning, 1, and its last value held to the end."""
    return np.concatenate(([1.0], steps, steps[-1:] if steps.size else [1.0]))


def _longest_range(enough: NDArray[np.bool_]) -> tuple[int, int]:
    """Return first and last age (months, exclusive and inclusive) of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], enough, [False])).astype(np.int8)))
    begins, ends = edges[::2], edges[1::2]
    if not begins.size:
        return 0, 0
    best = int(np.argmax(ends - begins))
    return int(begins[best]), int(ends[best])


def _look(name: str) -> tuple[str, str, object, str | None]:
    """Return label, colour, dashes and marker of a curve."""
    if name == BEFORE:
        return "all, before month 0", INK, (0, (1, 1)), None
    style = TOOL_STYLES[name]
    return style.label, style.colour, style.dashes, style.marker


def _draw_curve(axes: Axes, curve: Curve) -> None:
    text, colour, dashes, marker = _look(curve.name)
    x = curve.age / MONTHS_A_YEAR
    axes.fill_between(x, curve.lower, curve.upper, step="post", color=colour, alpha=0.12, lw=0)
    axes.step(
        x, curve.survival, where="post", color=colour, ls=dashes, lw=1.6 if marker is None else 2.0, gid=curve.name
    )
    whole_years = np.arange(np.ceil(x[0] + 1e-9), np.floor(x[-1]) + 1)
    heights = curve.survival[np.searchsorted(x, whole_years, side="right") - 1]
    shape: dict[str, Any] = {"marker": marker, "ms": 7, "mfc": colour, "mec": "white", "mew": 0.8}
    if whole_years.size:  # an unclipped line without points would confuse the layout
        axes.plot(whole_years, heights, ls="none", clip_on=False, zorder=4, **shape)
    axes.plot([], [], color=colour, ls=dashes, lw=2.0, label=text, **shape)  # the key shows line and shape together


def _draw_numbers(axes: Axes, curves: list[Curve], longest: float) -> None:
    """Write how many businesses are at risk at some ages, one row per curve."""
    axes.set_title("Businesses observed at that age (at risk)", size=SMALL_SIZE + 1, color=MUTED)
    axes.set_ylim(len(curves) - 0.4, -0.6)
    axes.grid(False)
    axes.tick_params(length=0, labelbottom=False, pad=20)
    axes.spines[:].set_visible(False)
    axes.set_yticks(range(len(curves)), [_look(curve.name)[0] for curve in curves])
    ages = np.array([a for a in (1, 2, 3, 5, 7, 10, 15) if a * MONTHS_A_YEAR <= longest]) * float(MONTHS_A_YEAR)
    for row, curve in enumerate(curves):
        axes.yaxis.get_ticklabels()[row].set_color(_look(curve.name)[1])
        numbers = count_at_risk(np.append(1.0, ages), curve.spells.stop, curve.spells.start)
        for age, number in zip(np.append(0.0, ages), numbers, strict=True):
            axes.text(age / MONTHS_A_YEAR, row, f"{number}", ha="center", va="center", size=SMALL_SIZE)


def _reading(results: Results, curves: list[Curve]) -> str:
    last = int(results.timeline["month"].iloc[-1])
    after = observed_spells(results, 0, last + 1)
    test = log_rank(after, len(TOOLS)) if after.start.size else None
    lines = "Kaplan–Meier estimate: a business counts for a tool only while it uses it (bands: 95 %, Greenwood)."
    if any(curve.age[0] > 0 for curve in curves):
        lines += " A curve that starts late starts at the level of all businesses."
    if test is None or not np.isfinite(test.p_value):
        return f"{lines}\nNo two tools were in use together: nothing to compare after month 0."
    p = "p < .001" if test.p_value < 0.001 else f"p = {test.p_value:.3f}".replace("0.", ".")
    return f"{lines}\nLog-rank test of no difference between tools, from month 0 on: {p}."
