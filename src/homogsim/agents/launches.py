"""Innovation velocity: who launched something in the last year, and whether it paid (docs/model.md).

Once a year every business is compared with what it was a year ago: another tool, or an offering that has moved by more
than a quarter of ℓ, is a launch. Over the next six months a launch is followed (every second month) beside the business
as it was before: same price, rivals, rent and shocks, but the tool and the offering of a year ago, and the demand that
these would have found (own-share response). A launch pays if its profit is higher, set-up costs left out. The market
stays as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.firms import Firms, Operations, appeal, business, operations, tiers
from homogsim.agents.market import Market
from homogsim.agents.shadow import luck_of_sales
from homogsim.laws import stocks
from homogsim.laws.response import own_share_response
from homogsim.metrics.innovation import innovation_velocity, is_launch
from homogsim.metrics.similarity import similarity_scale
from homogsim.population import Population, column

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

YEAR = 12
FOLLOWED = 6
"""Months over which a launch is followed, ..."""
EVERY = 2
"""... looked at in every second of them."""


class Remembered(Population):
    """Businesses as they were: `Operations` and offering, one row a site."""

    uid: Ints = column(np.int64, "identity of the business, −1 nobody is remembered", -1)
    offering: Floats = column(np.float64, "offering", vector=True)
    quality: Floats = column(np.float64, "quality")
    local: Floats = column(np.float64, "locality without tools")
    tool: NDArray[np.int8] = column(np.int8, "tool tier")
    back_office: Floats = column(np.float64, "intensity in the back office")
    contact: Floats = column(np.float64, "intensity in contact")
    implementation: Floats = column(np.float64, "implementation quality")
    back_office_months: Floats = column(np.float64, "months of automated back office")
    contact_months: Floats = column(np.float64, "months of automated contact")
    human_share: Floats = column(np.float64, "human share in contact")
    data: Floats = column(np.float64, "data stock")
    trust: Floats = column(np.float64, "trust")
    transparency: Floats = column(np.float64, "disclosure")

    def take(self, source: Firms | Remembered, rows: NDArray[np.integer]) -> None:
        """Remember what the businesses at `rows` are, and nobody else."""
        self.uid[:] = -1
        for name in self.columns:
            getattr(self, name)[..., rows] = getattr(source, name)[..., rows]

    def operations(self, market: Market, rows: NDArray[np.integer]) -> Operations:
        """Return how they ran; differentiation capital and load on attention are those of the month's trade."""
        load, differentiation = market.traded_with[:, rows]
        now = operations(market.firms, rows)._replace(load=load, differentiation=differentiation)
        return now._replace(**{n: getattr(self, n)[rows] for n in self.columns if n not in ("uid", "offering")})


class Launches:
    """The launches of the last year, followed for six months."""

    def __init__(self, market: Market) -> None:
        world = market.parameters.world
        sites = market.firms.rows
        self.seen = Remembered(sites, world.dimensions)
        self.before = Remembered(sites, world.dimensions)
        self.gain: Floats = np.zeros(sites)
        # Business-months of this year and of the year of the launches followed; launches that paid; velocity.
        self.counts: Floats = np.array([0.0, 0.0, 0.0, np.nan])

    @property
    def velocity(self) -> float:
        """Launches that paid, per business and year, of the last year known."""
        return float(self.counts[3])

    def note(self, market: Market, scale: float) -> None:
        """Follow the month that was traded; at the end of a year, look for launches."""
        trading = market.traded & ~market.firms.is_chain
        self.counts[0] += trading.sum()
        since = (market.month + 1) % YEAR
        if 1 <= since <= FOLLOWED and since % EVERY == 0:
            self._follow(market, np.flatnonzero(trading & (self.before.uid == market.firms.uid)))
        if since == FOLLOWED:
            alive = (self.before.uid == market.firms.uid) & trading
            self.counts[2] = (alive & (self.gain > 0.0)).sum()
        if since == 0:
            self._look_for_launches(market, np.flatnonzero(trading), scale)

    def _look_for_launches(self, market: Market, trading: NDArray[np.integer], scale: float) -> None:
        firms, counts = market.firms, self.counts
        had_a_year = self.seen.uid.max() >= 0
        counts[3] = innovation_velocity(int(counts[2]), counts[1]) if counts[1] > 0.0 else np.nan
        counts[1], counts[0] = (counts[0] if had_a_year else 0.0), 0.0
        counts[2] = 0.0
        self.gain[:] = 0.0
        rows = trading[self.seen.uid[trading] == firms.uid[trading]]
        known = scale if scale > 0.0 else similarity_scale(firms.offering[:, trading[:: 1 + trading.size // 1000]].T)
        changed = (firms.tool[rows] > 0) & (firms.tool[rows] != self.seen.tool[rows])
        launched = is_launch(firms.offering[:, rows].T, self.seen.offering[:, rows].T, known, changed)
        self.before.take(self.seen, rows[launched])
        self.seen.take(firms, trading)

    def _follow(self, market: Market, rows: NDArray[np.integer]) -> None:
        """Add this month's π − π⁰ of the launches."""
        if rows.size == 0:
            return
        firms, parameters = market.firms, market.parameters
        was = self.before.operations(market, rows)
        come_to = business(was, parameters)
        seen = appeal(was, come_to, firms.price[rows], self.before.offering[:, rows], parameters)
        assert market.appeal is not None  # a launch follows a month of trading
        sales = own_share_response(
            rows, np.arange(rows.size + 1), market.appeal, seen, market.choosing.tastes, market.streets, market.choices,
            market.threads,
        ) * luck_of_sales(market, rows)  # fmt: skip
        base = firms.base_cost[rows]
        cost = stocks.unit_cost(base, come_to.saving, come_to.served_fit, parameters.tools.served_fit_cost)
        reinvested = market.reinvestment(rows) * np.maximum(base - cost, 0.0) * sales
        fee = tiers(parameters).monthly_fee[was.tool]
        without = (firms.price[rows] - cost) * sales - firms.fixed_cost_paid[rows] - fee - reinvested
        self.gain[rows] += firms.profit[rows] - without
