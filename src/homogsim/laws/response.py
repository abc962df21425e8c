"""What one firm expects of its customers (docs/model.md, own-share response) and what a founder expects.

Both take last month's choices as given: `inclusive` holds outside + Σ e^{V/μ} of every consumer, rivals stay as they
were. So does a third question: what are consumers left with when an outlet closes?
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from homogsim.kernels.compiled import njit
from homogsim.laws.demand import Appeal, Streets, Tastes
from homogsim.laws.screening import SMALLEST, most_contribution
from homogsim.laws.threads import share_out
from homogsim.laws.utility import (
    BLOCK,
    FREE,
    ONE,
    SENSITIVITY,
    STRIDE,
    at,
    attract,
    directions_of,
    measure_way,
    my_rooms,
    outlet_table,
    part,
    recall,
    rows_of_tastes,
    settle,
    traits_of,
)
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

RESPOND, CLOSE, FOUND = range(3)
"""What is asked of a site's customers."""
_NEWCOMER = np.int64(-2)  # the site of a business where nobody was last

_INCLUSIVE, _OWN, _OTHERS, _ODDS, _LOSS, _BEND = (FREE + STRIDE * r for r in range(6))


class Choices(NamedTuple):
    """Last month's choices, as the kernel of `homogsim.laws.demand` left them."""

    inclusive: Floats  # (N) outside + Σ e^{V/μ}
    last: NDArray[np.int32]  # (N) where each consumer was last before choosing, −1 nowhere
    noise: float  # μ


class _Notes(NamedTuple):
    """What founders note of all the customers of a site: those of one town after those of the other."""

    odds: Floats  # (options, width) attraction of a concept at cost
    alpha: Floats  # (groups, width)
    others: Floats  # (groups, width) attraction of all that there is
    group: Ints  # (cells) row of the cell's sites, −1 none
    place: Ints  # (groups, visiting towns + 1) where the customers from each town begin, and where the last end


@part
def _meet(first, size, vectors, inclusive, room):
    """Copy what there is for the consumers in the room; for nobody, who fills the last vector up, there is one."""
    prefer_wide_vectors()
    for n in range(size):
        room[_INCLUSIVE + n] = inclusive[at(first, n)]
    for n in range(size, vectors * LANES):
        room[_INCLUSIVE + n] = 1.0


@part
def _respond(vectors, room):
    """Return Σ Pr of an option among the customers in the room."""
    prefer_wide_vectors()
    for n in range(vectors * LANES):
        room[_ODDS + n] /= room[_OTHERS + n] + room[_ODDS + n]
    return sum_of_products(room, _ODDS, ONE, vectors * LANES)


@part
def _set_apart(vectors, room):
    """Take the firm's own old e^V out of its denominator."""
    prefer_wide_vectors()
    for n in range(vectors * LANES):
        room[_OTHERS + n] = max(room[_INCLUSIVE + n] - room[_OWN + n], 0.0)


@part
def _leave(first, size, inclusive, room):
    """Leave consumers with what there is besides the firm."""
    prefer_wide_vectors()
    for n in range(size):
        room[_INCLUSIVE + n] = max(room[_OTHERS + n], SMALLEST)
        inclusive[at(first, n)] = room[_INCLUSIVE + n]


@part
def _somebody(vectors, room):
    """Let an option attract nobody where there is nobody: in what fills the last vector up."""
    prefer_wide_vectors()
    for n in range(vectors * LANES):
        room[_ODDS + n] *= room[ONE + n]


@part
def _note(row, vectors, target, room):
    """Copy a row of the room to a place in the notes."""
    prefer_wide_vectors()
    for n in range(vectors * LANES):
        target[n] = room[at(row, n)]


@part
def _which_visitor(town, there, streets):
    """Return where in the list of visitors the consumers of `town` stand who go to the town `there`; −1 nowhere."""
    for v in range(streets.visitors_start[there], streets.visitors_start[there + 1]):
        if streets.visitors_towns[v] == town:
            return v
    return -1


