"""`homogsim validate` and `homogsim calibrate`: what they print, write and refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

TINY = (
    "world.towns=2", "world.sectors=2", "world.sites=4", "world.occupied=3", "world.consumers=40", "calendar.warm_up=0",
    "calendar.before=3",
)  # fmt: skip
SET = [part for setting in TINY for part in ("--set", setting)]
QUICK = ("--months", 2, "--replications", 2, "--jobs", 1, *SET)
SEARCH = ("--parameters", "consumers.choice_noise=1:3", "--targets", "own_price_elasticity_outlet", *QUICK)


def test_validate_prints_fitted_targets_first_and_fails_with_them(homogsim, tmp_path) -> None:
    answer = homogsim("validate", *QUICK, "--out", "v")
    assert answer.code == 1
    places = [answer.out.index(title) for title in ("fitted to", "out of sample", "priors")]
    assert places == sorted(places)
    assert re.search(r"\d+ of 18 fitted targets inside; not: ", answer.out)
    assert "runs of 4 scenarios, 1 at a time: about" in answer.err
    assert {p.name for p in (tmp_path / "v").iterdir()} == {"validation.json", "validation.csv", "validation.png"}


def test_validate_json_and_targets_by_id(homogsim) -> None:
    answer = homogsim("validate", *QUICK, "--targets", "own_price_elasticity_outlet,tool_spend", "--json")
    told = json.loads(answer.out)
    assert [row["id"] for row in told["targets"]] == ["own_price_elasticity_outlet", "tool_spend"]
    row = told["targets"][0]
    assert row["lo"] <= row["simulated"] <= row["hi"]
    assert row["error"] > 0.0
    assert told["fit_outside"] == []
    assert (answer.code, answer.err) == (0, "")


def test_validate_writes_the_documents(homogsim, tmp_path) -> None:
    refused = homogsim("validate", *QUICK, "--docs")
    assert (refused.code, refused.out) == (2, "")
    assert "docs: there is no such folder" in refused.err
    (tmp_path / "docs").mkdir()
    homogsim("validate", *QUICK, "--targets", "tool_spend", "--docs")
    assert "tool_spend" in (tmp_path / "docs" / "validation.md").read_text("utf-8")
    assert (tmp_path / "docs" / "figures" / "validation.png").exists()


def test_calibrate_writes_its_folder_and_goes_on(homogsim, tmp_path) -> None:
    first = homogsim("calibrate", *SEARCH, "--budget", 2, "--out", "c")
    assert first.code == 0
    assert "best of 2 evaluations" in first.out
    assert "results: c" in first.out
    count = len(Path("c/evaluations.jsonl").read_text().splitlines())
    again = homogsim("calibrate", *SEARCH, "--budget", 2, "--out", "c", "--json")
    assert json.loads(again.out)["reused"] == 4  # two of the search, two around the optimum
    assert len(Path("c/evaluations.jsonl").read_text().splitlines()) == count
    linted = homogsim("lint", "c/best.toml")
    assert linted.code == 0


BAD_INPUT = [
    (("validate", "basline"), "there is no preset 'basline'", "baseline"),
    (("validate", "--targets", "exit_rat"), "there is no target 'exit_rat'", "exit_rate"),
    (("validate", "--replications", "0"), "0 replications", "whole number"),
    (("validate", "--months", "0"), "calendar.months = 0", "1 to "),
    (("validate", "--set", "world.town=2"), "no parameter world.town", "world.towns"),
    (("calibrate", *SEARCH, "--budget", "0", "--out", "c"), "does not pay for one evaluation", "from 1"),
    (("calibrate", *SEARCH, "--budget", "many", "--out", "c"), "--budget", "integer"),
    (("calibrate", "--parameters", "firms.cost_s", "--budget", "1", "--out", "c"), "no parameter", "firms.cost_sd"),
    (("calibrate", "--parameters", "chains.enabled", "--budget", "1", "--out", "c"), "has no bounds", "chains"),
    (("calibrate", *SEARCH, "--targets", "rating_revenue", "--budget", 1, "--out", "c"), "does not express", "ratings"),
    (("calibrate", *SEARCH, "--sampler", "cmaes", "--budget", "1", "--out", "c"), "two parameters", "tpe"),
    (("calibrate", "--parameters", "firms.cost_sd", "--budget", "1"), "Missing option", "--out"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "what", "helps"), BAD_INPUT, ids=[" ".join(map(str, a))[:40] for a, _, _ in BAD_INPUT]
)
def test_bad_input(homogsim, tmp_path, arguments, what, helps) -> None:
    answer = homogsim(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert what in answer.err
    assert helps in answer.err
    assert list(tmp_path.iterdir()) == []


def test_an_existing_out_is_refused_before_the_runs(homogsim, tmp_path) -> None:
    (tmp_path / "v").mkdir()
    answer = homogsim("validate", "--out", "v")
    assert answer.code == 2
    assert "v: exists already" in answer.err
    (tmp_path / "v" / "letter.txt").write_text("keep me")
    answer = homogsim("calibrate", *SEARCH, "--budget", 1, "--out", "v")
    assert answer.code == 2
    assert "no folder of a calibration" in answer.err
    assert [p.name for p in (tmp_path / "v").iterdir()] == ["letter.txt"]
