"""Known answers about demand and prices: each from the production kernels and the production price law."""

from __future__ import annotations

import numpy as np
import pytest
from demand_reference import ALPHA, SHARE, World, choose, draw_world, simple_world
from scipy.optimize import brentq
from scipy.special import lambertw, softmax

from homogsim.laws.pricing import markup, next_price


def utilities_at_the_door(values: np.ndarray, *, noise: float, outside: float) -> World:
    world = simple_world(values.size, 3, noise=noise, outside=outside, weight=10.0)
    return world._replace(appeal=world.appeal._replace(base=values))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("outside", [0.0, 1.0])
def test_1_shares_are_a_softmax(seed: int, outside: float) -> None:
    luck = np.random.default_rng(seed)
    noise, values = luck.uniform(0.3, 4.0), luck.normal(0.0, 6.0, luck.integers(1, 40))
    world = utilities_at_the_door(values, noise=noise, outside=outside)
    expected = softmax(np.append(values, 0.0) / noise)[:-1] if outside else softmax(values / noise)
    np.testing.assert_allclose(choose(world).sums[SHARE] / 30.0, expected, rtol=1e-12)


def equilibrium(world: World, cost: np.ndarray, moving: np.ndarray | None = None) -> np.ndarray:
    """Let firms follow the price law, a whole step at a time, until prices rest; firms not `moving` keep theirs."""
    price = world.appeal.price.copy() + cost + world.noise
    moving = np.ones(cost.size, dtype=bool) if moving is None else moving
    for _ in range(2000):
        sums = choose(world._replace(appeal=world.appeal._replace(price=price))).sums
        moved = np.where(moving, next_price(price, cost, sums[SHARE], sums[ALPHA], world.noise, 0.3), price)
        if np.abs(moved - price).max() < 1e-13:
            return moved
        price = moved
    raise AssertionError("prices do not rest")


def test_2_symmetric_competition_without_an_outside_option() -> None:
    world = simple_world(8, noise=4.0, base=16.0, outside=0.0)
    price = equilibrium(world, np.full(8, 8.0))
    np.testing.assert_allclose(price, 8.0 + 4.0 * 8.0 / 7.0, rtol=0.0, atol=1e-8)
    assert price[0] == pytest.approx(12.571429, abs=5e-7)


def test_3_symmetric_competition_with_an_outside_option() -> None:
    world = simple_world(8, noise=4.0, base=16.0)

    def excess(over: float) -> float:
        odds = np.exp((16.0 - 8.0 - over) / 4.0)
        return over - 4.0 / (1.0 - odds / (1.0 + 8.0 * odds))

    exact = brentq(excess, 1.0, 20.0, xtol=1e-13)
    np.testing.assert_allclose(equilibrium(world, np.full(8, 8.0)) - 8.0, exact, rtol=0.0, atol=1e-8)
    assert exact == pytest.approx(4.539015, abs=5e-7)


def test_4_monopoly() -> None:
    price = equilibrium(simple_world(1, noise=4.0, base=16.0), np.array([8.0]))
    exact = 8.0 + 4.0 * (1.0 + lambertw(np.exp((16.0 - 8.0) / 4.0 - 1.0)).real)
    assert price[0] == pytest.approx(exact, abs=1e-8)
    assert exact == pytest.approx(16.0, abs=5e-4)


@pytest.mark.parametrize("sites", [1, 5])
def test_5_pass_through_is_one_less_the_share(sites: int) -> None:
    # Rivals' prices fixed: the firm passes on the part of its cost that its share leaves.
    world, step = simple_world(sites, noise=4.0, base=16.0), 1e-4
    alone = np.arange(sites) == 0
    cost = np.full(sites, 8.0)
    dear, cheap = (equilibrium(world, cost + shift * alone, alone)[0] for shift in (step, -step))
    at_cost = equilibrium(world, cost, alone)
    rest = choose(world._replace(appeal=world.appeal._replace(price=at_cost))).sums
    # `equilibrium` starts rivals at cost plus noise; only the asker's own cost differs between the runs.
    assert (dear - cheap) / (2.0 * step) == pytest.approx(1.0 - rest[SHARE, 0], abs=1e-4)


def test_the_law_of_prices_rests_at_the_best_response() -> None:
    # Unlike consumers, unlike firms: at rest no firm gains by another price, rivals' prices fixed.
    world = draw_world(71, towns=2, sectors=1, reach=1, open_share=1.0, most_consumers=60)
    cost = world.appeal.price - 2.0
    price = equilibrium(world, cost)
    step = 1e-3

    def profit(row: int, shift: float) -> float:
        tried = price.copy()
        tried[row] += shift
        sums = choose(world._replace(appeal=world.appeal._replace(price=tried))).sums
        return float((tried[row] - cost[row]) * sums[SHARE, row])

    for row in range(price.size):
        slope = (profit(row, step) - profit(row, -step)) / (2.0 * step)
        assert slope == pytest.approx(0.0, abs=1e-4 * choose(world).sums[SHARE].max())


