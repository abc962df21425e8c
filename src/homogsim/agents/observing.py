"""A month of the market as metrics see it: made from the market and from what is remembered of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from homogsim.agents import surveys
from homogsim.agents.firms import NEVER, tiers
from homogsim.agents.launches import Launches
from homogsim.agents.market import Market
from homogsim.agents.panel import YEAR, Panel, SurplusMemory, taste_distance
from homogsim.agents.shadow import LONGEST
from homogsim.laws import stocks
from homogsim.metrics.observation import EXACT_OUTLETS, Investment, Money, Observation, People
from homogsim.metrics.returns import roi
from homogsim.metrics.welfare import taste_quartile

Floats = NDArray[np.float64]

RAREFIED_SHARE = 4
"""A rarefied subsample holds one in so many of all storefronts, ..."""
RAREFIED_MOST = 200
"""... but no more outlets than this."""
REPLICATES = 10
"""Rarefied subsamples that are averaged."""


@dataclass
class Returns:
    """What tools returned to every adopter so far whose months are over, in order."""

    over_12: list[float] = field(default_factory=list)
    over_36: list[float] = field(default_factory=list)
    paybacks: list[float] = field(default_factory=list)
    # Adopters that closed early are told with those who adopted when they did, or losses would come before gains.
    gone_12: list[float] = field(default_factory=list)
    """Month of adoption of each that closed within 12 months, and is not told yet."""
    gone_36: list[float] = field(default_factory=list)
    gone_paybacks: list[float] = field(default_factory=list)
    """Months until the tool had paid, of those in `gone_36`."""


class Memory:
    """What is remembered from month to month so that a month can be measured; it moves nothing."""

    def __init__(self, market: Market) -> None:
        self.panel = Panel(market)
        self.surplus = SurplusMemory(market)
        self.launches = Launches(market)
        self.returns = Returns()
        self.quartile = taste_quartile(taste_distance(market), np.ones(market.consumers.rows)).astype(np.int8)

    def buffers(self) -> dict[str, NDArray[np.generic]]:
        """Return everything of a fixed size, by name: the arrays themselves, which are written in place."""
        buffers: dict[str, NDArray[np.generic]] = {
            "visits": self.panel.visits,
            "paid": self.panel.paid,
            "surplus": self.surplus.recent,
            "surplus_start": self.surplus.start,
            "launch_gain": self.launches.gain,
            "launch_counts": self.launches.counts,
        }
        for name, was in (("seen", self.launches.seen), ("before", self.launches.before)):
            buffers |= {f"{name}_{column}": values for column, values in was.arrays().items()}
        return buffers

    def note(self, market: Market, surplus: Floats, scale: float) -> None:
        """Remember the month that has just been traded."""
        self.panel.note(market)
        self.surplus.note(market, surplus)
        self.launches.note(market, scale)
        self._follow_returns(market)

    def note_exits(self, market: Market, exits: NDArray[np.integer]) -> None:
        """Note adopters that close within the months of a return: a total loss."""
        if exits.size == 0:
            return
        firms = market.firms
        adopted = firms.adopted[exits]
        age, adopter = market.month - adopted, adopted > NEVER
        self.returns.gone_12.extend(adopted[adopter & (age < YEAR - 1)].astype(np.float64).tolist())
        early = exits[adopter & (age < LONGEST - 1)]
        self.returns.gone_36.extend(firms.adopted[early].astype(np.float64).tolist())
        self.returns.gone_paybacks.extend(_months_of_payback(market, early))

    def _follow_returns(self, market: Market) -> None:
        """Collect the return on investment of adopters whose first year, or first three years, are over."""
        firms = market.firms
        self._tell_exits(market.month)
        for months, told in ((YEAR, self.returns.over_12), (LONGEST, self.returns.over_36)):
            rows = np.flatnonzero(market.traded & (firms.adopted == market.month - months + 1))
            if rows.size == 0:
                continue
            gain, paid, outlay = (getattr(firms, f"{name}_{months}")[rows] for name in ("gain", "upfront", "outlay"))
            told.extend(roi(gain, paid, outlay - paid).tolist())
            if months == LONGEST:
                self.returns.paybacks.extend(_months_of_payback(market, rows))

    def _tell_exits(self, month: int) -> None:
        """Tell the total loss of those who closed early, in the month in which their whole cohort is told."""
        known = self.returns
        waiting = [since for since in known.gone_12 if since > month - (YEAR - 1)]
        known.over_12.extend([-1.0] * (len(known.gone_12) - len(waiting)))
        known.gone_12[:] = waiting
        due = [since <= month - (LONGEST - 1) for since in known.gone_36]
        known.over_36.extend([-1.0] * sum(due))
        known.paybacks.extend(paid for paid, told in zip(known.gone_paybacks, due, strict=True) if told)
        for left in (known.gone_36, known.gone_paybacks):
            left[:] = [value for value, told in zip(left, due, strict=True) if not told]


def _months_of_payback(market: Market, rows: NDArray[np.integer]) -> list[float]:
    """Return the months until the tools of the firms at `rows` had paid for themselves; infinite if they have not."""
    months = market.firms.payback[rows]
    return np.where(months > 0, months, np.inf).tolist()


def households(market: Market, customers: int) -> float:
    """Return how many households so many simulated customers are; NaN where nobody ever goes out.

    A simulated consumer stands for W purchase occasions a month, a household has `visit_probability` of them.
    """
    share = market.parameters.consumers.visit_probability
    return customers * market.streets.weight / share if share > 0.0 else float("nan")


def occasions(market: Market) -> float:
    """Return the purchase occasions of a month, bought or not.

    With given places they are those of the simulated consumers, who are whole and at least one in each cell: then they
    are not exactly `world.occasions` for each cell.
    """
    if market.places is not None:
        return market.consumers.rows * market.streets.weight
    world = market.parameters.world
    return world.occasions * world.cells


def observe(market: Market, memory: Memory, surplus: Floats, census: surveys.Census, yearly: bool) -> Observation:
    """Return the month that has just been traded; entries, exits, customers and ℓ are filled in later.

    `surplus` is everybody's consumer surplus, $ an occasion, and `census` its sums; `yearly` asks for what is measured
    once a year, too.
    """
    firms, world = market.firms, market.parameters.world
    rows = np.flatnonzero(market.traded & ~firms.is_chain)
    chain = market.traded & firms.is_chain
    tool, contact, implementation = firms.tool[rows], firms.contact[rows], firms.implementation[rows]
    quality = stocks.expected_quality(
        firms.quality[rows], implementation, contact, firms.back_office[rows], market.parameters.tools.quality_floor,
        tiers(market.parameters).quality_gain[tool],
    )  # fmt: skip
    sample = np.arange(rows.size)
    if rows.size > EXACT_OUTLETS:
        sample = np.argsort(market.streams.uniform("panel", firms.uid[rows], market.month), kind="stable")
    return Observation(
        month=market.month,
        yearly=yearly,
        towns=world.towns,
        cells=world.cells,
        entries=0,
        exits=0,
        occasions=occasions(market),
        choice_noise=market.parameters.consumers.choice_noise,
        town=market.site_town[rows],
        sector=market.site_sector[rows],
        cell=market.site_cell[rows],
        offering=firms.offering[:, rows].T.copy(),
        process=firms.process[:, rows].T.copy(),
        sales=firms.sales[rows],
        price=firms.price[rows],
        base_cost=firms.base_cost[rows],
        unit_cost=firms.unit_cost[rows],
        fixed_cost=firms.fixed_cost_paid[rows],
        quality=quality,
        personalization=firms.personalization[rows],
        satisfaction=firms.satisfaction[rows],
        profit=firms.profit[rows],
        slope=firms.slope[rows],
        expected_sales=firms.expected_sales[rows],
        tool=tool.astype(np.int64),
        contact=contact,
        implementation=implementation,
        data=firms.data[rows],
        people=_people(market, memory, surplus, census, yearly),
        money=_money(market),
        investment=_investment(market, memory, rows),
        sample=sample,
        draws=_draws(market, rows, yearly),
        rarefied_size=min(max(2, firms.rows // RAREFIED_SHARE), RAREFIED_MOST),
        chain_outlets=int(chain.sum()),
        chain_sales=float(firms.sales[chain].sum()),
        chain_expected_sales=float(firms.expected_sales[chain].sum()),
        chain_profit=float(firms.profit[chain].sum()),
    )


def _people(market: Market, memory: Memory, surplus: Floats, census: surveys.Census, yearly: bool) -> People:
    people, weight = market.consumers, market.streets.weight
    known = People(
        consumer_surplus=_finite(weight * surplus.sum()),
        surplus=weight * np.where(np.isfinite(census.surplus), census.surplus, np.nan),  # as `_finite`
        served=np.empty((0, people.ideal.shape[0])),
        windows=np.empty((0, people.ideal.shape[0])),
    )
    if yearly:
        known.net_promoter_score = surveys.promoter_score(market)
        known.repeat_revenue_share = memory.panel.repeat_revenue_share(market)
        known.repeat_12m = memory.panel.repeat_12m(market)
        known.experienced_richness = memory.panel.experienced_richness(market)
        answers = surveys.survey(market, memory.panel.who)
        known.served_badly_share = answers.served_badly_share
        known.personalization_gap = answers.personalization_gap
        known.differentiation_premium = answers.differentiation_premium
        known.served, known.windows, known.window_visits = surveys.served_offerings(market)
    return known


def _finite(value: float) -> float:
    """Return a number, NaN for the −∞ of people with nothing to choose and no outside option."""
    return float(value) if np.isfinite(value) else np.nan


def _money(market: Market) -> Money:
    flows = market.flows
    return Money(
        fixed_costs=flows["fixed_costs"],
        fees=flows["fees"],
        reinvestment=flows["reinvestment"],
        setup=flows["setup_and_training"],
        public_money=flows["public_money"],
    )


def _investment(market: Market, memory: Memory, rows: NDArray[np.integer]) -> Investment:
    vendors, clients = market.vendors, market.firms.vendor[rows]
    return Investment(
        clients=np.bincount(clients[clients >= 0], minlength=vendors.rows),
        vendor_market=vendors.tier.astype(np.int64) * (market.parameters.world.sectors + 1) + vendors.sector,
        returns_12=np.array(memory.returns.over_12, dtype=np.float64),
        returns_36=np.array(memory.returns.over_36, dtype=np.float64),
        paybacks=np.array(memory.returns.paybacks, dtype=np.float64),
        velocity=memory.launches.velocity,
    )


def _draws(market: Market, rows: NDArray[np.integer], yearly: bool) -> Floats:
    """Return (n, replicates) keyed draws by which subsamples are taken."""
    if not yearly:
        return np.empty((0, REPLICATES))
    uid = market.firms.uid[rows][:, None]
    return np.asarray(market.streams.uniform("panel", uid, market.month, 16 + np.arange(REPLICATES)))
