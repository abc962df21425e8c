"""What is remembered of consumers: whom a panel visited, and what everybody gained, month by month.

Nothing here moves the market. The buffers have a fixed size and are written in place; a checkpoint carries them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.market import Market
from homogsim.metrics import panel as law

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.integer]

PANEL = 2_000
"""Consumers of the panel, at most."""
PANEL_MONTHS = 36
"""Months of visits that are kept: a year of first visits, a year to come back in, a year to know what is first."""
YEAR = 12
BRANDS = 2**62
"""What a visit to a chain is noted as, plus the sector: its outlets are one offering."""
SURPLUS_CONSUMERS = 50_000
"""Consumers whose surplus is kept, at most."""
SURPLUS_MONTHS = 24
"""Months of surplus that are kept: the end of a run, as summaries take it."""


def keyed_sample(market: Market, most: int, index: int) -> Ints:
    """Return at most so many consumers, in the order of rows: a keyed draw, the same in every scenario with a seed."""
    everybody = np.arange(market.consumers.rows)
    if everybody.size <= most:
        return everybody
    return drawn(market.streams.uniform("panel", everybody, 0, index), most)


def drawn(luck: Floats, most: int) -> Ints:
    """Return where the smallest draws are, so many of them, in order; of equal draws the first."""
    if luck.size <= most:
        return np.arange(luck.size)
    last = np.partition(luck, most - 1)[most - 1]  # sorting millions takes seconds
    below, equal = np.flatnonzero(luck < last), np.flatnonzero(luck == last)
    return np.sort(np.concatenate([below, equal[: most - below.size]]))


def months_since_start(market: Market) -> int:
    """Return how many months the market has seen, this one included."""
    calendar = market.parameters.calendar
    return market.month + calendar.before + calendar.warm_up + 1


class Panel:
    """A keyed sample of consumers, whom each of them visited in the last 36 months, and what it paid in the last 12."""

    def __init__(self, market: Market) -> None:
        self.who = keyed_sample(market, PANEL, 2)
        self.visits: Ints = np.full((PANEL_MONTHS, self.who.size), -1, dtype=np.int64)
        self.paid: Floats = np.zeros((YEAR, self.who.size))

    def note(self, market: Market) -> None:
        """Note this month's visits, and the prices paid."""
        site = market.consumers.bought[self.who]
        met = np.where(market.firms.is_chain, BRANDS + market.site_sector, market.firms.uid)
        self.visits[market.month % PANEL_MONTHS] = np.where(site >= 0, met[site], -1)
        self.paid[market.month % YEAR] = np.where(site >= 0, market.firms.price[site], 0.0)

    def history(self, market: Market, months: int) -> Ints:
        """Return (consumers, months) the visits of the last months, the oldest first; of fewer in a young market."""
        months = min(months, months_since_start(market), PANEL_MONTHS)
        rows = np.arange(market.month - months + 1, market.month + 1) % PANEL_MONTHS
        return self.visits[rows].T

    def experienced_richness(self, market: Market) -> float:
        """Return how many offerings a consumer met in the last 12 months; NaN before there were so many."""
        year = self.history(market, YEAR)
        return law.experienced_richness(year) if year.shape[1] == YEAR else float("nan")

    def repeat_12m(self, market: Market) -> float:
        """Return the share of first-time visitors of a small business who came back within 12 months.

        It is told of those whose first visit was 12 to 23 months ago; in a young market, whose every visit is known, of
        all.
        """
        known = months_since_start(market) <= PANEL_MONTHS
        visits = self.history(market, PANEL_MONTHS)
        return law.repeat_share(np.where(visits >= BRANDS, -1, visits), window=YEAR, since=0 if known else YEAR)

    def repeat_revenue_share(self, market: Market) -> float:
        """Return what part of a year's spending at small businesses goes to those visited in the 12 months before.

        Of as much of the year as has 12 months before it; NaN if nothing has.
        """
        visits = self.history(market, 2 * YEAR)
        months = range(max(YEAR, visits.shape[1] - YEAR), visits.shape[1])
        now, before, paid = [], [], []
        for t in months:
            here = np.flatnonzero((visits[:, t] >= 0) & (visits[:, t] < BRANDS))
            now.append(visits[here, t])
            before.append(visits[here, t - YEAR : t])
            paid.append(self.paid[(market.month - visits.shape[1] + 1 + t) % YEAR, here])
        if not now:
            return float("nan")
        return law.repeat_spending(np.concatenate(now), np.concatenate(before), np.concatenate(paid))


class SurplusMemory:
    """What consumers gained in the last 24 months, and over the year before automation arrived, $ an occasion."""

    def __init__(self, market: Market) -> None:
        self.who = keyed_sample(market, SURPLUS_CONSUMERS, 3)
        # Half the digits are plenty for a mean, and consumers are many.
        self.recent: NDArray[np.float32] = np.zeros((SURPLUS_MONTHS, self.who.size), dtype=np.float32)
        self.start: Floats = np.full(self.who.size, np.nan)

    def note(self, market: Market, surplus: Floats) -> None:
        """Note what everybody gained this month; NaN, not −∞, where there was nothing to choose."""
        gained = self.recent[market.month % SURPLUS_MONTHS]
        gained[:] = surplus if self.who.size == surplus.size else surplus.take(self.who)
        if not gained.min(initial=0.0) > -np.inf:
            gained[~np.isfinite(gained)] = np.nan

    def freeze_start(self, market: Market) -> None:
        """Keep the mean of the year before, at the moment automation arrives."""
        self.start[:] = self._mean(market, market.month - 1, YEAR)

    def bounds(self, market: Market) -> tuple[Floats, Floats]:
        """Return the mean of the 12 months before month 0, and of the last 24 after it; NaN where there were none."""
        last = market.month - 1
        if last < 0:
            return self._mean(market, last, YEAR), np.full(self.who.size, np.nan)
        return self.start.copy(), self._mean(market, last, min(SURPLUS_MONTHS, last + 1))

    def _mean(self, market: Market, last: int, months: int) -> Floats:
        """Return the mean of so many months up to `last`, which has been noted."""
        calendar = market.parameters.calendar
        months = min(months, last + calendar.before + calendar.warm_up + 1)
        if months < 1:
            return np.full(self.who.size, np.nan)
        rows = np.arange(last - months + 1, last + 1) % SURPLUS_MONTHS
        return np.asarray(self.recent[rows].mean(axis=0, dtype=np.float64))


def taste_distance(market: Market, rows: Rows | slice = slice(None)) -> Floats:
    """Return ‖z_i − m_s‖, how far the taste of each consumer at `rows` is from its sector's centre, in taste sd."""
    sector = market.consumer_cell[rows] // market.parameters.world.towns
    # By dimension, as all consumers' are: the order of a sum depends on how what is summed lies in memory.
    gap = np.ascontiguousarray(market.consumers.ideal[:, rows] - market.centres.sectors[:, sector])
    return np.asarray(np.sqrt((gap * gap).sum(axis=0)))
