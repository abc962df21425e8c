"""Fixed cost, owners' draws, bankruptcy and what founders ask for."""

from __future__ import annotations

import numpy as np
import pytest

from homogsim.laws import money
from homogsim.streams import Streams


def test_fixed_cost_follows_the_business_up_faster_than_down() -> None:
    level = money.fixed_cost_level(np.array([1.1]), 2500.0, 0.72, np.array([6000.0]))
    assert level == pytest.approx(1.1 * (2500.0 + 0.72 * 6000.0), rel=1e-14)
    assert money.fixed_cost_level(np.ones(1), 2500.0, 0.72, np.array([-1.0]))[0] == 2500.0
    moved = money.next_fixed_cost(np.array([1000.0, 3000.0]), np.array([2000.0, 2000.0]), 0.03, 0.02)
    assert moved == pytest.approx([1030.0, 2980.0], rel=1e-14)


def test_owners_draw_what_exceeds_the_reserve() -> None:
    drawn = money.owner_draw(np.array([24_999.0, 25_000.0, 26_000.0]), np.full(3, 10_000.0), 0.1, 2.5)
    assert drawn == pytest.approx([0.0, 0.0, 100.0], abs=1e-12)


def test_bankrupt_below_one_month_of_fixed_cost() -> None:
    cash = np.array([-9_999.0, -10_000.0, -10_001.0])
    assert money.bankrupt(cash, np.full(3, 10_000.0), 1.0).tolist() == [False, False, True]


@pytest.mark.parametrize(("hurdle", "share"), [(0.08, 0.72), (0.0, 0.0), (0.2, 0.3)])
def test_founders_open_from_their_hurdle_on(hurdle: float, share: float) -> None:
    # contribution = (1 + h)(F + share·contribution) has one solution; founders open at and above it.
    least = (1.0 + hurdle) * 2500.0 / (1.0 - (1.0 + hurdle) * share)
    around = least * np.array([1.0 - 1e-9, 1.0 + 1e-9])
    assert money.worth_opening(around, hurdle, 2500.0, share).tolist() == [False, True]


def test_no_contribution_is_enough_when_rent_takes_all() -> None:
    assert not money.worth_opening(np.array([1e12]), 0.5, 2500.0, 0.72).any()


def test_lognormal_has_mean_one() -> None:
    draws = money.mean_one_lognormal(Streams(1).normal("cost", np.arange(200_000)), 0.5)
    assert draws.mean() == pytest.approx(1.0, abs=4 * np.sqrt(np.exp(0.25) - 1.0) / np.sqrt(200_000))
    assert (money.mean_one_lognormal(np.linspace(-3, 3, 7), 0.0) == 1.0).all()
