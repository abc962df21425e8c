"""Figures of a robustness study: without each penalty, other values, effects of what is uncertain, all points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.parameters import declared
from homogsim.plots.frame import SIDE_INCHES, new_figure
from homogsim.plots.style import BLUE, INK, MUTED, SMALL_SIZE, VERMILLION, note, theme
from homogsim.plots.wording import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from homogsim.experiments.robustness.design import Headline
    from homogsim.experiments.robustness.study import Robustness

MOST_EXPLAINED = 2
"""Parameters of each headline against which all points are drawn."""


def ablations(found: Robustness) -> Figure:
    """Draw what automation changes in the baseline, without each penalty, under other tastes, without luck."""
    cases = found.ablations
    with theme():
        drawn = new_figure(
            "What automation changes without each penalty",
            f"Mean and 95 % interval over {len(found.plan.seeds)} paired seeds, each market against its own twin "
            "without tools.\nDashed: the baseline's own change. What hangs on a penalty vanishes without it.",
            width=12.0,
            height=2.1 + 0.34 * len(cases),
        )
        axes = np.atleast_1d(drawn.subplots(1, len(found.headlines), sharey=True))
        for place, headline in zip(axes, found.headlines, strict=True):
            for row, case in enumerate(cases):
                _interval(place, row, *(float(end[0]) for end in found.of_case(case, headline)))
            place.axvline(100 * float(found.of_case(cases[0], headline).mean[0]), color=MUTED, lw=1.0, ls=(0, (4, 3)))
            _zero(place)
            place.set_xlabel(_axis(headline))
            place.grid(axis="y", visible=False)
        axes[0].set_yticks(range(len(cases)), [case.label for case in cases])
        axes[0].set_ylim(len(cases) - 0.5, -0.5)
        _finish(drawn, found)
    return drawn


def sweeps(found: Robustness) -> Figure:
    """Draw the headline results over the values of each swept parameter, and over similarity scales."""
    with theme():
        drawn = new_figure(
            "What automation changes under other values of what was chosen",
            f"Mean and 95 % interval over {len(found.plan.seeds)} paired seeds; open circle: the baseline's own value. "
            "Right: the change in diversity at other similarity scales.",
            width=12.0,
            height=7.2,
        )
        grid = drawn.subplots(len(found.headlines), len(found.swept) + 1, sharey="row", squeeze=False)
        for column, name in enumerate(found.swept):
            for row, headline in enumerate(found.headlines):
                _sweep(grid[row, column], found, name, headline)
            about = declared()[name]
            grid[-1, column].set_xlabel(f"{about.symbol + ', ' if about.symbol else ''}{name}", size=SMALL_SIZE)
        for row, headline in enumerate(found.headlines):
            grid[row, 0].set_ylabel(_axis(headline), size=SMALL_SIZE)
            grid[row, -1].set_visible(row == 0)
        _scales(grid[0, -1], found)
        _finish(drawn, found)
    return drawn


def _sweep(axes: Axes, found: Robustness, name: str, headline: Headline) -> None:
    cases = [case for case in found.plan.cases if case.group == name]
    x = np.arange(len(cases), dtype=np.float64)
    ends = np.array([[100 * float(end[0]) for end in found.of_case(case, headline)] for case in cases])
    axes.plot(x, ends[:, 0], "-", color=BLUE, lw=1.4)
    for k, case in enumerate(cases):
        axes.plot([x[k], x[k]], ends[k, 1:], color=BLUE, lw=1.2)
        own = not case.changes
        axes.plot(x[k], ends[k, 0], "o", color=BLUE, mfc="white" if own else BLUE, ms=8 if own else 5, zorder=3)
    axes.set_xticks(x, [f"{case.value:g}" for case in cases])
    axes.axhline(0.0, color=INK, lw=0.8)
    axes.margins(x=0.12)


def _scales(axes: Axes, found: Robustness) -> None:
    scales = found.scales
    for k, values in enumerate(scales.values()):
        mean, low, high = (100 * float(end[0]) for end in values)
        axes.plot([k, k], [low, high], color=BLUE, lw=1.2)
        axes.plot(k, mean, "o", color=BLUE, mfc="white" if k == 1 else BLUE, ms=8 if k == 1 else 5, zorder=3)
    axes.set_xticks(range(len(scales)), list(scales))
    axes.axhline(0.0, color=INK, lw=0.8)
    axes.set_xlabel("similarity scale", size=SMALL_SIZE)
    axes.set_xlim(-0.5, len(scales) - 0.5)


def effects(found: Robustness) -> Figure:
    """Draw what each uncertain parameter does to each headline result."""
    names = [u.name for u in found.plan.uncertain]
    with theme():
        drawn = new_figure(
            "What the results depend on",
            f"Change from the low to the high end of each parameter's range, ± 2 standard errors: least squares over "
            f"{len(found.plan.points)} points of a Latin hypercube. Filled: clear of zero.",
            width=12.0,
            height=2.1 + 0.36 * len(names),
        )
        axes = np.atleast_1d(drawn.subplots(1, len(found.headlines), sharey=True))
        for place, headline in zip(axes, found.headlines, strict=True):
            told = found.sensitivity(headline)
            for row, effect in enumerate(told.effects):
                _interval(place, row, effect.change, effect.change - 2 * effect.error, effect.change + 2 * effect.error)
            if not np.isfinite([effect.change for effect in told.effects]).any():
                note(place, f"{told.points} points are too few")
            _zero(place)
            place.set_xlabel(_axis(headline))
            place.grid(axis="y", visible=False)
        axes[0].set_yticks(range(len(names)), [_labelled(name) for name in names])
        axes[0].set_ylim(len(names) - 0.5, -0.5)
        _finish(drawn, found)
    return drawn


def points(found: Robustness) -> Figure:
    """Draw every point's headline results against the parameters that they depend on most."""
    with theme():
        drawn = new_figure(
            "All points: where the results change sign",
            "Each mark one point of the Latin hypercube, mean over its seeds, against the parameters that explain "
            "most. Blue circle: the baseline's sign; red square: the other. Bar: how much a point varies with luck "
            "(± 2 s.e.).",
            height=7.6,
        )
        grid = drawn.subplots(len(found.headlines), MOST_EXPLAINED, sharey="row", squeeze=False)
        for row, headline in enumerate(found.headlines):
            told = found.sensitivity(headline)
            order = np.argsort([-np.nan_to_num(effect.share) for effect in told.effects])[:MOST_EXPLAINED]
            for column, which in enumerate(order):
                _scatter(grid[row, column], found, headline, int(which), told.luck)
            grid[row, 0].set_ylabel(_axis(headline), size=SMALL_SIZE)
        _finish(drawn, found)
    return drawn


