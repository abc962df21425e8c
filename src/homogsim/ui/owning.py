"""Being the owner: take a business over, decide at its reviews, hand it back, see what came of it."""

from __future__ import annotations

from typing import Any

from homogsim.agents.situations import Decision
from homogsim.errors import HomogsimError
from homogsim.experiments.advice.ownership import Ownership
from homogsim.ui.deed import plain_name
from homogsim.ui.desk import Command, Desk, whole
from homogsim.ui.ending import Ending
from homogsim.ui.pace import Plays

LONGEST_WAIT = 60
"""Most months between reviews that can be chosen."""


class Owns(Plays, Desk):
    """Commands of an owner."""

    def do_own(self, command: Command) -> None:
        """Take over a business of the first market."""
        if not self.ready:
            raise HomogsimError("the run is not open", help="Reset it, then take a business over.")
        every = whole(command, "every", 0)
        if not 1 <= every <= LONGEST_WAIT:
            raise HomogsimError(f"reviews every {every} months", help=f"The interval is 1 to {LONGEST_WAIT} months.")
        if self.owned is not None and self.owned.orders:
            what = f"you have decided for {self.owned.name or 'a business'} in this run"
            raise HomogsimError(what, help="Reset the market, then take another one over.")
        if self.mode == "playing":
            self.rest()
        self.give_up_ownership()
        self.past = None
        self.sides[0].take(whole(command, "uid", -1), plain_name(str(command.get("name", ""))), every)
        self.ask_owner()
        self.draw()
        self.tell()

    def do_decide(self, command: Command) -> None:
        """Answer at a review, and go on to the next one."""
        own = self._owned()
        own.decide(None if command.get("by_itself") else decision(command))
        self.do_play({})

    def do_charge(self, command: Command) -> None:
        """Hand the business back, so that it decides by itself, or take it over again."""
        own = self._owned()
        if command.get("take"):
            own.take_over()
            if self.mode == "playing" and own.is_due:
                self.rest()
            self.ask_owner()
            self.tell()
        else:
            own.hand_back()
            self.tell()
            if command.get("go"):
                self.do_play({})

    def do_disown(self, command: Command) -> None:
        """Be nobody's owner any more, before anything has been decided."""
        if self._owned().orders:
            raise HomogsimError("you have decided for it in this run", help="Hand it back, or reset the market.")
        self.give_up_ownership()
        self.tell()

    def do_reckon(self, command: Command) -> None:
        """Tell what came of the business so far, beside what would have come of it."""
        own = self._owned()
        if own.month == own.first:
            raise HomogsimError("nothing has happened yet", help="Decide, and let the market run.")
        if self.ending is not None and self.ending.running:
            return
        if self.mode == "playing":
            self.rest()
        self._reckon(own)

    def owner_stops(self) -> bool:
        """Whether the market must stand still for its owner: a review is due, or the business they run has closed."""
        own = self.owned
        if own is None:
            return False
        if not own.is_open and not self.mourned:
            self.mourned = True
            return own.in_charge
        if own.is_due:
            self.ask_owner()
        return own.is_due

    def ask_owner(self) -> None:
        """Note what peers have at a review, to tell at the next one what has changed."""
        own = self.owned
        if own is not None and own.is_due and (not self.peers or self.peers[-1][0] != own.month):
            self.peers = [*self.peers[-1:], (own.month, dict(own.situation.peers))]

    def settle_owner(self) -> None:
        """At the end of the run, tell what came of it, once."""
        own = self.owned
        if own is not None and own.month > own.first and (self.ending is None or self.ending.month != own.month - 1):
            self._reckon(own)

    def _reckon(self, own: Ownership) -> None:
        self.cancel_ending()
        scenario, seed = self.plan.scenario.name, self.plan.seed
        is_over = self.sides[0].ended or not own.is_open
        self.ending = Ending(
            own,
            is_over=is_over,
            note=lambda found: self.classroom.owners.note(own, found, scenario, seed, own.every),
            send=self.send,
        )

    def _owned(self) -> Ownership:
        if self.owned is None:
            raise HomogsimError("you own no business", help="Pick one and take it over.")
        return self.owned


def decision(said: Command) -> Decision:
    """Return the decision in a message.

    Raises
    ------
    HomogsimError
        For values that are none.
    """
    parts: dict[str, Any] = {name: said.get(name) for name in ("tool", "contact", "reinvestment", "price_stance")}
    return Decision(**parts)
