"""Calibration: parameters asked for, the objective, resuming, what cannot be identified, and recovery."""

from __future__ import annotations

import builtins
import json
import math
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from experiments.tiny import TINY

from homogsim.errors import HomogsimError
from homogsim.experiments import replicate
from homogsim.experiments.calibration.calibrate import MEASURED_BY, NothingFound, calibrate, plan
from homogsim.experiments.calibration.free import Free, read_free
from homogsim.experiments.calibration.identification import directions, identify, neighbours
from homogsim.experiments.calibration.objective import Evaluation
from homogsim.experiments.calibration.search import search
from homogsim.experiments.targets import Target
from homogsim.parameters import declared
from homogsim.results.code import digest_of
from homogsim.scenario import Scenario

NAMES = "consumers.choice_noise=1.0:3.0,firms.cost_sd=0.05:0.6"
SHORT = TINY | {"calendar.warm_up": 0, "calendar.before": 3}
OPTIONS = {
    "targets_": "own_price_elasticity_outlet,price_dispersion_cv", "set": SHORT, "months": 2, "replications": 2,
    "jobs": 1,
}  # fmt: skip


def target(measure: str, value: float, half: float, preset: str = "before-automation") -> Target:
    return Target(
        id=measure, target=value, lo=value - half, hi=value + half, unit="", moment="", status="memory", use="fit",
        source="", measure=measure, preset=preset,
    )  # fmt: skip


@cache
def baseline() -> Scenario:
    return Scenario.read("baseline")


# --- parameters -----------------------------------------------------------------------------------------------------


def test_names_with_and_without_bounds() -> None:
    one, two = read_free("consumers.choice_noise, finance.retirement=0.001:0.01", baseline())
    declaration = declared()["consumers.choice_noise"]
    assert one == Free("consumers.choice_noise", declaration.low, declaration.high, 1.8, False)
    assert two == Free("finance.retirement", 0.001, 0.01, 0.0045, False)


def test_a_start_outside_the_bounds_moves_inside() -> None:
    (one,) = read_free("consumers.choice_noise=2:3", baseline())
    assert one.start == 2.0
    assert one.unit(one.start) == 0.0


def test_whole_numbers_stay_whole() -> None:
    (one,) = read_free("vendors.per_tier=1:12", baseline())
    assert one.whole
    assert {type(one.value(u)) for u in np.linspace(0, 1, 7)} == {int}
    assert one.step == pytest.approx(1 / 11)


def test_a_file_of_parameters(tmp_path: Path) -> None:
    path = tmp_path / "free.toml"
    path.write_text(
        "[consumers]\nchoice_noise = [1.0, 3.0]\n[finance]\nretirement = []\n[tools.custom]\nupfront_cost = [1e4, 5e4]"
    )
    assert [(one.name, one.low, one.high) for one in read_free(str(path), baseline())] == [
        ("consumers.choice_noise", 1.0, 3.0), ("finance.retirement", 0.0, 1.0), ("tools.custom.upfront_cost", 1e4, 5e4),
    ]  # fmt: skip


