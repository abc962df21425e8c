"""Own-share response, founders' prospects and closures against plain NumPy and against a fresh month."""

from __future__ import annotations

import numpy as np
import pytest
from demand_reference import SHARE, World, choose, draw_appeal, draw_world, probabilities, travel_minutes, utilities
from scipy.optimize import minimize_scalar

from homogsim.laws.demand import Appeal
from homogsim.laws.response import HIGHEST_MARKUP, Choices, founders_prospects, own_share_response, remove_outlet

WORLDS = {
    "one dimension": {"seed": 1, "dimensions": 1},
    "default dimensions": {"seed": 2, "dimensions": 4, "reach": 3},
    "six dimensions": {"seed": 3, "dimensions": 6, "outside": 0.0},
    "one town": {"seed": 4, "towns": 1, "reach": 0, "sectors": 3},
    "more than one block": {"seed": 5, "towns": 2, "sectors": 2, "most_consumers": 700, "most_sites": 4},
    "few consumers": {"seed": 6, "most_consumers": 3},
    "kernel tastes": {"seed": 7, "waves": 16},
}


@pytest.fixture(params=WORLDS.values(), ids=WORLDS.keys())
def world(request: pytest.FixtureRequest) -> World:
    return draw_world(**request.param)


def choices_of(world: World) -> Choices:
    return Choices(choose(world).inclusive, world.last, world.noise)


def draw_menu(world: World, seed: int) -> tuple[np.ndarray, np.ndarray, Appeal]:
    """Let some open firms ask about one to four options each."""
    luck = np.random.default_rng(seed)
    sites = np.flatnonzero(world.is_open & (luck.random(world.is_open.size) < 0.7))
    first = np.concatenate([[0], np.cumsum(luck.integers(1, 5, sites.size))])
    return sites, first, draw_appeal(luck, int(first[-1]), world.tastes.ideal.shape[0])


def put(appeal: Appeal, site: int, option: Appeal, row: int) -> Appeal:
    """Return what consumers see when the firm at `site` takes an option."""
    columns = [column.copy() for column in appeal]
    for column, values in zip(columns, option, strict=True):
        column[..., site] = values[..., row]
    return Appeal(*columns)


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
            assert response[option] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_own_share_response_is_exact_for_one_firm(world: World) -> None:
    sites, first, options = menu = draw_menu(world, 2)
    response = responses(world, menu)
    for f, site in enumerate(sites[:5]):
        option = first[f]
        sums = choose(world._replace(appeal=put(world.appeal, site, options, option))).sums
        assert response[option] == pytest.approx(sums[SHARE, site], rel=1e-9, abs=1e-9)


def test_staying_as_it_is_sells_as_before(world: World) -> None:
    sites = np.flatnonzero(world.is_open)
    stay = Appeal(*(column[..., sites] for column in world.appeal))
    response = responses(world, (sites, np.arange(sites.size + 1), stay))
    np.testing.assert_allclose(response, choose(world).sums[SHARE, sites], rtol=1e-11, atol=1e-11)


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
    founders_prospects(sites, stay_put(world, sites), 8.0, world.tastes, world.streets, choices)
    assert choices.inclusive.tobytes() == kept.tobytes()


def stay_put(world: World, sites: np.ndarray) -> Appeal:
    return Appeal(*(column[..., sites] for column in world.appeal))


def test_order_of_asking_is_irrelevant(world: World) -> None:
    sites, first, options = menu = draw_menu(world, 4)
    order = np.random.default_rng(1).permutation(sites.size)
    rows = [np.arange(first[f], first[f + 1]) for f in order]
    lengths = [row.size for row in rows]
    shuffled = Appeal(*(column[..., np.concatenate([*rows, []]).astype(int)] for column in options))
    response = responses(world, (sites[order], np.concatenate([[0], np.cumsum(lengths)]).astype(int), shuffled))
    assert response.tobytes() == responses(world, menu)[np.concatenate([*rows, []]).astype(int)].tobytes()


def test_bits_do_not_depend_on_the_number_of_threads(world: World) -> None:
    menu = draw_menu(world, 5)
    assert responses(world, menu, threads=1).tobytes() == responses(world, menu, threads=2).tobytes()
    empty = np.flatnonzero(~world.is_open)
    concepts, choices = stay_put(world, empty), choices_of(world)
    one, two = (
        founders_prospects(empty, concepts, 8.0, world.tastes, world.streets, choices, threads) for threads in (1, 2)
    )
    assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("part", [0.3, 0.7, 0.95, 1.05, 2.0])
def test_founders_give_up_only_what_surely_brings_too_little(world: World, part: float) -> None:
    empty = np.flatnonzero(~world.is_open)
    market = (world.tastes, world.streets, choices_of(world))
    price, sales = founders_prospects(empty, stay_put(world, empty), 8.0, *market)
    brings = (price - 8.0) * sales
    needed = part * float(np.median(brings[sales > 0.0]))
    tried, sold = founders_prospects(empty, stay_put(world, empty), 8.0, *market, needed=needed)
    pursued = sold > 0.0
    assert (brings[~pursued] < needed).all()
    assert np.array_equal(tried[pursued], price[pursued])
    assert np.array_equal(sold[pursued], sales[pursued])


