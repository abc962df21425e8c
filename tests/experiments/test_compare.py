"""Paired comparisons on a tiny market: numbers, names, precision, what is refused, what is lost."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from experiments.tiny import TINY, three, tiny

import homogsim as hs
from homogsim.errors import HomogsimError
from homogsim.experiments import replicate
from homogsim.experiments.compare import compare, enter
from homogsim.experiments.paired_runs import next_count
from homogsim.experiments.replicate import Lost, Task, known_metrics, run_once
from homogsim.experiments.runs import LostRuns, fitting_jobs
from homogsim.metrics.table import OTHER_SCALES


def test_numbers_are_those_of_the_runs() -> None:
    found = three()
    assert (found.baseline, found.others) == ("before-automation", ("baseline", "plug-and-play"))
    assert (found.seeds, found.status, found.notes) == ((4, 5, 6), "complete", ())
    runs = {
        name: [hs.run(tiny(name), seed=seed).summary for seed in found.seeds]
        for name in ("before-automation", "baseline")
    }
    rows = found.table[found.table["scenario"] == "baseline"].set_index("metric")
    for metric in ("mean_price", "diversity_gamma", "consumer_surplus", "survival_1y"):
        a, b = ([run[metric] for run in runs[name]] for name in runs)
        row = rows.loc[metric]
        assert row["baseline_mean"] == pytest.approx(np.mean(a), rel=1e-14)
        assert row["mean"] == pytest.approx(np.mean(b), rel=1e-14)
        assert row["difference"] == pytest.approx(np.mean(np.subtract(b, a)), rel=1e-12, abs=1e-12)
        assert row["low"] <= row["difference"] <= row["high"]
    assert rows.loc["adoption_share", "verdict"] == "higher"
    assert rows.loc["mean_price", "unit"] == "$"
    assert rows.loc["survival_1y", "unit"] == "share"
    assert set(found.table["metric"]) == set(known_metrics()) - set(OTHER_SCALES)


def test_pairing_saves_runs() -> None:
    """Common random numbers: the paired difference varies less than that of independent seeds."""
    rows = three().table[three().table["scenario"] == "baseline"].set_index("metric")
    assert rows.loc["mean_price", "variance_reduction"] > 3.0
    assert rows.loc["consumer_surplus", "variance_reduction"] > 3.0


def test_surplus_is_decomposed_for_every_scenario() -> None:
    found = three()
    for name in found.others:
        parts = found.welfare[found.welfare["scenario"] == name].set_index("part")["mean"]
        ends = [[run.timeline["consumer_surplus"][-1] for run in found.timelines[s]] for s in (name, found.baseline)]
        assert parts["total"] == pytest.approx(np.mean(np.subtract(*ends)), rel=1e-12)
        assert parts.drop("total").sum() == pytest.approx(parts["total"], rel=1e-10)


def test_replications_have_a_row_per_run() -> None:
    runs = three().runs
    assert list(runs[["scenario", "seed"]].itertuples(index=False, name=None)) == [
        (name, seed) for seed in (4, 5, 6) for name in ("before-automation", "baseline", "plug-and-play")
    ]
    assert runs["results_hash"].nunique() == 9
    known = hs.run(tiny("plug-and-play"), seed=6)
    assert runs["results_hash"].iloc[-1] == known.results_hash()
    assert runs["mean_price"].iloc[-1] == known.summary["mean_price"]


def test_bands_over_time() -> None:
    found = three()
    levels = found.levels("mean_price", "baseline")
    assert levels.mean.shape == found.month.shape
    assert (levels.low <= levels.mean).all()
    assert (levels.mean <= levels.high).all()
    apart = found.differences("mean_price", "baseline")
    np.testing.assert_array_equal(apart.mean[found.month < 0], 0.0)  # before automation nothing differs
    assert (apart.mean != 0.0).any()


def test_the_same_luck_gives_the_same_run() -> None:
    """Known answer 27 without the help of any cache: two runs of one scenario differ by exactly nothing."""
    one, two = (run_once(Task(tiny(), 9), lambda: False) for _ in range(2))
    assert one.results_hash == two.results_hash


@pytest.mark.parametrize("replications", [1, 3])
def test_a_scenario_compared_with_itself_is_exactly_zero(replications: int) -> None:
    found = compare("baseline", "baseline", tiny(), set=TINY, replications=replications, jobs=1)
    assert tuple(found.scenarios) == ("baseline", "baseline-2", "baseline-3")
    defined = found.table[found.table["pairs"] > 0]
    assert (defined[["difference", "relative"]] == 0.0).all(axis=None)
    assert (defined.loc[defined["pairs"] > 1, ["low", "high"]] == 0.0).all(axis=None)
    assert (defined["pairs"] == replications).sum() > 40
    assert (found.welfare["mean"] == 0.0).all()
    assert not set(found.table["verdict"]) & {"higher", "lower"}
    assert len(found.runs) == 3 * replications


def test_one_replication_says_why_it_has_no_intervals() -> None:
    found = compare(tiny("before-automation"), tiny(), replications=1, jobs=1)
    assert found.table[["low", "high", "variance_reduction"]].isna().all(axis=None)
    assert found.table["verdict"].isna().all()
    assert found.table.set_index("metric").loc["adoption_share", "difference"] > 0.0
    assert any("one replication: differences without intervals" in note for note in found.notes)
    metrics = found.as_dict()["scenarios"]["baseline"]["metrics"]
    assert metrics["mean_price"]["low"] is None
    assert metrics["mean_price"]["difference"] is not None


def test_scenarios_may_be_presets_files_objects_and_twins(tmp_path) -> None:
    path = replace(tiny("plug-and-play"), name="mine").write(tmp_path / "mine.toml")
    found = enter(["baseline", str(path), tiny(), "baseline:twin", "baseline"], TINY, 30)
    assert tuple(found) == ("baseline", "mine", "baseline-2", "baseline-twin", "baseline-3")
    assert {s.parameters.calendar.months for s in found.values()} == {30}
    assert {s.parameters.world.towns for s in found.values()} == {2}
    assert found["mine"].parameters.tools.available == ("generic",)
    assert found["baseline-twin"].parameters.tools.available == ()
    assert found["baseline-2"].parameters == found["baseline-3"].parameters


def test_consumers_of_another_kind_gain_nothing_comparable() -> None:
    found = compare("before-automation", "bespoke-renaissance", set=TINY, replications=1, jobs=1)
    assert found.welfare.empty
    assert any("not decomposed, because their consumers differ in tastes" in note for note in found.notes)
    assert found.as_dict()["scenarios"]["bespoke-renaissance"]["welfare_decomposition"] is None
    twin = compare("bespoke-renaissance:twin", "bespoke-renaissance", set=TINY, replications=1, jobs=1)
    assert len(twin.welfare) == 8


def test_an_emptied_market_is_compared_and_said() -> None:
    doom = tiny().override({"finance.retirement": 1.0, "finance.entry_rate": 0.0})
    found = compare(tiny(), replace(doom, name="doom"), replications=2, jobs=1)
    rows = found.table.set_index("metric")
    assert rows.loc["n_firms", "mean"] == 0.0
    assert rows.loc["mean_price", "pairs"] == 0
    assert math.isnan(rows.loc["mean_price", "difference"])
    assert rows.loc["consumer_surplus", "verdict"] == "lower"
    parts = found.welfare.set_index("part")["mean"]
    assert parts["number_of_firms"] == pytest.approx(parts["total"], rel=1e-10)
    assert "doom: no business was left at the end of 2 of 2 runs" in found.notes


# --- precision --------------------------------------------------------------------------------------------------------


def test_precision_adds_seeds_until_the_interval_is_narrow() -> None:
    few = compare("before-automation", "baseline", set=TINY, replications=2, metrics=["mean_price"], jobs=1)
    row = few.table.iloc[0]
    wide = (row["high"] - row["low"]) / 2 / row["baseline_mean"]
    found = compare(
        "before-automation", "baseline", set=TINY, replications=2, metrics=["mean_price"], precision=wide / 3, jobs=1
    )
    row = found.table.iloc[0]
    assert len(found.seeds) > 2
    assert (row["high"] - row["low"]) / 2 / row["baseline_mean"] <= wide / 3
    assert found.notes == ()
    assert found.seeds == tuple(range(1, len(found.seeds) + 1))


def test_precision_has_a_cap() -> None:
    found = compare(
        "before-automation", "baseline", set=TINY, replications=2, metrics=["mean_price"], precision=1e-9, cap=3, jobs=1
    )
    assert len(found.seeds) == 3
    assert "stopped at 3 replications: the interval of mean_price is still" in found.notes[0]


def test_precision_of_what_is_zero_is_said_to_be_undefined() -> None:
    found = compare(
        "before-automation", "baseline", set=TINY, replications=2, metrics=["adoption_share"], precision=0.1, jobs=1
    )
    assert "adoption_share has no relative precision" in found.notes[0]


def test_how_many_seeds_come_next() -> None:
    assert next_count(10, 1.2, 50) == 15  # 10 · 1.44
    assert next_count(10, 5.0, 50) == 20  # at most doubled
    assert next_count(10, 1.0001, 50) == 11  # at least one more
    assert next_count(40, 5.0, 50) == 50


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options", "what"),
    [
        (("baseline",), {}, "needs two scenarios or more, not 1"),
        (("baseline", "basline"), {}, "no preset 'basline'"),
        (("baseline", "plug-and-play"), {"metrics": ["mean_prise"]}, "no metric 'mean_prise'"),
        (("baseline", "plug-and-play"), {"replications": 0}, "0 replications"),
        (("baseline", "plug-and-play"), {"seed": -1}, "do not all lie between 0 and 4294967295"),
        (("baseline", "plug-and-play"), {"seed": 2**32 - 3}, "do not all lie between 0 and 4294967295"),
        (("baseline", "plug-and-play"), {"jobs": 0}, "--jobs 0"),
        (("baseline", "plug-and-play"), {"precision": 0.02}, "which intervals"),
        (("baseline", "plug-and-play"), {"precision": 0.0, "metrics": ["n_firms"]}, "positive share"),
        (("baseline", "plug-and-play"), {"precision": math.nan, "metrics": ["n_firms"]}, "positive share"),
        (("baseline", "plug-and-play"), {"precision": 0.1, "metrics": ["n_firms"], "replications": 1}, "no interval"),
        (("baseline", "plug-and-play"), {"precision": 0.1, "metrics": ["n_firms"], "cap": 3}, "--cap 3 is less"),
        (("baseline", "plug-and-play"), {"set": {"world.town": 3}}, "no parameter world.town"),
        (("baseline", "plug-and-play"), {"months": 0}, "out of bounds"),
    ],
)
def test_refused_before_any_run(arguments, options, what) -> None:
    with pytest.raises(HomogsimError) as caught:
        compare(*arguments, **options)
    assert what in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("part", ["months", "before"])
def test_other_calendars_are_refused_with_the_reason(part: str) -> None:
    shorter = replace(tiny().override(f"calendar.{part}", 20), name="short")
    with pytest.raises(HomogsimError, match="their ends cannot be compared") as caught:
        compare(tiny(), shorter)
    assert "short 20" in str(caught.value)
    assert f"--set calendar.{part}=N" in caught.value.help


def test_more_runs_at_a_time_than_memory_are_refused(monkeypatch) -> None:
    monkeypatch.setattr("homogsim.experiments.runs.machine_memory", lambda: 1e9)
    parameters = [tiny().parameters]
    assert fitting_jobs(parameters, runs=100, jobs=None) <= 3
    assert fitting_jobs(parameters, runs=2, jobs=50) == 2  # no more than there are runs
    with pytest.raises(HomogsimError, match="50 runs at a time need about") as caught:
        fitting_jobs(parameters, runs=100, jobs=50)
    assert "--jobs 3" in caught.value.help


# --- stopped and lost -------------------------------------------------------------------------------------------------


def test_stopping_keeps_whole_replications() -> None:
    done = 0

    def watch(so_far: int, total: int) -> None:
        nonlocal done
        assert total == 6
        done = so_far

    found = compare(tiny(), tiny("plug-and-play"), replications=3, jobs=1, watch=watch, stop=lambda: done >= 3)
    assert (found.status, found.seeds) == ("interrupted", (1,))
    assert len(found.runs) == 3  # the third is finished too, but has no partner
    assert "1 of 3 replications were finished under all scenarios" in found.notes
    whole = compare(tiny(), tiny("plug-and-play"), replications=1, jobs=1)
    pd.testing.assert_frame_equal(found.table, whole.table)


def test_stopping_before_anything_is_finished() -> None:
    found = compare(tiny(), tiny("plug-and-play"), replications=3, jobs=1, stop=lambda: True)
    assert (found.status, found.seeds, len(found.runs)) == ("interrupted", (), 0)


def _losing(monkeypatch, seeds: set[int]) -> None:
    attempt = replicate.attempt

    def losing(task: Task, stopped) -> object:
        return Lost(task, "struck by lightning") if task.seed in seeds else attempt(task, stopped)

    monkeypatch.setattr(replicate, "attempt", losing)


def test_lost_runs_are_said_and_the_rest_is_compared(monkeypatch) -> None:
    _losing(monkeypatch, {2})
    found = compare(tiny(), tiny("plug-and-play"), replications=3, jobs=1)
    assert (found.status, found.seeds) == ("incomplete", (1, 3))
    assert "2 of 3 replications were finished under all scenarios" in found.notes
    assert "lost: plug-and-play, seed 2: struck by lightning" in found.notes


def test_nothing_left_to_compare(monkeypatch) -> None:
    _losing(monkeypatch, {1, 2})
    with pytest.raises(LostRuns, match="no replication was finished") as caught:
        compare(tiny(), tiny("plug-and-play"), replications=2, jobs=1)
    assert "struck by lightning" in str(caught.value)
    assert caught.value.exit_code == 1


# --- files ------------------------------------------------------------------------------------------------------------


def test_files(tmp_path) -> None:
    found = three()
    folder = found.save(tmp_path / "mine")
    assert sorted(p.name for p in folder.iterdir()) == ["comparison.csv", "comparison.json", "replications.parquet"]
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "replications.parquet"), found.runs, check_dtype=False)
    table = pd.read_csv(folder / "comparison.csv")
    assert table["difference"].tolist() == pytest.approx(found.table["difference"].tolist(), rel=1e-15, nan_ok=True)
    said = json.loads((folder / "comparison.json").read_text())
    assert said.pop("provenance")["version"]
    assert said == found.as_dict()
    assert said["definitions"]["plug-and-play"]["differences"]["tools.available"] == ["generic"]
    with pytest.raises(HomogsimError, match="exists already"):
        found.save(folder)


def test_the_public_names() -> None:
    assert hs.compare is compare
    assert isinstance(three(), hs.Comparison)
    assert repr(three()) == "<Comparison of baseline, plug-and-play with before-automation, 3 seeds, complete>"
    with pytest.raises(AttributeError):
        three().baseline = "other"  # type: ignore[misc]
