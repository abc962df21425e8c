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
from homogsim.laws.demand import Streets, Tastes
from homogsim.laws.screening import SMALLEST
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
    part,
    recall,
    rows_of_tastes,
    settle,
    traits_of,
)
from homogsim.numerics import LANES, prefer_wide_vectors, sum_of_products

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RESPOND, CLOSE, FOUND = range(3)
"""What is asked of a site's customers."""
_NEWCOMER = np.int64(-2)  # the site of a business where nobody was last

_INCLUSIVE, _OWN, _OTHERS, _ODDS = (FREE + STRIDE * r for r in range(4))


class Choices(NamedTuple):
    """Last month's choices, as the kernel of `homogsim.laws.demand` left them."""

    inclusive: Floats  # (N) outside + Σ e^{V/μ}
    last: NDArray[np.int32]  # (N) where each consumer was last before choosing, −1 nowhere
    noise: float  # μ


class Notes(NamedTuple):
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


def put_question(
    question: int, sites: Ints, first: Ints, incumbents: Floats, options: Floats, tastes: Tastes, streets: Streets,
    choices: Choices, threads: int, notes: Notes | None = None,
) -> Floats:  # fmt: skip
    """Ask on several threads; return Σ Pr of each option, town by town added up, as the answer to RESPOND."""
    order = np.argsort(sites, kind="stable")
    sites, begin, end = sites[order], first[:-1][order], first[1:][order]
    site_of = np.searchsorted(sites, streets.site_start)
    traits, ideal, liking = traits_of(tastes), np.ascontiguousarray(tastes.ideal), np.ascontiguousarray(tastes.liking)
    streets = streets._replace(weight=float(streets.weight))
    notes = notes or _NO_NOTES
    answers = np.zeros((most_of(streets.visitors_start) if question == RESPOND else 0, len(options)))
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
_NO_NOTES = Notes(_NOTHING, _NOTHING, _NOTHING, np.empty(0, np.int64), np.empty((0, 0), np.int64))


def most_of(start: Ints) -> int:
    """Return the size of the largest group, where group g is from ``start[g]`` to ``start[g + 1]``."""
    return int((start[1:] - start[:-1]).max(initial=0))


def ids(values: ArrayLike) -> Ints:
    """Return site or option numbers as the kernels take them."""
    return np.ascontiguousarray(values, dtype=np.int64)


__all__ = ["CLOSE", "FOUND", "RESPOND", "Choices", "Notes", "ids", "most_of", "put_question"]