@njit(cache=True, nogil=True)
def _ask(
    start, stop, question, site_of, sites, begin, end, incumbents, options, traits, ideal, liking, directions, streets,
    inclusive, last, noise, answers, notes, room,
):  # fmt: skip
    """Ask the consumers of the cells `start` to `stop` about the `sites` that they reach, block by block.

    The sites in cell c are those from ``site_of[c]`` to ``site_of[c + 1]``; the options at one of these are the rows
    of `options` from ``begin[f]`` to ``end[f]``. RESPOND adds Σ Pr of each option to `answers`, a row for each town
    that visitors come from, FOUND fills in the notes, CLOSE takes the incumbents out of `inclusive`.
    """
    d, reach = ideal.shape[0], streets.reach_towns.shape[1]
    for cell in range(start, stop):
        town, asked, met = cell % streets.towns, 0, 0
        for r in range(reach):
            other = cell - town + streets.reach_towns[town, r]
            asked += site_of[other + 1] - site_of[other]
        if asked == 0:
            continue
        for block in range(streets.consumer_start[cell], streets.consumer_start[cell + 1], BLOCK):
            size = min(BLOCK, streets.consumer_start[cell + 1] - block)
            vectors = settle(block, size, traits, ideal, liking, room)
            _meet(block, size, vectors, inclusive, room)
            if question != FOUND:  # nobody has been to a newcomer: there is nothing to recall
                recall(block, size, last, noise, vectors, room)
            for r in range(reach):
                there = streets.reach_towns[town, r]
                other, at_home = cell - town + there, there == town
                v = _which_visitor(town, there, streets)
                if v < 0 or site_of[other] == site_of[other + 1]:
                    continue
                visitor = v - streets.visitors_start[there]
                place = np.int64(0)
                if question == FOUND:
                    g = notes.group[other]
                    place = notes.place[g, visitor] + met
                    _note(SENSITIVITY, vectors, notes.alpha[g, place:], room)
                    _note(_INCLUSIVE, vectors, notes.others[g, place:], room)
                for f in range(site_of[other], site_of[other + 1]):
                    site = sites[f]
                    east, north = streets.site_place[0, site], streets.site_place[1, site]
                    measure_way(east, north, at_home, streets.visitors_minutes[v], vectors, room)
                    # Loyalty to a business that has closed does not pass to a newcomer at its site.
                    familiar = _NEWCOMER if question == FOUND else site
                    if question != FOUND:
                        attract(incumbents, site, directions, d, at_home, familiar, vectors, room, _OWN)
                        _set_apart(vectors, room)
                    for option in range(begin[f], end[f]):
                        attract(options, option, directions, d, at_home, familiar, vectors, room, _ODDS)
                        if question == FOUND:
                            _somebody(vectors, room)
                            _note(_ODDS, vectors, notes.odds[option, place:], room)
                        else:
                            answers[visitor, option] += _respond(vectors, room)
                    if question == CLOSE:
                        _leave(block, size, inclusive, room)
            met += vectors * LANES


@part
def _sell(odds, alpha, others, tag, room):
    """Return Σ Pr, Σ Pr(1 − Pr)α and Σ Pr(1 − Pr)(1 − 2Pr)α² of a newcomer with a markup `tag` in units of μ."""
    prefer_wide_vectors()
    sales, slope, bend = 0.0, 0.0, 0.0
    for start in range(0, odds.size, BLOCK):
        size = min(BLOCK, odds.size - start) // LANES * LANES
        at_cost, sensitivity, rivals = odds[start:], alpha[start:], others[start:]
        for n in range(size):
            room[_OWN + n] = at_cost[n] * exp(-tag * sensitivity[n])
        for n in range(size):
            share = room[_OWN + n] / (rivals[n] + room[_OWN + n])
            loss = share * (1.0 - share) * sensitivity[n]
            room[_ODDS + n] = share
            room[_LOSS + n] = loss
            room[_BEND + n] = loss * (1.0 - 2.0 * share) * sensitivity[n]
            room[ONE + n] = 1.0
        sales += sum_of_products(room, _ODDS, ONE, size)
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


def own_share_response(
    sites: ArrayLike, first: ArrayLike, appeal: Appeal, options: Appeal, tastes: Tastes, streets: Streets,
    choices: Choices, threads: int = 1,
) -> Floats:  # fmt: skip
    """Return S′ = Σ_i W·Pr_ij·e^{Δ_i}/(1 − Pr_ij + Pr_ij·e^{Δ_i}), Δ_i = ΔV_ij/μ, of each option, rivals fixed.

    In occasions a month, over the consumers who can reach the firm; exact for one firm (docs/model.md).

    Parameters
    ----------
    sites : (F,) int array
        Sites of the firms that ask.
    first : (F + 1,) int array
        The options of firm f are the rows ``first[f]`` to ``first[f + 1]``.
    appeal : Appeal
        What consumers saw last month, by site.
    options : Appeal
        What they would see, by option.
    """
    incumbents, alternatives = (outlet_table(seen, choices.noise, tastes.waves) for seen in (appeal, options))
    return streets.weight * _survey(
        RESPOND, _ids(sites), _ids(first), incumbents, alternatives, tastes, streets, choices, threads
    )


