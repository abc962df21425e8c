"""Which concepts of founders surely bring too little, found at a fraction of what it costs to price them.

One customer brings a newcomer at most μ·W(a/(eE))/α a month, whatever the price: a the attraction at cost, E = outside
+ Σ attractions of all that there is, e Euler's number, W Lambert's function; as if each had a price of its own. The sum
of that over all who can reach a site is an upper bound of the contribution of a concept. Here it is worked out in
single precision with short polynomials, and raised by more than all their errors: whatever is given up would have
been given up after pricing it, so the screen decides nothing and its last bits do not matter.

Founders draw most concepts far from where customers are left over: nine tenths end here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from homogsim.kernels.compiled import njit
from homogsim.laws.threads import share_out
from homogsim.laws.utility import (
    AWARENESS,
    BASE,
    LOCALITY,
    MISFIT,
    OFFERING,
    PERSONALIZATION,
    PRICE,
    TRAVEL,
    at,
    outlet_table,
    traits_of,
)
from homogsim.numerics import LN2_HIGH, LN2_LOW, prefer_wide_vectors

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Single = np.float32

CUSTOMERS = 640
"""Customers of a block, at most: more than elsewhere, as long loops take less time while a room is not over 48 kB."""
SMALLEST = 1e-300
"""What a consumer without any option is left with: more than nothing, so that a newcomer's share is defined."""
ROUNDING = Single(2.0**-20)
"""What the terms of an exponent are each raised by: sixteen roundings to single precision."""
RAISED = 1.0001
"""What the bound is raised by for the errors of 2^y (3e-6), of the ratio and of the sums (1.5e-5)."""
LOG_ERROR = 2e-5
"""More than the error of `_log2`."""
LN2 = LN2_HIGH + LN2_LOW

ZERO, ONE = Single(0.0), Single(1.0)
FEWEST, MOST, VOID = Single(2.0**-100), Single(2.0**100), Single(1000.0)
"""What is left over is told from 2^−100 to 2^100; less counts as 2^−1000, which is below `SMALLEST`."""
LEAST, HIGHEST = Single(-100.0), Single(60.0)
"""Attractions are kept between 2^−100, which raises the bound, and 2^60, where the bound is far above any W."""
EXP = tuple(Single(c) for c in (0.0095701, 0.05591786, 0.24024745, 0.69312181, 0.99999926))
"""2^r for |r| ≤ ½, highest power first; relative error 3e-6."""
LOG = tuple(Single(c) for c in (0.25384351, -0.39703747, 0.48700116, -0.71992337, 1.44254939, -9.26591646e-06))
"""log2(1 + f) for √½ ≤ 1 + f < √2, highest power first; error 1.3e-5."""
RATIO = Single(0.3587435), Single(1.2641301), Single(0.12502747)
"""a, b, c of W(x) ≤ x(1 + ax)/(1 + bx + cx²) on [0, 12], too high by less than 1 %; fitted."""
END, RISE = Single(12.0), Single(0.0543)
"""From 12 on the bound is straight, and steeper than W, which is concave."""

_ROUNDER = Single(1.5 * 2.0**23)
_BIAS, _SHIFT = np.uint32(127), np.uint32(23)
_HALF_ROOT, _CARRY = np.uint32(0x3F3504F3), np.uint32(0x3F800000 - 0x3F3504F3)
_MANTISSA = np.uint32(0x007FFFFF)

# Rows of a room: what consumers are, what is left over of them, what a site is to them but for the fit of its offering,
# how much that counts, what is being worked out; from _IDEAL on the ideal points.
_ROW, _TRAITS = CUSTOMERS + 16, 6
_ALPHA, _BETA_P, _BETA_L, _THETA, _EAST, _NORTH, _RADIUS, _LEFT, _INVERSE, _VALUE, _FIT, _WORK, _WORTH, _IDEAL = (
    np.int64(_ROW * row) for row in range(14)
)


