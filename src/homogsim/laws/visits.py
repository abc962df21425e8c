"""Who goes out, and where to (docs/model.md): an exponential race with keyed draws.

The alternative with the smallest −ln(u)/e^{V/μ} wins, which happens with its choice probability. There is one draw for
each consumer, site and month, so that an entry or a price never shifts the luck of others.
"""

# ruff: noqa: ANN001, ANN201, ANN202
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from homogsim.kernels.compiled import njit
from homogsim.laws.utility import FREE, STRIDE, WORK, at, part
from homogsim.numerics import LANES, log, log_of_normal, prefer_wide_vectors
from homogsim.streams import philox4x32, uniform32

NOBODY = np.uint64(0xFFFFFFFF)
"""Index of the outside option among the draws of the race."""

# Rows of a room: who goes out, the race so far, and four rows of draws.
WHO, BEST, WINNER, _CHANCE = (FREE + STRIDE * row for row in range(4))
DRAWS = FREE + STRIDE * 4
# Rows free for others.
FURTHER = FREE + STRIDE * 8


class Luck(NamedTuple):
    """Keys of the draws of a month (see `homogsim.streams`)."""

    month: np.uint64
    visit_key0: np.uint64
    visit_key1: np.uint64
    race_key0: np.uint64
    race_key1: np.uint64
    visit_probability: float


@njit(cache=True, forceinline=True)
def visits(i, luck):
    """Return whether consumer `i` goes out at all this month."""
    word, _, _, _ = philox4x32(np.uint64(i), np.uint64(0), luck.month, np.uint64(0), luck.visit_key0, luck.visit_key1)
    return uniform32(word) < luck.visit_probability


@njit(cache=True, forceinline=True)
def draw_of(i, site, luck):
    """Return the exponential draw −ln u of consumer `i` for `site` this month (four sites share a block)."""
    block, lane = site >> np.uint64(2), site & np.uint64(3)
    a, b, c, d = philox4x32(np.uint64(i), block, luck.month, np.uint64(1), luck.race_key0, luck.race_key1)
    return -log(uniform32(a if lane == 0 else b if lane == 1 else c if lane == 2 else d))


@part
def draw_block(block, index, month, key0, key1, vectors, room):
    """Write the four uniforms of a Philox block, for each consumer named in `WHO`, to the rows from `DRAWS` on."""
    prefer_wide_vectors()
    for n in range(vectors * LANES):
        a, b, c, d = philox4x32(np.uint64(room[WHO + n]), block, month, index, key0, key1)
        room[DRAWS + n] = uniform32(a)
        room[DRAWS + STRIDE + n] = uniform32(b)
        room[DRAWS + 2 * STRIDE + n] = uniform32(c)
        room[DRAWS + 3 * STRIDE + n] = uniform32(d)


@part
def list_visitors(first, size, probability, room):
    """Keep in `WHO` those whose draw lets them go out, filled up to whole vectors; return how many. Start the race."""
    going = 0
    for n in range(size):
        room[WHO + going] = first + n
        going += room[DRAWS + n] < probability
    vectors = (going + LANES - 1) // LANES
    for n in range(going, vectors * LANES):
        room[WHO + n] = first
    for n in range(vectors * LANES):
        room[BEST + n] = np.inf
        room[WINNER + n] = -1.0
    return going


@part
def run_race(attraction, runner, draws, first, vectors, room):
    """Let an alternative compete: the smallest −ln(u)/e^{V/μ} stays in `BEST`, and whose it was in `WINNER`."""
    prefer_wide_vectors()
    for n in range(vectors * LANES):
        room[_CHANCE + n] = room[at(attraction, np.int64(room[WHO + n]) - first)]
    for n in range(vectors * LANES):
        room[WORK + n] = -log_of_normal(room[at(draws, n)])
    for n in range(vectors * LANES):
        clock = room[WORK + n] / room[_CHANCE + n]
        leads = clock < room[BEST + n]
        room[BEST + n] = clock if leads else room[BEST + n]
        room[WINNER + n] = runner if leads else room[WINNER + n]


@njit(cache=True)
def remember_visits(bought, last, last_before):
    """Let consumers remember where they were last: `last` becomes what was `bought` where somebody went out."""
    for i in range(last.size):
        was, now = last[i], bought[i]
        last_before[i] = was
        last[i] = now if now >= 0 else was


@njit(cache=True)
def forget_sites(last, closed, consumer_start, within_reach):
    """Let consumers forget the sites that have closed, in the cells that reach any: nobody was last there any more."""
    for cell in range(within_reach.size):
        if within_reach[cell]:
            for i in range(consumer_start[cell], consumer_start[cell + 1]):
                # Without a branch, which would be guessed wrong too often: who was nowhere asks for site 0 in vain.
                last[i] = -1 if closed[max(last[i], 0)] else last[i]


__all__ = ["NOBODY", "Luck", "draw_of", "forget_sites", "remember_visits", "visits"]
