"""Diversity within and between towns: known answer 17, a worked example, and sums written out from the definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homogsim.metrics.diversity import leinster_cobbold
from homogsim.metrics.partition import Partition, partition, partition_by_group
from homogsim.metrics.similarity import similarity_matrix

ORDERS = [0, 0.5, 1, 2, math.inf]


def same(one: Partition, other: Partition, tolerance: float = 1e-12) -> None:
    for name in ("gamma", "alpha", "beta", "weights", "alpha_bar", "rho_bar", "beta_bar"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=tolerance, rtol=0, err_msg=name)


def by_definition(P: list[list[float]], Z: list[list[float]], q: float) -> tuple[float, float, float]:
    """Return γ, Ā and B̄ by plain sums; P has positive entries only."""

    def mean(values: list[float], weights: list[float]) -> float:
        if q == 1:
            return math.exp(math.fsum(w * math.log(v) for v, w in zip(values, weights, strict=True)))
        return math.fsum(w * v ** (1 - q) for v, w in zip(values, weights, strict=True)) ** (1 / (1 - q))

    types, towns = range(len(P)), range(len(P[0]))
    p = [sum(P[i]) for i in types]
    w = [sum(P[i][m] for i in types) for m in towns]
    share = [[P[i][m] / w[m] for i in types] for m in towns]
    Zp = [sum(Z[i][k] * p[k] for k in types) for i in types]
    Zm = [[sum(Z[i][k] * share[m][k] for k in types) for i in types] for m in towns]
    alpha = [mean([1 / Zm[m][i] for i in types], share[m]) for m in towns]
    rho = [mean([Zp[i] / Zm[m][i] for i in types], share[m]) for m in towns]
    return mean([1 / z for z in Zp], p), mean(alpha, w), mean([1 / r for r in rho], w)


@pytest.mark.parametrize("q", ORDERS)
@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0, 1.0], [0.1, 0.2, 0.3, 0.4]])
def test_identical_towns(q: float, weights: list[float]) -> None:
    rng = np.random.default_rng(1)
    p, Z = rng.dirichlet(np.ones(5)), similarity_matrix(rng.normal(size=(5, 4)), 2.0)
    parts = partition(np.outer(p, weights), Z, q)
    assert parts.beta == pytest.approx(1, abs=1e-12)
    assert parts.alpha == pytest.approx(parts.gamma, abs=1e-12)
    np.testing.assert_allclose(parts.rho_bar, 1, atol=1e-12)
    # The same five shops standing in each of four towns, told by outlet.
    by_outlet = partition_by_group(np.outer(weights, p).ravel(), np.repeat(np.arange(4), 5), np.tile(Z, (4, 4)), q)
    same(by_outlet, parts)


@pytest.mark.parametrize("q", ORDERS)
def test_disjoint_equal_towns(q: float) -> None:
    rng = np.random.default_rng(2)
    inside = similarity_matrix(rng.normal(size=(3, 4)), 2.0)
    p, Z = np.tile(rng.dirichlet(np.ones(3)), 6), np.kron(np.eye(6), inside)
    parts = partition_by_group(p, np.repeat(np.arange(6), 3), Z, q)
    assert parts.beta == pytest.approx(6, abs=1e-12)
    assert parts.gamma == pytest.approx(6 * parts.alpha, abs=1e-12)
    np.testing.assert_allclose(parts.beta_bar, 6, atol=1e-12)


def test_worked_example() -> None:
    """Three towns and two kinds: (1, 1), (2, 0), (3, 1) of 8, completely different, q = 0."""
    parts = partition([[1, 2, 3], [1, 0, 1]], np.eye(2), 0)
    np.testing.assert_allclose(parts.weights, [1 / 4, 1 / 4, 1 / 2], atol=1e-12)
    np.testing.assert_allclose(parts.alpha_bar, [2, 1, 2], atol=1e-12)
    np.testing.assert_allclose(parts.rho_bar, [1, 3 / 4, 1], atol=1e-12)
    np.testing.assert_allclose(parts.beta_bar, [1, 4 / 3, 1], atol=1e-12)
    assert (parts.gamma, parts.alpha, parts.beta) == pytest.approx((2, 7 / 4, 13 / 12), abs=1e-12)


@pytest.mark.parametrize("q", [0, 0.5, 1, 2, 3])
def test_the_definition(q: float) -> None:
    rng = np.random.default_rng(3)
    P, Z = rng.dirichlet(np.ones(15)).reshape(5, 3), similarity_matrix(rng.normal(size=(5, 4)), 2.0)
    parts = partition(P, Z, q)
    expected = by_definition(P.tolist(), Z.tolist(), q)
    assert (parts.gamma, parts.alpha, parts.beta) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 20), st.integers(1, 5), st.sampled_from(ORDERS))
def test_by_outlet_equals_the_dense_partition(seed: int, n: int, towns: int, q: float) -> None:
    rng = np.random.default_rng(seed)
    p, group = rng.random(n) * (rng.random(n) < 0.8), rng.integers(0, towns, n)
    Z = similarity_matrix(rng.normal(size=(n, 4)), 1.5)
    P = np.zeros((n, towns))
    P[np.arange(n), group] = p
    by_outlet = partition_by_group(p, group, Z, q, towns)
    same(by_outlet, partition(P, Z, q))
    if p.sum() > 0:
        assert by_outlet.gamma == pytest.approx(leinster_cobbold(p, Z, q), abs=1e-12)
        for m in np.unique(group[p > 0]):
            here = group == m
            alone = leinster_cobbold(p[here], Z[np.ix_(here, here)], q)
            assert by_outlet.alpha_bar[m] == pytest.approx(alone, abs=1e-12)


def test_gamma_is_alpha_times_beta_at_order_one() -> None:
    rng = np.random.default_rng(4)
    Z = similarity_matrix(rng.normal(size=(60, 4)), 2.5)
    for p in (rng.lognormal(size=60), np.ones(60)):
        parts = partition_by_group(p, rng.integers(0, 8, 60), Z, 1)
        assert parts.gamma == pytest.approx(parts.alpha * parts.beta, abs=1e-12)
        assert parts.beta > 1


def test_one_town_is_the_market() -> None:
    rng = np.random.default_rng(5)
    p, Z = rng.random(10), similarity_matrix(rng.normal(size=(10, 4)), 2.5)
    parts = partition_by_group(p, np.zeros(10, dtype=int), Z, 2)
    assert (parts.alpha, parts.beta) == pytest.approx((leinster_cobbold(p, Z, 2), 1), abs=1e-12)


def test_towns_without_outlets_do_not_count() -> None:
    parts = partition_by_group([1.0, 1.0, 0.0], [0, 2, 1], np.eye(3), 1, n_groups=4)
    assert (parts.gamma, parts.alpha, parts.beta) == pytest.approx((2, 1, 2), abs=1e-12)
    np.testing.assert_array_equal(parts.weights, [0.5, 0, 0.5, 0])
    np.testing.assert_array_equal(np.isnan(parts.alpha_bar), [False, True, False, True])


def test_an_empty_market() -> None:
    for parts in (
        partition_by_group([], [], np.empty((0, 0)), 1, 2),
        partition_by_group([0.0], [0], np.eye(1), 1, 2),
        partition(np.zeros((3, 2)), np.eye(3), 1),
    ):
        assert all(math.isnan(v) for v in (parts.gamma, parts.alpha, parts.beta))
        assert np.isnan(parts.alpha_bar).all()
        assert parts.alpha_bar.shape == (2,)


def test_impossible_arguments() -> None:
    with pytest.raises(ValueError, match="order"):
        partition([[1.0]], np.eye(1), -1)
    with pytest.raises(ValueError, match="shape"):
        partition([[1.0]], np.eye(2), 1)
    with pytest.raises(ValueError, match="fit"):
        partition_by_group([1.0, 1.0], [0], np.eye(2), 1)
