"""Events: parameters that change during a run, in scenario files and in the market."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from small_markets import EVERYONE_HEARS, scenario, state_hash

from homogsim.errors import ScenarioError
from homogsim.model import MarketModel
from homogsim.scenario import Change, Event, Scenario, changed, lint

TINY: dict[str, object] = {
    **EVERYONE_HEARS,
    "world.towns": 2,
    "world.sectors": 1,
    "world.consumers": 60,
    "calendar.warm_up": 6,
    "calendar.before": 6,
    "calendar.months": 12,
}
HEAD = '# Why?\nextends = "baseline"\n'
COST = "tools.custom.upfront_cost"


def read(folder: Path, text: str) -> Scenario:
    path = folder / "mine.toml"
    path.write_text(HEAD + text, "utf-8")
    return Scenario.read(path)


def tiny(*events: Event) -> Scenario:
    return dataclasses.replace(scenario("baseline", TINY), events=events)


def finished(*events: Event) -> MarketModel:
    return MarketModel(tiny(*events), seed=5, threads=1).run()


@pytest.fixture(scope="module")
def plain() -> MarketModel:
    """Return a finished run without events. Not to be changed by a test."""
    return finished()


# In files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f'[[events]]\nmonth = 84\nset = {{"{COST}" = 5000, "tools.available" = ["custom"]}}\n',
        f'[[events]]\nmonth = 84\nset = {{{COST} = 5e3, tools.available = ["custom"]}}\n',
        f'[[events]]\nmonth = 84\n[events.set]\n"{COST}" = 5000.0\ntools.available = ["custom"]\n',
        f'[[events]]\nset.{COST} = 5000\nmonth = 84\n[[events]]\nmonth = 84\nset.tools.available = ["custom"]\n',
        f'events = [{{month = 84, set = {{tools.available = ["custom"], "{COST}" = 5000}}}}]\n',
    ],
    ids=["names", "groups", "table", "two of a month", "inline"],
)
def test_an_event_can_be_written_as_toml_allows(tmp_path: Path, text: str) -> None:
    (event,) = read(tmp_path, text).events
    assert event == Event(84, {COST: 5000.0, "tools.available": ("custom",)})
    assert type(event.set[COST]) is float


def test_events_are_in_order_of_months(tmp_path: Path) -> None:
    text = "".join(
        f"[[events]]\nmonth = {month}\nset = {{firms.reinvestment = {value}}}\n"
        for month, value in ((84, 0.7), (-60, 0.2), (179, 0.1))
    )
    found = read(tmp_path, text)
    assert [event.month for event in found.events] == [-60, 84, 179]
    assert found.timetable() == [
        Change(-60, "firms.reinvestment", 0.3, 0.2),
        Change(84, "firms.reinvestment", 0.2, 0.7),
        Change(179, "firms.reinvestment", 0.7, 0.1),
    ]
    assert found.differences() == {}


REFUSED: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "after the end": (f"[[events]]\nmonth = 180\nset = {{{COST} = 1}}", 4, ("180", "after the last month, 179")),
    "in the warm-up": (f"[[events]]\nmonth = -61\nset = {{{COST} = 1}}", 4, ("-61", "first recorded month, -60")),
    "no month": (f"[[events]]\nset = {{{COST} = 1}}", 3, ("month", "whole number")),
    "half a month": (f"[[events]]\nmonth = 3.5\nset = {{{COST} = 1}}", 4, ("3.5", "whole number")),
    "true": (f"[[events]]\nmonth = true\nset = {{{COST} = 1}}", 4, ("true", "whole number")),
    "nothing": ("[[events]]\nmonth = 3\n", 3, ("nothing is set",)),
    "nothing in it": ("[[events]]\nmonth = 3\nset = {}", 5, ("nothing is set",)),
    "another word": (f"[[events]]\nmonth = 3\nsets = {{{COST} = 1}}", 5, ("no entry sets", "Did you mean set?")),
    "unknown": ("[[events]]\nmonth = 3\nset = {tools.custom.upfront_cots = 1}", 5, ("upfront_cots", COST)),
    "a group": ("[[events]]\nmonth = 3\nset = {tools = 1}", 5, ("tools is a group",)),
    "too much": (f"[[events]]\nmonth = 3\nset = {{{COST} = -1}}", 5, ("out of bounds", "0 to 10000000 $")),
    "text": (f'[[events]]\nmonth = 3\nset = {{{COST} = "much"}}', 5, ("a number is needed",)),
    "infinite": (f"[[events]]\nmonth = 3\n[events.set]\n{COST} = inf", 6, ("finite",)),
    "not live": ("[[events]]\nmonth = 3\nset = {world.towns = 3}", 5, ("world.towns", "middle of a run")),
    "twice": (
        f'[[events]]\nmonth = 3\nset = {{{COST} = 1}}\n\n[[events]]\nmonth = 3\nset = {{"{COST}" = 2}}',
        9,
        ("number 2", "twice in month 3"),
    ),
    "no tables": ("events = 3", 3, ("[[events]]",)),
    "no list of tables": ("events = [3]", 3, ("[[events]]",)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_event_is_refused_with_its_line(tmp_path: Path, case: str) -> None:
    text, line, words = REFUSED[case]
    with pytest.raises(ScenarioError) as refused:
        read(tmp_path, text)
    assert f"mine.toml, line {line}:" in str(refused.value)
    for word in words:
        assert word in str(refused.value)


def test_lint_names_the_problems_of_all_events(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        HEAD + f"[[events]]\nmonth = 999\nset = {{{COST} = 1}}\n[[events]]\nmonth = 1\nset = {{world.towns = 3}}\n"
    )
    found = lint(path)
    assert [error.where.rpartition(" ")[2] for error in found] == ["4", "8"]
    path.write_text('question = "Why?"\n' + f"[[events]]\nmonth = 9\nset = {{{COST} = 1}}\n")
    assert lint(path) == []


def test_a_flood_of_events_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="too many"):
        read(tmp_path, "".join(f"[[events]]\nmonth = {n}\nset.{COST} = 1\n" for n in range(500)))
    path = tmp_path / "flood.toml"
    path.write_text("".join(f"[[events]]\nmonth = 1\nset.tools.custom.upfront_{n} = 1\n" for n in range(300)), "utf-8")
    found = lint(path)
    assert len(found) == 21
    assert found[-1].what == "further events were not looked at"


def test_a_file_takes_over_events_or_puts_its_own_in_their_place(tmp_path: Path) -> None:
    base = f"# Why?\n[[events]]\nmonth = 12\nset = {{{COST} = 1}}\n"
    (tmp_path / "base.toml").write_text(base, "utf-8")
    for own, months in (("", [12]), ("events = []\n", []), ("[[events]]\nmonth = 5\nset.offering.noise = 0\n", [5])):
        path = tmp_path / "own.toml"
        path.write_text('# Why?\nextends = "base.toml"\n' + own, "utf-8")
        found = Scenario.read(path)
        assert [event.month for event in found.events] == months
        written = found.write(tmp_path / "written.toml", overwrite=True)
        assert Scenario.read(written) == dataclasses.replace(found, path=written)
        assert ("events" in written.read_text("utf-8")) == (months != [12])


def test_an_inherited_event_needs_a_calendar_that_it_fits(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(f"# Why?\n[[events]]\nmonth = 12\nset = {{{COST} = 1}}\n", "utf-8")
    path = tmp_path / "short.toml"
    path.write_text('extends = "base.toml"\n[calendar]\nmonths = 12\n', "utf-8")
    with pytest.raises(ScenarioError, match=r"short\.toml.*month 12 lies after the last month, 11"):
        Scenario.read(path)


# As values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "events",
    [
        (Event(3, {COST: 1.0}),),
        (Event(3, {COST: 1.0, "tools.available": ("custom", "generic")}), Event(9, {"tools.available": ()})),
        (Event(-6, {"tools.contact_levels": (0.5,)}), Event(0, {"policy.disclosure_mandate": True})),
    ],
)
def test_a_scenario_with_events_survives_files_json_and_processes(tmp_path: Path, events: tuple[Event, ...]) -> None:
    own = tiny(*events)
    written = own.write(tmp_path / "mine.toml")
    other: tuple[Any, ...] = (
        Scenario.read(written),
        Scenario.from_dict(json.loads(json.dumps(own.as_dict()))),
        pickle.loads(pickle.dumps(own)),
        copy.deepcopy(own),
    )
    for one in other:
        assert one.events == own.events
        assert one.fingerprint() == own.fingerprint()
        assert hash(one.events) == hash(own.events)


def test_events_are_part_of_the_fingerprint() -> None:
    one, other = Event(3, {COST: 1.0}), Event(4, {COST: 1.0})
    prints = {tiny(*events).fingerprint() for events in ((), (one,), (other,), (one, other))}
    assert len(prints) == 4
    twice = Event(3, {COST: 1, "offering.noise": 0})
    apart = (Event(3, {"offering.noise": -0.0}), Event(3, {COST: 1.0}))
    assert tiny(twice).fingerprint() == tiny(*apart).fingerprint()


def test_an_event_cannot_be_changed() -> None:
    settings: dict[str, object] = {COST: 1.0}
    event = Event(3, settings)
    settings[COST] = 2.0
    assert event.set[COST] == 1.0
    with pytest.raises(TypeError):
        event.set[COST] = 2.0  # type: ignore[index]


def test_events_are_checked_whatever_changes() -> None:
    own = tiny(Event(11, {COST: 1.0}))
    with pytest.raises(ScenarioError, match="month 11 lies after the last month, 5"):
        own.override("calendar.months", 6)
    with pytest.raises(ScenarioError, match="out of bounds"):
        dataclasses.replace(own, events=(Event(1, {COST: -1.0}),))
    with pytest.raises(ScenarioError, match=r"\[\[events\]\] number 1"):
        Scenario.from_dict(own.as_dict() | {"events": [{"month": 0}]})


def test_parameters_change_only_where_they_may() -> None:
    now = Scenario().parameters
    assert changed(now, {"policy.custom_subsidy": 0.5, COST: 3}).tools.custom.upfront_cost == 3.0
    for key, value, words in (
        ("world.towns", 3, "middle of a run"),
        ("world.town", 3, "no parameter"),
        (COST, -1, "bounds"),
    ):
        with pytest.raises(ScenarioError, match=words):
            changed(now, {key: value})


# In the market -----------------------------------------------------------------------------------------------------


def test_events_that_change_nothing_leave_every_bit_as_it_was(plain: MarketModel) -> None:
    own = finished(
        Event(-6, {"consumers.choice_noise": 1.8, "policy.local_voucher": 0.0}),
        Event(4, {"tools.available": ("generic", "industry", "custom"), "vendors.retraining": 0.0}),
    )
    assert own.results().results_hash() == plain.results().results_hash()
    assert state_hash(own.market) == state_hash(plain.market)


def test_an_event_happens_at_the_start_of_its_month_and_stays_in_force(plain: MarketModel) -> None:
    own = MarketModel(
        tiny(Event(2, {"consumers.base_value": 25.0}), Event(7, {"offering.noise": 0.0})), seed=5, threads=1
    )
    seen = {}
    own.run(lambda model: seen.update({model.month - 1: model.parameters}))
    assert [seen[month].consumers.base_value for month in (-12, 1, 2, 7, 11)] == [21.0, 21.0, 25.0, 25.0, 25.0]
    assert [seen[month].offering.noise for month in (6, 7, 11)] == [0.02, 0.0, 0.0]
    with_event, without = (run.results().timeline.set_index("month")["outside_share"] for run in (own, plain))
    assert (with_event.loc[:1] == without.loc[:1]).all()
    assert with_event.loc[2] < 0.9 * without.loc[2]
    assert own.results().scenario.events == own.scenario.events


def test_an_event_is_the_same_as_a_change_by_hand(plain: MarketModel) -> None:
    planned = finished(Event(3, {"consumers.loyalty": 1.0, "tools.generic.monthly_fee": 0.0}))
    by_hand = MarketModel(tiny(), seed=5, threads=1)
    while by_hand.month < 3:
        by_hand.step()
    by_hand.set_live("consumers.loyalty", 1.0)
    by_hand.set_live("tools.generic.monthly_fee", 0.0)
    by_hand.run()
    assert state_hash(by_hand.market) == state_hash(planned.market) != state_hash(plain.market)


def test_a_change_by_hand_keeps_what_events_have_changed_and_gives_way_to_later_ones() -> None:
    own = MarketModel(tiny(Event(-6, {"offering.noise": 0.0}), Event(1, {COST: 1.0}), Event(2, {COST: 2.0})), threads=1)
    while own.month < 1:
        own.step()
    own.set_live(COST, 7.0)
    assert (own.parameters.offering.noise, own.parameters.tools.custom.upfront_cost) == (0.0, 7.0)
    own.step()
    assert own.parameters.tools.custom.upfront_cost == 7.0
    own.step()
    assert own.parameters.tools.custom.upfront_cost == 2.0
    with pytest.raises(ScenarioError, match="world"):
        own.set_live("world.towns", 9)


def test_a_checkpoint_keeps_what_is_in_force_and_what_is_to_come(tmp_path: Path) -> None:
    events = (
        Event(1, {"consumers.locality_value": 3.0, "policy.interoperability": 0.5, "policy.local_voucher": 0.5}),
        Event(8, {"consumers.locality_value": 0.75, "tools.available": ("custom",)}),
    )
    straight = MarketModel(tiny(*events), seed=5, threads=1)
    while straight.month < 5:
        straight.step()
    path = straight.save(tmp_path / "half.ckpt")
    straight.run()
    again = MarketModel.load(path, threads=1)
    assert again.parameters.consumers.locality_value == 3.0
    again.run()
    assert again.parameters.tools.available == ("custom",)
    assert again.results().results_hash() == straight.results().results_hash()
    assert state_hash(again.market) == state_hash(straight.market)
    other = MarketModel.load(path, threads=1)
    other.set_live("consumers.locality_value", 0.0)
    assert other.parameters.policy.interoperability == 0.5
    other.run()
    assert other.parameters.consumers.locality_value == 0.75
    assert state_hash(other.market) != state_hash(straight.market)
