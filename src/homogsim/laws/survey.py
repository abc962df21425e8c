"""What consumers would answer if one asked them: how a visit was, and what their best choice is worth.

The formulas are those by which they choose (`homogsim.laws.demand`); nothing here moves the market.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.kernels.compiled import njit
from homogsim.laws.demand import Appeal, Streets, Tastes
from homogsim.laws.threads import share_out
from homogsim.laws.utility import (
    core_of,
    core_utility,
    directions_of,
    liked,
    minutes_between,
    outlet_table,
    part,
    traits_of,
)
from homogsim.numerics import exp, log, prefer_wide_vectors

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]
Groups = NDArray[np.int8]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def visit_values(bought: Ids, tastes: Tastes, streets: Streets, appeal: Appeal, threads: int = 1) -> Floats:
    """Return what each consumer's visit was worth: u_ij = (V_ij without distance, loyalty and awareness)/α_i.

    Parameters
    ----------
    bought : (N,) int array
        Site visited, −1 none.

    Returns
    -------
    (N,) array
        Dollars; NaN for those who went nowhere.
    """
    values, outlets = np.full(bought.size, np.nan), outlet_table(appeal, 1.0, tastes.waves)
    about = _told(tastes)
    share_out(
        lambda first, last, _: _judge_visits(first, last, bought, *about, streets, outlets, values),
        streets.consumer_start.size - 1,
        threads,
    )
    return values


def _told(tastes: Tastes) -> tuple[tuple[Floats, ...], Floats, Floats, Floats | None]:
    """Return what `core_of` takes of tastes."""
    return traits_of(tastes), tastes.ideal, tastes.liking, directions_of(tastes)


@njit(cache=True, nogil=True)
def _judge_visits(
    first: int, last: int, bought: Ids, traits: tuple[Floats, ...], ideal: Floats, liking: Floats,
    directions: Floats | None, streets: Streets, outlets: Floats, values: Floats,
) -> None:  # fmt: skip
    """Write what the visits of the consumers of the cells `first` to `last` were worth."""
    for cell in range(first, last):
        start, stop = streets.site_start[cell], streets.site_start[cell + 1]
        for i in range(streets.consumer_start[cell], streets.consumer_start[cell + 1]):
            j = np.int64(bought[i])
            if j >= 0:
                at_home = 1.0 if start <= j < stop else 0.0
                values[i] = core_of(traits, ideal, liking, directions, i, outlets, j, at_home) / traits[0][i]


@njit(cache=True)
def census(
    before: Ids, now: Ids, is_small: Flags, surplus: Floats, group: Groups, groups: int
) -> tuple[int, int, Ints, Floats]:
    """Return how many customers small businesses had and have, how many stayed with each, and surplus by group.

    All in one pass: each count and sum has to wait for that of the consumer before, and so they wait together.

    Parameters
    ----------
    before, now : (N,) int arrays
        Site of the last purchase before and after the month's choice, −1 nowhere.
    is_small : (J,) bool array
        Sites of small businesses.
    surplus : (N,) array
        Consumer surplus, dollars.
    group : (N,) int array
        Group of each consumer, from 0.
    groups : int
        How many groups there are.

    Returns
    -------
    had, have : int
    stayed : (J,) int array
    total : (groups,) array
        Sums in the order of consumers, dollars.
    """
    had, have, stayed = 0, 0, np.zeros(is_small.size + 1, np.int64)
    counts = np.zeros(is_small.size + 1, np.int64)  # entry 0 stands for nowhere
    counts[1:] = is_small
    total = np.zeros(groups)
    for i in range(before.size):  # without branches, which nobody could predict, nor indices from the end
        was, is_now = np.uint64(before[i] + 1), np.uint64(now[i] + 1)
        have += counts[is_now]
        had += counts[was]
        stayed[was] += was == is_now
        total[np.uint64(group[i])] += surplus[i]
    return had, have, (stayed * counts)[1:], total


# Rows of the room of a survey: the outlets within reach, ...
_BASE, _PERSONAL, _LOCAL, _MISFIT, _PRICE, _TRAVEL, _EAST, _NORTH, _HOME, _MINUTES = range(10)
# ... their twins, ...
_TWIN_BASE, _TWIN_PERSONAL, _TWIN_LOCAL, _TWIN_MISFIT, _TWIN_PRICE = range(10, 15)
# ... and one consumer's answers; then d rows of offerings and d of the twins'.
_DISTANCE2, _TWIN_DISTANCE2, _CORE, _TWIN_CORE, _VALUE, _CHANCE, _AWARENESS, _GAP, _OFFERING = range(15, 24)


@part
def _pack(cell: int, streets: Streets, appeal: Appeal, twin: Appeal, is_open: Flags, sites: Ints, room: Floats) -> int:
    """Copy the open outlets within a cell's reach into a room; return how many they are."""
    town, count, d = cell % streets.towns, 0, appeal.offering.shape[0]
    for r in range(streets.reach_towns.shape[1]):
        other = cell - town + streets.reach_towns[town, r]
        for j in range(streets.site_start[other], streets.site_start[other + 1]):
            if not is_open[j]:
                continue
            east, north = streets.site_place[0, j], streets.site_place[1, j]
            home = 1.0 if r == 0 else 0.0
            sites[count] = j
            room[_BASE, count], room[_TWIN_BASE, count] = appeal.base[j], twin.base[j]
            room[_PERSONAL, count], room[_TWIN_PERSONAL, count] = appeal.personalization[j], twin.personalization[j]
            room[_LOCAL, count], room[_TWIN_LOCAL, count] = home * appeal.locality[j], home * twin.locality[j]
            room[_MISFIT, count], room[_TWIN_MISFIT, count] = appeal.misfit[j], twin.misfit[j]
            room[_PRICE, count], room[_TWIN_PRICE, count] = appeal.price[j], twin.price[j]
            room[_TRAVEL, count], room[_HOME, count] = appeal.travel[j], home
            room[_AWARENESS, count] = appeal.awareness[j]
            room[_EAST, count] = east if r == 0 else np.sqrt(east * east + north * north)
            room[_NORTH, count] = north if r == 0 else 0.0
            room[_MINUTES, count] = streets.reach_minutes[town, r]
            for k in range(d):
                room[_OFFERING + k, count] = appeal.offering[k, j]
                room[_OFFERING + d + k, count] = twin.offering[k, j]
            count += 1
    return count


