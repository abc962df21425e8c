"""Giving: what is told on request, bets and outcomes, bands over many seeds, files to take away."""

from __future__ import annotations

from homogsim.errors import HomogsimError, ScenarioError
from homogsim.ui import bets, takeaway
from homogsim.ui.bands import Bands
from homogsim.ui.desk import Command, Desk, whole
from homogsim.ui.told import TOLD

LONGEST_NAME = 200


class Gives(Desk):
    """Commands that ask for something."""

    def do_card(self, command: Command) -> None:
        """Tell all about a business."""
        side = whole(command, "side", 0)
        if 0 <= side < len(self.sides):
            card = self.sides[side].card(whole(command, "uid", -1))
            self.send({"type": "card", "side": side, "why": str(command.get("why", ""))[:20], "card": card}, [])

    def do_tell(self, command: Command) -> None:
        """Tell something about the run so far (`homogsim.ui.told`)."""
        what = str(command.get("what"))
        if what in TOLD and self.sides and self.month >= -self.plan.scenario.parameters.calendar.before:
            self.send({"type": "told", "what": what, "month": self.month, "data": TOLD[what](self.sides)}, [])

    def do_bands(self, command: Command) -> None:
        """Begin or cancel a comparison over many seeds."""
        if command.get("cancel"):
            self.cancel_bands()
            self.send({"type": "bands", "cancelled": True}, [])
            return
        other = self.plan.other
        if other is None:
            raise ScenarioError("bands compare two scenarios", help="Set another one beside it.")
        if self.bands is None or not self.bands.running:
            self.bands = Bands(self.plan.scenario, other, whole(command, "seeds", 20), self.send)

    def do_bet(self, command: Command) -> None:
        """Note what the student predicts."""
        if self.sides and self.month >= 0:
            what = f"this market has been played to month {self.month} already"
            raise HomogsimError(what, help="Reset it, then bet.")
        self.bets = bets.read(command.get("bets"))
        self.who, self.bets_open = str(command.get("who", ""))[:LONGEST_NAME], True
        self.tell()

    def settle_bets(self) -> None:
        """Tell what came out, and note it beside the bets, once."""
        came = bets.outcomes(self.sides[0].results())
        self.classroom.add(self.who, self.plan.scenario.name, self.plan.seed, self.bets, came)
        self.bets_open = False
        self.do_tell({"what": "outcome"})

    def do_download(self, command: Command) -> None:
        """Send a file."""
        what, side = str(command.get("what")), whole(command, "side", 0)
        if what == "class":
            self._file(takeaway.File("homogsim-class-bets.csv", "text/csv", self.classroom.csv().encode()))
        elif what == "class-owners":
            self._file(takeaway.File("homogsim-class-owners.csv", "text/csv", self.classroom.owners.csv().encode()))
        elif command.get("of") == "owner":
            self._owner_file(what, str(command.get("form")))
        elif command.get("of") == "bands":
            self._comparison_file(what, str(command.get("form")))
        elif 0 <= side < len(self.sides):
            results = self.sides[side].results()
            if not len(results.timeline):
                raise HomogsimError("nothing has been recorded yet", help="Play to the first recorded month.")
            if what in takeaway.FILES:
                self._file(takeaway.FILES[what](results))
            else:
                self._file(takeaway.figure(results, what, str(command.get("form"))))

    def _owner_file(self, what: str, form: str) -> None:
        found = None if self.ending is None else self.ending.found
        if found is None:
            raise HomogsimError("nothing has been compared yet", help="Ask what would have been first.")
        results = self.sides[0].results()
        if what == "figure":
            self._file(takeaway.owner_figure(found, results, form))
            return
        if what not in takeaway.OWNER_FILES:
            raise HomogsimError(f"there is no file {what[:40]!r} of an owner")
        self._file(takeaway.OWNER_FILES[what](found, takeaway.stem(results)))

    def _comparison_file(self, what: str, form: str) -> None:
        found = None if self.bands is None else self.bands.found
        if found is None:
            raise HomogsimError("there is no finished comparison", help="Compute the bands first.")
        self._file(
            takeaway.comparison_table(found) if what == "table" else takeaway.comparison_figure(found, what, form)
        )

    def _file(self, file: takeaway.File) -> None:
        self.send({"type": "file", "name": file.name, "kind": file.kind}, [file.data])
