"""Figures of a comparison: courses with both bands on one axis, all differences at a glance, why consumers gain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from homogsim.errors import HomogsimError, nearest
from homogsim.plots.frame import FOOTER_INCHES, SIDE_INCHES, new_figure
from homogsim.plots.labels import Label, label_ends
from homogsim.plots.saving import write_figure
from homogsim.plots.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE_INK,
    SKY,
    SMALL_SIZE,
    VERMILLION,
    WARM_INK,
    note,
    theme,
)
from homogsim.plots.time import MONTHS_A_YEAR, dollar_axis
from homogsim.plots.wording import plain, signed, signed_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from homogsim.experiments.comparison import Comparison
    from homogsim.experiments.pairing import Band

HEADLINE = ("diversity_gamma", "adoption_share", "mean_price", "n_firms", "consumer_surplus", "smb_profit")
"""Metrics whose course is drawn when none were named."""

MOST_COURSES = 12
WIDEST = 1.0
"""Largest relative difference that a figure of all of them gives room to; larger ones are marked at its edge."""


class Look(NamedTuple):
    """Colour, dashes and marker of a scenario."""

    colour: str
    dashes: Any
    marker: str


BASELINE = Look(INK, "solid", "o")
LOOKS = (
    Look(BLUE, (0, (6, 2)), "s"),
    Look(VERMILLION, (0, (1.6, 1.4)), "^"),
    Look(GREEN, (0, (6, 2, 1.5, 2)), "D"),
    Look(PURPLE_INK, (0, (3, 1.5)), "v"),
    Look(WARM_INK, (0, (8, 2, 1.5, 2, 1.5, 2)), "P"),
    Look(SKY, (0, (4, 1, 1, 1)), "X"),
)


def looks(comparison: Comparison) -> dict[str, Look]:
    """Return how each scenario looks in every figure of the comparison."""
    return {comparison.baseline: BASELINE} | {name: LOOKS[n % len(LOOKS)] for n, name in enumerate(comparison.others)}


def figure(comparison: Comparison, name: str) -> Figure:
    """Return a figure: ``differences``, ``welfare``, or a metric's name for its course over time.

    Raises
    ------
    HomogsimError
        There is no figure of that name.
    """
    overviews: dict[str, Callable[[Comparison], Figure]] = {"differences": differences, "welfare": welfare}
    courses = tuple(comparison.timelines[comparison.baseline][0].timeline)
    if name not in overviews and name not in courses:
        help = nearest(name, (*overviews, *courses))
        raise HomogsimError(f"there is no figure {name!r} of a comparison", help=help)
    with theme():
        drawn = overviews[name](comparison) if name in overviews else course(comparison, name)
        _finish(drawn, comparison)
    return drawn


def figure_names(comparison: Comparison) -> list[str]:
    """Return the figures that belong into a comparison's folder."""
    courses = comparison.timelines[comparison.baseline][0].timeline
    wanted = HEADLINE if len(comparison.metrics) > MOST_COURSES else comparison.metrics
    names = ["differences", *(["welfare"] if len(comparison.welfare) else [])]
    return names + [metric for metric in wanted if metric in courses]


def save_figures(comparison: Comparison, folder: Path) -> list[Path]:
    """Write the figures of a comparison to a folder and return their paths."""
    return [write_figure(figure(comparison, name), folder / f"{name}.png") for name in figure_names(comparison)]


def course(comparison: Comparison, metric: str) -> Figure:
    """Draw a metric over time: every scenario's mean with its band, and below the paired differences with theirs."""
    drawn = new_figure(
        metric.replace("_", " ").capitalize(),
        f"{_meaning(metric)}Mean over {_seeds(comparison)}{_bands_text(comparison)}\n"
        f"Below: difference from {plain(comparison.baseline, 40)}, seed by seed.",
        height=7.4,
    )
    upper, lower = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    styles = looks(comparison)
    levels = [
        _band(upper, comparison, comparison.levels(metric, name), name, styles[name]) for name in comparison.scenarios
    ]
    lower.axhline(0.0, color=MUTED, lw=1.0)
    for name in comparison.others:
        _band(lower, comparison, comparison.differences(metric, name), name, styles[name])
    lower.set_title("difference")
    for axes in (upper, lower):
        axes.axvline(0.0, color=ORANGE, lw=2.0, zorder=1.5)
        axes.set_ylabel(_unit(metric))
        if _unit(metric).startswith("$"):
            dollar_axis(axes)
    lower.set_xlabel("years since month 0, when automation arrives")
    lower.xaxis.set_major_formatter(lambda value, _: signed(value))
    if not any(levels):
        note(upper, "undefined in all runs")
    drawn.align_ylabels([upper, lower])
    label_ends(drawn, upper, levels)
    return drawn


