"""Owners: whoever decides for one business in place of the model's law of choice.

An owner's policy is a function of what the business knows, a `Situation`; it returns a `Decision`, or None to let the
model's law decide. Nobody else is touched: draws are keyed by business and month, so an owner who decides as the
business would have decided leaves every bit of the run as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.firms import UID_MONTH, UID_SITE, tiers
from homogsim.agents.public import setup_costs
from homogsim.errors import HomogsimError
from homogsim.parameters import TOOLS

if TYPE_CHECKING:
    from homogsim.agents.adoption import Weighed
    from homogsim.agents.market import Market

Ints = NDArray[np.int64]

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


Policy = Callable[[Situation], Decision | None]


@dataclass(frozen=True)
class Owner:
    """A policy, and when it is asked."""

    policy: Policy
    months: Collection[int] | None = None
    """Months in which this business reviews, informed of automation and not bound by an earlier change; by default it
    reviews when it would by itself."""


def owners_of(given: Mapping[int, Policy | Owner] | None, market: Market) -> dict[int, Owner]:
    """Return owners by uid.

    Raises
    ------
    HomogsimError
        For a uid that no business of this market can have, and for what is no policy.
    """
    found: dict[int, Owner] = {}
    for uid, policy in (given or {}).items():
        check_uid(uid, market)
        if not (isinstance(policy, Owner) or callable(policy)):
            what = f"the owner of {uid} is {policy!r:.60}"
            help = "A function of a Situation is needed, which returns a Decision or None."
            raise HomogsimError(what, "owners", help)
        found[int(uid)] = policy if isinstance(policy, Owner) else Owner(policy)
    return found


def check_uid(uid: Any, market: Market) -> None:
    """Refuse what cannot be the uid of a business of this market.

    Raises
    ------
    HomogsimError
        Says what a uid is.
    """
    whole = isinstance(uid, int | np.integer) and not isinstance(uid, bool)
    if not whole or not 0 <= uid < market.firms.rows * UID_SITE:
        sites = market.firms.rows
        what = f"there is no business {uid!r:.40}: this market has the sites 0 to {sites - 1}"
        help = f"A uid is site · {UID_SITE} + month of opening + {UID_MONTH}; `model.firms[SITE].uid` says it."
        raise HomogsimError(what, help=help)


def reviewing(market: Market, due: Ints) -> Ints:
    """Return who reviews this month: those who are due, and the businesses whose owners chose this month."""
    own = {uid: owner.months for uid, owner in market.owners.items() if owner.months is not None}
    if not own:
        return due
    firms = market.firms
    rows = np.array([uid // UID_SITE for uid in own], dtype=np.int64)
    here = rows[firms.independent[rows] & (firms.uid[rows] == list(own))]
    asked = [row for row in here.tolist() if market.month in (own[int(firms.uid[row])] or ())]
    asked = [row for row in asked if firms.expected_sales[row] > 0.0]
    firms.heard[asked] = True
    return np.union1d(np.setdiff1d(due, here), asked).astype(np.int64)


def decided(market: Market, weighed: Weighed) -> Ints:
    """Return the options chosen, those of businesses with an owner as the owner decides."""
    chosen = weighed.chosen
    if not market.owners:
        return chosen
    chosen = chosen.copy()
    for n, row in enumerate(weighed.menu.firm[weighed.menu.first[:-1]].tolist()):
        owner = market.owners.get(int(market.firms.uid[row]))
        if owner is not None:
            chosen[n] = _decided_by(owner, market, weighed, n)
    return chosen


def _decided_by(owner: Owner, market: Market, weighed: Weighed, n: int) -> int:
    seen = situation(market, weighed, n)
    decision = owner.policy(seen)
    if decision is None:
        return int(weighed.chosen[n])
    if not isinstance(decision, Decision):
        what = f"the policy of business {seen.uid} returned {decision!r:.60} in month {seen.month}"
        raise HomogsimError(what, help="It must return a Decision, or None to let the model decide.")
    row = int(weighed.menu.firm[weighed.menu.first[n]])
    if decision.reinvestment is not None:
        market.firms.own_reinvestment[row] = decision.reinvestment
    if decision.price_stance is not None:
        market.firms.price_stance[row] = decision.price_stance
    if not decision.about_tools:
        return int(weighed.chosen[n])
    wanted = found_option(market, seen, decision)
    return int(weighed.menu.first[n]) + seen.options.index(wanted)


def found_option(market: Market, seen: Situation, decision: Decision) -> Option:
    """Return the option that a decision about tools means.

    Raises
    ------
    HomogsimError
        It is not on offer, or cannot be paid: says what can.
    """
    tool = seen.tool if decision.tool is None else decision.tool
    contact = decision.contact if tool != "none" else 0.0
    if contact is None:
        lower = [level for level in _levels(market) if level <= seen.contact + 1e-9]
        contact = seen.contact if tool == seen.tool else max(lower, default=min(_levels(market)))
    found = seen.option(tool, contact)
    if found is not None:
        return found
    who = f"business {seen.uid}, month {seen.month}: {tool}" + (f" with contact {contact:g}" if contact else "")
    can = "; ".join(f"{o.tool} with contact {o.contact:g}" if o.contact else o.tool for o in seen.options)
    cost = cost_of(market, seen, tool, contact)
    if cost is None:
        raise HomogsimError(f"{who} is not on offer", help=f"It can choose: {can}.")
    what = f"{who} costs ${cost:,.0f} at once, and it has ${max(seen.cash, 0.0):,.0f}"
    raise HomogsimError(what, help=f"It can pay for: {can}.")


def cost_of(market: Market, seen: Situation, tool: str, contact: float) -> float | None:
    """Return what changing to a tool and contact takes in cash at once, dollars; None when it is not on offer."""
    tools = market.parameters.tools
    offered = any(abs(level - contact) < 1e-9 for level in _levels(market))
    if tool == "none":
        return 0.0
    if tool not in tools.available or not offered:
        return None
    share = float(setup_costs(market.parameters).firm[TOOLS.index(tool)])
    new = tool != seen.tool
    adds = contact > 0.0 and (new or seen.contact == 0.0)
    return tools.down_payment * share * (new + adds * tools.contact_cost) + new * tools.training


def _levels(market: Market) -> tuple[float, ...]:
    from homogsim.agents.adoption import levels_on_offer  # which imports this module

    return levels_on_offer(market.parameters.tools)


def look(market: Market, uid: int) -> Situation:
    """Return what a business would know if it reviewed now, before the month that is about to be run.

    Raises
    ------
    HomogsimError
        For a business that is not open, an outlet of a chain, and one that has not sold anything yet.
    """
    from homogsim.agents.adoption import weigh

    check_open(uid, market)
    return situation(market, weigh(market, np.array([uid // UID_SITE])), 0)


def check_open(uid: int, market: Market) -> None:
    """Refuse a business for which nothing can be decided now.

    Raises
    ------
    HomogsimError
        It never was, has closed, belongs to a chain, or has not sold anything yet; says what exists instead.
    """
    check_uid(uid, market)
    firms, row = market.firms, uid // UID_SITE
    if firms.is_open[row] and firms.uid[row] == uid and not firms.is_chain[row]:
        if firms.expected_sales[row] > 0.0:
            return
        what = f"the business {uid} has no month of business behind it in month {market.month}"
        raise HomogsimError(what, help="Ask in a later month.")
    instead = _instead(market, row)
    death = next((death for death in market.diary.deaths if death.uid == uid), None)
    if death is not None:
        raise HomogsimError(f"the business {uid} closed in month {death.month} ({death.cause})", help=instead)
    if firms.is_open[row] and firms.uid[row] == uid:
        raise HomogsimError(f"{uid} is an outlet of a chain, which decides for all its outlets", help=instead)
    raise HomogsimError(f"there is no business {uid} in month {market.month}", help=instead)


def _instead(market: Market, row: int) -> str:
    """Say which businesses are open at a site or, if none is, in its town and sector."""
    firms = market.firms
    if firms.independent[row]:
        return f"At site {row} there is now the business {firms.uid[row]}."
    near = np.flatnonzero(firms.independent & (market.site_cell == market.site_cell[row]))
    where = f"town {market.site_town[row]}, sector {market.site_sector[row]}"
    if near.size == 0:
        return f"No business is open in {where}."
    return f"Open in {where}: {', '.join(str(uid) for uid in firms.uid[near].tolist()[:12])}."


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


def _peers(market: Market, row: int) -> dict[str, float]:
    peers = market.peers[row]
    peers = peers[peers >= 0]
    having = market.firms.tool[peers[market.firms.independent[peers]]]
    return {name: float((having == k).mean()) if having.size else 0.0 for k, name in enumerate(TOOLS)}
