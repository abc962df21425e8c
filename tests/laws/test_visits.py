"""What consumers remember of where they went."""

from __future__ import annotations

import numpy as np

from homogsim.laws.visits import forget_sites


def test_only_sites_that_closed_are_forgotten() -> None:
    last = np.array([-1, 0, 1, 2, 3, 2, -1, 0], dtype=np.int32)
    forget_sites(last, np.array([True, False, True, False]), np.array([0, 3, 8]), np.array([True, True]))
    assert last.tolist() == [-1, -1, 1, -1, 3, -1, -1, -1]


def test_who_was_nowhere_stays_nowhere() -> None:
    last = np.full(5, -1, dtype=np.int32)
    forget_sites(last, np.array([False, False]), np.array([0, 5]), np.array([True]))
    assert (last == -1).all()


def test_only_cells_that_reach_a_closed_site_are_gone_through() -> None:
    last = np.array([0, 1, 0, 1], dtype=np.int32)
    forget_sites(last, np.array([True, False]), np.array([0, 2, 2, 4]), np.array([True, True, False]))
    assert last.tolist() == [-1, 1, 0, 1]
