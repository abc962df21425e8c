"""The targets: complete, honest about their sources, and refused when they are not."""

from __future__ import annotations

from collections import Counter

import pytest

from homogsim.errors import HomogsimError
from homogsim.experiments.moments import MOMENTS
from homogsim.experiments.targets import USES, parse, targets
from homogsim.scenario import presets

GOOD = """
[[target]]
id = "a"
target = 0.5
lo = 0.4
hi = 0.6
unit = "share"
moment = "m"
status = "memory"
use = "fit"
source = "s"
measure = "exit_rate"
preset = "baseline"
"""


def test_there_are_42_of_three_uses() -> None:
    book = targets()
    assert len(book.targets) == 42
    assert Counter(t.use for t in book.targets) == {"fit": 18, "validate": 16, "prior": 8}
    assert Counter(t.status for t in book.targets) == {"verified": 25, "secondary": 8, "memory": 8, "seed": 1}
    assert {t.id for t in book.targets if t.status == "seed"} == {"roi12_positive"}
    assert book.months == {"before-automation": 420}


def test_bands_are_those_of_the_sources() -> None:
    found = {t.id: (t.target, t.lo, t.hi) for t in targets().targets}
    assert found["surv_1y"] == (0.796, 0.78, 0.85)
    assert found["surv_10y"] == (0.347, 0.33, 0.42)
    assert found["own_price_elasticity_outlet"] == (-3.0, -4.0, -2.0)
    assert found["net_margin"] == (0.045, 0.02, 0.09)
    assert found["independent_outlet_share"] == (0.53, 0.5, 0.58)
    assert found["ai_use_2023_2024"] == (0.037, 0.037, 0.054)


def test_every_target_is_expressed_or_says_why_not() -> None:
    for target in targets().targets:
        if target.expressed:
            assert target.measure in MOMENTS
            assert target.preset in presets()
        else:
            assert len(target.not_expressed) > 20
            assert target.use != "fit"
        assert target.source
        assert target.url != "same"


def test_every_moment_is_asked_for() -> None:
    assert {t.measure for t in targets().targets if t.expressed} == set(MOMENTS)


def test_a_band_holds_its_ends_and_no_nan() -> None:
    target = targets().select("exit_rate")[0]
    assert target.holds(target.lo)
    assert target.holds(target.hi)
    assert not target.holds(target.hi + 1e-9)
    assert not target.holds(float("nan"))
    assert target.miss(target.hi) == pytest.approx(1.0)


def test_selection_by_use_and_id() -> None:
    book = targets()
    assert book.select("all") == book.targets
    assert all(t.use == "fit" for t in book.select("fit"))
    assert [t.id for t in book.select("net_margin, exit_rate,exit_rate")] == ["exit_rate", "net_margin"]
    assert sum(len(book.select(use)) for use in USES) == 42


@pytest.mark.parametrize(("names", "what", "helps"), [
    ("exit_rat", "no target 'exit_rat'", "exit_rate"),
    ("fits", "no target 'fits'", "fit"),
    ("", "no target is named", "--targets fit"),
    (",", "no target is named", "--targets fit"),
])  # fmt: skip
def test_unknown_targets(names: str, what: str, helps: str) -> None:
    with pytest.raises(HomogsimError) as caught:
        targets().select(names)
    assert what in caught.value.what
    assert helps in caught.value.help


@pytest.mark.parametrize(("old", "new", "what"), [
    ("lo = 0.4", "lo = 0.55", "outside its own band"),
    ("hi = 0.6", "hi = inf", "no finite number"),
    ("hi = 0.6", 'hi = "much"', "no finite number"),
    ("hi = 0.6", "", "lacks hi"),
    ('use = "fit"', 'use = "tune"', "unknown use"),
    ('status = "memory"', 'status = "sure"', "unknown status"),
    ('preset = "baseline"', "", "not_expressed"),
    ('unit = "share"', 'unit = "share"\nweight = 0', "unknown entry weight"),
    ('unit = "share"', "unit = ", "no TOML"),
])  # fmt: skip
def test_malformed_targets_are_refused(old: str, new: str, what: str) -> None:
    assert len(parse(GOOD).targets) == 1
    with pytest.raises(HomogsimError, match=what):
        parse(GOOD.replace(old, new))


def test_a_target_twice_is_refused() -> None:
    with pytest.raises(HomogsimError, match="the target a is there twice"):
        parse(GOOD + GOOD)
