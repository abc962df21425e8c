"""Weighted means and dispersion within cells, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from homogsim.metrics.averages import group_means, weighted_mean, within_cell_dispersion


def test_weighted_mean() -> None:
    assert weighted_mean([1, 2, 6], [1, 1, 2]) == pytest.approx(15 / 4)
    assert weighted_mean([1, 2, 6]) == pytest.approx(3)
    assert weighted_mean([1, math.nan], [1, 0]) == 1
    assert math.isnan(weighted_mean([1, 2], [0, 0]))
    assert math.isnan(weighted_mean([]))


def test_group_means() -> None:
    means = group_means([1, 3, 5, math.nan], [2, 2, 0, 0], 4, [1, 3, 2, 0])
    np.testing.assert_allclose(means, [5, np.nan, 2.5, np.nan])


def test_dispersion_is_within_cells_only() -> None:
    cell = [0, 0, 1, 1, 1, 3]
    spread = np.exp([0.1, -0.1, 2.0, 2.3, 1.7, 9.0])
    assert within_cell_dispersion(spread, cell, 4) == pytest.approx(math.sqrt((0.02 + 0.18) / 3), abs=1e-12)
    assert within_cell_dispersion([5.0, 5.0], [0, 0], 1) == 0
    assert math.isnan(within_cell_dispersion([5.0, 6.0], [0, 1], 2))
    assert math.isnan(within_cell_dispersion([], [], 2))
