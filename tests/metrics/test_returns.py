"""Returns of a tool, payback, and the slope of a line against SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from homogsim.metrics.returns import labour_cost_share, median_return, payback_month, positive_share, roi, slope


def test_roi() -> None:
    # $200 a month more than without, for 12 months; K 2,000 and fees of 2,400
    assert roi(2400, 2000, 2400) == pytest.approx(400 / 4400, abs=1e-15)
    assert roi(2400, 2000, 2400, 600) == pytest.approx(400 / 5000, abs=1e-15)
    np.testing.assert_allclose(
        roi([5000, 0, 9000], 2000, 2400, exited=[False, False, True]), [3000 / 4400, -2000 / 4400, -1]
    )
    assert math.isnan(roi(100, 0, 0))
    assert roi(100, 0, 0, exited=True) == -1


def test_positive_share() -> None:
    assert positive_share([0.5, -1, 0, math.nan, 2]) == 0.5
    assert math.isnan(positive_share([math.nan]))
    assert math.isnan(positive_share([]))


def test_payback() -> None:
    paths = [[-5, -1, 2, -1], [-5, -4, math.nan, math.nan], [0, 1, 2, 3]]
    np.testing.assert_array_equal(payback_month(paths), [3, np.nan, 1])
    assert payback_month([-2.0, -1.0, 0.0]) == 3
    assert math.isnan(payback_month([]))


def test_slope_is_scipys() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=40)
    y = 0.7 * x + rng.normal(size=40)
    theirs = stats.linregress(x, y)
    ours = slope(np.append(x, [math.nan, 1.0]), np.append(y, [1.0, math.nan]))
    assert ours == pytest.approx((theirs.slope, theirs.stderr, 40), rel=1e-12)


def test_slope_of_too_little() -> None:
    assert math.isnan(slope([], []).value)
    assert math.isnan(slope([2.0, 2.0, 2.0], [1.0, 2.0, 3.0]).value)
    two = slope([0.0, 2.0], [1.0, 5.0])
    assert two.value == 2
    assert math.isnan(two.standard_error)


def test_labour_cost_share() -> None:
    assert labour_cost_share([30, 10], [100, 60]) == 0.25
    assert labour_cost_share([30, 10], [0, 5]) == 8  # staff is there although next to nothing is sold
    assert math.isnan(labour_cost_share([], []))


def test_median_return() -> None:
    assert median_return([3.0, math.nan, -1.0, 0.5]) == 0.5
    assert median_return([3.0, -1.0]) == 1.0
    assert median_return([1.0, math.inf, math.inf]) == math.inf
    assert median_return([math.inf, math.inf]) == math.inf
    assert math.isnan(median_return([math.nan]))
    assert math.isnan(median_return([]))
