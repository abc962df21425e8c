"""The ground of the map: towns, roads, scale, names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.plots.style import MUTED, SMALL_SIZE, halo
from homogsim.plots.wording import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from homogsim.results import Results

BAR_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 240, 600)
MANY_TOWNS, TOO_MANY_TOWNS = 30, 120
"""More towns than these are named by their number alone, or not at all."""

LETTER_INCHES, LINE_INCHES = 0.085, 0.19
"""Size of a letter, and of a line, of a town's name."""

PLACES = ((0.0, 0.8), (0.0, -0.8), (-0.75, 0.3), (0.75, 0.3), (-0.75, -0.3), (0.75, -0.3), (0.0, 0.3), (0.0, -0.3))
"""Where in its disc a town's name may stand, in radii, best first."""


def corners(results: Results) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower left and upper right corner of what is shown, in units of the square."""
    place = _positions(results)
    margin = max(_radius(results), 0.02) + 0.02
    return place.min(axis=0) - margin, place.max(axis=0) + margin


def draw_ground(axes: Axes, results: Results) -> None:
    """Draw towns as discs, roads between their centres, and a bar of travel time."""
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Circle

    for place in _positions(results):
        axes.add_patch(Circle(tuple(place), _radius(results), fc="#F1EFE9", ec="#DDD9CE", lw=0.8, zorder=0.5))
    by_town = results.town_positions.set_index("town")[["x", "y"]]
    ends = [by_town.loc[results.roads[side]].to_numpy() for side in ("from_town", "to_town")]
    roads = LineCollection(list(np.stack(ends, axis=1)), colors="#BDBDBD", linewidths=1.6, zorder=1, gid="roads")
    axes.add_collection(roads)
    low, high = corners(results)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xticks=[], yticks=[], aspect="equal")
    axes.grid(False)
    axes.spines[:].set_visible(False)
    _scale_bar(axes, results)


def name_towns(axes: Axes, results: Results, panel_inches: float) -> None:
    """Write every town's name or number in its disc, where names do not cover each other."""
    positions = _positions(results)
    if len(positions) > TOO_MANY_TOWNS:
        return
    many = len(positions) > MANY_TOWNS
    low, high = corners(results)
    inch = (high[0] - low[0]) / panel_inches
    taken: list[NDArray[np.float64]] = []
    for number, place in zip(results.town_positions["town"], positions, strict=True):
        name = f"{number}" if many else town_name(results, int(number))
        half = 0.5 * inch * np.array([LETTER_INCHES * len(name), LINE_INCHES])
        spot = place if many else _free_spot(place, positions, _radius(results), half, taken)
        taken.append(np.array([spot, half]))
        look: dict[str, Any] = {"size": SMALL_SIZE, "weight": "bold", "color": "#444444", "path_effects": halo(3)}
        axes.text(spot[0], spot[1], name, ha="center", va="center", zorder=6, **look)


def town_name(results: Results, number: int) -> str:
    """Return what a town is called: a scenario from somebody's tables has names."""
    given = results.scenario.places
    return plain(given.towns[number].name, 24) if given is not None else f"town {number}"


def _free_spot(
    place: NDArray[np.float64],
    positions: NDArray[np.float64],
    radius: float,
    half: NDArray[np.float64],
    taken: list[NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return where a name covers no other (`taken`: their centres and half sizes) and, if it can, no other disc."""
    choices = [place + radius * np.array(offset) for offset in PLACES]
    free = [c for c in choices if not any((np.abs(c - other[0]) < half + other[1]).all() for other in taken)]
    return min(free or choices, key=lambda c: int((np.hypot(*(positions - c).T) < radius).sum()))


def _positions(results: Results) -> NDArray[np.float64]:
    places: NDArray[np.float64] = results.town_positions[["x", "y"]].to_numpy(dtype=np.float64)
    return places


def _radius(results: Results) -> float:
    """Return a town's radius in units of the square."""
    world = results.scenario.parameters.world
    return world.town_radius / world.square_minutes


def _scale_bar(axes: Axes, results: Results) -> None:
    """Draw a bar of round travel time, about a quarter of the map wide."""
    (left, right), bottom = axes.get_xlim(), axes.get_ylim()[0]
    crossing = (right - left) * results.scenario.parameters.world.square_minutes
    minutes = max((m for m in BAR_MINUTES if m <= 0.3 * crossing), default=BAR_MINUTES[0])
    length, left, bottom = minutes / crossing * (right - left), left + 0.02, bottom + 0.02
    axes.plot([left, left + length], [bottom, bottom], color=MUTED, lw=2.0, solid_capstyle="butt", zorder=2)
    look: dict[str, Any] = {"color": MUTED, "size": SMALL_SIZE, "path_effects": halo()}
    axes.text(left, bottom + 0.012, f"{minutes} minute{'s' if minutes > 1 else ''}", va="bottom", zorder=6, **look)
