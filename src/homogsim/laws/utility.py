"""What an outlet is worth to consumers (docs/model.md): one formula, and the same over a block of consumers.

The compiled laws of `demand` and `response` work outlet by outlet on a block of at most `BLOCK` consumers. A thread's
workspace, its *room*, is one flat array cut into rows with an entry for each consumer. Rows lie at constant distances
and loops are elementwise, so that the compiler sees that rows do not overlap, and makes vector code. Loops are short on
purpose: one long loop over everything keeps neither its constants in registers nor the processor busy, and takes twice
as long.

Utilities are in units of μ. e^{V/μ} is an outlet's *attraction*; a share is attraction / (outside + Σ attractions).
"""

# ruff: noqa: ANN001, ANN201
from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from homogsim.kernels.compiled import njit
from homogsim.laws.tastes import Waves, reach_of_fit, served_liking, write_waves
from homogsim.numerics import LANES, exp, log, log_of_normal, prefer_wide_vectors

Floats = NDArray[np.float64]

BLOCK = 256
"""Consumers of a block, at most: a constant, so that no sum depends on the number of threads."""
STRIDE = BLOCK + LANES
"""Length of a row."""

# Rows of a room (of NumPy's type: of Python's, Numba would compile a function anew for every row it is given): what
# consumers are, ...
ONE, SENSITIVITY, PERSONAL_VALUE, LOCAL_VALUE, STRENGTH, EAST, NORTH, LOYALTY, RADIUS, LAST, BONUS = (
    np.int64(STRIDE * row) for row in range(11)
)
# ... what is being worked out about one outlet, ...
CORE, VALUE, WAY, WORK = (np.int64(STRIDE * row) for row in range(11, 15))
# ... what is liked of it under kernel tastes, and how steeply that rises, ...
LIKED, _STEEP, _TILT = (np.int64(STRIDE * row) for row in range(15, 18))
# ... 13 rows for others, and from `TASTES` on the ideal points, a row a dimension, and the liking of each wave.
FREE, TASTES = np.int64(STRIDE * 18), np.int64(STRIDE * 31)

# Columns of the table of outlets; after the offering, under kernel tastes, how far served fit goes (`Reach`), and the
# heights and slopes of the waves.
BASE, PERSONALIZATION, LOCALITY, MISFIT, TRAVEL, PRICE, AWARENESS, OFFERING = range(8)


