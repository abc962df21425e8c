"""The robustness study: its design, effects and signs on known answers, resuming, page, figures, command."""

from __future__ import annotations

import importlib
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from experiments.tiny import TINY, tiny

from homogsim.errors import HomogsimError
from homogsim.experiments import replicate
from homogsim.experiments.replicate import Lost, Task
from homogsim.experiments.robustness import study
from homogsim.experiments.robustness.design import (
    BASELINE,
    HEADLINES,
    INERT,
    PENALTIES,
    SWEPT,
    UNCERTAIN,
    Case,
    cases,
    pair,
    points,
)
from homogsim.experiments.robustness.journal import RunJournal, name_of
from homogsim.experiments.robustness.page import page, verdict, write_page
from homogsim.experiments.robustness.sensitivity import sensitivity, signs
from homogsim.experiments.robustness.study import Robustness, plan
from homogsim.model import MarketModel
from homogsim.parameters import declared
from homogsim.results.code import code_hash
from homogsim.scenario import Scenario

SHORT = TINY | {"calendar.warm_up": 0, "calendar.before": 3, "calendar.months": 4, "world.consumers": 20}
OPTIONS = {"points_": 3, "replications": 2, "set": SHORT, "jobs": 1}


def drawn(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).random(shape)


def noise(seed: int, sd: float, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, sd, shape)


# --- design -----------------------------------------------------------------------------------------------------------


def test_ranges_lie_within_bounds_and_around_the_default() -> None:
    assert len(UNCERTAIN) == len({u.name for u in UNCERTAIN}) == 10
    for one in UNCERTAIN:
        about = declared()[one.name]
        assert about.low <= one.low < one.high <= about.high
        default = tools_default(one.name)
        assert one.low <= default <= one.high


def tools_default(name: str) -> float:
    found: object = Scenario.read("baseline").parameters
    for part in name.split("."):
        found = getattr(found, part)
    return float(found)  # type: ignore[arg-type]


def test_a_latin_hypercube_visits_every_part_of_every_range() -> None:
    found = points(20, 7)
    for one in UNCERTAIN:
        unit = [(point[one.name] - one.low) / (one.high - one.low) for point in found]
        assert sorted(int(20 * u) for u in unit) == list(range(20))
    assert found == points(20, 7) != points(20, 8)


def test_every_case_can_be_run_and_sweeps_hold_the_own_value() -> None:
    base = Scenario.read("baseline")
    found = cases(base)
    assert found[0] is BASELINE
    assert len({(case.group, case.label) for case in found}) == len(found)
    for name in SWEPT:
        values = [case.value for case in found if case.group == name]
        assert values == sorted(values)
        assert tools_default(name) in values
    for case in found:
        with_tools, without = case.pair(base)
        assert with_tools.parameters.tools.available
        assert without.parameters.tools.available == ()


def test_what_is_left_out_of_a_twin_does_nothing_there() -> None:
    """A market without tools is the same, bit for bit, whatever these parameters are.

    But for the differentiation premium, which tells how far businesses are from what a generic tool would make of them.
    """
    inert = {case_key: value for case in cases(tiny()) for case_key, value in case.changes.items()
             if case_key.startswith(INERT)}  # fmt: skip
    inert |= {u.name: u.high for u in UNCERTAIN if u.name.startswith(INERT)} | {"consumers.disclosure_cost": 1.5}
    assert len(inert) >= 6
    without = tiny("before-automation")
    one, two = (MarketModel(s, seed=2, threads=1).run().results() for s in (without, without.override(inert)))
    told = (run.timeline.drop(columns="differentiation_premium") for run in (one, two))
    pd.testing.assert_frame_equal(*told, check_exact=True)
    pd.testing.assert_frame_equal(one.firms, two.firms, check_exact=True)
    assert pair(tiny(), inert)[1].fingerprint() == pair(tiny(), {})[1].fingerprint()


# --- effects and signs ------------------------------------------------------------------------------------------------


def test_effects_of_a_known_surface() -> None:
    unit = drawn(1, 400, 3)
    surface = 2.0 * unit[:, 0] - 1.0 * unit[:, 1]
    values = surface[:, None] + noise(2, 0.3, 400, 4)
    found = sensitivity("abc", unit, values)
    assert [effect.change for effect in found.effects] == pytest.approx([2.0, -1.0, 0.0], abs=0.06)
    assert [effect.clear for effect in found.effects] == [True, True, False]
    assert found.luck == pytest.approx(0.15, rel=0.1)
    assert found.spread == pytest.approx(math.sqrt(5.0 / 12.0), rel=0.1)
    assert [effect.share for effect in found.effects] == pytest.approx([0.8, 0.2, 0.0], abs=0.1)
    assert found.explained == pytest.approx(1.0, abs=0.03)


