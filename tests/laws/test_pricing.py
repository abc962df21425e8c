"""The price law around its fixed point."""

from __future__ import annotations

import numpy as np
import pytest

from homogsim.laws import pricing


def test_price_moves_a_share_of_the_way_to_the_best_response() -> None:
    price, cost = np.array([10.0, 20.0]), np.array([8.0, 8.0])
    sales, slope = np.array([100.0, 100.0]), np.array([60.0, 60.0])
    best = 8.0 + 1.8 * 100.0 / 60.0
    moved = pricing.next_price(price, cost, sales, slope, 1.8, 0.3)
    assert moved == pytest.approx([10.0 + 0.3 * (best - 10.0), 20.0 + 0.3 * (best - 20.0)], rel=1e-14)
    assert pricing.next_price(price, cost, sales, slope, 1.8, 1.0) == pytest.approx([best, best], rel=1e-14)


@pytest.mark.parametrize(("sales", "slope"), [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)])
def test_price_stays_without_customers(sales: float, slope: float) -> None:
    price = np.array([9.5])
    assert pricing.next_price(price, np.array([8.0]), np.array([sales]), np.array([slope]), 1.8, 0.3)[0] == 9.5
    assert np.isnan(pricing.markup(np.array([sales]), np.array([slope]), 1.8)[0])


def test_markup_of_a_small_logit_firm_is_the_noise_over_price_sensitivity() -> None:
    share, alpha = 1e-9, 1.25
    sales, slope = np.array([share]), np.array([share * (1.0 - share) * alpha])
    assert pricing.markup(sales, slope, 1.8)[0] == pytest.approx(1.8 / alpha, rel=1e-8)


def test_lerner() -> None:
    # At the best response the margin is one over the own-price elasticity.
    sales, slope, cost = np.array([70.0]), np.array([40.0]), np.array([8.0])
    price = cost + pricing.markup(sales, slope, 1.8)
    elasticity = pricing.own_price_elasticity(price, sales, slope, 1.8)
    assert (price - cost) / price == pytest.approx(-1.0 / elasticity, rel=1e-14)
