"""Founders' prospects against plain NumPy and a search for the best price."""

from __future__ import annotations

import numpy as np
import pytest
from demand_reference import (
    WORLDS,
    World,
    choices_of,
    choose,
    draw_appeal,
    draw_world,
    probabilities,
    travel_minutes,
    utilities,
)
from scipy.optimize import minimize_scalar

from homogsim.laws import founding
from homogsim.laws.asking import Choices
from homogsim.laws.founding import HIGHEST_MARKUP, founders_prospects, newcomers_sales


@pytest.fixture(params=WORLDS.values(), ids=WORLDS.keys())
def world(request: pytest.FixtureRequest) -> World:
    return draw_world(**request.param)


@pytest.mark.parametrize("part", [0.3, 0.7, 0.95, 1.05, 2.0])
def test_founders_give_up_only_what_surely_brings_too_little(world: World, part: float) -> None:
    empty = np.flatnonzero(~world.is_open)
    market = (world.tastes, world.streets, choices_of(world))
    price, sales = founders_prospects(empty, world.appeal.at(empty), 8.0, *market)
    brings = (price - 8.0) * sales
    needed = part * float(np.median(brings[sales > 0.0]))
    tried, sold = founders_prospects(empty, world.appeal.at(empty), 8.0, *market, needed=needed)
    pursued = sold > 0.0
    assert (brings[~pursued] < needed).all()
    assert np.array_equal(tried[pursued], price[pursued])
    assert np.array_equal(sold[pursued], sales[pursued])


def test_founders_give_up_most_of_what_brings_too_little() -> None:
    world = draw_world(seed=5, towns=2, sectors=2, most_consumers=700, most_sites=12)
    empty = np.flatnonzero(~world.is_open)
    market = (world.tastes, world.streets, choices_of(world))
    price, sales = founders_prospects(empty, world.appeal.at(empty), 8.0, *market)
    brings = (price - 8.0) * sales
    needed = float(brings.max())
    _, sold = founders_prospects(empty, world.appeal.at(empty), 8.0, *market, needed=needed)
    assert (sold > 0.0)[brings == needed].all()
    assert not (sold > 0.0)[brings < 0.5 * needed].any()


def test_founders_may_come_in_any_order(world: World) -> None:
    empty = np.flatnonzero(~world.is_open)
    market = (world.tastes, world.streets, choices_of(world))
    price, sales = founders_prospects(empty, world.appeal.at(empty), 8.0, *market)
    needed = float(np.median((price - 8.0) * sales))
    order = np.random.default_rng(1).permutation(empty.size)
    tried, sold = founders_prospects(empty[order], world.appeal.at(empty[order]), 8.0, *market, needed=needed)
    pursued = (price[order] - 8.0) * sales[order] >= needed
    assert np.array_equal(tried[pursued], price[order][pursued])
    assert np.array_equal(sold[pursued], sales[order][pursued])


def sales_of(world: World, site: int, price: float) -> float:
    """Return a newcomer's sales at a price, in plain NumPy; its site has no loyal customers."""
    alone = np.zeros(world.is_open.size, dtype=bool)
    alone[site] = True
    prices = world.appeal.price.copy()
    prices[site] = price
    newcomer = world._replace(
        is_open=alone, appeal=world.appeal._replace(price=prices), last=np.full_like(world.last, -1)
    )
    odds = np.exp(utilities(newcomer)[0][:, site] / world.noise)
    _, others = probabilities(world)
    near = odds > 0.0
    return float(world.streets.weight * (odds[near] / (others[near] + odds[near])).sum())


def test_newcomers_sell_what_their_price_brings(world: World) -> None:
    empty = np.flatnonzero(~world.is_open)
    sold = newcomers_sales(empty, world.appeal.at(empty), world.tastes, world.streets, choices_of(world))
    for site, sales in zip(empty, sold, strict=True):
        expected = sales_of(world, site, world.appeal.price[site])
        assert sales == pytest.approx(expected, rel=2e-5, abs=1e-5)


