"""What a panel met and came back to, against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from homogsim.metrics.panel import experienced_richness, repeat_share, repeat_spending


def richness_by_loops(visits: np.ndarray) -> float:
    return sum(len(set(row.tolist()) - {-1}) for row in visits) / len(visits)


def repeats_by_loops(visits: np.ndarray, window: int, since: int) -> float:
    counted = back = 0
    for row in visits.tolist():
        for business in set(row) - {-1}:
            met = [month for month, whom in enumerate(row) if whom == business]
            if since <= met[0] and met[0] + window < len(row):
                counted += 1
                back += any(met[0] < month <= met[0] + window for month in met)
    return back / counted


def panel(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    businesses = 4096 * rng.integers(0, 30, 9) + rng.integers(1, 2000, 9)
    return np.where(rng.random((40, 30)) < 0.4, businesses[rng.integers(0, 9, (40, 30))], -1)


@pytest.mark.parametrize("seed", [1, 2])
def test_richness(seed: int) -> None:
    assert experienced_richness(panel(seed)) == pytest.approx(richness_by_loops(panel(seed)), abs=1e-12)


def test_richness_by_hand() -> None:
    visits = [[-1, 7, 7, 9], [-1, -1, -1, -1]]
    assert experienced_richness(visits) == 1
    assert experienced_richness(visits, [3, 1]) == 1.5
    assert math.isnan(experienced_richness(np.empty((0, 12), dtype=int)))
    assert math.isnan(experienced_richness(np.empty((5, 0), dtype=int)))


@pytest.mark.parametrize(("seed", "window", "since"), [(1, 12, 0), (2, 12, 6), (3, 3, 10)])
def test_repeats(seed: int, window: int, since: int) -> None:
    expected = repeats_by_loops(panel(seed), window, since)
    assert 0 < expected < 1
    assert repeat_share(panel(seed), window, since) == pytest.approx(expected, abs=1e-12)


def test_repeats_by_hand() -> None:
    # 5 met at 0, back at 2; 8 met at 1, never back; 6 first met too late to tell
    assert repeat_share([[5, 8, 5, 6, -1]], window=2) == 0.5
    assert repeat_share([[5, -1, -1, 5, -1]], window=2) == 0
    assert math.isnan(repeat_share([[5, 5, 5]], window=12))
    assert math.isnan(repeat_share([[-1, -1, -1]], window=1))


def test_repeat_spending_by_hand() -> None:
    # $3 at 7, visited before; $2 at 8, not; $5 at 9, visited before by somebody else only
    before = [[-1, 7, 5], [7, -1, -1], [8, -1, -1]]
    assert repeat_spending([7, 8, 9], before, [3.0, 2.0, 5.0]) == pytest.approx(0.3)
    assert math.isnan(repeat_spending([], np.empty((0, 12), dtype=int), []))
