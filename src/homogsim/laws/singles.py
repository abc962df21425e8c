"""What firms and founders make of their customers, in single precision (docs/model.md, own-share response).

The parts of `homogsim.laws.asking` that work on a block of customers: a vector holds twice as many singles, and whoever
plans can do without the last cent. Exponents are of 2, and attractions relative to all that there is: a newcomer has
2^y = A·e^{V/μ}/(outside + Σ attractions), wrong by some 1e-6, and so is Pr of a firm. Its options are told by how they
differ from what it is: Δ = ΔV/μ has few and small terms, as road, loyalty and most of the offering are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from homogsim.laws.utility import (
    AWARENESS,
    BASE,
    LIKED,
    LOCALITY,
    MISFIT,
    OFFERING,
    PERSONALIZATION,
    PRICE,
    TRAVEL,
    at,
    like,
    part,
    traits_of,
)
from homogsim.numerics import LANES, LN2, exp2, log2, log2_of_single, prefer_wide_vectors, sum_of_singles

if TYPE_CHECKING:
    from homogsim.laws.demand import Tastes

Single = np.float32

CUSTOMERS = 512
"""Customers of a block, at most: twice as many as elsewhere, so that a room is no larger."""
ROW = CUSTOMERS + 2 * LANES
NEVER = Single(-1000.0)
"""Exponent of what attracts nobody."""
HARDLY_ANY = Single(2.0**-6)
"""What others have of a customer, below which it is told in double precision."""
SMALLEST = 1e-300
"""What a consumer without any option is left with: more than nothing, so that a newcomer's share is defined."""
ZERO, ONE = Single(0.0), Single(1.0)

# Rows of a room: what customers are, in the order of `narrowed`, what there is for them, what is worked out; then the
# ideal points.
(
    ALPHA, _BETA_P, _BETA_L, _THETA, _EAST, _NORTH, _LOYALTY, INVERSE, _RADIUS, _LEFT, _WAY, _COMMON, _FAR, EXPONENT,
    REST, _LIKED, WORK, _IDEAL,
) = (np.int64(ROW * r) for r in range(18))  # fmt: skip


TRAITS = _RADIUS // ROW + 1
"""Rows before the ideal points in what is `narrowed`."""


def rooms_of_singles(threads: int, dimensions: int) -> NDArray[np.float32]:
    """Return a room for each thread; what is in it never becomes NaN. All start at whole lines of the cache."""
    line, width = 64 // 4, _IDEAL + dimensions * ROW
    room = np.zeros(threads * width + line, np.float32)
    start = -room.ctypes.data % 64 // 4
    return room[start : start + threads * width].reshape(threads, width)


