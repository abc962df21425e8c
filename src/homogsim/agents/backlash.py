"""Backlash, an optional law: sameness makes people want the local (docs/model.md)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.market import Market
from homogsim.laws.sameness import felt_diversity, raised_value


def town_diversity(market: Market, scale: float) -> NDArray[np.float64]:
    """Return the diversity that each town's shops offer, chains' outlets among them, by last month's sales."""
    firms, towns = market.firms, range(market.parameters.world.towns)
    here = [np.flatnonzero(firms.is_open & (market.site_town == town)) for town in towns]
    return np.array([felt_diversity(firms.offering[:, rows], firms.sales[rows], scale) for rows in here])


def remember(market: Market, scale: float) -> None:
    """Keep what the towns offered before automation arrived."""
    market.scale = scale
    market.town_diversity_0[:] = town_diversity(market, scale)


def feel(market: Market) -> None:
    """Let the value of the local rise with the diversity a town has lost."""
    strength = market.parameters.consumers.backlash
    if strength == 0.0 or market.month < 0:
        market.local_factor = None
        return
    now = town_diversity(market, market.scale)
    market.local_factor = raised_value(strength, now, market.town_diversity_0)