def test_9_surplus_falls_by_what_is_bought() -> None:
    world, step = draw_world(81, towns=3, reach=2, dimensions=4), 1e-4
    sums = choose(world).sums
    for row in np.flatnonzero(world.is_open)[:6]:
        surplus = []
        for shift in (step, -step):
            price = world.appeal.price.copy()
            price[row] += shift
            changed = world._replace(appeal=world.appeal._replace(price=price))
            surplus.append(world.streets.weight * choose(changed).surplus.sum())
        slope = (surplus[0] - surplus[1]) / (2.0 * step)
        assert slope == pytest.approx(-sums[SHARE, row], rel=1e-6, abs=1e-6)


def spread_out(minutes: np.ndarray, consumers: int, *, noise: float, travel: float, base: float) -> World:
    """Return consumers at the centre of a town and outlets that differ in their distance only."""
    world = simple_world(minutes.size, consumers, noise=noise, base=base, visit_probability=1.0)
    place = np.stack([minutes, np.zeros(minutes.size)])
    return world._replace(
        streets=world.streets._replace(site_place=place),
        appeal=world.appeal._replace(travel=np.full(minutes.size, travel)),
    )


def test_18_gravity() -> None:
    minutes, noise, travel = np.geomspace(1.0, 40.0, 12), 1.8, 2.52
    expected = choose(spread_out(minutes, 1, noise=noise, travel=travel, base=-10.0)).sums[SHARE]
    assert expected.sum() < 0.01
    slope = np.polyfit(np.log1p(minutes), np.log(expected), 1)[0]
    assert slope == pytest.approx(-travel / noise, abs=0.02)


def test_18_gravity_of_visits() -> None:
    minutes, noise, travel = np.array([1.0, 4.0, 12.0]), 1.8, 2.52
    world = spread_out(minutes, 40_000, noise=noise, travel=travel, base=-2.0)
    visits = np.bincount(choose(world).bought + 1, minlength=4)[1:]
    expected = choose(world).sums[SHARE]
    error = np.sqrt(expected * (1.0 - expected / 40_000))
    assert np.all(np.abs(visits - expected) < 4.0 * error)


@pytest.mark.parametrize("loyalty", [-1.0, 0.0, 2.0])
def test_19_repeat_visits(loyalty: float) -> None:
    sites, consumers, noise = 6, 20_000, 1.8
    world = simple_world(sites, consumers, noise=noise, outside=0.0, visit_probability=1.0)
    world = world._replace(
        tastes=world.tastes._replace(loyalty=np.full(consumers, loyalty)),
        last=(np.arange(consumers) % sites).astype(np.int32),
    )
    repeats, trials = 0, 0
    for month in range(3):
        luck = world.luck._replace(month=np.uint64(month))
        bought = choose(world._replace(luck=luck)).bought
        repeats, trials = repeats + (bought == world.last).sum(), trials + consumers
        world = world._replace(last=bought)
    expected = np.exp(loyalty / noise) / (np.exp(loyalty / noise) + sites - 1.0)
    assert repeats / trials == pytest.approx(expected, abs=3.0 * np.sqrt(expected * (1.0 - expected) / trials))


def test_markup_of_equal_shops_is_the_textbook_one() -> None:
    sums = choose(simple_world(5, noise=2.0, outside=0.0)).sums
    np.testing.assert_allclose(markup(sums[SHARE], sums[ALPHA], 2.0), 2.0 / (1.0 - 0.2), rtol=1e-13)


def cloned(noise: float, *, waves: int) -> tuple[float, float]:
    """Return the joint share of an outlet and its like, before and after the clone opens."""
    world = draw_world(26, towns=1, sectors=1, reach=0, waves=waves, most_sites=9, most_consumers=900, open_share=1.0)
    world = world._replace(noise=noise, last=np.full_like(world.last, -1), outside=0.0)
    place = np.repeat(world.streets.site_place[:, :1], world.is_open.size, axis=1)  # all at one door
    offering = world.appeal.offering if waves else np.zeros_like(world.appeal.offering)
    one = np.ones(world.is_open.size)
    appeal = world.appeal._replace(
        base=10.0 * one, personalization=0.0 * one, locality=0.0 * one, misfit=one, travel=0.0 * one, price=10.0 * one,
        awareness=one, offering=offering.copy(),
    )  # fmt: skip
    appeal.offering[:, 1] = appeal.offering[:, 0]
    world = world._replace(appeal=appeal, streets=world.streets._replace(site_place=place))
    alone = world.is_open.copy()
    alone[1] = False
    return tuple(  # type: ignore[return-value]
        float(choose(world._replace(is_open=is_open)).sums[SHARE, :2].sum() / world.streets.weight / world.last.size)
        for is_open in (alone, world.is_open)
    )


def test_24_a_clone_takes_its_originals_customers_under_kernel_tastes() -> None:
    """Who likes the one best likes the other best: their joint share stays, as μ → 0. Under plain logit it rises."""
    gaps = []
    for noise in (1.8, 0.3, 0.1):
        before, after = cloned(noise, waves=32)
        assert 0.02 < before < 0.6
        gaps.append(after - before)
    assert gaps[0] > gaps[1] > gaps[2] > 0.0
    assert gaps[2] < 5e-3  # in proportion to μ: .043, .007, .002
    alone, together = cloned(1.8, waves=0)
    shops = round(1.0 / alone)
    assert shops > 4
    assert together == pytest.approx(2.0 / (shops + 1.0), rel=1e-12)  # identical shops still count as new variety