def _band(axes: Axes, comparison: Comparison, band: Band, name: str, look: Look) -> Label | None:
    """Draw a mean with its band; return the label for its end, or None where it is undefined throughout."""
    x = comparison.month / MONTHS_A_YEAR
    axes.fill_between(x, band.low, band.high, color=look.colour, alpha=0.18, lw=0, gid=f"{name} band")
    axes.plot(x, band.mean, color=look.colour, ls=look.dashes, lw=1.8, gid=name)
    known = np.flatnonzero(np.isfinite(band.mean))
    if not known.size:
        return None
    return Label(float(x[known[-1]]), float(band.mean[known[-1]]), plain(name, 28), look.colour)


def _count(metrics: int) -> str:
    return "1 metric that is" if metrics == 1 else f"{metrics} metrics that are"


def differences(comparison: Comparison) -> Figure:
    """Draw the relative difference of every metric from the baseline, with its interval."""
    table = comparison.table.copy()
    scale = table["baseline_mean"].abs().where(table["baseline_mean"] != 0.0)
    table["left"], table["right"] = table["low"] / scale, table["high"] / scale
    relative = table.loc[np.isfinite(table["relative"]) & scale.notna(), "metric"]
    shown = [metric for metric in comparison.metrics if metric in set(relative)]
    left_out = len(comparison.metrics) - len(shown)
    drawn = new_figure(
        f"What differs from {plain(comparison.baseline, 40)}",
        f"End of a run (mean of its last 24 months), {_seeds(comparison)}, relative to the baseline's mean"
        f"{_bands_text(comparison)}\nFilled: the interval excludes zero."
        + (f" Not shown: {_count(left_out)} 0 or undefined there." if left_out else ""),
        height=2.2 + 0.26 * max(3, len(shown)) + 0.3,
        key_row=True,
    )
    axes = drawn.subplots()
    for n, name in enumerate(comparison.others):
        rows = table[table["scenario"] == name].set_index("metric").reindex(shown)
        shift = (n - (len(comparison.others) - 1) / 2) * 0.6 / len(comparison.others)
        _points(axes, rows, np.arange(len(shown)) + shift, looks(comparison)[name])
    _metric_axis(axes, shown)
    _key(drawn, comparison)
    return drawn


def _points(axes: Axes, rows: Any, y: np.ndarray, look: Look) -> None:
    x, left, right = (rows[name].to_numpy(dtype=np.float64) for name in ("relative", "left", "right"))
    clear = rows["verdict"].isin(["higher", "lower"]).to_numpy()
    axes.hlines(y, np.clip(left, -WIDEST, WIDEST), np.clip(right, -WIDEST, WIDEST), color=look.colour, lw=1.4)
    inside = np.abs(x) <= WIDEST
    for filled in (True, False):
        some = inside & (clear == filled)
        face = look.colour if filled else "white"
        axes.plot(x[some], y[some], look.marker, color=look.colour, mfc=face, ms=5.5, ls="none")
    for side in (-1.0, 1.0):
        for row in np.flatnonzero(side * x > WIDEST):
            axes.plot(side * WIDEST, y[row], ">" if side > 0 else "<", color=look.colour, clip_on=False)
            text = signed_percent(float(x[row]))
            axes.annotate(
                text, (side * WIDEST, y[row]), (-side * 8, 0), textcoords="offset points", va="center",
                ha="right" if side > 0 else "left", size=SMALL_SIZE, color=look.colour,
            )  # fmt: skip


