"""What consumers would choose if one outlet were different, gone, or new, while all others stay as they were.

The engine of `homogsim.laws.response` and `homogsim.laws.founding`: it goes through the consumers once, block by block,
and asks each block about the sites that it reaches. Last month's choices are taken as given: `inclusive` holds outside
+ Σ e^{V/μ} of every consumer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from homogsim.kernels.compiled import njit
from homogsim.laws.demand import Appeal, Streets, Tastes
from homogsim.laws.screening import most
from homogsim.laws.singles import (
    ALPHA,
    CUSTOMERS,
    EXPONENT,
    HARDLY_ANY,
    REST,
    common,
    fit,
    leave,
    narrowed,
    rooms_of_singles,
    settle_singles,
    shift,
    stand,
    stand_alone,
    way,
)
from homogsim.laws.threads import share_out
from homogsim.laws.utility import (
    BLOCK,
    OFFERING,
    at,
    attraction_of,
    directions_of,
    inlined,
    my_rooms,
    outlet_table,
    part,
    rows_of_tastes,
    settle,
    traits_of,
)
from homogsim.numerics import LANES, prefer_wide_vectors

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]


class Choices(NamedTuple):
    """Last month's choices, as the kernel of `homogsim.laws.demand` left them."""

    inclusive: Floats  # (N) outside + Σ e^{V/μ}
    last: NDArray[np.int32]  # (N) where each consumer was last before choosing, −1 nowhere
    noise: float  # μ
    people: Singles | None = None
    """What these consumers are (`narrowed`); worked out anew where it is not known."""
    gone: Ints = np.zeros(0, np.int64)
    """Sites whose outlets have closed since, ascending: newcomers find what they have left."""
    seen: Appeal | None = None
    """What consumers saw of these outlets, in the order of `gone`."""


class Notes(NamedTuple):
    """What founders note of all the customers of a site: those of one town after those of the other."""

    exponents: Singles  # (options, width) log2 of the attraction of a concept at cost, relative to all that there is
    alpha: Singles  # (groups, width)
    group: Ints  # (cells) row of the cell's sites, −1 none
    group_of: Ints  # (options) row of each option's site
    place: Ints  # (groups, visiting towns + 1) where the customers from each town begin, and where the last end


class Gone(NamedTuple):
    """Outlets that have closed since consumers chose, sorted by site."""

    site_of: Ints  # (cells + 1) where those of each cell begin
    sites: Ints
    outlets: Floats  # table of what consumers saw of them


@part
def _note(row, count, target, singles):
    """Copy a row of the room of singles to a place in the notes."""
    prefer_wide_vectors()
    for n in range(count):
        target[n] = singles[at(row, n)]


@part
def _which_visitor(town, there, streets):
    """Return where in the list of visitors the consumers of `town` stand who go to the town `there`; −1 nowhere."""
    for v in range(streets.visitors_start[there], streets.visitors_start[there + 1]):
        if streets.visitors_towns[v] == town:
            return v
    return -1


@part
def _alike(concept, outlets):
    """Return whether a concept differs from the one before in its offering only."""
    alike = True
    for column in range(OFFERING):
        alike = alike and outlets[concept, column] == outlets[concept - 1, column]
    return alike


@inlined
def _stand_at(
    site, outlets, row, at_home, minutes, block, size, count, traits, ideal, liking, directions, streets, left, begin,
    last, noise, room, singles,
):  # fmt: skip
    """Write what the firm at `site`, row `row` of `outlets`, is to the customers in the room: log2 Pr and 1 − Pr.

    There is ``left[begin:]`` for them.
    """
    east, north, d = streets.site_place[0, site], streets.site_place[1, site], ideal.shape[0]
    vectors = (size + LANES - 1) // LANES
    way(east, north, at_home, minutes, count, singles)
    common(outlets, row, at_home, count, singles)
    fit(outlets, row, directions, d, vectors, count, room, singles)
    if stand(site, block, size, last, noise, count, singles):
        for n in range(size):
            if singles[REST + n] < HARDLY_ANY:
                i = block + n
                own = attraction_of(
                    traits, ideal, liking, directions, i, outlets, row, east, north, 1.0 if at_home else 0.0, minutes,
                    last[i] == site, noise,
                )  # fmt: skip
                stand_alone(n, own, left[begin + n], singles)


@inlined
def _take_out(
    gone, cell, block, size, count, traits, ideal, liking, directions, streets, inclusive, left, last, noise, room,
    singles,
):  # fmt: skip
    """Leave the customers in the room with what there is without the outlets that are `gone`."""
    town, known = cell % streets.towns, False
    for r in range(streets.reach_towns.shape[1]):
        there = streets.reach_towns[town, r]
        other = cell - town + there
        v = _which_visitor(town, there, streets)
        if v < 0 or gone.site_of[other] == gone.site_of[other + 1]:
            continue
        if not known:
            for n in range(size):
                left[n] = inclusive[at(block, n)]
            known = True
        for row in range(gone.site_of[other], gone.site_of[other + 1]):
            _stand_at(
                gone.sites[row], gone.outlets, row, there == town, streets.visitors_minutes[v], block, size, count,
                traits, ideal, liking, directions, streets, left, 0, last, noise, room, singles,
            )  # fmt: skip
            leave(size, left, singles)


