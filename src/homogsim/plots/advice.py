"""The figure of an advice: what every choice gains over no tool, month by month and world by world."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.errors import counted
from homogsim.plots.comparison import LOOKS, Look
from homogsim.plots.frame import SIDE_INCHES, new_figure
from homogsim.plots.labels import Label, label_ends
from homogsim.plots.saving import write_figure
from homogsim.plots.style import INK, MUTED, SMALL_SIZE, halo, note, theme
from homogsim.plots.time import dollar_axis
from homogsim.plots.wording import dollars, money, money_unit, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from homogsim.experiments.advice.advice import Advice

NONE = "none"


def save_figures(advice: Advice, folder: Path) -> list[Path]:
    """Write the figure of an advice to a folder and return its path."""
    return [write_figure(figure(advice), folder / "advice.png")]


def figure(advice: Advice) -> Figure:
    """Draw an advice: on the left the mean gain over time with its band, on the right where it ends in every world."""
    with theme():
        drawn = _draw(advice)
        finish(drawn, _facts(advice))
    return drawn


def looks(advice: Advice) -> dict[str, Look]:
    """Return how each choice but ``none`` looks."""
    names = [choice.name for choice in advice.choices if choice.name != NONE]
    return {name: LOOKS[n % len(LOOKS)] for n, name in enumerate(names)}


def _draw(advice: Advice) -> Figure:
    several = len(advice.worlds) > 1
    drawn = new_figure(
        f"What each choice earns {advice.who} beyond no tool",
        f"Cumulative profit less set-up cost, decision in month {advice.month}, {_worlds(advice)}; the same world and "
        "luck under every choice."
        + ("\nLines: means with 95 % bands. Right: one dot a world at the horizon, mean and 95 % interval in black."
           if several else ""),
        width=11.0, height=5.6,
    )  # fmt: skip
    left, right = drawn.subplots(1, 2, width_ratios=(3, 2))
    styles = looks(advice)
    if not styles:
        for axes in (left, right):
            note(axes, "no tool could be paid for")
        return drawn
    labels = [_course(left, advice, name, look) for name, look in styles.items()]
    left.axhline(0.0, color=INK, lw=1.0)
    left.set_xlabel("months after the decision")
    left.set_xlim(0, advice.horizon)
    dollar_axis(left)
    _ends(right, advice, styles)
    label_ends(drawn, left, labels)
    return drawn


def _course(axes: Axes, advice: Advice, name: str, look: Look) -> Label:
    path = advice.gains(name)
    months = np.arange(1, advice.horizon + 1)
    axes.plot(months, path.mean, color=look.colour, ls=look.dashes)
    axes.fill_between(months, path.low, path.high, color=look.colour, alpha=0.10, lw=0)
    return Label(float(months[-1]), float(path.mean[-1]), plain(name, 24), look.colour)


def _ends(axes: Axes, advice: Advice, styles: dict[str, Look]) -> None:
    """Draw the gain at the horizon: every world, the mean and its interval."""
    ranked = advice.ranking.set_index("choice")
    names = sorted(styles, key=lambda name: -ranked.loc[name, "mean_gain"])
    for y, name in enumerate(names):
        gains = np.array([
            world.courses[name].net.sum() - world.courses[NONE].net.sum()
            for world in advice.worlds if name in world.courses
        ])  # fmt: skip
        scatter = 0.16 * np.cos(2.4 * np.arange(gains.size))  # so that dots in one place are seen
        axes.plot(gains, y + scatter, styles[name].marker, color=styles[name].colour, ms=5, alpha=0.55, ls="none")
        row = advice.cell(name, "profit")
        axes.plot(row["difference"], y, "|", color=INK, ms=18, mew=2.4)
        if np.isfinite(row["low"]):
            axes.hlines(y, row["low"], row["high"], color=INK, lw=1.8)
        best = ranked.loc[name, "best_share"]
        rank = f"best in {100 * best:.0f} % of worlds" if np.isfinite(best) else "not ranked"
        some = f" in {gains.size} of {len(advice.worlds)}" if gains.size < len(advice.worlds) else ""
        text = f"{dollars(row['difference'])}{some}, {rank}"
        axes.annotate(text, (0.0, y - 0.34), (4.0, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                      size=SMALL_SIZE, color=MUTED, path_effects=halo())  # fmt: skip
    axes.axvline(0.0, color=INK, lw=1.0)
    axes.set_yticks(np.arange(len(names)), [plain(name, 24) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.6)
    axes.grid(axis="y", visible=False)
    ticks = axes.get_xticks()
    size, unit = money_unit(float(np.abs(ticks).max()))
    axes.xaxis.set_major_formatter(lambda value, _: money(value, size, unit, 0))
    axes.set_xlabel(f"gain over no tool after {advice.horizon} months")


def _worlds(advice: Advice) -> str:
    kind = "future" if advice.firm is not None else "world"
    return counted(len(advice.worlds), kind)


def _facts(advice: Advice) -> str:
    from homogsim import __version__

    return "   ·   ".join(
        (f"scenario {plain(advice.scenario.name, 60)}", _worlds(advice), f"homogsim {plain(__version__, 30)}")
    )


def finish(drawn: Figure, facts: str) -> None:
    """Write where a figure comes from below it; no text is read as mathematics."""
    from matplotlib.text import Text

    width, height = drawn.get_size_inches()
    look: dict[str, Any] = {"size": 9, "color": MUTED, "va": "bottom", "in_layout": False}
    drawn.text(SIDE_INCHES / width, 0.09 / height, facts, **look)
    drawn.run_facts = facts  # type: ignore[attr-defined]  # a note for `saving`
    for text in drawn.findobj(Text):
        text.set_parse_math(False)
