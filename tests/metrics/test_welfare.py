"""Surplus, its exact decomposition (known answer 26), and who loses."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from homogsim.metrics.welfare import (
    change_by_quartile,
    consumer_surplus,
    personalization_gap,
    shapley_decomposition,
    share_losing,
    taste_quartile,
    total_welfare,
    weighted_share,
)

PARTS = ("price", "quality", "fit", "personalization", "locality", "firms", "chains")


def surplus(changed: frozenset[str]) -> float:
    """A small market whose parts interact: two firms, one of which appears with the part `firms`."""
    price = 7.5 if "price" in changed else 8.0
    V = 10.0 - price + 0.8 * ("quality" in changed) - 1.1 * ("fit" in changed) + 0.3 * ("personalization" in changed)
    V -= 0.4 * ("locality" in changed) * price / 8
    firms = [V, V - 0.5] if "firms" in changed else [V]
    if "chains" in changed:
        firms.append(1.5)
    return 1e6 * math.log(1 + sum(math.exp(v / 1.8) for v in firms))


def test_parts_sum_to_the_whole() -> None:
    parts = shapley_decomposition(surplus, PARTS)
    whole = surplus(frozenset(PARTS)) - surplus(frozenset())
    assert sum(parts.values()) == pytest.approx(whole, abs=1e-10 * surplus(frozenset(PARTS)))


def test_parts_are_averages_over_all_orders() -> None:
    few = PARTS[:4]
    expected = dict.fromkeys(few, 0.0)
    for order in permutations(few):
        changed: frozenset[str] = frozenset()
        for part in order:
            expected[part] += (surplus(changed | {part}) - surplus(changed)) / 24
            changed |= {part}
    assert shapley_decomposition(surplus, few) == pytest.approx(expected, abs=1e-6)


def test_shapley_by_hand() -> None:
    # v({a}) = 1, v({b}) = 2, v({a, b}) = 6: a adds 1 or 4, b adds 2 or 5.
    value = {frozenset(): 0.0, frozenset("a"): 1.0, frozenset("b"): 2.0, frozenset("ab"): 6.0}
    assert shapley_decomposition(value.__getitem__, ("a", "b")) == pytest.approx({"a": 2.5, "b": 3.5}, abs=1e-15)


def test_a_part_without_effect_gets_nothing_and_each_set_is_asked_once() -> None:
    asked: list[frozenset[str]] = []

    def value(changed: frozenset[str]) -> float:
        asked.append(changed)
        return surplus(changed - {"chains"})

    assert shapley_decomposition(value, PARTS)["chains"] == 0
    assert len(asked) == len(set(asked)) == 128


def test_shapley_refuses() -> None:
    with pytest.raises(ValueError, match="up to 7"):
        shapley_decomposition(lambda s: 0.0, [*PARTS, "weather"])
    with pytest.raises(ValueError, match="different"):
        shapley_decomposition(lambda s: 0.0, ["price", "price"])
    assert shapley_decomposition(lambda s: 1.0, []) == {}


def test_surplus_falls_with_a_price_by_what_is_bought() -> None:
    rng = np.random.default_rng(0)
    alpha, W, mu = rng.lognormal(sigma=0.2, size=50), rng.random(50), 1.8
    p, V = np.array([8.0, 9.0, 10.0]), rng.normal(12, 1, (50, 3))

    def inclusive(price: np.ndarray) -> np.ndarray:
        return np.log1p(np.exp((V - alpha[:, None] * price) / mu).sum(axis=1))

    e = np.exp((V - alpha[:, None] * p) / mu)
    Q = (W[:, None] * e / (1 + e.sum(axis=1, keepdims=True))).sum(axis=0)
    for j in range(3):
        step = 1e-4 * np.eye(3)[j]
        change = consumer_surplus(inclusive(p + step), alpha, W, mu) - consumer_surplus(
            inclusive(p - step), alpha, W, mu
        )
        assert change / 2e-4 == pytest.approx(-Q[j], rel=1e-6)


def test_surplus_of_nobody() -> None:
    assert math.isnan(consumer_surplus([], [], [], 1.8))
    assert consumer_surplus([0.0], [1.0], [5.0], 1.8) == 0


def test_total_welfare() -> None:
    assert total_welfare(100, 20, 10, 5, 30, 7, 3) == 155
    assert math.isnan(total_welfare(100, 20, math.nan, 5, 30, 7, 3))


def test_share_losing() -> None:
    before, after, weights = [1.0, 2.0, 3.0, 4.0], [0.9, 2.0, 3.5, 1.0], [1, 2, 3, 4]
    assert share_losing(before, after, weights) == pytest.approx(0.5)
    assert share_losing(before, after, weights, smallest_loss=0.5) == pytest.approx(0.4)
    assert share_losing(before, before, weights) == 0
    assert math.isnan(share_losing([], [], []))
    assert weighted_share([True, False], [1, 3]) == 0.25


def test_quartiles() -> None:
    np.testing.assert_array_equal(taste_quartile([4, 1, 3, 2, 8, 5, 7, 6], np.ones(8)), [1, 0, 1, 0, 3, 2, 3, 2])
    # equal weight, not equal numbers
    np.testing.assert_array_equal(taste_quartile([1, 2, 3, 4], [3, 3, 3, 3]), [0, 1, 2, 3])
    np.testing.assert_array_equal(taste_quartile([1, 2, 3, 4, 5], [4, 1, 1, 1, 1]), [0, 2, 2, 3, 3])
    # sixteen tenths do not sum to exact quarters
    np.testing.assert_array_equal(taste_quartile(np.arange(16), np.full(16, 0.1)), np.repeat([0, 1, 2, 3], 4))
    assert taste_quartile([], []).size == 0


def test_quartiles_hold_equal_weight_in_any_order() -> None:
    rng = np.random.default_rng(1)
    distance, weights, shuffled = rng.random(1000), rng.random(1000), rng.permutation(1000)
    quartile = taste_quartile(distance, weights)
    np.testing.assert_allclose(np.bincount(quartile, weights) / weights.sum(), 0.25, atol=0.002)
    np.testing.assert_array_equal(taste_quartile(distance[shuffled], weights[shuffled]), quartile[shuffled])
    tied = np.round(distance, 1)
    moved = taste_quartile(tied[shuffled], weights[shuffled])
    np.testing.assert_array_equal(moved, taste_quartile(tied, weights)[shuffled])


def test_change_by_quartile() -> None:
    change = change_by_quartile([8, 6, 4, 2, 0, -2, -4, -6], np.arange(8), [1, 1, 1, 1, 1, 1, 3, 1])
    # weight 10: a quarter is reached by the third consumer, half by the fifth, three quarters by the seventh
    np.testing.assert_allclose(change, [6, 1, (-2 - 12) / 4, -6])
    alike = change_by_quartile([1.0, 2.0], [5.0, 5.0], [1, 1])
    assert alike[0] == 1.5
    assert np.isnan(alike[1:]).all()


def test_personalization_gap() -> None:
    distance = np.arange(8.0)
    assert personalization_gap(2 + 0.5 * distance, distance, np.ones(8)) == pytest.approx(3.0)
    assert personalization_gap(np.ones(8), distance, np.ones(8)) == 0
    assert math.isnan(personalization_gap([1.0], [1.0], [1.0]))