def part(function: Callable[..., Any]) -> Any:
    """Compile a function that only compiled functions call: entry points from Python take long to compile."""
    return njit(cache=True, no_cpython_wrapper=True)(function)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a function as if it stood where it is called: large parts of parts are optimised twice, for seconds."""
    return njit(inline="always")(function)


@njit(cache=True, forceinline=True)
def core_utility(base, personalization, locality, misfit, price, distance2, alpha, theta, beta_p, beta_l):
    """Return the part of V that makes up satisfaction: all but distance, loyalty and awareness."""
    return base + beta_p * personalization + beta_l * locality - theta * misfit * distance2 - alpha * price


@part
def liked(liking, directions, ideal, consumer, outlets, outlet):
    """Return s_z·g_i of what an outlet serves a consumer, in the unit of the table, and ‖z_i − x_ij‖ of it.

    Only under kernel tastes. Sums run in the order of `like`.
    """
    waves, dimensions = directions.shape
    first = OFFERING + dimensions
    step, value = outlets[outlet, first], 0.0
    for r in range(waves):
        value += liking[r, consumer] * outlets[outlet, first + 2 + r]
    steep, along, distance2 = 0.0, 0.0, 0.0
    for k in range(dimensions):
        gap, tilt = ideal[k, consumer] - outlets[outlet, OFFERING + k], 0.0
        distance2 += gap * gap
        if step > 0.0:
            for r in range(waves):
                tilt += liking[r, consumer] * (outlets[outlet, first + 2 + waves + r] * directions[r, k])
            along += gap * tilt
            steep += tilt * tilt
    steepness = np.sqrt(steep)
    served = served_liking(value, steepness, step, outlets[outlet, first + 1]) if step > 0.0 else value
    if served > value and steepness > 0.0:
        distance2 += step * step - 2.0 * step * along / steepness
    return served, np.sqrt(max(distance2, 0.0))


@njit(cache=True, forceinline=True)
def core_of(traits, ideal, liking, directions, consumer, outlets, outlet, at_home):
    """Return the part of V that makes up satisfaction for one consumer and outlet, in the unit of the table.

    `traits` are those of `traits_of`. They come one by one, not as one tuple of tastes: handing that over took
    four fifths of 183 ns a visit.
    """
    alpha, beta_p, beta_l, theta = traits[0], traits[1], traits[2], traits[3]
    distance2 = 0.0
    for k in range(ideal.shape[0]):
        gap = ideal[k, consumer] - outlets[outlet, OFFERING + k]
        distance2 += gap * gap
    core = core_utility(
        outlets[outlet, BASE], outlets[outlet, PERSONALIZATION], at_home * outlets[outlet, LOCALITY],
        outlets[outlet, MISFIT], outlets[outlet, PRICE], distance2, alpha[consumer], theta[consumer],
        beta_p[consumer], beta_l[consumer],
    )  # fmt: skip
    if directions is not None:
        core += liked(liking, directions, ideal, consumer, outlets, outlet)[0]
    return core


@njit(cache=True, forceinline=True)
def minutes_between(east, north, radius, site_east, site_north, at_home, minutes):
    """Return d_ij: straight within the own town; to another town by road, centre to centre.

    For an outlet in another town `site_east` holds its distance from its own centre and `site_north` is 0, so that one
    formula without branches serves both: √(east²) + minutes + the consumer's own way to the centre.
    """
    a = at_home * east - site_east
    b = at_home * north - site_north
    return np.sqrt(a * a + b * b) + (minutes + (1.0 - at_home) * radius)


@njit(cache=True, forceinline=True)
def attraction_of(
    traits, ideal, liking, directions, consumer, outlets, outlet, east, north, at_home, minutes, was_there, noise
):  # fmt: skip
    """Return e^{V/μ} of an outlet at the place (east, north) to one consumer: what `attract` tells a block."""
    if at_home == 0.0:
        east, north = np.sqrt(east * east + north * north), 0.0
    here, there = traits[4][consumer], traits[5][consumer]
    way = minutes_between(here, there, np.sqrt(here * here + there * there), east, north, at_home, minutes)
    core = core_of(traits, ideal, liking, directions, consumer, outlets, outlet, at_home)
    drawn = outlets[outlet, AWARENESS] * exp(core - outlets[outlet, TRAVEL] * log(1.0 + way))
    return drawn * exp(traits[6][consumer] / noise) if was_there else drawn


def outlet_table(appeal, noise: float, waves: Waves) -> Floats:
    """Return (J, 7 + d): what consumers see of each outlet in units of μ, then its awareness and its offering.

    Awareness A adds μ·ln A to V, which multiplies attraction by A. Under kernel tastes 2 + 2R columns follow: h and
    e^{−κ²/2} of served fit, the waves' heights and slopes. The ideal point is an anchor then, which served fit leaves.
    """
    columns = (appeal.base, appeal.personalization, appeal.locality, appeal.misfit, appeal.travel, appeal.price)
    d, count = len(appeal.offering), len(waves.phases)
    rows = np.empty((OFFERING + d + (2 + 2 * count if count else 0), len(appeal.base)))
    rows[:AWARENESS] = columns
    rows[:AWARENESS] /= noise
    rows[AWARENESS] = appeal.awareness
    rows[OFFERING : OFFERING + d] = appeal.offering
    table = rows.T.copy()
    if count:
        table[:, MISFIT] = 1.0 / noise
        after = table[:, OFFERING + d :]
        after[:, 0], after[:, 1] = reach_of_fit(appeal.misfit, waves)
        write_waves(appeal.offering, waves, noise, table, OFFERING + d + 2)
    return table


def directions_of(tastes) -> Floats | None:
    """Return the directions of the waves of kernel tastes, None without them: so their code is not even compiled."""
    return tastes.waves.directions if len(tastes.liking) else None


def rows_of_tastes(tastes) -> int:
    """Return how many rows of a room tastes take: one a dimension, one a wave."""
    return len(tastes.ideal) + len(tastes.liking)


def traits_of(tastes) -> tuple[Floats, ...]:
    """Return the columns α, βP, βL, θ, east, north and ψ of the consumers, as `settle` takes them."""
    columns = (
        tastes.price_sensitivity, tastes.personalization, tastes.locality, tastes.strength, tastes.place[0],
        tastes.place[1], tastes.loyalty,
    )  # fmt: skip
    return tuple(np.ascontiguousarray(column, dtype=np.float64) for column in columns)


def rooms_width(tastes: int, further_rows: int = 0) -> int:
    """Return how many entries a room has, with so many rows of tastes, and `further_rows` after them."""
    return int(TASTES) + (tastes + further_rows) * STRIDE


def rooms_for(threads: int, tastes: int, further_rows: int = 0) -> Floats:
    """Return a room for each thread. All start at whole lines of the cache: a load across two of them costs twice."""
    line = 64 // 8
    width = rooms_width(tastes, further_rows)
    room = np.zeros(threads * width + line)
    start = -room.ctypes.data % 64 // 8
    return room[start : start + threads * width].reshape(threads, width)


def my_rooms(threads: int, tastes: int) -> Floats:
    """Return rooms for one call: those of the calling thread's last call, which are clean enough to work in."""
    key = f"{threads} × {tastes}"
    if key not in _rooms.__dict__:
        _rooms.__dict__[key] = rooms_for(threads, tastes)
    return _rooms.__dict__[key]


