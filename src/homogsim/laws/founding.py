"""What a founder expects of a concept: the price that answers rivals' prices best, and what it sells (docs/model.md).

Founders reckon by Bertrand's rule with all the customers who could reach them, each with last month's choices. Most
concepts bring too little at any price, which `homogsim.laws.screening` sees at a fraction of the cost.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from homogsim.kernels.compiled import njit
from homogsim.laws.asking import Choices, Notes, ask, ids, most_of
from homogsim.laws.demand import Appeal, Streets, Tastes
from homogsim.laws.screening import RAISED
from homogsim.laws.singles import Single
from homogsim.laws.threads import share_out
from homogsim.laws.utility import BLOCK, part
from homogsim.numerics import LANES, LN2, exp2, prefer_wide_vectors, sum_of_singles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEAR = 1e-4
"""Newton step, in units of μ, after which a founder need not ask again: the error left is its square."""
STEPS = 100
"""Newton steps of a founder, at most."""
LONGEST_STEP = 2.0
"""Length of such a step, at most, in units of μ: it leads to the nearest best price."""
FIRST_MARKUP = 1.3
"""Markup at which the search begins, in units of μ."""
HIGHEST_MARKUP = 100.0
"""Largest markup that a founder considers, in units of μ: customers without any alternative would pay any price."""
CAPTIVE = Single(2.0**100)
"""Odds of coming from which on a customer comes at any price."""
NOTES = 8_000_000
"""Attractions of concepts to customers that are kept at a time: 32 MB."""

_SHARE, _LOSS, _BEND = (np.int64(BLOCK * r) for r in range(3))


@part
def _sell(exponents, alpha, tag, room):
    """Return Σ Pr, Σ Pr(1 − Pr)α and Σ Pr(1 − Pr)(1 − 2Pr)α² of a newcomer with a markup `tag` in units of μ."""
    prefer_wide_vectors()
    sales, slope, bend, unit, one = 0.0, 0.0, 0.0, Single(tag / LN2), Single(1.0)
    for start in range(0, exponents.size, BLOCK):
        size = min(BLOCK, exponents.size - start) // (2 * LANES) * (2 * LANES)
        at_cost, sensitivity = exponents[start:], alpha[start:]
        for n in range(size):
            odds = exp2(at_cost[n] - unit * sensitivity[n])
            rest = one / (one + odds) if odds < CAPTIVE else Single(0.0)
            share = one - rest if odds > one else odds * rest
            loss = share * rest * sensitivity[n]
            room[_SHARE + n] = share
            room[_LOSS + n] = loss
            room[_BEND + n] = loss * (rest - share) * sensitivity[n]
        sales += sum_of_singles(room, _SHARE, size)
        slope += sum_of_singles(room, _LOSS, size)
        bend += sum_of_singles(room, _BEND, size)
    return sales, slope, bend


@njit(cache=True, nogil=True)
def _price(start, stop, pursued, notes, cost, noise, prospects):
    """Write the best-response price of each concept that is pursued, and Σ Pr at it, to `prospects`.

    Newton's method on f(p) = c + S/B − p, with B = −∂S/∂p: f′ = −2 + S·B′/B², where B′ = −∂B/∂p. After a last short
    step the sales follow from their first two derivatives, with an error of the step's cube.
    """
    highest, longest = cost + HIGHEST_MARKUP * noise, LONGEST_STEP * noise
    room = np.empty(3 * BLOCK, np.float32)
    for each in range(start, stop):
        concept = pursued[each]
        g = notes.group_of[concept]
        met = notes.place[g, -1]
        exponents, alpha = notes.exponents[concept, :met], notes.alpha[g, :met]
        price, sales = cost + FIRST_MARKUP * noise, 0.0
        for _ in range(STEPS):
            sales, slope, bend = _sell(exponents, alpha, (price - cost) / noise, room)
            if sales <= 0.0:
                break
            markup = noise * sales / slope
            gap = cost + markup - price
            if price >= highest and gap > 0.0:
                break
            step = gap / max(2.0 - sales / slope * (bend / slope), 0.5) if slope > 0.0 else gap
            if abs(step) < NEAR * noise and price + step < highest:
                price += step
                sales -= (slope - 0.5 * bend * step / noise) * step / noise
                break
            price = min(price + min(max(step, -longest), longest), highest)
        prospects[0, each], prospects[1, each] = price, sales


@njit(cache=True, nogil=True)
def _serve(start, stop, notes, sales):
    """Write Σ Pr of each concept at the price that it was noted with to `sales`."""
    room = np.empty(3 * BLOCK, np.float32)
    for concept in range(start, stop):
        g = notes.group_of[concept]
        met = notes.place[g, -1]
        sales[concept], _, _ = _sell(notes.exponents[concept, :met], notes.alpha[g, :met], 0.0, room)


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
    concepts do, and are never priced.
    """
    at_cost = concepts._replace(price=np.full(len(concepts.base), float(cost)))
    places = ids(sites)
    prospects = np.zeros((2, places.size))
    prospects[0] = cost + FIRST_MARKUP * choices.noise
    for start, notes, brings in _explored(places, at_cost, tastes, streets, choices, threads):
        pursued = np.flatnonzero(~(brings < needed))
        prospects[:, start + pursued] = _priced(pursued, notes, float(cost), float(choices.noise), threads)
    prospects[1] *= streets.weight
    return prospects


