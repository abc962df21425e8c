"""How consumers choose (docs/model.md): shares, sums for prices and repositioning, visits.

The kernel works through blocks of consumers of one cell, outlet by outlet within their reach. Sums run in a fixed
order and use only + − × ÷ √ and this project's own exp and log: the result has the same bits on any number of threads
and on any x86-64 machine.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.kernels.compiled import njit
from homogsim.laws.tastes import NO_WAVES, Waves
from homogsim.laws.threads import share_out
from homogsim.laws.utility import (
    BLOCK,
    CORE,
    LOCAL_VALUE,
    ONE,
    PERSONAL_VALUE,
    SENSITIVITY,
    STRENGTH,
    STRIDE,
    TASTES,
    WORK,
    at,
    attract,
    directions_of,
    measure_way,
    minutes_between,
    outlet_table,
    part,
    recall,
    rooms_for,
    rooms_width,
    rows_of_tastes,
    settle,
    traits_of,
)
from homogsim.laws.visits import (
    DRAWS,
    FURTHER,
    NOBODY,
    WHO,
    WINNER,
    Luck,
    draw_block,
    draw_of,
    list_visitors,
    run_race,
    visits,
)
from homogsim.numerics import LANES, log_of_normal, prefer_wide_vectors, sum_of_products

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]

RESERVED = 128
"""Outlets within reach of a consumer for which `workspaces` makes room; for more, the kernel makes its own."""
_ROWS_A_SITE = 3  # attraction, attraction × utility, attraction of the twin

SHARE, FLAT, ALPHA, PERSONAL, LOCAL, TASTE, SATISFACTION, IDEAL = range(8)
"""Rows of the sums of a firm: S, B0, Bα, BP, BL, Bθ, ΣW·Pr·u, and from IDEAL on Bθz, one row a dimension.

Under kernel tastes A = Σw·a follows, one row a wave."""

VISITORS, PROMOTERS = range(2)
"""Rows of what visitors say of a site."""

# Rows of a room: outside + Σ attractions, its inverse, W·μ/(α·total), W·Pr(1 − Pr), and the outside option.
_TOTAL, _INVERSE, _WORTH, _SLOPE, _OUTSIDE = (FURTHER + STRIDE * row for row in range(5))


class Tastes(NamedTuple):
    """What a consumer is: columns of length N, in the order of cells."""

    ideal: Floats  # (d, N) z_i
    price_sensitivity: Floats  # α_i
    strength: Floats  # θ_i
    personalization: Floats  # βP_i
    locality: Floats  # βL_i
    loyalty: Floats  # ψ_i
    place: Floats  # (2, N) minutes east and north of the town's centre
    liking: Floats = np.zeros((0, 0))  # (R, N) a_ir, what each wave of kernel tastes is worth
    waves: Waves = NO_WAVES


class Appeal(NamedTuple):
    """What consumers see of the outlets: columns of length J, one row a site."""

    base: Floats  # v0 + q^e − ψH… − ζ…, dollars
    personalization: Floats  # P_j
    locality: Floats  # L_j
    misfit: Floats  # (1 − κ_j)², weight of the squared distance to the ideal point
    travel: Floats  # τ_j, dollars per ln(1 + minutes)
    price: Floats  # p_j
    awareness: Floats  # A_j, worth μ·ln A_j
    offering: Floats  # (d, J) x_j

    def at(self, rows: Ints | slice) -> Appeal:
        """Return what they see of the outlets at these rows."""
        return Appeal(*(column[..., rows] for column in self))


class Twins(NamedTuple):
    """Outlets that are followed beside themselves, each as if it alone were different."""

    sites: Ints  # (n) where they are
    appeal: Appeal  # what consumers would see, one row a twin
    sales: Floats  # (n) S⁰ = Σ W·Pr of each in its outlet's place, rivals fixed: written by `choose_month`


class Streets(NamedTuple):
    """Who can reach what: sites and consumers by cell, towns within reach."""

    site_start: Ints  # (cells + 1)
    consumer_start: Ints  # (cells + 1)
    towns: int
    reach_towns: Ints  # (M, R)
    reach_minutes: Floats  # (M, R)
    visitors_start: Ints
    visitors_towns: Ints
    visitors_minutes: Floats
    site_place: Floats  # (2, J)
    weight: float  # W, occasions a month that a simulated consumer stands for


@part
def _within_reach(cell, streets, is_open, sites, towns):
    """List the open outlets that a cell's consumers reach, and which of the towns in reach each is in."""
    town = cell % streets.towns
    count = 0
    for r in range(streets.reach_towns.shape[1]):
        other = cell - town + streets.reach_towns[town, r]
        for site in range(streets.site_start[other], streets.site_start[other + 1]):
            if is_open[site]:
                sites[count], towns[count] = site, r
                count += 1
    return count


