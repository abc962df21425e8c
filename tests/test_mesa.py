"""The model under Mesa's own tools, on Mesa 3.3 and 3.5: agent sets, data collectors, batch runs."""

from __future__ import annotations

import gc
import json
import math
import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pytest
from small_markets import EVERYONE_HEARS, model, scenario

import homogsim
from homogsim.agents.views import ConsumerAgent, FirmAgent
from homogsim.metrics.table import METRICS
from homogsim.model import MarketModel

TINY = {"world.towns": 2, "world.sectors": 2, "world.sites": 6, "world.occupied": 4, "world.consumers": 30,
        "calendar.warm_up": 2, "calendar.before": 3, "calendar.months": 8}  # fmt: skip

pytestmark = pytest.mark.xdist_group("mesa")


@pytest.fixture
def run() -> MarketModel:
    built = model("baseline", TINY, EVERYONE_HEARS, seed=5)
    for _ in range(4):
        built.step()
    return built


def finished(seed: int = 5) -> MarketModel:
    return model("baseline", TINY, EVERYONE_HEARS, seed=seed).run()


# Agents -----------------------------------------------------------------------------------------------------------


def test_a_headless_run_makes_no_agents() -> None:
    gc.collect()
    before = sum(issubclass(type(thing), mesa.Agent) for thing in gc.get_objects())
    done = finished()
    done.results()
    assert sum(issubclass(type(thing), mesa.Agent) for thing in gc.get_objects()) == before
    assert done.latest["n_firms"] > 0


def test_reading_agents_changes_no_result() -> None:
    watched = model("baseline", TINY, EVERYONE_HEARS, seed=5)
    collector = mesa.DataCollector(
        model_reporters=watched.datacollector.model_reporters, agenttype_reporters={FirmAgent: {"price": "price"}}
    )
    while watched.running:
        watched.agents.shuffle(inplace=True).do(lambda agent: agent.row)
        watched.step()
        collector.collect(watched)
        watched.agents_by_type[ConsumerAgent].map("choose")
        watched.agents_by_type[FirmAgent].map("next_price")
    assert watched.results().results_hash() == finished().results().results_hash()


def test_agents_are_mesas(run: MarketModel) -> None:
    assert all(isinstance(agent, mesa.Agent) for agent in run.agents)
    assert set(run.agent_types) == set(run.agents_by_type) == {FirmAgent, ConsumerAgent}
    assert len(run.agents_by_type[ConsumerAgent]) == 120
    assert len(run.agents) == 120 + len(run.firms)
    with pytest.raises(AttributeError, match="cannot be set"):
        run.agents = []


def test_select_get_agg(run: MarketModel) -> None:
    firms, columns = run.agents_by_type[FirmAgent], run.market.firms
    rows = [firm.row for firm in firms]
    assert firms.get("price") == columns.price[rows].tolist()
    assert firms.get(["price", "tool"]) == [[columns.price[r], columns.tool[r]] for r in rows]
    assert firms.agg("price", np.mean) == pytest.approx(columns.price[columns.is_open].mean())
    cheap = firms.select(lambda firm: firm.price < 10.5)
    assert {firm.site for firm in cheap} == set(np.flatnonzero(columns.is_open & (columns.price < 10.5)).tolist())
    assert len(run.agents.select(agent_type=FirmAgent)) == len(firms)
    assert len(firms.select(at_most=3)) == 3


def test_set_writes_columns(run: MarketModel) -> None:
    firms, columns = run.agents_by_type[FirmAgent], run.market.firms
    firms.select(lambda firm: firm.town == 1).set("cash", 777.0)
    here = columns.is_open & (run.market.site_town == 1)
    assert here.any()
    assert (columns.cash[here] == 777.0).all()
    assert (columns.cash[~here] != 777.0).all()


