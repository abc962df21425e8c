"""Learning, cost, attention, personalization, data, trust, quality: values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from homogsim.laws import stocks


def one(value: float) -> np.ndarray:
    return np.array([value])


def test_learning_by_months() -> None:
    learned = stocks.learning(np.array([0.0, 1.0, 6.0, np.inf]), 6.0)
    assert learned == pytest.approx([0.0, 1.0 - math.exp(-1 / 6), 1.0 - math.exp(-1.0), 1.0], abs=1e-15)


def test_unit_cost() -> None:
    saving = stocks.saving_share(one(0.5), one(0.06), one(1.0), one(0.4), one(0.05), one(0.8), one(0.2))
    assert saving == pytest.approx(0.5 * (0.06 * 0.4 + 0.05 * 0.8 * 0.2), rel=1e-14)
    assert stocks.unit_cost(one(8.0), one(0.1), one(0.3), 2.0) == pytest.approx(8.0 * 0.9 + 0.6, rel=1e-14)


def test_differentiation_and_inimitability() -> None:
    assert stocks.next_differentiation(one(2.0), one(800.0), 0.97, 8000.0) == pytest.approx(2.04, rel=1e-14)
    assert stocks.inimitability(np.array([0.0, 1.0, 3.0])) == pytest.approx([0.0, 0.5, 0.75], abs=0)


def test_data() -> None:
    assert stocks.next_data(one(2.0), one(0.8), one(5000.0), 2500.0, 0.95) == pytest.approx(1.9 + 0.05 * 1.6, rel=1e-14)
    assert stocks.next_data(one(1.0), one(0.0), one(1.0), 1.0, 0.95)[0] ** 13.5 == pytest.approx(0.5, abs=1e-3)


def test_trust() -> None:
    assert stocks.trust_level(one(0.8), one(0.5), one(0.0), 0.6) == pytest.approx(0.76, rel=1e-14)
    assert stocks.trust_level(one(0.8), one(0.5), one(1.0), 0.6)[0] == 1.0  # disclosed: nothing to lose
    assert stocks.approach(one(1.0), one(0.76), 0.1) == pytest.approx(0.976, rel=1e-14)


def test_attention_does_not_scale() -> None:
    capacity = stocks.attention_capacity(5000.0, 0.3, one(0.5), one(1.0), one(0.4))
    assert capacity == pytest.approx(5000.0 * 1.06, rel=1e-14)
    few, many = (
        stocks.human_personalization(one(0.8), one(0.5), one(1.0), one(5000.0), one(load), 0.3, 0.25)[0]
        for load in (1000.0, 10_000.0)
    )
    assert few == pytest.approx(0.3 * 0.6 + 0.25 * 0.5, rel=1e-14)
    assert many == pytest.approx(few / 2, rel=1e-14)
    assert stocks.human_personalization(one(0.0), one(0.5), one(0.0), one(1.0), one(0.0), 0.3, 0.25)[0] == 0.3


def test_personalization() -> None:
    algorithmic = stocks.algorithmic_reach(one(0.9), one(0.5), one(0.8), one(0.5), 0.5)
    assert algorithmic == pytest.approx(0.9 * 0.5 * 0.8 * 0.5, rel=1e-14)
    assert stocks.personalization(one(0.3), algorithmic) == pytest.approx(1.0 - 0.7 * 0.82, rel=1e-14)


def test_locality_survives_what_fits_or_stays_human() -> None:
    assert stocks.locality(1.0, one(0.1), one(0.8), one(0.5)) == pytest.approx(1.0 - 0.9 * 0.4, rel=1e-14)
    assert stocks.locality(1.0, one(1.0), one(1.0), one(0.0))[0] == 1.0
    assert stocks.locality(1.0, one(0.0), one(1.0), one(0.0))[0] == 0.0


def test_quality_lifts_the_weak_by_contact_and_the_rest_by_the_tool() -> None:
    quality = np.array([-1.0, 0.9])
    lifted = stocks.expected_quality(quality, one(0.5), one(0.8), one(1.0), 0.5, one(0.1))
    assert lifted == pytest.approx([-1.0 + 0.5 * (0.8 * 1.5 + 0.1), 0.9 + 0.5 * 0.1], rel=1e-14)


def test_costs_to_the_consumer() -> None:
    assert stocks.distance_cost(2.52, 0.03, one(0.8)) == pytest.approx(2.52 * 0.976, rel=1e-14)
    assert stocks.alienation(1.0, one(0.8), one(0.5), one(0.1)) == pytest.approx(0.36, rel=1e-14)
    assert stocks.disclosure(0.5, one(1.0), one(0.8), one(0.5)) == pytest.approx(0.2, rel=1e-14)


def test_implementation_gains() -> None:
    assert stocks.trained(one(0.2), 1500.0, 1500.0) == pytest.approx(0.2 + 0.8 * (1 - math.exp(-1)), rel=1e-14)
    assert stocks.trained(one(0.2), 0.0, 1500.0)[0] == pytest.approx(0.2, abs=1e-16)
    assert stocks.phased(one(0.2), one(12.0), 0.5, 12.0) == pytest.approx(0.2 + 0.4 * (1 - math.exp(-1)), rel=1e-14)
    assert stocks.phased(one(0.2), one(0.0), 0.5, 12.0)[0] == 0.2


def test_awareness() -> None:
    moved = stocks.next_awareness(np.array([1.0, 1.0, 1.2, 0.8]), np.array([3.0, 1.0, 0.0, 0.0]),
                                  np.array([4.0, 2.0, 5.0, 0.0]), 0.05)  # fmt: skip
    # By hand: .95·1 + .05·(.5 + 3/4); half of the visitors are promoters; none is; nobody came.
    assert moved == pytest.approx([1.0125, 1.0, 1.165, 0.8], abs=1e-15)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_awareness_rests_at_a_half_plus_the_share_of_promoters(share: float) -> None:
    awareness = one(1.0)
    for _ in range(600):
        awareness = stocks.next_awareness(awareness, one(20.0 * share), one(20.0), 0.05)
    assert awareness[0] == pytest.approx(0.5 + share, abs=1e-6)
    assert stocks.next_awareness(one(0.5 + share), one(share), one(1.0), 0.05) == pytest.approx(
        [0.5 + share], abs=1e-15
    )
