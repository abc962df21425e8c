"""Playing: months at a pace, a frame every few of them, looking back at months that were run."""

from __future__ import annotations

import time

from homogsim.errors import HomogsimError
from homogsim.ui.desk import ENDLESS, Command, Desk, whole

PACES = {
    "slow": (4.0, 1),
    "walk": (12.0, 1),
    "play": (24.0, 1),
    "run": (0.0, 1),
    "quarter": (0.0, 3),
    "year": (0.0, 12),
}
"""Months a second (0: as many as there is time for), and months a frame."""
WAIT = 0.04
"""Seconds from frame to frame after which the market no longer waits for a browser that is busy drawing."""
LAG = 0.1
"""Seconds that play may fall behind its pace before it stops trying to make up for them."""


class Plays(Desk):
    """Commands that run months and look back at them."""

    def do_play(self, command: Command) -> None:
        """Go on, to the end or to a month."""
        if not self.ready:
            return
        self._refuse_undecided()
        self.target = whole(command, "to", ENDLESS)
        if self.target <= self.month:
            raise HomogsimError(f"month {self.target} has been run", help="The scrubber goes back.")
        self.past, self.due_at, self.mode = None, time.monotonic(), "playing"
        self.tell()

    def do_pause(self, command: Command) -> None:
        """Stand still."""
        if self.mode == "playing":
            self.rest()

    def do_step(self, command: Command) -> None:
        """Run one month."""
        if self.ready:
            self._refuse_undecided()
            self.past = None
            self._one_month()
            self.owner_stops()
            self.rest()

    def do_pace(self, command: Command) -> None:
        """Change the speed."""
        if command.get("pace") in PACES:
            self.pace = str(command["pace"])
            self.tell()

    def do_view(self, command: Command) -> None:
        """Look back at a month that was run."""
        if self.sides and self.mode != "opening":
            month = whole(command, "month", self.month)
            self.past = None if month >= self.month else month
            if self.mode == "playing":
                self.mode = "paused"
                self.tell()
            self.draw()

    def play_further(self) -> None:
        """Run the months of a frame, send it, and say when the next one is due."""
        (speed, months), began = PACES[self.pace], time.monotonic()
        for _ in range(months):
            self._one_month()
            if self.owner_stops() or self.sides[0].ended or self.month >= self.target:
                self.rest()
                return
        self.draw()
        if speed:
            self.due_at = max(self.due_at + months / speed, time.monotonic() - LAG)
        else:
            self.due_at = began + WAIT  # or when the browser has this frame

    def do_drawn(self, command: Command) -> None:
        """Send what has become newest since; without a pace, the next months may begin."""
        super().do_drawn(command)
        if self.mode == "playing" and not PACES[self.pace][0]:
            self.due_at = time.monotonic()

    def owner_stops(self) -> bool:
        """Whether the market must stand still for the owner of a business."""
        return False

    def _refuse_undecided(self) -> None:
        if self.owned is not None and self.owned.is_due:
            what = f"your decision for month {self.owned.month} is due"
            raise HomogsimError(what, help="Decide, or let the business decide by itself.")

    def _one_month(self) -> None:
        for side in self.sides:
            side.step()