def _metric_axis(axes: Axes, shown: list[str]) -> None:
    axes.axvline(0.0, color=MUTED, lw=1.0)
    axes.set_yticks(np.arange(len(shown)), shown)
    axes.set_ylim(max(len(shown), 1) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.04)
    axes.xaxis.set_major_formatter(lambda value, _: f"{signed(round(100.0 * value, 2))} %")
    if not shown:
        note(axes, "no metric has a relative difference")


def welfare(comparison: Comparison) -> Figure:
    """Draw the parts of the change of consumer surplus, with their intervals."""
    drawn = new_figure(
        "Why consumers gain or lose",
        f"Change of consumer surplus in the last month against {plain(comparison.baseline, 40)}, by cause (Shapley "
        f"values, which add up to the total), {_seeds(comparison)}{_bands_text(comparison)}",
        key_row=True,
    )
    axes = drawn.subplots()
    names = list(dict.fromkeys(comparison.welfare["scenario"]))
    parts = list(dict.fromkeys(comparison.welfare["part"]))
    width = 0.8 / max(1, len(names))
    for n, name in enumerate(names):
        rows = comparison.welfare[comparison.welfare["scenario"] == name].set_index("part").reindex(parts)
        x = np.arange(len(parts)) + (n - (len(names) - 1) / 2) * width
        axes.bar(x, rows["mean"], 0.9 * width, color=looks(comparison)[name].colour, alpha=0.85)
        axes.vlines(x, rows["low"], rows["high"], color=INK, lw=1.4)
    axes.axhline(0.0, color=MUTED, lw=1.0)
    axes.set_xticks(np.arange(len(parts)), [part.replace("number_of_", "number\nof ") for part in parts])
    axes.set_ylabel("$ per month")
    dollar_axis(axes)
    if not parts:
        note(axes, "consumers differ: their surplus cannot be compared")
    _key(drawn, comparison)
    return drawn


def _key(drawn: Figure, comparison: Comparison) -> None:
    """Add a legend of the scenarios in the key row."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, ls="none", label=plain(name, 32))
        for name, look in looks(comparison).items()
        if name != comparison.baseline
    ]
    place = (0.5, FOOTER_INCHES / drawn.get_size_inches()[1])
    columns = min(4, len(handles))
    key = drawn.legend(handles=handles, loc="lower center", bbox_to_anchor=place, ncols=columns, borderaxespad=0.0)
    key.set_in_layout(False)


def _finish(drawn: Figure, comparison: Comparison) -> None:
    """Write scenarios, seeds and version below a figure; no text is read as mathematics."""
    from matplotlib.text import Text

    from homogsim import __version__

    names = plain(f"{', '.join(comparison.others)} against {comparison.baseline}", 100)
    tastes = {scenario.parameters.consumers.tastes for scenario in comparison.scenarios.values()}
    geometry = ("kernel tastes",) if tastes == {"kernel"} else ()
    facts = "   ·   ".join((names, *geometry, _seeds(comparison), f"homogsim {plain(__version__, 30)}"))
    width, height = drawn.get_size_inches()
    look: dict[str, Any] = {"size": 9, "color": MUTED, "va": "bottom", "in_layout": False}
    drawn.text(SIDE_INCHES / width, 0.09 / height, facts, **look)
    drawn.run_facts = facts  # type: ignore[attr-defined]  # a note for `saving`
    for text in drawn.findobj(Text):
        text.set_parse_math(False)


def _seeds(comparison: Comparison) -> str:
    seeds = comparison.seeds
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds ({seeds[0]} to {seeds[-1]})"


def _bands_text(comparison: Comparison) -> str:
    return ", 95 % intervals." if len(comparison.seeds) > 1 else "; one seed has no interval."


def _meaning(metric: str) -> str:
    """Return what is drawn, as a sentence with a line of its own."""
    from homogsim.metrics.table import ALL_TIMELINE

    if metric not in ALL_TIMELINE:
        return ""
    meaning = ALL_TIMELINE[metric].meaning
    return f"{meaning[:1].upper()}{meaning[1:]}.\n"


def _unit(metric: str) -> str:
    from homogsim.metrics.table import METRICS

    return METRICS[metric].unit if metric in METRICS else ""
