"""What a tab does: open a scenario, play it, change it, set another beside it, tell what came out, take it away."""

from __future__ import annotations

import logging
from typing import Any

from homogsim.errors import HomogsimError
from homogsim.ui.changing import Changes
from homogsim.ui.desk import Command
from homogsim.ui.giving import Gives
from homogsim.ui.opening import Opens
from homogsim.ui.owning import Owns

logger = logging.getLogger(__name__)

OPENING = ("hello", "open", "restart", "beside", "accept")
"""Commands whose refusal gives an opening up."""


class Tab(Opens, Owns, Changes, Gives):
    """A tab: every command of the browser is a method ``do_…``."""

    def due(self) -> float | None:
        """Return when (monotonic seconds) there is something to do without a command; None: never."""
        return self.due_at if self.mode in ("opening", "playing") else None

    def take(self, command: Command) -> None:
        """Carry out a command from the browser."""
        do = getattr(self, f"do_{command['do']}", None)
        if do is not None:
            do(command)

    def advance(self) -> None:
        """Do a slice of what is under way."""
        if self.mode == "opening":
            self.open_further()
        elif self.mode == "playing":
            self.play_further()

    def rest(self) -> None:
        """Stand still; at the end of the run the bets are settled."""
        super().rest()
        if self.mode == "ended" and self.bets_open:
            self.settle_bets()
        if self.mode == "ended":
            self.settle_owner()

    def refuse(self, error: HomogsimError, command: Command | None) -> None:
        """Tell a mistake where it was made; what is drawn stays."""
        asked = command or {}
        if command is None or command["do"] in OPENING:
            self.stop_opening()
        about: dict[str, Any] = {"do": asked.get("do", ""), "key": str(asked.get("key", ""))[:80]}
        self.send({"type": "refused", "what": error.what, "where": error.where, "help": error.help, **about}, [])
        self.tell()

    def fail(self, error: Exception) -> None:
        """Tell a defect: the month, what happened, and that the tab can be reset. The last frame stays."""
        logger.error("a tab's market failed", exc_info=error)
        month = self.sides[0].month if self.sides else None
        self.mode, self.work = "failed", None
        self.send({"type": "failed", "month": month, "what": f"{type(error).__name__}: {error}"[:300]}, [])
        self.tell()

    def close(self) -> None:
        """Let go of everything."""
        self.cancel_bands()
        self.give_up_ownership()
        self.work, self.sides = None, []
