"""Stored summary numbers of every preset at a small size: a change of results is noticed, and made on purpose.

To renew them (and say so in CHANGELOG.md, marked **[numbers]**):

    python -m pytest tests/baselines tests/analytic/test_same_bits.py --update-baselines
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from small_markets import SMALL, model

from homogsim.scenario import Scenario, presets

STORED = Path(__file__).parent / "stored"
SIZE = SMALL | {"calendar.before": 24, "calendar.months": 60}
ARRIVAL = 12
"""Month in which chains arrive, in presets in which they would come after the small run."""
SEED = 1
TOLERANCE = 1e-9
RENEW = "`python -m pytest tests/baselines tests/analytic/test_same_bits.py --update-baselines` renews"


def numbers(preset: str) -> dict[str, float | None]:
    """Return the summary of a small run, None for what is not defined, and how the run ended."""
    late = Scenario.read(preset).parameters.chains.arrival > ARRIVAL
    sooner = {"chains.arrival": ARRIVAL} if late else {}
    results = model(preset, SIZE, sooner, seed=SEED).run().results()
    found = results.summary | {"scale": results.scale, "businesses": float(len(results.firms))}
    return {name: None if math.isnan(value) else value for name, value in sorted(found.items())}


def stored(preset: str) -> dict[str, float | None]:
    path = STORED / f"{preset}.json"
    assert path.exists(), f"nothing is stored for {preset}: {RENEW}"
    return json.loads(path.read_text(encoding="utf-8"))


def same(found: float | None, kept: float | None) -> bool:
    if found is None or kept is None:
        return found is kept
    return math.isclose(found, kept, rel_tol=TOLERANCE, abs_tol=1e-12)


@pytest.mark.parametrize("preset", sorted(presets()))
def test_summary_is_as_stored(preset: str, request: pytest.FixtureRequest) -> None:
    found = numbers(preset)
    if request.config.getoption("--update-baselines"):
        (STORED / f"{preset}.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    kept = stored(preset)
    assert kept.keys() <= found.keys()  # a new metric is stored when the baselines are renewed
    changed = {name: (kept[name], found[name]) for name in kept if not same(found[name], kept[name])}
    assert not changed, (
        f"{preset}: {len(changed)} of {len(kept)} numbers differ from the stored ones (stored, found). "
        f"If that is meant: {RENEW}"
    )


def test_nothing_is_stored_for_a_preset_that_is_gone(request: pytest.FixtureRequest) -> None:
    gone = [path for path in STORED.glob("*.json") if path.stem not in {*presets(), "same-bits"}]
    if request.config.getoption("--update-baselines"):
        for path in gone:
            path.unlink()
        gone = []
    assert not gone, RENEW