def newcomers_sales(
    sites: ArrayLike, concepts: Appeal, tastes: Tastes, streets: Streets, choices: Choices, threads: int = 1
) -> Floats:
    """Return what each concept would sell at its empty site and its own price, occasions a month, rivals fixed."""
    places = ids(sites)
    sales = np.zeros(places.size)
    for start, notes, brings in _explored(places, concepts, tastes, streets, choices, threads):
        sales[start : start + brings.size] = _served(notes, threads)
    return streets.weight * sales


def _explored(
    places: Ints, concepts: Appeal, tastes: Tastes, streets: Streets, choices: Choices, threads: int
) -> Iterator[tuple[int, Notes, Floats]]:
    """Yield what founders note of the customers of their concepts, so many at a time, and what each brings at most.

    The latter in dollars a month at any price, if the concepts are seen at cost.
    """
    width = _most_customers(streets)
    several = max(1, NOTES // max(width, 1))
    for start in range(0, places.size, several):
        some, of = places[start : start + several], concepts.at(slice(start, start + several))
        first = _runs(some)
        notes = _notes(np.searchsorted(streets.site_start, some, side="right") - 1, width, streets)
        most = ask(some[first[:-1]], first, None, of, tastes, streets, choices, threads, notes)
        yield start, notes, RAISED * choices.noise * streets.weight * most


def _priced(pursued: Ints, notes: Notes, cost: float, noise: float, threads: int) -> Floats:
    """Return price and Σ Pr, (2, n), of the concepts that are pursued."""
    prospects = np.empty((2, pursued.size))
    share_out(lambda a, b, _: _price(a, b, pursued, notes, cost, noise, prospects), pursued.size, threads)
    return prospects


def _served(notes: Notes, threads: int) -> Floats:
    """Return Σ Pr of all concepts noted, at the price that they have."""
    sales = np.empty(len(notes.exponents))
    share_out(lambda a, b, _: _serve(a, b, notes, sales), sales.size, threads)
    return sales


def _notes(cell_of: Ints, width: int, streets: Streets) -> Notes:
    """Return room for what founders note at sites of these cells, one for each concept."""
    group = np.full(streets.consumer_start.size - 1, -1)
    group[cell_of] = 0
    cells = (group == 0).nonzero()[0]
    group[cells] = np.arange(cells.size)
    exponents, alpha = (np.empty((rows, width), np.float32) for rows in (cell_of.size, cells.size))
    entries, town = -(-np.diff(streets.consumer_start) // (2 * LANES)) * 2 * LANES, cells % streets.towns
    begin, end = streets.visitors_start[town][:, None], streets.visitors_start[town + 1][:, None]
    place = np.zeros((cells.size, most_of(streets.visitors_start) + 1), np.int64)
    visitor = begin + np.arange(place.shape[1] - 1)
    from_town = streets.visitors_towns[np.where(visitor < end, visitor, 0)]
    place[:, 1:] = np.where(visitor < end, entries[(cells - town)[:, None] + from_town], 0)
    return Notes(exponents, alpha, group, group[cell_of], place.cumsum(axis=1))


def _most_customers(streets: Streets) -> int:
    """Return how many customers a site has at most, or more, in blocks filled up to whole vectors."""
    return (most_of(streets.consumer_start) + 2 * LANES) * most_of(streets.visitors_start)


__all__ = ["founders_prospects", "newcomers_sales"]