@pytest.mark.parametrize(("given", "what", "helps"), [
    ("consumers.choice_nois", "no parameter consumers.choice_nois", "consumers.choice_noise"),
    ("consumers", "is a group of parameters", "Set one of its members"),
    ("", "no parameter is named", "--parameters"),
    ("chains.enabled", "chains.enabled has no bounds", "whether there are chains"),
    ("firms.alignment", "firms.alignment has no bounds", "sets them apart"),
    ("tools.contact_levels", "tools.contact_levels has no bounds", ""),
    ("calendar.months", "how long a run is", ""),
    ("consumers.choice_noise=3:1", "the first bound must be below", ""),
    ("consumers.choice_noise=1:nan", "the first bound must be below", ""),
    ("consumers.choice_noise=0.01:1", "reaches beyond the declared bounds", "It takes 0.2 to"),
    ("consumers.choice_noise=1", "bounds are written LOW:HIGH", "1.2:2.6"),
    ("consumers.choice_noise=a:b", "bounds are written LOW:HIGH", ""),
    ("firms.cost_sd,firms.cost_sd", "firms.cost_sd is named twice", ""),
    ("nowhere.toml", "cannot read", ""),
])  # fmt: skip
def test_parameters_that_cannot_be_searched_for(given: str, what: str, helps: str) -> None:
    with pytest.raises(HomogsimError) as caught:
        read_free(given, baseline())
    assert what in str(caught.value)
    assert helps in caught.value.help
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("text", "what"), [
    ("[consumers\n", "no TOML"),
    ("[consumers]\nchoice_noise = 1.0\n", "bounds are written"),
    ('[consumers]\nchoice_noise = ["a", "b"]\n', "bounds are written"),
    ("[consumers]\nchoice_nois = [1, 2]\n", "no parameter"),
])  # fmt: skip
def test_files_that_cannot_be_used(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "free.toml"
    path.write_text(text)
    with pytest.raises(HomogsimError, match=what):
        read_free(path, baseline())


# --- the objective --------------------------------------------------------------------------------------------------


def test_the_distance_is_in_half_widths() -> None:
    wanted = (target("exit_rate", 0.1, 0.02), target("net_margin", 0.05, 0.01))
    objective = plan(NAMES, 1, **(OPTIONS | {"targets_": wanted})).objective
    assert objective.distance({"exit_rate": 0.12, "net_margin": 0.03}) == pytest.approx(1.0 + 4.0)
    assert objective.distance(objective.observed) == 0.0
    assert math.isnan(objective.distance({"exit_rate": math.nan, "net_margin": 0.05}))
    assert objective.distance(
        {"exit_rate": 0.1, "net_margin": 0.05}, {"exit_rate": 0.14, "net_margin": 0.05}
    ) == pytest.approx(4.0)


def test_the_objective_is_what_the_search_minimizes(tmp_path: Path) -> None:
    found = calibrate(NAMES, 2, tmp_path / "c", **OPTIONS)
    evaluation = found.evaluations[1]
    objective = pickle.loads(pickle.dumps(found.objective))
    assert objective.simulate(evaluation.values) == pytest.approx(evaluation.means, rel=1e-12)
    assert objective(evaluation.values) == pytest.approx(evaluation.distance, rel=1e-12)


def test_approximate_bayesian_computation_takes_it_as_it_is() -> None:
    """What pyABC's ABCSMC is given: a model (parameters → summary statistics), a distance of two, priors by name.

    ``ABCSMC(objective.simulate, Distribution(**{name: RV("uniform", low, high − low) for …}), objective.distance)``
    and ``abc.new("sqlite://", objective.observed)``; here the rejection step that it makes with them.
    """
    from homogsim.streams import Streams

    objective = plan(NAMES, 1, **(OPTIONS | {"replications": 1})).objective
    model, distance, observed = (
        pickle.loads(pickle.dumps(part)) for part in (objective.simulate, objective.distance, objective.observed)
    )
    draws = Streams(1).uniform("panel", np.arange(2)[:, None], 0, np.arange(4))
    kept = []
    for k in range(4):
        particle = {
            name: low + (high - low) * float(draws[n, k])
            for n, (name, (low, high)) in enumerate(objective.bounds.items())
        }
        x = model(particle)
        assert set(x) == set(observed)
        kept.append((distance(x, observed), particle))
    best = min(kept, key=lambda pair: pair[0])
    assert best[0] == pytest.approx(objective(best[1]))


@pytest.mark.parametrize(("options", "what", "helps"), [
    ({"targets_": "rating_revenue"}, "does not express rating_revenue", "The model has no ratings"),
    ({"targets_": "backoffice_roi_gt_front"}, "a band without width", ""),
    ({"targets_": "exit_rat"}, "no target 'exit_rat'", "exit_rate"),
    ({"sampler": "annealing"}, "no sampler 'annealing'", "cmaes, tpe"),
    ({"replications": 0}, "0 replications", ""),
    ({"months": 0}, "out of bounds", ""),
    ({"scenario": "basline"}, "no preset", "baseline"),
])  # fmt: skip
def test_refused_before_any_run(options, what: str, helps: str) -> None:
    with pytest.raises(HomogsimError) as caught:
        plan(NAMES, 5, **(OPTIONS | options))
    assert what in str(caught.value)
    assert helps in caught.value.help


@pytest.mark.parametrize("budget", [0, -3, 10**9])
def test_a_budget_must_pay_for_one_evaluation(budget: int) -> None:
    with pytest.raises(HomogsimError, match="a budget of"):
        plan(NAMES, budget, **OPTIONS)


def test_one_parameter_needs_tpe() -> None:
    assert plan("consumers.choice_noise=1:3", 5, **OPTIONS).sampler == "tpe"
    with pytest.raises(HomogsimError, match="two parameters or more"):
        plan("consumers.choice_noise=1:3", 5, sampler="cmaes", **OPTIONS)


def test_without_the_extra_it_is_named(monkeypatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest, **more):
        if name == "optuna":
            raise ModuleNotFoundError("No module named 'optuna'", name="optuna")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(HomogsimError, match="needs optuna") as caught:
        plan(NAMES, 5, **OPTIONS)
    assert "homogsim[calibrate]" in caught.value.help


# --- the search, stopped and gone on with ---------------------------------------------------------------------------


def bowl(asked) -> list[Evaluation]:
    """Return the distance from (1.5, .4); nothing can be evaluated above choice_noise 2.5."""
    found = []
    for values in asked:
        miss = 4 * (values["consumers.choice_noise"] - 1.5) ** 2 + 25 * (values["firms.cost_sd"] - 0.4) ** 2
        wrong = values["consumers.choice_noise"] > 2.5
        found.append(Evaluation(values, {}, math.nan if wrong else miss, "too noisy" if wrong else ""))
    return found


@pytest.mark.parametrize("sampler", ["cmaes", "tpe"])
def test_a_search_finds_the_bottom_and_asks_the_same_again(sampler: str) -> None:
    free = read_free(NAMES, baseline())
    done = search(free, bowl, 60, sampler, seed=3)
    assert len(done) == 60
    assert done[0].values == {one.name: one.start for one in free}
    best = min((e for e in done if not e.failure), key=lambda e: e.distance)
    assert best.distance < 0.02
    assert search(free, bowl, 60, sampler, seed=3) == done or any(e.failure for e in done)
    again = [e.values for e in search(free, bowl, 25, sampler, seed=3)]
    assert again == [e.values for e in done[:25]]  # what is asked does not depend on the budget


def lines(folder: Path) -> list[str]:
    return (folder / "evaluations.jsonl").read_text().splitlines()


def test_a_stopped_calibration_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    whole = calibrate(NAMES, 7, tmp_path / "whole", **OPTIONS)
    runs = 0

    def watch(done: int, total: int) -> None:
        nonlocal runs
        runs = done

    part = calibrate(NAMES, 7, tmp_path / "part", watch=watch, stop=lambda: runs >= 10, **OPTIONS)
    assert part.interrupted
    assert part.identification is None
    assert 1 <= len(lines(tmp_path / "part")) < 7
    with (tmp_path / "part" / "evaluations.jsonl").open("a") as file:
        file.write('{"values": {"consumers.choice_noise": 1.')  # killed in the middle of a line
    rest = calibrate(NAMES, 7, tmp_path / "part", **OPTIONS)
    assert rest.evaluations == whole.evaluations
    assert rest.best == whole.best
    assert rest.reused >= 1
    pd.testing.assert_frame_equal(rest.identification.sensitivities, whole.identification.sensitivities)
    for name in ("best.toml", "trace.csv", "sensitivities.csv"):
        assert (tmp_path / "part" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    count = len(lines(tmp_path / "part"))
    more = calibrate(NAMES, 9, tmp_path / "part", **OPTIONS)  # a larger budget adds to it
    assert more.evaluations[:7] == whole.evaluations
    assert len(lines(tmp_path / "part")) > count


def test_files(tmp_path: Path) -> None:
    found = calibrate(NAMES, 3, tmp_path / "c", **OPTIONS)
    best = Scenario.read(tmp_path / "c" / "best.toml")
    assert best.parameters == found.scenario.parameters
    assert best.extends == "baseline"
    assert best.parameters.consumers.choice_noise == found.best.values["consumers.choice_noise"]
    trace = pd.read_csv(tmp_path / "c" / "trace.csv")
    assert len(trace) == 3
    assert (trace["best_distance"].diff().dropna() <= 0.0).all()
    assert trace["best_distance"].iloc[-1] == pytest.approx(found.best.distance)
    result = json.loads((tmp_path / "c" / "calibration-result.json").read_text())
    assert set(result["parameters"]) == {"consumers.choice_noise", "firms.cost_sd"}
    assert len(result["identification"]["directions"]) == 2
    assert len(pd.read_csv(tmp_path / "c" / "sensitivities.csv")) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"targets_": "exit_rate,price_dispersion_cv"},
        {"replications": 1},
        {"seed": 9},
        {"months": 3},
        {"sampler": "tpe"},
    ],
)
def test_a_folder_of_another_calibration_is_refused(tmp_path: Path, change) -> None:
    calibrate(NAMES, 1, tmp_path / "c", **OPTIONS)
    before = {p.name: p.read_bytes() for p in (tmp_path / "c").iterdir()}
    with pytest.raises(HomogsimError, match="another calibration"):
        calibrate(NAMES, 1, tmp_path / "c", **(OPTIONS | change))
    assert {p.name: p.read_bytes() for p in (tmp_path / "c").iterdir()} == before