def remove_outlet(
    site: ArrayLike, appeal: Appeal, tastes: Tastes, streets: Streets, choices: Choices, threads: int = 1
) -> None:
    """Take the outlet at `site` (or those at several sites) out of the consumers' `inclusive` values: it has closed."""
    sites, table = _ids(np.atleast_1d(site)), outlet_table(appeal, choices.noise, tastes.waves)
    _survey(CLOSE, sites, np.zeros(sites.size + 1, np.int64), table, table[:0], tastes, streets, choices, threads)


def _survey(
    question: int, sites: Ints, first: Ints, incumbents: Floats, options: Floats, tastes: Tastes, streets: Streets,
    choices: Choices, threads: int, notes: _Notes | None = None,
) -> Floats:  # fmt: skip
    """Ask on several threads; return Σ Pr of each option, town by town added up."""
    order = np.argsort(sites, kind="stable")
    sites, begin, end = sites[order], first[:-1][order], first[1:][order]
    site_of = np.searchsorted(sites, streets.site_start)
    traits, ideal, liking = traits_of(tastes), np.ascontiguousarray(tastes.ideal), np.ascontiguousarray(tastes.liking)
    streets = streets._replace(weight=float(streets.weight))
    notes = notes or _NO_NOTES
    answers = np.zeros((int(np.diff(streets.visitors_start).max(initial=0)), len(options)))
    rooms = my_rooms(threads, rows_of_tastes(tastes))

    def work(start: int, stop: int, thread: int) -> None:
        _ask(
            start, stop, question, site_of, sites, begin, end, incumbents, options, traits, ideal, liking,
            directions_of(tastes), streets, choices.inclusive, choices.last, float(choices.noise), answers, notes,
            rooms[thread],
        )  # fmt: skip

    share_out(work, streets.consumer_start.size - 1, threads)
    total = np.zeros(len(options))
    for from_one_town in answers:
        total += from_one_town
    return total


_NOTHING = np.empty((0, 0))
_NO_NOTES = _Notes(_NOTHING, _NOTHING, _NOTHING, np.empty(0, np.int64), np.empty((0, 0), np.int64))


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
    places = _ids(sites)
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
    cells, group_of = np.unique(np.searchsorted(streets.site_start, places, side="right") - 1, return_inverse=True)
    notes = _notes(places.size, cells, width, streets)
    _survey(FOUND, places[first[:-1]], first, table[:0], table, tastes, streets, choices, threads, notes)
    prospects, rooms = np.empty((2, places.size)), my_rooms(threads, rows_of_tastes(tastes))

    def work(start: int, stop: int, thread: int) -> None:
        _price(start, stop, group_of, notes, cost, float(choices.noise), prospects, rooms[thread])

    share_out(work, places.size, threads)
    return prospects


def _notes(concepts: int, cells: Ints, width: int, streets: Streets) -> _Notes:
    """Return room for what founders note at the sites of these cells."""
    odds, alpha, others = (np.empty((rows, width)) for rows in (concepts, cells.size, cells.size))
    group = np.full(streets.consumer_start.size - 1, -1)
    group[cells] = np.arange(cells.size)
    place = np.zeros((cells.size, int(np.diff(streets.visitors_start).max(initial=0)) + 1), np.int64)
    entries = -(-np.diff(streets.consumer_start) // LANES) * LANES
    for g, cell in enumerate(cells):
        town = cell % streets.towns
        visitors = streets.visitors_towns[streets.visitors_start[town] : streets.visitors_start[town + 1]]
        place[g, 1 : visitors.size + 1] = entries[cell - town + visitors]
    return _Notes(odds, alpha, others, group, place.cumsum(axis=1))


def _most_customers(streets: Streets) -> int:
    """Return how many customers a site has at most, or more, in blocks filled up to whole vectors."""
    most, towns = (np.diff(start).max(initial=0) for start in (streets.consumer_start, streets.visitors_start))
    return int((most + LANES) * towns)


def _ids(values: ArrayLike) -> Ints:
    return np.ascontiguousarray(values, dtype=np.int64)


__all__ = ["Appeal", "Choices", "founders_prospects", "own_share_response", "remove_outlet"]
