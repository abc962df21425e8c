"""What a business knows at a review, and what its owner can decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from homogsim.agents.firms import tiers
from homogsim.errors import HomogsimError
from homogsim.parameters import TOOLS

if TYPE_CHECKING:
    from homogsim.agents.adoption import Weighed
    from homogsim.agents.market import Market

STANCES = (0.5, 2.0)
"""Smallest and largest price stance: markups of half and of twice what the model's firms aim at."""


@dataclass(frozen=True)
class Decision:
    """What an owner decides at a review; None leaves that part as the business would have it."""

    tool: str | None = None
    """``none``, ``generic``, ``industry`` or ``custom``; the tool in use means keeping it."""
    contact: float | None = None
    """Intensity of automated contact, one of those on offer; by default as it is now, or the next lower on offer."""
    reinvestment: float | None = None
    """Share of the tool's savings that goes into differentiation, 0 to 1; stays until it is decided anew."""
    price_stance: float | None = None
    """Markup aimed at, relative to the best response (1), 0.5 to 2; stays until it is decided anew."""

    def __post_init__(self) -> None:
        if self.tool is not None and self.tool not in TOOLS:
            raise HomogsimError(f"there is no tool {self.tool!r:.60}", "Decision", f"It is one of {', '.join(TOOLS)}.")
        for name, low, high in (("contact", 0.0, 1.0), ("reinvestment", 0.0, 1.0), ("price_stance", *STANCES)):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                what = f"{name} is {value!r:.60}"
                raise HomogsimError(what, "Decision", f"It is a number from {low:g} to {high:g}.")

    @property
    def about_tools(self) -> bool:
        """Whether it says anything about tool or contact."""
        return self.tool is not None or self.contact is not None


class Option(NamedTuple):
    """A tool and intensity of contact that the business can pay for."""

    tool: str
    contact: float
    upfront: float
    """Set-up cost and training, dollars."""
    to_pay: float
    """What of it must be in cash now, dollars."""
    monthly_fee: float
    """Dollars a month."""
    expected_profit: float
    """The model's own expectation once all is learned, before rent, dollars a month."""
    value: float
    """The model's own valuation over `tools.horizon` months with costs and peers, dollars; luck left out."""

    @property
    def decision(self) -> Decision:
        """The decision for this option."""
        return Decision(self.tool, self.contact)


class Rival(NamedTuple):
    """Another outlet of the same town and sector, as anybody can see it."""

    uid: int
    is_chain: bool
    price: float
    """Dollars."""
    distance: float
    """Between the two offerings, taste sd."""


@dataclass(frozen=True)
class Situation:
    """What a business knows at a review."""

    month: int
    uid: int
    town: int
    sector: int
    age: int
    """Months since it opened."""
    tool: str
    contact: float
    months_with_tool: int
    implementation: float | None
    """Implementation quality of its tool, 0 to 1; None without a tool, or before it has been used for long enough."""
    cash: float
    """Dollars."""
    price: float
    """Dollars."""
    unit_cost: float
    """Dollars."""
    fixed_cost: float
    """Dollars a month."""
    sales: float
    """Last month, occasions."""
    share: float
    """Of what all outlets of its town and sector sold last month, 0 to 1."""
    profit: float
    """Last month, dollars."""
    satisfaction: float
    """Of its customers, smoothed, dollars."""
    reinvestment: float
    """Share of savings."""
    price_stance: float
    options: tuple[Option, ...]
    """What it can do and pay for; the first is to stay as it is."""
    own_choice: Option
    """What the model's law would choose, luck included."""
    rivals: tuple[Rival, ...]
    """The other outlets of its town and sector, the nearest offering first."""
    peers: Mapping[str, float]
    """Share of its peers in business that have each tool."""

    @property
    def stay(self) -> Option:
        """The option of staying as it is."""
        return self.options[0]

    def option(self, tool: str, contact: float = 0.0) -> Option | None:
        """Return an option, or None where it is not on offer or cannot be paid."""
        return next((o for o in self.options if o.tool == tool and abs(o.contact - contact) < 1e-9), None)


def situation(market: Market, weighed: Weighed, n: int) -> Situation:
    """Return what the n-th business under review knows."""
    menu, firms, parameters = weighed.menu, market.firms, market.parameters
    span = range(menu.first[n], menu.first[n + 1])
    row = int(menu.firm[span[0]])
    options = tuple(_option(market, weighed, at) for at in span)
    tool, months = int(firms.tool[row]), float(firms.back_office_months[row])
    knows = tool > 0 and months >= parameters.tools.belief_months
    return Situation(
        month=market.month,
        uid=int(firms.uid[row]),
        town=int(market.site_town[row]),
        sector=int(market.site_sector[row]),
        age=market.month - int(firms.birth[row]),
        tool=TOOLS[tool],
        contact=float(firms.contact[row]),
        months_with_tool=int(months),
        implementation=float(firms.implementation[row]) if knows else None,
        reinvestment=float(market.reinvestment(row)),
        options=options,
        own_choice=options[int(weighed.chosen[n]) - span[0]],
        rivals=rivals_of(market, row),
        peers=_peers(market, row),
        sales=float(firms.expected_sales[row]),
        share=_share(market, row),
        **{name: float(getattr(firms, name)[row]) for name in _AS_IT_IS},
    )


_AS_IT_IS = ("cash", "price", "unit_cost", "fixed_cost", "profit", "satisfaction", "price_stance")


def _option(market: Market, weighed: Weighed, at: int) -> Option:
    menu = weighed.menu
    tool, upfront, training = int(menu.tool[at]), float(menu.upfront[at]), float(menu.training[at])
    return Option(
        tool=TOOLS[tool],
        contact=float(menu.contact[at]),
        upfront=upfront + training,
        to_pay=market.parameters.tools.down_payment * upfront + training,
        monthly_fee=float(tiers(market.parameters).monthly_fee[tool]),
        expected_profit=float(weighed.profit[at]),
        value=float(weighed.values[at]),
    )


def rivals_of(market: Market, row: int) -> tuple[Rival, ...]:
    """Return the other outlets of a site's town and sector, the nearest offering first."""
    firms = market.firms
    there = np.flatnonzero((market.site_cell == market.site_cell[row]) & firms.is_open)
    there = there[there != row]
    gap = firms.offering[:, there] - firms.offering[:, [row]]
    distance = np.sqrt((gap * gap).sum(axis=0))
    found = (
        Rival(int(firms.uid[j]), bool(firms.is_chain[j]), float(firms.price[j]), float(far))
        for j, far in zip(there, distance, strict=True)
    )
    return tuple(sorted(found, key=lambda rival: (rival.distance, rival.uid)))


def _share(market: Market, row: int) -> float:
    firms = market.firms
    there = (market.site_cell == market.site_cell[row]) & firms.is_open
    sold = float(firms.sales[there].sum())
    return float(firms.sales[row]) / sold if sold > 0.0 else 0.0


def _peers(market: Market, row: int) -> dict[str, float]:
    peers = market.peers[row]
    peers = peers[peers >= 0]
    having = market.firms.tool[peers[market.firms.independent[peers]]]
    return {name: float((having == k).mean()) if having.size else 0.0 for k, name in enumerate(TOOLS)}
