"""What a tab does: open a scenario, play it, change it, set another beside it, tell what came out, take it away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from homogsim.errors import HomogsimError, ScenarioError
from homogsim.parameters import declared
from homogsim.policies import POLICIES
from homogsim.scenario import TWIN, Scenario, presets
from homogsim.scenario.checking import values
from homogsim.scenario.events import recorded
from homogsim.ui import bets, charts, controls, links, takeaway, uploads
from homogsim.ui.bands import Bands
from homogsim.ui.bets import Classroom
from homogsim.ui.openings import Openings
from homogsim.ui.plan import Plan
from homogsim.ui.side import Side
from homogsim.ui.told import TOLD

Send = Callable[[dict[str, Any], list[bytes]], None]

logger = logging.getLogger(__name__)

PACES = {"slow": (4.0, 1), "walk": (12.0, 1), "play": (24.0, 1), "run": (0.0, 1), "quarter": (0.0, 3), "year": (0.0, 12)}
"""Months a second (0: as many as there is time for), and months a frame."""
SLICE = 0.05
"""Seconds of work between two looks for commands."""
PROGRESS = 0.15
"""Seconds between two words about the progress of an opening."""
ARRIVAL = 0


class Tab:
    """The state of a tab; only its worker touches it.

    Modes: ``idle`` (nothing is open), ``opening`` (months are run that are not drawn), ``paused``, ``playing``,
    ``ended``, ``failed``.
    """

    def __init__(self, send: Send, openings: Openings, classroom: Classroom, first: str) -> None:
        self.send, self.openings, self.classroom, self.first = send, openings, classroom, first
        self.mode = "idle"
        self.plan = self.wanted = Plan.of(Scenario())
        self.sides: list[Side] = []
        self.pace, self.target = "play", 10**9
        self.town: int | None = None
        self.bets: dict[str, float] = {}
        self.who = ""
        self._work: Iterator[tuple[str, float]] | None = None
        self._due = self._told = 0.0
        self._in_flight = self._stale = False
        self._sent: list[tuple[int, int]] = []
        self._past: int | None = None
        self._bands: Bands | None = None
        self._run = 0
        self._bet_open = False
        self._pending: Plan | None = None

    # The worker's loop ----------------------------------------------------------------------------------------

    def due(self) -> float | None:
        """Return when (monotonic seconds) there is something to do without a command; None: never."""
        return self._due if self.mode in ("opening", "playing") else None

    def take(self, command: dict[str, Any]) -> None:
        """Carry out a command from the browser."""
        do = getattr(self, f"do_{command['do']}", None)
        if do is not None:
            do(command)

    def advance(self) -> None:
        """Do a slice of what is under way."""
        if self.mode == "opening":
            self._open_further()
        elif self.mode == "playing":
            self._play_further()

    def refuse(self, error: HomogsimError, command: dict[str, Any] | None) -> None:
        """Tell a mistake where it was made; what is drawn stays."""
        if command is None or command["do"] in ("hello", "open", "restart", "beside", "resume"):
            self._stop_opening()
        told = {"what": error.what, "where": error.where, "help": error.help}
        about = {"do": (command or {}).get("do", ""), "key": (command or {}).get("key", "")}
        self.send({"type": "refused", **told, **about}, [])
        self.tell()

    def fail(self, error: Exception) -> None:
        """Tell a defect: the month, what happened, and that the tab can be reset. The last frame stays."""
        logger.exception("a tab's market failed")
        month = self.sides[0].month if self.sides else None
        self.mode, self._work = "failed", None
        what = f"{type(error).__name__}: {error}"[:300]
        self.send({"type": "failed", "month": month, "what": what}, [])
        self.tell()

    def close(self) -> None:
        """Let go of everything."""
        if self._bands is not None:
            self._bands.cancel()
        self._work, self.sides = None, []

    # Opening --------------------------------------------------------------------------------------------------

    def do_hello(self, command: dict[str, Any]) -> None:
        """The browser is there: tell it what there is, and open what its link says or the server was started with."""
        first = {"presets": controls.shipped(), "controls": controls.controls(), "policies": controls.policies()}
        questions = [question._asdict() for question in bets.QUESTIONS]
        self.send({"type": "hello", **first, **charts.described(), "questions": questions, "paces": list(PACES)}, [])
        try:
            said = links.read(str(command.get("link", ""))[: links.LONGEST + 1])
        except HomogsimError as error:
            self.refuse(error, {"do": "link"})
            said = None
        self._begin(Plan.of(Scenario.read(self.first)))
        if said is not None:
            self._offer(*said)

    def _offer(self, plan: Plan, month: int) -> None:
        """Show what a link or an upload would run, and what it takes; nothing runs by itself."""
        needs = [uploads.affordable(scenario) for scenario in plan.scenarios]
        self._pending, self._pending_month = plan, month
        differences = [[key, str(before), str(after)] for key, (before, after) in
                       plan.scenario.differences(Scenario.read("baseline")).items()]  # fmt: skip
        self.send(
            {
                "type": "offer",
                "name": plan.scenario.name,
                "question": plan.scenario.question,
                "seed": plan.seed,
                "month": month,
                "beside": plan.second,
                "differences": differences[:60],
                "events": len(plan.events),
                "seconds": sum(need.seconds for need in needs),
                "memory": sum(need.memory_bytes for need in needs),
            },
            [],
        )

    def do_accept(self, command: dict[str, Any]) -> None:
        """Open what was offered."""
        if self._pending is not None:
            plan, month, self._pending = self._pending, self._pending_month, None
            self._begin(plan, month)

    def do_open(self, command: dict[str, Any]) -> None:
        """Open a preset."""
        name = str(command.get("name"))
        if name not in presets():
            raise ScenarioError(f"there is no preset {name[:64]!r}")
        self._begin(replace(Plan.of(Scenario.read(name)), second=self.wanted.second))

    def do_upload(self, command: dict[str, Any]) -> None:
        """Look at an uploaded scenario and offer to open it."""
        self._offer(Plan.of(uploads.read(str(command.get("text", "")))), -1)

    def do_restart(self, command: dict[str, Any]) -> None:
        """Run again with all changes: to the month before automation, or from the start."""
        plan = self.wanted.from_the_start() if command.get("settle") else self.wanted
        self._begin(plan, from_start=bool(command.get("from_start")))

    def _begin(self, plan: Plan, month: int = -1, *, from_start: bool = False) -> None:
        for scenario in plan.scenarios:
            uploads.affordable(scenario)
        self.wanted = plan
        self._cancel_bands()
        self._start(self._opening(plan, month, from_start))

    def _start(self, work: Iterator[tuple[str, float]]) -> None:
        self._work, self.mode = work, "opening"
        self._due = self._told = 0.0
        self._past = None
        self.tell()

    def _opening(self, plan: Plan, month: int, from_start: bool) -> Iterator[tuple[str, float]]:
        """Make the markets and run them to where they are first drawn; yields words and the share that is done."""
        made: list[Side] = []
        for scenario in plan.scenarios:
            side = None
            for step in self._to_month(scenario, month, from_start):
                if isinstance(step, Side):
                    side = step
                else:
                    yield f"opening {scenario.name}", step
            assert side is not None, "the last step is the market"
            made.append(side)
        self.plan = plan
        self._show(made)

    def _to_month(self, scenario: Scenario, month: int, from_start: bool) -> Iterator[float | Side]:
        from homogsim.model import MarketModel

        if from_start:
            yield 0.5
            yield Side(MarketModel(scenario))
            return
        while self.openings.is_warming(scenario):
            time.sleep(0.05)
            yield 0.5
        model = self.openings.get(scenario)
        if model is None:
            model = MarketModel(scenario)
            first = model.month
            while model.month < ARRIVAL:
                model.step()
                yield (model.month - first) / (ARRIVAL - first)
            self.openings.put(model)
        side = Side(model)
        while side.month <= month and not side.ended:
            side.step()
            yield side.month / (month + 1)
        yield side

    def _show(self, sides: list[Side]) -> None:
        """Put markets in the place of those that were drawn."""
        self.sides, self._run = sides, self._run + 1
        self._sent = [(-1, 0)] * len(sides)
        self.town = None
        for number, side in enumerate(sides):
            facts, buffers = side.world()
            self.send({"type": "world", "run": self._run, "side": number, **facts}, buffers)

    def _open_further(self) -> None:
        assert self._work is not None
        stop = time.monotonic() + SLICE
        while time.monotonic() < stop:
            try:
                words, share = next(self._work)
            except StopIteration:
                self._work = None
                self.mode = "ended" if self.sides[0].ended else "paused"
                self.draw(afresh=True)
                self.tell()
                return
            if time.monotonic() - self._told > PROGRESS:
                self._told = time.monotonic()
                self.send({"type": "progress", "what": words, "share": share}, [])

    def _stop_opening(self) -> None:
        if self.mode == "opening":
            self._work, self.mode = None, "paused" if self.sides else "idle"
            self.wanted = self.plan

    # Playing --------------------------------------------------------------------------------------------------

    @property
    def month(self) -> int:
        """The last month that was run."""
        return self.sides[0].month - 1

    @property
    def _ready(self) -> bool:
        return bool(self.sides) and self.mode in ("paused", "playing")

    def do_play(self, command: dict[str, Any]) -> None:
        """Go on, to the end or to a month."""
        if self._ready:
            self.target = _whole(command, "to", 10**9)
            self._past, self._due, self.mode = None, time.monotonic(), "playing"
            self.tell()

    def do_pause(self, command: dict[str, Any]) -> None:
        """Stand still."""
        if self.mode == "playing":
            self._rest()

    def do_step(self, command: dict[str, Any]) -> None:
        """Run one month."""
        if self._ready:
            self._past = None
            self._one_month()
            self._rest()

    def do_pace(self, command: dict[str, Any]) -> None:
        """Change the speed."""
        if command.get("pace") in PACES:
            self.pace = str(command["pace"])
            self.tell()

    def do_view(self, command: dict[str, Any]) -> None:
        """Show a month that was run already."""
        if self.sides and self.mode in ("paused", "ended", "failed", "playing"):
            month = _whole(command, "month", self.month)
            self._past = None if month >= self.month else month
            if self.mode == "playing":
                self.mode = "paused"
                self.tell()
            self.draw()

    def do_drawn(self, command: dict[str, Any]) -> None:
        """The browser has drawn the frame in flight; the newest may follow."""
        self._in_flight = False
        if self._stale:
            self.draw()

    def _play_further(self) -> None:
        speed, months = PACES[self.pace]
        for _ in range(months):
            self._one_month()
            if self.sides[0].ended or self.month >= self.target:
                self._rest()
                return
        self.draw()
        now = time.monotonic()
        self._due = max(self._due + months / speed, now - 0.1) if speed else now

    def _one_month(self) -> None:
        for side in self.sides:
            side.step()

    def _rest(self) -> None:
        self.mode = "ended" if self.sides[0].ended else "paused"
        self.draw()
        self.tell()
        if self.mode == "ended" and self._bet_open:
            self._settle_bets()

    # Changing -------------------------------------------------------------------------------------------------

    def do_change(self, command: dict[str, Any]) -> None:
        """Change a parameter: a live one from the coming month on, another one at the next start."""
        key, value = str(command.get("key")), command.get("value")
        if key not in declared():
            raise ScenarioError(f"there is no parameter {key[:80]!r}")
        if value is None:
            value = controls.plain(values(self.wanted.base.parameters)[key])
        if declared()[key].live and self._may_change_now:
            self._change_now({key: value})
        else:
            self.wanted = self.wanted.changed(key, value)
        self.tell()

    @property
    def _may_change_now(self) -> bool:
        if not self._ready:
            return False
        first, last = recorded(self.plan.scenario.parameters)
        return first <= self.sides[0].month <= last

    def _change_now(self, changes: dict[str, Any]) -> None:
        plan, staged = self.plan, {k: v for k, v in self.wanted.changes.items() if self.plan.changes.get(k) != v}
        for key, value in changes.items():
            plan = plan.changed_live(self.sides[0].month, key, value)
        self.sides[0].reschedule(plan.events)
        if plan.second == TWIN and len(self.sides) > 1:
            other = plan.other
            assert other is not None
            self.sides[1].reschedule(other.events)
        gone = {k: v for k, v in self.wanted.changes.items() if k not in changes or k not in staged}
        self.plan, self.wanted = plan, replace(self.wanted, changes=gone, live=plan.live)

    def do_policy(self, command: dict[str, Any]) -> None:
        """Put a policy in force from the coming month on, or end it."""
        policy = POLICIES.get(str(command.get("name")))
        if policy is None:
            raise ScenarioError("there is no such policy")
        if not self._may_change_now:
            raise ScenarioError(f"{policy.name} cannot begin now", help="Reset first.")
        before = values(self.plan.base.parameters)
        self._change_now({k: v if command.get("on") else before[k] for k, v in policy.set.items()})
        self.tell()

    def do_seed(self, command: dict[str, Any]) -> None:
        """Choose the luck of the next start."""
        seed = command.get("seed")
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise ScenarioError("the seed is no whole number")
        plan = replace(self.wanted, seed=seed)
        _ = plan.scenario  # refuses what is no seed
        self.wanted = plan
        self.tell()

    def do_beside(self, command: dict[str, Any]) -> None:
        """Set another market beside the first, run to the same month; or take it away."""
        second = str(command.get("name", ""))
        if second and second != TWIN and second not in presets():
            raise ScenarioError(f"there is no preset {second[:64]!r}")
        plan, wanted = replace(self.plan, second=second), replace(self.wanted, second=second)
        other = plan.other
        if other is not None:
            uploads.affordable(other)
        self._cancel_bands()
        self.wanted = wanted
        self._start(self._catching_up(plan))

    def _catching_up(self, plan: Plan) -> Iterator[tuple[str, float]]:
        sides, other = self.sides[:1], plan.other
        if other is not None:
            for step in self._to_month(other, self.month, from_start=False):
                if isinstance(step, Side):
                    sides = [*sides, step]
                else:
                    yield f"running {other.name} to month {self.month}", step
        if other is not None and sides[1].month != sides[0].month:
            raise ScenarioError("they do not stand at the same month", help="Reset, then set it beside.")
        self.plan = plan
        self._show(sides)

    # Telling --------------------------------------------------------------------------------------------------

    def draw(self, *, afresh: bool = False) -> None:
        """Send a frame, unless one is in flight: then the newest goes when that has been drawn."""
        if self._in_flight and not afresh:
            self._stale = True
            return
        self._in_flight, self._stale = True, False
        heads, buffers = [], []
        for number, side in enumerate(self.sides):
            newest, marks = side.present()
            shown = newest if self._past is None else side.frame_at(self._past)
            version, count = self._sent[number]
            rows = side.timeline()
            since = count if version == side.version and self.town is None else 0
            data = side.rows(since) if self.town is None else side.town_rows(self.town)
            self._sent[number] = (side.version if self.town is None else -1, len(rows))
            heads.append({"month": shown.month, "firms": shown.firms, "since": since, "first": min(side.kept)})
            buffers += [shown.data, marks, data]
        head = {"type": "frame", "run": self._run, "month": heads[0]["month"], "now": self.month, "town": self.town}
        self.send({**head, "past": self._past is not None, "sides": heads}, buffers)

    def tell(self) -> None:
        """Send the state of everything that is no drawing."""
        at = self.sides[0].month if self.sides else 0
        wanted = self.wanted
        now = {key: controls.plain(value) for key, value in wanted.in_force(at).items()}
        base = {key: controls.plain(value) for key, value in values(wanted.base.parameters).items()}
        staged = [key for key in {*wanted.changes, *self.plan.changes} if wanted.changes.get(key) != self.plan.changes.get(key)]
        self.send(
            {
                "type": "state",
                "mode": self.mode,
                "run": self._run,
                "month": at - 1,
                "last": self.plan.scenario.parameters.calendar.months - 1,
                "before": self.plan.scenario.parameters.calendar.before,
                "pace": self.pace,
                "base": wanted.base.name,
                "names": [scenario.name for scenario in self.plan.scenarios],
                "question": wanted.base.question,
                "second": wanted.second,
                "seed": wanted.seed,
                "values": now,
                "changed": [key for key in now if now[key] != base[key]],
                "originals": {key: base[key] for key in now if now[key] != base[key]},
                "staged": sorted(staged),
                "restart": bool(staged) or wanted.seed != self.plan.seed,
                "live": [[month, key, controls.plain(value)] for month, s in sorted(wanted.live.items()) for key, value in s.items()],
                "policies": self.plan.policies(at),
                "may_change": self._may_change_now,
                "tools": bool(self.plan.scenario.parameters.tools.available),
                "bets": self.bets,
                "link": links.written(wanted, at - 1),
            },
            [],
        )

    def do_town(self, command: dict[str, Any]) -> None:
        """Look at one town, or at all again."""
        town = command.get("town")
        towns = self.plan.scenario.parameters.world.towns
        self.town = int(town) if isinstance(town, int) and 0 <= town < towns else None
        self._sent = [(-1, 0)] * len(self.sides)
        self.draw(afresh=True)

    def do_card(self, command: dict[str, Any]) -> None:
        """Tell all about a business."""
        side = _whole(command, "side", 0)
        if 0 <= side < len(self.sides):
            card = self.sides[side].card(_whole(command, "uid", -1))
            self.send({"type": "card", "side": side, "why": command.get("why", ""), "card": card}, [])

    def do_tell(self, command: dict[str, Any]) -> None:
        """Tell something about the run so far (`homogsim.ui.told`)."""
        what = str(command.get("what"))
        if what in TOLD and self.sides and self.month >= -self.plan.scenario.parameters.calendar.before:
            self.send({"type": "told", "what": what, "month": self.month, "data": TOLD[what](self.sides)}, [])

    def do_bands(self, command: dict[str, Any]) -> None:
        """Begin or cancel a comparison over many seeds."""
        if command.get("cancel"):
            self._cancel_bands()
            return
        other = self.plan.other
        if other is None:
            raise ScenarioError("bands compare two scenarios", "seeds", "Set another one beside it.")
        if self._bands is None or not self._bands.running:
            self._bands = Bands(self.plan.scenario, other, _whole(command, "seeds", 20), self.send)

    def _cancel_bands(self) -> None:
        if self._bands is not None:
            self._bands.cancel()
            self._bands = None

    # Betting --------------------------------------------------------------------------------------------------

    def do_bet(self, command: dict[str, Any]) -> None:
        """Note what the student predicts."""
        if self.sides and self.month >= 0:
            what = f"this market has been played to month {self.month} already"
            raise HomogsimError(what, help="Reset it, then bet.")
        self.bets = bets.read(command.get("bets"))
        self.who = str(command.get("who", ""))[:200]
        self._bet_open = True
        self.tell()

    def _settle_bets(self) -> None:
        came = bets.outcomes(self.sides[0].results())
        self.classroom.add(self.who, self.plan.scenario.name, self.plan.seed, self.bets, came)
        self._bet_open = False
        self.do_tell({"what": "outcome"})

    # Taking away ----------------------------------------------------------------------------------------------

    def do_download(self, command: dict[str, Any]) -> None:
        """Send a file."""
        what, side = str(command.get("what")), _whole(command, "side", 0)
        if what == "class":
            self._send_file(takeaway.File("homogsim-class-bets.csv", "text/csv", self.classroom.csv().encode()))
        elif 0 <= side < len(self.sides):
            results = self.sides[side].results()
            if what in takeaway.FILES:
                self._send_file(takeaway.FILES[what](results))
            else:
                self._send_file(takeaway.figure(results, what, str(command.get("form"))))

    def _send_file(self, file: takeaway.File) -> None:
        self.send({"type": "file", "name": file.name, "kind": file.kind}, [file.data])


def _whole(command: dict[str, Any], key: str, default: int) -> int:
    """Return a whole number in a command; the default where there is none."""
    value = command.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else default
