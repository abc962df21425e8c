"""One consumer's choice, by the same compiled laws as everybody's (MODEL section 3)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from homogsim.agents.market import Market
from homogsim.errors import HomogsimError
from homogsim.laws import demand
from homogsim.laws.demand import pack_cell, race, visits, weigh
from homogsim.numerics import exp


@njit(cache=True, error_model="numpy")
def _choose_alone(i, cell, tastes, streets, appeal, is_open, luck, outside, noise, last, room):
    sites = np.empty(demand.WIDEST + demand.LANES, np.int32)
    count, padded = pack_cell(cell, streets, appeal, is_open, noise, sites, room)
    weigh(i, 0, tastes, room, padded)
    attraction = room[demand._E0 : demand._E0 + count]
    if last[i] >= 0:
        bonus = exp(tastes.loyalty[i] / noise)
        for j in range(count):
            if sites[j] == last[i]:
                attraction[j] *= bonus
    total = outside
    for j in range(count):
        total += attraction[j]
    winner = race(i, 0, luck, sites, count, padded, room, outside) if visits(i, luck) else -1
    return sites[:count], attraction.copy(), total, sites[winner] if winner >= 0 else -1


def _alone(market: Market, row: int) -> Any:
    if market.appeal is None:
        raise HomogsimError("nobody has chosen yet", help="Run a month first: model.step().")
    parameters = market.parameters
    luck = market.luck()._replace(month=np.uint64(market.last_traded % 2**32))
    return _choose_alone(
        row, row // parameters.world.consumers, market.wanted, market.streets, market.appeal, market.traded, luck,
        1.0 if parameters.consumers.outside_option else 0.0, parameters.consumers.choice_noise,
        market.consumers.last_before, np.zeros(market.rooms.shape[1]),
    )  # fmt: skip


def attractions_of(market: Market, row: int) -> tuple[NDArray[np.int32], NDArray[np.float64], float]:
    """Return the sites within a consumer's reach, e^{V/μ} of each, and their sum with the outside option.

    It is last month's market; under parameters that changed since then, as they are now.

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
