"""How consumers choose (MODEL section 3): utilities, shares, sums for prices and repositioning, visits.

The kernel works cell by cell: the consumers of a town and sector against the outlets that they can reach. Everything
is divided by the noise of choice μ when an outlet is packed, so that a share is e^V / (1 + Σ e^V). Sums run in a fixed
order and use only + − × ÷ √ and this project's own exp and log: the result has the same bits on any number of threads
and on any x86-64 machine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import get_thread_id, njit, prange
from numpy.typing import NDArray

from homogsim.numerics import exp, log, prefer_wide_vectors
from homogsim.streams import philox4x32, uniform32

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]

LANES = 8
"""Outlets are packed to a multiple of this many, the width of an AVX-512 register in float64."""
BLOCK = 256
"""Consumers that one task works on, at most: a constant, so that sums never depend on the number of threads."""
WIDEST = 1024
"""Outlets within reach of a consumer, at most."""
STRIDE = WIDEST + LANES
"""Length of a row of a task's workspace. A constant distance between rows lets the compiler see that they do not
overlap, without which it does not vectorise; 8 · STRIDE is no multiple of 4096 bytes, so that rows do not compete for
the same lines of the cache."""
NOBODY = np.uint64(0xFFFFFFFF)
"""Index of the outside option among the draws of the race."""

SHARE, FLAT, ALPHA, PERSONAL, LOCAL, TASTE, SATISFACTION, IDEAL = range(8)
"""Rows of the sums of a firm: S, B0, Bα, BP, BL, Bθ, ΣW·Pr·u, and from IDEAL on Bθz, one row a dimension."""

# Rows of a task's workspace, as offsets: what is known of each outlet, ...
_BASE, _PERSONAL, _LOCAL, _MISFIT, _TRAVEL, _PRICE, _EAST, _NORTH, _HOME, _MINUTES, _DISTANCE2, _DRAWS = (
    STRIDE * row for row in range(12)
)
# ... u·α/μ and e^V of one consumer and of the four of a pass, ...
_CORE, _EXP = STRIDE * 12, STRIDE * 13
_U0, _U1, _U2, _U3 = (STRIDE * (14 + q) for q in range(4))
_E0, _E1, _E2, _E3 = (STRIDE * (18 + q) for q in range(4))
# ... sums (7 + d rows) and offerings (d rows).
_SUMS = STRIDE * 22
_S_SHARE, _S_FLAT, _S_SATISFACTION = _SUMS + STRIDE * SHARE, _SUMS + STRIDE * FLAT, _SUMS + STRIDE * SATISFACTION


class Tastes(NamedTuple):
    """What a consumer is: columns of length N, in the order of cells."""

    ideal: Floats  # (d, N) z_i
    price_sensitivity: Floats  # α_i
    strength: Floats  # θ_i
    personalization: Floats  # βP_i
    locality: Floats  # βL_i
    loyalty: Floats  # ψ_i
    place: Floats  # (2, N) minutes east and north of the town's centre


class Appeal(NamedTuple):
    """What consumers see of the outlets: columns of length J, one row a site."""

    base: Floats  # v0 + q^e − ψH… − ζ…, dollars
    personalization: Floats  # P_j
    locality: Floats  # L_j
    misfit: Floats  # (1 − κ_j)², weight of the squared distance to the ideal point
    travel: Floats  # τ_j, dollars per ln(1 + minutes)
    price: Floats  # p_j
    offering: Floats  # (d, J) x_j


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


class Luck(NamedTuple):
    """Keys of the draws of a month (see `homogsim.streams`)."""

    month: np.uint64
    visit_key0: np.uint64
    visit_key1: np.uint64
    race_key0: np.uint64
    race_key1: np.uint64
    visit_probability: float


@njit(cache=True, error_model="numpy", forceinline=True)
def squared_misfit(ideal: Floats, consumer: int, offering: Floats, outlet: int) -> float:
    """Return ‖z_i − x_j‖²."""
    total = 0.0
    for k in range(ideal.shape[0]):
        gap = ideal[k, consumer] - offering[k, outlet]
        total += gap * gap
    return total


@njit(cache=True, error_model="numpy", forceinline=True)
def core_utility(  # type: ignore[no-untyped-def]
    base, personalization, locality, misfit, price, distance2, alpha, theta, beta_p, beta_l
):
    """Return the part of V that makes up satisfaction: all but distance, loyalty and awareness."""
    return base + beta_p * personalization + beta_l * locality - theta * misfit * distance2 - alpha * price


@njit(cache=True, error_model="numpy", forceinline=True)
def minutes_between(east, north, radius, site_east, site_north, at_home, minutes):  # type: ignore[no-untyped-def]
    """Return d_ij: straight within the own town; to another town by road, centre to centre.

    For an outlet in another town `site_east` holds its distance from its own centre and `site_north` is 0, so that one
    formula without branches serves both: √(east²) + minutes + the consumer's own way to the centre.
    """
    a = at_home * east - site_east
    b = at_home * north - site_north
    return np.sqrt(a * a + b * b) + (minutes + (1.0 - at_home) * radius)


@njit(cache=True, error_model="numpy")
def pack_cell(cell, streets, appeal, is_open, noise, sites, room):  # type: ignore[no-untyped-def]
    """Copy the open outlets that a cell's consumers reach into a workspace, in units of μ.

    Returns how many they are, and that number rounded up to `LANES`; the last ones have no appeal at all.
    """
    town = cell % streets.towns
    count = 0
    for r in range(streets.reach_towns.shape[1]):
        other = cell - town + streets.reach_towns[town, r]
        for site in range(streets.site_start[other], streets.site_start[other + 1]):
            if is_open[site]:
                sites[count] = site
                _pack(site, r == 0, streets.reach_minutes[town, r], streets, appeal, noise, room, count)
                count += 1
    padded = (count + LANES - 1) // LANES * LANES
    for j in range(count, padded):
        sites[j] = -1
        room[_BASE + j] = -1e4
    return count, padded


@njit(cache=True, error_model="numpy")
def _pack(site, at_home, minutes, streets, appeal, noise, room, j):  # type: ignore[no-untyped-def]
    east, north = streets.site_place[0, site], streets.site_place[1, site]
    room[_BASE + j] = appeal.base[site] / noise
    room[_PERSONAL + j] = appeal.personalization[site] / noise
    room[_LOCAL + j] = appeal.locality[site] / noise if at_home else 0.0
    room[_MISFIT + j] = appeal.misfit[site] / noise
    room[_TRAVEL + j] = appeal.travel[site] / noise
    room[_PRICE + j] = appeal.price[site] / noise
    room[_EAST + j] = east if at_home else np.sqrt(east * east + north * north)
    room[_NORTH + j] = north if at_home else 0.0
    room[_HOME + j] = 1.0 if at_home else 0.0
    room[_MINUTES + j] = minutes
    d = appeal.offering.shape[0]
    for k in range(d):
        room[_SUMS + (IDEAL + d + k) * STRIDE + j] = appeal.offering[k, site]


@njit(cache=True, error_model="numpy", forceinline=True)
def weigh(i, q, tastes, room, padded):  # type: ignore[no-untyped-def]
    """Write e^{V/μ} (loyalty apart) and u·α/μ of consumer `i`, the q-th of a pass, into the workspace."""
    alpha, theta = tastes.price_sensitivity[i], tastes.strength[i]
    beta_p, beta_l = tastes.personalization[i], tastes.locality[i]
    east, north = tastes.place[0, i], tastes.place[1, i]
    radius = np.sqrt(east * east + north * north)
    d = tastes.ideal.shape[0]
    for j in range(padded):
        room[_DISTANCE2 + j] = 0.0
    for k in range(d):
        ideal = tastes.ideal[k, i]
        offering = _SUMS + (IDEAL + d + k) * STRIDE
        for j in range(padded):
            gap = ideal - room[offering + j]
            room[_DISTANCE2 + j] += gap * gap
    # Three short loops: one long one would not keep its constants in registers.
    for j in range(padded):
        room[_EXP + j] = log(
            1.0 + minutes_between(
                east, north, radius, room[_EAST + j], room[_NORTH + j], room[_HOME + j], room[_MINUTES + j]
            )
        )  # fmt: skip
    for j in range(padded):
        room[_CORE + j] = core_utility(
            room[_BASE + j], room[_PERSONAL + j], room[_LOCAL + j], room[_MISFIT + j], room[_PRICE + j],
            room[_DISTANCE2 + j], alpha, theta, beta_p, beta_l,
        )  # fmt: skip
    for j in range(padded):
        room[_EXP + j] = exp(room[_CORE + j] - room[_TRAVEL + j] * room[_EXP + j])
    # Written to rows at constant distances first: a row that depends on q would keep the loop above from vectorising.
    for j in range(padded):
        room[_U0 + q * STRIDE + j] = room[_CORE + j]
    for j in range(padded):
        room[_E0 + q * STRIDE + j] = room[_EXP + j]


@njit(cache=True, error_model="numpy", forceinline=True)
def visits(i, luck):  # type: ignore[no-untyped-def]
    """Return whether consumer `i` goes out at all this month."""
    word, _, _, _ = philox4x32(np.uint64(i), np.uint64(0), luck.month, np.uint64(0), luck.visit_key0, luck.visit_key1)
    return uniform32(word) < luck.visit_probability


@njit(cache=True, error_model="numpy", forceinline=True)
def draw_of(i, site, luck):  # type: ignore[no-untyped-def]
    """Return the exponential draw −ln u of consumer `i` for `site` this month (four sites share a block)."""
    block, lane = site >> np.uint64(2), site & np.uint64(3)
    a, b, c, d = philox4x32(np.uint64(i), block, luck.month, np.uint64(1), luck.race_key0, luck.race_key1)
    return -log(uniform32(a if lane == 0 else b if lane == 1 else c if lane == 2 else d))


@njit(cache=True, error_model="numpy", forceinline=True)
def race(i, q, luck, sites, count, padded, room, outside):  # type: ignore[no-untyped-def]
    """Return the packed index that consumer `i` visits, or −1: the smallest −ln(u_ij)/e^V wins (exponential race).

    One keyed draw for each consumer, site and month, so that an entry or a price never shifts the luck of others.
    """
    e = _E0 + q * STRIDE
    for j in range(padded):
        room[_DRAWS + j] = draw_of(i, np.uint64(sites[j]), luck)
    best, winner = np.inf, -1
    if outside > 0.0:
        best = draw_of(i, NOBODY << np.uint64(2), luck) / outside
    for j in range(padded):
        room[_DRAWS + j] /= room[e + j]
    for j in range(count):
        if room[_DRAWS + j] < best:
            best, winner = room[_DRAWS + j], j
    return winner


@njit(cache=True, error_model="numpy")
def plan_blocks(consumer_start):  # type: ignore[no-untyped-def]
    """Return (tasks, 3) cell, first and past-the-last consumer: equal blocks of at most `BLOCK` in each cell."""
    cells = consumer_start.size - 1
    tasks = 0
    for cell in range(cells):
        tasks += (consumer_start[cell + 1] - consumer_start[cell] + BLOCK - 1) // BLOCK
    plan = np.empty((tasks, 3), np.int64)
    task = 0
    for cell in range(cells):
        size = consumer_start[cell + 1] - consumer_start[cell]
        blocks = (size + BLOCK - 1) // BLOCK
        for b in range(blocks):
            plan[task, 0] = cell
            plan[task, 1] = consumer_start[cell] + b * size // blocks
            plan[task, 2] = consumer_start[cell] + (b + 1) * size // blocks
            task += 1
    return plan


@njit(cache=True, error_model="numpy", forceinline=True)
def _add_shares(alpha, share, weight, room, padded):  # type: ignore[no-untyped-def]
    """Add W·Pr, W·Pr·u and W·Pr(1−Pr) of four consumers; leave W·Pr(1−Pr) in the place of e^V."""
    r0, r1, r2, r3 = share[0], share[1], share[2], share[3]
    c0, c1, c2, c3 = weight / alpha[0], weight / alpha[1], weight / alpha[2], weight / alpha[3]
    for j in range(padded):
        s0, s1, s2, s3 = room[_E0 + j] * r0, room[_E1 + j] * r1, room[_E2 + j] * r2, room[_E3 + j] * r3
        room[_S_SHARE + j] += weight * ((s0 + s1) + (s2 + s3))
        room[_S_SATISFACTION + j] += (s0 * c0 * room[_U0 + j] + s1 * c1 * room[_U1 + j]) + (
            s2 * c2 * room[_U2 + j] + s3 * c3 * room[_U3 + j]
        )
        w0, w1 = weight * (s0 * (1.0 - s0)), weight * (s1 * (1.0 - s1))
        w2, w3 = weight * (s2 * (1.0 - s2)), weight * (s3 * (1.0 - s3))
        room[_E0 + j], room[_E1 + j], room[_E2 + j], room[_E3 + j] = w0, w1, w2, w3
        room[_S_FLAT + j] += (w0 + w1) + (w2 + w3)


@njit(cache=True, error_model="numpy", forceinline=True)
def _add_weighted(row, f0, f1, f2, f3, room, padded):  # type: ignore[no-untyped-def]
    total = _SUMS + row * STRIDE
    for j in range(padded):
        room[total + j] += (room[_E0 + j] * f0 + room[_E1 + j] * f1) + (room[_E2 + j] * f2 + room[_E3 + j] * f3)


@njit(cache=True, error_model="numpy", forceinline=True)
def _add_four(four, tastes, alpha, share, weight, room, padded):  # type: ignore[no-untyped-def]
    """Add the four consumers of a pass to a block's sums (absent ones have share 0)."""
    i0, i1, i2, i3 = four
    _add_shares(alpha, share, weight, room, padded)
    _add_weighted(ALPHA, alpha[0], alpha[1], alpha[2], alpha[3], room, padded)
    f = tastes.personalization
    _add_weighted(PERSONAL, f[i0], f[i1], f[i2], f[i3], room, padded)
    f = tastes.locality
    _add_weighted(LOCAL, f[i0], f[i1], f[i2], f[i3], room, padded)
    f = tastes.strength
    t0, t1, t2, t3 = f[i0], f[i1], f[i2], f[i3]
    _add_weighted(TASTE, t0, t1, t2, t3, room, padded)
    for k in range(tastes.ideal.shape[0]):
        z = tastes.ideal[k]
        _add_weighted(IDEAL + k, t0 * z[i0], t1 * z[i1], t2 * z[i2], t3 * z[i3], room, padded)


