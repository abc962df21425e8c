"""Sampled diversity: exact when all is sampled, its error honest when not."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from homogsim.metrics.diversity import leinster_cobbold
from homogsim.metrics.partition import ordinariness_of, partition_at
from homogsim.metrics.sampling import GROUPS, Estimate, jackknife, sampled_mean_distance, sampled_partitions
from homogsim.metrics.similarity import mean_pairwise_distance, pairwise_distances, similarity_matrix

N, SAMPLE, SCALE = 1000, 150, 2.5


@pytest.fixture(scope="module")
def large_market() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    p = rng.lognormal(sigma=0.7, size=N)
    return rng.normal(size=(N, 4)), p / p.sum(), rng.integers(0, 4, N)


def exact(p: np.ndarray, group: np.ndarray, Z: np.ndarray, q: float) -> list[float]:
    """γ, Ā and B̄ of a market whose outlets are all known."""
    p = p / p.sum()
    own = (Z * (group[:, None] == group)) @ p
    parts = partition_at(ordinariness_of(p, group, Z @ p, own, int(group.max()) + 1), q)
    return [parts.gamma, parts.alpha, parts.beta]


def jackknifed(
    statistic: Callable[[np.ndarray], object], weights: np.ndarray, population: int, groups: int
) -> Estimate:
    """Take the statistic of the sample, and again without every group in turn."""
    member = np.arange(weights.size) % groups
    without = [statistic(np.where(member == g, 0.0, weights)) for g in range(groups)]
    return jackknife(np.asarray(statistic(weights)), np.array(without), 1 - weights.size / population)


def test_a_mean_has_its_textbook_error() -> None:
    values = np.random.default_rng(1).normal(size=30)

    def mean(weights: np.ndarray) -> float:
        return float((weights * values).sum() / weights.sum())

    value, error = jackknifed(mean, np.ones(30), 100, groups=30)
    assert value == pytest.approx(values.mean(), abs=1e-12)
    assert error == pytest.approx(values.std(ddof=1) / math.sqrt(30) * math.sqrt(0.7), abs=1e-12)


def test_the_bias_of_a_variance_is_taken_away() -> None:
    values = np.random.default_rng(2).normal(size=25)

    def variance(weights: np.ndarray) -> float:
        share = weights / weights.sum()
        return float((share * (values - (share * values).sum()) ** 2).sum())

    # From an endless population the jackknifed variance is the one with n − 1.
    value, _ = jackknifed(variance, np.ones(25), 10**12, groups=25)
    assert value == pytest.approx(values.var(ddof=1), rel=1e-9)


def test_everything_sampled_is_exact(large_market: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, p, group = (column[:60] for column in large_market)
    Z = similarity_matrix(x, SCALE)
    value, error = sampled_partitions(Z, p, group, (1.0,), 60)
    assert value[0] == pytest.approx(exact(p, group, Z, 1), abs=1e-12)
    assert value[0, 0] == pytest.approx(leinster_cobbold(p, Z, 1), abs=1e-12)
    np.testing.assert_array_equal(error, 0)
    distances = pairwise_distances(x)
    assert sampled_mean_distance(distances, 60) == pytest.approx((mean_pairwise_distance(x), 0.0), abs=1e-12)


@pytest.mark.parametrize("q", [0, 1, 2])
def test_estimates_scatter_as_they_say(large_market: tuple[np.ndarray, np.ndarray, np.ndarray], q: float) -> None:
    x, p, _ = large_market
    Z, together = similarity_matrix(x, SCALE), np.zeros(SAMPLE, dtype=np.int64)
    gamma = leinster_cobbold(p, Z, q)
    samples = [np.argsort(u)[:SAMPLE] for u in np.random.default_rng(4).random((60, N))]
    found = [sampled_partitions(Z[np.ix_(rows, rows)], p[rows], together, (q,), N) for rows in samples]
    estimates = np.array([(one.value[0, 0], one.standard_error[0, 0]) for one in found])
    plugged_in = [leinster_cobbold(p[rows], Z[np.ix_(rows, rows)], q) for rows in samples]
    scatter = estimates[:, 0].std(ddof=1)
    assert abs(estimates[:, 0].mean() - gamma) < 3 * scatter / math.sqrt(60)
    assert abs(estimates[:, 0].mean() - gamma) < abs(np.mean(plugged_in) - gamma)
    assert np.sqrt((estimates[:, 1] ** 2).mean()) == pytest.approx(scatter, rel=0.3)


def test_partition_estimates_are_near(large_market: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, p, group = large_market
    Z = similarity_matrix(x, SCALE)
    order = np.argsort(np.random.default_rng(5).random(N))[:400]
    value, error = sampled_partitions(Z[np.ix_(order, order)], p[order], group[order], (0.0, 1.0, 2.0), N)
    for row, q in enumerate((0, 1, 2)):
        assert np.all(np.abs(value[row] - exact(p, group, Z, q)) < 4 * error[row])
    assert np.all(error < 0.05)


@pytest.mark.parametrize("population", [N, 10**6])
def test_one_pass_gives_the_plain_jackknife(
    large_market: tuple[np.ndarray, np.ndarray, np.ndarray], population: int
) -> None:
    x, p, group = (column[:90] for column in large_market)
    Z, distances = similarity_matrix(x, SCALE), pairwise_distances(x)

    plain = jackknifed(lambda weights: exact(weights, group, Z, 2), p, population, GROUPS)
    quick = sampled_partitions(Z, p, group, (2.0,), population)
    assert quick.value[0] == pytest.approx(plain.value, abs=1e-12)
    assert quick.standard_error[0] == pytest.approx(plain.standard_error, abs=1e-12)
    mean = jackknifed(lambda weights: mean_pairwise_distance(x, weights), np.ones(90), population, GROUPS)
    found = sampled_mean_distance(distances, population)
    assert found == pytest.approx((float(mean.value), float(mean.standard_error)), abs=1e-12)


def test_edges() -> None:
    assert np.isnan(sampled_partitions(np.empty((0, 0)), [], [], (1.0,), 0).value).all()
    assert np.isnan(sampled_partitions(np.eye(2), [0.0, 0.0], [0, 0], (1.0,), 2).value).all()
    value, error = sampled_partitions(np.eye(1), [0.2], [0], (1.0,), 5)
    np.testing.assert_array_equal(value, 1)
    assert np.isnan(error).all()
    assert math.isnan(sampled_mean_distance(np.zeros((1, 1)), 9).value)
    assert math.isnan(sampled_mean_distance(np.zeros((3, 3)), 9).standard_error)
