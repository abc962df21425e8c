"""Expectations: verdicts on hand-made numbers, and runs on a tiny market."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from experiments.tiny import TINY, tiny

import homogsim as hs
from homogsim.errors import HomogsimError
from homogsim.experiments import replicate
from homogsim.experiments.expect import Finding, Report, expect
from homogsim.experiments.pairing import paired_difference
from homogsim.experiments.replicate import Lost, Task, run_once
from homogsim.scenario import Expectation, Scenario

BASE = [10.0, 11.0, 12.0, 10.5]


def finding(changes: list[float], sign: str = "higher", at_least: float = 0.0, status: str = "") -> Finding:
    other = [value + change for value, change in zip(BASE, changes, strict=False)]
    line = Expectation("mean_price", "before-automation", sign, at_least, status)  # type: ignore[arg-type]
    return Finding("mine", line, paired_difference(BASE[: len(changes)], other))


@pytest.mark.parametrize(
    ("changes", "sign", "at_least", "verdict", "reason"),
    [
        ([1.0, 1.1, 0.9, 1.2], "higher", 0.0, "held", ""),
        ([1.0, 1.1, 0.9, 1.2], "lower", 0.0, "failed", ""),
        ([-1.0, -1.1, -0.9, -1.2], "lower", 0.0, "held", ""),
        ([-1.0, -1.1, -0.9, -1.2], "higher", 0.5, "failed", ""),
        ([1.0, 1.1, 0.9, 1.2], "higher", 0.09, "held", ""),
        ([1.0, 1.1, 0.9, 1.2], "higher", 0.2, "unclear", "smaller than expected"),
        ([-1.0, -1.1, -0.9, -1.2], "lower", 0.2, "unclear", "smaller than expected"),
        ([1.0, -1.1, 0.9, -1.2], "higher", 0.0, "unclear", "no clear difference"),
        ([0.0, 0.0, 0.0, 0.0], "lower", 0.0, "unclear", "no clear difference"),
        ([1.0], "higher", 0.0, "unclear", "one replication has no interval"),
        ([math.nan] * 4, "higher", 0.0, "unclear", "undefined in all runs"),
    ],
)
def test_verdicts(changes, sign, at_least, verdict, reason) -> None:
    found = finding(changes, sign, at_least)
    assert (found.verdict, found.reason) == (verdict, reason)


def test_what_is_zero_elsewhere_cannot_be_larger_by_a_share() -> None:
    line = Expectation("adoption_share", "before-automation", "higher", 0.1)
    found = Finding("mine", line, paired_difference([0.0, 0.0, 0.0], [0.3, 0.31, 0.29]))
    assert (found.verdict, found.reason) == ("unclear", "smaller than expected")
    assert replace(found, expectation=replace(line, at_least=0.0)).verdict == "held"


def test_claims_known_not_to_be_supported_fail_nothing() -> None:
    news, known = finding([1.0, 1.1], "lower"), finding([1.0, 1.1], "lower", status="not supported")
    assert (news.verdict, known.verdict) == ("failed", "failed")
    assert Report((news, known)).failed == (news,)
    assert known.as_dict()["status"] == "not supported"
    assert known.as_dict()["difference"] == pytest.approx(1.05)


def claiming(*lines: Expectation, name: str = "mine") -> Scenario:
    return replace(tiny(), name=name, expect=lines)


def test_against_a_preset_a_twin_and_its_own_start() -> None:
    lines = [Expectation("n_firms", versus, "lower") for versus in ("before-automation", "twin", "start")]
    report = expect(claiming(*lines), set=TINY, replications=2, seed=50, jobs=1)
    preset, twin, start = report.findings
    own = [hs.run(tiny(), seed=seed) for seed in (50, 51)]
    assert preset.found.mean == pytest.approx(sum(run.summary["n_firms"] for run in own) / 2, rel=1e-12)
    # 'before-automation' is the baseline without tools, and so is the twin
    assert preset.found == twin.found
    before = [run.timeline[run.timeline["month"] < 0]["n_firms"].iloc[-12:].mean() for run in own]
    assert start.found.baseline_mean == pytest.approx(sum(before) / 2, rel=1e-12)
    assert start.found.mean == preset.found.mean
    assert {f.scenario for f in report.findings} == {"mine"}


def test_every_run_is_made_once(monkeypatch) -> None:
    made = []

    def counting(task: Task, stopped) -> object:
        made.append(task.key)
        return run_once(task, stopped)

    monkeypatch.setattr(replicate, "run_once", counting)
    lines = [
        Expectation(metric, versus, "lower") for metric in ("n_firms", "mean_price") for versus in ("twin", "start")
    ]
    told = []
    expect(claiming(*lines), claiming(*lines, name="other"), replications=2, jobs=1, watch=lambda *n: told.append(n))
    assert len(made) == len(set(made)) == 4  # two seeds, with and without tools
    assert told[0] == (0, 4)
    assert told[-1] == (4, 4)


def test_default_seeds_are_far_from_those_of_tuning(monkeypatch) -> None:
    monkeypatch.setattr(replicate, "attempt", lambda task, stopped: Lost(task, "not made"))
    report = expect(claiming(Expectation("n_firms", "start", "lower")), jobs=1)
    assert [run.task.seed for run in report.lost] == list(range(10_000, 10_008))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (Expectation("mean_prise", "twin", "lower"), "no metric 'mean_prise'"),
        (Expectation("mean_price", "befor-automation", "lower"), "no preset 'befor-automation'"),
        (Expectation("mean_price", "before-automation", "lower"), "their ends cannot be compared"),
    ],
)
def test_refused_before_any_run(line: Expectation, what: str) -> None:
    with pytest.raises(HomogsimError) as caught:
        expect(claiming(line), jobs=1)
    assert what in str(caught.value)


def test_a_scenario_must_expect_something() -> None:
    with pytest.raises(HomogsimError, match="mine states no expectations"):
        expect(claiming())


def test_lost_and_stopped_runs_leave_the_others(monkeypatch) -> None:
    attempt = replicate.attempt

    def losing(task: Task, stopped) -> object:
        return Lost(task, "struck by lightning") if task.seed == 3 else attempt(task, stopped)

    line = Expectation("n_firms", "twin", "lower")
    monkeypatch.setattr(replicate, "attempt", losing)
    report = expect(claiming(line), replications=3, seed=2, jobs=1)
    assert report.findings[0].found.pairs == 2
    assert [str(run) for run in report.lost] == [
        "mine, seed 3: struck by lightning",
        "mine-twin, seed 3: struck by lightning",
    ]
    stopped = expect(claiming(line), replications=3, jobs=1, stop=lambda: True)
    assert stopped.interrupted
    assert stopped.findings[0].reason == "undefined in all runs"