@njit(cache=True, error_model="numpy")
def _block(  # type: ignore[no-untyped-def]
    start, stop, tastes, streets, luck, outside, noise, last, bought, inclusive, surplus, sites, count, padded, room
):  # fmt: skip
    """Let the consumers of one block choose, four at a pass; add to the block's sums."""
    prefer_wide_vectors()
    share, alpha = np.zeros(4), np.ones(4)
    for first in range(start, stop, 4):
        size = min(4, stop - first)
        for q in range(size):
            i = first + q
            alpha[q] = tastes.price_sensitivity[i]
            weigh(i, q, tastes, room, padded)
            if last[i] >= 0:
                _add_loyalty(last[i], exp(tastes.loyalty[i] / noise), q, sites, count, room)
        t0, t1, t2, t3 = outside, outside, outside, outside
        for j in range(padded):
            t0 += room[_E0 + j]
            t1 += room[_E1 + j]
            t2 += room[_E2 + j]
            t3 += room[_E3 + j]
        totals = (t0, t1, t2, t3)
        for q in range(4):
            share[q] = 1.0 / totals[q] if q < size and totals[q] > 0.0 else 0.0
        for q in range(size):
            i = first + q
            inclusive[i] = totals[q]
            bought[i] = -1
            if visits(i, luck):
                winner = race(i, q, luck, sites, count, padded, room, outside)
                bought[i] = sites[winner] if winner >= 0 else -1
        four = (first, min(first + 1, stop - 1), min(first + 2, stop - 1), min(first + 3, stop - 1))
        _add_four(four, tastes, alpha, share, streets.weight, room, padded)
    for i in range(start, stop):
        surplus[i] = noise / tastes.price_sensitivity[i] * log(inclusive[i])


