"""Opening: a market is run without being drawn, to the month before automation arrives or to where a link stands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from homogsim.errors import HomogsimError, ScenarioError
from homogsim.scenario import TWIN, Scenario, presets
from homogsim.ui import bets, charts, compiling, controls, links, uploads
from homogsim.ui.deed import Deed
from homogsim.ui.desk import Command, Desk
from homogsim.ui.pace import PACES
from homogsim.ui.plan import Plan
from homogsim.ui.side import Side

SLICE = 0.05
"""Seconds of work between two looks for commands."""
PROGRESS = 0.15
"""Seconds between two words about the progress."""
MOST_DIFFERENCES = 60


class Opens(Desk):
    """Commands that open markets."""

    _told_at = 0.0

    def do_hello(self, command: Command) -> None:
        """Tell the browser what there is, open what the server was started with, offer what a link says."""
        about = {"presets": controls.shipped(), "controls": controls.controls(), "policies": controls.policies()}
        questions = [question._asdict() for question in bets.QUESTIONS]
        self.send({"type": "hello", **about, **charts.described(), "questions": questions, "paces": list(PACES)}, [])
        self.begin(Plan.of(Scenario.read(self.first)))
        try:
            said = links.read(str(command.get("link", ""))[: links.LONGEST + 1])
            if said is not None:
                self.offer(*said)
        except HomogsimError as error:
            told = {"do": "link", "key": "", "what": error.what, "where": "this link", "help": error.help}
            self.send({"type": "refused", **told}, [])

    def offer(self, plan: Plan, month: int) -> None:
        """Show what a link or an upload would run, and what that takes; nothing runs by itself."""
        needs = [uploads.affordable(scenario) for scenario in plan.scenarios]
        scenario = plan.scenario
        differences = scenario.differences(Scenario.read("baseline")).items()
        self.offered = (plan, month)
        about = {
            "name": scenario.name,
            "question": scenario.question,
            "seed": plan.seed,
            "month": month,
            "beside": plan.second,
            "differences": [[key, str(old), str(new)] for key, (old, new) in differences][:MOST_DIFFERENCES],
            "events": len(plan.events),
            "owner": None if plan.owner is None else {"name": plan.owner.name, "said": len(plan.owner.orders)},
            "seconds": sum(need.seconds for need in needs),
            "memory": sum(need.memory_bytes for need in needs),
        }
        self.send({"type": "offer", **about}, [])

    def do_accept(self, command: Command) -> None:
        """Open what was offered."""
        if self.offered is not None:
            (plan, month), self.offered = self.offered, None
            self.begin(plan, month)

    def do_open(self, command: Command) -> None:
        """Open a preset."""
        name = str(command.get("name"))
        if name not in presets():
            raise ScenarioError(f"there is no preset {name[:64]!r}")
        self.begin(Plan.of(Scenario.read(name), self.wanted.second))

    def do_upload(self, command: Command) -> None:
        """Look at an uploaded scenario and offer to open it."""
        self.offer(Plan.of(uploads.read(str(command.get("text", "")))), -1)

    def do_restart(self, command: Command) -> None:
        """Run again with all changes: to the month before automation, or from the start of the world.

        With ``again``, to the month in which the user took a business over, which is in their hands again.
        """
        if command.get("again") and self.owned is not None:
            deed = Deed.of(self.owned).afresh
            self.begin(replace(self.plan, owner=deed), deed.first - 1)
            return
        plan = self.wanted.from_the_start() if command.get("settle") else self.wanted
        self.begin(replace(plan, owner=None), from_start=bool(command.get("from_start")))

    def do_beside(self, command: Command) -> None:
        """Set another market beside the first, run to the same month; or take it away."""
        second = str(command.get("name", ""))
        if second and second != TWIN and second not in presets():
            raise ScenarioError(f"there is no preset {second[:64]!r}")
        if not self.sides or self.mode == "opening":
            raise ScenarioError("a market is opening", help="Wait until it stands.")
        plan = replace(self.plan, second=second)
        for scenario in plan.scenarios:
            uploads.affordable(scenario)
        self.cancel_bands()
        self.wanted = replace(self.wanted, second=second)
        self._start(self._catching_up(plan))

    def begin(self, plan: Plan, month: int = -1, *, from_start: bool = False) -> None:
        """Open a plan's markets at a month, after making sure that they fit."""
        for scenario in plan.scenarios:
            uploads.affordable(scenario)
        self.wanted = plan
        self.cancel_bands()
        self._start(self._opening(plan, month, from_start))

    def _start(self, work: Iterator[tuple[str, float]]) -> None:
        self.work, self.mode, self.past = work, "opening", None
        self.due_at = self._told_at = 0.0
        self.tell()

    def _opening(self, plan: Plan, month: int, from_start: bool) -> Iterator[tuple[str, float]]:
        """Make the markets and run them to where they are first drawn; yields words and the share that is done."""
        made: list[Side] = []
        for scenario in plan.scenarios:
            owner = None if made else plan.owner
            for step in self._to_month(scenario, month, from_start, owner):
                if isinstance(step, Side):
                    made.append(step)
                else:
                    yield compiling.words() or f"opening {scenario.name}", step
        self.plan = plan = replace(plan, owner=None)  # from now on the market itself knows
        self.wanted = replace(self.wanted, owner=None)
        self.show(made)

    def _catching_up(self, plan: Plan) -> Iterator[tuple[str, float]]:
        sides, other = self.sides[:1], plan.other
        if other is not None:
            for step in self._to_month(other, self.month, from_start=False):
                if isinstance(step, Side):
                    sides = [*sides, step]
                else:
                    yield f"running {other.name} to month {self.month}", step
            if sides[1].month != sides[0].month:
                raise ScenarioError("they do not stand at the same month", help="Reset, then set it beside.")
        self.plan = plan
        self.show(sides)

    def _to_month(
        self, scenario: Scenario, month: int, from_start: bool, owner: Deed | None = None
    ) -> Iterator[float | Side]:
        """Run a market until a month has been run; the last of what is yielded is the market."""
        from homogsim.model import MarketModel

        if from_start:
            yield 0.5
            yield Side(MarketModel(scenario))
            return
        while (share := self.openings.warming(scenario)) is not None:
            time.sleep(SLICE)
            yield share
        model = self.openings.get(scenario)
        if model is None:
            model = MarketModel(scenario)
            first = model.month
            while model.month < 0:
                model.step()
                yield (model.month - first) / -first
            self.openings.put(model)
        side = Side(model)
        while side.month <= month and not side.ended:
            if owner is not None:
                owner.follow(side)
            side.step()
            yield side.month / (month + 1)
        if owner is not None and side.month == owner.first:
            owner.follow(side)
        yield side

    def open_further(self) -> None:
        """Do a slice of the work; at its end draw what was opened."""
        assert self.work is not None, "an opening is under way"
        stop = time.monotonic() + SLICE
        while time.monotonic() < stop:
            try:
                words, share = next(self.work)
            except StopIteration:
                self.work = None
                self.mode = "ended" if self.sides[0].ended else "paused"
                self.draw(afresh=True)
                self.tell()
                return
            if time.monotonic() - self._told_at > PROGRESS:
                self._told_at = time.monotonic()
                self.send({"type": "progress", "what": words, "share": share}, [])

    def stop_opening(self) -> None:
        """Give an opening up; what was drawn before stays."""
        if self.mode == "opening":
            self.work, self.wanted = None, self.plan
            self.mode = "paused" if self.sides and not self.sides[0].ended else "ended" if self.sides else "idle"
