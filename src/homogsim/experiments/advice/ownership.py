"""Be the owner: one business in a user's hands, month by month, against what it would have done by itself.

>>> import homogsim as hs
>>> small = {"world.towns": 2, "world.consumers": 60, "calendar.warm_up": 6, "calendar.before": 6}
>>> model = hs.MarketModel(hs.Scenario.read("baseline").override(small), seed=1)
>>> while model.month < 6:
...     model.step()
>>> mine = Ownership(model, model.firms[model.firms.rows()[0]].uid, name="Corner Bakery")
>>> mine.decide(mine.situation.stay.decision)
>>> while mine.is_open and mine.month < 18:
...     mine.step()
>>> sorted(mine.compare().courses)
['by itself', 'none', 'you']
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from homogsim.agents.owners import Owner, check_open, found_option, look
from homogsim.agents.situations import Decision, Situation
from homogsim.errors import HomogsimError, counted
from homogsim.experiments.advice.choices import NONE, Choice
from homogsim.experiments.advice.courses import Course, Watch
from homogsim.experiments.advice.findings import money
from homogsim.experiments.advice.reckoning import MEASURES, measures
from homogsim.experiments.advice.worlds import BY_ITSELF, step
from homogsim.parameters import TOOLS
from homogsim.results.folder import whole_folder, write_file
from homogsim.results.manifest import plain
from homogsim.results.tables import write_csv

if TYPE_CHECKING:
    from homogsim.model import MarketModel

YOU = "you"
LONGEST_NAME = 60
Order = Decision | Literal["by itself", "hand back", "take over"]
"""What a user said: a decision, or that it decides by itself: until the next review, for good, no longer."""


class Ownership:
    """A business in a user's hands.

    Parameters
    ----------
    model : MarketModel
        Where it is; from now on it is run by `step` of this object alone.
    uid : int
        The business; it must be open.
    name : str
        What the user calls it.
    every : int
        Months between reviews, the first one now.

    Raises
    ------
    HomogsimError
        For a business that is not open, a run that is over, and an interval below 1.
    """

    def __init__(self, model: MarketModel, uid: int, name: str = "", every: int = 3) -> None:
        check_open(uid, model.market)
        if every < 1:
            raise HomogsimError(f"reviews every {every} months", help="The interval is 1 month or more.")
        if model.month < 0 or model.month > model.last_month:
            what = f"nothing can be decided in month {model.month}"
            raise HomogsimError(what, help=f"Automation arrives in month 0; the last month is {model.last_month}.")
        self.model, self.uid, self.name = model, uid, name.strip()[:LONGEST_NAME]
        self.first, self.every = model.month, every
        self.decisions: list[tuple[int, Decision]] = []
        self.orders: list[tuple[int, Order]] = []
        """All that the user said, by month: said again in the same world, it gives the same path."""
        self.in_charge = True
        """Whether the user is asked at reviews."""
        self._since, self._was_in_charge, self._delegated = model.month, True, False
        self._folder = TemporaryDirectory(prefix="homogsim-owner-")
        self._past = model.save(Path(self._folder.name) / "past.npz")
        self._watch = Watch(model, uid, model.last_month + 1 - model.month)
        self._pending: Decision | Literal["by itself"] | None = None
        self.refused = ""

    @property
    def month(self) -> int:
        """The month about to be run."""
        return self.model.month

    @property
    def is_open(self) -> bool:
        """Whether the business is still there."""
        return not self._watch.cause

    @property
    def cause(self) -> str:
        """Why it closed; empty while it is open."""
        return self._watch.cause

    @property
    def is_review(self) -> bool:
        """Whether the owner is asked this month."""
        runs = self.is_open and self.month <= self.model.last_month
        return runs and self.in_charge and (self.month - self._since) % self.every == 0

    @property
    def is_due(self) -> bool:
        """Whether the owner is asked this month and has not answered."""
        return self.is_review and self._pending is None

    @property
    def next_review(self) -> int | None:
        """The month of the next review that has not been answered; None when there is none any more."""
        month = self.month + (self._since - self.month) % self.every
        month += self.every * (self.is_review and not self.is_due)
        return month if self.in_charge and self.is_open and month <= self.model.last_month else None

    @property
    def situation(self) -> Situation:
        """What the business knows now, with its options; worth deciding on where `is_review` says so.

        Raises
        ------
        HomogsimError
            When the business has closed.
        """
        return look(self.model.market, self.uid)

    def decide(self, decision: Decision | None) -> None:
        """Decide for this month's review; None lets the business decide by itself until the next one.

        Raises
        ------
        HomogsimError
            When there is no review this month, or for what is not on offer or cannot be paid.
        """
        if not self.is_review:
            what = f"there is no review in month {self.month}"
            if not self.is_open:
                raise HomogsimError(f"{what}: the business has closed ({self.cause})")
            if not self.in_charge:
                raise HomogsimError(f"{what}: the business decides by itself", help="Take it over again first.")
            following = self.next_review
            raise HomogsimError(what, help="" if following is None else f"The next one is in month {following}.")
        if decision is not None and decision.about_tools:
            found_option(self.model.market, self.situation, decision)
        self._pending = BY_ITSELF if decision is None else decision

    def hand_back(self) -> None:
        """Let the business decide by itself from this month on: tools, and what was decided on savings and prices."""
        self.in_charge, self._pending = False, None

    def take_over(self) -> None:
        """Decide again, with a review this month; nothing changes for a user who is in charge already."""
        if not self.in_charge:
            self.in_charge, self._since, self._delegated = True, self.month, False

    def _policy(self, now: Situation) -> Decision | None:
        """Do what was decided; stay, and say why in `refused`, where this month's events have put it out of reach."""
        pending = self._pending
        if not isinstance(pending, Decision):
            return None
        try:
            if pending.about_tools:
                found_option(self.model.market, now, pending)
        except HomogsimError as error:  # raised half-way through a month it would end the game
            self.refused = str(error)
            return now.stay.decision
        self.refused = ""
        return pending

    def step(self) -> None:
        """Run a month: decided as `decide` said, otherwise as the business would by itself."""
        self._note_orders()
        owners = self.model.market.owners
        if self.is_open and self.in_charge and not self._delegated:
            # between two reviews nobody decides: what the user has chosen stays
            owners[self.uid] = Owner(self._policy, (self.month,) if self.is_review else ())
        else:
            self._let_go()
        self.model.step()
        self._watch.note()
        self._pending = None

    def _note_orders(self) -> None:
        if self.in_charge != self._was_in_charge and self.is_open:
            self.orders.append((self.month, "take over" if self.in_charge else "hand back"))
            self._was_in_charge = self.in_charge
        if self.is_review:
            self._delegated = not isinstance(self._pending, Decision)
            self.orders.append((self.month, self._pending or BY_ITSELF))
            if isinstance(self._pending, Decision):
                self.decisions.append((self.month, self._pending))

    def _let_go(self) -> None:
        """Give the business its own laws back: of tools, of savings, of prices."""
        self.model.market.owners.pop(self.uid, None)
        if self.is_open:
            firms, row = self.model.market.firms, self._watch.row
            firms.own_reinvestment[row], firms.price_stance[row] = np.nan, 1.0

    @property
    def path(self) -> pd.DataFrame:
        """A row per month so far: `homogsim.experiments.advice.courses.MONTHLY`, and the cumulative net profit."""
        lived = self.month - self.first
        table = pd.DataFrame({name: values[:lived] for name, values in self._watch.months.items()})
        table["cumulative"] = np.cumsum(table["profit"] - table["outlay"])
        table.insert(0, "month", np.arange(self.first, self.first + lived))
        return table

    def compare(self, stopped: Callable[[], bool] = lambda: False) -> Owned:
        """Return the path so far against the business's own, and against no tool, with the same luck.

        Both are lived anew from the month in which the user took over, with all that was changed in the market since:
        some seconds. It may be called in another thread while this one goes on.

        Raises
        ------
        Stopped
            `stopped` said so between two months.
        """
        lived = self.month - self.first
        nothing = Choice(NONE, NONE, 0.0).owner(self.first)
        courses = {
            YOU: _until(self._watch.course(), lived),
            BY_ITSELF: self._again({}, lived, stopped),
            NONE: self._again({self.uid: nothing}, lived, stopped),
        }
        return Owned(self.uid, self.name, self.first, courses, tuple(self.decisions))

    def _again(self, owners: dict[int, Owner], months: int, stopped: Callable[[], bool]) -> Course:
        from homogsim.model import MarketModel

        model = MarketModel.load(self._past, threads=self.model.threads, owners=owners)
        model.reschedule(self.model.scenario.events)
        watch = Watch(model, self.uid, months)
        for _ in range(months):
            step(model, stopped)
            watch.note()
        return watch.course()

    def close(self) -> None:
        """Give the business back, and forget its past."""
        self._let_go()
        self._folder.cleanup()


