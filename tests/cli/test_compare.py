"""`homogsim compare`, `expect` and `metrics`, from the command to files and exit codes."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import homogsim as hs
from homogsim.experiments import replicate
from homogsim.experiments.replicate import Lost, Task
from homogsim.metrics.table import METRICS
from homogsim.model import MarketModel
from homogsim.scenario import Expectation

SIZE = {
    "world.towns": 2, "world.sectors": 1, "world.sites": 4, "world.occupied": 3, "world.consumers": 60,
    "calendar.warm_up": 6, "calendar.before": 12, "calendar.months": 14, "tools.heard_alone": 0.3,
}  # fmt: skip
SMALL = tuple(part for key, value in SIZE.items() for part in ("--set", f"{key}={value}"))
HERE = ("--jobs", "1")


def refuse(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")


def test_a_comparison_says_what_differs_and_why(homogsim) -> None:
    answer = homogsim("compare", "before-automation", "baseline", *SMALL, *HERE, "--replications", "2")
    assert answer.code == 0
    assert "baseline against before-automation, 2 seeds (1 to 2)" in answer.out
    for metric in ("diversity_gamma", "adoption_share", "consumer_surplus", "survival_1y"):
        assert metric in answer.out
    for part in ("price", "number of firms", "chains", "total"):
        assert part in answer.out
    assert "no clear difference" in answer.out
    assert answer.err == ""


def test_json_is_one_object_and_nothing_else(homogsim) -> None:
    answer = homogsim(
        "compare", "before-automation", "baseline", "plug-and-play", *SMALL, *HERE, "--replications", "2",
        "--seed", "7", "--metric", "mean_price", "--metric", "adoption_share", "--json",
    )  # fmt: skip
    assert answer.err == ""
    said = json.loads(answer.out, parse_constant=refuse)
    assert (said["baseline"], said["seeds"], said["status"]) == ("before-automation", [7, 8], "complete")
    assert list(said["scenarios"]) == ["baseline", "plug-and-play"]
    runs = {name: [hs.run(name, seed=seed, set=SIZE) for seed in (7, 8)] for name in ("before-automation", "baseline")}
    found = said["scenarios"]["baseline"]
    assert list(found["metrics"]) == ["mean_price", "adoption_share"]
    price = found["metrics"]["mean_price"]
    assert {"mean", "difference", "low", "high", "relative", "variance_reduction"} < set(price)
    means = {name: sum(run.summary["mean_price"] for run in made) / 2 for name, made in runs.items()}
    assert price["mean"] == pytest.approx(means["baseline"], rel=1e-12)
    assert price["difference"] == pytest.approx(means["baseline"] - means["before-automation"], abs=1e-12)
    assert found["metrics"]["adoption_share"]["relative"] is None  # there was none before
    parts = dict(found["welfare_decomposition"])
    total = parts.pop("total")
    assert sum(parts.values()) == pytest.approx(total, rel=1e-10)
    ends = {name: sum(run.timeline["consumer_surplus"].iloc[-1] for run in made) / 2 for name, made in runs.items()}
    assert total == pytest.approx(ends["baseline"] - ends["before-automation"], rel=1e-9)


def test_a_scenario_against_itself_is_zero(homogsim) -> None:
    answer = homogsim("compare", "baseline", "baseline", *SMALL, *HERE, "--replications", "2", "--json")
    said = json.loads(answer.out, parse_constant=refuse)
    (name,) = said["scenarios"]
    assert name == "baseline-2"
    found = said["scenarios"][name]
    assert {one["difference"] for one in found["metrics"].values()} <= {0.0, None}
    assert found["metrics"]["mean_price"]["low"] == found["metrics"]["mean_price"]["high"] == 0.0
    assert set(found["welfare_decomposition"].values()) == {0.0}


def test_one_replication_says_why_it_has_no_intervals(homogsim) -> None:
    answer = homogsim("compare", "baseline", "plug-and-play", *SMALL, *HERE, "--replications", "1")
    assert answer.code == 0
    assert "one replication: differences without intervals, because" in answer.out
    assert "–" in answer.out


def test_a_folder_with_tables_and_figures(homogsim, tmp_path) -> None:
    answer = homogsim(
        "compare", "baseline", "plug-and-play", *SMALL, *HERE, "--replications", "2", "--metric", "mean_price",
        "--out", "mine",
    )  # fmt: skip
    assert answer.code == 0
    assert "results: mine" in answer.out
    names = {p.name for p in (tmp_path / "mine").iterdir()}
    assert names == {"comparison.json", "comparison.csv", "replications.parquet", "figures"}
    assert {p.name for p in (tmp_path / "mine" / "figures").iterdir()} == {
        "differences.png", "welfare.png", "mean_price.png",
    }  # fmt: skip
    runs = pd.read_parquet(tmp_path / "mine" / "replications.parquet")
    assert runs["scenario"].tolist() == ["baseline", "plug-and-play"] * 2
    assert set(METRICS) <= set(runs.columns)
    known = hs.run("plug-and-play", seed=2, set=SIZE)
    assert runs["results_hash"].iloc[-1] == known.results_hash()


def test_files_are_scenarios_too_and_twins(homogsim, tmp_path) -> None:
    scenario = replace(hs.Scenario.read("bespoke-renaissance").override(SIZE), name="mine")
    scenario.write(tmp_path / "mine.toml")
    answer = homogsim("compare", "mine.toml:twin", "mine.toml", *HERE, "--replications", "1", "--json")
    said = json.loads(answer.out)
    assert (said["baseline"], list(said["scenarios"])) == ("mine-twin", ["mine"])
    assert said["definitions"]["mine-twin"]["differences"]["tools.available"] == []
    assert said["scenarios"]["mine"]["welfare_decomposition"] is not None


def test_precision_and_months(homogsim) -> None:
    answer = homogsim(
        "compare", "before-automation", "baseline", *SMALL, *HERE, "--months", "6", "--replications", "2",
        "--metric", "mean_price", "--precision", "0.0000001", "--cap", "3", "--json",
    )  # fmt: skip
    said = json.loads(answer.out)
    assert said["seeds"] == [1, 2, 3]
    assert "stopped at 3 replications" in said["notes"][0]
    assert said["definitions"]["baseline"]["differences"]["calendar.months"] == 6


def test_both_geometries_of_tastes(homogsim, tmp_path) -> None:
    answer = homogsim(
        "compare", "before-automation", "baseline", *SMALL, *HERE, "--replications", "1", "--metric", "mean_price",
        "--tastes", "both", "--out", "mine", "--json",
    )  # fmt: skip
    assert (answer.code, answer.err) == (0, "")
    said = json.loads(answer.out, parse_constant=refuse)
    assert said["baseline"] == "before-automation"
    assert list(said["tastes"]) == ["ideal_point", "kernel"]
    single = homogsim(
        "compare", "before-automation", "baseline", *SMALL, *HERE, "--replications", "1", "--metric", "mean_price",
        "--json",
    )  # fmt: skip
    assert said["tastes"]["ideal_point"] == json.loads(single.out)
    kernel = said["tastes"]["kernel"]["scenarios"]["baseline"]
    assert kernel.keys() == said["tastes"]["ideal_point"]["scenarios"]["baseline"].keys()
    assert kernel["welfare_decomposition"]["total"] != 0.0
    assert {p.name for p in (tmp_path / "mine").iterdir()} == {"comparison.json", "ideal_point", "kernel"}
    assert json.loads((tmp_path / "mine" / "comparison.json").read_text()) == said


def test_both_geometries_are_shown_side_by_side(homogsim) -> None:
    answer = homogsim(
        "compare", "before-automation", "baseline", *SMALL, *HERE, "--replications", "1", "--metric", "mean_price",
        "--tastes", "both",
    )  # fmt: skip
    assert "baseline against before-automation, seed 1, ideal points" in answer.out
    assert "baseline against before-automation, seed 1, kernel tastes" in answer.out
    assert answer.out.count("change of consumer surplus in the last month") == 1


TWO = ("compare", "baseline", "plug-and-play")
BAD_INPUT = [
    (("compare", "baseline"), "needs two scenarios or more", "homogsim compare"),
    (("compare",), "Missing argument", "A B"),
    (("compare", "baseline", "plug-n-play"), "no preset 'plug-n-play'", "plug-and-play"),
    ((*TWO, "--tastes", "kernal"), "no tastes 'kernal'", "kernel"),
    ((*TWO, "--metric", "mean_prise"), "no metric 'mean_prise'", "mean_price"),
    ((*TWO, "--set", "world.towns"), "is no setting", "KEY=VALUE"),
    ((*TWO, "--set", "=3"), "is no setting", "KEY=VALUE"),
    ((*TWO, "--set", "world.towns=0"), "out of bounds", "1 to 2000"),
    ((*TWO, "--replications", "0"), "0 replications", "1 to 10000"),
    ((*TWO, "--replications", "many"), "--replications", "integer"),
    ((*TWO, "--jobs", "0"), "--jobs 0", "1 to 10000"),
    ((*TWO, "--seed", "-3"), "do not all lie between", "--seed"),
    ((*TWO, "--precision", "0.02"), "which intervals", "--metric"),
    ((*TWO, "--precision", "-1", "--metric", "n_firms"), "a positive share", "0.02"),
    ((*TWO, "--precision", "0.1", "--metric", "n_firms", "--replications", "1"), "no interval", "--replications 2"),
    ((*TWO, "--months", "0"), "out of bounds", "default 180"),
    (("expect",), "which scenario", "--all"),
    (("expect", "baseline", "--all"), "given together with scenarios", "or --all"),
    (("expect", "baselin"), "no preset 'baselin'", "baseline"),
    (("expect", "baseline", "--seed", "-1"), "do not all lie between", "--seed"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "what", "helps"), BAD_INPUT, ids=[" ".join(a)[:50] for a, _, _ in BAD_INPUT])
def test_bad_input(homogsim, tmp_path, arguments, what, helps) -> None:
    answer = homogsim(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert what in answer.err
    assert helps in answer.err
    assert list(tmp_path.iterdir()) == []


def test_other_calendars_are_refused_with_the_reason(homogsim, tmp_path) -> None:
    replace(hs.Scenario.read("baseline").override("calendar.months", 100), name="short").write(tmp_path / "short.toml")
    answer = homogsim("compare", "baseline", "short.toml")
    assert answer.code == 2
    assert "baseline records 180 months after automation arrives, short 100" in answer.err


def test_an_existing_folder_is_refused_before_the_runs(homogsim, tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    answer = homogsim(*TWO, "--out", "mine")
    assert (answer.code, answer.out) == (2, "")
    assert "mine: exists already" in answer.err
    (tmp_path / "file").write_text("in the way")
    assert homogsim(*TWO, "--out", "file/mine").code == 74


# --- Ctrl-C, lost runs ------------------------------------------------------------------------------------------------


def test_ctrl_c_keeps_what_is_finished(homogsim, tmp_path, monkeypatch) -> None:
    step, steps = MarketModel.step, iter(range(100_000))

    def stepping(self: MarketModel) -> None:
        if next(steps) == 90:  # in the third run, the first of the second seed
            os.kill(os.getpid(), signal.SIGINT)
        step(self)

    monkeypatch.setattr(MarketModel, "step", stepping)
    answer = homogsim(*TWO, *SMALL, *HERE, "--replications", "3", "--out", "mine", "--metric", "mean_price")
    assert answer.code == 130
    assert "(interrupted)" in answer.out
    assert "1 of 3 replications were finished" in answer.out
    assert json.loads((tmp_path / "mine" / "comparison.json").read_text())["status"] == "interrupted"


def test_ctrl_c_before_anything_is_finished_leaves_nothing(homogsim, tmp_path, monkeypatch) -> None:
    step = MarketModel.step

    def stepping(self: MarketModel) -> None:
        if self.month == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        step(self)

    monkeypatch.setattr(MarketModel, "step", stepping)
    answer = homogsim(*TWO, *SMALL, *HERE, "--out", "mine")
    assert (answer.code, answer.out) == (130, "")
    assert "interrupted" in answer.err
    assert list(tmp_path.iterdir()) == []


def _losing(monkeypatch, seeds: set[int]) -> None:
    attempt = replicate.attempt

    def losing(task: Task, stopped) -> object:
        return Lost(task, "struck by lightning") if task.seed in seeds else attempt(task, stopped)

    monkeypatch.setattr(replicate, "attempt", losing)


def test_lost_runs_are_said(homogsim, monkeypatch) -> None:
    _losing(monkeypatch, {2})
    answer = homogsim(*TWO, *SMALL, *HERE, "--replications", "3", "--metric", "mean_price")
    assert answer.code == 1
    assert "lost: plug-and-play, seed 2: struck by lightning" in answer.out
    _losing(monkeypatch, {1, 2, 3})
    answer = homogsim(*TWO, *SMALL, *HERE, "--replications", "3")
    assert (answer.code, answer.out) == (1, "")
    assert "no replication was finished" in answer.err


# --- expect -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def claims(tmp_path):
    """Return a function that writes a scenario with expectations."""

    def write(*lines: Expectation) -> str:
        replace(hs.Scenario.read("baseline").override(SIZE), name="mine", expect=lines).write(tmp_path / "mine.toml")
        return "mine.toml"

    return write


FIRMS_ADOPT = Expectation("adoption_share", "twin", "higher", note="everyone hears")
NOBODY_ADOPTS = Expectation("adoption_share", "start", "lower")


def test_expectations_that_hold(homogsim, claims) -> None:
    answer = homogsim("expect", claims(FIRMS_ADOPT), *HERE, "--replications", "3")
    assert answer.code == 0
    assert "held" in answer.out
    assert "everyone hears" in answer.out
    assert "1 held of 1 expectations" in answer.out


def test_a_failed_expectation_leaves_with_1(homogsim, claims) -> None:
    answer = homogsim("expect", claims(FIRMS_ADOPT, NOBODY_ADOPTS), *HERE, "--replications", "3", "--json")
    assert (answer.code, answer.err) == (1, "")
    said = json.loads(answer.out, parse_constant=refuse)
    assert [one["verdict"] for one in said["expectations"]] == ["held", "failed"]
    assert (said["failed"], said["verdicts"], said["seed"]) == (1, {"held": 1, "failed": 1}, 10_000)
    assert said["expectations"][0]["versus_mean"] == 0.0
    assert said["expectations"][0]["relative"] is None


def test_a_claim_known_not_to_be_supported_is_told_and_fails_nothing(homogsim, claims) -> None:
    path = claims(replace(NOBODY_ADOPTS, status="not supported"))
    answer = homogsim("expect", path, *HERE, "--replications", "3")
    assert answer.code == 0
    assert "not supported, as recorded" in answer.out
    assert "failed" in answer.out
    assert "not supported" in answer.out
    assert "1 not supported, as recorded of 1 expectations" in answer.out


def test_unclear_is_no_failure(homogsim, claims) -> None:
    answer = homogsim("expect", claims(replace(FIRMS_ADOPT, at_least=0.5)), *HERE, "--replications", "1")
    assert answer.code == 0
    assert "one replication has no interval" in answer.out
    assert "1 unclear of 1 expectations" in answer.out


def test_marks_are_written_into_the_file(homogsim, claims, tmp_path) -> None:
    path = claims(FIRMS_ADOPT, NOBODY_ADOPTS)
    answer = homogsim("expect", path, *HERE, "--replications", "3", "--mark")
    assert answer.code == 2
    assert "0 of 2 expectations of mine stand below a line [[expect]]" in answer.err
    lines = [f'[[expect]]\nmetric = "{e.metric}"\nversus = "{e.versus}"\nsign = "{e.sign}"\n'
             for e in (FIRMS_ADOPT, NOBODY_ADOPTS)]  # fmt: skip
    (tmp_path / path).unlink()
    (tmp_path / path).write_text((tmp_path / claims()).read_text("utf-8") + "\n" + "\n".join(lines), "utf-8")
    answer = homogsim("expect", path, *HERE, "--replications", "3", "--mark")
    assert answer.code == 1
    assert "written: " in answer.err
    held, failed = hs.Scenario.read(tmp_path / path).expect
    assert (held.status, failed.status) == ("", "not supported")
    assert failed.measured.endswith("3 seeds from 10000")
    again = homogsim("expect", path, *HERE, "--replications", "3", "--mark")
    assert again.code == 0
    assert "1 held, 1 not supported, as recorded of 2 expectations" in again.out
    assert "written" not in again.err


def test_findings_are_written_into_the_documents(homogsim, tmp_path, monkeypatch) -> None:
    shipped = Path(__file__).parents[2] / "docs" / "sources.toml"
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "sources.toml").write_bytes(shipped.read_bytes())
    few = {name: path for name, path in hs.presets().items() if name == "know-thyself"}
    monkeypatch.setattr("homogsim.experiments.expect.presets", lambda: few)
    know = hs.Scenario.read("know-thyself").override(SIZE)
    monkeypatch.setattr("homogsim.experiments.expect.Scenario.read", lambda source: know)
    answer = homogsim("expect", "--all", *HERE, "--replications", "1", "--docs")
    assert answer.code == 0
    findings = json.loads((tmp_path / "docs" / "findings.json").read_text("utf-8"), parse_constant=refuse)
    assert len(findings["expectations"]) == len(know.expect)
    assert "not measured yet" in (tmp_path / "docs" / "sources.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("baseline", "--docs"), "no such folder"),
        (("--all", "--docs", "--months", "12"), "changed scenarios say nothing"),
        (("baseline", "--mark", "--set", "world.towns=3"), "changed scenarios say nothing"),
    ],
)
def test_what_cannot_be_recorded_is_refused(homogsim, arguments, what) -> None:
    answer = homogsim("expect", *arguments)
    assert answer.code == 2
    assert what in answer.err


def test_lint_knows_the_start(homogsim, claims) -> None:
    assert homogsim("lint", claims(NOBODY_ADOPTS)).code == 0


# --- metrics ----------------------------------------------------------------------------------------------------------


def test_metrics_are_listed(homogsim) -> None:
    answer = homogsim("metrics")
    assert answer.code == 0
    said = json.loads(homogsim("metrics", "--json").out, parse_constant=refuse)
    assert [one["name"] for one in said][: len(METRICS)] == list(METRICS)
    assert {"survival_5y", "diversity_gamma_se"} <= {one["name"] for one in said}
    assert set(said[0]) >= {"name", "symbol", "unit", "range", "where", "meaning", "reference"}
    gamma = next(one for one in said if one["name"] == "diversity_gamma")
    assert gamma["range"] == [1.0, None]
    for name in METRICS:
        assert name in answer.out
