"""What one firm expects of its customers (MODEL section 3, own-share response) and what a founder expects.

Both take last month's choices as given: `inclusive` holds outside + Σ e^V of every consumer, rivals stay as they were.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import get_thread_id, njit, prange
from numpy.typing import NDArray

from homogsim.laws.demand import Appeal, core_utility, minutes_between, squared_misfit
from homogsim.numerics import exp, log, prefer_wide_vectors

CHUNK = 256
"""Consumers worked on at a time."""
_LOG_MINUTES, _OLD, _ALPHA, _TOTAL, _WORK = (CHUNK * row for row in range(5))
ROOM = 6 * CHUNK
"""Length of a thread's workspace."""
TOLERANCE = 1e-9
"""Dollars within which a founder solves for the best-response price."""


class Choices(NamedTuple):
    """Last month's choices, as the kernel of `homogsim.laws.demand` left them."""

    inclusive: NDArray[np.float64]  # (N) outside + Σ e^V
    last: NDArray[np.int32]  # (N) where each consumer was last before choosing, −1 nowhere
    noise: float  # μ


@njit(cache=True, error_model="numpy", forceinline=True)
def _utility(i, j, appeal, tastes, at_home, log_minutes, noise):  # type: ignore[no-untyped-def]
    """Return V_ij/μ without loyalty."""
    distance2 = squared_misfit(tastes.ideal, i, appeal.offering, j)
    core = core_utility(
        appeal.base[j], appeal.personalization[j], at_home * appeal.locality[j], appeal.misfit[j], appeal.price[j],
        distance2, tastes.price_sensitivity[i], tastes.strength[i], tastes.personalization[i], tastes.locality[i],
    )  # fmt: skip
    return (core - appeal.travel[j] * log_minutes) / noise


@njit(cache=True, error_model="numpy", forceinline=True)
def _way(i, site, at_home, minutes, tastes, site_place):  # type: ignore[no-untyped-def]
    """Return ln(1 + d_ij)."""
    east, north = site_place[0, site], site_place[1, site]
    site_east = east if at_home == 1.0 else np.sqrt(east * east + north * north)
    site_north = north if at_home == 1.0 else 0.0
    a, b = tastes.place[0, i], tastes.place[1, i]
    return log(1.0 + minutes_between(a, b, np.sqrt(a * a + b * b), site_east, site_north, at_home, minutes))


@njit(cache=True, error_model="numpy")
def _respond(site, appeal, first, stop, options, tastes, streets, choices, room, result):  # type: ignore[no-untyped-def]
    """Add up S′ of the options [first, stop) of the firm at `site`."""
    prefer_wide_vectors()
    cell = _cell_of(site, streets)
    town = cell % streets.towns
    for v in range(streets.visitors_start[town], streets.visitors_start[town + 1]):
        home = streets.visitors_towns[v]
        at_home = 1.0 if home == town else 0.0
        customers = cell - town + home
        start, end = streets.consumer_start[customers], streets.consumer_start[customers + 1]
        for block in range(start, end, CHUNK):
            size = min(CHUNK, end - block)
            for n in range(size):
                i = block + n
                room[_LOG_MINUTES + n] = _way(i, site, at_home, streets.visitors_minutes[v], tastes, streets.site_place)
            for n in range(size):
                i = block + n
                loyal = tastes.loyalty[i] / choices.noise if choices.last[i] == site else 0.0
                room[_WORK + n] = loyal
            for n in range(size):
                old = _utility(block + n, site, appeal, tastes, at_home, room[_LOG_MINUTES + n], choices.noise)
                room[_OLD + n] = choices.inclusive[block + n] - exp(old + room[_WORK + n])
            for option in range(first, stop):
                total = 0.0
                for n in range(size):
                    new = _utility(block + n, option, options, tastes, at_home, room[_LOG_MINUTES + n], choices.noise)
                    room[_TOTAL + n] = exp(new + room[_WORK + n])
                for n in range(size):
                    # S′ = W e^{V′} / (Σ others + e^{V′}): the firm's own old e^V is out of its denominator.
                    room[_TOTAL + n] /= max(room[_OLD + n], 0.0) + room[_TOTAL + n]
                for n in range(size):
                    total += room[_TOTAL + n]
                result[option] += streets.weight * total


@njit(cache=True, error_model="numpy", forceinline=True)
def _cell_of(site, streets):  # type: ignore[no-untyped-def]
    return np.searchsorted(streets.site_start, site, side="right") - 1