@pytest.mark.parametrize("limit", [1, 3000])
def test_concepts_may_be_explored_a_few_at_a_time(world: World, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = np.flatnonzero(~world.is_open)
    market = (world.appeal.at(empty), 8.0, world.tastes, world.streets, choices_of(world))
    together = founders_prospects(empty, *market)
    monkeypatch.setattr(founding, "NOTES", limit)
    np.testing.assert_array_equal(founders_prospects(empty, *market), together)


def has_captives(world: World, site: int) -> bool:
    """Return whether a newcomer would be the only choice of some consumers."""
    return bool(np.any(probabilities(world)[1][travel_minutes(world)[1][:, site]] == 0.0))


def test_founders_price_at_their_best_response(world: World) -> None:
    cost = 8.0
    customers = travel_minutes(world)[1].any(axis=0)
    empty = [site for site in np.flatnonzero(~world.is_open & customers) if not has_captives(world, site)][:6]
    assert empty
    prospects = founders_prospects(empty, world.appeal.at(empty), cost, world.tastes, world.streets, choices_of(world))
    for site, price, sales in zip(empty, *prospects, strict=True):
        best = minimize_scalar(
            lambda p, site=site: -(p - cost) * sales_of(world, site, p),
            bounds=(cost, cost + 40.0 * world.noise),
            method="bounded",
            options={"xatol": 1e-9, "maxiter": 1000},
        )
        assert price == pytest.approx(best.x, abs=2e-5)  # a flat top: √ε of the price
        assert sales == pytest.approx(sales_of(world, site, price), rel=2e-5)
        step = 1e-4
        slope = (sales_of(world, site, price + step) - sales_of(world, site, price - step)) / (2.0 * step)
        assert sales + (price - cost) * slope == pytest.approx(0.0, abs=1e-5 * sales)


def test_customers_without_any_alternative_pay_the_highest_price() -> None:
    world = draw_world(23, open_share=0.0, outside=0.0, towns=1, reach=0)
    sites = np.flatnonzero(travel_minutes(world)[1].any(axis=0))
    price, sales = founders_prospects(
        sites, world.appeal.at(sites), 8.0, world.tastes, world.streets, choices_of(world)
    )
    np.testing.assert_allclose(price, 8.0 + HIGHEST_MARKUP * world.noise)
    np.testing.assert_allclose(sales, world.streets.weight * travel_minutes(world)[1][:, sites].sum(axis=0))


def test_a_founder_knows_only_its_own_concept(world: World) -> None:
    # Several concepts for one site, in one call or one by one: the same prospects.
    empty = np.flatnonzero(~world.is_open)[:3]
    sites = np.repeat(empty, 3)
    concepts = draw_appeal(np.random.default_rng(9), sites.size, world.tastes.ideal.shape[0])
    choices = choices_of(world)
    together = founders_prospects(sites, concepts, 8.0, world.tastes, world.streets, choices)
    for row in range(sites.size):
        one = concepts.at(slice(row, row + 1))
        alone = founders_prospects(sites[row : row + 1], one, 8.0, world.tastes, world.streets, choices)
        np.testing.assert_allclose(together[:, row], alone[:, 0], rtol=1e-9)


def test_a_founder_without_customers_sells_nothing() -> None:
    world = draw_world(21, most_consumers=0)
    empty = np.flatnonzero(~world.is_open)
    price, sales = founders_prospects(
        empty, world.appeal.at(empty), 8.0, world.tastes, world.streets, choices_of(world)
    )
    assert np.all(np.isfinite(price))
    assert np.all(sales == 0.0)


def after(closing: np.ndarray, world: World) -> Choices:
    """Return the choices of a market in which some outlets have closed since."""
    return choices_of(world)._replace(gone=closing, seen=world.appeal.at(closing))


def without(closing: np.ndarray, world: World) -> World:
    """Return the same market had these outlets never been open."""
    is_open = world.is_open.copy()
    is_open[closing] = False
    return world._replace(is_open=is_open)


# Each outlet that closes leaves a difference, wrong by what single precision loses: most of all where all close. Then
# it takes an outside option to tell what is left of customers from nothing.
@pytest.mark.parametrize(("every", "rounding"), [(1, 3e-4), (2, 2e-5), (3, 2e-5)])
def test_founders_find_what_outlets_leave_that_have_closed(world: World, every: int, rounding: float) -> None:
    world = world._replace(outside=max(world.outside, 0.1)) if every == 1 else world
    closing = np.flatnonzero(world.is_open)[::every]
    fresh = without(closing, world)
    empty = np.flatnonzero(~fresh.is_open)
    assert (choose(fresh).inclusive < choose(world).inclusive).any()
    market = (world.tastes, world.streets)
    concepts = draw_appeal(np.random.default_rng(8), empty.size, world.tastes.ideal.shape[0])
    left = newcomers_sales(empty, concepts, *market, after(closing, world))
    expected = newcomers_sales(empty, concepts, *market, choices_of(fresh))
    np.testing.assert_allclose(left, expected, rtol=rounding, atol=1e-5)


def test_where_nobody_reaches_who_has_closed_nothing_changes() -> None:
    world = draw_world(31, towns=3, sectors=2, reach=0)
    closing = np.flatnonzero(world.is_open)[:1]
    cell = np.searchsorted(world.streets.site_start, np.arange(world.is_open.size), side="right")
    empty = np.flatnonzero(~world.is_open)
    market = (world.appeal.at(empty), world.tastes, world.streets)
    before, now = (newcomers_sales(empty, *market, choices) for choices in (choices_of(world), after(closing, world)))
    here = cell[empty] == cell[closing]
    assert here.any()
    assert (now[here] > before[here]).all()
    assert now[~here].tobytes() == before[~here].tobytes()


def test_outlets_that_close_leave_the_same_bits_on_any_number_of_threads(world: World) -> None:
    closing = np.flatnonzero(world.is_open)[::2]
    empty = np.flatnonzero(~world.is_open)
    choices = after(closing, world)
    kept = choices.inclusive.copy()
    one, two = (
        founders_prospects(empty, world.appeal.at(empty), 8.0, world.tastes, world.streets, choices, threads)
        for threads in (1, 2)
    )
    assert one.tobytes() == two.tobytes()
    assert choices.inclusive.tobytes() == kept.tobytes()
