"""The model: a `mesa.Model` whose step is one month of the market (MODEL section 2)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import mesa
import numba
import numpy as np

from homogsim import checkpoint
from homogsim.agents import adoption, shadow, trading, turnover
from homogsim.agents.market import Market
from homogsim.agents.views import Views
from homogsim.errors import HomogsimError, ScenarioError
from homogsim.lives import firms_table, spells_table, survival_summary
from homogsim.parameters import Parameters, declared
from homogsim.recording import Recorder
from homogsim.results import Results, now, provenance, summary_values
from homogsim.scenario import Scenario

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

    Raises
    ------
    ScenarioError
        For an unknown scenario or a value out of bounds.
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
        rng: int | None = None,
    ) -> None:
        chosen = scenario if isinstance(scenario, Scenario) else Scenario.read(scenario or "baseline")
        if months is not None:
            chosen = chosen.override("calendar.months", months)
        wanted = seed if seed is not None else rng if rng is not None else chosen.seed
        self._scenario_of_market = replace(chosen, seed=int(wanted))
        super().__init__(rng=int(wanted))  # Mesa's own generators; the market never draws from them
        if record_every < 1:
            raise HomogsimError(f"record_every is {record_every}", help="It must be 1 or more.")
        self.threads = _threads(threads)
        self._started, self._clock = now(), time.perf_counter()
        self.market = Market(chosen.parameters, int(wanted), self.threads)
        turnover.open_first_firms(self.market)
        self.recorder = Recorder(self.market, record_every, biographies)
        self._views = Views(self, self.market)
        self._extinct = False

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
        """All consumers and open firms as agents; made now, if nobody asked before."""
        self._views.refresh()
        return super().agents

    @agents.setter
    def agents(self, value: Any) -> None:
        raise AttributeError("model.agents cannot be set: agents are views of the market's columns")

    @property
    def agents_by_type(self) -> dict[type, Any]:
        """Agents by their class (`FirmAgent`, `ConsumerAgent`)."""
        self._views.refresh()
        return super().agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """The classes of agents."""
        self._views.refresh()
        return super().agent_types

    @property
    def firms(self) -> Sequence[Any]:
        """Open firms by site: ``model.firms[3]`` is the agent at site 3."""
        return self._views.firms

    @property
    def consumers(self) -> Sequence[Any]:
        """Consumers by row: ``model.consumers[0]``."""
        return self._views.consumers

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
        """Run one month: each line is a stage of MODEL section 2, and everyone sees the state at the stage's start."""
        if self.market.month > self.last_month:
            self.running = False
            return
        market, recorder = self.market, self.recorder
        numba.set_num_threads(self.threads)
        if market.month == 0:
            recorder.freeze_scale()
        trading.feel_shocks(market)
        adoption.hear(market)
        adoption.review(market)
        trading.live_by_the_laws(market)
        trading.set_prices(market)
        trading.choose(market)
        trading.keep_accounts(market)
        shadow.follow_returns(market)
        seen = recorder.look(is_last=market.month == self.last_month)
        trading.watch_satisfaction(market)
        exits = turnover.close(market)
        recorder.note_exits(exits)
        entries = turnover.found(market)
        recorder.close_month(seen, exits, entries)
        self._extinct = not market.firms.is_open.any()
        market.month += 1
        self.running = market.month <= self.last_month

    def run(self, on_month: Callable[[MarketModel], None] | None = None) -> MarketModel:
        """Run to the last month, calling `on_month` after each, and return the model."""
        while self.month <= self.last_month:
            self.step()
            if on_month is not None:
                on_month(self)
        return self

    def run_model(self) -> None:
        """Run to the last month (Mesa's name)."""
        self.run()

    def set_live(self, key: str, value: Any) -> None:
        """Change a parameter from the next month on.

        Raises
        ------
        ScenarioError
            If the parameter shapes the world at its start, or the value is out of bounds.
        """
        changed = self._scenario_of_market.override(key, value)
        if not declared()[key].live:
            raise ScenarioError(f"{key} shapes the world at its start", help="Start a new run with this value.")
        self._scenario_of_market = changed
        self.market.adopt(changed.parameters)

    # Results --------------------------------------------------------------------------------------------------

    def results(self) -> Results:
        """Return what was recorded so far."""
        import pandas as pd

        market, recorder = self.market, self.recorder.settled()
        last = market.month - 1
        firms = firms_table(market, last)
        timeline = pd.DataFrame(recorder.timeline)
        summary = summary_values(timeline) if len(timeline) else {}
        summary |= survival_summary(firms, -market.parameters.calendar.before, last)
        return Results(
            scenario=self._scenario_of_market,
            seed=self.seed,
            months=max(0, market.month),
            status=self._status(),
            timeline=timeline,
            towns=_frame(recorder.towns),
            firms=firms,
            spells=spells_table(firms, market, last),
            snapshots=_frame(recorder.snapshots),
            templates=_templates(market),
            roads=pd.DataFrame(market.geography.roads, columns=["from_town", "to_town", "minutes"]),
            town_positions=_positions(market),
            accounts=pd.DataFrame(recorder.accounts),
            scale=recorder.scale,
            summary=summary,
            provenance=provenance(self._started, time.perf_counter() - self._clock),
            record_every=recorder.every,
            firm_months=_frame(recorder.firm_months) if recorder.biographies else None,
            decisions=_decisions(market) if recorder.biographies else None,
        )

    def _status(self) -> Status:
        if self.market.month <= self.last_month:
            return "interrupted"
        return "extinct" if self._extinct else "complete"

    def save(self, path: str | Path) -> Path:
        """Write a checkpoint: state as plain arrays and JSON. Loading it and going on gives the same bits.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        return checkpoint.save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path, **options: Any) -> MarketModel:
        """Read a checkpoint; `options` are those of the constructor except scenario and seed.

        Raises
        ------
        StorageError
            If it is missing, damaged or from another version.
        """
        return checkpoint.load(cls, Path(path), **options)


def _threads(wanted: int | None) -> int:
    available = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]  # set when Numba starts
    if wanted is None:
        return min(available, os.cpu_count() or 1)
    if wanted < 1:
        raise HomogsimError(f"threads is {wanted}", help="It must be 1 or more.")
    return min(wanted, available)


def _frame(pieces: list[dict[str, Any]]) -> Any:
    import pandas as pd

    if not pieces:
        return pd.DataFrame()
    return pd.DataFrame({name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]})


def _templates(market: Market) -> Any:
    import pandas as pd

    from homogsim.parameters import TOOLS

    vendors = market.vendors
    columns: dict[str, Any] = {
        "vendor": np.arange(vendors.rows),
        "tier": [TOOLS[k] for k in vendors.tier.tolist()],
        "sector": vendors.sector,
    }
    columns |= {f"offering_{k}": axis for k, axis in enumerate(vendors.template)}
    return pd.DataFrame(columns)


def _positions(market: Market) -> Any:
    import pandas as pd

    places = market.geography.positions
    return pd.DataFrame({"town": np.arange(len(places)), "x": places[:, 0], "y": places[:, 1]})


def _decisions(market: Market) -> Any:
    import pandas as pd

    from homogsim.agents.market import Decision
    from homogsim.parameters import TOOLS

    made = pd.DataFrame(market.diary.decisions, columns=list(Decision._fields))
    made["tool"] = [TOOLS[k] for k in made["tool"]]
    closed = pd.DataFrame(
        [{"month": death.month, "uid": death.uid, "reason": death.cause} for death in market.diary.deaths],
        columns=["month", "uid", "reason"],
    )
    return pd.concat([made, closed], ignore_index=True).sort_values(["month", "uid"], kind="stable", ignore_index=True)
