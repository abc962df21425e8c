"""Known parameters are found again, from data made with other seeds; at full size by `make recovery`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from experiments.tiny import TINY

from homogsim.experiments.calibration.recovery import FULL, Recovered, Study, main, recover
from homogsim.experiments.moments import MOMENTS
from homogsim.parameters import declared

ROOMY = TINY | {
    "world.consumers": 40,
    "world.sites": 16,
    "world.occupied": 11,
    "calendar.warm_up": 0,
    "calendar.before": 18,
}
SMALL = Study(
    bounds={"consumers.choice_noise": (1.0, 3.0), "firms.cost_sd": (0.05, 0.6)},
    truth={"consumers.choice_noise": 2.2, "firms.cost_sd": 0.38},
    widths={"own_price_elasticity": 0.1, "price_dispersion": 0.02},
    set=ROOMY,
    budget=31,
    months=2,
)


def test_known_parameters_are_recovered(tmp_path: Path) -> None:
    """Stated is how much the estimate varies with the seeds of the simulation; data are a mean over seeds as well."""
    recovery = recover(SMALL, tmp_path / "c", jobs=1)
    found = recovery.calibration
    assert found.best.distance < found.evaluations[0].distance / 50
    assert not any(direction.flat for direction in found.identification.directions)
    assert [one.start for one in recovery.parameters] == [1.8, 0.27]
    for one in recovery.parameters:
        assert one.stated < 0.15 * one.truth
        assert one.within, one


def test_what_is_not_found_is_told(tmp_path: Path, capsys) -> None:
    """One evaluation finds nothing but the start; a second call finds it in the folder and says the same."""
    short = replace(SMALL, budget=1, seeds=1, data_seeds=1)
    assert main([str(tmp_path / "c")], short) == 1
    told = capsys.readouterr().out
    assert "truth 2.2, started from 1.8, found 1.8" in told
    assert "NOT found" in told
    assert main([str(tmp_path / "c")], short) == 1
    assert capsys.readouterr().out == told
    assert main([]) == 2
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter").write_text("keep me")
    assert main([str(tmp_path / "other")], short) == 2
    assert "Error:" in capsys.readouterr().err


def test_within_three_stated_errors() -> None:
    assert Recovered("a", 0.0, 1.0, 1.29, 0.1).within
    assert not Recovered("a", 0.0, 1.0, 1.31, 0.1).within


def test_the_full_study_names_what_there_is() -> None:
    assert FULL.bounds.keys() == FULL.truth.keys()
    assert FULL.widths.keys() <= MOMENTS.keys()
    for name, (low, high) in FULL.bounds.items():
        assert declared()[name].low <= low < FULL.truth[name] < high <= declared()[name].high


@pytest.mark.parametrize("study", [SMALL, FULL], ids=["small", "full"])
def test_the_start_is_not_the_truth(study: Study) -> None:
    for name, (low, high) in study.bounds.items():
        assert abs(declared()[name].default - study.truth[name]) > 0.1 * (high - low)
