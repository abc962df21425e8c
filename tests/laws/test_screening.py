"""The screen of founders' concepts: a bound that holds, and is close."""

from __future__ import annotations

import numpy as np
import pytest
from demand_reference import WORLDS, World, choose, draw_world, probabilities, travel_minutes, utilities
from numba import njit
from scipy.special import lambertw

from homogsim.laws.demand import Appeal
from homogsim.laws.founding import _explored, founders_prospects
from homogsim.laws.response import Choices
from homogsim.laws.screening import RAISED, lambert

COST = 8.0
SHAPES = dict(WORLDS)
SHAPES["several blocks"] = {"seed": 1, "towns": 2, "sectors": 1, "most_consumers": 1500, "most_sites": 5}


@pytest.fixture(params=SHAPES.values(), ids=SHAPES.keys())
def world(request: pytest.FixtureRequest) -> World:
    return draw_world(**request.param)


def concepts_at(world: World, sites: np.ndarray, cost: float = COST) -> Appeal:
    """Return what newcomers at `sites` would look like that took over what was there, sold at cost."""
    return world.appeal.at(sites)._replace(price=np.full(sites.size, cost))


def bound_of(world: World, concepts: Appeal, threads: int = 1, power: int = 0, many: int = 1) -> np.ndarray:
    """Return the bound of `many` concepts at each empty site, where all attractions are 2^power times what they are."""
    sites = np.repeat(np.flatnonzero(~world.is_open), many)
    choices = Choices(choose(world).inclusive * 2.0**power, world.last, world.noise)
    ((_, _, bound),) = _explored(sites, concepts, world.tastes, world.streets, choices, threads)
    return bound


def formula(world: World, site: int, cost: float = COST) -> tuple[float, float]:
    """Return Σ W·μ·W(a/(eE))/α in plain NumPy, and the largest a/(eE); infinite where nothing else is."""
    alone = np.arange(world.is_open.size) == site
    newcomer = world._replace(
        is_open=alone, last=np.full_like(world.last, -1),
        appeal=world.appeal._replace(price=np.where(alone, cost, world.appeal.price)),
    )  # fmt: skip
    near = travel_minutes(world)[1][:, site]
    odds = np.exp(utilities(newcomer)[0][near, site] / world.noise)
    others, alpha = probabilities(world)[1][near], world.tastes.price_sensitivity[near]
    if (others == 0.0).any():
        return np.inf, np.inf
    x = odds / (np.e * others)
    worth = lambertw(x).real / alpha
    return float(world.streets.weight * world.noise * worth.sum()), float(x.max(initial=0.0))


def test_bound_is_its_formula_and_a_little_more(world: World) -> None:
    sites = np.flatnonzero(~world.is_open)
    bound = bound_of(world, concepts_at(world, sites))
    exact, odds = np.array([formula(world, site) for site in sites]).T
    known, usual = np.isfinite(exact), odds < 12.0
    assert usual.any()
    assert (bound[known] >= exact[known]).all()
    assert (bound[usual] <= 1.012 * exact[usual] + 1e-20).all()
    assert (bound[~known] > 1e6).all()


def test_no_price_brings_more_than_the_bound(world: World) -> None:
    sites = np.flatnonzero(~world.is_open)
    choices = Choices(choose(world).inclusive, world.last, world.noise)
    concepts = concepts_at(world, sites)
    price, sales = founders_prospects(sites, concepts, COST, world.tastes, world.streets, choices)
    assert (bound_of(world, concepts) >= (price - COST) * sales).all()


@pytest.mark.parametrize("base", [-400.0, -40.0, 40.0, 400.0])
def test_holds_far_from_anything_usual(base: float) -> None:
    world = draw_world(seed=8, towns=2, sectors=1)
    sites = np.flatnonzero(~world.is_open)
    world = world._replace(appeal=world.appeal._replace(base=world.appeal.base + np.where(world.is_open, 0.0, base)))
    exact = np.array([formula(world, site)[0] for site in sites])
    assert (bound_of(world, concepts_at(world, sites)) >= exact).all()


def test_concepts_of_a_site_are_judged_each_by_itself(world: World) -> None:
    """Whatever they share: alike but for the offering, for the cost of the way, or for the price."""
    sites = np.flatnonzero(~world.is_open)
    one = concepts_at(world, sites)
    moved = one._replace(offering=one.offering[:, ::-1] + 0.1)
    dearer = moved._replace(travel=1.5 * moved.travel)
    every = (one, moved, dearer, dearer._replace(price=dearer.price + 1.0))
    columns = (np.stack(column, axis=-1) for column in zip(*every, strict=True))
    together = Appeal(*(column.reshape(*column.shape[:-2], -1) for column in columns))
    bounds = bound_of(world, together, many=len(every)).reshape(-1, len(every))
    for concepts, bound in zip(every, bounds.T, strict=True):
        np.testing.assert_array_equal(bound, bound_of(world, concepts))


@pytest.mark.parametrize("power", [-250, -110, -80, -40, 40, 80, 110, 250])
def test_holds_for_consumers_with_next_to_nothing_or_very_much(power: int) -> None:
    """All attractions times 2^power leave the shares as they are."""
    world = draw_world(seed=8, towns=2, sectors=1)
    sites = np.flatnonzero(~world.is_open)
    exact, odds = np.array([formula(world, site) for site in sites]).T
    concepts = concepts_at(world, sites)
    concepts = concepts._replace(base=concepts.base + world.noise * power * np.log(2.0))
    bound = bound_of(world, concepts, power=power)
    assert (bound >= exact).all()
    assert (bound <= 1.012 * exact)[odds < 12.0].all()


def test_little_known_concepts_bring_less(world: World) -> None:
    sites = np.flatnonzero(~world.is_open)
    concepts = concepts_at(world, sites)
    unknown = concepts._replace(awareness=0.25 * concepts.awareness)
    near = bound_of(world, concepts) > 0.0
    assert (bound_of(world, unknown)[near] < bound_of(world, concepts)[near]).all()
    nobody = concepts._replace(awareness=np.zeros(sites.size))
    assert (bound_of(world, nobody)[near] < 1e-10 * bound_of(world, concepts)[near]).all()


def test_threads_find_the_same_bound(world: World) -> None:
    concepts = concepts_at(world, np.flatnonzero(~world.is_open))
    assert bound_of(world, concepts, 2) == pytest.approx(bound_of(world, concepts), rel=1e-12)


@njit
def _each(x: np.ndarray, worths: np.ndarray) -> None:
    for n in range(x.size):
        worths[n] = lambert(x[n])


def test_ratio_is_no_less_than_lambert_and_close() -> None:
    x = np.geomspace(1e-30, 1e12, 100_001).astype(np.float32)
    worths = np.empty(x.size, np.float32)
    _each(x, worths)
    exact = lambertw(x.astype(np.float64)).real
    assert (RAISED * worths >= exact).all()
    assert (worths[x < 12] / exact[x < 12]).max() < 1.0105
