"""Own-share response against plain NumPy and against a fresh month."""

from __future__ import annotations

import numpy as np
import pytest
from demand_reference import (
    SHARE,
    WORLDS,
    World,
    choices_of,
    choose,
    draw_appeal,
    draw_world,
    probabilities,
    put,
    utilities,
)

from homogsim.laws.demand import Appeal
from homogsim.laws.founding import founders_prospects
from homogsim.laws.response import own_share_response

ROUNDING = 2e-5
"""What single precision may lose where customers are a handful; of thousands it is some 1e-7."""


@pytest.fixture(params=WORLDS.values(), ids=WORLDS.keys())
def world(request: pytest.FixtureRequest) -> World:
    return draw_world(**request.param)


def draw_menu(world: World, seed: int) -> tuple[np.ndarray, np.ndarray, Appeal]:
    """Let some open firms ask about one to four options each."""
    luck = np.random.default_rng(seed)
    sites = np.flatnonzero(world.is_open & (luck.random(world.is_open.size) < 0.7))
    first = np.concatenate([[0], np.cumsum(luck.integers(1, 5, sites.size))])
    return sites, first, draw_appeal(luck, int(first[-1]), world.tastes.ideal.shape[0])


def responses(world: World, menu: tuple[np.ndarray, np.ndarray, Appeal], threads: int = 1) -> np.ndarray:
    sites, first, options = menu
    return own_share_response(
        sites, first, world.appeal, options, world.tastes, world.streets, choices_of(world), threads
    )


def test_own_share_response_is_its_formula(world: World) -> None:
    sites, first, options = menu = draw_menu(world, 1)
    share, _ = probabilities(world)
    before, _ = utilities(world)
    response = responses(world, menu)
    for f, site in enumerate(sites):
        near = share[:, site] > 0.0
        for option in range(first[f], first[f + 1]):
            after, _ = utilities(world._replace(appeal=put(world.appeal, site, options, option)))
            odds = share[near, site] * np.exp((after[near, site] - before[near, site]) / world.noise)
            expected = world.streets.weight * (odds / (1.0 - share[near, site] + odds)).sum()
            assert response[option] == pytest.approx(expected, rel=ROUNDING, abs=ROUNDING)


def test_own_share_response_is_exact_for_one_firm(world: World) -> None:
    sites, first, options = menu = draw_menu(world, 2)
    response = responses(world, menu)
    for f, site in enumerate(sites[:5]):
        option = first[f]
        sums = choose(world._replace(appeal=put(world.appeal, site, options, option))).sums
        assert response[option] == pytest.approx(sums[SHARE, site], rel=ROUNDING, abs=ROUNDING)


def test_staying_as_it_is_sells_as_before(world: World) -> None:
    sites = np.flatnonzero(world.is_open)
    response = responses(world, (sites, np.arange(sites.size + 1), world.appeal.at(sites)))
    np.testing.assert_allclose(response, choose(world).sums[SHARE, sites], rtol=ROUNDING, atol=ROUNDING)


def test_options_of_firms_with_many_customers_are_told_apart_to_some_millionths() -> None:
    world = draw_world(41, towns=3, sectors=1, most_consumers=4000, most_sites=9)
    sites, first, options = menu = draw_menu(world, 7)
    share, _ = probabilities(world)
    before, _ = utilities(world)
    staying = (sites, np.arange(sites.size + 1), world.appeal.at(sites))
    stay, response = responses(world, staying), responses(world, menu)
    for f, site in enumerate(sites):
        near = share[:, site] > 0.0
        for option in range(first[f], first[f + 1]):
            after, _ = utilities(world._replace(appeal=put(world.appeal, site, options, option)))
            odds = share[near, site] * np.exp((after[near, site] - before[near, site]) / world.noise)
            expected = (odds / (1.0 - share[near, site] + odds)).sum() / share[near, site].sum()
            assert response[option] / stay[f] == pytest.approx(expected, rel=5e-6)


def test_what_is_left_of_customers_with_hardly_any_alternative_is_known() -> None:
    """Without an outside option a firm has nearly all of some customers, and all of others, which it cannot lose."""
    world = draw_world(12, towns=2, sectors=1, outside=0.0, most_consumers=400, most_sites=3)
    share, _ = probabilities(world)
    assert ((share > 1.0 - 1e-4) & (share < 1.0)).any()
    sites = np.flatnonzero(world.is_open)
    worse = world.appeal.at(sites)
    worse = worse._replace(base=worse.base - 12.0 * world.noise)
    response = responses(world, (sites, np.arange(sites.size + 1), worse))
    for f, site in enumerate(sites):
        odds = share[:, site] * np.exp(-12.0)
        expected = (odds / np.where(share[:, site] > 0.0, 1.0 - share[:, site] + odds, 1.0)).sum()
        assert response[f] == pytest.approx(world.streets.weight * expected, rel=ROUNDING)


def test_who_visits_nobody_elsewhere_is_not_asked_there(world: World) -> None:
    towns = np.arange(world.streets.towns + 1)
    at_home = world.streets._replace(
        visitors_start=towns, visitors_towns=towns[:-1], visitors_minutes=np.zeros(towns.size - 1)
    )
    alone = at_home._replace(reach_towns=towns[:-1, None], reach_minutes=np.zeros((towns.size - 1, 1)))
    menu = draw_menu(world, 6)
    choices = choices_of(world)
    few, fewer = (
        own_share_response(*menu[:2], world.appeal, menu[2], world.tastes, streets, choices)
        for streets in (at_home, alone)
    )
    assert few.tobytes() == fewer.tobytes()
    assert (few <= responses(world, menu) * (1.0 + 1e-12)).all()


def test_asking_leaves_choices_as_they_were(world: World) -> None:
    choices = choices_of(world)
    kept = choices.inclusive.copy()
    sites, first, options = draw_menu(world, 3)
    own_share_response(sites, first, world.appeal, options, world.tastes, world.streets, choices, 1)
    founders_prospects(sites, world.appeal.at(sites), 8.0, world.tastes, world.streets, choices)
    assert choices.inclusive.tobytes() == kept.tobytes()


def test_order_of_asking_is_irrelevant(world: World) -> None:
    sites, first, options = menu = draw_menu(world, 4)
    order = np.random.default_rng(1).permutation(sites.size)
    rows = [np.arange(first[f], first[f + 1]) for f in order]
    lengths = [row.size for row in rows]
    shuffled = options.at(np.concatenate([*rows, []]).astype(int))
    response = responses(world, (sites[order], np.concatenate([[0], np.cumsum(lengths)]).astype(int), shuffled))
    assert response.tobytes() == responses(world, menu)[np.concatenate([*rows, []]).astype(int)].tobytes()


def test_bits_do_not_depend_on_the_number_of_threads(world: World) -> None:
    menu = draw_menu(world, 5)
    assert responses(world, menu, threads=1).tobytes() == responses(world, menu, threads=2).tobytes()
    empty = np.flatnonzero(~world.is_open)
    concepts, choices = world.appeal.at(empty), choices_of(world)
    one, two = (
        founders_prospects(empty, concepts, 8.0, world.tastes, world.streets, choices, threads) for threads in (1, 2)
    )
    assert one.tobytes() == two.tobytes()


def test_nobody_asks() -> None:
    world = draw_world(22)
    none = np.zeros(0, np.int64)
    nothing = world.appeal.at(none)
    assert responses(world, (none, np.zeros(1, np.int64), nothing)).shape == (0,)
    prospects = founders_prospects(none, nothing, 8.0, world.tastes, world.streets, choices_of(world))
    assert prospects.shape == (2, 0)