@part
def _count_in(attraction, core, vectors, room):
    """Add an outlet's attraction to the totals; keep attraction × utility for its customers' satisfaction."""
    prefer_wide_vectors()
    for n in range(vectors * LANES):
        room[at(core, n)] = room[at(attraction, n)] * room[CORE + n]
    for n in range(vectors * LANES):
        room[_TOTAL + n] += room[at(attraction, n)]


@part
def _share(first, size, vectors, noise, weight, room, inclusive, surplus):
    """From the totals, work out 1/total, W·μ/(α·total), the inclusive values and the consumer surplus."""
    prefer_wide_vectors()
    for n in range(vectors * LANES):
        inverse = 1.0 / room[_TOTAL + n] if room[_TOTAL + n] > 0.0 else 0.0
        room[_INVERSE + n] = inverse
        room[_WORTH + n] = weight * noise / room[SENSITIVITY + n] * inverse
    for n in range(vectors * LANES):
        worth = log_of_normal(room[_TOTAL + n]) if room[_TOTAL + n] > 0.0 else -np.inf
        room[WORK + n] = noise / room[SENSITIVITY + n] * worth
    for n in range(size):
        inclusive[at(first, n)] = room[_TOTAL + n]
        surplus[at(first, n)] = room[WORK + n]
    for n in range(size, vectors * LANES):
        room[_INVERSE + n] = 0.0
        room[_WORTH + n] = 0.0


@part
def _add_up(attraction, core, at_home, d, waves, weight, vectors, room, result):
    """Write an outlet's sums over a block of consumers to `result`."""
    prefer_wide_vectors()
    for n in range(vectors * LANES):
        share = room[at(attraction, n)] * room[_INVERSE + n]
        room[_SLOPE + n] = share * (1.0 - share)
        room[WORK + n] = room[_SLOPE + n] * room[STRENGTH + n]
    size = vectors * LANES
    result[SHARE] = weight * sum_of_products(room, attraction, _INVERSE, size)
    result[SATISFACTION] = sum_of_products(room, core, _WORTH, size)
    result[FLAT] = weight * sum_of_products(room, _SLOPE, ONE, size)
    result[ALPHA] = weight * sum_of_products(room, _SLOPE, SENSITIVITY, size)
    result[PERSONAL] = weight * sum_of_products(room, _SLOPE, PERSONAL_VALUE, size)
    # The value of locality moves only those who live in the firm's town.
    result[LOCAL] = weight * sum_of_products(room, _SLOPE, LOCAL_VALUE, size) if at_home else 0.0
    result[TASTE] = weight * sum_of_products(room, WORK, ONE, size)
    for k in range(d):
        result[IDEAL + k] = weight * sum_of_products(room, WORK, TASTES + k * STRIDE, size)
    for r in range(d, d + waves):
        result[IDEAL + r] = weight * sum_of_products(room, _SLOPE, TASTES + r * STRIDE, size)


@part
def _sell_instead(own, twin, weight, vectors, room):
    """Return what a twin would sell in its outlet's place: `homogsim.laws.response`, for one option."""
    prefer_wide_vectors()
    for n in range(vectors * LANES):
        others = max(room[_TOTAL + n] - room[at(own, n)], 0.0)
        room[WORK + n] = room[at(twin, n)] / (others + room[at(twin, n)])
    return weight * sum_of_products(room, WORK, ONE, vectors * LANES)


