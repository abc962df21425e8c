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
from homogsim.experiments.replicate import Lost, Task, known_metrics, run_once
from homogsim.experiments.runs import twin
from homogsim.scenario import Event, Expectation, Scenario, presets

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


UNCHANGED = Expectation("mean_price", "before-automation", "unchanged", within=0.05)


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ([0.1, -0.1, 0.12, 0.0], "held", ""),
        ([0.0, 0.0, 0.0, 0.0], "held", ""),
        ([1.0, 1.1, 0.9, 1.2], "failed", ""),
        ([-1.0, -1.1, -0.9, -1.2], "failed", ""),
        ([1.0, -1.1, 0.9, -1.2], "unclear", "may differ by more than 5 %"),
        ([0.0], "unclear", "one replication has no interval"),
        ([math.nan] * 4, "unclear", "undefined in all runs"),
    ],
)
def test_unchanged_means_shown_to_differ_by_little(changes, verdict, reason) -> None:
    found = Finding("mine", UNCHANGED, paired_difference(BASE[: len(changes)], [
        value + change for value, change in zip(BASE, changes, strict=False)
    ]))  # fmt: skip
    assert (found.verdict, found.reason) == (verdict, reason)


def test_what_is_recorded_as_not_supported_is_told_as_such() -> None:
    assert finding([1.0, 1.1], "lower", status="not supported").outcome == "not supported, as recorded"
    assert finding([1.0, -1.1], "lower", status="not supported").outcome == "not supported, as recorded"
    assert finding([1.0, 1.1], "higher", status="not supported").outcome == "held after all"
    assert finding([1.0, 1.1], "lower").outcome == "failed"


def test_in_words() -> None:
    assert UNCHANGED.words == "within 5 % of before-automation"
    assert Expectation("n_firms", "twin", "lower", 0.02).words == "lower by 2 % than twin"
    assert Expectation("roi36_slope", 0.0, "higher").words == "higher than 0"


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


def test_against_another_metric_of_the_run_and_a_number() -> None:
    lines = (
        Expectation("diversity_gamma", "diversity_alpha", "higher"),
        Expectation("first_mover_advantage", 0.0, "higher"),
        Expectation("diversity_gamma_half_scale", "diversity_gamma", "higher"),
    )
    report = expect(claiming(*lines), replications=2, seed=50, jobs=1)
    runs = [hs.run(tiny(), seed=seed, other_scales=True).summary for seed in (50, 51)]
    for finding_, line in zip(report.findings, lines, strict=True):
        other = [line.versus if isinstance(line.versus, float) else run[line.versus] for run in runs]
        own = [run[line.metric] for run in runs]
        # A number that is undefined in one run leaves the other run.
        assert finding_.found == pytest.approx(paired_difference(other, own), nan_ok=True)
    assert report.findings[0].found.difference > 0.0
    assert report.as_dict()["expectations"][1]["versus"] == 0.0


def test_in_a_month_before_the_end() -> None:
    lines = (
        Expectation("adoption_share", "twin", "higher", month=17),
        Expectation("adoption_share", 0.5, "lower", month=17),
        Expectation("adoption_share", 0.5, "lower", month=26),  # the run ends with month 25
        Expectation("survival_1y", 0.5, "lower", month=17),  # of the whole run, so of no month
    )
    report = expect(claiming(*lines), replications=2, seed=50, jobs=1)
    tables = [hs.run(tiny(), seed=seed).timeline.set_index("month")["adoption_share"] for seed in (50, 51)]
    expected = sum(table.loc[6:17].mean() for table in tables) / 2
    assert report.findings[0].found.mean == pytest.approx(expected, rel=1e-12)
    assert report.findings[1].found.difference == pytest.approx(expected - 0.5)
    assert [finding_.reason for finding_ in report.findings[2:]] == ["undefined in all runs"] * 2
    assert lines[1].words == "lower than 0.5 in month 17"
    assert lines[1].as_dict()["month"] == 17
    assert "month" not in UNCHANGED.as_dict()


def test_a_twin_has_no_tools_whatever_its_events_say() -> None:
    events = (
        Event(3, {"tools.available": ("generic",), "consumers.base_value": 20.0}),
        Event(6, {"tools.available": ("custom",)}),
    )
    without = twin(replace(tiny(), events=events))
    assert [(event.month, dict(event.set)) for event in without.events] == [(3, {"consumers.base_value": 20.0})]
    run = hs.run(without, seed=3)
    assert run.timeline["adoption_share"].max() == 0.0
    assert hs.run(replace(tiny(), events=events), seed=3).timeline["adoption_share"].max() > 0.0


def test_what_was_not_run_is_not_judged() -> None:
    lines = (Expectation("n_firms", "twin", "lower"), Expectation("n_firms", "twin", "lower", status="not supported"))
    report = expect(claiming(*lines), replications=2, seed=50, jobs=1, stop=lambda: True)
    assert (report.interrupted, report.runs) == (True, (0, 4))
    assert [(found.outcome, found.reason) for found in report.findings] == [("not run", "no run was finished")] * 2
    assert report.as_dict()["verdicts"] == {"not run": 2}
    done = [0]
    report = expect(
        claiming(*lines), replications=2, seed=50, jobs=1, stop=lambda: done[-1] >= 2,
        watch=lambda finished, asked: done.append(finished),
    )  # fmt: skip
    assert report.runs == (2, 4)
    assert [found.runs for found in report.findings] == [1, 1]  # both of the first seed
    assert report.findings[0].outcome == "unclear"


def test_no_preset_has_the_name_of_a_metric() -> None:
    assert not set(presets()) & set(known_metrics())


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
    assert stopped.findings[0].reason == "no run was finished"
