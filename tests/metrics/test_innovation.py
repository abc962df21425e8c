"""Launches and how often they come, by hand; whether they pay is tests/agents/test_launches.py."""

from __future__ import annotations

import math

import numpy as np

from homogsim.metrics.innovation import innovation_velocity, is_launch


def test_launches() -> None:
    before, now = np.zeros((4, 2)), np.array([[0.3, 0.4], [0.3, 0.41], [0.0, 0.0], [0.0, 0.0]])
    np.testing.assert_array_equal(is_launch(now, before, 2.0, [False, False, True, False]), [False, True, True, False])
    unborn = np.full((1, 2), np.nan)
    np.testing.assert_array_equal(is_launch(now[:1], unborn, 2.0, [False]), [False])


def test_velocity() -> None:
    assert innovation_velocity(5, 600.0) == 0.1
    assert math.isnan(innovation_velocity(0, 0.0))
