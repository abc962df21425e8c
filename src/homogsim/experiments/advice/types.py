"""Who should do what: the best choice by kind of business, and where the answer is unclear.

In every world several businesses far enough apart not to meet are followed at once: one a cell, no two of one sector in
towns that shop in each other. In the runs that branch off, as many as there are choices, they take turns (a Latin
square), so that every one of them lives under every choice while its neighbours, whom it hardly meets, do all kinds of
things. Kinds are thirds of what businesses are like by themselves, nothing is planted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from homogsim.errors import HomogsimError
from homogsim.experiments.advice.advise import HORIZON, MONTH, REPLICATIONS, gather, prepared, standard_choices
from homogsim.experiments.advice.candidates import eligible, features_of
from homogsim.experiments.advice.choices import NONE, Choice, choices_of
from homogsim.experiments.advice.type_map import TypeMap, TypesOutcome, table_of
from homogsim.experiments.advice.worlds import live_until, step
from homogsim.experiments.executors import Runner
from homogsim.experiments.runs import LostRuns, Watcher, check_counts, fitting_jobs
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from homogsim.agents.market import Market


@dataclass(frozen=True)
class TypesTask:
    """A world in which several businesses are followed."""

    number: int
    scenario: Scenario
    seed: int
    month: int
    horizon: int
    choices: tuple[Choice, ...]

    @property
    def key(self) -> tuple[str, int]:
        """What makes two tasks the same."""
        return "types", self.number

    def make(self, stopped: Callable[[], bool]) -> TypesOutcome:
        """Live the world as often as there are choices.

        Raises
        ------
        Stopped
            `stopped` said so between two months.
        """
        from homogsim.agents.owners import look

        model = live_until(self.month, self.scenario, self.seed, stopped)
        uids = far_apart(model.market, self.number)
        able = {
            uid: [c.tool == NONE or now.option(c.tool, c.contact) is not None for c in self.choices]
            for uid, now in ((uid, look(model.market, uid)) for uid in uids)
        }
        rows = np.array(uids, dtype=np.int64) // 4096
        features = features_of(model.market, rows)
        found = [
            {"uid": float(uid)} | {name: float(values[n]) for name, values in features.items()}
            for n, uid in enumerate(uids)
        ]
        with TemporaryDirectory(prefix="homogsim-advice-") as folder:
            past = model.save(Path(folder) / "past.npz")
            for turn in range(len(self.choices)):
                profits = self._live(past, uids, able, turn, stopped)
                for n, uid in enumerate(uids):
                    mine = (n + turn) % len(self.choices)
                    name = f"profit {self.choices[mine].name}"
                    found[n][name] = profits[n] if able[uid][mine] else float("nan")
        return TypesOutcome(self.number, self.seed, tuple(found))

    def _live(
        self, past: Path, uids: Sequence[int], able: Mapping[int, Sequence[bool]], turn: int,
        stopped: Callable[[], bool],
    ) -> list[float]:  # fmt: skip
        """Return the profit of every business when each does what is its turn, or nothing where it cannot pay."""
        from homogsim.model import MarketModel

        owners = {}
        for n, uid in enumerate(uids):
            mine = (n + turn) % len(self.choices)
            owners[uid] = (self.choices[mine] if able[uid][mine] else self.choices[0]).owner(self.month)
        model = MarketModel.load(past, threads=1, owners=owners)
        before = totals(model.market, uids)
        for _ in range(self.horizon):
            step(model, stopped)
        after, training = totals(model.market, uids), model.parameters.tools.training
        paid = dict.fromkeys(uids, 0.0)
        for decision in model.market.diary.decisions:
            if decision.uid in paid and decision.month >= self.month:
                paid[decision.uid] += decision.upfront + training * (decision.reason == "adopt")
        return [after[uid] - before[uid] - paid[uid] for uid in uids]


def far_apart(market: Market, turn: int) -> list[int]:
    """Return the uids of businesses, one a cell, no two of a sector where customers of one shop at the other.

    Towns take turns in being asked first, from world to world; who of a cell is taken is a keyed draw.
    """
    world, reach = market.parameters.world, market.geography.reach_towns
    # Two towns share customers if any town shops in both: their own people are not the only ones who could.
    shops = np.zeros((world.towns, world.towns), dtype=bool)
    np.put_along_axis(shops, reach, True, axis=1)
    meet = shops.astype(np.int64).T @ shops.astype(np.int64) > 0
    rows = eligible(market)
    luck = market.streams.uniform("panel", market.firms.uid[rows], market.month, 7)
    chosen: list[int] = []
    for sector in range(world.sectors):
        taken: list[int] = []
        for town in np.roll(np.arange(world.towns), turn + sector).tolist():
            here = rows[(market.site_town[rows] == town) & (market.site_sector[rows] == sector)]
            if here.size == 0 or any(meet[town, other] for other in taken):
                continue
            taken.append(town)
            chosen.append(int(market.firms.uid[here[luck[np.isin(rows, here)].argmax()]]))
    return chosen


def totals(market: Market, uids: Sequence[int]) -> dict[int, float]:
    """Return the total profit so far of businesses, of those that have closed the one of their whole life."""
    firms, found = market.firms, {}
    for uid in uids:
        row = uid // 4096
        if firms.is_open[row] and firms.uid[row] == uid:
            found[uid] = float(firms.total_profit[row])
    for piece in market.diary.lives:
        for n in np.flatnonzero(np.isin(piece["uid"], uids)).tolist():
            found[int(piece["uid"][n])] = float(piece["total_profit"][n])
    return found


def map_types(
    scenario: Scenario | str | Path = "baseline",
    *,
    month: int = MONTH,
    choices: Sequence[str] | None = None,
    horizon: int = HORIZON,
    replications: int = REPLICATIONS,
    seed: int | None = None,
    set: Mapping[str, object] | None = None,
    jobs: int | None = None,
    watch: Watcher | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> TypeMap:
    """Return the best choice by kind of business. Parameters are those of `advise`.

    Raises
    ------
    HomogsimError
        For what `advise` refuses.
    LostRuns
        No world was lived to the end.
    """
    chosen = prepared(scenario, set or {}, month, horizon)
    compared = choices_of(choices or standard_choices(chosen), chosen.parameters)
    first = chosen.seed if seed is None else seed
    check_counts(replications, first, replications)
    used = fitting_jobs([chosen.parameters], replications, jobs)
    tasks = [TypesTask(n, chosen, first + n, month, horizon, compared) for n in range(replications)]
    with Runner(used, stop) as runner:
        worlds, lost = gather(runner, tasks, watch)
    if not worlds and not stop():
        raise LostRuns(f"no world was lived to the end: {lost[0] if lost else 'none was begun'}")
    if worlds and not any(world.businesses for world in worlds):
        what = f"no business without a tool is left in month {month}, in any of {len(worlds)} worlds"
        raise HomogsimError(what, "--month", "Choose an earlier month.")
    notes = tuple(f"lost: {one.reason}" for one in lost)
    status = "interrupted" if len(worlds) + len(lost) < replications else "incomplete" if lost else "complete"
    return TypeMap(chosen, month, horizon, compared, tuple(worlds), table_of(worlds), notes, status)
