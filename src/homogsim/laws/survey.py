"""What consumers would answer if one asked them: how a visit was, and what their best choice is worth.

The formulas are those by which they choose (`homogsim.laws.demand`); nothing here moves the market.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from homogsim.laws.demand import Appeal, Streets, Tastes, core_utility, minutes_between, squared_misfit
from homogsim.numerics import exp, log

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@njit(cache=True, error_model="numpy", forceinline=True)
def _core(i: int, j: int, distance2: float, at_home: float, appeal: Appeal, tastes: Tastes) -> float:
    """Return V_ij without distance, loyalty and awareness, dollars."""
    return core_utility(
        appeal.base[j], appeal.personalization[j], at_home * appeal.locality[j], appeal.misfit[j], appeal.price[j],
        distance2, tastes.price_sensitivity[i], tastes.strength[i], tastes.personalization[i], tastes.locality[i],
    )  # fmt: skip


@njit(cache=True, error_model="numpy")
def visit_values(bought: Ids, tastes: Tastes, streets: Streets, appeal: Appeal) -> Floats:
    """Return what each consumer's visit was worth, u_ij = (V_ij without distance, loyalty and awareness)/α_i, dollars.

    Parameters
    ----------
    bought : (N,) int array
        Site visited, −1 none.

    Returns
    -------
    (N,) array
        Dollars; NaN for those who visited nobody.
    """
    value = np.full(bought.size, np.nan)
    for cell in range(streets.consumer_start.size - 1):
        start, stop = streets.site_start[cell], streets.site_start[cell + 1]
        for i in range(streets.consumer_start[cell], streets.consumer_start[cell + 1]):
            j = bought[i]
            if j >= 0:
                at_home = 1.0 if start <= j < stop else 0.0
                distance2 = squared_misfit(tastes.ideal, i, appeal.offering, j)
                value[i] = _core(i, j, distance2, at_home, appeal, tastes) / tastes.price_sensitivity[i]
    return value


@njit(cache=True, error_model="numpy")
def ask(
    who: Ints,
    tastes: Tastes,
    streets: Streets,
    appeal: Appeal,
    twin: Appeal,
    is_open: Flags,
    is_small: Flags,
    inclusive: Floats,
    last: Ids,
    noise: float,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Ask consumers about every outlet within their reach.

    Parameters
    ----------
    who : (n,) int array
        Rows of the consumers asked.
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
    sites = is_open.size
    best, misfit = np.full(who.size, -np.inf), np.full(who.size, np.nan)
    worth, buyers = np.zeros(sites), np.zeros(sites)
    cells = streets.consumer_start.size - 1
    cell = 0
    for n in range(who.size):
        i = who[n]
        while cell < cells - 1 and i >= streets.consumer_start[cell + 1]:
            cell += 1
        town = cell % streets.towns
        alpha = tastes.price_sensitivity[i]
        a, b = tastes.place[0, i], tastes.place[1, i]
        radius = np.sqrt(a * a + b * b)
        gaps, chances = 0.0, 0.0
        for r in range(streets.reach_towns.shape[1]):
            at_home = 1.0 if r == 0 else 0.0
            other = cell - town + streets.reach_towns[town, r]
            for j in range(streets.site_start[other], streets.site_start[other + 1]):
                if not is_open[j]:
                    continue
                east, north = streets.site_place[0, j], streets.site_place[1, j]
                if r > 0:
                    east, north = np.sqrt(east * east + north * north), 0.0
                way = log(1.0 + minutes_between(a, b, radius, east, north, at_home, streets.reach_minutes[town, r]))
                distance2 = squared_misfit(tastes.ideal, i, appeal.offering, j)
                core = _core(i, j, distance2, at_home, appeal, tastes)
                value = core - appeal.travel[j] * way
                if last[i] == j:
                    value += tastes.loyalty[i]
                best[n] = max(best[n], value)
                chance = exp(value / noise) / inclusive[i]
                chances += chance
                gaps += chance * np.sqrt(appeal.misfit[j] * distance2)
                if is_small[j]:
                    distance2 = squared_misfit(tastes.ideal, i, twin.offering, j)
                    worth[j] += chance * (core - _core(i, j, distance2, at_home, twin, tastes)) / alpha
                    buyers[j] += chance
        if chances > 0.0:
            misfit[n] = gaps / chances
    return best, misfit, worth, buyers
