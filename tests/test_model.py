"""The model as a library: what can be asked of it, what it refuses, and how little it costs to import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from small_markets import EVERYONE_HEARS, model, scenario

import homogsim as hs
from homogsim.errors import BudgetError, HomogsimError, ScenarioError

TINY = {"world.towns": 2, "world.sectors": 2, "world.sites": 6, "world.occupied": 4, "world.consumers": 30,
        "calendar.warm_up": 2, "calendar.before": 3, "calendar.months": 8}  # fmt: skip

pytestmark = pytest.mark.xdist_group("model")


# What can be asked ------------------------------------------------------------------------------------------------


def test_a_run_in_one_call() -> None:
    found = hs.run("baseline", seed=3, months=6, set=TINY | {"consumers.choice_noise": 2.2}, threads=1)
    assert isinstance(found, hs.Results)
    assert found.timeline["month"].tolist() == list(range(-3, 6))
    assert (found.seed, found.months, found.status) == (3, 6, "complete")
    assert found.scenario.parameters.consumers.choice_noise == 2.2
    assert found.firms["birth"].min() == -5
    assert len(found.plot("diversity").axes) >= 1


def test_one_call_is_the_same_as_step_by_step() -> None:
    chosen = scenario("baseline", TINY)
    run = hs.MarketModel(chosen, seed=4)
    while run.month <= run.last_month:
        run.step()
    assert run.results().results_hash() == hs.run(chosen, seed=4).results_hash()


def test_the_ways_to_say_which_market() -> None:
    chosen = scenario("baseline", TINY)
    ways = [
        hs.MarketModel(chosen, seed=4),
        hs.MarketModel(chosen, rng=4),
        hs.MarketModel("baseline", seed=4, **TINY),  # type: ignore[arg-type]
        hs.MarketModel(seed=4, months=8, **{k: v for k, v in TINY.items() if k != "calendar.months"}),  # type: ignore[arg-type]
    ]
    assert {way.scenario.fingerprint() for way in ways} == {chosen.fingerprint()}
    assert {way.run().results().results_hash() for way in ways} == {ways[0].results().results_hash()}
    assert hs.MarketModel(chosen).seed == chosen.seed


def test_a_month_at_a_time() -> None:
    run = model("baseline", TINY)
    seen = [(run.month, run.running, run.steps)]
    while run.running:
        run.step()
        seen.append((run.month, run.running, run.steps))
    assert seen == [(month, month < 8, month + 5) for month in range(-5, 9)]
    run.step()
    assert (run.month, run.running) == (8, False)
    assert run.last_month == 7


def test_run_calls_back_after_each_month() -> None:
    run, months = model("baseline", TINY), []
    assert run.run(lambda running: months.append(running.month)) is run
    assert months == list(range(-4, 9))
    model("baseline", TINY).run_model()


def test_results_on_the_way_change_nothing() -> None:
    curious = model("baseline", TINY, EVERYONE_HEARS)
    statuses = []
    curious.run(lambda running: statuses.append(running.results().status))
    assert statuses == ["interrupted"] * 12 + ["complete"]
    assert curious.results().results_hash() == model("baseline", TINY, EVERYONE_HEARS).run().results().results_hash()


def test_a_live_parameter_changes_and_others_do_not() -> None:
    run = model("baseline", TINY)
    run.set_live("consumers.choice_noise", 2.5)
    assert run.parameters.consumers.choice_noise == run.scenario.parameters.consumers.choice_noise == 2.5
    for key, value in (("world.towns", 3), ("consumers.choice_noise", -1.0), ("consumers.chioce_noise", 2.0)):
        with pytest.raises(ScenarioError):
            run.set_live(key, value)
    assert run.parameters.consumers.choice_noise == 2.5


# What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scenario": "no-such-market"}, "no-such-market"),
        ({"scenario": ""}, ""),
        ({"seed": 1.5}, "the seed is 1.5"),
        ({"seed": "one"}, "the seed is 'one'"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"seed": 1, "rng": 1}, "seed and rng are given"),
        ({"months": 0}, "calendar.months"),
        ({"months": "many"}, "calendar.months"),
        ({"record_every": 0}, "record_every is 0"),
        ({"threads": 0}, "threads is 0"),
        ({"sead": 1}, "sead"),
        ({"consumers.chioce_noise": 2.0}, "choice_noise"),
        ({"consumers.choice_noise": 1e9}, "choice_noise"),
    ],
)
def test_what_makes_no_sense(options: dict[str, Any], said: str) -> None:
    with pytest.raises(HomogsimError) as found:
        hs.MarketModel(**options)
    assert said in str(found.value)
    assert len(str(found.value).splitlines()) <= 3


def test_a_market_that_would_not_fit_is_not_built() -> None:
    with pytest.raises(BudgetError, match="of memory"):
        hs.run("baseline", set={"world.consumers": 200_000, "world.towns": 2000})


# How little it costs ----------------------------------------------------------------------------------------------

HEAVY = (
    "numba",
    "llvmlite",
    "mesa",
    "pandas",
    "matplotlib",
    "scipy",
    "numpy",
    "pyarrow",
    "networkx",
    "pydantic",
    "rich",
)


def test_import_alone_loads_nothing_heavy() -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(hs.__file__).parents[1])}
    command = [sys.executable, "-X", "importtime", "-c", "import homogsim"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr
    loaded = {line.rpartition("|")[2].strip() for line in told.splitlines() if line.startswith("import time:")}
    assert "homogsim" in loaded
    assert not [name for name in loaded if name.partition(".")[0] in HEAVY]
