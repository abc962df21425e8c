"""Hearing of automation and judging tools."""

from __future__ import annotations

import numpy as np
import pytest

from homogsim.laws import adoption
from homogsim.streams import Streams


def test_hazard_of_hearing() -> None:
    share = np.array([0.0, 0.5, 1.0])
    assert adoption.hazard_of_hearing(0.004, 0.04, share) == pytest.approx([0.004, 0.024, 0.044], rel=1e-14)
    assert adoption.hazard_of_hearing(0.8, 0.8, share)[-1] == 1.0


def test_customer_focus_damps_the_response() -> None:
    sales, response = np.array([100.0, 100.0, 0.0, 100.0]), np.array([50.0, 200.0, 10.0, 0.0])
    assert (adoption.damped_sales(sales, response, 0.0) == sales).all()  # sees its costs only
    assert adoption.damped_sales(sales, response, 1.0) == pytest.approx([50.0, 200.0, 0.0, 0.0], rel=1e-14)
    half = adoption.damped_sales(sales, response, 0.5)
    assert half == pytest.approx([100 * 0.5**0.5, 100 * 2**0.5, 0.0, 0.0], rel=1e-14)


def test_belief_and_value() -> None:
    assert adoption.believed_implementation(np.array([0.2]), 0.6, 0.6) == pytest.approx(0.36, rel=1e-14)
    value = adoption.option_value(
        np.array([1100.0]), np.array([1000.0]), 24.0, 0.9, np.array([2000.0]), np.array([250.0]), np.array([10.0])
    )
    assert value == pytest.approx(24 * 0.9 * 100 - 2000 + 250 + 10, rel=1e-14)


def test_gumbel_noise_makes_a_logit_choice() -> None:
    values, scale, n = np.array([0.0, 1500.0, -500.0]), 1500.0, 40_000
    noise = adoption.gumbel(Streams(2).uniform("choice", np.arange(n)[:, None], index=np.arange(3)))
    chosen = (values + scale * noise).argmax(axis=1)
    shares = np.exp(values / scale) / np.exp(values / scale).sum()
    for option, share in enumerate(shares):
        assert (chosen == option).mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / n))


def test_vendors_are_equal_while_they_have_no_clients() -> None:
    clients = np.array([[0.0, 0.0, 0.0], [3.0, 1.0, 0.0]])
    expected = [[500.0, 500.0, 500.0], [1125.0, 375.0, 0.0]]
    assert adoption.vendor_values(clients, 1500.0) == pytest.approx(np.array(expected), rel=1e-14)
