"""Kernel tastes: sine and cosine, the random function, its gradient, what served fit adds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from demand_reference import FLAT, IDEAL, SHARE, TASTE, World, choose, draw_world

from homogsim.laws import tastes as law
from homogsim.laws.offering import next_identity
from homogsim.laws.tastes import Waves
from homogsim.laws.utility import outlet_table


def test_sine_and_cosine() -> None:
    luck = np.random.default_rng(1)
    turns = np.arange(-8, 9) * np.pi / 4.0
    x = np.concatenate([luck.uniform(-40.0, 40.0, 20_000), luck.uniform(-9e4, 9e4, 5_000), turns])
    assert np.abs(law.sine(x) - np.sin(x)).max() < 1e-15
    assert np.abs(law.cosine(x) - np.cos(x)).max() < 1e-15
    assert (law.sine(np.zeros(1))[0], law.cosine(np.zeros(1))[0]) == (0.0, 1.0)


def draw_waves(count: int, dimensions: int = 2, length: float = 1.5, strength: float = 1.0, seed: int = 3) -> Waves:
    luck = np.random.default_rng(seed)
    directions = luck.normal(size=(count, dimensions)) / length
    return Waves(directions, luck.uniform(0.0, 2.0 * np.pi, count), strength, length)


def test_tastes_are_a_gaussian_process_with_a_squared_exponential_kernel() -> None:
    waves, luck = draw_waves(4000), np.random.default_rng(4)
    x = np.array([[0.0, 0.75, 1.5, 0.0, 6.0], [0.0, 0.0, 0.0, 3.0, 0.0]])
    g = luck.normal(size=(3000, 4000)) @ law.wave_heights(x, waves)
    apart = ((x[:, :, None] - x[:, None, :]) ** 2).sum(axis=0)
    assert np.cov(g.T) == pytest.approx(np.exp(-apart / (2 * 1.5**2)), abs=0.08)
    assert g.mean(axis=0) == pytest.approx(np.zeros(5), abs=0.08)


def test_slopes_are_those_of_the_heights() -> None:
    waves, luck, step = draw_waves(6, 3, strength=5.0), np.random.default_rng(5), 1e-5
    x, weights = luck.normal(size=(3, 4)), luck.normal(size=(6, 4))
    found = law.gradient(weights, x, waves)
    for k in range(3):
        shift = step * (np.arange(3) == k)[:, None]
        up, down = ((weights * law.wave_heights(x + s * shift, waves)).sum(axis=0) for s in (1.0, -1.0))
        assert found[k] == pytest.approx((up - down) / (2.0 * step), abs=1e-8)


def test_the_table_of_outlets_holds_heights_and_slopes() -> None:
    world = draw_world(14, waves=6)
    table = outlet_table(world.appeal, world.noise, world.tastes.waves)
    x, waves = world.appeal.offering, world.tastes.waves
    assert table.shape[1] == 7 + 3 + 2 + 12
    assert table[:, 12:18] == pytest.approx(law.wave_heights(x, waves).T / world.noise, abs=1e-14)
    assert table[:, 18:] == pytest.approx(law.wave_slopes(x, waves).T / world.noise, abs=1e-14)


def without_served_fit(seed: int) -> World:
    world = draw_world(seed, waves=16, open_share=1.0)
    return world._replace(appeal=world.appeal._replace(misfit=np.ones(world.is_open.size)))


def sales_at(world: World, site: int, place: np.ndarray) -> float:
    offering = world.appeal.offering.copy()
    offering[:, site] = place
    return float(choose(world._replace(appeal=world.appeal._replace(offering=offering))).sums[SHARE, site])


def gradient_of_demand(world: World, site: int) -> np.ndarray:
    """Return ∂S/∂x by the month's sums."""
    sums, here, waves = choose(world).sums, world.appeal.offering[:, [site]], world.tastes.waves
    anchor = 2.0 * (sums[IDEAL : IDEAL + 3, site] - sums[TASTE, site] * here[:, 0])
    return (anchor + law.gradient(sums[IDEAL + 3 :, [site]], here, waves)[:, 0]) / world.noise


