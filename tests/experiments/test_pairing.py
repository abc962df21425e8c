"""Paired differences and bands, against SciPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from homogsim.experiments.pairing import band, paired_difference, t_quantile


def test_the_interval_is_that_of_a_paired_t_test() -> None:
    draw = np.random.default_rng(1)
    a = draw.normal(10.0, 2.0, 12)
    b = a + draw.normal(0.5, 0.3, 12)
    found = paired_difference(a, b)
    independent = stats.ttest_rel(b, a).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((independent.low, independent.high), rel=1e-12)
    assert found.difference == pytest.approx(b.mean() - a.mean(), rel=1e-12)
    assert found.relative == pytest.approx((b.mean() - a.mean()) / a.mean(), rel=1e-12)
    assert found.half_width == pytest.approx((independent.high - independent.low) / 2, rel=1e-12)


def test_a_hand_worked_example() -> None:
    # differences 1, 2, 3: mean 2, s² 1; t with two degrees of freedom 4.302653; s_a² = s_b² = … by hand below
    found = paired_difference([-10.0, -20.0, -30.0], [-9.0, -18.0, -27.0])
    half = 4.302652729911275 / np.sqrt(3.0)
    assert found[:4] == (3, -20.0, -18.0, 2.0)
    assert (found.low, found.high) == pytest.approx((2.0 - half, 2.0 + half), rel=1e-9)
    assert found.relative == pytest.approx(0.1)  # of the size of the baseline, whatever its sign
    assert found.variance_reduction == pytest.approx((100.0 + 81.0) / 1.0)
    assert found.verdict == "no clear difference"


def test_variance_reduction_is_one_without_correlation() -> None:
    assert paired_difference([1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]).variance_reduction == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("other", "verdict"),
    [([2.0, 3.1, 4.0], "higher"), ([0.0, 1.1, 2.0], "lower"), ([2.0, 1.0, 3.0], "no clear difference")],
)
def test_verdicts(other: list[float], verdict: str) -> None:
    assert paired_difference([1.0, 2.0, 3.0], other).verdict == verdict


def test_one_pair_has_a_difference_but_no_interval() -> None:
    found = paired_difference([2.0], [3.0])
    assert found[:4] == (1, 2.0, 3.0, 1.0)
    assert found.relative == 0.5
    assert np.isnan([found.low, found.high, found.variance_reduction]).all()
    assert found.verdict is None


def test_pairs_with_an_undefined_value_are_left_out() -> None:
    found = paired_difference([1.0, np.nan, 3.0, 4.0], [2.0, 5.0, np.inf, 6.0])
    assert found == paired_difference([1.0, 4.0], [2.0, 6.0])
    nothing = paired_difference([np.nan, 1.0], [1.0, np.nan])
    assert nothing.pairs == 0
    assert np.isnan(nothing[1:]).all()
    assert nothing.verdict is None


def test_a_constant_difference_has_no_width_and_needs_no_more_runs() -> None:
    found = paired_difference([1.0, 2.0, 4.0], [1.5, 2.5, 4.5])
    assert (found.low, found.high, found.variance_reduction) == (0.5, 0.5, np.inf)
    assert found.verdict == "higher"
    assert np.isnan(paired_difference([0.0, 0.0], [1.0, 1.0]).relative)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_a_scenario_does_not_differ_from_itself(values: list[float]) -> None:
    found = paired_difference(values, values)
    assert found.difference == found.relative == 0.0
    if len(values) > 1:
        assert (found.low, found.high, found.verdict) == (0.0, 0.0, "no clear difference")


def test_intervals_cover_as_often_as_they_say() -> None:
    draw = np.random.default_rng(7)
    a = draw.normal(0.0, 3.0, (2000, 6))
    b = a + draw.normal(1.0, 1.0, (2000, 6))
    covered = [found.low <= 1.0 <= found.high for found in map(paired_difference, a, b)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def test_bands_are_intervals_month_by_month() -> None:
    values = np.array([[1.0, 5.0, np.nan, np.nan], [2.0, 5.0, 4.0, np.nan], [6.0, 5.0, 8.0, np.nan]])
    found = band(values)
    for month, column in enumerate(values.T):
        alone = paired_difference(np.zeros(3), column)
        assert found.mean[month] == pytest.approx(alone.difference, nan_ok=True)
        assert found.low[month] == pytest.approx(alone.low, nan_ok=True)
        assert found.high[month] == pytest.approx(alone.high, nan_ok=True)
    assert np.isnan(band(values[:1]).low).all()


def test_quantiles() -> None:
    np.testing.assert_allclose(t_quantile([1, 2, 3, 31]), [np.nan, 12.7062047, 4.30265273, 2.04227246], rtol=1e-8)