def test_founders_give_up_most_of_what_brings_too_little() -> None:
    world = draw_world(seed=5, towns=2, sectors=2, most_consumers=700, most_sites=12)
    empty = np.flatnonzero(~world.is_open)
    market = (world.tastes, world.streets, choices_of(world))
    price, sales = founders_prospects(empty, stay_put(world, empty), 8.0, *market)
    brings = (price - 8.0) * sales
    needed = float(brings.max())
    _, sold = founders_prospects(empty, stay_put(world, empty), 8.0, *market, needed=needed)
    assert (sold > 0.0)[brings == needed].all()
    assert not (sold > 0.0)[brings < 0.5 * needed].any()


def test_founders_may_come_in_any_order(world: World) -> None:
    empty = np.flatnonzero(~world.is_open)
    market = (world.tastes, world.streets, choices_of(world))
    price, sales = founders_prospects(empty, stay_put(world, empty), 8.0, *market)
    needed = float(np.median((price - 8.0) * sales))
    order = np.random.default_rng(1).permutation(empty.size)
    tried, sold = founders_prospects(empty[order], stay_put(world, empty[order]), 8.0, *market, needed=needed)
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


def has_captives(world: World, site: int) -> bool:
    """Return whether a newcomer would be the only choice of some consumers."""
    return bool(np.any(probabilities(world)[1][travel_minutes(world)[1][:, site]] == 0.0))


def test_founders_price_at_their_best_response(world: World) -> None:
    cost = 8.0
    customers = travel_minutes(world)[1].any(axis=0)
    empty = [site for site in np.flatnonzero(~world.is_open & customers) if not has_captives(world, site)][:6]
    assert empty
    prospects = founders_prospects(empty, stay_put(world, empty), cost, world.tastes, world.streets, choices_of(world))
    for site, price, sales in zip(empty, *prospects, strict=True):
        best = minimize_scalar(
            lambda p, site=site: -(p - cost) * sales_of(world, site, p),
            bounds=(cost, cost + 40.0 * world.noise),
            method="bounded",
            options={"xatol": 1e-9, "maxiter": 1000},
        )
        assert price == pytest.approx(best.x, abs=2e-5)  # a flat top: √ε of the price
        assert sales == pytest.approx(sales_of(world, site, price), rel=1e-9)
        step = 1e-4
        slope = (sales_of(world, site, price + step) - sales_of(world, site, price - step)) / (2.0 * step)
        assert sales + (price - cost) * slope == pytest.approx(0.0, abs=1e-5 * sales)


def test_customers_without_any_alternative_pay_the_highest_price() -> None:
    world = draw_world(23, open_share=0.0, outside=0.0, towns=1, reach=0)
    sites = np.flatnonzero(travel_minutes(world)[1].any(axis=0))
    price, sales = founders_prospects(
        sites, stay_put(world, sites), 8.0, world.tastes, world.streets, choices_of(world)
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
        one = Appeal(*(column[..., row : row + 1] for column in concepts))
        alone = founders_prospects(sites[row : row + 1], one, 8.0, world.tastes, world.streets, choices)
        np.testing.assert_allclose(together[:, row], alone[:, 0], rtol=1e-9)


def test_a_founder_without_customers_sells_nothing() -> None:
    world = draw_world(21, most_consumers=0)
    empty = np.flatnonzero(~world.is_open)
    price, sales = founders_prospects(
        empty, stay_put(world, empty), 8.0, world.tastes, world.streets, choices_of(world)
    )
    assert np.all(np.isfinite(price))
    assert np.all(sales == 0.0)


def test_nobody_asks() -> None:
    world = draw_world(22)
    none = np.zeros(0, np.int64)
    nothing = stay_put(world, none)
    assert responses(world, (none, np.zeros(1, np.int64), nothing)).shape == (0,)
    prospects = founders_prospects(none, nothing, 8.0, world.tastes, world.streets, choices_of(world))
    assert prospects.shape == (2, 0)


def test_without_an_outlet_the_market_is_as_if_it_had_never_been_open(world: World) -> None:
    choices = choices_of(world)
    closing = np.flatnonzero(world.is_open)[::3]
    for site in closing:
        remove_outlet(int(site), world.appeal, world.tastes, world.streets, choices)
    is_open = world.is_open.copy()
    is_open[closing] = False
    fresh = choose(world._replace(is_open=is_open)).inclusive
    before = choose(world).inclusive
    # What is left is a difference: accurate relative to what there was before.
    np.testing.assert_allclose(choices.inclusive / before, fresh / before, rtol=0.0, atol=1e-13)


def test_outlets_may_close_together(world: World) -> None:
    one_by_one, together = choices_of(world), choices_of(world)
    closing = np.flatnonzero(world.is_open)[::2]
    for site in closing:
        remove_outlet(int(site), world.appeal, world.tastes, world.streets, one_by_one)
    remove_outlet(closing, world.appeal, world.tastes, world.streets, together)
    before = choose(world).inclusive  # the order differs; what is left is a difference, as above
    np.testing.assert_allclose(together.inclusive / before, one_by_one.inclusive / before, rtol=0.0, atol=1e-14)


def test_closing_elsewhere_changes_nothing() -> None:
    world = draw_world(31, towns=3, sectors=2, reach=0)
    choices = choices_of(world)
    site = int(np.flatnonzero(world.is_open)[0])
    before = choices.inclusive.copy()
    remove_outlet(site, world.appeal, world.tastes, world.streets, choices)
    stranger = ~travel_minutes(world)[1][:, site]
    assert choices.inclusive[stranger].tobytes() == before[stranger].tobytes()
    assert np.all(choices.inclusive[~stranger] < before[~stranger])