def test_do_map_groupby_sort_shuffle(run: MarketModel) -> None:
    firms, columns = run.agents_by_type[FirmAgent], run.market.firms
    before = columns.cash.copy()
    firms.do(lambda firm: setattr(firm, "cash", firm.cash + 1.0))
    assert np.allclose(columns.cash - before, columns.is_open)
    expected = np.bincount(run.market.site_sector[columns.is_open], minlength=2)
    assert firms.groupby("sector").count() == dict(enumerate(expected.tolist()))
    assert firms.map("next_price") == [firm.next_price() for firm in firms]
    assert [firm.price for firm in firms.sort("price", ascending=True)] == sorted(firms.get("price"))
    assert {firm.uid for firm in firms.shuffle()} == set(firms.get("uid"))


# Data collectors --------------------------------------------------------------------------------------------------


def test_a_collector_from_outside(run: MarketModel) -> None:
    collector = mesa.DataCollector(
        model_reporters={"month": "month", "hhi": lambda m: m.latest["sales_hhi"], "open": lambda m: len(m.firms)},
        agent_reporters={"town": "town", "row": lambda agent: agent.row},
        agenttype_reporters={FirmAgent: {"price": "price", "tool": "tool"}, ConsumerAgent: {"bought": "bought"}},
    )
    counts = []
    for _ in range(3):
        run.step()
        collector.collect(run)
        counts.append(len(run.firms))
    seen = collector.get_model_vars_dataframe()
    timeline = run.results().timeline.set_index("month")
    assert seen["month"].tolist() == [0, 1, 2]  # about to be run
    assert seen["open"].tolist() == counts
    assert seen["hhi"].tolist() == timeline["sales_hhi"].loc[-1:1].tolist()
    firms = collector.get_agenttype_vars_dataframe(FirmAgent)
    last = firms.loc[7]
    assert last["price"].to_dict() == {f.uid: f.price for f in run.firms}
    assert collector.get_agenttype_vars_dataframe(ConsumerAgent).loc[7]["bought"].tolist() == (
        run.market.consumers.bought.tolist()
    )
    assert len(collector.get_agent_vars_dataframe().loc[7]) == 120 + counts[-1]


def test_the_models_own_collector_is_its_timeline() -> None:
    done = finished()
    seen = done.datacollector.get_model_vars_dataframe()
    timeline = done.results().timeline
    assert list(seen.columns) == ["month", *METRICS]
    assert seen["month"].tolist() == list(range(-5, 8))
    assert seen[METRICS].iloc[:2].isna().all(axis=None)
    assert np.array_equal(seen.iloc[2:].to_numpy(), timeline[seen.columns].to_numpy(), equal_nan=True)


def test_the_models_own_collector_keeps_up(run: MarketModel) -> None:
    collector = run.datacollector
    assert len(collector.model_vars["month"]) == 4
    run.step()
    collector.collect(run)
    assert len(collector.model_vars["month"]) == 5
    assert collector.model_vars["n_firms"][-1] == run.latest["n_firms"]
    assert run.datacollector is collector


def test_latest_before_automation_and_in_the_warm_up() -> None:
    early = model("baseline", TINY)
    assert early.latest == pytest.approx({"month": -6, **dict.fromkeys(METRICS, np.nan)}, nan_ok=True)
    for _ in range(4):
        early.step()
    row = early.results().timeline.iloc[-1]
    assert early.latest == pytest.approx(row.to_dict(), nan_ok=True)
    assert early.latest["month"] == -2
    assert early.latest["diversity_gamma"] > 1.0


def test_months_that_are_not_recorded_are_nan() -> None:
    done = model("baseline", TINY, record_every=3).run()
    seen = done.datacollector.model_vars
    recorded = [month for month, value in zip(seen["month"], seen["n_firms"], strict=True) if not math.isnan(value)]
    assert recorded == done.results().timeline["month"].tolist() == [-3, -1, 0, 3, 6, 7]


