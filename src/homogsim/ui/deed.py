"""Who owns which business, since when, and what they said: enough to say it again in the same world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from homogsim.agents.situations import Decision
from homogsim.errors import ScenarioError
from homogsim.experiments.advice.worlds import BY_ITSELF

if TYPE_CHECKING:
    from homogsim.experiments.advice.ownership import Order, Ownership
    from homogsim.ui.side import Side

WORDS = {BY_ITSELF: "auto", "hand back": "back", "take over": "again"}
"""Orders that are no decisions, and how a link says them."""
ORDERS: dict[str, Order] = {"auto": BY_ITSELF, "back": "hand back", "again": "take over"}
PARTS = ("own", "own_from", "own_every", "own_name", "own_orders")
MOST_ORDERS = 2000
LONGEST_NAME = 60


@dataclass(frozen=True)
class Deed:
    """An ownership as a link carries it."""

    uid: int
    first: int
    """Month of the first review."""
    every: int
    name: str = ""
    orders: tuple[tuple[int, Order], ...] = ()

    @classmethod
    def of(cls, own: Ownership) -> Deed:
        """Return the deed of an ownership so far."""
        return cls(own.uid, own.first, own.every, own.name, tuple(own.orders))

    @property
    def afresh(self) -> Deed:
        """The same business, with nothing said yet."""
        return replace(self, orders=())

    def follow(self, side: Side) -> None:
        """Take the business over in its month, and say again what was said in the month that is about to be run.

        Raises
        ------
        HomogsimError
            For a business that is not there, and what is not on offer or cannot be paid.
        """
        if side.month == self.first:
            side.take(self.uid, self.name, self.every)
        own = side.owned
        if own is None:
            return
        for month, order in self.orders:
            if month != side.month:
                continue
            if order == "hand back":
                own.hand_back()
            elif order == "take over":
                own.take_over()
            else:
                own.decide(None if isinstance(order, str) else order)

    # As a link has it -----------------------------------------------------------------------------------------

    def parts(self) -> list[tuple[str, str]]:
        """Return the parts of a link's query."""
        orders = ";".join(f"{month}:{_said(order)}" for month, order in self.orders)
        said = (str(self.uid), str(self.first), str(self.every), self.name, orders)
        return [(name, text) for name, text in zip(PARTS, said, strict=True) if text]


def read(said: Mapping[str, str]) -> Deed | None:
    """Return the deed in a link's parts, if there is one.

    Raises
    ------
    ScenarioError
        For parts that say nothing that can be.
    """
    if "own" not in said:
        return None
    uid, first, every = (_whole(said.get(name, default), name) for name, default in
                         (("own", ""), ("own_from", "0"), ("own_every", "6")))  # fmt: skip
    if first < 0 or every < 1:
        raise ScenarioError("the link's owner begins before month 0, or reviews every 0 months")
    orders = tuple(_orders(said.get("own_orders", "")))
    if len(orders) > MOST_ORDERS:
        raise ScenarioError(f"the link's owner said more than {MOST_ORDERS} things")
    return Deed(uid, first, every, plain_name(said.get("own_name", "")), orders)


def plain_name(text: str) -> str:
    """Return a business's name: one line that can be printed, at most 60 characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:500]).split())[:LONGEST_NAME]


def _said(order: Order) -> str:
    if not isinstance(order, Decision):
        return WORDS[order]
    values = (order.contact, order.reinvestment, order.price_stance)
    return ",".join([order.tool or "", *("" if value is None else f"{float(value)!r}" for value in values)])


def _orders(text: str) -> Iterator[tuple[int, Order]]:
    for part in filter(None, text.split(";")):
        month, _, words = part.partition(":")
        yield _whole(month, "own_orders"), ORDERS[words] if words in ORDERS else _decision(words)


def _decision(words: str) -> Decision:
    tool, *rest = words.split(",")
    if len(rest) != 3:
        raise ScenarioError(f"the link's owner said {words[:40]!r}", help="Tool, contact, reinvestment, price stance.")
    contact, reinvestment, stance = (None if text == "" else _number(text) for text in rest)
    return Decision(tool or None, contact, reinvestment, stance)


def _number(text: str) -> float:
    try:
        return float(text[:24])
    except ValueError:
        raise ScenarioError(f"the link's owner said {text[:40]!r}", help="A number is needed.") from None


def _whole(text: str, name: str) -> int:
    try:
        return int(text[:18])
    except ValueError:
        raise ScenarioError(f"the link's {name} is {text[:40]!r}", help="A whole number is needed.") from None
