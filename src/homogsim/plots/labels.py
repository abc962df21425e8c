"""Labels at the ends of lines, so that no legend has to be looked up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from homogsim.plots.style import SMALL_SIZE, halo

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


class Label(NamedTuple):
    """A line's label, to stand at its end."""

    x: float
    y: float
    text: str
    colour: str


def label_ends(figure: Figure, axes: Axes, labels: Sequence[Label | None]) -> None:
    """Write labels at the line ends, moved apart where they would overlap (a thin leader then joins text and end).

    Call it last: limits must stand, and the layout is computed here.
    """
    known = [label for label in labels if label is not None]
    if not known:
        return
    figure.draw_without_rendering()
    points = 72.0 / figure.dpi
    ends = np.array([axes.transData.transform((label.x, label.y)) for label in known]) * points
    heights = spread_apart(ends[:, 1], 1.35 * SMALL_SIZE + 1)
    for label, end, height in zip(known, ends, heights, strict=True):
        shift = height - end[1]
        leader = {"arrowstyle": "-", "color": label.colour, "lw": 0.7, "shrinkA": 0, "shrinkB": 2}
        axes.annotate(
            label.text,
            (label.x, label.y),
            (14 if abs(shift) > 3 else 6, shift),
            textcoords="offset points",
            va="center",
            color=label.colour,
            size=SMALL_SIZE + 0.5,
            arrowprops=leader if abs(shift) > 3 else None,
            annotation_clip=False,
            path_effects=halo(),
        )


def spread_apart(heights: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Return the heights least moved such that neighbours are at least `gap` apart (pool adjacent violators)."""
    order = np.argsort(heights, kind="stable")
    groups: list[list[float]] = []  # mean of (height − position·gap), members
    for rank, height in enumerate(heights[order]):
        groups.append([height - rank * gap, 1.0])
        while len(groups) > 1 and groups[-1][0] < groups[-2][0]:
            value, weight = groups.pop()
            groups[-1] = [
                (groups[-1][0] * groups[-1][1] + value * weight) / (groups[-1][1] + weight),
                groups[-1][1] + weight,
            ]
    flat = np.concatenate([np.full(int(weight), value) for value, weight in groups])
    moved = np.empty(heights.size)
    moved[order] = flat + gap * np.arange(heights.size)
    return moved