@njit(cache=True, error_model="numpy", forceinline=True)
def _add_loyalty(last, bonus, q, sites, count, room):  # type: ignore[no-untyped-def]
    for j in range(count):
        if sites[j] == last:
            room[_E0 + q * STRIDE + j] *= bonus


def workspaces(threads: int, dimensions: int) -> Floats:
    """Return room for the kernel, one row a thread, kept from month to month (fresh memory costs page faults)."""
    return np.zeros((threads, _SUMS + (IDEAL + 2 * dimensions) * STRIDE))


@njit(cache=True, parallel=True, error_model="numpy")
def choose_month(  # type: ignore[no-untyped-def]
    plan, tastes, streets, appeal, is_open, luck, outside, noise, last, bought, inclusive, surplus, rooms
):
    """Let all consumers choose for a month; `rooms` are the workspaces of the threads (`workspaces`).

    Writes `bought` (site visited, −1 none), `inclusive` (outside + Σ e^V) and `surplus` ($ an occasion) per consumer,
    and returns the sums of every site, (IDEAL + d, J), rows as named above.
    """
    d = tastes.ideal.shape[0]
    rows = IDEAL + d
    tasks = plan.shape[0]
    widest = _widest(streets)
    partial = np.empty((tasks, rows, widest))
    members = np.empty((tasks, widest), np.int32)
    counts = np.empty(tasks, np.int64)
    for task in prange(tasks):
        room = rooms[get_thread_id()]
        sites = members[task]
        count, padded = pack_cell(plan[task, 0], streets, appeal, is_open, noise, sites, room)
        for row in range(rows):
            for j in range(padded):
                room[_SUMS + row * STRIDE + j] = 0.0
        counts[task] = count
        _block(
            plan[task, 1], plan[task, 2], tastes, streets, luck, outside, noise, last, bought, inclusive, surplus,
            sites, count, padded, room,
        )  # fmt: skip
        for row in range(rows):
            for j in range(count):
                partial[task, row, j] = room[_SUMS + row * STRIDE + j]
    return _gather(partial, members, counts, plan, streets, appeal.base.size, noise)


@njit(cache=True, error_model="numpy")
def _widest(streets):  # type: ignore[no-untyped-def]
    widest = 0
    for cell in range(streets.site_start.size - 1):
        town = cell % streets.towns
        reachable = 0
        for r in range(streets.reach_towns.shape[1]):
            other = cell - town + streets.reach_towns[town, r]
            reachable += streets.site_start[other + 1] - streets.site_start[other]
        widest = max(widest, reachable)
    return max((widest + LANES - 1) // LANES * LANES, LANES)


@njit(cache=True, error_model="numpy")
def _gather(partial, members, counts, plan, streets, sites, noise):  # type: ignore[no-untyped-def]
    """Add the blocks' sums to the sites, in the order of the blocks."""
    rows = partial.shape[1]
    sums = np.zeros((rows, sites))
    for task in range(plan.shape[0]):
        cell = plan[task, 0]
        for row in range(rows):
            for j in range(counts[task]):
                site = members[task, j]
                # The value of locality moves only those who live in the firm's town.
                if row != LOCAL or streets.site_start[cell] <= site < streets.site_start[cell + 1]:
                    sums[row, site] += partial[task, row, j]
    sums[SATISFACTION] *= noise
    return sums