def _scatter(axes: Axes, found: Robustness, headline: Headline, which: int, luck: float) -> None:
    parameter = found.plan.uncertain[which]
    y = 100 * found.at_points(headline).mean(axis=1)
    x = parameter.low + found.unit[:, which] * (parameter.high - parameter.low)
    sign = np.sign(float(found.of_case(found.plan.cases[0], headline).mean[0]))
    same = y * sign > 0.0
    axes.plot(x[same], y[same], "o", color=BLUE, ms=4.5)
    axes.plot(x[~same], y[~same], "s", color=VERMILLION, ms=5)
    if np.isfinite(luck):
        middle, top = float(np.nanmedian(y)), parameter.high + 0.04 * (parameter.high - parameter.low)
        axes.plot([top, top], [middle - 200 * luck, middle + 200 * luck], color=MUTED, lw=2.0)
    axes.axhline(0.0, color=INK, lw=0.8)
    axes.set_xlabel(_labelled(parameter.name), size=SMALL_SIZE)


def _interval(axes: Axes, row: int, mean: float, low: float, high: float) -> None:
    if not np.isfinite(mean):
        axes.annotate("undefined", (0.0, row), va="center", color=MUTED, size=SMALL_SIZE)
        return
    clear = np.isfinite(low) and (low > 0.0 or high < 0.0)
    axes.plot([100 * low, 100 * high], [row, row], color=BLUE, lw=1.6)
    axes.plot(100 * mean, row, "o", color=BLUE, mfc=BLUE if clear else "white", ms=6.5, zorder=3)


def _zero(axes: Axes) -> None:
    axes.axvline(0.0, color=INK, lw=0.8)


def _axis(headline: Headline) -> str:
    return f"{headline.label.removeprefix('change in ')}, {'%' if headline.relative else 'points'}".capitalize()


def _labelled(name: str) -> str:
    symbol = declared()[name].symbol
    return f"{name}{f' ({symbol})' if symbol else ''}"


def _finish(drawn: Figure, found: Robustness) -> None:
    """Write scenario, seeds and version below a figure; no text is read as mathematics."""
    from matplotlib.text import Text

    from homogsim import __version__

    seeds = found.plan.seeds
    name = f"scenario {plain(found.plan.base.name, 60)}"
    facts = "   ·   ".join((name, f"seeds {seeds[0]} to {seeds[-1]}", f"homogsim {plain(__version__, 30)}"))
    width, height = drawn.get_size_inches()
    look: dict[str, Any] = {"size": 9, "color": MUTED, "va": "bottom", "in_layout": False}
    drawn.text(SIDE_INCHES / width, 0.09 / height, facts, **look)
    drawn.run_facts = facts  # type: ignore[attr-defined]  # a note for `saving`
    for text in drawn.findobj(Text):
        text.set_parse_math(False)