@njit(cache=True, nogil=True)
def _ask(
    start, stop, site_of, sites, begin, end, incumbents, options, gone, people, traits, ideal, liking, directions,
    streets, inclusive, last, noise, answers, notes, room, singles, left,
):  # fmt: skip
    """Ask the consumers of the cells `start` to `stop` about the `sites` that they reach, block by block.

    The sites in cell c are those from ``site_of[c]`` to ``site_of[c + 1]``; the options at one of these are the rows
    of `options` from ``begin[f]`` to ``end[f]``. Firms are `incumbents`: Σ Pr of each option is added to `answers`, a
    row for each town that visitors come from. Founders have `notes`, which they fill in, and add what a concept brings
    at most; they find customers without the outlets that are `gone`. Each question is compiled for itself: the compiler
    never sees what would be done with something that is None.
    """
    d, reach = ideal.shape[0], streets.reach_towns.shape[1]
    length = CUSTOMERS if directions is None else BLOCK
    for cell in range(start, stop):
        town, asked, met = cell % streets.towns, 0, 0
        for r in range(reach):
            other = cell - town + streets.reach_towns[town, r]
            asked += site_of[other + 1] - site_of[other]
        if asked == 0:
            continue
        for block in range(streets.consumer_start[cell], streets.consumer_start[cell + 1], length):
            size = min(length, streets.consumer_start[cell + 1] - block)
            vectors = (size + LANES - 1) // LANES
            count = settle_singles(block, size, people, inclusive, singles)
            if directions is not None:  # waves are told in double precision only
                settle(block, size, traits, ideal, liking, room)
            if gone is not None:
                _take_out(
                    gone, cell, block, size, count, traits, ideal, liking, directions, streets, inclusive, left, last,
                    noise, room, singles,
                )  # fmt: skip
            for r in range(reach):
                there = streets.reach_towns[town, r]
                other, at_home = cell - town + there, there == town
                v = _which_visitor(town, there, streets)
                if v < 0 or site_of[other] == site_of[other + 1]:
                    continue
                visitor, minutes = v - streets.visitors_start[there], streets.visitors_minutes[v]
                if notes is not None:
                    g = notes.group[other]
                    place = notes.place[g, visitor] + met
                    _note(ALPHA, count, notes.alpha[g, place:], singles)
                for f in range(site_of[other], site_of[other + 1]):
                    site = sites[f]
                    if incumbents is not None:
                        _stand_at(
                            site, incumbents, site, at_home, minutes, block, size, count, traits, ideal, liking,
                            directions, streets, inclusive, block, last, noise, room, singles,
                        )  # fmt: skip
                        for option in range(begin[f], end[f]):
                            answers[visitor, option] += shift(
                                incumbents, site, options, option, directions, d, at_home, vectors, count, room,
                                singles,
                            )  # fmt: skip
                    if notes is not None:
                        east, north = streets.site_place[0, site], streets.site_place[1, site]
                        way(east, north, at_home, minutes, count, singles)
                        for option in range(begin[f], end[f]):
                            # Loyalty to a business that has closed does not pass to a newcomer at its site.
                            if option == begin[f] or not _alike(option, options):
                                common(options, option, at_home, count, singles)
                            fit(options, option, directions, d, vectors, count, room, singles)
                            _note(EXPONENT, count, notes.exponents[option, place:], singles)
                            answers[visitor, option] += most(count, singles)
            met += count


def ask(
    sites: Ints, first: Ints, seen: Appeal | None, options: Appeal, tastes: Tastes, streets: Streets, choices: Choices,
    threads: int, notes: Notes | None = None,
) -> Floats:  # fmt: skip
    """Ask on several threads, for firms that consumers have `seen` or for founders; return the answers by option.

    Answers of the towns are added up in their order.
    """
    order = np.argsort(sites, kind="stable")
    sites, begin, end = sites[order], first[:-1][order], first[1:][order]
    site_of = np.searchsorted(sites, streets.site_start)
    table = outlet_table(options, choices.noise, tastes.waves)
    incumbents = None if seen is None else outlet_table(seen, choices.noise, tastes.waves)
    gone = None if notes is None else _gone(choices, tastes, streets, table[:0])
    people = narrowed(tastes) if choices.people is None else choices.people
    traits, ideal, liking = traits_of(tastes), np.ascontiguousarray(tastes.ideal), np.ascontiguousarray(tastes.liking)
    streets = streets._replace(weight=float(streets.weight))
    answers = np.zeros((most_of(streets.visitors_start), len(table)))
    rooms, singles = my_rooms(threads, rows_of_tastes(tastes)), rooms_of_singles(threads, len(ideal))
    left = np.empty((threads, CUSTOMERS))

    def work(start: int, stop: int, thread: int) -> None:
        _ask(
            start, stop, site_of, sites, begin, end, incumbents, table, gone, people, traits, ideal, liking,
            directions_of(tastes), streets, choices.inclusive, choices.last, float(choices.noise), answers, notes,
            rooms[thread], singles[thread], left[thread],
        )  # fmt: skip

    share_out(work, streets.consumer_start.size - 1, threads)
    total = np.zeros(len(table))
    for from_one_town in answers:
        total += from_one_town
    return total


def _gone(choices: Choices, tastes: Tastes, streets: Streets, nothing: Floats) -> Gone:
    """Return the outlets that have closed, `nothing` being a table without any."""
    outlets = nothing if choices.seen is None else outlet_table(choices.seen, choices.noise, tastes.waves)
    return Gone(np.searchsorted(choices.gone, streets.site_start), choices.gone, outlets)


def most_of(start: Ints) -> int:
    """Return the size of the largest group, where group g is from ``start[g]`` to ``start[g + 1]``."""
    return int((start[1:] - start[:-1]).max(initial=0))


def ids(values: ArrayLike) -> Ints:
    """Return site or option numbers as the kernels take them."""
    return np.ascontiguousarray(values, dtype=np.int64)


__all__ = ["Choices", "Notes", "ask", "ids", "most_of"]
