"""Diversity within and between towns: known answer 17, a worked example, and sums written out from the definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homogsim.metrics.diversity import leinster_cobbold
from homogsim.metrics.partition import Partition, ordinariness_of, partition_at, three_orders
from homogsim.metrics.similarity import all_pairs, similarity_matrix

ORDERS = [0, 0.5, 1, 2, math.inf]


def same(one: Partition, other: Partition, tolerance: float = 1e-12) -> None:
    for name in ("gamma", "alpha", "beta", "weights", "alpha_bar", "rho_bar", "beta_bar"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=tolerance, rtol=0, err_msg=name)


def partition(p: np.ndarray, town: np.ndarray, Z: np.ndarray, q: float, towns: int | None = None) -> Partition:
    """Return the partition of outlets with shares p; where the months of a run take their quicker way, both agree."""
    p, town = np.asarray(p, dtype=float), np.asarray(town, dtype=np.int64)
    p = p / p.sum() if p.sum() > 0 else p
    count = int(town.max()) + 1 if towns is None else towns
    market, own = Z @ p, (Z * (town[:, None] == town)) @ p
    parts = partition_at(ordinariness_of(p, town, market, own, count), q)
    if q in (0, 1, 2) and p.sum() > 0:
        quicker = three_orders(p, town, market, own, count)[int(q)]
        np.testing.assert_allclose(quicker, [parts.gamma, parts.alpha, parts.beta], atol=1e-12, rtol=0)
    return parts


def of_kinds(P: np.ndarray, Z: np.ndarray, q: float) -> Partition:
    """Return the partition where P[i, m] of the market is kind i in town m: each an outlet of its own."""
    kinds, towns = np.shape(P)
    return partition(np.ravel(P), np.tile(np.arange(towns), kinds), np.kron(Z, np.ones((towns, towns))), q, towns)


def by_definition(P: list[list[float]], Z: list[list[float]], q: float) -> Partition:
    """Return the same by plain sums over kinds and towns."""
    nan = math.nan

    def mean(values: list[float], weights: list[float]) -> float:
        used = [(v, w) for v, w in zip(values, weights, strict=True) if w > 0]
        if q == 1:
            return math.exp(math.fsum(w * math.log(v) for v, w in used))
        if q == math.inf:
            return min(v for v, _ in used)
        return math.fsum(w * v ** (1 - q) for v, w in used) ** (1 / (1 - q))

    kinds, towns = range(len(P)), range(len(P[0]))
    total = math.fsum(map(math.fsum, P))
    p = [math.fsum(P[i]) / total for i in kinds]
    w = [math.fsum(P[i][m] for i in kinds) / total for m in towns]
    share = [[P[i][m] / total / w[m] if w[m] > 0 else 0.0 for i in kinds] for m in towns]
    Zp = [math.fsum(Z[i][k] * p[k] for k in kinds) for i in kinds]
    Zm = [[math.fsum(Z[i][k] * share[m][k] for k in kinds) for i in kinds] for m in towns]
    alpha = [mean([1 / z if z else nan for z in Zm[m]], share[m]) if w[m] > 0 else nan for m in towns]
    rho = [mean([a / z if z else nan for a, z in zip(Zp, Zm[m], strict=True)], share[m]) if w[m] > 0 else nan
           for m in towns]  # fmt: skip
    beta = [1 / r for r in rho]
    gamma = mean([1 / z if z else nan for z in Zp], p)
    return Partition(gamma, mean(alpha, w), mean(beta, w), np.array(w), np.array(alpha), np.array(rho), np.array(beta))


@pytest.mark.parametrize("q", ORDERS)
@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0, 1.0], [0.1, 0.2, 0.3, 0.4]])
def test_identical_towns(q: float, weights: list[float]) -> None:
    rng = np.random.default_rng(1)
    p, Z = rng.dirichlet(np.ones(5)), similarity_matrix(rng.normal(size=(5, 4)), 2.0)
    parts = of_kinds(np.outer(p, weights), Z, q)
    assert parts.beta == pytest.approx(1, abs=1e-12)
    assert parts.alpha == pytest.approx(parts.gamma, abs=1e-12)
    np.testing.assert_allclose(parts.rho_bar, 1, atol=1e-12)


@pytest.mark.parametrize("q", ORDERS)
def test_disjoint_equal_towns(q: float) -> None:
    rng = np.random.default_rng(2)
    inside = similarity_matrix(rng.normal(size=(3, 4)), 2.0)
    p, Z = np.tile(rng.dirichlet(np.ones(3)), 6), np.kron(np.eye(6), inside)
    parts = partition(p, np.repeat(np.arange(6), 3), Z, q)
    assert parts.beta == pytest.approx(6, abs=1e-12)
    assert parts.gamma == pytest.approx(6 * parts.alpha, abs=1e-12)
    np.testing.assert_allclose(parts.beta_bar, 6, atol=1e-12)


@pytest.mark.parametrize(("apart", "beta"), [(0.0, 1.0), (1e4, 6.0)])
def test_towns_as_a_month_of_a_run_measures_them(apart: float, beta: float) -> None:
    """The same three shops in each of six towns, alike or as far apart as can be."""
    rng = np.random.default_rng(7)
    town = np.repeat(np.arange(6), 3)
    x = np.tile(rng.normal(size=(3, 4)), (6, 1)) + apart * town[:, None]
    p = np.tile(rng.dirichlet(np.ones(3)), 6) / 6
    pairs = all_pairs(x, 2.0, p[None], town[None])
    np.testing.assert_allclose(three_orders(p, town, pairs.market[0], pairs.own[0, 0], 6)[:, 2], beta, atol=1e-12)


def test_worked_example() -> None:
    """Three towns and two kinds: (1, 1), (2, 0), (3, 1) of 8, completely different, q = 0."""
    parts = of_kinds(np.array([[1, 2, 3], [1, 0, 1]]), np.eye(2), 0)
    np.testing.assert_allclose(parts.weights, [1 / 4, 1 / 4, 1 / 2], atol=1e-12)
    np.testing.assert_allclose(parts.alpha_bar, [2, 1, 2], atol=1e-12)
    np.testing.assert_allclose(parts.rho_bar, [1, 3 / 4, 1], atol=1e-12)
    np.testing.assert_allclose(parts.beta_bar, [1, 4 / 3, 1], atol=1e-12)
    assert (parts.gamma, parts.alpha, parts.beta) == pytest.approx((2, 7 / 4, 13 / 12), abs=1e-12)


@pytest.mark.parametrize("q", [*ORDERS, 3])
def test_the_definition(q: float) -> None:
    rng = np.random.default_rng(3)
    P, Z = rng.dirichlet(np.ones(15)).reshape(5, 3), similarity_matrix(rng.normal(size=(5, 4)), 2.0)
    same(of_kinds(P, Z, q), by_definition(P.tolist(), Z.tolist(), q))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 20), st.integers(1, 5), st.sampled_from(ORDERS))
def test_outlets_of_one_town_each(seed: int, n: int, towns: int, q: float) -> None:
    rng = np.random.default_rng(seed)
    p, town = rng.random(n) * (rng.random(n) < 0.8), rng.integers(0, towns, n)
    Z = similarity_matrix(rng.normal(size=(n, 4)), 1.5)
    parts = partition(p, town, Z, q, towns)
    if not p.sum() > 0:
        assert math.isnan(parts.gamma)
        return
    P = np.zeros((n, towns))
    P[np.arange(n), town] = p
    same(parts, by_definition(P.tolist(), Z.tolist(), q))
    assert parts.gamma == pytest.approx(leinster_cobbold(p, Z, q), abs=1e-12)
    for m in np.unique(town[p > 0]):
        here = town == m
        alone = leinster_cobbold(p[here], Z[np.ix_(here, here)], q)
        assert parts.alpha_bar[m] == pytest.approx(alone, abs=1e-12)


def test_gamma_is_alpha_times_beta_at_order_one() -> None:
    rng = np.random.default_rng(4)
    Z = similarity_matrix(rng.normal(size=(60, 4)), 2.5)
    for p in (rng.lognormal(size=60), np.ones(60)):
        parts = partition(p, rng.integers(0, 8, 60), Z, 1)
        assert parts.gamma == pytest.approx(parts.alpha * parts.beta, abs=1e-12)
        assert parts.beta > 1


def test_one_town_is_the_market() -> None:
    rng = np.random.default_rng(5)
    p, Z = rng.random(10), similarity_matrix(rng.normal(size=(10, 4)), 2.5)
    parts = partition(p, np.zeros(10, dtype=int), Z, 2)
    assert (parts.alpha, parts.beta) == pytest.approx((leinster_cobbold(p, Z, 2), 1), abs=1e-12)


def test_towns_without_outlets_do_not_count() -> None:
    parts = partition(np.array([1.0, 1.0, 0.0]), np.array([0, 2, 1]), np.eye(3), 1, 4)
    assert (parts.gamma, parts.alpha, parts.beta) == pytest.approx((2, 1, 2), abs=1e-12)
    np.testing.assert_array_equal(parts.weights, [0.5, 0, 0.5, 0])
    np.testing.assert_array_equal(np.isnan(parts.alpha_bar), [False, True, False, True])


def test_an_empty_market() -> None:
    for n in (0, 1):
        parts = partition(np.zeros(n), np.zeros(n), np.eye(n), 1, 2)
        assert all(math.isnan(v) for v in (parts.gamma, parts.alpha, parts.beta))
        assert np.isnan(parts.alpha_bar).all()
        assert parts.alpha_bar.shape == (2,)