class Watched(MarketModel):
    """The usual way of a Mesa model: a collector of its own, filled in its step."""

    def __init__(self, **options: Any) -> None:
        super().__init__(scenario("baseline", TINY), **options)
        self.datacollector = mesa.DataCollector({"firms": lambda m: len(m.firms)}, {"town": "town"})

    def step(self) -> None:
        super().step()
        self.datacollector.collect(self)


def test_a_subclass_may_collect_as_mesas_models_do() -> None:
    rows = mesa.batch_run(Watched, {"threads": 1, "rng": [3]}, data_collection_period=-1, display_progress=False)
    done = Watched(rng=3, threads=1).run()
    # Mesa 3.3 takes the agents of the last month but one, Mesa 3.5 the number of firms.
    last_two = done.datacollector.model_vars["firms"][-2:]
    assert last_two[-1] == len(done.firms)
    assert len({row["firms"] for row in rows}) == 1
    assert rows[0]["firms"] in last_two
    assert len(rows) in {120 + firms for firms in last_two}
    assert len(done.datacollector.get_model_vars_dataframe()) == 13


# Batch runs -------------------------------------------------------------------------------------------------------

BATCH = """
import json, sys
import mesa
from homogsim.model import MarketModel

if __name__ == "__main__":
    rows = mesa.batch_run(
        MarketModel, json.loads(sys.argv[1]), number_processes=int(sys.argv[2]),
        data_collection_period=int(sys.argv[3]), display_progress=False,
    )
    print(json.dumps(sorted(rows, key=lambda row: (row["RunId"], row["Step"]))))
"""


def batch(tmp_path: Path, parameters: dict[str, Any], processes: int, period: int) -> list[dict[str, Any]]:
    """Return the rows of a batch run in a process of its own, in which every warning is an error."""
    script = tmp_path / "batch.py"
    script.write_text(BATCH)
    arguments = [json.dumps(parameters), str(processes), str(period)]
    environment = os.environ | {"PYTHONPATH": str(Path(homogsim.__file__).parents[1])}
    command = [sys.executable, "-W", "error", str(script), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


NOISE = "consumers.choice_noise"
PARAMETERS = {"scenario": "baseline", "threads": 1, "rng": [3, 4], **TINY, NOISE: [1.5, 2.5]}


def test_batch_run(tmp_path: Path) -> None:
    rows = batch(tmp_path, PARAMETERS, processes=1, period=-1)
    assert [(row["rng"], row[NOISE]) for row in rows] == [(3, 1.5), (3, 2.5), (4, 1.5), (4, 2.5)]
    for row in rows:
        last = alone(row["rng"], row[NOISE]).latest
        assert {name: row[name] for name in last} == pytest.approx(last, nan_ok=True, rel=0, abs=0)
    assert len({row["mean_price"] for row in rows}) == 4


def alone(seed: int, noise: float) -> MarketModel:
    return MarketModel("baseline", seed=seed, threads=1, **TINY, **{NOISE: noise}).run()


def test_batch_run_with_two_processes_and_a_period(tmp_path: Path) -> None:
    rows = batch(tmp_path, PARAMETERS, processes=2, period=4)
    expected = [alone(seed, noise).datacollector.model_vars for seed in (3, 4) for noise in (1.5, 2.5)]
    for name in ("month", "mean_price", "n_firms", "diversity_gamma"):
        every_fourth = [seen[name][step] for seen in expected for step in (0, 4, 8, 12)]
        assert [row[name] for row in rows] == pytest.approx(every_fourth, nan_ok=True, rel=0, abs=0)


# What is left behind ----------------------------------------------------------------------------------------------


def test_models_whose_agents_were_made_can_be_forgotten() -> None:
    def follow() -> list[weakref.ref[Any]]:
        used = model("baseline", TINY)
        used.step()
        _ = used.datacollector.model_vars
        return [weakref.ref(thing) for thing in (used, used.market, *list(used.agents)[:3])]

    gone = follow()
    gc.collect()
    assert [thing() for thing in gone] == [None] * len(gone)