_rooms = threading.local()


@njit(cache=True, forceinline=True)
def at(row, n):
    """Return the index of entry `n` of a row.

    Unsigned, for a row whose place is not a constant: the check for negative indices, which count from the end, would
    keep a loop from becoming vector code.
    """
    return np.uint64(row + n)


@part
def settle(first, size, traits, ideal, liking, room):
    """Copy what consumers `first` to `first + size` are into a room; return how many vectors they fill.

    The last vector is filled up with zeros, also in the row `ONE`: nobody.
    """
    prefer_wide_vectors()
    vectors, dimensions, waves = (size + LANES - 1) // LANES, ideal.shape[0], liking.shape[0]
    for row in range(TASTES // STRIDE + dimensions + waves):
        for n in range(size, vectors * LANES):
            room[row * STRIDE + n] = 0.0
    for trait in range(len(traits)):
        column = traits[trait]
        for n in range(size):
            room[at(SENSITIVITY + trait * STRIDE, n)] = column[at(first, n)]
    for k in range(dimensions):
        column = ideal[k]
        for n in range(size):
            room[at(TASTES + k * STRIDE, n)] = column[at(first, n)]
    for r in range(waves):
        column = liking[r]
        for n in range(size):
            room[at(TASTES + (dimensions + r) * STRIDE, n)] = column[at(first, n)]
    for n in range(size):
        room[ONE + n] = 1.0
    for n in range(vectors * LANES):
        room[RADIUS + n] = np.sqrt(room[EAST + n] * room[EAST + n] + room[NORTH + n] * room[NORTH + n])
    return vectors


@part
def recall(first, size, last, noise, vectors, room):
    """Write where the consumers in the room were last, and what that multiplies its attraction by."""
    prefer_wide_vectors()
    for n in range(size):
        room[LAST + n] = last[first + n]
    for n in range(vectors * LANES):
        room[BONUS + n] = exp(room[LOYALTY + n] / noise)


@part
def measure_way(east, north, at_home, minutes, vectors, room):
    """Write ln(1 + d) between the consumers in the room and a site to the row `WAY`."""
    prefer_wide_vectors()
    if at_home:
        for n in range(vectors * LANES):
            room[WORK + n] = minutes_between(room[EAST + n], room[NORTH + n], 0.0, east, north, 1.0, minutes)
    else:
        # The same law with at_home = 0, where √(x²) is x exactly.
        radius = np.sqrt(east * east + north * north)
        for n in range(vectors * LANES):
            room[WORK + n] = radius + (minutes + room[RADIUS + n])
    for n in range(vectors * LANES):
        room[WAY + n] = log_of_normal(1.0 + room[WORK + n])


@part
def like(outlets, outlet, directions, vectors, room):
    """Write s_z·g_i/μ of what an outlet serves the consumers in the room to the row `LIKED`: `liked`, in its order."""
    prefer_wide_vectors()
    waves, dimensions = directions.shape
    weights, first = TASTES + dimensions * STRIDE, OFFERING + dimensions
    step, kept = outlets[outlet, first], outlets[outlet, first + 1]
    for n in range(vectors * LANES):
        room[LIKED + n] = 0.0
    fours = waves // 4 * 4  # four waves at a time: most of the work is loading and storing
    for r in range(0, fours, 4):
        a, height = weights + r * STRIDE, first + 2 + r
        b, c, d = a + STRIDE, a + 2 * STRIDE, a + 3 * STRIDE
        of_a, of_b = outlets[outlet, height], outlets[outlet, height + 1]
        of_c, of_d = outlets[outlet, height + 2], outlets[outlet, height + 3]
        for n in range(vectors * LANES):
            two = room[LIKED + n] + room[at(a, n)] * of_a + room[at(b, n)] * of_b
            room[LIKED + n] = two + room[at(c, n)] * of_c + room[at(d, n)] * of_d
    for r in range(fours, waves):
        row, height = weights + r * STRIDE, first + 2 + r
        of_row = outlets[outlet, height]
        for n in range(vectors * LANES):
            room[LIKED + n] += room[at(row, n)] * of_row
    if step == 0.0:
        return
    for n in range(vectors * LANES):
        room[_STEEP + n] = 0.0
    for k in range(dimensions):
        for n in range(vectors * LANES):
            room[_TILT + n] = 0.0
        for r in range(waves):
            row, slope = weights + r * STRIDE, outlets[outlet, first + 2 + waves + r] * directions[r, k]
            for n in range(vectors * LANES):
                room[_TILT + n] += room[at(row, n)] * slope
        for n in range(vectors * LANES):
            room[_STEEP + n] += room[_TILT + n] * room[_TILT + n]
    for n in range(vectors * LANES):
        room[LIKED + n] = served_liking(room[LIKED + n], np.sqrt(room[_STEEP + n]), step, kept)


@part
def attract(outlets, outlet, directions, dimensions, at_home, site, vectors, room, target):
    """Write e^{V/μ} of an outlet to the row `target`, and V/μ without distance, loyalty and awareness to `CORE`.

    The row `WAY` must hold the way to it. Loyalty multiplies the attraction of the site where a consumer was last.
    """
    prefer_wide_vectors()
    for n in range(vectors * LANES):
        room[WORK + n] = 0.0
    for k in range(dimensions):
        ideal, offering = TASTES + k * STRIDE, outlets[outlet, OFFERING + k]
        for n in range(vectors * LANES):
            gap = room[at(ideal, n)] - offering
            room[WORK + n] += gap * gap
    base, personal, misfit = outlets[outlet, BASE], outlets[outlet, PERSONALIZATION], outlets[outlet, MISFIT]
    local = outlets[outlet, LOCALITY] if at_home else 0.0
    travel, price, awareness = outlets[outlet, TRAVEL], outlets[outlet, PRICE], outlets[outlet, AWARENESS]
    for n in range(vectors * LANES):
        core = core_utility(
            base, personal, local, misfit, price, room[WORK + n],
            room[SENSITIVITY + n], room[STRENGTH + n], room[PERSONAL_VALUE + n], room[LOCAL_VALUE + n],
        )  # fmt: skip
        room[CORE + n] = core
        room[VALUE + n] = core - travel * room[WAY + n]
    if directions is not None:  # a matter of types: without waves the compiler never sees what follows
        like(outlets, outlet, directions, vectors, room)
        for n in range(vectors * LANES):
            core = room[CORE + n] + room[LIKED + n]
            room[CORE + n] = core
            room[VALUE + n] = core - travel * room[WAY + n]
    for n in range(vectors * LANES):
        room[WORK + n] = awareness * exp(room[VALUE + n])
    here = float(site)
    for n in range(vectors * LANES):
        room[at(target, n)] = room[WORK + n] * (room[BONUS + n] if room[LAST + n] == here else 1.0)
