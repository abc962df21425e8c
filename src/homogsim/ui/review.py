"""What the owner of a business sees: how it stands, what can be done about it and what that takes, who does what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from homogsim.agents.adoption import levels_on_offer
from homogsim.agents.owners import cost_of
from homogsim.agents.situations import STANCES, Decision, Option, Situation
from homogsim.ui.told import plain_number

if TYPE_CHECKING:
    from homogsim.agents.market import Market
    from homogsim.experiments.advice.ownership import Ownership

NUMBERS = ("cash", "price", "unit_cost", "fixed_cost", "sales", "share", "profit", "satisfaction", "age", "contact",
           "months_with_tool", "implementation", "reinvestment", "price_stance")  # fmt: skip
PATH = ("month", "profit", "cumulative", "cash", "sales")
MOST_RIVALS = 5


def told(own: Ownership, peers_before: dict[str, float] | None) -> dict[str, Any]:
    """Return an ownership as plain data; with the situation where a review is due.

    Parameters
    ----------
    own : Ownership
        The business.
    peers_before : dict, optional
        Shares of its peers by tool at the review before.
    """
    market = own.model.market
    site = own.uid // 4096
    path = own.path[list(PATH)]
    facts = {
        "uid": own.uid,
        "name": own.name,
        "town": int(market.site_town[site]),
        "sector": int(market.site_sector[site]),
        "first": own.first,
        "every": own.every,
        "in_charge": own.in_charge,
        "open": own.is_open,
        "cause": own.cause,
        "due": own.is_due,
        "next": own.next_review,
        "left": own.model.last_month + 1 - own.month,
        "refused": own.refused,
        "path": {name: [plain_number(float(value)) for value in path[name]] for name in PATH},
        "decided": [[month, _words(order)] for month, order in own.orders][-8:],
    }
    if own.is_due:
        seen = own.situation
        facts["now"] = _situation(seen) | {"options": list(_options(market, seen)), "peers_before": peers_before}
    return facts


def _situation(seen: Situation) -> dict[str, Any]:
    nearest = [rival._asdict() for rival in seen.rivals[:MOST_RIVALS]]
    prices = [rival.price for rival in seen.rivals]
    return {name: getattr(seen, name) for name in NUMBERS} | {
        "month": seen.month,
        "tool": seen.tool,
        "rivals": len(seen.rivals),
        "chains": sum(rival.is_chain for rival in seen.rivals),
        "rival_prices": [min(prices), max(prices)] if prices else None,
        "nearest": nearest,
        "peers": dict(seen.peers),
        "own_choice": [seen.own_choice.tool, seen.own_choice.contact],
        "stances": list(STANCES),
    }


def _options(market: Market, seen: Situation) -> Iterator[dict[str, Any]]:
    """Yield all that is on offer, staying first: what it takes, what the business expects of it, whether it can pay."""
    stay = seen.stay
    yield _option(stay, stay) | {"stay": True}
    offered = [("none", 0.0)]
    offered += [
        (tool, level) for tool in market.parameters.tools.available
        for level in levels_on_offer(market.parameters.tools)
    ]  # fmt: skip
    for tool, contact in offered:
        option = seen.option(tool, contact)
        if option == stay:
            continue
        if option is not None:
            yield _option(option, stay)
            continue
        cost = cost_of(market, seen, tool, contact)
        if cost is not None:
            yield {"tool": tool, "contact": contact, "to_pay": cost, "can": False}


def _option(option: Option, stay: Option) -> dict[str, Any]:
    names = ("tool", "contact", "upfront", "to_pay", "monthly_fee")
    return {name: getattr(option, name) for name in names} | {
        "can": True,
        "gain": option.expected_profit - stay.expected_profit,
        "worth": option.value - stay.value,
    }


def _words(order: Decision | str) -> str:
    if isinstance(order, str):
        return {"by itself": "it decided by itself", "hand back": "handed back", "take over": "taken over again"}[order]
    parts = [order.tool or "the same tool"]
    parts += [f"contact {order.contact:g}"] if order.contact else []
    parts += [f"{100 * order.reinvestment:.0f} % of savings reinvested"] if order.reinvestment is not None else []
    parts += [f"markup × {order.price_stance:g}"] if order.price_stance is not None else []
    return ", ".join("no tool" if part == "none" else part for part in parts)