def _earned(course: Course) -> str:
    total = float(course.net.sum())
    return f"lost {money(-total)}" if total < 0.0 else f"earned {money(total)}"


def _until(course: Course, months: int) -> Course:
    return Course({name: values[:months] for name, values in course.months.items()}, course.cause, course.decided)


@dataclass(frozen=True, eq=False)
class Owned:
    """A user's path, the model's own and none, with the same luck; exportable."""

    uid: int
    name: str
    first: int
    """Month in which the user took over."""
    courses: dict[str, Course]
    decisions: tuple[tuple[int, Decision], ...]

    @property
    def table(self) -> pd.DataFrame:
        """A row per measure, a column per course."""
        found = {name: measures(course, self.courses[NONE]) for name, course in self.courses.items()}
        rows = [
            {"measure": measure, "unit": unit, "meaning": meaning}
            | {name: values[measure] for name, values in found.items()}
            for measure, (unit, meaning) in MEASURES.items()
        ]
        return pd.DataFrame(rows)

    @property
    def paths(self) -> pd.DataFrame:
        """A row per course and month, with the cumulative profit less set-up cost."""
        pieces = []
        for name, course in self.courses.items():
            piece = pd.DataFrame(course.months)
            piece.insert(0, "month", np.arange(self.first, self.first + len(piece)))
            piece.insert(0, "course", name)
            piece["tool"] = [TOOLS[int(k)] if k == k else "" for k in piece["tool"]]
            pieces.append(piece.assign(cumulative=np.cumsum(course.net)))
        return pd.concat(pieces, ignore_index=True)

    @property
    def sentences(self) -> list[str]:
        """What came of it, in plain words."""
        mine = self.courses[YOU]
        who, months = self.name or f"Business {self.uid}", mine.net.size
        end = self._end(mine) if mine.cause else f"is still in business after {counted(months, 'month')}"
        told = [f"{who} {end} and has {_earned(mine)}, set-up cost paid."]
        for name, words in ((BY_ITSELF, "decided by itself"), (NONE, "never automated")):
            told.append(f"Had it {words}, it would have {self._against(self.courses[name])}")
        if not self.courses[BY_ITSELF].decided:
            told[1] += " It would not have changed its tool."
        return told

    def _against(self, other: Course) -> str:
        """Say what another course would have come to, beside the user's."""
        mine = self.courses[YOU]
        gap = float(mine.net.sum() - other.net.sum())
        same = f"{_earned(other)}: {money(abs(gap))} {'less' if gap > 0.0 else 'more'}."
        told = "earned exactly as much." if gap == 0.0 else same
        if other.cause and (other.cause, other.lifetime) != (mine.cause, mine.lifetime):
            return f"{told} It would have {self._end(other)}."
        return f"{told} It would still be in business." if mine.cause and not other.cause else told

    def _end(self, course: Course) -> str:
        """Say when and why a business closed."""
        month = self.first + course.lifetime
        return f"closed in month {month} ({course.cause})"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        decided = [{"month": month} | asdict(decision) for month, decision in self.decisions]
        closed = {name: course.cause for name, course in self.courses.items()}
        about = {"uid": self.uid, "name": self.name, "first": self.first, "decisions": decided, "closed": closed}
        return dict(plain(about | {"findings": self.sentences, "measures": self.table.to_dict("records")}))

    def save(self, folder: str | Path) -> Path:
        """Write ``owner.json``, ``owner.csv`` and ``paths.csv`` to a new folder, and return its path.

        Raises
        ------
        StorageError
            The folder exists or cannot be written.
        """
        text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        with whole_folder(Path(folder)) as place:
            write_file(place / "owner.json", lambda file: file.write(text.encode("utf-8")))
            write_csv(self.table, place / "owner.csv")
            write_csv(self.paths, place / "paths.csv")
        return Path(folder)