def _part(fastmath: set[str]) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function that only compiled functions call, with freedoms that change last bits."""
    return njit(cache=True, no_cpython_wrapper=True, fastmath=fastmath)


_within = njit(inline="always")  # written into whoever calls it: compiling it apart would take longer
_quick = _part({"contract"})  # a multiplication and an addition may be one operation
_in_any_order = _part({"reassoc", "nsz"})


def _cast(source: Any, target: Any, into: Any) -> Any:
    def definition(typingctx: Any, value: Any) -> Any:
        return target(source), lambda context, builder, signature, args: builder.bitcast(args[0], into)

    return intrinsic(definition)


_bits_of = _cast(types.float32, types.uint32, ir.IntType(32))
_single_of = _cast(types.uint32, types.float32, ir.FloatType())


@_within
def _exp2(y):
    """Return 2^y for −100 ≤ y ≤ 60."""
    shifted = y + _ROUNDER
    r = y - (shifted - _ROUNDER)
    value = EXP[0]
    for k in range(1, len(EXP)):
        value = value * r + EXP[k]
    return value * _single_of((_bits_of(shifted) + _BIAS) << _SHIFT)


@_within
def _log2(x):
    """Return log2 x of a positive number."""
    bits = _bits_of(x) + _CARRY
    k = Single(np.int32(bits >> _SHIFT) - np.int32(127))
    f = _single_of((bits & _MANTISSA) + _HALF_ROOT) - ONE
    value = LOG[0]
    for i in range(1, len(LOG)):
        value = value * f + LOG[i]
    return k + value


@_within
def _lambert(x):
    """Return no less than W(x)."""
    t = END if x > END else x
    return t * (ONE + RATIO[0] * t) / (ONE + t * (RATIO[1] + RATIO[2] * t)) + RISE * (x - t)


@_quick
def _settle(first, size, traits, ideal, inclusive, most, room):
    """Copy what consumers are and what is left over of them into a room; return how many entries, nobody at the end.

    `most` holds the largest base, personalization and locality of any concept, and what exponents are raised by beside.
    """
    prefer_wide_vectors()
    count = (size + 15) // 16 * 16
    for line in range(_IDEAL // _ROW + ideal.shape[0]):
        for n in range(size, count):
            room[line * _ROW + n] = ZERO
    for trait in range(_TRAITS):
        row, column = trait * _ROW, traits[trait]
        for n in range(size):
            room[at(row, n)] = Single(column[at(first, n)])
    for k in range(ideal.shape[0]):
        axis, column = _IDEAL + k * _ROW, ideal[k]
        for n in range(size):
            room[at(axis, n)] = Single(column[at(first, n)])
    for n in range(size):
        room[_WORK + n] = Single(min(max(inclusive[at(first, n)], FEWEST), MOST))
    for n in range(size):
        left = (VOID if room[_WORK + n] <= FEWEST else -_log2(room[_WORK + n])) - Single(1.0 / LN2)
        # An exponent y above −100 has terms of 2·(those that raise it) + 100 in all, at most.
        raising = abs(left) + most[0] + room[_BETA_P + n] * most[1] + room[_BETA_L + n] * most[2]
        room[_LEFT + n] = left + most[3] + ROUNDING * (raising + raising)
        room[_INVERSE + n] = ONE / room[_ALPHA + n]
    for n in range(count):
        room[_RADIUS + n] = np.sqrt(room[_EAST + n] * room[_EAST + n] + room[_NORTH + n] * room[_NORTH + n])
    return count


@_quick
def _measure(east, north, at_home, minutes, count, room):
    """Write ln(1 + d) to a site to the row `_WORK`."""
    prefer_wide_vectors()
    if at_home:
        for n in range(count):
            a, b = room[_EAST + n] - east, room[_NORTH + n] - north
            room[_WORK + n] = np.sqrt(a * a + b * b)
    else:
        for n in range(count):
            room[_WORK + n] = minutes + room[_RADIUS + n]
    for n in range(count):
        room[_WORK + n] = Single(LN2) * _log2(ONE + room[_WORK + n])


@_quick
def _value(concept, outlets, at_home, count, room):
    """Write what concepts at the site in `_WORK` have in common to the rows `_VALUE` and `_FIT`."""
    prefer_wide_vectors()
    base, personal, misfit = outlets[concept, BASE], outlets[concept, PERSONALIZATION], outlets[concept, MISFIT]
    local = outlets[concept, LOCALITY] if at_home else ZERO
    travel, price = outlets[concept, TRAVEL], outlets[concept, PRICE]
    for n in range(count):
        y = room[_LEFT + n] + base + room[_BETA_P + n] * personal + room[_BETA_L + n] * local
        room[_VALUE + n] = y - room[_ALPHA + n] * price - travel * room[_WORK + n]
        room[_FIT + n] = room[_THETA + n] * misfit


@_quick
def _judge(concept, outlets, dimensions, count, room):
    """Write what each customer brings a concept at most to the row `_WORTH`."""
    prefer_wide_vectors()
    odd, offering = dimensions % 2, outlets[concept, OFFERING]
    for n in range(count):
        gap = room[_IDEAL + n] - offering
        room[_WORTH + n] = gap * gap if odd else ZERO
    for k in range(odd, dimensions, 2):  # two at a time: most of the work is loading and storing
        first, second = _IDEAL + k * _ROW, _IDEAL + (k + 1) * _ROW
        here, there = outlets[concept, OFFERING + k], outlets[concept, OFFERING + k + 1]
        for n in range(count):
            a, b = room[at(first, n)] - here, room[at(second, n)] - there
            room[_WORTH + n] += a * a + b * b
    for n in range(count):
        y = room[_VALUE + n] - room[_FIT + n] * room[_WORTH + n]
        y = LEAST if y < LEAST else y
        y = HIGHEST if y > HIGHEST else y
        room[_WORTH + n] = _lambert(_exp2(y)) * room[_INVERSE + n]


@_within
def _alike(concept, outlets):
    """Return whether a concept differs from the one before in its offering only."""
    alike = True
    for column in range(OFFERING):
        alike = alike and outlets[concept, column] == outlets[concept - 1, column]
    return alike


@_in_any_order
def _total(count, room):
    """Return the sum of the row `_WORTH`, in any order."""
    prefer_wide_vectors()
    total = ZERO
    for n in range(count):
        total += room[_WORTH + n]
    return total


@njit(cache=True, nogil=True)
def _screen(start, stop, site_of, concepts_of, sites, outlets, most, traits, ideal, streets, inclusive, bounds):
    """Add to `bounds` what the customers of the cells `start` to `stop` bring each concept at most.

    The empty sites of cell c are `sites` from ``site_of[c]`` to ``site_of[c + 1]``; the concepts of one of these are
    the rows of `outlets` from ``concepts_of[s]`` to ``concepts_of[s + 1]``.
    """
    d = ideal.shape[0]
    room = np.zeros(_IDEAL + d * _ROW, np.float32)
    for cell in range(start, stop):
        town, tried = cell % streets.towns, 0
        for r in range(streets.reach_towns.shape[1]):
            other = cell - town + streets.reach_towns[town, r]
            tried += site_of[other + 1] - site_of[other]
        if tried == 0:
            continue
        end = streets.consumer_start[cell + 1]
        for block in range(streets.consumer_start[cell], end, CUSTOMERS):
            count = _settle(block, min(CUSTOMERS, end - block), traits, ideal, inclusive, most, room)
            for r in range(streets.reach_towns.shape[1]):
                reached = streets.reach_towns[town, r]
                other, at_home = cell - town + reached, reached == town
                for s in range(site_of[other], site_of[other + 1]):
                    east, north = streets.site_place[0, sites[s]], streets.site_place[1, sites[s]]
                    way = streets.reach_minutes[town, r] + (0.0 if at_home else np.sqrt(east * east + north * north))
                    _measure(Single(east), Single(north), at_home, Single(way), count, room)
                    for concept in range(concepts_of[s], concepts_of[s + 1]):
                        if concept == concepts_of[s] or not _alike(concept, outlets):
                            _value(concept, outlets, at_home, count, room)
                        _judge(concept, outlets, d, count, room)
                        bounds[concept] += _total(count, room)


def most_contribution(
    sites: Ints, first: Ints, concepts: Any, tastes: Any, streets: Any, choices: Any, threads: int = 1
) -> Floats:
    """Return no less than the contribution (p − c)·S of each concept at any price p, dollars a month.

    Parameters
    ----------
    sites : (F,) int array
        Empty sites, in increasing order.
    first : (F + 1,) int array
        The concepts at ``sites[f]`` are the rows ``first[f]`` to ``first[f + 1]``.
    concepts : Appeal
        What consumers would see, by concept, sold at cost.
    tastes, streets, choices
        As in `homogsim.laws.founding.founders_prospects`; ideal-point tastes only.
    """
    table = outlet_table(concepts, choices.noise * LN2, tastes.waves)  # exponents of 2
    table[:, BASE] += np.log2(np.maximum(table[:, AWARENESS], SMALLEST))
    base, personal, local, travel = np.abs(table[:, [BASE, PERSONALIZATION, LOCALITY, TRAVEL]]).max(axis=0, initial=0.0)
    most = np.array([base, personal, local, ROUNDING * 100.0 + LOG_ERROR * (1.0 + travel)], dtype=np.float32)
    site_of = np.searchsorted(sites, streets.site_start)
    traits, ideal, cells = traits_of(tastes), np.ascontiguousarray(tastes.ideal), streets.consumer_start.size - 1
    outlets, bounds = table.astype(np.float32), np.zeros((max(threads, 1), len(table)))
    streets = streets._replace(weight=float(streets.weight))

    def work(start: int, stop: int, thread: int) -> None:
        _screen(
            start, stop, site_of, first, sites, outlets, most, traits, ideal, streets, choices.inclusive,
            bounds[thread],
        )  # fmt: skip

    share_out(work, cells, threads)
    return RAISED * choices.noise * float(streets.weight) * bounds.sum(axis=0)