def narrowed(tastes: Tastes) -> NDArray[np.float32]:
    """Return what consumers are in single precision, (9 + d, N): the traits of `traits_of` and what follows of them.

    α, βP, βL, θ, east, north, ψ, 1/α, distance from the town's centre; then the ideal point.
    """
    traits = traits_of(tastes)
    people = np.empty((TRAITS + len(tastes.ideal), traits[0].size), np.float32)
    people[: len(traits)], people[TRAITS:] = traits, tastes.ideal
    alpha, east, north = (people[row // ROW] for row in (ALPHA, _EAST, _NORTH))
    with np.errstate(divide="ignore"):
        people[INVERSE // ROW] = ONE / alpha
    people[_RADIUS // ROW] = np.sqrt(east * east + north * north)
    return people


@part
def settle_singles(first, size, people, inclusive, singles):
    """Copy what consumers `first` to `first + size` are to a room, and −log2 of what there is for them.

    Returns how many entries they fill: whole vectors, with nobody at the end, who never comes.
    """
    prefer_wide_vectors()
    count = (size + 2 * LANES - 1) // (2 * LANES) * (2 * LANES)
    for line in range(people.shape[0]):
        row, column = np.int64(line * ROW), people[line]
        if line >= TRAITS:
            row += _IDEAL - TRAITS * ROW
        for n in range(size):
            singles[at(row, n)] = column[at(first, n)]
        for n in range(size, count):
            singles[at(row, n)] = ZERO
    for n in range(size):
        singles[_LEFT + n] = -log2(max(inclusive[at(first, n)], SMALLEST))
    for n in range(size, count):
        singles[_LEFT + n] = NEVER
    return count


@part
def way(east, north, at_home, minutes, count, singles):
    """Write ln(1 + d) between the customers in the room and a site (`homogsim.laws.utility.minutes_between`)."""
    prefer_wide_vectors()
    if at_home:
        here, there = Single(east), Single(north)
        for n in range(count):
            a, b = singles[_EAST + n] - here, singles[_NORTH + n] - there
            singles[_WAY + n] = np.sqrt(a * a + b * b)
    else:
        far = Single(minutes + np.sqrt(east * east + north * north))
        for n in range(count):
            singles[_WAY + n] = far + singles[_RADIUS + n]
    for n in range(count):
        singles[_WAY + n] = Single(LN2) * log2_of_single(ONE + singles[_WAY + n])


@part
def common(outlets, outlet, at_home, count, singles):
    """Write the exponent of an outlet at the end of the way but for its fit, and without loyalty, to a row."""
    prefer_wide_vectors()
    base = Single(outlets[outlet, BASE] / LN2) + log2(max(outlets[outlet, AWARENESS], SMALLEST))
    personal, local = Single(outlets[outlet, PERSONALIZATION] / LN2), ZERO
    if at_home:
        local = Single(outlets[outlet, LOCALITY] / LN2)
    price, travel = Single(outlets[outlet, PRICE] / LN2), Single(outlets[outlet, TRAVEL] / LN2)
    for n in range(count):
        y = base + singles[_LEFT + n] + singles[_BETA_P + n] * personal + singles[_BETA_L + n] * local
        singles[_COMMON + n] = y - singles[ALPHA + n] * price - singles[_WAY + n] * travel


@part
def fit(outlets, outlet, directions, dimensions, vectors, count, room, singles):
    """Add the fit of an offering to what is `common`: the exponent of an outlet, and ‖z − x‖² on the side."""
    prefer_wide_vectors()
    odd, offering = dimensions % 2, Single(outlets[outlet, OFFERING])
    for n in range(count):
        gap = singles[_IDEAL + n] - offering
        singles[_FAR + n] = gap * gap if odd else ZERO
    for k in range(odd, dimensions, 2):  # two at a time: most of the work is loading and storing
        one, two = _IDEAL + k * ROW, _IDEAL + (k + 1) * ROW
        here, there = Single(outlets[outlet, OFFERING + k]), Single(outlets[outlet, OFFERING + k + 1])
        for n in range(count):
            a, b = singles[at(one, n)] - here, singles[at(two, n)] - there
            singles[_FAR + n] += a * a + b * b
    misfit = Single(outlets[outlet, MISFIT] / LN2)
    for n in range(count):
        singles[EXPONENT + n] = singles[_COMMON + n] - misfit * singles[_THETA + n] * singles[_FAR + n]
    if directions is not None:
        like(outlets, outlet, directions, vectors, room)
        for n in range(vectors * LANES):
            singles[_LIKED + n] = Single(room[LIKED + n] / LN2)
        for n in range(vectors * LANES):
            singles[EXPONENT + n] += singles[_LIKED + n]


@part
def stand(site, first, size, last, noise, count, singles):
    """Add loyalty to the exponent of the firm at `site`: log2 Pr; write 1 − Pr; return whether that is tiny anywhere.

    `last` is where consumers were last.
    """
    prefer_wide_vectors()
    unit, dear = Single(1.0 / (noise * LN2)), 0
    for n in range(size):
        loyal = last[at(first, n)] == site
        singles[EXPONENT + n] += unit * singles[_LOYALTY + n] if loyal else ZERO
    for n in range(count):
        singles[REST + n] = ONE - exp2(singles[EXPONENT + n])
    for n in range(count):
        dear += singles[REST + n] < HARDLY_ANY
    return dear > 0


@part
def stand_alone(n, own, left, singles):
    """Write log2 Pr and 1 − Pr of one customer anew, to whom the firm has the attraction `own`, of `left` in all.

    In double precision: of a customer of whom it has nearly all, what others have would not be known otherwise. Without
    an outside option it may be nothing.
    """
    share = own / max(left, SMALLEST)
    singles[EXPONENT + n] = log2(max(share, SMALLEST))
    singles[REST + n] = Single(max(1.0 - share, 0.0))


@part
def leave(size, left, singles):
    """Leave customers with what there is besides the firm that `stand` has left in the room: it closes."""
    prefer_wide_vectors()
    for n in range(size):
        left[n] = max(left[n] * np.float64(singles[REST + n]), SMALLEST)
        singles[_LEFT + n] = -log2(left[n])


@part
def shift(incumbents, site, options, option, directions, dimensions, at_home, vectors, count, room, singles):
    """Return Σ Pr·e^Δ/(1 − Pr + Pr·e^Δ) of an option of the firm at `site`, which `stand` has left in the room."""
    prefer_wide_vectors()
    before, after = incumbents[site, MISFIT] / LN2, options[option, MISFIT] / LN2
    # m′‖z − x′‖² − m‖z − x‖² = m′(Σ 2δz − Σ δ(x + x′)) + (m′ − m)‖z − x‖² with δ = x − x′
    constant, more = 0.0, Single(after - before)
    for k in range(dimensions):
        x, y = incumbents[site, OFFERING + k], options[option, OFFERING + k]
        constant += (x - y) * (x + y)
    start, odd = Single(-after * constant), dimensions % 2
    tilt = Single(2.0 * after * (incumbents[site, OFFERING] - options[option, OFFERING])) if odd else ZERO
    for n in range(count):
        singles[WORK + n] = start + more * singles[_FAR + n] + tilt * singles[_IDEAL + n]
    for k in range(odd, dimensions, 2):  # two at a time: most of the work is loading and storing
        one, two = _IDEAL + k * ROW, _IDEAL + (k + 1) * ROW
        along = Single(2.0 * after * (incumbents[site, OFFERING + k] - options[option, OFFERING + k]))
        across = Single(2.0 * after * (incumbents[site, OFFERING + k + 1] - options[option, OFFERING + k + 1]))
        for n in range(count):
            singles[WORK + n] += along * singles[at(one, n)] + across * singles[at(two, n)]
    known, knew = max(options[option, AWARENESS], SMALLEST), max(incumbents[site, AWARENESS], SMALLEST)
    base = Single((options[option, BASE] - incumbents[site, BASE]) / LN2) + log2(known / knew)
    personal = Single((options[option, PERSONALIZATION] - incumbents[site, PERSONALIZATION]) / LN2)
    local = Single((options[option, LOCALITY] - incumbents[site, LOCALITY]) / LN2) if at_home else ZERO
    price = Single((options[option, PRICE] - incumbents[site, PRICE]) / LN2)
    travel = Single((options[option, TRAVEL] - incumbents[site, TRAVEL]) / LN2)
    for n in range(count):
        y = base + singles[_BETA_P + n] * personal + singles[_BETA_L + n] * local
        y = y - singles[ALPHA + n] * price - singles[_WAY + n] * travel
        singles[WORK + n] = y - singles[_THETA + n] * singles[WORK + n]
    if directions is not None:
        like(options, option, directions, vectors, room)
        for n in range(vectors * LANES):
            singles[WORK + n] += Single(room[LIKED + n] / LN2 - singles[_LIKED + n])
    for n in range(count):
        odds = exp2(singles[EXPONENT + n] + singles[WORK + n])
        singles[WORK + n] = odds / (singles[REST + n] + odds)
    return sum_of_singles(singles, WORK, count)