@part
def _judge(
    i: int, count: int, tastes: Tastes, noise: float, outlets: Floats, twins: Floats, sites: Ints, room: Floats
) -> None:
    """Write what consumer `i` thinks of the outlets in a room: V without loyalty, the core of V, and that of the twin.

    The core is all but distance, loyalty and awareness.
    """
    prefer_wide_vectors()
    d = tastes.ideal.shape[0]
    alpha, theta = tastes.price_sensitivity[i], tastes.strength[i]
    beta_p, beta_l = tastes.personalization[i], tastes.locality[i]
    east, north = tastes.place[0, i], tastes.place[1, i]
    radius = np.sqrt(east * east + north * north)
    for first, target in ((_OFFERING, _DISTANCE2), (_OFFERING + d, _TWIN_DISTANCE2)):
        total = room[target]
        for j in range(count):
            total[j] = 0.0
        for k in range(d):
            ideal, there = tastes.ideal[k, i], room[first + k]
            for j in range(count):
                gap = ideal - there[j]
                total[j] += gap * gap
    for j in range(count):
        room[_GAP, j] = np.sqrt(room[_MISFIT, j] * room[_DISTANCE2, j])
    for base, distance2, target in ((_BASE, _DISTANCE2, _CORE), (_TWIN_BASE, _TWIN_DISTANCE2, _TWIN_CORE)):
        for j in range(count):
            room[target, j] = core_utility(
                room[base, j], room[base + _PERSONAL, j], room[base + _LOCAL, j], room[base + _MISFIT, j],
                room[base + _PRICE, j], room[distance2, j], alpha, theta, beta_p, beta_l,
            )  # fmt: skip
    if tastes.liking.shape[0] > 0:
        for j in range(count):
            site = sites[j]
            taste, room[_GAP, j] = liked(tastes.liking, tastes.waves.directions, tastes.ideal, i, outlets, site)
            room[_CORE, j] += taste
            room[_TWIN_CORE, j] += liked(tastes.liking, tastes.waves.directions, tastes.ideal, i, twins, site)[0]
    for j in range(count):
        minutes = minutes_between(
            east, north, radius, room[_EAST, j], room[_NORTH, j], room[_HOME, j], room[_MINUTES, j]
        )
        room[_VALUE, j] = room[_CORE, j] - room[_TRAVEL, j] * log(1.0 + minutes)
    for j in range(count):
        room[_CHANCE, j] = room[_AWARENESS, j] * exp(room[_VALUE, j] / noise)
    for j in range(count):
        room[_VALUE, j] += noise * log(room[_AWARENESS, j])


