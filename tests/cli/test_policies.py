"""Policies and events on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import homogsim as hs
from homogsim.model import MarketModel
from homogsim.policies import POLICIES

SIZE = {
    "world.towns": 2, "world.sectors": 1, "world.sites": 4, "world.occupied": 3, "world.consumers": 60,
    "calendar.warm_up": 6, "calendar.before": 12, "tools.heard_alone": 0.5,
}  # fmt: skip
TINY = ("run", "baseline", *(part for key, value in SIZE.items() for part in ("--set", f"{key}={value}")))
SHORT = (*TINY, "--months", "14", "--no-figures")


@pytest.fixture(scope="module")
def known() -> hs.Results:
    """Return what the library says about the run of `SHORT` with a voucher from month 3 to 8."""
    return hs.run("baseline", months=14, set=SIZE, policies=["buy-local@3..9"])


def test_the_policies_are_listed_with_what_they_set(homogsim) -> None:
    answer = homogsim("policies")
    assert answer.code == 0
    for policy in POLICIES.values():
        assert policy.name in answer.out
        for key in policy.set:
            assert key in answer.out
    assert "--policy NAME@START..END" in answer.out
    assert "not including" in answer.out


def test_a_run_takes_policies_and_can_be_reproduced(homogsim, known) -> None:
    answer = homogsim(*SHORT, "--policy", "buy-local@3..9", "--json")
    said = json.loads(answer.out)
    assert said["results_hash"] == known.results_hash()
    written = hs.Results.load(said["run_dir"], verify=True)
    assert [event.month for event in written.scenario.events] == [3, 9]
    paid = written.timeline.loc[written.timeline["public_money"] > 0.0, "month"]
    assert paid.tolist() == [3, 4, 5, 6, 7, 8]
    assert said["summary"]["public_money_so_far"] > 0.0
    assert homogsim("reproduce", said["run_dir"]).code == 0


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        (["buy-locale@3"], ("no policy 'buy-locale'", "Did you mean buy-local")),
        (["buy-local"], ("months are missing", "NAME@START..END")),
        (["buy-local@9..3"], ("ends before it starts",)),
        (["buy-local@14"], ("month 14 lies after the last month, 13",)),
        (["buy-local@3..9", "buy-local@5"], ("policy.local_voucher", "still in force", "overlap")),
    ],
)
def test_a_policy_is_refused_before_the_run(homogsim, tmp_path, policies, words) -> None:
    answer = homogsim(*SHORT, *(part for policy in policies for part in ("--policy", policy)))
    assert answer.code == 2
    for word in words:
        assert word in answer.err
    assert list(tmp_path.iterdir()) == []


def test_a_policy_for_the_future_of_a_checkpoint(homogsim, known, tmp_path) -> None:
    model = MarketModel(hs.Scenario.read("baseline").override(SIZE), months=14)
    while model.month < 3:
        model.step()
    past = model.save(tmp_path / "month-3")
    said = json.loads(homogsim("run", "--from", past, "--policy", "buy-local@3..9", "--json", "--no-figures").out)
    assert said["results_hash"] == known.results_hash()
    assert homogsim("reproduce", said["run_dir"]).code == 0
    refused = homogsim("run", "--from", past, "--policy", "buy-local@2..9")
    assert refused.code == 2
    assert "the model stands at month 3 already" in refused.err


def test_a_value_given_for_the_future_counts_against_what_is_in_force(homogsim, tmp_path) -> None:
    scenario = hs.Scenario.read("baseline").override(SIZE).override("calendar.months", 6).with_policy("buy-local@1")
    model = MarketModel(scenario)
    while model.month < 3:
        model.step()
    past = model.save(tmp_path / "month-3")
    answer = homogsim("run", "--from", past, "--set", "policy.local_voucher=0", "--json", "--no-figures")
    timeline = hs.Results.load(json.loads(answer.out)["run_dir"]).timeline.set_index("month")
    assert (timeline["public_money"].loc[1:2] > 0.0).all()
    assert (timeline["public_money"].loc[3:] == 0.0).all()


def test_show_and_lint_tell_the_events(homogsim, tmp_path: Path) -> None:
    text = "# Cheaper?\nextends = 'baseline'\n[[events]]\nmonth = 84\nset = {tools.custom.upfront_cost = 5000}\n"
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    for command in ("lint", "show"):
        answer = homogsim(command, "mine.toml")
        assert answer.code == 0, answer.err
        assert "from month 84 on: tools.custom.upfront_cost = 5,000 (before: 40,000)" in answer.out
    (tmp_path / "mine.toml").write_text(text.replace("84", "840"), encoding="utf-8")
    answer = homogsim("lint", "mine.toml")
    assert answer.code == 2
    assert "mine.toml, line 4: [[events]] number 1: month 840 lies after the last month, 179" in answer.err
