"""Kaplan–Meier, Greenwood and Weibull against SciPy, a textbook series, and constant hazards (known answer 15)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from homogsim.metrics.survival import (
    SurvivalCurve,
    greenwood_band,
    hazard_by_age,
    kaplan_meier,
    median_survival,
    survival_at,
    turnover_rate,
    weibull_fit,
)

# Remission with 6-mercaptopurine, Freireich et al. (1963), weeks; the second row says which were relapses.
REMISSION = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35])
RELAPSE = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], dtype=bool)


def lives(seed: int, n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    closing, end = rng.geometric(0.03, n), rng.integers(5, 60, n)
    return np.minimum(closing, end).astype(float), closing <= end


def error_at(curve: SurvivalCurve, months: np.ndarray) -> np.ndarray:
    """Greenwood's standard error at ages after the first closing."""
    return np.sqrt(curve.variance[np.searchsorted(curve.times, months, side="right") - 1])


def test_the_textbook_series() -> None:
    curve = kaplan_meier(REMISSION, RELAPSE)
    np.testing.assert_array_equal(curve.times, [6, 7, 10, 13, 16, 22, 23])
    np.testing.assert_array_equal(curve.at_risk, [21, 17, 15, 12, 11, 7, 6])
    np.testing.assert_array_equal(curve.events, [3, 1, 1, 1, 1, 1, 1])
    np.testing.assert_allclose(curve.survival, [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], atol=5e-4)
    np.testing.assert_allclose(np.sqrt(curve.variance), [0.076, 0.087, 0.096, 0.107, 0.114, 0.128, 0.135], atol=5e-4)
    assert median_survival(curve) == 23


