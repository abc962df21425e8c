"""The same scenario, and the same comparison, under both geometries of tastes."""

from __future__ import annotations

import pytest
from experiments.tiny import tiny

from homogsim.errors import HomogsimError
from homogsim.experiments.compare import compare
from homogsim.experiments.tastes import geometries, under
from homogsim.scenario import Scenario


def test_the_baseline_gets_the_kernel_tastes_of_the_specification() -> None:
    other = under(Scenario.read("baseline"), "kernel")
    assert other.differences() == {"consumers.tastes": ("ideal_point", "kernel")}
    of = other.parameters.consumers
    assert (of.kernel_strength, of.kernel_anchor, of.kernel_base_value, of.purchase_value) == (6.0, 1.0, 14.7, 14.7)


def test_stronger_tastes_are_stronger_in_both_geometries() -> None:
    strong = Scenario.read("baseline").override({"consumers.taste_strength": 8.0, "consumers.base_value": 40.0})
    of = under(strong, "kernel").parameters.consumers
    assert (of.kernel_strength, of.kernel_anchor) == (12.0, 2.0)
    assert of.kernel_base_value == pytest.approx(40.0 - 2 * 6.3)


def test_what_a_scenario_says_itself_is_kept() -> None:
    own = Scenario.read("kernel-tastes").override("consumers.kernel_strength", 3.0)
    assert under(own, "kernel") is own
    assert under(own, None) is own
    back = under(own, "ideal_point").parameters.consumers
    assert (back.tastes, back.kernel_strength, back.purchase_value) == ("ideal_point", 3.0, 21.0)
    said = Scenario.read("baseline").override({"consumers.kernel_anchor": 2.0, "consumers.taste_strength": 8.0})
    assert under(said, "kernel").parameters.consumers.kernel_strength == 6.0


def test_which_geometries_are_asked_for() -> None:
    assert geometries(None) == (None,)
    assert geometries("both") == ("ideal_point", "kernel")
    assert geometries("kernel") == ("kernel",)
    with pytest.raises(HomogsimError, match="there are no tastes 'kernal'"):
        geometries("kernal")


def test_a_comparison_under_kernel_tastes() -> None:
    names = (tiny("before-automation"), tiny("baseline"))
    found = compare(*names, replications=1, seed=4, jobs=1, tastes="kernel")
    direct = compare(*(under(one, "kernel") for one in names), replications=1, seed=4, jobs=1)
    assert found.as_dict() == direct.as_dict()
    assert found.scenarios["baseline"].parameters.consumers.tastes == "kernel"
    parts = found.welfare.set_index("part")["mean"]
    assert parts.drop("total").sum() == pytest.approx(parts["total"], rel=1e-10)
