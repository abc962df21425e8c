"""The figure of a validation: every target's band, the target in it, and what the model says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.plots.frame import FOOTER_INCHES, SIDE_INCHES, new_figure
from homogsim.plots.style import BLUE, GREEN, INK, MUTED, SMALL_SIZE, VERMILLION, note, theme
from homogsim.plots.wording import plain, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from homogsim.experiments.validation import Check, Validation

EDGE = 3.0
"""Half-widths of a band from its middle that the figure gives room to; values beyond are marked at its edge."""

HEADINGS = {"fit": "fitted to", "validate": "out of sample", "prior": "bounds of parameters"}
COLOURS = {"inside": GREEN, "outside": VERMILLION}
BAND = "#D8E6F0"


def validation(found: Validation) -> Figure:
    """Draw every target that the model expresses: its band scaled to −1 … 1, and the simulated mean with two s.e."""
    with theme():
        checks = [check for check in found.checks if check.target.expressed]
        left_out = len(found.checks) - len(checks)
        drawn = new_figure(
            f"Targets and what {plain(found.scenario.name, 40)} says",
            f"Each band scaled to the same width; tick: the target; point: mean of {len(found.seeds)} runs with ± 2 "
            "standard errors. Round and green: inside; square and red: outside; arrow: beyond the figure."
            + (f" {left_out} targets that the model does not express are left out." if left_out else ""),
            height=2.0 + 0.25 * max(4, len(checks) + 3),
        )
        axes = drawn.subplots()
        ticks: list[tuple[float, str]] = []
        y = 0.0
        for use, heading in HEADINGS.items():
            some = [check for check in checks if check.target.use == use]
            if not some:
                continue
            axes.text(-EDGE, y, heading, weight="bold", va="center", size=SMALL_SIZE + 1)
            for check in some:
                y += 1.0
                _row(axes, check, y)
                ticks.append((y, check.target.id))
            y += 1.3
        _frame(axes, ticks, y)
        _finish(drawn, found)
    return drawn


def position(check: Check, value: float) -> float:
    """Return where a value lies, the band's ends being −1 and 1; a band without width holds its value only."""
    target = check.target
    if target.half_width == 0.0:
        return 0.0 if value == target.target else float(np.copysign(np.inf, value - target.target))
    return (value - (target.lo + target.hi) / 2.0) / target.half_width


def _row(axes: Axes, check: Check, y: float) -> None:
    target = check.target
    axes.barh(y, 2.0, 0.62, left=-1.0, color=BAND, zorder=1)
    middle = position(check, target.target)
    axes.plot([middle, middle], [y - 0.31, y + 0.31], color=BLUE, lw=1.6, zorder=2)
    colour = COLOURS.get(check.verdict, MUTED)
    x = position(check, check.mean) if check.verdict in COLOURS else np.nan
    if np.isfinite(check.error) and target.half_width > 0.0:
        ends = np.clip([x - 2 * check.error / target.half_width, x + 2 * check.error / target.half_width], -EDGE, EDGE)
        axes.plot(ends, [y, y], color=colour, lw=1.6, zorder=3)
    if abs(x) > EDGE:
        axes.plot(np.copysign(EDGE, x), y, ">" if x > 0 else "<", color=colour, ms=7, clip_on=False, zorder=4)
    elif np.isfinite(x):
        axes.plot(x, y, "o" if check.verdict == "inside" else "s", color=colour, ms=6, zorder=4, gid=target.id)
    told = f"{_number(check.mean)}  ({_number(target.lo)} … {_number(target.hi)})"
    if check.verdict == "undefined":
        told = "undefined"
    axes.annotate(
        told, (EDGE, y), (12, 0), textcoords="offset points", va="center", size=SMALL_SIZE, color=INK,
        annotation_clip=False,
    )  # fmt: skip


def _number(value: float) -> str:
    return signed(float(f"{value:.3g}")) if np.isfinite(value) else "–"


def _frame(axes: Axes, ticks: list[tuple[float, str]], end: float) -> None:
    axes.set_yticks([y for y, _ in ticks], [name for _, name in ticks])
    axes.set_ylim(max(end, 1.0) - 0.6, -0.7)
    axes.set_xlim(-EDGE, EDGE)
    axes.set_xticks([-1.0, 0.0, 1.0], ["band's low end", "middle", "high end"])
    axes.grid(axis="y", visible=False)
    if not ticks:
        note(axes, "no target is expressed by the model")


def _finish(drawn: Figure, found: Validation) -> None:
    """Write scenario, seeds and version below the figure; no text is read as mathematics."""
    from matplotlib.text import Text

    from homogsim import __version__

    seeds = f"seeds {found.seeds[0]} to {found.seeds[-1]}"
    facts = "   ·   ".join((f"scenario {plain(found.scenario.name, 60)}", seeds, f"homogsim {plain(__version__, 30)}"))
    width, height = drawn.get_size_inches()
    look: dict[str, Any] = {"size": 9, "color": MUTED, "va": "bottom", "in_layout": False}
    drawn.text(SIDE_INCHES / width, 0.28 * FOOTER_INCHES / height, facts, **look)
    drawn.run_facts = facts  # type: ignore[attr-defined]  # a note for `saving`
    for text in drawn.findobj(Text):
        text.set_parse_math(False)
