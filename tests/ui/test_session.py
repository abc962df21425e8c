"""A tab's worker without a browser: commands in, messages out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ui_tab import Tab

from homogsim.ui import desk
from homogsim.ui.openings import Openings
from homogsim.ui.side import Side


@pytest.fixture
def tab(openings: Openings, small_file: Path) -> Iterator[Tab]:
    tab = Tab(openings, small_file)
    yield tab
    tab.end()


def test_it_opens_before_automation(tab):
    state = tab.open()
    assert state["month"] == -1
    assert state["names"] == ["small"]


def test_one_frame_is_in_flight(tab, monkeypatch):
    monkeypatch.setattr(desk, "PATIENCE", 600.0)  # a slow machine does not make it count as lost
    tab.open()
    while not tab.said.empty():
        tab.said.get()
    tab.do("drawn")
    tab.do("pace", pace="run")
    tab.do("play", to=20)
    heard = [{}]
    while (heard[-1].get("mode"), heard[-1].get("month")) != ("paused", 20):  # the browser draws nothing
        heard.append(tab.said.get(timeout=60)[0])
    frames = [message for message in heard if message.get("type") == "frame"]
    assert len(frames) == 1
    assert frames[0]["month"] < 20
    tab.do("drawn")
    assert tab.hear("frame")["month"] == 20


def test_a_failing_model_is_told_and_can_be_reset(tab, monkeypatch):
    tab.open()

    def fail(side: Side) -> None:
        raise ZeroDivisionError("a defect")

    with monkeypatch.context() as patched:
        patched.setattr(Side, "step", fail)
        tab.do("play")
        assert tab.hear("failed") == {"type": "failed", "month": 0, "what": "ZeroDivisionError: a defect"}
        tab.hear("state", mode="failed")
    tab.do("restart")
    tab.hear("state", mode="paused", month=-1)
    tab.do("step")
    tab.hear("state", mode="paused", month=0)


@pytest.mark.parametrize(
    "command",
    [
        {"do": "open", "name": "../../secret"},
        {"do": "beside", "name": "nobody"},
        {"do": "change", "key": "no.parameter", "value": 1},
        {"do": "change", "key": "world.towns", "value": {"a": 1}},
        {"do": "change", "key": "consumers.loyalty", "value": [1] * 1000},
        {"do": "policy", "name": "none"},
        {"do": "seed", "seed": "x"},
        {"do": "bands"},
        {"do": "bet", "bets": 3},
        {"do": "upload", "text": 7},
        {"do": "download", "what": "nothing", "form": "png"},
        {"do": "download", "what": "survival", "form": "exe"},
        {"do": "download", "what": "table", "of": "bands"},
        {"do": "play", "to": -5},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_else_happens(tab, command):
    tab.open()
    tab.session.post(command)
    assert tab.hear("refused")["what"]
    assert tab.hear("state", mode="paused")["month"] == -1


def test_what_is_no_command_is_ignored(tab):
    tab.open()
    for nonsense in (None, 3, [], {}, {"do": 4}, {"do": "__class__"}, {"do": "view", "month": "x"}, {"do": "card"}):
        tab.session.post(nonsense)
    tab.do("step")
    tab.hear("state", mode="paused", month=0)


def test_from_the_start_shows_the_years_in_which_the_world_settles(tab):
    tab.open()
    tab.do("restart", from_start=True)
    assert tab.hear("state", mode="paused")["month"] == -37
    tab.do("change", key="consumers.loyalty", value=0.5)  # not recorded yet: counts at the next start
    assert tab.hear("state")["staged"] == ["consumers.loyalty"]
    tab.do("pace", pace="run")
    tab.do("play", to=2)
    tab.hear("state", mode="paused", month=2)
    assert tab.session._tab.sides[0].timeline()[-1]["month"] == 2


def test_a_policy_begins_and_ends(tab):
    tab.open()
    tab.do("policy", name="custom-subsidy", on=True)
    assert tab.hear("state", policies=["custom-subsidy"])["live"] == [[0, "policy.custom_subsidy", 0.5]]
    tab.do("step")
    tab.do("policy", name="custom-subsidy", on=False)
    state = tab.hear("state", policies=[], month=0)
    assert state["live"] == [[0, "policy.custom_subsidy", 0.5], [1, "policy.custom_subsidy", 0.0]]


def test_an_opening_is_computed_once(openings, tab):
    tab.open()
    scenario = tab.session._tab.plan.scenario
    first, second = openings.get(scenario), openings.get(scenario)
    assert first is not None
    assert second is not None
    assert first is not second
    assert first.month == 0
