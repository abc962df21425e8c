"""What being different is worth, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from homogsim.metrics.differentiation import (
    brand_equity,
    customer_lifetime_value,
    differentiation_premium,
    distance_to_cell_mean,
    market_share_premium,
    more_different_half,
    net_promoter_score,
    premium_over_reference,
    rating,
    rating_reference,
)


def test_differentiation_premium() -> None:
    value, twin = [[5.0, -math.inf, 0.0], [4.0, 3.0, 0.0]], [[3.0, -math.inf, 0.0], [3.0, 3.5, 0.0]]
    premium = differentiation_premium(value, twin, [0.5, 2.0], [[3.0, 0.0, 0.0], [1.0, 2.0, 0.0]])
    # firm 0: (3·2/.5 + 1·1/2)/4; firm 1: −.5/2; firm 2 sells nothing
    np.testing.assert_allclose(premium, [12.5 / 4, -0.25, np.nan], atol=1e-15)


def test_brand_equity() -> None:
    equity = brand_equity([10, 4, 6, 8, 3], [False, True, True, False, False], [0, 0, 0, 1, 2], 3)
    np.testing.assert_allclose(equity, [5, -1, 1, np.nan, np.nan])
    assert premium_over_reference([9.0, 8.0], [False, True], [0, 0], 1)[0] == 1


def test_market_share_premium() -> None:
    premium = market_share_premium([6, 3, 3, 5, 0], [0, 0, 0, 1, 2], 3)
    np.testing.assert_allclose(premium, [0.5, -0.25, -0.25, 0, np.nan], atol=1e-15)


def test_half_promote_and_a_fifth_detract_at_the_reference() -> None:
    u = np.random.default_rng(0).normal(4.0, 1.5, 200_000)
    reference = rating_reference(u)
    assert reference == pytest.approx((4.0 - 1.032 * 1.5, 0.47 * 1.5), abs=0.02)
    ratings = rating(u, *reference)
    assert np.mean(ratings >= 9) == pytest.approx(0.5, abs=0.01)
    assert np.mean(ratings <= 6) == pytest.approx(0.2, abs=0.01)
    assert net_promoter_score(ratings) == pytest.approx(30, abs=1.5)


def test_rating_is_the_logistic() -> None:
    assert rating(2.0, 2.0, 0.5) == 5
    assert rating(3.0, 2.0, 0.5) == pytest.approx(10 / (1 + math.exp(-2)), abs=1e-12)
    np.testing.assert_array_equal(rating([-1e6, 1e6], 2.0, 0.5), [0, 10])
    with pytest.raises(ValueError, match="spread"):
        rating(1.0, 1.0, 0.0)


def test_rating_reference_is_weighted() -> None:
    assert rating_reference([0.0, 4.0], [3, 1]) == pytest.approx((1 - 1.032 * math.sqrt(3), 0.47 * math.sqrt(3)))
    assert all(math.isnan(v) for v in rating_reference([]))


def test_net_promoter_score() -> None:
    assert net_promoter_score([10, 9, 8, 6, 2]) == pytest.approx(0)
    assert net_promoter_score([9, 6.1, 8.9, 6.0], [3, 1, 1, 1]) == pytest.approx(100 * 2 / 6)
    assert net_promoter_score([9, 10]) == 100
    assert math.isnan(net_promoter_score([]))


def test_customer_lifetime_value_is_the_discounted_sum() -> None:
    margin, retention, interest = 3.0, 0.9, 0.008
    summed = sum(margin * (retention / (1 + interest)) ** t for t in range(2000))
    assert customer_lifetime_value(margin, retention, interest) == pytest.approx(summed, rel=1e-12)
    assert customer_lifetime_value(3.0, 0.0) == pytest.approx(3.0)
    np.testing.assert_allclose(
        customer_lifetime_value([2.0, -1.0, 1.0], [0.5, 1.0, 1.2])[:2], [2 * 1.008 / 0.508, -126]
    )
    assert math.isnan(customer_lifetime_value(1.0, 1.2))
    assert math.isnan(customer_lifetime_value(1.0, math.nan))


def test_the_more_different_half() -> None:
    # Cell 0: mean 3, distances 3, 1, 4; cell 1 is empty; cell 2: a firm alone; cell 3: mean 1, distances 1, 1
    x, cell = [[0.0], [2.0], [7.0], [4.0], [0.0], [2.0]], [0, 0, 0, 2, 3, 3]
    np.testing.assert_allclose(distance_to_cell_mean(x, cell, 4), [3, 1, 4, 0, 1, 1], atol=1e-15)
    assert more_different_half(x, cell, 4).tolist() == [False, False, True, False, False, True]
    # Order of rows does not matter, but for ties.
    turned = more_different_half(x[::-1], cell[::-1], 4)[::-1]
    assert turned[:4].tolist() == [False, False, True, False]
    assert more_different_half(np.empty((0, 2)), [], 4).size == 0


def test_of_two_firms_the_later_is_the_different_one_whatever_rounding_says() -> None:
    luck = np.random.default_rng(1)
    for pair in luck.normal(size=(200, 2, 4)):
        assert more_different_half(pair, [0, 0], 1).tolist() == [False, True]
