"""What a tab runs is a scenario that the command runs, too."""

from __future__ import annotations

import pytest
import small_markets
from small_markets import scenario as small

from homogsim.errors import ScenarioError
from homogsim.model import MarketModel
from homogsim.scenario import Scenario
from homogsim.ui.plan import Plan

MU = "consumers.choice_noise"


def test_an_unchanged_plan_is_its_scenario():
    scenario = Scenario.read("plug-and-play")
    assert Plan.of(scenario).scenario == scenario
    assert Plan.of(scenario).other is None


def test_changes_from_the_start_and_back():
    plan = Plan.of(Scenario.read("baseline")).changed(MU, 1.5).changed("world.towns", "5")
    assert plan.changes == {MU: 1.5, "world.towns": 5}
    assert plan.scenario.name == "baseline-changed"
    assert plan.scenario.extends == "baseline"
    assert plan.changed(MU, 1.8).changes == {"world.towns": 5}
    with pytest.raises(ScenarioError, match="out of bounds"):
        plan.changed(MU, 1e9)


def test_live_changes_become_events_and_what_was_planned_later_gives_way():
    plan = Plan.of(Scenario.read("baseline")).changed_live(12, MU, 1.5).changed_live(5, MU, 1.2)
    assert [(event.month, dict(event.set)) for event in plan.events] == [(5, {MU: 1.2})]
    assert plan.in_force(4)[MU] == 1.8
    assert plan.in_force(5)[MU] == 1.2
    assert plan.changed_live(5, MU, 1.8).events == ()
    assert plan.changed_live(9, MU, 1.8).in_force(9)[MU] == 1.8
    with pytest.raises(ScenarioError, match="shapes the world"):
        plan.changed_live(5, "world.towns", 4)
    with pytest.raises(ScenarioError, match="first recorded month"):
        plan.changed_live(-500, MU, 1.0)


def test_what_changed_during_the_run_can_hold_from_its_start():
    plan = Plan.of(Scenario.read("baseline")).changed_live(5, MU, 1.2).changed_live(9, MU, 1.4).from_the_start()
    assert plan.live == {}
    assert plan.changes == {MU: 1.4}


def test_policies_are_in_force_when_their_whole_bundle_is():
    plan = Plan.of(Scenario.read("baseline")).changed_live(5, "policy.partnership_discount", 0.3)
    assert plan.policies(5) == []
    assert plan.changed_live(5, "policy.partnership_gain", 0.25).policies(5) == ["partnership"]


def test_the_twin_has_the_changes_and_no_tools():
    plan = Plan.of(Scenario.read("baseline"), "twin").changed_live(5, MU, 1.2)
    assert plan.other is not None
    assert plan.other.parameters.tools.available == ()
    assert plan.other.events == plan.events


def test_another_preset_beside_has_the_same_luck_and_calendar():
    plan = Plan.of(small(), "plug-and-play")
    assert plan.other is not None
    assert plan.other.seed == plan.seed
    assert plan.other.parameters.calendar.months == small_markets.SMALL["calendar.months"]


def test_a_change_made_while_it_runs_is_the_event_of_a_scenario():
    plan = Plan.of(small())
    model = MarketModel(plan.scenario, threads=1)
    while model.month < 3:
        model.step()
    plan = plan.changed_live(3, MU, 1.2)
    model.reschedule(plan.events)
    whole = MarketModel(plan.scenario, threads=1).run().results()
    assert model.run().results().results_hash() == whole.results_hash()
    with pytest.raises(ScenarioError, match="before cannot change"):
        model.reschedule(())
