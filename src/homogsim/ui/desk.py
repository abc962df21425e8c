"""What a tab has before it, and how it tells the browser: the part that opening, playing and changing share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from homogsim.scenario import Scenario
from homogsim.scenario.checking import values
from homogsim.scenario.events import recorded
from homogsim.ui import controls, links, review
from homogsim.ui.bands import Bands
from homogsim.ui.bets import Classroom
from homogsim.ui.deed import Deed
from homogsim.ui.openings import Openings
from homogsim.ui.plan import Plan
from homogsim.ui.side import Side

if TYPE_CHECKING:
    from homogsim.experiments.advice.ownership import Ownership
    from homogsim.ui.ending import Ending

Send = Callable[[dict[str, Any], list[bytes]], None]
Command = dict[str, Any]

ENDLESS = 10**9
PATIENCE = 2.0
"""Seconds after which a frame in flight counts as lost, as when a connection came back."""
RESEND = (-1, 0)
"""What was sent of a market's rows, when nothing was."""


class Desk:
    """The state of a tab; only its worker touches it.

    Modes: ``idle`` (nothing is open), ``opening`` (months are run that are not drawn), ``paused``, ``playing``,
    ``ended``, ``failed``.
    """

    def __init__(self, send: Send, openings: Openings, classroom: Classroom, first: str) -> None:
        self.send, self.openings, self.classroom, self.first = send, openings, classroom, first
        self.mode = "idle"
        self.plan = self.wanted = Plan.of(Scenario())
        """What is run, and what the next start would run."""
        self.sides: list[Side] = []
        self.pace, self.target = "play", ENDLESS
        self.town: int | None = None
        self.due_at = 0.0
        self.past: int | None = None
        """The month looked back to."""
        self.bands: Bands | None = None
        self.bets: dict[str, float] = {}
        self.who, self.bets_open = "", False
        self.ending: Ending | None = None
        """The comparison of an owner's path with others."""
        self.peers: list[tuple[int, dict[str, float]]] = []
        """What the owner's peers had at the last two reviews."""
        self.mourned = False
        """Whether the owner knows that the business has closed."""
        self.work: Iterator[tuple[str, float]] | None = None
        self.offered: tuple[Plan, int] | None = None
        self._run = 0
        self._in_flight = self._stale = False
        self._sent_at = 0.0
        self._sent: list[tuple[int, int]] = []

    @property
    def month(self) -> int:
        """The last month that was run."""
        return self.sides[0].month - 1

    @property
    def ready(self) -> bool:
        """Whether months can be run."""
        return bool(self.sides) and self.mode in ("paused", "playing")

    @property
    def owned(self) -> Ownership | None:
        """The business in the user's hands."""
        return self.sides[0].owned if self.sides else None

    @property
    def may_change(self) -> bool:
        """Whether a live parameter can change from the coming month on."""
        if not self.ready:
            return False
        first, last = recorded(self.plan.scenario.parameters)
        return first <= self.sides[0].month <= last

    def show(self, sides: list[Side]) -> None:
        """Put markets in the place of those that were drawn."""
        if self.sides and self.sides[0] not in sides:
            self.give_up_ownership()
        self.sides, self._run, self.town = sides, self._run + 1, None
        self._sent = [RESEND] * len(sides)
        for number, side in enumerate(sides):
            facts, buffers = side.world()
            self.send({"type": "world", "run": self._run, "side": number, **facts}, buffers)

    def rest(self) -> None:
        """Stand still, and show it."""
        self.mode = "ended" if self.sides[0].ended else "paused"
        self.draw()
        self.tell()

    # Drawing --------------------------------------------------------------------------------------------------

    def draw(self, *, afresh: bool = False) -> None:
        """Send a frame, unless one is in flight: then the newest goes when that has been drawn."""
        late = time.monotonic() - self._sent_at > PATIENCE
        if self._in_flight and not afresh and not late:
            self._stale = True
            return
        self._in_flight, self._stale, self._sent_at = True, False, time.monotonic()
        parts = [self._frame(number) for number in range(len(self.sides))]
        heads, buffers = [head for head, _ in parts], [buffer for _, found in parts for buffer in found]
        about = {"run": self._run, "month": heads[0]["month"], "now": self.month, "past": self.past is not None}
        self.send({"type": "frame", **about, "town": self.town, "sides": heads}, buffers)

    def _frame(self, number: int) -> tuple[dict[str, int], list[bytes]]:
        """Return a market's part of a frame: its businesses, its templates, and rows that the browser has not yet."""
        side = self.sides[number]
        newest, marks = side.present()
        shown = newest if self.past is None else side.frame_at(self.past)
        version, count = self._sent[number]
        if self.town is not None:
            since, data = 0, side.town_rows(self.town)
        else:
            rows = side.timeline()
            since = count if version == side.version else 0
            data = side.rows(since)
            self._sent[number] = (side.version, len(rows))
        head = {"month": shown.month, "firms": shown.firms, "since": since, "first": min(side.kept)}
        return head, [shown.data, marks, data]

    def do_drawn(self, command: Command) -> None:
        """Note that the frame in flight has arrived and will be drawn; the newest may follow."""
        self._in_flight = False
        if self._stale and self.sides:
            self.draw()

    def do_town(self, command: Command) -> None:
        """Look at one town, or at all again."""
        town, towns = command.get("town"), self.plan.scenario.parameters.world.towns
        self.town = int(town) if isinstance(town, int) and 0 <= town < towns else None
        self._sent = [RESEND] * len(self.sides)
        if self.sides:
            self.draw(afresh=True)

    # Telling --------------------------------------------------------------------------------------------------

    def tell(self) -> None:
        """Send the state of everything that is no drawing."""
        at = self.sides[0].month if self.sides else 0
        calendar = self.plan.scenario.parameters.calendar
        told = {
            "mode": self.mode,
            "run": self._run,
            "month": at - 1,
            "last": calendar.months - 1,
            "before": calendar.before,
            "pace": self.pace,
            "names": [scenario.name for scenario in self.plan.scenarios],
            "policies": self.plan.policies(at),
            "may_change": self.may_change,
            "tools": bool(self.plan.scenario.parameters.tools.available),
            "bets": self.bets,
            "owner": self._owner(),
        }
        self.send({"type": "state", **told, **self._wanted(at)}, [])

    def _wanted(self, at: int) -> dict[str, Any]:
        """Return what the next start would run, parameter by parameter, and how that differs from what is run."""
        wanted, running = self.wanted, self.plan
        now = {key: controls.plain(value) for key, value in wanted.in_force(at).items()}
        base = {key: controls.plain(value) for key, value in values(wanted.base.parameters).items()}
        touched = {*wanted.changes, *running.changes}
        staged = sorted(key for key in touched if wanted.changes.get(key) != running.changes.get(key))
        restart = bool(staged) or wanted.seed != running.seed
        live = [
            [month, key, controls.plain(value)]
            for month, settings in sorted(wanted.live.items())
            for key, value in settings.items()
        ]
        return {
            "base": wanted.base.name,
            "question": wanted.base.question,
            "second": wanted.second,
            "seed": wanted.seed,
            "values": now,
            "changed": [key for key in now if now[key] != base[key]],
            "originals": {key: base[key] for key in now if now[key] != base[key]},
            "staged": staged,
            "restart": restart,
            "live": live,
            "link": links.written(self._deeded(wanted, restart=restart), at - 1),
        }

    def _deeded(self, wanted: Plan, *, restart: bool) -> Plan:
        """Return the plan with the user's business, unless the next start would be of another world."""
        return replace(wanted, owner=None if self.owned is None or restart else Deed.of(self.owned))

    def _owner(self) -> dict[str, Any] | None:
        if self.owned is None:
            return None
        before = self.peers[-2][1] if len(self.peers) > 1 and self.peers[-1][0] == self.owned.month else None
        return review.told(self.owned, before)

    def give_up_ownership(self) -> None:
        """Let the user's business go, with what was reckoned of it."""
        self.cancel_ending()
        self.peers, self.mourned = [], False
        if self.sides:
            self.sides[0].let_go()

    def cancel_ending(self) -> None:
        """End the comparison of the owner's path with others, if one is under way, and forget it."""
        if self.ending is not None:
            self.ending.cancel()
            self.ending = None

    def cancel_bands(self) -> None:
        """End the comparison over many seeds, if one is under way."""
        if self.bands is not None:
            self.bands.cancel()
            self.bands = None


def whole(command: Command, key: str, default: int) -> int:
    """Return a whole number in a command; the default where there is none."""
    value = command.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else default
