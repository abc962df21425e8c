"""Distances, similarities and plain dispersion against hand-worked and independent values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from homogsim.metrics.similarity import (
    all_pairs,
    functional_dispersion,
    mean_pairwise_distance,
    pairwise_distances,
    similarity_matrix,
    similarity_scale,
)

LINE = np.array([[0.0], [1.0], [3.0]])  # distances 1, 3, 2


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 100])
def test_distances_are_scipys(n: int) -> None:
    x = np.random.default_rng(n).normal(size=(n, 4))
    distances = pairwise_distances(x)
    np.testing.assert_allclose(distances, cdist(x, x), atol=1e-14)
    np.testing.assert_array_equal(distances, distances.T)


def test_identical_offerings_are_exactly_alike() -> None:
    x = np.repeat(np.random.default_rng(1).normal(size=(5, 4)) * 1e3, 2, axis=0)
    assert np.all(similarity_matrix(x, 0.7)[::2, 1::2].diagonal() == 1.0)


def test_scale_is_the_median_distance() -> None:
    assert similarity_scale(LINE) == 2.0
    assert math.isnan(similarity_scale(LINE[:1]))
    assert math.isnan(similarity_scale(np.empty((0, 4))))


def test_similarity_matrix() -> None:
    expected = np.exp([[0, -0.5, -1.5], [-0.5, 0, -1], [-1.5, -1, 0]])
    np.testing.assert_allclose(similarity_matrix(LINE, 2.0), expected, rtol=1e-15)


def test_similarity_without_a_usable_scale() -> None:
    np.testing.assert_array_equal(
        similarity_matrix(np.array([[1.0], [1.0], [2.0]]), 0.0), [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    )
    assert np.isnan(similarity_matrix(LINE, float("nan"))).all()
    with pytest.raises(ValueError, match="scale"):
        similarity_matrix(LINE, -1.0)


def test_mean_pairwise_distance() -> None:
    assert mean_pairwise_distance(LINE) == pytest.approx(2.0, abs=1e-15)
    # pairs: 1·2 at 1, 1·1 at 3, 2·1 at 2 → (2 + 3 + 4)/5
    assert mean_pairwise_distance(LINE, [1, 2, 1]) == pytest.approx(9 / 5, abs=1e-15)
    assert mean_pairwise_distance(LINE, [1, 0, 1]) == pytest.approx(3.0, abs=1e-15)
    assert mean_pairwise_distance(LINE, distances=pairwise_distances(LINE)) == mean_pairwise_distance(LINE)


def test_mean_pairwise_distance_when_one_outlet_sells_nearly_all() -> None:
    # Then only pairs with that outlet count: (1·1 + 1·2)/2.
    assert mean_pairwise_distance(LINE, [1.0, 1e20, 1.0]) == pytest.approx(1.5, rel=1e-12)


def test_mean_pairwise_distance_needs_two_outlets() -> None:
    assert math.isnan(mean_pairwise_distance(LINE[:1]))
    assert math.isnan(mean_pairwise_distance(LINE, [0, 1, 0]))
    assert math.isnan(mean_pairwise_distance(np.empty((0, 4))))


def test_functional_dispersion() -> None:
    assert functional_dispersion(LINE) == pytest.approx((4 / 3 + 1 / 3 + 5 / 3) / 3, abs=1e-15)
    # weighted centroid (0 + 1 + 6)/4 = 1.75
    assert functional_dispersion(LINE, [1, 1, 2]) == pytest.approx((1.75 + 0.75 + 2 * 1.25) / 4, abs=1e-15)
    square = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    assert functional_dispersion(square) == pytest.approx(math.sqrt(2), abs=1e-15)


def test_functional_dispersion_at_the_edges() -> None:
    assert functional_dispersion(LINE[:1]) == 0.0
    assert math.isnan(functional_dispersion(LINE, [0, 0, 0]))
    assert math.isnan(functional_dispersion(np.empty((0, 4))))


@pytest.mark.parametrize("n", [0, 1, 2, 7, 40])
def test_all_pairs_at_once_is_the_matrix(n: int) -> None:
    draw = np.random.default_rng(n)
    x, p, group = draw.normal(size=(n, 3)), draw.random((2, n)), draw.integers(0, 3, (2, n))
    found, Z = all_pairs(x, 1.3, p, group), similarity_matrix(x, 1.3)
    np.testing.assert_allclose(found.market, p @ Z.T, rtol=1e-12)
    for g in range(2):
        same = group[g][:, None] == group[g]
        np.testing.assert_allclose(found.own[:, g], p @ (Z * same).T, rtol=1e-12)
    np.testing.assert_allclose(found.mean_distance, mean_pairwise_distance(x), rtol=1e-12)