def test_luck_alone_has_no_effects() -> None:
    unit, values = drawn(3, 200, 4), 1.0 + noise(4, 0.2, 200, 3)
    found = sensitivity("abcd", unit, values)
    assert found.spread < 0.08
    assert found.mean == pytest.approx(1.0, abs=0.05)
    assert sum(effect.clear for effect in found.effects) <= 1
    errors = [effect.error for effect in found.effects]
    assert errors == pytest.approx([0.2 / math.sqrt(3 * 200 / 12)] * 4, rel=0.2)


def test_curvature_is_not_called_a_line() -> None:
    unit = drawn(5, 300, 2)
    found = sensitivity("ab", unit, np.repeat(((unit[:, :1] - 0.5) ** 2), 2, axis=1))
    assert found.explained < 0.05
    assert found.luck == 0.0


def test_undefined_points_are_left_out_and_too_few_say_nothing() -> None:
    unit, values = drawn(6, 9, 2), np.ones((9, 2))
    values[:6, 0] = np.nan
    found = sensitivity("ab", unit, values)
    assert found.points == 3
    assert found.mean == 1.0
    assert all(math.isnan(effect.change) for effect in found.effects)
    assert math.isnan(sensitivity("ab", unit, values * np.nan).mean)
    assert math.isnan(sensitivity("ab", unit, values[:, 1:]).luck)


def test_signs_and_where_they_flip() -> None:
    unit = drawn(7, 200, 2)
    values = (unit[:, :1] - 0.75) + noise(8, 0.01, 200, 2)
    found = signs(("first", "second"), unit, values, sign=-0.3)
    assert found.same == pytest.approx(150, abs=15)
    assert found.same + found.opposite == 200
    assert 0 < found.clearly_opposite <= found.opposite
    ((name, there, here),) = found.where
    assert name == "first"
    assert there == pytest.approx(0.875, abs=0.05)
    assert here == pytest.approx(0.375, abs=0.05)
    agreed = signs(("first", "second"), unit, values - 2.0, sign=-0.3)
    assert (agreed.same, agreed.clearly_same, agreed.opposite, agreed.where) == (200, 200, 0, ())
    assert signs(("first", "second"), unit, values[:, :1], -0.3).clearly_opposite == 0  # one seed tells no luck


@pytest.mark.parametrize(("same", "opposite", "count", "word"), [
    (64, 0, 64, "robust"), (60, 0, 64, "not clear"), (60, 1, 64, "flips"), (0, 0, 0, "undefined"),
])  # fmt: skip
def test_verdicts(same: int, opposite: int, count: int, word: str) -> None:
    assert word in verdict(same, opposite, count)


# --- the study --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Robustness:
    """Return a tiny study. Not to be changed by a test."""
    return plan(**OPTIONS).run(tmp_path_factory.mktemp("study") / "runs")


def test_numbers_are_those_of_paired_runs(whole: Robustness) -> None:
    case = next(case for case in whole.plan.cases if "locality" in case.label)
    for headline in HEADLINES:
        found = whole.changes(case.pair(whole.plan.base), headline, whole.plan.seeds)
        for value, seed in zip(found, whole.plan.seeds, strict=True):
            one, two = (
                MarketModel(s, seed=seed, threads=1).run().results().summary[headline.metric]
                for s in case.pair(whole.plan.base)
            )
            expected = (one - two) / abs(two) if headline.relative else one - two
            assert value == pytest.approx(expected, nan_ok=True)
    assert whole.at_points(HEADLINES[0]).shape == (3, 2)
    assert whole.unit.shape == (3, 10)
    assert not whole.lost


def test_equal_runs_are_made_once(whole: Robustness) -> None:
    tasks = whole.plan.tasks()
    assert len({task.key for task in tasks}) == len(tasks) == whole.journal.stored + len(lines(whole.journal.folder))
    twins = {
        case.pair(whole.plan.base)[1].fingerprint() for case in whole.plan.cases if case.group == "tools.custom.fit"
    }
    assert len(twins) == 1


def lines(folder: Path) -> list[str]:
    return (folder / "runs.jsonl").read_text().splitlines()


