"""The recorder: looks at the market once a month and changes nothing in it."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.firms import NEVER, UID_SITE, operations, tiers
from homogsim.agents.market import Market
from homogsim.laws import stocks
from homogsim.metrics.observation import EXACT_OUTLETS, Observation
from homogsim.metrics.similarity import similarity_scale
from homogsim.metrics.table import row, town_rows
from homogsim.parameters import TOOLS

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


class Recorder:
    """Rows of the timeline and of the towns, snapshots, accounts; with biographies every firm every month."""

    def __init__(self, market: Market, every: int, biographies: bool) -> None:
        self.market, self.every, self.biographies = market, every, biographies
        self.scale = np.nan
        self.diversity_0 = (np.nan, np.nan)
        self.timeline: list[dict[str, float]] = []
        self.towns: list[Table] = []
        self.accounts: list[dict[str, float]] = []
        self.snapshots: list[Table] = []
        self.firm_months: list[Table] = []
        self.pending: list[Pending] = []
        self.returns: list[float] = []

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
            self.diversity_0 = (last.by_sales.gamma, last.process_gamma)
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

    def look(self, is_last: bool) -> Pending | None:
        """Observe the month after trading, before firms close and open; returns None if it is not recorded."""
        market = self.market
        self._follow_returns()
        if market.month < -market.parameters.calendar.before:
            return None
        self.accounts.append({"month": market.month, **market.flows})
        if self.biographies:
            self.firm_months.append(self._firm_month())
        due = (market.month + market.parameters.calendar.before) % self.every == 0
        # The month before automation is always observed: losses are told against it.
        if market.month == -1 or is_last or (market.month >= 0 and market.month % SNAPSHOT_EVERY == 0):
            self.snapshots.append(self._snapshot())
        if not (due or market.month == -1 or is_last):
            return None
        nothing = np.zeros(market.parameters.world.towns, dtype=np.int64)
        return Pending(self._observe(), nothing, nothing)

    def close_month(self, seen: Pending | None, exits: NDArray[np.integer], entries: NDArray[np.integer]) -> None:
        """Complete the month with the sites whose firms closed and opened, and write it if ℓ is known."""
        market = self.market
        for flow in ("founders_capital", "closing_cash"):
            if self.accounts and self.accounts[-1]["month"] == market.month:
                self.accounts[-1][flow] = market.flows[flow]
        if seen is None:
            return
        towns = market.parameters.world.towns
        seen.month.entries, seen.month.exits = entries.size, exits.size
        by_town = [np.bincount(market.site_town[sites], minlength=towns) for sites in (entries, exits)]
        complete = Pending(seen.month, by_town[0], by_town[1])
        if np.isnan(self.scale) and market.month < 0:
            self.pending.append(complete)
        else:
            self._write(complete)

    def _write(self, seen: Pending) -> None:
        month = seen.month
        month.scale = self.scale
        month.offering_diversity_0, month.process_diversity_0 = self.diversity_0
        self.timeline.append(row(month))
        self.towns.append(town_rows(month, seen.entries, seen.exits, self.market.geography.positions))

    def _follow_returns(self) -> None:
        """Collect ROI over 12 months of adopters whose first year is over, −1 of those that closed in it."""
        market, firms = self.market, self.market.firms
        age = market.month - firms.adopted
        complete = np.flatnonzero(market.traded & (firms.adopted > NEVER) & (age == 11))
        for value in _returns(firms.gain_12, firms.upfront_12, firms.outlay_12, complete):
            self.returns.append(float(value))

    def note_exits(self, exits: NDArray[np.integer]) -> None:
        """Count adopters that close within their first year as a total loss."""
        firms, month = self.market.firms, self.market.month
        lost = (firms.adopted[exits] > NEVER) & (month - firms.adopted[exits] < 11)
        self.returns.extend([-1.0] * int(lost.sum()))

    def _observe(self) -> Observation:
        market, world = self.market, self.market.parameters.world
        firms = market.firms
        rows = np.flatnonzero(market.traded & ~firms.is_chain)
        chain = market.traded & firms.is_chain
        now = operations(firms, rows)
        quality = stocks.expected_quality(
            now.quality, now.implementation, now.contact, now.back_office, market.parameters.tools.quality_floor,
            tiers(market.parameters).quality_gain[now.tool],
        )  # fmt: skip
        sample = np.arange(rows.size)
        if rows.size > EXACT_OUTLETS:
            sample = np.argsort(market.streams.uniform("panel", firms.uid[rows], market.month), kind="stable")
        return Observation(
            month=market.month,
            towns=world.towns,
            cells=world.cells,
            entries=0,
            exits=0,
            occasions=world.occasions * world.cells,
            consumer_surplus=_finite(market.streets.weight * market.consumers.surplus.sum()),
            choice_noise=market.parameters.consumers.choice_noise,
            town=market.site_town[rows],
            cell=market.site_cell[rows],
            offering=firms.offering[:, rows].T.copy(),
            process=firms.process[:, rows].T.copy(),
            sales=firms.sales[rows],
            price=firms.price[rows],
            unit_cost=firms.unit_cost[rows],
            quality=quality,
            personalization=firms.personalization[rows],
            profit=firms.profit[rows],
            slope=firms.slope[rows],
            expected_sales=firms.expected_sales[rows],
            tool=firms.tool[rows].astype(np.int64),
            contact=firms.contact[rows],
            returns=np.array(self.returns),
            sample=sample,
            chain_outlets=int(chain.sum()),
            chain_sales=float(firms.sales[chain].sum()),
            chain_expected_sales=float(firms.expected_sales[chain].sum()),
            chain_profit=float(firms.profit[chain].sum()),
            public_money=market.flows["public_money"],
            public_money_so_far=float(sum(flows["public_money"] for flows in self.accounts)),
        )

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
            "implementation", "data", "differentiation", "trust", "personalization", "satisfaction", "served_fit",
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


def _returns(
    gain: NDArray[np.float64], upfront: NDArray[np.float64], outlay: NDArray[np.float64], rows: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return (Σ(π − π⁰) − K)/(K + fees + training) at `rows`; NaN where nothing was spent."""
    spent = outlay[rows]
    return np.where(spent > 0.0, (gain[rows] - upfront[rows]) / np.where(spent > 0.0, spent, 1.0), np.nan)


def site_of(uid: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the site of a business from its uid."""
    return uid // UID_SITE


def _finite(value: float) -> float:
    """Return a number, NaN for the −∞ of people with nothing to choose and no outside option."""
    return float(value) if np.isfinite(value) else np.nan
