"""Survival by a changing state: curves by state, and the log-rank test against SciPy and plain loops."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from scipy import stats

from homogsim.metrics.spells import Spells, chi_square_tail, kaplan_meier_by_state, log_rank
from homogsim.metrics.survival import kaplan_meier, survival_at

Change = tuple[int, float, int]
"""Row of a business, its age, and the state it is in from then on."""


def lives_cut(
    durations: Iterable[float],
    events: Iterable[bool],
    changes: Iterable[Change] = (),
    first: Sequence[int] | None = None,
) -> Spells:
    """Cut lives at changes of state; who closes at the age of a change closes in the old state."""
    by_business: dict[int, dict[float, int]] = {}
    for business, age, state in changes:
        by_business.setdefault(int(business), {})[float(age)] = int(state)
    rows = []
    for business, (end, closed) in enumerate(zip(durations, events, strict=True)):
        start, state = 0.0, 0 if first is None else int(first[business])
        for age, following in sorted(by_business.get(business, {}).items()):
            if start < age < end:
                rows.append((start, age, False, state, business))
                start = age
            if age < end:
                state = following
        rows.append((start, float(end), bool(closed), state, business))
    columns = zip(*rows, strict=True) if rows else [()] * 5
    return Spells(*(np.array(c, dtype=t) for c, t in zip(columns, (float, float, bool, int, int), strict=True)))


def random_spells(seed: int, n: int = 120, states: int = 3) -> Spells:
    rng = np.random.default_rng(seed)
    closing, end = rng.geometric(0.04, n), rng.integers(10, 60, n)
    changes = zip(rng.integers(0, n, 2 * n), rng.integers(0, 60, 2 * n), rng.integers(0, states, 2 * n), strict=True)
    return lives_cut(np.minimum(closing, end), closing <= end, changes, rng.integers(0, states, n).tolist())


def chi_square_by_loops(spells: Spells, states: int) -> float:
    """Compute χ² age by age with plain loops, leaving out the last state."""
    excess, covariance = np.zeros(states), np.zeros((states, states))
    for t in sorted(set(spells.stop[spells.event].tolist())):
        n = [0] * states
        d = [0] * states
        for start, stop, event, state in zip(spells.start, spells.stop, spells.event, spells.state, strict=True):
            n[state] += int(start < t <= stop)
            d[state] += int(event and stop == t)
        total, closed = sum(n), sum(d)
        for k in range(states):
            excess[k] += d[k] - closed * n[k] / total
            for m in range(states):
                if total > 1:
                    factor = closed * (total - closed) / (total - 1)
                    covariance[k, m] += factor * n[k] / total * ((k == m) - n[m] / total)
    u, v = excess[:-1], covariance[:-1, :-1]
    return float(u @ np.linalg.solve(v, u))


def test_two_fixed_groups_are_scipys() -> None:
    rng = np.random.default_rng(3)
    state = np.arange(90) % 2
    closing, end = rng.geometric(np.where(state == 1, 0.06, 0.03)), rng.integers(5, 50, 90)
    durations, events = np.minimum(closing, end).astype(float), closing <= end
    ours = log_rank(lives_cut(durations, events, first=state.tolist()), 2)
    samples = [
        stats.CensoredData(uncensored=durations[here & events], right=durations[here & ~events])
        for here in (state == 0, state == 1)
    ]
    theirs = stats.logrank(*samples)
    assert ours.statistic == pytest.approx(theirs.statistic**2, rel=1e-10)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-10)
    assert ours.freedom == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_changing_states_against_loops(seed: int) -> None:
    spells = random_spells(seed)
    test = log_rank(spells, 3)
    assert test.statistic == pytest.approx(chi_square_by_loops(spells, 3), rel=1e-9)
    assert test.p_value == pytest.approx(stats.chi2.sf(test.statistic, 2), rel=1e-10)
    assert test.observed.sum() == spells.event.sum()
    assert test.expected.sum() == pytest.approx(test.observed.sum(), rel=1e-12)


def test_states_nobody_is_in_do_not_count() -> None:
    spells = random_spells(4, states=2)
    wider, narrow = log_rank(spells, 5), log_rank(spells, 2)
    assert wider.freedom == narrow.freedom == 1
    assert wider.statistic == pytest.approx(narrow.statistic, rel=1e-9)


def test_one_state_or_no_closing_is_no_test() -> None:
    for spells in (
        lives_cut([5, 7], [True, True]),
        lives_cut([5, 7], [False, False], [(1, 3, 1)]),
        lives_cut([], []),
    ):
        assert math.isnan(log_rank(spells, 2).p_value)
        assert math.isnan(log_rank(spells, 2).statistic)


def test_curves_by_state() -> None:
    spells = random_spells(5)
    curves = kaplan_meier_by_state(spells, 4)
    for k in range(3):
        here = spells.state == k
        alone = kaplan_meier(spells.stop[here], spells.event[here], spells.start[here])
        np.testing.assert_array_equal(curves[k].survival, alone.survival)
    assert math.isnan(survival_at(curves[3], 12))
    one = kaplan_meier_by_state(spells._replace(state=np.zeros_like(spells.state)), 1)[0]
    total = np.bincount(spells.business, spells.stop - spells.start)
    whole = kaplan_meier(total, np.bincount(spells.business, spells.event) > 0)
    np.testing.assert_allclose(one.survival, whole.survival, atol=1e-15)


def test_adopters_do_not_look_immortal() -> None:
    """A tool without effect: told by what they ever used adopters live longer, told by what they use they do not."""
    rng = np.random.default_rng(6)
    durations, adoption = rng.geometric(0.02, 3000).astype(float), rng.geometric(0.02, 3000)
    adopted = adoption < durations
    events, who = np.ones(3000, dtype=bool), np.flatnonzero(adopted)
    ever = log_rank(lives_cut(durations, events, first=adopted.astype(int).tolist()), 2)
    while_used = log_rank(lives_cut(durations, events, ((j, adoption[j], 1) for j in who)), 2)
    assert ever.p_value < 1e-20
    assert while_used.p_value > 0.01


@pytest.mark.parametrize("freedom", range(1, 8))
def test_tail_of_chi_square_is_scipys(freedom: int) -> None:
    for x in (0.0, 1e-6, 0.1, 1.0, 3.84, 20.0, 300.0):
        assert chi_square_tail(x, freedom) == pytest.approx(float(stats.chi2.sf(x, freedom)), rel=1e-12)
