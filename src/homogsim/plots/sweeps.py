"""Figures of a sweep: what each parameter does to a metric, pairs that act together, where it changes sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from homogsim.errors import HomogsimError, nearest
from homogsim.plots.frame import SIDE_INCHES, new_figure
from homogsim.plots.smoothing import Surface, bands, explained, surface
from homogsim.plots.style import BLUE, INK, MUTED, SKY, SMALL_SIZE, halo, note, theme
from homogsim.plots.wording import plain, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Values = NDArray[np.float64]

MOST_PANELS = 12
MOST_LINES = 400
"""Points that parallel coordinates show; more would be one blot."""
COLUMNS = 3
DIVERGING, SEQUENTIAL = "PuOr", "cividis"
NUMBERS_ON_AXES = 9
"""Listed values up to which each has its tick."""


@dataclass(frozen=True)
class Axis:
    """A parameter that varies."""

    name: str
    places: Values
    """Value at every point; for words and lists their rank."""
    labels: tuple[str, ...] = ()
    """What the ranks stand for; empty for numbers."""
    unit: str = ""

    @property
    def short(self) -> str:
        """The name without its group."""
        return plain(self.name.rsplit(".", 1)[-1].replace("_", " "), 34)


@dataclass(frozen=True)
class SweepData:
    """A metric over the points of a sweep."""

    metric: str
    unit: str
    axes: tuple[Axis, ...]
    values: Values
    """Shape (points, replications)."""
    facts: str
    """Scenario, design and version, for the footer."""

    @property
    def means(self) -> Values:
        """Mean over replications."""
        return np.asarray(self.values.mean(axis=1))

    @property
    def words(self) -> str:
        """The metric in words."""
        return self.metric.replace("_", " ")

    def axis(self, name: str, option: str = "") -> Axis:
        """Return a parameter by its name; `option` says where it was named.

        Raises
        ------
        HomogsimError
            It does not vary.
        """
        known = {axis.name: axis for axis in self.axes}
        if name not in known:
            raise HomogsimError(f"{name[:100]} does not vary in this sweep", option, nearest(name[:100], known))
        return known[name]


def main_effects(data: SweepData) -> Figure:
    """Draw the metric's mean over each parameter's range, all others wherever the design puts them."""
    shown = data.axes[:MOST_PANELS]
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    left_out = f" The first {MOST_PANELS} of {len(data.axes)} parameters." if len(data.axes) > MOST_PANELS else ""
    drawn = new_figure(
        f"What each parameter does to {data.words}",
        "Mean over the points of the design with its 95 % interval, the other parameters wherever the design puts "
        f"them; pale dots are points.{left_out}",
        width=max(7.0, 3.4 * columns),
        height=1.2 + 2.6 * rows,
    )
    panels = drawn.subplots(rows, columns, sharey=True, squeeze=False)
    for axes, axis in zip(panels.flat, shown, strict=False):
        _effect(axes, axis, data)
    for axes in list(panels.flat)[len(shown) :]:
        axes.set_visible(False)
    for row in panels:
        row[0].set_ylabel(_with_unit(data.words, data.unit))
    return drawn


def _effect(axes: Axes, axis: Axis, data: SweepData) -> None:
    axes.plot(axis.places, data.means, ".", color=SKY, ms=3.5, alpha=0.45, mew=0, zorder=1.5, gid="points")
    band = bands(axis.places, data.means)
    axes.fill_between(band.x, band.low, band.high, color=BLUE, alpha=0.2, lw=0)
    axes.plot(band.x, band.mean, color=BLUE, marker="o", ms=4.0, gid=axis.name)
    axes.set_xlabel(_with_unit(axis.short, axis.unit))
    _ticks(axes, axis, "x")


def interactions(data: SweepData) -> Figure:
    """Draw how much of the variance each pair of parameters explains together, beyond what both do alone."""
    k = len(data.axes)
    shares = explained([axis.places for axis in data.axes], data.means)
    drawn = new_figure(
        f"Which parameters act together on {data.words}",
        "Share of the variance between points. On the diagonal: the parameter alone (level and curvature). Below: the "
        "product of the pair, beyond both alone.",
        width=max(6.5, 3.2 + 0.95 * k),
        height=max(4.6, 2.2 + 0.75 * k),
    )
    axes = drawn.subplots()
    hidden = np.triu(np.ones((k, k), dtype=bool), 1)
    image = axes.imshow(np.ma.masked_array(100.0 * shares, hidden), cmap=SEQUENTIAL, vmin=0.0, aspect="auto")
    top = float(np.nanmax(100.0 * shares))
    for row, column in zip(*np.nonzero(~hidden), strict=True):
        value = 100.0 * shares[row, column]
        colour = "white" if value < 0.55 * top else INK
        axes.text(column, row, f"{value:.1f}", ha="center", va="center", color=colour, size=SMALL_SIZE + 0.5)
    names = [axis.short for axis in data.axes]
    axes.set_xticks(np.arange(k), names, rotation=30, ha="right")
    axes.set_yticks(np.arange(k), names)
    axes.grid(visible=False)
    drawn.colorbar(image, ax=axes, label="% of the variance between points", shrink=0.9)
    return drawn


def phase(data: SweepData, x: str | None = None, y: str | None = None, level: float = 0.0) -> Figure:
    """Draw the metric over two parameters, and the line on which it has a value (0: where it changes sign)."""
    across, up = _pair(data, x, y)
    found = surface(across.places, up.places, data.means)
    line = _line_told(found, level, data)
    method = "means at the levels of the design" if found.exact else "local linear smooth of the points (dots)"
    others = [axis.short for axis in data.axes if axis not in (across, up)]
    named = ", ".join(others[:3]) + (" …" if len(others) > 3 else "")
    rest = f"; the others ({named}) lie wherever the design puts them" if others else ""
    drawn = new_figure(
        f"{data.words.capitalize()} over {across.short} and {up.short}",
        f"{method.capitalize()}{rest}. {line}",
        width=8.6,
        height=6.6,
    )
    axes = drawn.subplots()
    reach = float(np.nanmax(np.abs(found.z - level))) or 1.0
    shading: Any = "nearest" if found.exact else "gouraud"
    both_sides: dict[str, Any] = {"cmap": DIVERGING, "vmin": level - reach, "vmax": level + reach}
    colour = both_sides if found.crosses(level) else {"cmap": SEQUENTIAL}
    mesh = axes.pcolormesh(found.x, found.y, found.z, shading=shading, **colour)
    if found.crosses(level):
        contour = axes.contour(found.x, found.y, found.z, levels=[level], colors=[INK], linewidths=2.2)
        axes.clabel(contour, fmt=lambda value: signed(round(float(value), 4)), fontsize=SMALL_SIZE)
    if not found.exact:
        axes.plot(across.places, up.places, ".", color="white", ms=5.0, mec=INK, mew=0.5, clip_on=False)
    axes.set_xlabel(_with_unit(across.short, across.unit))
    axes.set_ylabel(_with_unit(up.short, up.unit))
    axes.grid(visible=False)
    _ticks(axes, across, "x")
    _ticks(axes, up, "y")
    drawn.colorbar(mesh, ax=axes, label=_with_unit(data.words, data.unit))
    return drawn


def _line_told(found: Surface, level: float, data: SweepData) -> str:
    value = signed(level)
    if found.crosses(level):
        lost = data.metric == "diversity_lost" and level == 0
        told = " Where it is above 0, offerings have become more alike." if lost else ""
        return f"Line: {data.words} = {value}.{told}"
    side = "above" if float(np.nanmin(found.z)) > level else "below"
    return f"It is {side} {value} everywhere, so no line is drawn."


def _pair(data: SweepData, x: str | None, y: str | None) -> tuple[Axis, Axis]:
    """Return the parameters that were asked for; otherwise those that move the metric most."""
    if len(data.axes) < 2:
        raise HomogsimError("a phase diagram needs two parameters that vary", help="--figure main-effects needs one.")
    shares = np.diag(explained([axis.places for axis in data.axes], data.means))
    ranked = [data.axes[n] for n in np.argsort(-shares, kind="stable")]
    across = data.axis(x) if x else next(axis for axis in ranked if axis.name != y)
    up = data.axis(y) if y else next(axis for axis in ranked if axis is not across)
    if across is up:
        raise HomogsimError("a phase diagram needs two different parameters", "--x, --y")
    return across, up


def parallel(data: SweepData) -> Figure:
    """Draw every point as a line across all parameters, coloured by the metric."""
    from matplotlib.collections import LineCollection

    means, count = data.means, len(data.means)
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_LINES)).round().astype(int))
    order = chosen[np.argsort(means[chosen], kind="stable")]
    some = f" {len(chosen)} of {count} points." if len(chosen) < count else ""
    drawn = new_figure(
        f"Where {data.words} is high and where it is low",
        f"Each line is a point of the design; colour and the last axis are its {data.words}.{some}",
        width=max(8.0, 2.6 + 1.5 * (len(data.axes) + 1)),
        height=5.6,
    )
    axes = drawn.subplots()
    columns = [
        *((axis.places, _end_labels(axis)) for axis in data.axes),
        (means, (f"{means.min():.4g}", f"{means.max():.4g}")),
    ]
    heights = np.column_stack([_scaled(places) for places, _ in columns])[order]
    x = np.arange(len(columns))
    lines = LineCollection([np.column_stack([x, row]) for row in heights], cmap=SEQUENTIAL, lw=1.1, alpha=0.75)
    lines.set_array(means[order])
    axes.add_collection(lines)
    for place, (_, ends) in enumerate(columns):
        axes.vlines(place, 0.0, 1.0, color=MUTED, lw=1.0, zorder=3)
        for height, text, side in ((0.0, ends[0], "top"), (1.0, ends[1], "bottom")):
            shift = -0.03 if side == "top" else 0.03
            axes.text(place, height + shift, text, ha="center", va=side, size=SMALL_SIZE, path_effects=halo())
    axes.set_xticks(x, [*(_folded(axis.short) for axis in data.axes), _folded(data.words)])
    axes.set_xlim(-0.3, len(columns) - 0.7)
    axes.set_ylim(-0.14, 1.14)
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    drawn.colorbar(lines, ax=axes, label=_with_unit(data.words, data.unit), shrink=0.85)
    return drawn


def _scaled(places: Values) -> Values:
    low, high = float(places.min()), float(places.max())
    return (places - low) / (high - low) if high > low else np.full(places.shape, 0.5)


def _end_labels(axis: Axis) -> tuple[str, str]:
    if axis.labels:
        return plain(axis.labels[0], 14), plain(axis.labels[-1], 14)
    return f"{axis.places.min():.4g}", f"{axis.places.max():.4g}"


def _folded(text: str) -> str:
    from textwrap import fill

    return fill(text, 15)


def _with_unit(text: str, unit: str) -> str:
    return f"{text} ({unit})" if unit not in ("", "-") else text


def _ticks(axes: Axes, axis: Axis, which: str) -> None:
    set_ticks: Callable[..., Any] = axes.set_xticks if which == "x" else axes.set_yticks
    if axis.labels:
        set_ticks(np.arange(len(axis.labels)), [plain(label, 16) for label in axis.labels])
        return
    known = np.unique(axis.places)
    if len(known) <= NUMBERS_ON_AXES and float(known.max(initial=0.0)) < 10_000.0 and _apart(known):
        set_ticks(known, [f"{value:.4g}" for value in known])
        return
    drawn = axes.xaxis if which == "x" else axes.yaxis
    if which == "x":
        axes.locator_params(axis="x", nbins=5)
    drawn.set_major_formatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:g}")


def _apart(known: Values) -> bool:
    """Return whether numbers beside one another do not overlap: those of a sampled design may."""
    return len(known) < 2 or float(np.diff(known).min()) >= 0.6 * float(np.ptp(known)) / (NUMBERS_ON_AXES - 1)


FIGURES: dict[str, Callable[[SweepData], Figure]] = {
    "main-effects": main_effects, "interactions": interactions, "phase": phase, "parallel": parallel,
}  # fmt: skip
PAIRWISE = ("interactions", "phase")
"""Figures that need two parameters."""


def figure(data: SweepData, name: str, *, x: str | None = None, y: str | None = None, level: float = 0.0) -> Figure:
    """Return a figure of a sweep: ``main-effects``, ``interactions``, ``phase`` or ``parallel``.

    Raises
    ------
    HomogsimError
        There is no figure of that name, or the sweep has too few parameters for it.
    """
    check_figure(name)
    with theme():
        drawn = phase(data, x, y, level) if name == "phase" else FIGURES[name](data)
        if float(np.ptp(data.means)) == 0.0:
            note(drawn.axes[0], f"{data.words} is the same at all points")
        _finish(drawn, data)
    return drawn


def check_figure(name: str) -> None:
    """Raise a `HomogsimError` if there is no figure of that name."""
    if name not in FIGURES:
        raise HomogsimError(f"there is no figure {name[:60]!r} of a sweep", "--figure", nearest(name[:60], FIGURES))


def _finish(drawn: Figure, data: SweepData) -> None:
    """Write scenario, design and version below a figure; no text is read as mathematics."""
    from matplotlib.text import Text

    width, height = drawn.get_size_inches()
    look: dict[str, Any] = {"size": 9, "color": MUTED, "va": "bottom", "in_layout": False}
    drawn.text(SIDE_INCHES / width, 0.09 / height, plain(data.facts, 160), **look)
    drawn.run_facts = data.facts  # type: ignore[attr-defined]  # a note for `saving`
    for text in drawn.findobj(Text):
        text.set_parse_math(False)