@njit(cache=True, parallel=True, error_model="numpy")
def own_share_response(sites, first, appeal, options, tastes, streets, choices, threads):  # type: ignore[no-untyped-def]
    """Return S′ (occasions a month) of each option, rivals fixed (MODEL section 3; exact for one firm).

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
    rooms = np.empty((threads, ROOM))
    result = np.zeros(options.base.size)
    for f in prange(sites.size):
        _respond(
            sites[f], appeal, first[f], first[f + 1], options, tastes, streets, choices, rooms[get_thread_id()], result
        )
    return result


@njit(cache=True, error_model="numpy")
def _customers(site, streets):  # type: ignore[no-untyped-def]
    cell = _cell_of(site, streets)
    town = cell % streets.towns
    count = 0
    for v in range(streets.visitors_start[town], streets.visitors_start[town + 1]):
        customers = cell - town + streets.visitors_towns[v]
        count += streets.consumer_start[customers + 1] - streets.consumer_start[customers]
    return count


@njit(cache=True, error_model="numpy")
def _best_response(site, q, concepts, tastes, streets, choices, cost):  # type: ignore[no-untyped-def]
    """Return price and sales of a firm new at `site` with concept `q`, at its best response to present prices."""
    prefer_wide_vectors()
    noise = choices.noise
    count = _customers(site, streets)
    value, alpha, others, chance = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    cell = _cell_of(site, streets)
    town = cell % streets.towns
    n = 0
    for v in range(streets.visitors_start[town], streets.visitors_start[town + 1]):
        home = streets.visitors_towns[v]
        at_home = 1.0 if home == town else 0.0
        start = streets.consumer_start[cell - town + home]
        size = streets.consumer_start[cell - town + home + 1] - start
        minutes = streets.visitors_minutes[v]
        for m in range(size):
            value[n + m] = _way(start + m, site, at_home, minutes, tastes, streets.site_place)
        for m in range(size):
            value[n + m] = _utility(start + m, q, concepts, tastes, at_home, value[n + m], noise)
            alpha[n + m] = tastes.price_sensitivity[start + m] / noise
            others[n + m] = choices.inclusive[start + m]
        n += size
    price = cost + 1.3 * noise
    for _ in range(100):
        for m in range(count):
            attraction = exp(value[m] - alpha[m] * price)
            chance[m] = attraction / (others[m] + attraction)
        sales, slope, bend = 0.0, 0.0, 0.0
        for m in range(count):
            loss = chance[m] * (1.0 - chance[m]) * alpha[m]
            sales += chance[m]
            slope += loss
            bend += loss * alpha[m] * (1.0 - 2.0 * chance[m])
        if slope <= 0.0 or sales <= 0.0:
            return price, 0.0
        # Newton on f(p) = c + S/B − p with S′ = −B, B′ = −bend: f′ = −2 + S·bend/B² < 0.
        gap = cost + sales / slope - price
        steepness = max(2.0 - sales * bend / (slope * slope), 0.5)
        price += gap / steepness
        if abs(gap) < TOLERANCE:
            break
    return price, streets.weight * sales


@njit(cache=True, parallel=True, error_model="numpy")
def founders_prospects(sites, concepts, cost, tastes, streets, choices):  # type: ignore[no-untyped-def]
    """Return best-response price and sales (2, Q) of each concept (`concepts.price` is 0) at its site."""
    result = np.empty((2, sites.size))
    for q in prange(sites.size):
        price, sales = _best_response(sites[q], q, concepts, tastes, streets, choices, cost)
        result[0, q], result[1, q] = price, sales
    return result


@njit(cache=True, error_model="numpy")
def remove_outlet(site, appeal, tastes, streets, choices):  # type: ignore[no-untyped-def]
    """Take the outlet at `site` out of the consumers' `inclusive` values: it has closed."""
    cell = _cell_of(site, streets)
    town = cell % streets.towns
    for v in range(streets.visitors_start[town], streets.visitors_start[town + 1]):
        home = streets.visitors_towns[v]
        at_home = 1.0 if home == town else 0.0
        minutes = streets.visitors_minutes[v]
        for i in range(streets.consumer_start[cell - town + home], streets.consumer_start[cell - town + home + 1]):
            way = _way(i, site, at_home, minutes, tastes, streets.site_place)
            loyal = tastes.loyalty[i] / choices.noise if choices.last[i] == site else 0.0
            gone = exp(_utility(i, site, appeal, tastes, at_home, way, choices.noise) + loyal)
            choices.inclusive[i] = max(choices.inclusive[i] - gone, 1e-300)


__all__ = ["Appeal", "Choices", "founders_prospects", "own_share_response", "remove_outlet"]