def test_sums_give_the_gradient_of_demand() -> None:
    world, step = without_served_fit(15), 1e-4
    for site in range(0, world.is_open.size, 7):
        here = world.appeal.offering[:, site]
        for k, found in enumerate(gradient_of_demand(world, site)):
            shift = step * (np.arange(3) == k)
            slope = (sales_at(world, site, here + shift) - sales_at(world, site, here - shift)) / (2.0 * step)
            assert found == pytest.approx(slope, rel=1e-5, abs=1e-5)


def test_concepts_move_up_the_gradient_of_their_demand() -> None:
    world = without_served_fit(16)
    sums, identity = choose(world).sums, world.appeal.offering
    taste, ideal = law.unmet_demand(
        sums[TASTE], sums[IDEAL : IDEAL + 3], sums[FLAT], sums[IDEAL + 3 :], identity, world.tastes.waves
    )
    moved = next_identity(identity, taste, ideal, 0.01)
    for site in np.flatnonzero(sums[SHARE] > 0.0)[::9]:
        up = gradient_of_demand(world, int(site))
        step = moved[:, site] - identity[:, site]
        assert step @ up == pytest.approx(np.linalg.norm(step) * np.linalg.norm(up), rel=1e-9)  # the same direction
        assert np.linalg.norm(step) <= 0.01 + 1e-12
        assert sales_at(world, int(site), moved[:, site]) > sales_at(world, int(site), identity[:, site])


def test_without_strength_unmet_demand_is_that_of_ideal_points() -> None:
    waves, luck = draw_waves(5, 3, strength=0.0), np.random.default_rng(6)
    taste, margin, ideal, identity = luck.uniform(size=4), luck.uniform(size=4), *luck.normal(size=(2, 3, 4))
    found = law.unmet_demand(taste, ideal, margin, luck.normal(size=(5, 4)), identity, waves)
    assert np.array_equal(found[0], taste)
    assert np.array_equal(found[1], ideal)


ONE_WAVE = Waves(np.array([[2.0]]), np.array([0.0]), 1.0, 1.5)
"""g(x) = √2·a·cos 2x."""


def test_served_fit_by_hand() -> None:
    """At x = π/4 the wave is 0 and falls with slope −2√2: a customer with a = 1 is served h = .3·1.5 to the left."""
    x, likes, fit = np.full((1, 3), np.pi / 4.0), np.array([[1.0, -1.0, 0.0]]), np.full(3, 0.3)
    assert law.served_points(x, likes, fit, ONE_WAVE)[0] - x[0] == pytest.approx([-0.45, 0.45, 0.0], abs=1e-12)
    step, kept = law.reach_of_fit((1.0 - fit) ** 2, ONE_WAVE)
    assert step == pytest.approx(0.45, abs=1e-12)
    assert kept == pytest.approx(math.exp(-0.045), abs=1e-12)
    liked = law.served_liking(0.0, 2.0 * math.sqrt(2.0), step[0], kept[0])
    assert liked == pytest.approx(math.exp(-0.045) * 0.45 * 2.0 * math.sqrt(2.0), abs=1e-12)


def test_nobody_is_served_what_he_likes_less_than_the_window() -> None:
    top = np.zeros((1, 1))  # the highest point of the wave
    assert law.served_points(top, np.ones((1, 1)), np.array([0.8]), ONE_WAVE)[0, 0] == 0.0
    assert law.served_liking(1.4, 0.0, 1.2, 0.7) == 1.4


@pytest.mark.parametrize("seed", range(4))
def test_served_points_are_liked_better(seed: int) -> None:
    """Over many customers the mean of what they are served is that of the law: value and gradient tell it."""
    waves, luck = draw_waves(512, 2, seed=seed), np.random.default_rng(seed)
    likes, x, fit = luck.normal(size=(512, 2000)), np.zeros((2, 2000)), np.full(2000, 0.4)
    served = law.served_points(x, likes, fit, waves)
    at_window, at_served = ((law.wave_heights(place, waves) * likes).sum(axis=0) for place in (x, served))
    up = law.gradient(likes, x, waves)
    step, kept = law.reach_of_fit((1.0 - fit) ** 2, waves)
    told = np.maximum(at_window, kept * (at_window + step * np.sqrt((up * up).sum(axis=0))))
    assert at_served.mean() == pytest.approx(told.mean(), abs=0.03)
    assert at_served.mean() > at_window.mean() + 0.3