def ask(
    who: Ints, tastes: Tastes, streets: Streets, appeal: Appeal, twin: Appeal, is_open: Flags, is_small: Flags,
    inclusive: Floats, last: Ids, noise: float,
) -> tuple[Floats, Floats, Floats, Floats]:  # fmt: skip
    """Ask consumers about every outlet within their reach.

    Parameters
    ----------
    who : (n,) int array
        Rows of the consumers asked, in order.
    twin : Appeal
        What they would see of each outlet if it were its generic twin.
    is_open, is_small : (J,) bool arrays
        Outlets that traded, and those of small businesses.
    inclusive, last, noise
        As in `homogsim.laws.response.Choices`.

    Returns
    -------
    best : (n,) array
        Highest V_ij, dollars; −∞ where nothing is within reach.
    misfit : (n,) array
        Σ_j Pr_ij‖z_i − x_ij‖/Σ_j Pr_ij, taste sd; NaN for those who buy nowhere.
    worth, buyers : (J,) arrays
        Σ_i Pr_ij(V_ij − V_ij^twin)/α_i and Σ_i Pr_ij over those asked; 0 for outlets of chains.
    """
    outlets, twins = (outlet_table(seen, 1.0, tastes.waves) for seen in (appeal, twin))
    if len(tastes.liking):  # the ideal point is an anchor, which served fit leaves
        full = np.ones(is_open.size)
        appeal, twin = appeal._replace(misfit=full), twin._replace(misfit=full)
    return _ask(who, tastes, streets, appeal, twin, outlets, twins, is_open, is_small, inclusive, last, noise)


@njit(cache=True)
def _ask(
    who: Ints, tastes: Tastes, streets: Streets, appeal: Appeal, twin: Appeal, outlets: Floats, twins: Floats,
    is_open: Flags, is_small: Flags, inclusive: Floats, last: Ids, noise: float,
) -> tuple[Floats, Floats, Floats, Floats]:  # fmt: skip
    """Ask the consumers, one after the other."""
    best, misfit = np.full(who.size, -np.inf), np.full(who.size, np.nan)
    worth, buyers = np.zeros(is_open.size), np.zeros(is_open.size)
    sites, room = np.empty(is_open.size, np.int64), np.empty((_OFFERING + 2 * tastes.ideal.shape[0], is_open.size))
    cells, cell, packed, count = streets.consumer_start.size - 1, 0, -1, 0
    for n in range(who.size):
        i = who[n]
        while cell < cells - 1 and i >= streets.consumer_start[cell + 1]:
            cell += 1
        if cell != packed:
            packed, count = cell, _pack(cell, streets, appeal, twin, is_open, sites, room)
        _judge(i, count, tastes, noise, outlets, twins, sites, room)
        gaps, chances = 0.0, 0.0
        for j in range(count):
            site, value, chance = sites[j], room[_VALUE, j], room[_CHANCE, j] / inclusive[i]
            if site == last[i]:
                value += tastes.loyalty[i]
                chance *= exp(tastes.loyalty[i] / noise)
            best[n] = max(best[n], value)
            chances += chance
            gaps += chance * room[_GAP, j]
            if is_small[site]:
                worth[site] += chance * (room[_CORE, j] - room[_TWIN_CORE, j]) / tastes.price_sensitivity[i]
                buyers[site] += chance
        if chances > 0.0:
            misfit[n] = gaps / chances
    return best, misfit, worth, buyers
