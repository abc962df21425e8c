"""What the presets expect, on small markets: every claim can be measured, and the strongest ones come out.

The full size, on fresh seeds, is `make expect`.
"""

from __future__ import annotations

import math

import pytest

from homogsim.experiments.expect import Report, claims_of, expect
from homogsim.scenario import Scenario, presets

SIZE: dict[str, object] = {
    "world.towns": 2, "world.sectors": 2, "world.sites": 6, "world.occupied": 4, "world.consumers": 40,
    "calendar.warm_up": 6, "calendar.before": 12, "calendar.months": 64,
    # so that tools, and chains, are there in time
    "tools.heard_alone": 0.3, "chains.arrival": 12,
}  # fmt: skip

FEW_TOWNS: dict[str, object] = {
    "world.towns": 3, "world.consumers": 60, "calendar.warm_up": 12, "calendar.before": 12, "calendar.months": 48,
    "tools.heard_alone": 0.2,
}  # fmt: skip

STUDIES = (
    "bakery-town", "bookshops", "boutique-online", "clinic", "coffee-street", "craft-brewers", "machine-shop",
    "restaurant-row",
)  # fmt: skip


@pytest.fixture(scope="module")
def measured() -> Report:
    """Return what all presets came to on one seed."""
    return expect(set=SIZE, replications=1, seed=60_000, jobs=1)


def test_every_claim_can_be_measured(measured: Report) -> None:
    assert not measured.lost
    undefined = [(f.scenario, f.expectation.metric) for f in measured.findings if not math.isfinite(f.found.difference)]
    assert undefined == []
    assert {f.scenario for f in measured.findings} == presets().keys()


@pytest.mark.parametrize("name", sorted(presets()))
def test_claims_compare_what_differs(name: str) -> None:
    """A claim about two markets that are the same, bit for bit, would hold of anything or nothing."""
    for claim in claims_of(Scenario.read(name), {}):
        assert claim.other is None or claim.other.fingerprint() != claim.scenario.fingerprint()


def test_claims_of_the_sector_studies() -> None:
    """On a third of their towns: nothing comes out against a claim, and the strongest come out."""
    report = expect(*STUDIES, set=FEW_TOWNS, replications=2, seed=60_000, jobs=1)
    assert [(f.scenario, f.expectation.metric) for f in report.failed] == []
    found = {(f.scenario, f.expectation.metric): f.found.difference for f in report.findings}
    assert found["bookshops", "mean_personalization"] > 0.0
    assert found["boutique-online", "mean_personalization"] > 0.0
    assert found["coffee-street", "diversity_gamma"] < 0.0
    assert found["restaurant-row", "n_firms"] < 0.0
    assert found["bakery-town", "process_diversity_gamma"] < 0.0
    assert found["machine-shop", "mean_quality"] > 0.0


def test_claims_about_standardization_hold_on_small_markets() -> None:
    names = ("plug-and-play", "invisible-back-office")
    report = expect(*names, set=FEW_TOWNS | {"world.sectors": 2}, replications=3, seed=60_000, jobs=1)
    held = {(f.scenario, f.expectation.metric) for f in report.findings if f.verdict == "held"}
    assert {(name, "process_distance") for name in names} <= held
    assert ("invisible-back-office", "mean_personalization") in held
    assert report.failed == ()