def test_a_stopped_study_goes_on(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(study, "cases", lambda base: (BASELINE, *PENALTIES[1:3]))
    whole = plan(**OPTIONS).run(tmp_path / "whole")
    done = 0

    def watch(now: int, total: int) -> None:
        nonlocal done
        done = now

    part = plan(**OPTIONS).run(tmp_path / "runs", watch, lambda: done >= 7)
    assert part.interrupted
    assert 7 <= len(lines(tmp_path / "runs")) < 20
    with (tmp_path / "runs" / "runs.jsonl").open("a") as file:
        file.write('{"run": "half')  # killed in the middle of a line
    made = []
    attempt = replicate.attempt
    monkeypatch.setattr(replicate, "attempt", lambda task, stopped: made.append(task.key) or attempt(task, stopped))
    rest = plan(**OPTIONS).run(tmp_path / "runs")
    assert rest.reused == len(rest.plan.tasks()) - len(made) >= 7
    assert json.dumps(rest.as_dict()) == json.dumps(whole.as_dict())
    assert page(rest) == page(whole)


def test_lost_runs_are_told_and_tried_again(tmp_path: Path, monkeypatch) -> None:
    options = OPTIONS | {"points_": 0, "replications": 1}
    eight = Case("world.dimensions", "d = 8", {"world.dimensions": 8}, 8.0)
    monkeypatch.setattr(study, "cases", lambda base: (BASELINE, eight))
    attempt = replicate.attempt

    def losing(task: Task, stopped) -> object:
        first = task.scenario.parameters.world.dimensions == 8
        return Lost(task, "struck by lightning") if first else attempt(task, stopped)

    monkeypatch.setattr(replicate, "attempt", losing)
    found = plan(**options).run(tmp_path / "runs")
    assert len(found.lost) == 2
    assert "struck by lightning" in page(found)
    assert "| d = 8 | – | – | – |" in page(found)
    monkeypatch.setattr(replicate, "attempt", attempt)
    again = plan(**options).run(tmp_path / "runs")
    assert not again.lost
    assert "| d = 8 | – | – | – |" not in page(again)


def test_other_folders_other_code_and_damage_are_refused(tmp_path: Path, monkeypatch) -> None:
    RunJournal(tmp_path / "runs", ["n_firms"])
    with pytest.raises(HomogsimError, match="metrics differ"):
        RunJournal(tmp_path / "runs", ["mean_price"])
    assert json.loads((tmp_path / "runs" / "robustness.json").read_text())["code"] == code_hash()
    monkeypatch.setattr("homogsim.experiments.robustness.journal.code_hash", lambda: "other")
    with pytest.raises(HomogsimError, match="code differ"):
        RunJournal(tmp_path / "runs", ["n_firms"])
    monkeypatch.undo()
    (tmp_path / "runs" / "runs.jsonl").write_text("nothing\n")
    with pytest.raises(HomogsimError, match="line 1 is damaged"):
        RunJournal(tmp_path / "runs", ["n_firms"])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("keep me")
    with pytest.raises(HomogsimError, match="no folder of this study"):
        RunJournal(tmp_path / "mine", ["n_firms"])
    (tmp_path / "runs" / "robustness.json").write_text("[]")
    with pytest.raises(HomogsimError, match="do not belong here"):
        RunJournal(tmp_path / "runs", ["n_firms"])


def test_names_of_runs_tell_markets_and_seeds_apart() -> None:
    one, other = tiny(), tiny().override("world.towns", 3)
    assert len({name_of(Task(s, seed)) for s in (one, other) for seed in (1, 2)}) == 4
    assert name_of(Task(one, 1)) == name_of(Task(tiny(), 1, other_scales=True))


@pytest.mark.parametrize(("options", "what"), [
    ({"points_": -1}, "-1 points"),
    ({"point_seeds": 0}, "0 seeds"),
    ({"replications": 0}, "0 replications"),
    ({"scenario": "basline"}, "no preset"),
    ({"jobs": 0}, "--jobs 0"),
])  # fmt: skip
def test_refused_before_any_run(options: dict[str, object], what: str) -> None:
    with pytest.raises(HomogsimError, match=what):
        plan(**(OPTIONS | options))  # type: ignore[arg-type]


def test_page_and_figures(whole: Robustness, tmp_path: Path) -> None:
    written = write_page(whole, tmp_path)
    text = (tmp_path / "robustness.md").read_text("utf-8")
    assert len(written) == 5
    for path in written[1:]:
        assert path.stat().st_size > 10_000
        assert f"(figures/{path.name})" in text
    for case in whole.plan.cases:
        assert f"| {case.label} |" in text
    assert "Was the result put in?" in text


def test_figures_without_points_and_with_undefined_results(whole: Robustness, tmp_path: Path) -> None:
    found = replace(whole, plan=replace(whole.plan, points=()))
    written = write_page(found, tmp_path)
    assert [path.name for path in written[1:]] == ["robustness-ablations.png", "robustness-sweeps.png"]
    assert "Latin hypercube" not in page(found)
    drawn = importlib.import_module("homogsim.plots.robustness").ablations(found)
    assert "undefined" in {text.get_text() for axes in drawn.axes for text in axes.texts}  # five years were not run
