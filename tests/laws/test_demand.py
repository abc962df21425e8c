"""The demand kernel against plain NumPy on random markets, and its symmetries."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from demand_reference import (
    IDEAL,
    LOCAL,
    SATISFACTION,
    SHARE,
    World,
    choices_of,
    choose,
    draw_appeal,
    draw_world,
    expected_sums,
    expected_visits,
    probabilities,
    put,
    simple_world,
    travel_minutes,
)

from homogsim.laws import demand
from homogsim.laws.demand import BLOCK, Appeal, Tastes, Twins, plan_blocks
from homogsim.laws.response import own_share_response

WORLDS = {
    "one dimension": {"seed": 1, "dimensions": 1},
    "two dimensions": {"seed": 2, "dimensions": 2, "reach": 2},
    "default dimensions": {"seed": 3, "dimensions": 4, "reach": 3},
    "five dimensions": {"seed": 4, "dimensions": 5, "outside": 0.0},
    "six dimensions": {"seed": 5, "dimensions": 6, "most_sites": 3},
    "nine dimensions": {"seed": 13, "dimensions": 9},
    "one town": {"seed": 6, "towns": 1, "reach": 0, "sectors": 3},
    "sparse": {"seed": 7, "open_share": 0.1},
    "all open": {"seed": 8, "open_share": 1.0, "most_sites": 17, "visit_probability": 1.0},
    "no outside option": {"seed": 9, "outside": 0.0, "visit_probability": 1.0},
    "more than one block": {"seed": 10, "towns": 2, "sectors": 1, "most_consumers": 700, "most_sites": 4},
    "few consumers": {"seed": 11, "most_consumers": 3},
    "nobody goes out": {"seed": 12, "visit_probability": 0.0},
    "kernel tastes": {"seed": 14, "waves": 16},
    "kernel tastes, more than one block": {
        "seed": 15,
        "waves": 5,
        "dimensions": 1,
        "towns": 2,
        "most_consumers": 400,
        "most_sites": 4,
    },
}


@pytest.fixture(params=WORLDS.values(), ids=WORLDS.keys())
def world(request: pytest.FixtureRequest) -> World:
    return draw_world(**request.param)


def test_sums_are_those_of_the_model(world: World) -> None:
    expected = expected_sums(world)
    # Relative to the largest entry of a row: sums of signed terms have no relative accuracy of their own.
    scale = np.abs(expected).max(axis=1, keepdims=True)
    np.testing.assert_allclose(choose(world).sums / scale, expected / scale, rtol=1e-11, atol=1e-13)


def test_inclusive_values_and_surplus(world: World) -> None:
    month, (_, inclusive) = choose(world), probabilities(world)
    np.testing.assert_allclose(month.inclusive, inclusive, rtol=1e-12)
    with np.errstate(divide="ignore"):
        surplus = world.noise / world.tastes.price_sensitivity * np.log(inclusive)
    np.testing.assert_allclose(month.surplus, surplus, rtol=1e-11, atol=1e-12)


def test_visits_are_won_in_the_keyed_race(world: World) -> None:
    np.testing.assert_array_equal(choose(world).bought, expected_visits(world))


def test_everybody_buys_somewhere_or_nothing(world: World) -> None:
    month, weight = choose(world), world.streets.weight
    has_choice = month.inclusive > 0.0
    outside = world.outside / month.inclusive[has_choice]
    assert month.sums[SHARE].sum() + weight * outside.sum() == pytest.approx(weight * has_choice.sum(), rel=1e-13)


def draw_twins(world: World, seed: int) -> Twins:
    """Follow some of the open outlets, as if they were different."""
    luck = np.random.default_rng(seed)
    sites = np.flatnonzero(world.is_open & (luck.random(world.is_open.size) < 0.6))
    return Twins(sites, draw_appeal(luck, sites.size, world.tastes.ideal.shape[0]), np.full(sites.size, np.nan))


def test_a_twin_sells_what_its_outlet_would_sell_in_its_place(world: World) -> None:
    twins = draw_twins(world, 5)
    choose(world, twins=twins)
    one_each = np.arange(twins.sites.size + 1)
    alone = own_share_response(
        twins.sites, one_each, world.appeal, twins.appeal, world.tastes, world.streets, choices_of(world)
    )
    np.testing.assert_allclose(twins.sales, alone, rtol=2e-5, atol=1e-5)  # firms reckon in single precision
    for row, site in enumerate(twins.sites[:5]):
        sold = choose(world._replace(appeal=put(world.appeal, site, twins.appeal, row))).sums[SHARE, site]
        assert twins.sales[row] == pytest.approx(sold, rel=1e-9, abs=1e-9)


def test_following_twins_changes_nothing_and_needs_no_luck(world: World) -> None:
    one, two = draw_twins(world, 6), draw_twins(world, 6)
    plain, followed = choose(world), choose(world, twins=one)
    for a, b in zip(plain, followed, strict=True):
        assert a.tobytes() == b.tobytes()
    choose(world, threads=2, twins=two)
    assert one.sales.tobytes() == two.sales.tobytes()


def test_closed_outlets_have_no_customers(world: World) -> None:
    month = choose(world)
    assert np.all(month.sums[:, ~world.is_open] == 0.0)
    assert not np.isin(month.bought, np.flatnonzero(~world.is_open)).any()


def test_bits_do_not_depend_on_the_number_of_threads(world: World) -> None:
    one, two = choose(world, threads=1), choose(world, threads=2)
    for a, b in zip(one, two, strict=True):
        assert a.tobytes() == b.tobytes()


def test_a_reused_workspace_leaves_no_trace() -> None:
    large, small = draw_world(21, dimensions=6, reach=3), draw_world(22, dimensions=1)
    rooms = demand.workspaces(1, large.tastes)
    rooms[:] = np.nan
    fresh = choose(small)
    for world in (large, small):
        bought = np.zeros(world.last.size, np.int32)
        inclusive, surplus = np.zeros(world.last.size), np.zeros(world.last.size)
        sums = demand.choose_month(
            plan_blocks(world.streets.consumer_start), world.tastes, world.streets, world.appeal, world.is_open,
            world.luck, world.outside, world.noise, world.last, bought, inclusive, surplus, rooms,
        )  # fmt: skip
    assert sums.tobytes() == fresh.sums.tobytes()
    assert bought.tobytes() == fresh.bought.tobytes()


def test_only_own_town_values_locality() -> None:
    world = draw_world(31, reach=3, open_share=1.0)
    own = travel_minutes(world)[2]
    changed = world._replace(appeal=world.appeal._replace(locality=2.0 * world.appeal.locality))
    foreign = ~own[:, world.streets.site_start[0] : world.streets.site_start[1]].any(axis=1)
    assert foreign.any()
    before, after = probabilities(world)[0], probabilities(changed)[0]
    assert not np.allclose(before, after)
    np.testing.assert_allclose(choose(changed).sums[LOCAL], expected_sums(changed)[LOCAL], rtol=1e-10)


def reorder_sites(world: World, order: np.ndarray) -> World:
    appeal = Appeal(*(column[..., order] for column in world.appeal))
    streets = world.streets._replace(site_place=world.streets.site_place[:, order])
    new_row = np.empty(order.size, np.int64)
    new_row[order] = np.arange(order.size)
    last = np.where(world.last >= 0, new_row[world.last], -1).astype(np.int32)
    return world._replace(appeal=appeal, streets=streets, is_open=world.is_open[order], last=last)


def reorder_consumers(world: World, order: np.ndarray) -> World:
    columns = (column[..., order] for column in world.tastes[:-1])
    return world._replace(tastes=Tastes(*columns, world.tastes.waves), last=world.last[order])


def order_within_cells(start: np.ndarray, seed: int) -> np.ndarray:
    luck = np.random.default_rng(seed)
    return np.concatenate([a + luck.permutation(b - a) for a, b in itertools.pairwise(start)]).astype(int)


def test_order_of_firms_is_irrelevant(world: World) -> None:
    order = order_within_cells(world.streets.site_start, seed=1)
    before, after = choose(world), choose(reorder_sites(world, order))
    scale = np.abs(before.sums).max(axis=1, keepdims=True)
    np.testing.assert_allclose(after.sums / scale, before.sums[:, order] / scale, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(after.inclusive, before.inclusive, rtol=1e-14)


def test_order_of_consumers_is_irrelevant(world: World) -> None:
    order = order_within_cells(world.streets.consumer_start, seed=2)
    before, after = choose(world), choose(reorder_consumers(world, order))
    assert after.inclusive.tobytes() == before.inclusive[order].tobytes()
    assert after.surplus.tobytes() == before.surplus[order].tobytes()
    scale = np.abs(before.sums).max(axis=1, keepdims=True)
    np.testing.assert_allclose(after.sums / scale, before.sums / scale, rtol=1e-11, atol=1e-14)


def test_a_closure_moves_nobody_but_the_customers_of_the_closed() -> None:
    world = draw_world(41, open_share=1.0, visit_probability=1.0, most_consumers=200)
    before = choose(world).bought
    closed = int(np.bincount(before[before >= 0]).argmax())
    is_open = world.is_open.copy()
    is_open[closed] = False
    after = choose(world._replace(is_open=is_open)).bought
    stayed = before != closed
    assert stayed.any()
    assert not stayed.all()
    np.testing.assert_array_equal(after[stayed], before[stayed])
    assert not np.any(after == closed)


def test_an_empty_market_leaves_the_outside_option() -> None:
    world = draw_world(51, open_share=0.0)
    month = choose(world)
    assert np.all(month.sums == 0.0)
    assert np.all(month.inclusive == 1.0)
    assert np.all(month.surplus == 0.0)
    assert np.all(month.bought == -1)


def test_without_any_option_there_is_no_choice() -> None:
    month = choose(draw_world(52, open_share=0.0, outside=0.0, visit_probability=1.0))
    assert np.all(month.sums == 0.0)
    assert np.all(month.inclusive == 0.0)
    assert np.all(month.surplus == -np.inf)
    assert np.all(month.bought == -1)


def test_a_market_without_sites_or_consumers() -> None:
    for streets in ({"most_sites": 0}, {"most_consumers": 0}):
        world = draw_world(53, **streets)
        month = choose(world)
        assert month.sums.shape == (IDEAL + 3, world.is_open.size)
        assert np.all(month.sums == 0.0)


def test_satisfaction_of_one_product_is_its_utility_per_dollar() -> None:
    # One outlet, nobody else: the Pr-weighted mean of u = V/α over like consumers is u itself.
    world = simple_world(1, 5, base=3.0)
    tastes = world.tastes._replace(price_sensitivity=np.full(5, 2.0))
    sums = choose(world._replace(tastes=tastes, appeal=world.appeal._replace(price=np.array([0.5])))).sums
    assert sums[SATISFACTION, 0] / sums[SHARE, 0] == pytest.approx((3.0 - 2.0 * 0.5) / 2.0, rel=1e-14)


def test_distances_within_and_between_towns() -> None:
    # Two towns 20 minutes apart; the consumer lives 3 east of the first one's centre, sites 4 north of each centre.
    world = simple_world(2, 1)
    streets = world.streets._replace(
        site_start=np.array([0, 1, 2]),
        consumer_start=np.array([0, 1, 1]),
        towns=2,
        reach_towns=np.array([[0, 1], [1, 0]]),
        reach_minutes=np.array([[0.0, 20.0], [0.0, 20.0]]),
        site_place=np.array([[0.0, 0.0], [4.0, 4.0]]),
    )
    tastes = world.tastes._replace(place=np.array([[3.0], [0.0]]))
    sums = choose(world._replace(streets=streets, tastes=tastes, appeal=world.appeal._replace(travel=np.ones(2)))).sums
    attraction = np.array([1.0 / (1.0 + 5.0), 1.0 / (1.0 + 3.0 + 20.0 + 4.0)])
    np.testing.assert_allclose(sums[SHARE], attraction / (1.0 + attraction.sum()), rtol=1e-14)


@pytest.mark.parametrize("sizes", [[400] * 6, [0, 1, 7, 8, 9], [BLOCK, BLOCK + 1, 3 * BLOCK], [1000, 1]])
def test_blocks_cover_each_cell_once(sizes: list[int]) -> None:
    start = np.concatenate([[0], np.cumsum(sizes)])
    plan = plan_blocks(start)
    np.testing.assert_array_equal(np.concatenate([np.arange(a, b) for _, a, b in plan] or [[]]), np.arange(start[-1]))
    for cell, a, b in plan:
        assert start[cell] <= a < b <= start[cell + 1]
        assert b - a <= BLOCK


def test_a_reach_of_thousands_of_outlets() -> None:
    world = draw_world(61, towns=1, reach=0, sectors=1, most_sites=4000, most_consumers=20, visit_probability=1.0)
    world = world._replace(is_open=np.ones_like(world.is_open))
    assert world.is_open.sum() > 1500
    np.testing.assert_allclose(choose(world).sums[SHARE], expected_sums(world)[SHARE], rtol=1e-10)
    np.testing.assert_array_equal(choose(world).bought, expected_visits(world))


def test_columns_of_any_memory_layout_do() -> None:
    world = draw_world(62, dimensions=3, waves=4)
    likes = np.asfortranarray(world.tastes.liking)
    tastes = world.tastes._replace(ideal=np.asfortranarray(world.tastes.ideal), liking=likes)
    appeal = world.appeal._replace(offering=np.asfortranarray(world.appeal.offering))
    twisted = choose(world._replace(tastes=tastes, appeal=appeal, outside=1))
    for a, b in zip(choose(world), twisted, strict=True):
        assert a.tobytes() == b.tobytes()
