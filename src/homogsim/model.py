"""The model: a `mesa.Model` whose step is one month of the market (docs/model.md)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from operator import index
from pathlib import Path
from typing import Any, Literal

import homogsim.kernels.ahead  # noqa: F401  # before all that takes long to import

# isort: split
from homogsim.lean import plain_inspection

with plain_inspection():
    import mesa
import numba

from homogsim import checkpoint
from homogsim.agents import adoption, advocacy, backlash, chains, settlers, shadow, trading, turnover
from homogsim.agents.market import Market
from homogsim.agents.owners import Owner, Policy, owners_of
from homogsim.agents.roster import Roster, Views
from homogsim.agents.views import ConsumerAgent, FirmAgent
from homogsim.collecting import TimelineCollector, latest
from homogsim.errors import HomogsimError, ScenarioError
from homogsim.lives import consumers_table, firms_table, spells_table
from homogsim.parameters import Parameters
from homogsim.policies import parse
from homogsim.recording import Recorder
from homogsim.results import Results, now, run_provenance, run_values, summary_values
from homogsim.scenario import Event, Scenario, changed
from homogsim.scenario.checking import values
from homogsim.scenario.events import without
from homogsim.tables import decisions_table, joined, positions_table, templates_table

Status = Literal["complete", "interrupted", "extinct"]


class MarketModel(mesa.Model):
    """A market of small businesses that choose automation.

    Parameters
    ----------
    scenario : Scenario, str or Path, optional
        What to run: a scenario, the name of a preset or a file. Default ``baseline``.
    seed : int, optional
        Seed of the keyed random numbers, 0 to 2³² − 1; default the scenario's.
    months : int, optional
        Months after automation arrives; default the scenario's ``calendar.months``.
    threads : int, optional
        Threads of the compiled kernels; results do not depend on it. Default all cores.
    record_every : int
        Months between rows of the timeline.
    biographies : bool
        Record every business every month.
    other_scales : bool
        Record diversity at half and twice the similarity scale, too.
    owners : mapping, optional
        Who decides for a business in place of the model's law, by uid: functions of a `Situation` that return a
        `Decision` or None, or an `Owner`, which also says when it is asked. Everybody else's luck stays as it is.
    rng : int, optional
        Another name of `seed`, Mesa's.
    **changes
        Parameters by dotted name: ``mesa.batch_run(MarketModel, {"tools.custom.upfront_cost": [4000.0, 8000.0]})``.

    Raises
    ------
    ScenarioError
        For an unknown scenario or parameter, or a value out of bounds.
    HomogsimError
        For a uid that no business can have, a seed that is no whole number, `seed` together with `rng`, `threads`
        or `record_every` below 1.

    Notes
    -----
    Equal seeds give equal markets, so ``mesa.batch_run`` needs several: ``parameters={"rng": range(5)}``, or since
    Mesa 3.5 ``rng=range(5)`` (which overwrites `seed` among the parameters). `iterations` would repeat one market.
    """

    def __init__(
        self,
        scenario: Scenario | str | Path | None = None,
        *,
        seed: int | None = None,
        months: int | None = None,
        threads: int | None = None,
        record_every: int = 1,
        biographies: bool = False,
        other_scales: bool = False,
        owners: Mapping[int, Policy | Owner] | None = None,
        rng: int | None = None,
        **changes: Any,
    ) -> None:
        given = "baseline" if scenario is None else scenario
        read = given if isinstance(given, Scenario) else Scenario.read(given)
        changes |= {} if months is None else {"calendar.months": months}
        chosen = read.override(changes) if changes else read
        wanted = _seed(seed, rng, chosen.seed)
        self._scenario_of_market = replace(chosen, seed=wanted)
        super().__init__(rng=wanted)  # Mesa's own generators; the market never draws from them
        if record_every < 1:
            raise HomogsimError(f"record_every is {record_every}", help="It must be 1 or more.")
        self.threads = _threads(threads)
        self._started, self._clock = now(), time.perf_counter()
        self.market = Market(chosen.parameters, wanted, self.threads, chosen.places)
        self.market.owners = owners_of(owners, self.market)
        turnover.open_first_firms(self.market)
        self.recorder = Recorder(self.market, record_every, biographies, other_scales)
        self._views = Views(self, self.market)
        self._half_done = False

    # What Mesa asks for ---------------------------------------------------------------------------------------

    @property
    def scenario(self) -> Scenario:
        """The scenario of this market."""
        return self._scenario_of_market

    @scenario.setter
    def scenario(self, value: Any) -> None:
        # Mesa 3.5 keeps a scenario of its own here; ours is set before Mesa's constructor runs.
        self._scenario_of_mesa = value

    @property
    def agents(self) -> Any:
        """All open firms and consumers as agents; made now, if nobody asked before."""
        self._views.ask_for_everybody()
        return super().agents

    @agents.setter
    def agents(self, value: Any) -> None:
        raise AttributeError("model.agents cannot be set: agents are views of the market's columns")

    @property
    def agents_by_type(self) -> dict[type, Any]:
        """Agents by their class (`FirmAgent`, `ConsumerAgent`)."""
        self._views.ask_for_everybody()
        return super().agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """The classes of agents."""
        self._views.ask_for_everybody()
        return super().agent_types

    def remove_all_agents(self) -> None:
        """Let all agents go; they are views, so the market stays as it is."""
        self._views.let_go()
        super().remove_all_agents()

    @property
    def firms(self) -> Roster[FirmAgent]:
        """Open firms by site: ``model.firms[3]`` is the agent at site 3."""
        return self._views.firms

    @property
    def consumers(self) -> Roster[ConsumerAgent]:
        """Consumers by row: ``model.consumers[0]``."""
        return self._views.consumers

    @cached_property
    def datacollector(self) -> mesa.DataCollector:
        """The timeline as Mesa's tools want it (`TimelineCollector`); another collector may be put in its place."""
        return TimelineCollector(self)

    @property
    def latest(self) -> dict[str, float]:
        """Every metric of the month that has just ended, by name; NaN when it was not recorded (warm-up)."""
        return latest(self.recorder, self.month - 1)

    # Running --------------------------------------------------------------------------------------------------

    @property
    def seed(self) -> int:
        """Seed of the keyed random numbers."""
        return self.market.seed

    @property
    def parameters(self) -> Parameters:
        """The parameters in force."""
        return self.market.parameters

    @property
    def month(self) -> int:
        """The month about to be run; 0 is when automation arrives."""
        return self.market.month

    @property
    def last_month(self) -> int:
        """The last month of the run."""
        return self.market.parameters.calendar.months - 1

    def step(self) -> None:
        """Run one month: each line is a stage of docs/model.md, and everyone sees the state at the stage's start."""
        if self.market.month > self.last_month:
            self.running = False
            return
        self._refuse_half_month()
        self._half_done = True
        market, recorder = self.market, self.recorder
        self._let_events_happen()
        if market.month == 0:
            recorder.begin_automation()
            backlash.remember(market, recorder.scale)
        trading.feel_shocks(market)
        adoption.retrain(market)
        adoption.hear(market)
        adoption.review(market)
        trading.live_by_the_laws(market)
        trading.set_prices(market)
        backlash.feel(market)
        followed = shadow.twins(market)
        trading.choose(market, followed)
        advocacy.take_reference(market)
        trading.keep_accounts(market)
        shadow.follow_returns(market, followed)
        trading.follow_sales(market)
        settlers.settle(market)
        seen = recorder.look(is_last=market.month == self.last_month)
        advocacy.spread_the_word(market)
        trading.watch_satisfaction(market)
        exits = turnover.close(market)
        recorder.note_exits(exits)
        entries = turnover.found(market)
        chains.open_outlets(market)
        recorder.close_month(seen, exits, entries)
        market.month += 1
        self._half_done = False
        self.running = market.month <= self.last_month
        self._views.follow()

    def run(self, on_month: Callable[[MarketModel], None] | None = None) -> MarketModel:
        """Run to the last month, calling `on_month` after each, and return the model."""
        while self.month <= self.last_month:
            self._refuse_half_month()  # here as well: Mesa 3.5 makes no step any more after one that was interrupted
            self.step()
            if on_month is not None:
                on_month(self)
        return self

    def run_model(self) -> None:
        """Run to the last month (Mesa's name)."""
        self.run()

    def _refuse_half_month(self) -> None:
        if self._half_done:
            what = f"month {self.month} was interrupted half-way, so the market cannot go on from here"
            raise HomogsimError(what, help="Start again, or load a checkpoint.")

    def _let_events_happen(self) -> None:
        """Change the parameters that the scenario's events of this month change."""
        for event in self._scenario_of_market.events:
            if event.month == self.month:
                self.market.adopt(changed(self.parameters, event.set))

    def set_live(self, key: str, value: Any) -> None:
        """Change a parameter from the next month on, in place of what events of that month would make of it.

        Raises
        ------
        ScenarioError
            If the parameter shapes the world at its start, or the value is out of bounds.
        """
        chosen = self._scenario_of_market.override(key, value)
        wanted = {key: values(chosen.parameters)[key]}
        self.market.adopt(changed(self.parameters, wanted))
        events = [without(event, wanted) if event.month == self.month else event for event in chosen.events]
        self._scenario_of_market = replace(chosen, events=tuple(event for event in events if event.set))

    def add_policies(self, *policies: str) -> None:
        """Add policies (`Scenario.with_policy`) to what is still to come.

        Raises
        ------
        ScenarioError
            For what `Scenario.with_policy` refuses, and policies that would start in a month that is over.
        """
        chosen = self._scenario_of_market.with_policy(*policies)
        for term in map(parse, policies):
            if term.start < self.month:
                what = f"policy {term}: the model stands at month {self.month} already"
                raise ScenarioError(what, help="Start it then or later, or start a new run.")
        self._scenario_of_market = chosen

    def reschedule(self, events: Iterable[Event]) -> None:
        """Put other events in the place of those that are still to come.

        Raises
        ------
        ScenarioError
            For events that cannot be, and when those of months that are over would change.
        """
        chosen = replace(self._scenario_of_market, events=tuple(events))
        now, then = ([e for e in s.events if e.month < self.month] for s in (self._scenario_of_market, chosen))
        if now != then:
            what = f"the model stands at month {self.month}: what happened before cannot change"
            raise ScenarioError(what, help="Start a new run.")
        self._scenario_of_market = chosen

    # Results --------------------------------------------------------------------------------------------------

    def results(self) -> Results:
        """Return what was recorded so far."""
        import pandas as pd

        market, recorder = self.market, self.recorder.settled()
        last = market.month - 1
        firms = firms_table(market, last)
        spells, timeline = spells_table(firms, market, last), pd.DataFrame(recorder.timeline)
        summary = summary_values(timeline) if len(timeline) else {}
        summary |= run_values(timeline, firms, spells, -market.parameters.calendar.before, last)
        return Results(
            scenario=self._scenario_of_market,
            seed=self.seed,
            months=max(0, market.month),
            status=self._status(),
            timeline=timeline,
            towns=joined(recorder.towns),
            firms=firms,
            spells=spells,
            snapshots=joined(recorder.snapshots),
            templates=templates_table(market),
            roads=pd.DataFrame(market.geography.roads, columns=["from_town", "to_town", "minutes"]),
            town_positions=positions_table(market),
            accounts=pd.DataFrame(recorder.accounts),
            scale=recorder.scale,
            summary=summary,
            provenance=run_provenance(self._started, time.perf_counter() - self._clock),
            record_every=recorder.every,
            consumers=consumers_table(recorder.memory.surplus, market),
            firm_months=joined(recorder.firm_months) if recorder.biographies else None,
            decisions=decisions_table(market) if recorder.biographies else None,
        )

    def _status(self) -> Status:
        if self.market.month <= self.last_month:
            return "interrupted"
        return "complete" if self.market.firms.is_open.any() else "extinct"

    def save(self, path: str | Path) -> Path:
        """Write a checkpoint: state as plain arrays and JSON. Loading it and going on gives the same bits.

        Mesa's own generators (`random`, `rng`), which the market does not use, are not part of it.

        Raises
        ------
        StorageError
            If it cannot be written.
        HomogsimError
            In the middle of a month.
        """
        self._refuse_half_month()
        return checkpoint.save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path, **options: Any) -> MarketModel:
        """Read a checkpoint; `options` are those of the constructor except scenario, seed and parameters.

        Raises
        ------
        StorageError
            If it is missing, damaged, or of another format.

        Warns
        -----
        CheckpointWarning
            If another version of homogsim wrote it: going on may then give other numbers.
        """
        return checkpoint.load(cls, Path(path), **options)


def _seed(seed: int | None, rng: int | None, default: int) -> int:
    if seed is not None and rng is not None:
        raise HomogsimError("seed and rng are given", help="They are two names of one thing; give one of them.")
    wanted = seed if seed is not None else rng if rng is not None else default
    try:
        return index(wanted)
    except TypeError:
        raise HomogsimError(f"the seed is {wanted!r:.80}", help="A whole number is needed.") from None


def _threads(wanted: int | None) -> int:
    available = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]  # set when Numba starts
    if wanted is None:
        return min(available, os.cpu_count() or 1)
    if wanted < 1:
        raise HomogsimError(f"threads is {wanted}", help="It must be 1 or more.")
    return min(wanted, available)
