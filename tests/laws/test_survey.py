"""What is counted of all consumers in one pass."""

from __future__ import annotations

import numpy as np
import pytest

from homogsim.laws.survey import census

GROUPS = 4


@pytest.mark.parametrize("gained", ["finite", "nothing to choose"])
def test_a_census_counts_what_arrays_would(gained: str) -> None:
    luck, people, sites = np.random.default_rng(1), 5000, 30
    before = luck.integers(-1, sites, people).astype(np.int32)
    now = np.where(luck.random(people) < 0.5, before, luck.integers(-1, sites, people)).astype(np.int32)
    is_small, group = luck.random(sites) < 0.7, luck.integers(0, GROUPS, people).astype(np.int8)
    surplus = luck.normal(20.0, 10.0, people)
    if gained == "nothing to choose":
        surplus[7] = -np.inf
    had, have, stayed, total = census(before, now, is_small, surplus, group, GROUPS)
    small = np.append(is_small, False)  # its last entry, −1, is nowhere
    assert (had, have) == (small[before].sum(), small[now].sum())
    same = before[(before == now) & small[before]]
    assert stayed.tolist() == np.bincount(same, minlength=sites).tolist()
    assert total.tolist() == np.bincount(group, surplus, minlength=GROUPS).tolist()


def test_nobody_counts_nothing() -> None:
    nobody = np.empty(0, dtype=np.int32)
    had, have, stayed, total = census(
        nobody, nobody, np.ones(2, dtype=bool), np.empty(0), np.empty(0, dtype=np.int8), GROUPS
    )
    assert (had, have, stayed.tolist(), total.tolist()) == (0, 0, [0, 0], [0.0] * GROUPS)
