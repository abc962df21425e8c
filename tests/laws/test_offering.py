"""How offering, process and identity move."""

from __future__ import annotations

import numpy as np
import pytest

from homogsim.laws import offering

ONE = np.ones(1)


def column(*values: float) -> np.ndarray:
    return np.array(values)[:, None]


def test_back_office_shows_through_spillover_only() -> None:
    contact, back_office = np.array([0.0, 0.3, 0.05]), np.array([1.0, 1.0, 1.0])
    assert offering.pull_intensity(contact, back_office, 0.1) == pytest.approx([0.1, 0.3, 0.1], abs=0)


def test_target_lies_between_template_and_identity() -> None:
    template, identity = column(1.0, 2.0), column(-1.0, 4.0)
    assert offering.tool_target(ONE * 0.0, template, identity) == pytest.approx(template, abs=0)
    assert offering.tool_target(ONE, template, identity) == pytest.approx(identity, abs=0)
    assert offering.tool_target(ONE * 0.25, template, identity) == pytest.approx(column(0.5, 2.5), abs=1e-15)


def test_differentiation_capital_holds_the_offering() -> None:
    assert offering.anchoring(0.05, np.array([0.0, 1.0, 1e12])) == pytest.approx([0.05, 0.075, 0.1], rel=1e-9)


def test_each_pull_moves_the_offering_by_its_share() -> None:
    now, identity, target, best = column(0.0), column(1.0), column(2.0), column(3.0)
    moved = offering.next_offering(now, identity, target, ONE * 0.03, ONE * 0.05, ONE * 0.01, best, column(0.004))
    assert moved == pytest.approx(column(0.03 * 2.0 + 0.05 * 1.0 + 0.01 * 3.0 + 0.004), abs=1e-15)


def test_process_follows_the_tool_and_the_identity() -> None:
    moved = offering.next_process(column(0.0), column(1.0), column(2.0), ONE * 0.03, 0.05, column(-0.001))
    assert moved == pytest.approx(column(0.03 * 2.0 + 0.05 - 0.001), abs=1e-15)


@pytest.mark.parametrize(
    ("gap", "expected"),
    [(10.0, 0.01), (0.05, 0.005), (1e-10, 0.0)],
    ids=["the full step when far away", "a tenth of the way when near", "nothing when there"],
)
def test_identity_steps_toward_unmet_demand(gap: float, expected: float) -> None:
    identity, taste = column(1.0, -1.0), np.array([4.0])
    toward = np.array([[0.6], [0.8]])
    wanted = taste * (identity + gap * toward)
    moved = offering.next_identity(identity, taste, wanted, 0.01)
    assert moved - identity == pytest.approx(expected * toward, abs=1e-12)


def test_identity_stays_without_customers() -> None:
    identity = column(1.0, -1.0)
    assert (offering.next_identity(identity, np.zeros(1), np.zeros((2, 1)), 0.01) == identity).all()


def test_share_of_identity() -> None:
    assert offering.share_of_identity(0.03, ONE * 0.8, ONE * 0.1, 0.05)[0] == pytest.approx(0.708, abs=5e-4)
    assert offering.share_of_identity(0.03, ONE, ONE * 0.2, 0.05)[0] == pytest.approx(0.70, abs=1e-12)
    assert offering.share_of_identity(0.03, ONE * 0.0, ONE * 0.2, 0.0)[0] == 1.0  # nothing pulls or holds


@pytest.mark.parametrize("rho", [0.05, 0.08])
@pytest.mark.parametrize("intensity", [0.0, 0.1, 0.8])
def test_mean_approach_is_the_mean_of_the_path(rho: float, intensity: float) -> None:
    # The mean over months 0 … n − 1 of a path that follows the law from x to its long-run point.
    identity, template, fit, n = column(2.0), column(-1.0), ONE * 0.3, 24
    now, path = column(0.5), []
    for _ in range(n):
        path.append(float(now[0, 0]))
        target = offering.tool_target(fit, template, identity)
        now = offering.next_offering(
            now, identity, target, ONE * 0.03 * intensity, ONE * rho, ONE * 0.0, now, np.zeros((1, 1))
        )
    share = offering.share_of_identity(0.03, ONE * intensity, fit, rho)[0]
    goal = share * 2.0 - (1.0 - share) * 1.0
    w = offering.mean_approach(0.03, ONE * intensity, rho, n)[0]
    assert 0.5 + w * (goal - 0.5) == pytest.approx(np.mean(path), rel=1e-12)


def test_mean_approach_when_nothing_moves() -> None:
    assert offering.mean_approach(0.03, ONE * 0.0, 0.0, 24)[0] == 0.0
