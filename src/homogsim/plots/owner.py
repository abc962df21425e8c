"""The figure of an owner: the user's course beside the business's own and that without a tool, with the same luck."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from homogsim.plots.advice import finish
from homogsim.plots.comparison import Look
from homogsim.plots.frame import new_figure
from homogsim.plots.labels import Label, label_ends
from homogsim.plots.style import BLUE, INK, MUTED, VERMILLION, theme
from homogsim.plots.time import dollar_axis
from homogsim.plots.wording import dollars, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from homogsim.experiments.advice.ownership import Owned

LOOKS = {
    "you": ("you", Look(BLUE, "solid", "o")),
    "by itself": ("by itself", Look(VERMILLION, (0, (6, 2)), "s")),
    "none": ("never automated", Look(MUTED, (0, (1.6, 1.4)), "^")),
}
"""The courses: their names in words, and how they look."""


def figure(found: Owned, facts: str) -> Figure:
    """Draw the cumulative profit of an owner's courses; a cross is where the business closed.

    Parameters
    ----------
    found : Owned
        The three courses.
    facts : str
        What run it is, for the line below the figure.
    """
    with theme():
        drawn = new_figure(
            f"{plain(found.name, 40) or f'Business {found.uid}'}: what came of it",
            "Cumulative profit less set-up cost: as the user decided, as it would have decided by itself, and without "
            f"a tool; the same town and luck. The user took over in month {found.first}.",
            width=9.0, height=5.2,
        )  # fmt: skip
        axes = drawn.subplots()
        labels = [_course(axes, found, name) for name in LOOKS]
        axes.axhline(0.0, color=INK, lw=0.8)
        axes.set_xlabel("month")
        dollar_axis(axes)
        label_ends(drawn, axes, labels)
        finish(drawn, facts)
    return drawn


def _course(axes: Axes, found: Owned, name: str) -> Label:
    words, look = LOOKS[name]
    course = found.courses[name]
    earned = np.cumsum(course.net)
    months = found.first + np.arange(earned.size)
    last = min(course.lifetime, earned.size - 1) if course.cause else earned.size - 1
    axes.plot(
        months[: last + 1], earned[: last + 1], color=look.colour, ls=look.dashes, lw=2.4 if name == "you" else 1.8
    )
    if course.cause:
        axes.plot(months[last], earned[last], "x", color=look.colour, ms=9, mew=2.2)
    return Label(float(months[last]), float(earned[last]), f"{words} {dollars(float(earned[-1]))}", look.colour)