@njit(cache=True, nogil=True)
def _choose(
    start, stop, plan, traits, ideal, liking, directions, streets, outlets, twins, twin_of, is_open, luck, outside,
    noise, satisfied, last, bought, inclusive, surplus, reached, reached_town, counts, sums, verdicts, room,
):  # fmt: skip
    """Let the consumers of the blocks `start` to `stop` of the plan choose; write the sums of what they reach."""
    d, waves = ideal.shape[0], liking.shape[0]
    attractions = TASTES + (d + waves) * STRIDE
    for task in range(start, stop):
        cell, first, size = plan[task, 0], plan[task, 1], plan[task, 2] - plan[task, 1]
        town, sites, towns = cell % streets.towns, reached[task], reached_town[task]
        count = _within_reach(cell, streets, is_open, sites, towns)
        cores, spares = attractions + count * STRIDE, attractions + 2 * count * STRIDE
        vectors = settle(first, size, traits, ideal, liking, room)
        recall(first, size, last, noise, vectors, room)
        for n in range(vectors * LANES):
            room[_OUTSIDE + n] = outside
            room[_TOTAL + n] = outside
            room[WHO + n] = first + n
        for j in range(count):
            site, r, row = sites[j], towns[j], j * STRIDE
            at_home = streets.reach_towns[town, r] == town
            east, north = streets.site_place[0, site], streets.site_place[1, site]
            measure_way(east, north, at_home, streets.reach_minutes[town, r], vectors, room)
            attract(outlets, site, directions, d, at_home, site, vectors, room, attractions + row)
            _count_in(attractions + row, cores + row, vectors, room)
            if twin_of[site] >= 0:
                attract(twins, twin_of[site], directions, d, at_home, site, vectors, room, spares + row)
        _share(first, size, vectors, noise, streets.weight, room, inclusive, surplus)
        for j in range(count):
            at_home, row = streets.reach_towns[town, towns[j]] == town, j * STRIDE
            _add_up(attractions + row, cores + row, at_home, d, waves, streets.weight, vectors, room, sums[task, j])
            sums[task, j, -1] = 0.0
            if twin_of[sites[j]] >= 0:
                sums[task, j, -1] = _sell_instead(attractions + row, spares + row, streets.weight, vectors, room)
        counts[task] = count
        # Who goes out chooses by an exponential race. One keyed draw for each consumer, site and month, so that an
        # entry or a price never shifts the luck of others.
        draw_block(np.uint64(0), np.uint64(0), luck.month, luck.visit_key0, luck.visit_key1, vectors, room)
        going = list_visitors(first, size, luck.visit_probability, room)
        vectors = (going + LANES - 1) // LANES
        draw_block(NOBODY, np.uint64(1), luck.month, luck.race_key0, luck.race_key1, vectors, room)
        run_race(_OUTSIDE, -1.0, DRAWS, first, vectors, room)
        for j in range(count):
            site = sites[j]
            block = np.uint64(site >> 2)
            if j == 0 or site >> 2 != sites[j - 1] >> 2:
                draw_block(block, np.uint64(1), luck.month, luck.race_key0, luck.race_key1, vectors, room)
            run_race(attractions + j * STRIDE, float(j), DRAWS + (site & 3) * STRIDE, first, vectors, room)
        for n in range(size):
            bought[first + n] = -1
        verdicts[task, :count] = 0
        for n in range(going):
            who, winner = int(room[WHO + n]), int(room[WINNER + n])
            if winner >= 0:
                bought[who] = sites[winner]
                # u ≥ satisfied, with u = μ·core/α and core = (attraction·core)/attraction
                row, one = winner * STRIDE, who - first
                worth, line = noise * room[cores + row + one], satisfied * room[SENSITIVITY + one]
                verdicts[task, winner, VISITORS] += 1
                verdicts[task, winner, PROMOTERS] += worth >= line * room[attractions + row + one]


@njit(cache=True)
def _gather(sums, verdicts, sites, counts, result, verdict):
    """Add the blocks' sums and verdicts to the sites, in the order of the blocks."""
    for task in range(counts.size):
        for j in range(counts[task]):
            site = sites[task, j]
            for row in range(sums.shape[2]):
                result[site, row] += sums[task, j, row]
            for row in range(verdicts.shape[2]):
                verdict[row, site] += verdicts[task, j, row]