def test_evaluations_of_other_code_are_refused(tmp_path: Path, monkeypatch) -> None:
    calibrate(NAMES, 1, tmp_path / "c", **OPTIONS)
    monkeypatch.setattr("homogsim.experiments.calibration.calibrate.code_hash", lambda: "other")
    with pytest.raises(HomogsimError, match="another calibration: its code differ"):
        calibrate(NAMES, 1, tmp_path / "c", **OPTIONS)


def test_evaluations_of_other_moments_are_refused(tmp_path: Path, monkeypatch) -> None:
    assert len({digest_of(place) for place in MEASURED_BY}) == len(MEASURED_BY)
    calibrate(NAMES, 1, tmp_path / "c", **OPTIONS)
    monkeypatch.setattr("homogsim.experiments.calibration.calibrate.MEASURED_BY", MEASURED_BY[:1])
    with pytest.raises(HomogsimError, match="another calibration: its moments differ"):
        calibrate(NAMES, 1, tmp_path / "c", **OPTIONS)


def test_other_folders_and_damage_are_refused(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("keep me")
    with pytest.raises(HomogsimError, match="no folder of a calibration"):
        calibrate(NAMES, 1, mine, **OPTIONS)
    assert [p.name for p in mine.iterdir()] == ["letter.txt"]
    calibrate(NAMES, 1, tmp_path / "c", **OPTIONS)
    path = tmp_path / "c" / "evaluations.jsonl"
    path.write_text("no line of ours\n" + path.read_text())
    with pytest.raises(HomogsimError, match="line 1 is damaged"):
        calibrate(NAMES, 1, tmp_path / "c", **OPTIONS)


def test_undefined_moments_are_counted_failures(tmp_path: Path) -> None:
    """Survival at ten years is not seen in a short run: nothing is evaluated, and it says why."""
    with pytest.raises(NothingFound, match="surv_10y undefined in 2 of 2 runs") as caught:
        calibrate(NAMES, 2, tmp_path / "c", **(OPTIONS | {"targets_": "surv_10y,exit_rate"}))
    assert caught.value.exit_code == 1
    row = json.loads(lines(tmp_path / "c")[0])
    assert row["distance"] is None
    assert row["moments"]["surv_10y"] == [None, None]


def test_lost_runs_are_counted_failures(tmp_path: Path, monkeypatch) -> None:
    attempt = replicate.attempt
    calls = 0

    def losing(task, stopped):
        nonlocal calls
        calls += 1
        return replicate.Lost(task, "struck by lightning") if calls == 1 else attempt(task, stopped)

    monkeypatch.setattr(replicate, "attempt", losing)
    found = calibrate(NAMES, 3, tmp_path / "c", **OPTIONS)
    ((reason, count),) = found.failures.items()
    assert count == 1
    assert "struck by lightning" in reason
    assert not found.best.failure


def test_parameters_that_do_not_go_together_are_counted_failures(tmp_path: Path) -> None:
    """More occupied sites than there are: refused by the scenario, not by a crash."""
    found = calibrate("world.occupied=2:8,world.sites=3:6", 6, tmp_path / "c", **OPTIONS)
    assert all("refused" in reason for reason in found.failures)
    assert len(found.evaluations) == 6


# --- what the targets cannot tell -----------------------------------------------------------------------------------


def test_flat_directions_of_a_known_jacobian() -> None:
    """Two parameters that enter by their sum only: the difference is flat."""
    flat, steep = directions(np.array([[3.0, 3.0], [1.0, 1.0]]), ["a", "b"])
    assert flat.flat
    assert flat.strength == pytest.approx(0.0, abs=1e-7)
    assert flat.weights["a"] == pytest.approx(-flat.weights["b"])
    assert not steep.flat
    assert steep.strength == pytest.approx(math.sqrt(20.0))
    assert steep.weights == pytest.approx({"a": math.sqrt(0.5), "b": math.sqrt(0.5)})
    assert directions(np.empty((2, 0)), []) == ()


def test_sensitivities_of_a_linear_model() -> None:
    free = (Free("a", 0.0, 10.0, 5.0, False), Free("b", 0.0, 1.0, 0.98, False))
    wanted = (target("exit_rate", 0.5, 0.1),)

    def at(values: dict[str, float]) -> Evaluation:
        return Evaluation(
            values, {"exit_rate": [0.2 * values["a"] + seed - 3.0 * values["b"] for seed in (0.0, 1.0)]}, 0.0
        )

    best = at({"a": 5.0, "b": 0.98})
    pairs = neighbours(free, best)
    assert pairs[0] == ({"a": 4.5, "b": 0.98}, {"a": 5.5, "b": 0.98})
    assert pairs[1][1]["b"] == 1.0  # no step over the bounds
    found = identify(free, wanted, best, [(at(low), at(high)) for low, high in pairs])
    rows = found.sensitivities.set_index("parameter")
    assert rows.loc["a", "per_unit"] == pytest.approx(0.2)
    assert rows.loc["a", "across_bounds"] == pytest.approx(20.0)
    assert rows.loc["b", "per_unit"] == pytest.approx(-3.0)
    assert rows["error"].to_numpy() == pytest.approx([0.0, 0.0], abs=1e-12)  # the seeds are paired
    assert found.left_out == ()
    failed = Evaluation({"a": 4.5, "b": 0.98}, {}, math.nan, "lost")
    found = identify(free, wanted, best, [(failed, at(pairs[0][1])), (at(pairs[1][0]), at(pairs[1][1]))])
    assert found.left_out == ("a",)
    assert [set(d.weights) for d in found.directions] == [{"b"}]


def test_a_parameter_that_moves_nothing_is_not_identified(tmp_path: Path) -> None:
    """Without tools on offer their fee moves no moment."""
    found = calibrate(
        "consumers.choice_noise=1:3,tools.generic.monthly_fee=0:400", 2, tmp_path / "c",
        **(OPTIONS | {"targets_": "own_price_elasticity_outlet,price_dispersion_cv"}),
    )  # fmt: skip
    flat, steep = found.identification.directions
    assert flat.flat
    assert flat.strength == 0.0
    assert abs(flat.weights["tools.generic.monthly_fee"]) == pytest.approx(1.0)
    assert steep.strength > 0.5
