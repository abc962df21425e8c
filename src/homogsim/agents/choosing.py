"""One consumer's choice, by the same compiled laws as everybody's (docs/model.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.market import Market
from homogsim.errors import HomogsimError
from homogsim.kernels.compiled import njit
from homogsim.laws.demand import NOBODY, draw_of, visits
from homogsim.laws.utility import attraction_of, directions_of, outlet_table, traits_of


@njit(cache=True)
def _choose_alone(i, cell, tastes, traits, directions, streets, outlets, is_open, luck, outside, noise, last):
    """Return sites within reach, e^{V/μ} of each, their sum with the outside option, and the site visited."""
    town, widest = cell % streets.towns, is_open.size
    sites, attraction = np.empty(widest, np.int32), np.empty(widest)
    count, total = 0, outside
    for r in range(streets.reach_towns.shape[1]):
        there = streets.reach_towns[town, r]
        at_home = 1.0 if there == town else 0.0
        for site in range(streets.site_start[cell - town + there], streets.site_start[cell - town + there + 1]):
            if is_open[site]:
                drawn = attraction_of(
                    traits, tastes.ideal, tastes.liking, directions, i, outlets, site, streets.site_place[0, site],
                    streets.site_place[1, site], at_home, streets.reach_minutes[town, r], last[i] == site, noise,
                )  # fmt: skip
                sites[count], attraction[count] = site, drawn
                total += drawn
                count += 1
    visited = -1
    if visits(i, luck):
        best = draw_of(i, NOBODY << np.uint64(2), luck) / outside
        for j in range(count):
            clock = draw_of(i, np.uint64(sites[j]), luck) / attraction[j]
            if clock < best:
                best, visited = clock, sites[j]
    return sites[:count].copy(), attraction[:count].copy(), total, visited


def _alone(market: Market, row: int) -> Any:
    if market.appeal is None:
        raise HomogsimError("nobody has chosen yet", help="Run a month first: model.step().")
    tastes, noise, consumers = market.choosing.tastes, market.choosing.noise, market.choosing.consumers
    luck = market.luck()._replace(month=np.uint64(market.last_traded % 2**32))
    return _choose_alone(
        row, int(market.consumer_cell[row]), tastes, traits_of(tastes), directions_of(tastes), market.streets,
        outlet_table(market.appeal, noise, tastes.waves), market.traded, luck,
        1.0 if consumers.outside_option else 0.0, noise, market.consumers.last_before,
    )  # fmt: skip


def attractions_of(market: Market, row: int) -> tuple[NDArray[np.int32], NDArray[np.float64], float]:
    """Return the sites within a consumer's reach, e^{V/μ} of each, and their sum with the outside option.

    It is last month's market, whatever has changed since.

    Raises
    ------
    HomogsimError
        Before the first month.
    """
    sites, attraction, total, _ = _alone(market, row)
    return sites, attraction, float(total)


def visit_of(market: Market, row: int) -> int:
    """Return the site that a consumer visited in last month's market, −1 for none.

    Raises
    ------
    HomogsimError
        Before the first month.
    """
    return int(_alone(market, row)[3])
