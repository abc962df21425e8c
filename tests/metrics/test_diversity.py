"""Leinster–Cobbold diversity: known answer 16, limits in q, independent sums; losses and rarefaction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homogsim.metrics.diversity import (
    decoupling_index,
    diversity_lost,
    hill_number,
    leinster_cobbold,
    power_mean,
    rarefied_diversity,
)
from homogsim.metrics.similarity import similarity_matrix

ORDERS = [0, 0.5, 1, 2, 3.7, 50, math.inf]


def market(seed: int, n: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(n)), similarity_matrix(rng.normal(size=(n, 4)), 2.0)


def by_definition(p: list[float], Z: list[list[float]], q: float) -> float:
    """Plain sums over the definition, for finite q other than 1 and for q = 1."""
    ordinariness = [math.fsum(z * share for z, share in zip(row, p, strict=True)) for row in Z]
    if q == 1:
        return math.exp(-math.fsum(a * math.log(b) for a, b in zip(p, ordinariness, strict=True)))
    return math.fsum(a * b ** (q - 1) for a, b in zip(p, ordinariness, strict=True)) ** (1 / (1 - q))


def rao(p: list[float], Z: list[list[float]]) -> float:
    """Rao's quadratic entropy: how different two purchases taken at random are."""
    return math.fsum(a * b * (1 - z) for a, row in zip(p, Z, strict=True) for b, z in zip(p, row, strict=True))


@pytest.mark.parametrize("q", ORDERS)
def test_different_outlets_count_fully(q: float) -> None:
    assert leinster_cobbold(np.full(7, 1 / 7), np.eye(7), q) == pytest.approx(7, abs=1e-12)


@pytest.mark.parametrize("q", ORDERS)
def test_outlets_that_are_alike_count_as_one(q: float) -> None:
    assert leinster_cobbold(market(3)[0], np.ones((12, 12)), q) == pytest.approx(1, abs=1e-12)


def test_order_two_is_rao() -> None:
    p, Z = market(4)
    assert leinster_cobbold(p, Z, 2) == pytest.approx(1 / (1 - rao(p.tolist(), Z.tolist())), abs=1e-12)


@pytest.mark.parametrize("q", ORDERS)
def test_duplicated_species_changes_nothing(q: float) -> None:
    p, Z = market(5)
    twice = np.append(np.arange(12), 4)
    split = p[twice]
    split[4], split[12] = 0.3 * p[4], 0.7 * p[4]
    assert leinster_cobbold(split, Z[np.ix_(twice, twice)], q) == pytest.approx(leinster_cobbold(p, Z, q), abs=1e-12)


@pytest.mark.parametrize("q", [0, 0.5, 1, 2, 3.7])
def test_the_definition(q: float) -> None:
    p, Z = market(6)
    assert leinster_cobbold(p, Z, q) == pytest.approx(by_definition(p.tolist(), Z.tolist(), q), abs=1e-12)


def test_infinite_order_is_the_most_ordinary_outlet() -> None:
    p, Z = market(7)
    assert leinster_cobbold(p, Z, math.inf) == pytest.approx(1 / (Z @ p).max(), abs=1e-12)


def test_limits_in_the_order_are_smooth() -> None:
    p, Z = market(8)
    at_one = leinster_cobbold(p, Z, 1)
    for step in (1e-12, 1e-9, 1e-6):
        assert leinster_cobbold(p, Z, 1 + step) == pytest.approx(at_one, abs=3 * step + 1e-13)
        assert leinster_cobbold(p, Z, 1 - step) == pytest.approx(at_one, abs=3 * step + 1e-13)
    assert leinster_cobbold(p, Z, 1e6) == pytest.approx(leinster_cobbold(p, Z, math.inf), rel=1e-4)


def test_rare_outlets_are_counted_at_order_zero() -> None:
    assert hill_number([0.5, 0.5, 1e-300], 0) == pytest.approx(3, abs=1e-12)
    assert leinster_cobbold([0.5, 0.5, 1e-300], np.eye(3), 0) == pytest.approx(3, abs=1e-12)
    assert hill_number([0.5, 0.5, 0.0], 0) == pytest.approx(2, abs=1e-12)


def test_hill_numbers() -> None:
    p = [0.5, 0.25, 0.25]
    assert hill_number(p, 0) == pytest.approx(3, abs=1e-12)
    assert hill_number(p, 1) == pytest.approx(2**1.5, abs=1e-12)
    assert hill_number(p, 2) == pytest.approx(8 / 3, abs=1e-12)
    assert hill_number(p, math.inf) == pytest.approx(2, abs=1e-12)
    assert hill_number([10, 5, 5], 1) == pytest.approx(2**1.5, abs=1e-12)


def test_power_means() -> None:
    v, w = [1.0, 4.0], [0.5, 0.5]
    assert power_mean(v, w, 1) == pytest.approx(2.5, abs=1e-12)
    assert power_mean(v, w, 0) == pytest.approx(2.0, abs=1e-12)
    assert power_mean(v, w, -1) == pytest.approx(1.6, abs=1e-12)
    assert power_mean(v, w, 2) == pytest.approx(math.sqrt(8.5), abs=1e-12)
    assert power_mean(v, w, math.inf) == pytest.approx(4, abs=1e-12)
    assert power_mean(v, w, -math.inf) == pytest.approx(1, abs=1e-12)
    assert power_mean([1e300, 4.0], [0, 1], 5) == pytest.approx(4, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.floats(0, 20))
