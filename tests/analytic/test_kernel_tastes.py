"""Kernel tastes in a whole market: bits, checkpoints, one agent and all, and what is neutral."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_markets import EVERYONE_HEARS, Fingerprint, after, fingerprint, model

from homogsim.agents import surveys
from homogsim.agents.choosing import attractions_of
from homogsim.experiments.decomposition import PARTS, decompose, market_end
from homogsim.laws.tastes import gradient, wave_heights
from homogsim.model import MarketModel

KERNEL: dict[str, object] = {"consumers.tastes": "kernel"}
SIZE = {"world.consumers": 60, "world.towns": 2}


def busy(**options: object) -> MarketModel:
    return model("baseline", EVERYONE_HEARS, KERNEL, SIZE, {"tools.served_fit": 0.5}, seed=7, **options)


@pytest.fixture(scope="module")
def here() -> MarketModel:
    return busy().run()


@pytest.fixture(scope="module")
def bits(here: MarketModel) -> Fingerprint:
    return fingerprint(here)


def test_two_threads(bits: Fingerprint) -> None:
    assert fingerprint(busy(threads=2).run()) == bits


def test_going_on_from_a_checkpoint(bits: Fingerprint, tmp_path: Path) -> None:
    run = busy()
    while run.month < 10:
        run.step()
    assert fingerprint(MarketModel.load(run.save(tmp_path / "half-way.npz"), threads=1).run()) == bits


def test_every_consumer_chooses_as_the_kernel_did_for_it(here: MarketModel) -> None:
    people = here.market.consumers
    assert (here.market.firms.served_fit > 0.05).any()
    assert np.array_equal([who.choose() for who in here.consumers], people.bought)
    for row in range(people.rows):
        total = 1.0
        for attraction in attractions_of(here.market, row)[1]:
            total += float(attraction)
        assert total == people.inclusive[row]


@pytest.mark.parametrize("preset", ["before-automation", "baseline"])
def test_without_strength_they_are_ideal_points(preset: str) -> None:
    """s_z 0, anchor and value those of the ideal points: the same bits. Served fit leaves the anchor, so it is 0."""
    off = {"tools.served_fit": 0.0}
    like = {"consumers.kernel_strength": 0.0, "consumers.kernel_anchor": 4.0, "consumers.kernel_base_value": 21.0}
    one, other = (model(preset, EVERYONE_HEARS, SIZE, off, *more, seed=3).run() for more in ((), (KERNEL, like)))
    assert fingerprint(one) == fingerprint(other)


def test_ideal_points_do_not_read_what_kernel_tastes_are() -> None:
    other = {"consumers.kernel_length": 3.0, "consumers.kernel_waves": 8, "consumers.kernel_strength": 1.0}
    one, changed = (after(20, "baseline", SIZE, *more) for more in ((), (other,)))
    assert fingerprint(one) == fingerprint(changed)


def test_tastes_are_shared_by_town_and_niche() -> None:
    """Variance of a_ir: .2 town, .5 niche, .3 own; neighbours in one geometry are so in the other."""
    size = {"world.consumers": 400, "world.towns": 6, "consumers.kernel_waves": 64}
    market = model("before-automation", KERNEL, size).market
    liking = market.tastes.liking
    assert liking.shape == (64, market.consumers.rows)
    assert liking.var() == pytest.approx(1.0, abs=0.1)
    first, second = liking[:, :400], liking[:, 6 * 400 : 7 * 400]  # one town, two sectors: alike by the town only
    between = np.corrcoef(first.mean(axis=1), second.mean(axis=1))[0, 1]
    assert (first.T @ second / 64).mean() == pytest.approx(0.2, abs=0.15)
    assert between > 0.2


def test_visits_and_served_offerings(here: MarketModel) -> None:
    market = here.market
    people, seen, tastes = market.consumers, market.appeal, market.tastes
    who = np.flatnonzero((people.bought >= 0) & ~market.firms.is_chain[people.bought])
    site, x, likes = people.bought[who], market.firms.offering[:, people.bought[who]], tastes.liking[:, who]
    served, windows, visits = surveys.served_offerings(market)
    away = np.sqrt(((served.T - x) ** 2).sum(axis=0))
    step = market.firms.served_fit[site] * tastes.waves.length
    assert np.all(np.isclose(away, step, atol=1e-12) | (away == 0.0))
    assert ((away > 0.0) == (step > 0.0)).mean() > 0.9
    value = (wave_heights(x, tastes.waves) * likes).sum(axis=0)
    steep = np.sqrt((gradient(likes, x, tastes.waves) ** 2).sum(axis=0))
    fit = market.firms.served_fit[site]
    taste = np.maximum(value, np.exp(-0.5 * fit**2) * (value + step * steep))
    home = market.site_town[site] == who // 60 % 2
    core = (
        seen.base[site] + people.personalization[who] * seen.personalization[site]
        + people.locality[who] * home * seen.locality[site] + taste - people.price_sensitivity[who] * seen.price[site]
        - people.strength[who] * ((people.ideal[:, who] - x) ** 2).sum(axis=0)
    )  # fmt: skip
    assert surveys.values_of_visits(market) == pytest.approx(core / people.price_sensitivity[who], abs=1e-9)
    assert windows.shape[1] == served.shape[1]
    assert visits.sum() == who.size


def test_a_survey_finds_the_best_that_is_within_reach(here: MarketModel) -> None:
    market = here.market
    who = np.arange(market.consumers.rows)[::7]
    answers = surveys.survey(market, who)
    best = [market.choosing.noise * np.log(attractions_of(market, int(i))[1].max()) for i in who]
    assert answers.served_badly_share == pytest.approx(np.mean(np.array(best) < 0.0), abs=1e-12)
    assert np.isfinite([answers.differentiation_premium, answers.personalization_gap]).all()


def test_welfare_is_decomposed(here: MarketModel) -> None:
    one, two = market_end(model("before-automation", KERNEL, SIZE, seed=7).run()), market_end(busy().run())
    found = decompose(one, two)
    assert set(found.parts) == set(PARTS)
    assert sum(found.parts.values()) == pytest.approx(found.total, abs=1e-10 * abs(found.total) + 1e-4)
    ideal = market_end(model("before-automation", SIZE, seed=7).run())
    with pytest.raises(ValueError, match="differ in tastes"):
        decompose(ideal, two)
