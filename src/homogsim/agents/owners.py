"""Owners: whoever decides for one business in place of the model's law of choice.

An owner's policy is a function of what the business knows, a `Situation`; it returns a `Decision`, or None to let the
model's law decide. Nobody else is touched: draws are keyed by business and month, so an owner who decides as the
business would have decided leaves every bit of the run as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.firms import UID_MONTH, UID_SITE
from homogsim.agents.public import setup_costs
from homogsim.agents.situations import Decision, Option, Situation, situation
from homogsim.errors import HomogsimError
from homogsim.parameters import TOOLS

if TYPE_CHECKING:
    from homogsim.agents.adoption import Weighed
    from homogsim.agents.market import Market

Ints = NDArray[np.int64]

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