def test_diversity_lies_between_one_and_n_whatever_the_order_of_outlets(seed: int, n: int, q: float) -> None:
    p, Z = market(seed, n)
    D = leinster_cobbold(p, Z, q)
    assert 1 - 1e-12 <= D <= n + 1e-12
    assert hill_number(p, q) + 1e-12 >= D
    assert leinster_cobbold(p, Z, q + 0.5) - 1e-12 <= D
    shuffled = np.random.default_rng(seed).permutation(n)
    assert leinster_cobbold(3 * p[shuffled], Z[np.ix_(shuffled, shuffled)], q) == pytest.approx(D, abs=1e-12)


def test_order_two_by_hand() -> None:
    Z = np.array([[1, 0.5], [0.5, 1]])
    assert leinster_cobbold([0.5, 0.5], Z, 2) == pytest.approx(1 / 0.75, abs=1e-15)
    assert leinster_cobbold([1, 0], Z, 2) == 1


@pytest.mark.parametrize("p", [[], [0.0], [0.0, 0.0]])
def test_an_empty_market_has_no_diversity(p: list[float]) -> None:
    nothing = np.eye(len(p))
    assert math.isnan(leinster_cobbold(p, nothing, 1))
    assert math.isnan(hill_number(p, 1))


def test_impossible_arguments() -> None:
    with pytest.raises(ValueError, match="order"):
        leinster_cobbold([1.0], np.eye(1), -1)
    with pytest.raises(ValueError, match="order"):
        hill_number([1.0], math.nan)
    with pytest.raises(ValueError, match="shape"):
        leinster_cobbold([0.5, 0.5], np.eye(3), 1)
    with pytest.raises(ValueError, match="negative"):
        leinster_cobbold([1.5, -0.5], np.eye(2), 1)
    with pytest.raises(ValueError, match="order"):
        power_mean([1.0], [1.0], math.nan)


def test_diversity_lost() -> None:
    assert diversity_lost(2.2, 2.5) == pytest.approx(0.2, abs=1e-15)
    np.testing.assert_allclose(diversity_lost([1.0, 2.5, 4.0], 2.5), [1, 0, -1], atol=1e-15)
    assert math.isnan(diversity_lost(1.0, 1.0))
    assert math.isnan(diversity_lost(1.0, 1 + 1e-14))  # 1 but for rounding
    assert math.isnan(diversity_lost(math.nan, 2.0))


def test_decoupling_index() -> None:
    # offerings lost 3 %, processes 30 %
    assert decoupling_index(1.94, 2.0, 1.4, 2.0) == pytest.approx(0.9, abs=1e-12)
    assert decoupling_index(2.0, 2.0, 1.0, 2.0) == 1.0
    assert decoupling_index(1.0, 2.0, 1.0, 2.0) == 0.0
    # means are taken before dividing: losses .1, .3 against .2, .6
    assert decoupling_index([1.8, 1.4], 2.0, [1.6, 0.8], 2.0) == pytest.approx(0.5, abs=1e-12)


def test_decoupling_says_nothing_while_processes_hardly_change() -> None:
    assert math.isnan(decoupling_index(1.99, 2.0, 1.97, 2.0))
    assert math.isnan(decoupling_index(1.99, 2.0, 2.3, 2.0))
    assert not math.isnan(decoupling_index(1.99, 2.0, 1.95, 2.0))


def test_rarefaction_of_everything_is_the_diversity_itself() -> None:
    x = np.random.default_rng(0).normal(size=(9, 4))
    uniforms = np.random.default_rng(1).random((4, 9))
    whole = leinster_cobbold(np.ones(9), similarity_matrix(x, 1.5), 1)
    assert rarefied_diversity(x, 9, 1.5, 1, uniforms) == pytest.approx(whole, abs=1e-12)
    assert rarefied_diversity(x, 1, 1.5, 1, uniforms) == pytest.approx(1, abs=1e-12)


def test_rarefaction_takes_the_smallest_draws() -> None:
    x, uniforms = np.array([[0.0], [1.0], [5.0]]), np.array([[0.1, 0.2, 0.9], [0.5, 0.4, 0.3]])
    pairs = [leinster_cobbold([1, 1], similarity_matrix(x[chosen], 1.0), 2) for chosen in ([0, 1], [1, 2])]
    assert rarefied_diversity(x, 2, 1.0, 2, uniforms) == pytest.approx(np.mean(pairs), abs=1e-12)
    joined = np.hstack((uniforms, [[0.95], [0.95]]))  # a fourth outlet with large draws is in no subsample
    assert rarefied_diversity(np.vstack((x, [[9.0]])), 2, 1.0, 2, joined) == pytest.approx(np.mean(pairs), abs=1e-12)


def test_rarefaction_needs_enough_outlets() -> None:
    x = np.zeros((3, 4))
    assert math.isnan(rarefied_diversity(x, 4, 1.0, 1, np.zeros((2, 3))))
    assert math.isnan(rarefied_diversity(x, 2, 1.0, 1, np.zeros((0, 3))))
    with pytest.raises(ValueError, match="at least one"):
        rarefied_diversity(x, 0, 1.0, 1, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="draws"):
        rarefied_diversity(x, 2, 1.0, 1, np.zeros((2, 5)))
