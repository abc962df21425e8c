"""Designs: their sizes, what they cover, that larger ones begin with smaller ones."""

from __future__ import annotations

import numpy as np
import pytest

from homogsim.errors import HomogsimError
from homogsim.experiments.sweeps.designs import GROWING, make_design
from homogsim.experiments.sweeps.factors import Factor, read_factors
from homogsim.experiments.sweeps.plan import Plan
from homogsim.experiments.sweeps.planning import needs, plan_sweep
from homogsim.scenario import Scenario

BASE = Scenario.read("baseline")
THREE = ("firms.reinvestment=0:1", "tools.custom.upfront_cost=1000:80000", "world.towns=2:5")


def design(kind: str, samples: int | None, vary: tuple[str, ...] = THREE, seed: int = 1):
    return make_design(kind, read_factors(vary, BASE), samples, seed, BASE)


def test_a_grid_has_every_combination_once() -> None:
    grid = design("grid", None, ("firms.reinvestment=0:1:3", "world.towns=2,4", "tools.contact_forced=true,false"))
    points = [grid.values(n) for n in range(len(grid))]
    assert points == [(r, t, f) for r in (0.0, 0.5, 1.0) for t in (2, 4) for f in (True, False)]


def test_one_at_a_time_leaves_the_scenario_in_one_parameter_only() -> None:
    oat = design("oat", None)
    points = [oat.values(n) for n in range(len(oat))]
    assert points[0] == (0.3, 40000.0, 8)
    assert all(sum(a != b for a, b in zip(point, points[0], strict=True)) == 1 for point in points[1:])
    assert len(set(points)) == len(points) == 1 + 5 + 5 + 4


@pytest.mark.parametrize(("kind", "samples", "points"), [
    ("lhs", 10, 10), ("random", 10, 10), ("sobol-points", 8, 8), ("sobol", 8, 8 * 5), ("morris", 6, 6 * 4),
])  # fmt: skip
def test_sampled_designs_stay_inside_their_ranges(kind: str, samples: int, points: int) -> None:
    made = design(kind, samples)
    values = [made.values(n) for n in range(len(made))]
    assert len(values) == points
    reinvestment, cost, towns = (np.array(column) for column in zip(*values, strict=True))
    assert ((reinvestment >= 0.0) & (reinvestment <= 1.0)).all()
    assert ((cost >= 1000.0) & (cost <= 80000.0)).all()
    assert set(towns) <= {2, 3, 4, 5}
    assert values == [design(kind, samples).values(n) for n in range(points)]
    assert values != [design(kind, samples, seed=2).values(n) for n in range(points)]


def test_a_latin_hypercube_has_one_point_in_every_slice() -> None:
    slices = np.floor(design("lhs", 16).units() * 16)
    assert all(sorted(column) == list(range(16)) for column in slices.T)


def test_saltellis_design_differs_from_its_base_in_one_column() -> None:
    blocks = design("sobol", 8).units().reshape(8, 5, 3)
    for n in range(3):
        changed = (blocks[:, 0] != blocks[:, 1 + n]).all(axis=0)
        assert changed.tolist() == [column == n for column in range(3)]


@pytest.mark.parametrize("kind", GROWING)
def test_a_larger_design_begins_with_the_smaller(kind: str) -> None:
    small, large = design(kind, 4), design(kind, 16)
    assert np.array_equal(large.units()[: len(small)], small.units())
    assert large.fingerprint(len(small)) == small.fingerprint(len(small))


def test_every_value_of_a_list_gets_its_part_of_the_unit_interval() -> None:
    factor = Factor("tools.contact_forced", None, None, (True, False))
    assert [factor.at(u) for u in (0.0, 0.49, 0.5, 1.0)] == [True, True, False, False]
    whole = Factor("world.towns", 2.0, 5.0, (), whole=True)
    assert [whole.at(u) for u in (0.0, 0.26, 0.51, 0.76, 1.0)] == [2, 3, 4, 5, 5]


def test_lists_of_lists_can_be_written() -> None:
    (factor,) = read_factors(("tools.available=[generic],[generic,custom]",), BASE)
    assert factor.values == (("generic",), ("generic", "custom"))
    assert str(factor) == "tools.available=[generic],[generic,custom]"
    assert Factor.from_about(factor.about()) == factor


def test_replications_share_their_seeds_unless_they_are_independent() -> None:
    plan = plan_sweep("baseline", THREE, design="lhs", samples=4, replications=3, seed=7)
    assert [plan.seed_of(n) for n in range(12)] == [7, 8, 9] * 4
    alone = plan_sweep("baseline", THREE, design="lhs", samples=4, replications=3, seed=7, independent=True)
    assert [alone.seed_of(n) for n in range(12)] == list(range(7, 19))


def test_a_plan_survives_json() -> None:
    plan = plan_sweep("baseline", THREE, design="sobol", samples=4, series=6, set={"world.sectors": 2})
    again = Plan.from_about(plan.about())
    assert again == plan
    assert again.difference(plan) == ""
    assert [again.run(n) for n in (0, 7)] == [plan.run(n) for n in (0, 7)]


def test_ids_tell_parameters_seed_scenario_and_model_apart() -> None:
    plan = plan_sweep("baseline", THREE, design="lhs", samples=4, replications=2)
    other = plan_sweep("baseline", THREE, design="lhs", samples=4, replications=2, set={"world.sectors": 2})
    ids = {plan.run_id(plan.run(n), "1") for n in range(8)} | {plan.run_id(plan.run(0), "2")}
    assert len(ids | {other.run_id(other.run(0), "1")}) == 10


def test_what_is_needed_grows_with_the_runs() -> None:
    small, large = (needs(plan_sweep("baseline", THREE, design="lhs", samples=n), 2) for n in (10, 100))
    assert (small.runs, large.runs, small.jobs) == (10, 100, 2)
    assert large.seconds > 5 * small.seconds > 10.0
    assert large.disk_bytes > 5 * small.disk_bytes


def test_a_point_that_cannot_be_run_is_found_before_anything_runs() -> None:
    plan = plan_sweep("baseline", ("world.occupied=1:9:9", "world.sites=3,12"))
    with pytest.raises(HomogsimError) as error:
        needs(plan, 1)
    assert "world.occupied" in str(error.value)
