"""Sensitivity: functions whose indices are known, what is refused, and how much is luck."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from experiments.sweeps.fakes import good_again, quick, small_plan

from homogsim.errors import HomogsimError
from homogsim.experiments.sensitivity.analyses import analyse, sensitivity
from homogsim.experiments.sensitivity.discovery import find_box
from homogsim.experiments.sensitivity.noise import noise
from homogsim.experiments.sensitivity.outputs import Incomplete, Outputs, read_outputs
from homogsim.experiments.sweeps.designs import make_design
from homogsim.experiments.sweeps.factors import read_factors
from homogsim.experiments.sweeps.sweep import Options, sweep
from homogsim.scenario import Scenario
from homogsim.streams import Streams

THREE = ("firms.reinvestment=0:1", "firms.human_share=0:1", "offering.spillover=0:1")
SERIAL = Options(executor="serial")


def outputs(function, kind: str, samples: int, vary: tuple[str, ...] = THREE) -> Outputs:
    """Return a function of the unit cube as if it had been swept."""
    base = Scenario.read("baseline")
    design = make_design(kind, read_factors(vary, base), samples, 1, base)
    return Outputs("y", design, np.asarray(function(design.units()), dtype=np.float64)[:, None], common=True)


def ishigami(units: np.ndarray) -> np.ndarray:
    x = -math.pi + 2.0 * math.pi * units
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_sobol_indices_of_the_ishigami_function() -> None:
    """First order .3139, .4424, 0; total .5576, .4424, .2437 (Ishigami and Homma 1990)."""
    found = analyse(outputs(ishigami, "sobol", 1024), "sobol")
    for measure, known in (("first", (0.3139, 0.4424, 0.0)), ("total", (0.5576, 0.4424, 0.2437))):
        for effect, answer in zip(found.of(measure).values(), known, strict=True):
            assert effect.value == pytest.approx(answer, abs=0.03)
            assert effect.low <= answer + 0.02
            assert effect.high >= answer - 0.02
            assert 0.0 < effect.high - effect.low < 0.4


def test_morris_finds_size_sign_and_curvature() -> None:
    found = analyse(outputs(lambda u: 4.0 * u[:, 0] - 2.0 * u[:, 1] + 0.0 * u[:, 2], "morris", 12), "morris")
    assert [round(e.value, 9) for e in found.of("mu_star").values()] == [4.0, 2.0, 0.0]
    assert [round(e.value, 9) for e in found.of("mu").values()] == [4.0, -2.0, 0.0]
    assert [round(e.value, 9) for e in found.of("sigma").values()] == [0.0, 0.0, 0.0]
    curved = analyse(outputs(lambda u: u[:, 0] * u[:, 1], "morris", 12), "morris")
    assert curved.of("sigma")["firms.reinvestment"].value > 0.1


def test_pawn_ranks_and_finds_what_does_nothing() -> None:
    found = analyse(outputs(lambda u: 10.0 * u[:, 0] + u[:, 1], "lhs", 240), "pawn").of("median")
    first, second, nothing = found.values()
    assert first.value > 2.0 * second.value
    assert nothing.value < 0.3
    assert first.low < first.value < first.high


def test_regression_of_a_linear_function_is_exact() -> None:
    found = analyse(outputs(lambda u: 3.0 * u[:, 0] - 4.0 * u[:, 1], "lhs", 256), "regression")
    a, b, nothing = (effect.value for effect in found.of("coefficient").values())
    assert (a, b) == (pytest.approx(0.6, abs=0.06), pytest.approx(-0.8, abs=0.06))
    assert nothing == pytest.approx(0.0, abs=1e-9)
    assert found.explained == pytest.approx(1.0)


def test_a_regression_takes_words_by_their_rank() -> None:
    base = Scenario.read("baseline")
    vary = ("tools.contact_forced=false,true", "firms.human_share=0:1:8")
    design = make_design("grid", read_factors(vary, base), None, 1, base)
    values = np.array([[2.0 * bool(forced) - share] for forced, share in map(design.values, range(len(design)))])
    found = analyse(Outputs("y", design, values, common=True), "regression").of("coefficient")
    assert found["tools.contact_forced"].value > 0.9
    assert found["firms.human_share"].value < -0.2


@pytest.mark.parametrize(("of_points", "of_noise"), [(1.0, 1.0), (3.0, 1.0), (1.0, 0.0)])
def test_the_share_of_noise(of_points: float, of_noise: float) -> None:
    streams = Streams(5)
    points = np.sqrt(of_points) * streams.normal("design", np.arange(800))[:, None]
    luck = np.sqrt(of_noise) * streams.normal("design", np.arange(800)[:, None], index=1 + np.arange(4)[None, :])
    found = noise(points + luck, common=True)
    known = of_noise / (of_points + of_noise)
    assert found.share == pytest.approx(known, abs=0.05)
    assert found.low - 0.01 <= known <= found.high + 0.01
    assert found.common == pytest.approx(0.0, abs=0.01)  # nothing that all points share


def test_noise_that_all_points_share_is_told_apart() -> None:
    streams = Streams(5)
    points, seeds = streams.normal("design", np.arange(200))[:, None], streams.normal("design", 1000 + np.arange(5))
    found = noise(points + 3.0 * seeds[None, :], common=True)
    assert found.common == pytest.approx(found.share, abs=1e-6)
    assert found.share > 0.5
    assert math.isnan(noise(points, common=True).share)


def test_prim_finds_the_region() -> None:
    found = find_box(outputs(lambda u: ((u[:, 0] > 0.6) & (u[:, 1] < 0.4)).astype(float), "lhs", 300), above=0.5)
    limits = {limit.parameter: limit for limit in found.limits}
    assert set(limits) == {"firms.reinvestment", "firms.human_share"}
    assert limits["firms.reinvestment"].low == pytest.approx(0.6, abs=0.05)
    assert limits["firms.human_share"].high == pytest.approx(0.4, abs=0.05)
    assert {limit.role for limit in found.limits} == {"lever"}
    assert found.density >= 0.8
    assert found.coverage >= 0.8


def test_prim_may_be_kept_to_levers_or_uncertainties() -> None:
    given = outputs(lambda u: ((u[:, 0] > 0.6) & (u[:, 2] < 0.5)).astype(float), "lhs", 300)
    (limit,) = find_box(given, above=0.5, role="uncertainty").limits
    assert (limit.parameter, limit.role) == ("offering.spillover", "uncertainty")
    with pytest.raises(HomogsimError, match="which cases are of interest"):
        find_box(given)
    with pytest.raises(HomogsimError, match="holds at 0 of 300 points"):
        find_box(given, above=2.0)


def test_methods_refuse_designs_that_they_cannot_use() -> None:
    for method, kind, samples in (("sobol", "lhs", 64), ("morris", "sobol", 64)):
        with pytest.raises(HomogsimError, match=f"method {method} needs a design {method}"):
            analyse(outputs(ishigami, kind, samples), method)
    with pytest.raises(HomogsimError, match="no method 'magic'"):
        analyse(outputs(ishigami, "lhs", 64), "magic")
    with pytest.raises(HomogsimError, match="too few for a regression"):
        analyse(outputs(ishigami, "lhs", 8), "regression")
    with pytest.raises(HomogsimError, match="the same at all points"):
        analyse(outputs(lambda u: 0.0 * u[:, 0], "lhs", 64), "regression")


def test_incomplete_sweeps_and_undefined_values_are_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = tmp_path / "trouble"
    monkeypatch.setenv("HOMOGSIM_TEST_TROUBLE", str(trouble))
    whole, failed, part = (tmp_path / name for name in ("whole", "failed", "part"))
    sweep(small_plan(), whole, SERIAL, make=quick)
    with pytest.raises(Incomplete, match=r"mean_price is undefined in 30 runs \([0-9a-f]{20}, "):
        sensitivity(whole, "mean_price")
    with pytest.raises(HomogsimError, match="no metric 'diversity_gama'") as error:
        sensitivity(whole, "diversity_gama")
    assert "diversity_gamma" in error.value.help
    trouble.touch()
    sweep(small_plan(), failed, SERIAL, make=good_again)
    with pytest.raises(Incomplete, match=r"10 runs are not ok \([0-9a-f]{20}, "):
        sensitivity(failed, "n_firms")
    looks = iter(range(3))
    sweep(small_plan(), part, SERIAL, make=quick, stop=lambda: next(looks, None) is None)
    with pytest.raises(Incomplete, match="of 30 runs are not stored"):
        sensitivity(part, "n_firms")
    assert read_outputs(whole, "n_firms").values.shape == (15, 2)