@pytest.mark.parametrize(("log_log", "method"), [(False, "linear"), (True, "log-log")])
def test_curve_and_bands_are_scipys(log_log: bool, method: str) -> None:
    durations, events = lives(1)
    curve = kaplan_meier(durations, events)
    sample = stats.CensoredData(uncensored=durations[events], right=durations[~events])
    theirs = stats.ecdf(sample).sf
    np.testing.assert_allclose(survival_at(curve, theirs.quantiles), theirs.probabilities, atol=1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        interval = theirs.confidence_interval(0.9, method=method)
    at_events = np.isin(theirs.quantiles, curve.times)
    lower, upper = greenwood_band(curve, 0.9, log_log)
    np.testing.assert_allclose(lower, np.clip(interval.low.probabilities[at_events], 0, 1), atol=1e-12)
    np.testing.assert_allclose(upper, np.clip(interval.high.probabilities[at_events], 0, 1), atol=1e-12)


def test_survival_between_and_beyond_the_steps() -> None:
    curve = kaplan_meier([2, 4, 6], [True, True, False])
    np.testing.assert_allclose(survival_at(curve, [0, 1.9, 2, 3, 4, 6]), [1, 1, 2 / 3, 2 / 3, 1 / 3, 1 / 3], atol=1e-15)
    assert math.isnan(survival_at(curve, 6.1))
    assert curve.variance[0] == pytest.approx(2 / 3 * 1 / 3 / 3, abs=1e-15)  # binomial, as long as nobody is censored


def test_survival_stays_zero_once_all_have_closed() -> None:
    curve = kaplan_meier([2, 4], [True, True])
    np.testing.assert_array_equal(survival_at(curve, [4, 100]), [0, 0])
    assert median_survival(curve) == 2


def test_nobody_and_nothing_happens() -> None:
    nobody = kaplan_meier([], [])
    assert math.isnan(survival_at(nobody, 12))
    assert math.isnan(median_survival(nobody))
    quiet = kaplan_meier([5, 9], [False, False])
    assert survival_at(quiet, 9) == 1
    assert math.isnan(survival_at(quiet, 10))
    assert math.isnan(median_survival(quiet))


def test_late_observation() -> None:
    # at 3: the one observed from 3 on is not yet at risk (2 of 2 others, 1 closes); at 5: 1 of 2 closes.
    curve = kaplan_meier([3, 5, 8], [True, True, False], entry=[0, 3, 1])
    np.testing.assert_array_equal(curve.at_risk, [2, 2])
    np.testing.assert_allclose(curve.survival, [1 / 2, 1 / 4], atol=1e-15)
    with pytest.raises(ValueError, match="after its entry"):
        kaplan_meier([3, 5], [True, True], entry=[3, 0])


def test_cutting_lives_into_spells_changes_nothing() -> None:
    durations, events = lives(2)
    cut = np.floor(durations / 2)
    cut_lives = cut > 0
    start = np.concatenate((np.zeros(cut_lives.sum()), cut))
    stop = np.concatenate((cut[cut_lives], durations))
    closed = np.concatenate((np.zeros(cut_lives.sum(), dtype=bool), events))
    whole, pieces = kaplan_meier(durations, events), kaplan_meier(stop, closed, start)
    np.testing.assert_array_equal(pieces.at_risk, whole.at_risk)
    np.testing.assert_array_equal(pieces.survival, whole.survival)


def test_constant_hazard_is_within_greenwood() -> None:
    rng, hazard, n = np.random.default_rng(15), 0.02, 4000
    closing, end = rng.geometric(hazard, n), rng.integers(24, 181, n)
    curve = kaplan_meier(np.minimum(closing, end), closing <= end)
    years = np.arange(12, 132, 12)
    z = (survival_at(curve, years) - (1 - hazard) ** years) / error_at(curve, years)
    assert np.abs(z).max() < 3
    lower, upper = greenwood_band(curve)
    true = (1 - hazard) ** curve.times
    assert np.mean((lower <= true) & (true <= upper)) > 0.8


def test_weibull_is_recovered() -> None:
    years = np.arange(1, 11)
    fit = weibull_fit(np.exp(-((years / 9.1) ** 0.653)))
    assert (fit.shape, fit.scale) == pytest.approx((0.653, 9.1), rel=1e-8)
    assert fit.largest_error < 1e-10


def test_weibull_of_the_published_survival() -> None:
    """The 2013 cohort at 1, 2, 3, 5 and 10 years is a Weibull of shape .65 and about 9 years, to .007."""
    fit = weibull_fit([0.796, 0.689, 0.614, 0.506, 0.347], [1, 2, 3, 5, 10])
    assert fit.shape == pytest.approx(0.653, abs=0.02)
    assert fit.scale == pytest.approx(9.1, abs=0.3)
    assert fit.largest_error < 0.0075


@pytest.mark.parametrize("seed", range(20))
def test_weibull_is_the_least_squares_fit(seed: int) -> None:
    """SciPy's search finds the same minimum from the same survival."""
    from scipy.optimize import least_squares

    rng, years = np.random.default_rng(seed), np.arange(1, 11)
    survival = np.sort(rng.uniform(0.05, 0.98, 10))[::-1]
    fit = weibull_fit(survival)
    found = least_squares(
        lambda x: np.exp(-np.exp(x[0] * np.log(years) + x[1])) - survival, [0.7, -1.5], xtol=1e-14, ftol=1e-14
    )
    assert fit.shape == pytest.approx(found.x[0], rel=1e-5)
    assert fit.scale == pytest.approx(np.exp(-found.x[1] / found.x[0]), rel=1e-5)


def test_weibull_needs_three_years() -> None:
    assert math.isnan(weibull_fit([0.8, 0.7]).shape)
    assert math.isnan(weibull_fit([0.8, math.nan, 0.0, 1.0, 0.7]).scale)
    assert weibull_fit([0.8, 0.7, math.nan, 0.55]).shape > 0


def test_hazard_by_age() -> None:
    hazard, exposure = hazard_by_age([6, 12, 18, 24], [True, True, True, False], [0, 12, 24, 36])
    np.testing.assert_allclose(exposure, [6 + 12 + 12 + 12, 6 + 12, 0])
    np.testing.assert_allclose(hazard[:2], [2 / 42, 1 / 18], atol=1e-15)
    assert math.isnan(hazard[2])
    late, exposure = hazard_by_age([6, 18], [True, True], [0, 12, 24], entry=[3, 15])
    np.testing.assert_allclose(late, [1 / 3, 1 / 3], atol=1e-15)
    np.testing.assert_allclose(exposure, [3, 3])


def test_turnover_per_year() -> None:
    assert turnover_rate([1, 0, 2], [100, 101, 99]) == pytest.approx(12 * 3 / 300, abs=1e-15)
    assert math.isnan(turnover_rate([], []))
    assert math.isnan(turnover_rate([0], [0]))
