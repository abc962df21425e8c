"""Herfindahl indices by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from homogsim.metrics.concentration import group_herfindahl, mean_cell_hhi, top_share, vendor_hhi
from homogsim.metrics.diversity import hill_number


def test_one_group() -> None:
    def index(amounts: list[float]) -> float:
        return float(group_herfindahl(amounts, [0] * len(amounts), 1)[0])

    assert index([1, 1, 1, 1]) == pytest.approx(0.25, abs=1e-15)
    assert index([3, 0, 0]) == 1
    assert index([5, 3, 2]) == pytest.approx(1 / hill_number([5, 3, 2], 2), abs=1e-12)
    assert math.isnan(index([]))
    assert math.isnan(index([0, 0]))


def test_cells() -> None:
    sales, cell = [5, 3, 2, 7, 0, 1, 1], [0, 0, 0, 2, 1, 3, 3]
    np.testing.assert_allclose(group_herfindahl(sales, cell, 5), [0.38, np.nan, 1, 0.5, np.nan], atol=1e-15)
    assert mean_cell_hhi(sales, cell, 5) == pytest.approx((0.38 + 1 + 0.5) / 3, abs=1e-15)
    assert math.isnan(mean_cell_hhi([0.0], [0], 2))
    assert math.isnan(mean_cell_hhi([], [], 2))


def test_vendors() -> None:
    assert vendor_hhi([10, 10, 10]) == pytest.approx(1 / 3, abs=1e-15)
    assert vendor_hhi([98, 1, 1]) == pytest.approx(0.98**2 + 2 * 0.01**2, abs=1e-15)
    # two markets: 10 clients shared equally by two vendors, 30 all with one
    assert vendor_hhi([5, 5, 30, 0, 0], [7, 7, 3, 3, 9]) == pytest.approx((10 * 0.5 + 30) / 40, abs=1e-15)
    assert math.isnan(vendor_hhi([0, 0]))
    assert math.isnan(vendor_hhi([]))


def test_top_share() -> None:
    assert top_share([6, 3, 1]) == pytest.approx(0.6)
    assert math.isnan(top_share([]))
