"""The state of a market: parameters, luck, places, people, firms, and last month's choices."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim import geography
from homogsim.agents.consumers import (
    SENSITIVITIES,
    Consumers,
    TasteCentres,
    consumer_cells,
    draw_consumers,
    draw_liking,
    draw_sensitivities,
    draw_waves,
    taste_centres,
)
from homogsim.agents.firms import Firms
from homogsim.agents.vendors import Vendors, draw_vendors, spread_further
from homogsim.geography import Geography
from homogsim.laws.demand import Appeal, Luck, Streets, Tastes, plan_blocks, workspaces
from homogsim.laws.response import Choices
from homogsim.laws.singles import narrowed
from homogsim.parameters import Consumers as ConsumerParameters
from homogsim.parameters import Parameters
from homogsim.scenario.places import Places, storefronts_of
from homogsim.streams import Streams, stream_key

if TYPE_CHECKING:
    from homogsim.agents.owners import Owner

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CASH_FLOWS = (
    "revenue", "input_costs", "fixed_costs", "fees", "reinvestment", "setup_and_training", "owner_draws",
    "founders_capital", "settling", "chain_profits", "closing_cash",
)  # fmt: skip
"""Money into and out of firms in a month: their cash changes by revenue and capital in (founders' and, with given
places, what present businesses are found to have as they settle), less all the rest."""

FLOWS = (*CASH_FLOWS, "public_money")
"""All money that flows in a month. Public money goes past the firms' cash, to vendors and trainers (who get set-up and
training from the firms, and what policies add from the public) and as vouchers to consumers."""


class Decision(NamedTuple):
    """Why a business changed its tools: the option taken against staying as it was."""

    month: int
    uid: int
    tool: int
    contact: float
    value: float
    value_of_staying: float
    expected_profit: float
    profit_of_staying: float
    upfront: float
    reason: str


class Death(NamedTuple):
    """What is known of a business when it closes."""

    month: int
    uid: int
    cause: str


@dataclass(frozen=True)
class Choosing:
    """Under what consumers chose last: what looks back must not mix their choices with what has changed since."""

    tastes: Tastes
    consumers: ConsumerParameters

    @property
    def noise(self) -> float:
        """μ, dollars."""
        return self.consumers.choice_noise

    @cached_property
    def people(self) -> NDArray[np.float32]:
        """What they are, in single precision, for firms and founders; kept until a column is `Market.rewritten`."""
        return narrowed(self.tastes)


@dataclass
class Diary:
    """What happened to businesses, in order: the source of life tables and biographies."""

    births: list[tuple[int, int]] = field(default_factory=list)  # (month, uid)
    deaths: list[Death] = field(default_factory=list)
    tools: list[tuple[int, int, int, float]] = field(default_factory=list)  # (month, uid, tool, contact)
    lives: list[dict[str, NDArray[np.generic]]] = field(default_factory=list)  # of businesses that closed
    decisions: list[Decision] = field(default_factory=list)


class Market:
    """Everything that a month reads and writes. Stages are functions of it, each in the module of its agents."""

    def __init__(self, parameters: Parameters, seed: int, threads: int, places: Places | None = None) -> None:
        world = parameters.world
        self.parameters = parameters
        self.seed = seed
        self.luck_seed = seed
        self.streams = Streams(seed)
        self.threads = threads
        self.month = -parameters.calendar.before - parameters.calendar.warm_up
        self.geography: Geography = geography.build(world, self.streams, places)
        self.centres: TasteCentres = taste_centres(world, self.streams)
        self.places = places
        self.consumer_cell: Ints = consumer_cells(world, places)
        self.consumers: Consumers = draw_consumers(parameters, self.centres, self.streams, self.consumer_cell)
        self.firms = Firms(world.cells * world.sites, world.dimensions)
        self.vendors: Vendors = draw_vendors(parameters, self.centres.sectors, self.streams)
        site = np.arange(self.firms.rows)
        self.site_cell: Ints = site // world.sites
        to_let = np.array(storefronts_of(places, world.cells, world.sites))
        self.storefront: NDArray[np.bool_] = site % world.sites < to_let[self.site_cell]
        self.site_town: Ints = self.site_cell % world.towns
        self.site_sector: Ints = self.site_cell // world.towns
        self.peers: NDArray[np.int32] = geography.peer_lists(parameters, self.streams)
        self.streets: Streets = _streets(parameters, self.geography, self.streams, self.consumer_cell)
        self.tastes: Tastes = self.consumers.tastes(
            draw_liking(parameters, self.centres, self.streams, self.consumer_cell),
            draw_waves(parameters, self.streams),
        )
        self.plan: Ints = plan_blocks(self.streets.consumer_start)
        self.rooms: Floats = workspaces(threads, self.tastes)
        self.appeal: Appeal | None = None
        self.scale = np.nan
        # ū_0 and s_0, dollars: what ratings of visits are told against (`homogsim.agents.advocacy`).
        self.rating: Floats = np.full(2, np.nan)
        # Load on attention and differentiation capital of the month's trade: both move before the month is over.
        self.traded_with: Floats = np.zeros((2, self.firms.rows))
        # What this month's visitors say of each site (`homogsim.laws.demand`).
        self.verdict: Ints = np.zeros((2, self.firms.rows), dtype=np.int64)
        self.town_diversity_0: Floats = np.full(world.towns, np.nan)
        self.local_factor: Floats | None = None
        self.chain_price: Floats = np.full(world.sectors, np.nan)
        self.last_traded = self.month
        self.choosing = Choosing(self.tastes, parameters.consumers)
        # Tastes of the start, where they have changed since: what surplus is told at.
        self.first_tastes: Tastes | None = None
        self.closed = np.zeros(self.firms.rows, dtype=bool)
        self.traded = np.zeros(self.firms.rows, dtype=bool)
        self.flows: dict[str, float] = dict.fromkeys(FLOWS, 0.0)
        self.diary = Diary()
        self.owners: dict[int, Owner] = {}

    @property
    def automation(self) -> bool:
        """Whether automation has arrived and some tool is on the market."""
        return self.month >= 0 and bool(self.parameters.tools.available)

    def reinvestment(self, rows: NDArray[np.integer] | slice | int = slice(None)) -> Floats:
        """Return r of the firms at `rows`: the model's share, but where an owner decided otherwise."""
        own = self.firms.own_reinvestment[rows]
        return np.where(np.isnan(own), self.parameters.firms.reinvestment, own)

    @property
    def wanted(self) -> Tastes:
        """Tastes as they are this month: backlash raises the value of the local town by town, vouchers add to it.

        A voucher is worth what as much off the price is: α_i times its dollars.
        """
        voucher, locality = self.parameters.policy.local_voucher, self.tastes.locality
        if self.local_factor is None and voucher == 0.0:
            return self.tastes
        if self.local_factor is not None:
            locality = locality * self.local_factor[self.consumer_cell % self.parameters.world.towns]
        return self.tastes._replace(locality=locality + voucher * self.tastes.price_sensitivity)

    @property
    def choices(self) -> Choices:
        """Last month's choices, for what firms and founders expect."""
        people = self.consumers
        return Choices(people.inclusive, people.last_before, self.choosing.noise, self.choosing.people)

    @property
    def present_choices(self) -> Choices:
        """The month's choices, of customers whom the outlets that closed after trading have left: for newcomers.

        Where consumers were last is as it was: nobody has been to a newcomer.
        """
        if self.appeal is None:
            return self.choices
        gone = np.flatnonzero(self.closed)
        return self.choices._replace(gone=gone, seen=self.appeal.at(gone))

    def face(self, luck_seed: int) -> None:
        """Go on with other luck from this month on: the same world and the same people, another future."""
        self.luck_seed = luck_seed
        self.streams = Streams(luck_seed)

    def adopt(self, parameters: Parameters) -> None:
        """Go on under changed parameters: what consumers value follows, the same people with the same luck."""
        if parameters.consumers != self.parameters.consumers:
            self._keep_tastes()
            draw_sensitivities(self.consumers, parameters.consumers, Streams(self.seed))
            self.tastes = self.consumers.tastes(self.tastes.liking, draw_waves(parameters, Streams(self.seed)))
        added = parameters.policy.interoperability - self.parameters.policy.interoperability
        if added != 0.0:
            spread_further(self.vendors, added, Streams(self.seed))
        self.parameters = parameters

    def rewritten(self) -> None:
        """Let go of what follows from columns of consumers: for whoever writes to these from outside."""
        self.choosing = replace(self.choosing)

    def _keep_tastes(self) -> None:
        """Let the tastes of the last choices and of the start be what they were: the columns are written anew."""
        before = {name: getattr(self.consumers, name).copy() for name in SENSITIVITIES}
        chosen = {name: getattr(self.choosing.tastes, name).copy() for name in SENSITIVITIES}
        self.choosing = replace(self.choosing, tastes=self.choosing.tastes._replace(**chosen))
        if self.first_tastes is None:
            self.first_tastes = self.tastes._replace(**before)

    @property
    def looking_back(self) -> Parameters:
        """The parameters in force, but those of consumers as they were when these chose last."""
        if self.choosing.consumers is self.parameters.consumers:
            return self.parameters
        return self.parameters.model_copy(update={"consumers": self.choosing.consumers})

    def luck(self) -> Luck:
        """Return the keys of this month's visits."""
        visit, race = stream_key(self.luck_seed, "visit"), stream_key(self.luck_seed, "race")
        return Luck(
            month=np.uint64(self.month % 2**32),
            visit_key0=np.uint64(visit[0]),
            visit_key1=np.uint64(visit[1]),
            race_key0=np.uint64(race[0]),
            race_key1=np.uint64(race[1]),
            visit_probability=self.parameters.consumers.visit_probability,
        )


def _streets(parameters: Parameters, places: Geography, streams: Streams, consumer_cell: Ints) -> Streets:
    world = parameters.world
    sites = np.arange(world.cells * world.sites)
    return Streets(
        site_start=np.arange(world.cells + 1, dtype=np.int64) * world.sites,
        consumer_start=np.searchsorted(consumer_cell, np.arange(world.cells + 1)).astype(np.int64),
        towns=world.towns,
        reach_towns=places.reach_towns,
        reach_minutes=places.reach_minutes,
        visitors_start=places.visitors_start,
        visitors_towns=places.visitors_towns,
        visitors_minutes=places.visitors_minutes,
        site_place=geography.places("site places", sites, world.town_radius, streams),
        weight=world.occasions / world.consumers,
    )