def plan_blocks(consumer_start: Ints) -> Ints:
    """Return (tasks, 3) cell, first and past-the-last consumer: equal blocks of at most `BLOCK` in each cell.

    Blocks are cut at whole vectors, so that only the last of a cell has entries to fill up.
    """
    blocks = []
    for cell, (first, stop) in enumerate(pairwise(consumer_start.tolist())):
        vectors = -(-(stop - first) // LANES)
        pieces = -(-vectors * LANES // BLOCK)
        cuts = [min(first + LANES * (piece * vectors // pieces), stop) for piece in range(pieces)] + [stop]
        blocks += [(cell, a, b) for a, b in pairwise(cuts)]
    return np.array(blocks, dtype=np.int64).reshape(-1, 3)


def workspaces(threads: int, tastes: Tastes) -> Floats:
    """Return room for the kernel, one row a thread, kept from month to month (fresh memory costs page faults)."""
    return rooms_for(threads, rows_of_tastes(tastes), _ROWS_A_SITE * RESERVED)


def choose_month(
    plan: Ints, tastes: Tastes, streets: Streets, appeal: Appeal, is_open: NDArray[np.bool_], luck: Luck,
    outside: float, noise: float, last: Ids, bought: Ids, inclusive: Floats, surplus: Floats, rooms: Floats,
    satisfied: float = np.inf, verdict: Ints | None = None, twins: Twins | None = None,
) -> Floats:  # fmt: skip
    """Let all consumers choose for a month, on as many threads as there are `rooms` (see `workspaces`).

    Writes `bought` (site visited, −1 none), `inclusive` (outside + Σ e^{V/μ}) and `surplus` ($ an occasion; −∞ where
    there is nothing to choose) per consumer. Where `verdict`, (2, J), is given: the `VISITORS` of each site, and its
    `PROMOTERS`, to whom the visit was worth u ≥ `satisfied` dollars (`homogsim.laws.survey.visit_values`). Where
    `twins` are given: what each would have sold.

    Returns
    -------
    (IDEAL + d + R, J) array
        The sums of every site, rows as named above.
    """
    outlets = outlet_table(appeal, noise, tastes.waves)
    traits, ideal, liking = traits_of(tastes), np.ascontiguousarray(tastes.ideal), np.ascontiguousarray(tastes.liking)
    rows, tasks, widest = rows_of_tastes(tastes), len(plan), _widest(streets)
    threads = len(rooms)
    if rooms.shape[1] < rooms_width(rows, _ROWS_A_SITE * widest):
        rooms = rooms_for(threads, rows, _ROWS_A_SITE * widest)
    streets = streets._replace(weight=float(streets.weight))
    luck = luck._replace(visit_probability=float(luck.visit_probability))
    sites, towns = np.empty((2, tasks, widest), np.int64)
    counts = np.zeros(tasks, np.int64)
    sums, verdicts = np.empty((tasks, widest, IDEAL + rows + 1)), np.empty((tasks, widest, 2), np.int32)
    twin_of, followed = np.full(is_open.size, -1), outlets[:0]
    if twins is not None:
        twin_of[twins.sites] = np.arange(twins.sites.size)
        followed = outlet_table(twins.appeal, noise, tastes.waves)

    def work(start: int, stop: int, thread: int) -> None:
        _choose(
            start, stop, plan, traits, ideal, liking, directions_of(tastes), streets, outlets, followed, twin_of,
            is_open, luck, float(outside), float(noise), float(satisfied), last, bought, inclusive, surplus, sites,
            towns, counts, sums, verdicts, rooms[thread],
        )  # fmt: skip

    share_out(work, tasks, threads)
    result = np.zeros((is_open.size, IDEAL + rows + 1))
    verdict = np.empty((2, is_open.size), np.int64) if verdict is None else verdict
    verdict[:] = 0
    _gather(sums, verdicts, sites, counts, result, verdict)
    if twins is not None:
        twins.sales[:] = result[twins.sites, -1]
    return np.ascontiguousarray(result[:, :-1].T)


def _widest(streets: Streets) -> int:
    """Return how many sites the consumers of a cell reach, at most."""
    per_cell = np.diff(streets.site_start).reshape(-1, streets.towns)
    return int(per_cell[:, streets.reach_towns].sum(axis=2).max(initial=0))


__all__ = [
    "ALPHA", "BLOCK", "FLAT", "IDEAL", "LOCAL", "NOBODY", "PERSONAL", "PROMOTERS", "SATISFACTION", "SHARE", "TASTE",
    "VISITORS", "Appeal", "Luck", "Streets", "Tastes", "Twins", "choose_month", "draw_of", "minutes_between",
    "plan_blocks", "visits", "workspaces",
]  # fmt: skip
