"""The recorder: looks at the market once a month and changes nothing in it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.market import Market
from homogsim.agents.observing import Memory, households, observe
from homogsim.agents.surveys import Census, count_everybody, surplus_at_first_tastes
from homogsim.metrics.metric import Metric
from homogsim.metrics.observation import Observation
from homogsim.metrics.similarity import similarity_scale
from homogsim.metrics.table import columns, row, town_rows
from homogsim.parameters import TOOLS

YEAR = 12
SNAPSHOT_EVERY = 60
"""Months from one snapshot of all businesses to the next."""
SCALE_SAMPLE = 3000
"""Outlets from which ℓ is estimated when there are more."""

Table = dict[str, NDArray[Any]]


class Pending(NamedTuple):
    """An observation that waits for ℓ, with what the table of towns needs beside it."""

    month: Observation
    entries: NDArray[np.int64]
    exits: NDArray[np.int64]


class Seen(NamedTuple):
    """A month after trading, which is complete when firms have closed and opened."""

    month: Observation
    was_chain: NDArray[np.bool_]
    """Sites that were a chain's."""
    census: Census


class Recorder:
    """Rows of the timeline and of the towns, snapshots, accounts; with biographies every firm every month.

    Parameters
    ----------
    market : Market
        What to look at.
    every : int
        Months from one row of the timeline to the next.
    biographies : bool
        Whether every business is recorded every month.
    other_scales : bool
        Whether diversity is told at half and twice the similarity scale, too.
    """

    def __init__(self, market: Market, every: int, biographies: bool, other_scales: bool = False) -> None:
        self.market, self.every, self.biographies, self.other_scales = market, every, biographies, other_scales
        self.memory = Memory(market)
        self.scale = np.nan
        self.diversity_0 = (np.nan, np.nan)
        self.timeline: list[dict[str, float]] = []
        self.towns: list[Table] = []
        self.accounts: list[dict[str, float]] = []
        self.snapshots: list[Table] = []
        self.firm_months: list[Table] = []
        self.pending: list[Pending] = []

    @property
    def columns(self) -> Mapping[str, Metric]:
        """The metrics in the timeline of this market."""
        return columns(self.market.firms.rows, self.other_scales)

    def freeze_scale(self) -> None:
        """Fix ℓ, the median distance between two outlets before anything has happened, and D of that state."""
        firms = self.market.firms
        outlets = np.flatnonzero(firms.independent)
        if outlets.size > SCALE_SAMPLE:
            luck = self.market.streams.uniform("panel", outlets, self.market.month, 1)
            outlets = outlets[np.argsort(luck, kind="stable")[:SCALE_SAMPLE]]
        self.scale = float(similarity_scale(firms.offering[:, outlets].T))
        for waiting in self.pending:
            self._write(waiting)
        if self.pending:
            last = self.pending[-1].month
            self.diversity_0 = (last.diversity("gamma", "sales"), float(last.process_gamma.value))
            last.forget()
        self.pending = []

    def settled(self) -> Recorder:
        """Return a recorder that has written all it saw: before month 0, a copy with ℓ as it would be now."""
        if not self.pending:
            return self
        other = copy(self)
        other.timeline, other.towns = list(self.timeline), list(self.towns)
        other.pending = [waiting._replace(month=replace(waiting.month)) for waiting in self.pending]
        other.freeze_scale()
        return other

    def begin_automation(self) -> None:
        """Fix what later months are told against, at the moment automation arrives."""
        self.freeze_scale()
        self.memory.surplus.freeze_start(self.market)

    def look(self, is_last: bool) -> Seen | None:
        """Observe the month after trading, before firms close and open; returns None if it is not recorded."""
        market = self.market
        surplus = surplus_at_first_tastes(market)
        self.memory.note(market, surplus, self.scale)
        if market.month < -market.parameters.calendar.before:
            return None
        self.accounts.append({"month": market.month, **market.flows})
        if self.biographies:
            self.firm_months.append(self._firm_month())
        # The month before automation is always observed: losses are told against it.
        if market.month == -1 or is_last or (market.month >= 0 and market.month % SNAPSHOT_EVERY == 0):
            self.snapshots.append(self._snapshot())
        if not (self._is_due() or market.month == -1 or is_last):
            return None
        census = count_everybody(market, surplus, self.memory.quartile)
        month = observe(market, self.memory, surplus, census, is_last or self._ends_year())
        month.money.public_money_so_far = float(sum(flows["public_money"] for flows in self.accounts))
        return Seen(month, market.firms.is_chain.copy(), census)

    def glance(self) -> Observation:
        """Return an observation of the market as it is now, of no month in particular."""
        surplus = self.market.consumers.surplus
        census = count_everybody(self.market, surplus, self.memory.quartile)
        return observe(self.market, self.memory, surplus, census, yearly=False)

    def _is_due(self) -> bool:
        return (self.market.month + self.market.parameters.calendar.before) % self.every == 0

    def _ends_year(self) -> bool:
        """Return whether a year has ended since the month that was due before; years end in months −1, 11 and so on."""
        month = self.market.month
        return month == -1 or (month + 1) // YEAR != (month + 1 - self.every) // YEAR

    def close_month(self, seen: Seen | None, exits: NDArray[np.integer], entries: NDArray[np.integer]) -> None:
        """Complete the month with the sites whose firms closed and opened, and write it if ℓ is known."""
        market = self.market
        for flow in ("founders_capital", "closing_cash"):
            if self.accounts and self.accounts[-1]["month"] == market.month:
                self.accounts[-1][flow] = market.flows[flow]
        if seen is None:
            return
        month, towns = seen.month, market.parameters.world.towns
        had, have, stayed, _ = seen.census
        month.people.customers = households(market, have)
        if had:  # those of a business that closes are lost
            month.people.retention = float(stayed.sum() - stayed[exits].sum()) / had
        exits = exits[~seen.was_chain[exits]]
        month.entries, month.exits = entries.size, exits.size
        complete = Pending(
            month, *(np.bincount(market.site_town[sites], minlength=towns) for sites in (entries, exits))
        )
        if np.isnan(self.scale) and market.month < 0:
            self.pending.append(complete)
        else:
            self._write(complete)

    def _write(self, seen: Pending) -> None:
        month = seen.month
        month.scale = self.scale
        month.offering_diversity_0, month.process_diversity_0 = self.diversity_0
        self.timeline.append(row(month, self.columns))
        self.towns.append(town_rows(month, seen.entries, seen.exits, self.market.geography.positions))
        month.forget()

    def note_exits(self, exits: NDArray[np.integer]) -> None:
        """Note adopters that close before the months of a return are over."""
        self.memory.note_exits(self.market, exits)

    def _snapshot(self) -> Table:
        market, firms = self.market, self.market.firms
        rows = np.flatnonzero(market.traded)
        minutes = market.parameters.world.square_minutes
        place = market.geography.positions[market.site_town[rows]] + market.streets.site_place[:, rows].T / minutes
        return {
            "month": np.full(rows.size, market.month),
            "uid": firms.uid[rows],
            "site": rows,
            "town": market.site_town[rows],
            "sector": market.site_sector[rows],
            "is_chain": firms.is_chain[rows],
            "tool": np.array(TOOLS)[firms.tool[rows]],
            "contact": firms.contact[rows],
            "sales": firms.sales[rows],
            "price": firms.price[rows],
            "x": place[:, 0],
            "y": place[:, 1],
            **_spread("offering", firms.offering[:, rows]),
        }

    def _firm_month(self) -> Table:
        firms, rows = self.market.firms, np.flatnonzero(self.market.traded)
        names = (
            "uid", "price", "unit_cost", "fixed_cost", "cash", "sales", "profit", "tool", "vendor", "contact",
            "implementation", "data", "differentiation", "trust", "personalization", "awareness", "satisfaction",
            "served_fit",
        )  # fmt: skip
        return {
            "month": np.full(rows.size, self.market.month),
            **{name: getattr(firms, name)[rows] for name in names},
            **_spread("offering", firms.offering[:, rows]),
            **_spread("identity", firms.identity[:, rows]),
        }


def _spread(name: str, points: NDArray[np.float64]) -> Table:
    """Return (d, n) points as one column a dimension."""
    return {f"{name}_{k}": points[k] for k in range(len(points))}
