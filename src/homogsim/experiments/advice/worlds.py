"""One world as a task: it is lived until the month of the decision once, and every choice branches off there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np

from homogsim.experiments.advice.candidates import Like, features_of, most_like
from homogsim.experiments.advice.choices import NONE, Choice, crowd, twelve_month_rule
from homogsim.experiments.advice.courses import Course, Watch
from homogsim.experiments.replicate import Stopped
from homogsim.parameters import TOOLS
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from homogsim.agents.market import Market
    from homogsim.agents.owners import Owner
    from homogsim.agents.situations import Option
    from homogsim.model import MarketModel

BY_ITSELF: Final = "by itself"
RULES = ("crowd", "12-month rule")
UNRECORDED = 1_000_000
"""Months between rows of the timeline: what is advised does not need one."""


@dataclass(frozen=True)
class WorldOutcome:
    """What became of the business in one world."""

    number: int
    seed: int
    luck: int
    """Seed of the luck from the month of the decision on."""
    uid: int | None
    """None where no business fits."""
    features: dict[str, float]
    tool: str
    courses: dict[str, Course]
    """By choice; ``by itself`` is the business as the model lets it decide; choices that cannot be paid are missing."""
    too_dear: dict[str, float]
    """Choices that cannot be paid: what they take in cash at once, dollars."""
    rules: dict[str, str]
    """By rule (`RULES`): the course that it leads to."""
    picks: dict[str, str]
    """By rule: what it picks, in words."""


@dataclass(frozen=True)
class WorldTask:
    """A world to be lived with every choice."""

    number: int
    scenario: Scenario
    seed: int
    luck: int
    month: int
    horizon: int
    choices: tuple[Choice, ...]
    uid: int | None = None
    like: Like | None = None
    past: Path | None = None
    """Checkpoint of the month of the decision, if that month was reached already."""

    @property
    def key(self) -> tuple[str, int]:
        """What makes two tasks the same."""
        return "advice", self.number

    def make(self, stopped: Callable[[], bool]) -> WorldOutcome:
        """Live the world with every choice.

        Raises
        ------
        Stopped
            `stopped` said so between two months.
        """
        with TemporaryDirectory(prefix="homogsim-advice-") as folder:
            past = self.past
            if past is None:
                model = live_until(self.month, self.scenario, self.seed, stopped)
                past = model.save(Path(folder) / "past.npz")
            return self._branch(past, stopped)

    def _branch(self, past: Path, stopped: Callable[[], bool]) -> WorldOutcome:
        from homogsim.agents.owners import cost_of, look

        model = self._resume(past, {})
        uid = self.uid if self.uid is not None else most_like(model.market, self.like or Like())
        if uid is None:
            return WorldOutcome(self.number, self.seed, self.luck, None, {}, NONE, {}, {}, {}, {})
        now = look(model.market, uid)
        bought = adopters(model.market, now.sector, uid)
        features = {k: float(v[0]) for k, v in features_of(model.market, np.array([uid // 4096])).items()}
        feasible = [c for c in self.choices if c.tool in (NONE, now.tool) or now.option(c.tool, c.contact)]
        dear = {c.name: cost_of(model.market, now, c.tool, c.contact) or 0.0 for c in self.choices if c not in feasible}
        picks = dict(zip(RULES, (crowd(now, bought), twelve_month_rule(now)), strict=True))
        courses = {BY_ITSELF: self._live(past, uid, {}, stopped)}
        for choice in feasible:
            courses[choice.name] = self._live(past, uid, {uid: choice.owner(self.month)}, stopped)
        rules: dict[str, str] = {}
        for rule, option in picks.items():
            choice = _as_choice(option, feasible)
            rules[rule] = choice.name
            if choice.name not in courses:
                courses[choice.name] = self._live(past, uid, {uid: choice.owner(self.month)}, stopped)
        words = {rule: _as_choice(option, feasible).label for rule, option in picks.items()}
        return WorldOutcome(self.number, self.seed, self.luck, uid, features, now.tool, courses, dear, rules, words)

    def _resume(self, past: Path, owners: dict[int, Owner]) -> MarketModel:
        from homogsim.model import MarketModel

        model = MarketModel.load(past, threads=1, owners=owners)
        if self.luck != model.seed:
            model.market.face(self.luck)
        return model

    def _live(self, past: Path, uid: int, owners: dict[int, Owner], stopped: Callable[[], bool]) -> Course:
        model = self._resume(past, owners)
        watch = Watch(model, uid, self.horizon)
        for _ in range(self.horizon):
            step(model, stopped)
            watch.note()
        return watch.course()


def _as_choice(option: Option, choices: list[Choice]) -> Choice:
    """Return the choice that an option is, made for the purpose where it is none of those compared."""
    same = (c for c in choices if (c.tool, c.contact, c.later) == (option.tool, option.contact, None))
    made = Choice(f"{option.tool} at {option.contact:g}" if option.tool != NONE else NONE, option.tool, option.contact)
    return next(same, made)


def adopters(market: Market, sector: int, uid: int) -> list[tuple[str, float]]:
    """Return tool and contact of the sector's other businesses that have a tool."""
    firms = market.firms
    rows = np.flatnonzero(firms.independent & (market.site_sector == sector) & (firms.tool > 0) & (firms.uid != uid))
    return [(TOOLS[firms.tool[row]], float(firms.contact[row])) for row in rows]


def live_until(month: int, scenario: Scenario, seed: int, stopped: Callable[[], bool]) -> MarketModel:
    """Return a model of the scenario that stands at the start of a month.

    Raises
    ------
    Stopped
        `stopped` said so between two months.
    """
    from homogsim.model import MarketModel

    model = MarketModel(scenario, seed=seed, threads=1, record_every=UNRECORDED)
    while model.month < month:
        step(model, stopped)
    return model


def step(model: MarketModel, stopped: Callable[[], bool]) -> None:
    """Run a month, or raise `Stopped` when asked to stop."""
    if stopped():
        raise Stopped
    model.step()
