"""What a founder expects of a concept: the price that answers rivals' prices best, and what it sells (docs/model.md).

Founders reckon by Bertrand's rule with all the customers who could reach them, each with last month's choices. Most
concepts bring too little at any price, which `homogsim.laws.screening` sees at a fraction of the cost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from homogsim.kernels.compiled import njit
from homogsim.laws.asking import FOUND, Choices, Notes, ids, most_of, put_question
from homogsim.laws.demand import Appeal, Streets, Tastes
from homogsim.laws.screening import most_contribution
from homogsim.laws.threads import share_out
from homogsim.laws.utility import BLOCK, FREE, ONE, STRIDE, my_rooms, outlet_table, part, rows_of_tastes
from homogsim.numerics import LANES, exp, prefer_wide_vectors, sum_of_products

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOLERANCE = 1e-9
"""Dollars within which a founder solves for the best-response price."""
NEAR = 1e-4
"""Newton step, in units of μ, after which a founder need not ask again: the error left is its square, below 1e-9."""
STEPS = 100
"""Newton steps of a founder, at most."""
LONGEST_STEP = 2.0
"""Length of such a step, at most, in units of μ: it leads to the nearest best price."""
FIRST_MARKUP = 1.3
"""Markup at which the search begins, in units of μ."""
HIGHEST_MARKUP = 100.0
"""Largest markup that a founder considers, in units of μ: customers without any alternative would pay any price."""
NOTES = 4_000_000
"""Attractions of concepts to customers that are kept at a time: 32 MB."""

_ODDS, _SHARE, _LOSS, _BEND = (FREE + STRIDE * r for r in range(4))


@part
def _sell(odds, alpha, others, tag, room):
    """Return Σ Pr, Σ Pr(1 − Pr)α and Σ Pr(1 − Pr)(1 − 2Pr)α² of a newcomer with a markup `tag` in units of μ."""
    prefer_wide_vectors()
    sales, slope, bend = 0.0, 0.0, 0.0
    for start in range(0, odds.size, BLOCK):
        size = min(BLOCK, odds.size - start) // LANES * LANES
        at_cost, sensitivity, rivals = odds[start:], alpha[start:], others[start:]
        for n in range(size):
            room[_ODDS + n] = at_cost[n] * exp(-tag * sensitivity[n])
        for n in range(size):
            share = room[_ODDS + n] / (rivals[n] + room[_ODDS + n])
            loss = share * (1.0 - share) * sensitivity[n]
            room[_SHARE + n] = share
            room[_LOSS + n] = loss
            room[_BEND + n] = loss * (1.0 - 2.0 * share) * sensitivity[n]
            room[ONE + n] = 1.0
        sales += sum_of_products(room, _SHARE, ONE, size)
        slope += sum_of_products(room, _LOSS, ONE, size)
        bend += sum_of_products(room, _BEND, ONE, size)
    return sales, slope, bend


@njit(cache=True, nogil=True)
def _price(start, stop, group_of, notes, cost, noise, prospects, room):
    """Write the best-response price of each concept, and Σ Pr at it, to `prospects`.

    Newton's method on f(p) = c + S/B − p, with B = −∂S/∂p: f′ = −2 + S·B′/B², where B′ = −∂B/∂p. After a last short
    step the sales follow from their first two derivatives, with an error of the step's cube.
    """
    highest, longest = cost + HIGHEST_MARKUP * noise, LONGEST_STEP * noise
    for concept in range(start, stop):
        g = group_of[concept]
        met = notes.place[g, -1]
        odds, alpha, others = notes.odds[concept, :met], notes.alpha[g, :met], notes.others[g, :met]
        price, sales = cost + FIRST_MARKUP * noise, 0.0
        for _ in range(STEPS):
            sales, slope, bend = _sell(odds, alpha, others, (price - cost) / noise, room)
            if sales <= 0.0:
                break
            markup = noise * sales / slope
            gap = cost + markup - price
            if abs(gap) < TOLERANCE or (price >= highest and gap > 0.0):
                break
            step = gap / max(2.0 - sales / slope * (bend / slope), 0.5) if slope > 0.0 else gap
            if abs(step) < NEAR * noise and price + step < highest:
                price += step
                sales -= (slope - 0.5 * bend * step / noise) * step / noise
                break
            price = min(price + min(max(step, -longest), longest), highest)
        prospects[0, concept], prospects[1, concept] = price, sales


def _runs(values: Ints) -> Ints:
    """Return where runs of equal values begin, and where the last one ends."""
    if not values.size:
        return np.zeros(1, np.int64)
    turns = (values[1:] != values[:-1]).nonzero()[0]
    ends = np.empty(turns.size + 2, np.int64)
    ends[0], ends[1:-1], ends[-1] = 0, turns + 1, values.size
    return ends


def founders_prospects(
    sites: ArrayLike, concepts: Appeal, cost: float, tastes: Tastes, streets: Streets, choices: Choices,
    threads: int = 1, needed: float = 0.0,
) -> Floats:  # fmt: skip
    """Return best-response price and sales, (2, Q), of each concept (its `price` is ignored) at its empty site.

    A concept that nobody can reach sells nothing, at the price that the search begins with; so does one whose
    contribution (p − c)·S would surely stay below `needed`, dollars, at any price (`homogsim.laws.screening`). Most
    concepts do, and cost less so.
    """
    at_cost = concepts._replace(price=np.full(len(concepts.base), float(cost)))
    places = ids(sites)
    prospects = np.zeros((2, places.size))
    prospects[0] = cost + FIRST_MARKUP * choices.noise
    pursued = np.arange(places.size)
    if needed > 0.0 and not len(tastes.liking) and (places[1:] >= places[:-1]).all():  # the screen wants them in order
        first = _runs(places)
        most = most_contribution(places[first[:-1]], first, at_cost, tastes, streets, choices, threads)
        pursued = np.flatnonzero(~(most < needed))
    table, width = outlet_table(at_cost, choices.noise, tastes.waves)[pursued], _most_customers(streets)
    several = max(1, NOTES // max(width, 1))
    for start in range(0, pursued.size, several):
        some = pursued[start : start + several]
        rows = table[start : start + several]
        prospects[:, some] = _found(places[some], rows, float(cost), tastes, streets, choices, threads, width)
    prospects[1] *= streets.weight
    return prospects


def _found(
    places: Ints, table: Floats, cost: float, tastes: Tastes, streets: Streets, choices: Choices, threads: int,
    width: int,
) -> Floats:  # fmt: skip
    """Return price and Σ Pr of each concept."""
    first = _runs(places)
    cell_of = np.searchsorted(streets.site_start, places, side="right") - 1
    notes = _notes(cell_of, width, streets)
    group_of = notes.group[cell_of]
    put_question(FOUND, places[first[:-1]], first, table[:0], table, tastes, streets, choices, threads, notes)
    prospects, rooms = np.empty((2, places.size)), my_rooms(threads, rows_of_tastes(tastes))

    def work(start: int, stop: int, thread: int) -> None:
        _price(start, stop, group_of, notes, cost, float(choices.noise), prospects, rooms[thread])

    share_out(work, places.size, threads)
    return prospects


def _notes(cell_of: Ints, width: int, streets: Streets) -> Notes:
    """Return room for what founders note at sites of these cells, one for each concept."""
    group = np.full(streets.consumer_start.size - 1, -1)
    group[cell_of] = 0
    cells = (group == 0).nonzero()[0]
    group[cells] = np.arange(cells.size)
    odds, alpha, others = (np.empty((rows, width)) for rows in (cell_of.size, cells.size, cells.size))
    place = np.zeros((cells.size, most_of(streets.visitors_start) + 1), np.int64)
    entries = -(-np.diff(streets.consumer_start) // LANES) * LANES
    for g, cell in enumerate(cells):
        town = cell % streets.towns
        visitors = streets.visitors_towns[streets.visitors_start[town] : streets.visitors_start[town + 1]]
        place[g, 1 : visitors.size + 1] = entries[cell - town + visitors]
    return Notes(odds, alpha, others, group, place.cumsum(axis=1))


def _most_customers(streets: Streets) -> int:
    """Return how many customers a site has at most, or more, in blocks filled up to whole vectors."""
    return (most_of(streets.consumer_start) + LANES) * most_of(streets.visitors_start)


__all__ = ["founders_prospects"]
