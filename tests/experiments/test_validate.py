"""Targets beside the model: verdicts, errors, files, page and figure."""

from __future__ import annotations

import json
import math
from functools import cache

import numpy as np
import pytest
from experiments.tiny import TINY

from homogsim.errors import HomogsimError
from homogsim.experiments import replicate
from homogsim.experiments.measuring import adapted, measurements
from homogsim.experiments.replicate import Lost, Task
from homogsim.experiments.targets import Target, targets
from homogsim.experiments.validation import Check, Validation, plan, validate
from homogsim.experiments.validation_page import page, write_page
from homogsim.model import MarketModel
from homogsim.scenario import Scenario

SHARE = Target(
    id="a", target=0.5, lo=0.4, hi=0.6, unit="share", moment="", status="memory", use="fit", source="s",
    measure="exit_rate", preset="baseline",
)  # fmt: skip


@cache
def found() -> Validation:
    """Return the validation of a tiny market, made once."""
    return validate(set=TINY | {"calendar.months": 30}, months=45, replications=2, seed=7, jobs=1)


def test_numbers_are_those_of_the_runs() -> None:
    validation = found()
    checks = {check.target.id: check for check in validation.checks}
    scenario = Scenario.read("before-automation").override(TINY | {"calendar.months": 45})
    ends = [MarketModel(scenario, seed=seed, threads=1).run().results().timeline for seed in (7, 8)]
    margin = [end.loc[end["month"] >= -24, "price_dispersion"].mean() for end in ends]
    assert checks["price_dispersion_cv"].values == pytest.approx(tuple(margin))
    assert checks["price_dispersion_cv"].mean == pytest.approx(np.mean(margin))
    assert checks["price_dispersion_cv"].error == pytest.approx(np.std(margin, ddof=1) / math.sqrt(2))
    assert checks["surv_20y"].verdict == "undefined"
    assert checks["rating_revenue"].verdict == "not expressed"
    assert checks["tool_spend"].error == 0.0
    assert set(validation.months.values()) == {45}


def test_fitted_targets_come_first() -> None:
    uses = [check.target.use for check in found().checks]
    assert uses == sorted(uses, key=("fit", "validate", "prior").index)
    assert len(uses) == 42


@pytest.mark.parametrize(("values", "verdict", "close"), [
    ((0.5, 0.52), "inside", False),
    ((0.41, 0.39), "inside", True),  # the mean lies on the end
    ((0.3, 0.32), "outside", False),
    ((0.3, 0.49), "outside", True),
    ((0.5, math.nan), "inside", False),
    ((math.nan, math.nan), "undefined", False),
    ((), "undefined", False),
])  # fmt: skip
def test_verdicts(values: tuple[float, ...], verdict: str, close: bool) -> None:
    check = Check(SHARE, values)
    assert (check.verdict, check.close) == (verdict, close)
    gaps = sum(map(math.isnan, values))
    assert (f"undefined in {gaps} of {len(values)} runs" in check.remark) == (gaps > 0)


def test_only_fitted_targets_can_fail() -> None:
    outside = (0.9, 0.9)
    checks = tuple(
        Check(Target(**{**vars(SHARE), "id": f"{use}{n}", "use": use}), values)
        for use in ("fit", "validate", "prior")
        for n, values in enumerate([outside, (math.nan,), (0.5,)])
    )
    validation = Validation(Scenario(), checks, (1, 2), {})
    assert [check.target.id for check in validation.failed] == ["fit0", "fit1"]
    silent = Target(**{**vars(SHARE), "measure": "", "preset": "", "not_expressed": "no such thing in the model"})
    assert Validation(Scenario(), (Check(silent),), (1,), {}).failed == ()


def test_long_runs_where_they_are_needed() -> None:
    planned = plan(replications=3, jobs=1)
    months = {name: m.scenario.parameters.calendar.months for name, m in planned.measurements.items()}
    assert months == {"before-automation": 420, "baseline": 180, "baseline-with-chains": 180, "chatbot-everywhere": 180}
    assert planned.runs == 12
    assert 5.0 < planned.seconds < 500.0


def test_presets_change_what_stands_in_the_place_of_baseline() -> None:
    mine = Scenario.read("baseline").override({"finance.retirement": 0.006, "tools.choice_noise": 900.0})
    other = adapted(mine, "chatbot-everywhere", 33)
    assert other.parameters.finance.retirement == 0.006
    assert other.parameters.tools.choice_noise == 900.0
    assert other.parameters.tools.contact_forced
    assert other.parameters.calendar.months == 33
    assert adapted(mine, "baseline") == mine
    assert (
        adapted(Scenario.read("baseline"), "before-automation").parameters
        == Scenario.read("before-automation").parameters
    )


def test_a_run_is_made_once_for_all_its_targets() -> None:
    book = targets()
    wanted = measurements(book.targets, Scenario.read("baseline"), book.months)
    assert sum(len(m.moments) for m in wanted.values()) == sum(t.expressed for t in book.targets)
    only = measurements(book.select("exit_rate,rating_revenue"), Scenario.read("baseline"), book.months)
    assert {name: m.moments for name, m in only.items()} == {"before-automation": ("exit_rate",)}


def test_files(tmp_path) -> None:
    folder = found().save(tmp_path / "out")
    assert {p.name for p in folder.iterdir()} == {"validation.json", "validation.csv", "validation.png"}
    told = json.loads((folder / "validation.json").read_text())
    assert told["seeds"] == [7, 8]
    rows = {row["id"]: row for row in told["targets"]}
    assert rows["surv_20y"]["simulated"] is None
    assert rows["roi12_positive"]["status"] == "seed"
    assert set(told["fit_outside"]) == {check.target.id for check in found().failed}
    with pytest.raises(HomogsimError, match="exists already"):
        found().save(tmp_path / "out")


def test_the_page_is_written_from_the_numbers(tmp_path) -> None:
    (tmp_path / "docs").mkdir()
    for _ in range(2):  # the second time it takes the place of the first
        text, figure = write_page(found(), tmp_path / "docs")
    assert figure.stat().st_size > 10_000
    written = text.read_text("utf-8")
    assert written == page(found())
    for check in found().checks:
        assert f"`{check.target.id}`" in written
    assert "the model has no ratings" in written
    rows = [line for line in written.splitlines() if line.startswith("| `")]
    assert len(rows) == sum(check.target.expressed for check in found().checks)
    assert {line.count("|") for line in rows} == {10}
    with pytest.raises(HomogsimError, match="no such folder"):
        write_page(found(), tmp_path / "nowhere")


def test_the_figure_shows_every_expressed_target() -> None:
    drawn = found().plot()
    (axes,) = drawn.axes
    shown = {text.get_text() for text in axes.get_yticklabels()}
    assert shown == {check.target.id for check in found().checks if check.target.expressed}
    assert found().plot().get_size_inches() == pytest.approx(drawn.get_size_inches())


def test_lost_runs_are_said(monkeypatch) -> None:
    attempt = replicate.attempt

    def losing(task: Task, stopped) -> object:
        return Lost(task, "struck by lightning") if task.seed == 8 else attempt(task, stopped)

    monkeypatch.setattr(replicate, "attempt", losing)
    told = validate(set=TINY, months=13, replications=2, seed=7, jobs=1, ids="tool_spend")
    assert [str(run) for run in told.lost] == ["baseline, seed 8: struck by lightning"]
    assert told.checks[0].values == (200.0,)
    assert math.isnan(told.checks[0].error)


def test_stopping_keeps_what_is_finished() -> None:
    runs = 0

    def watch(done: int, total: int) -> None:
        nonlocal runs
        runs = done

    told = validate(
        set=TINY, months=13, replications=3, seed=7, jobs=1, ids="tool_spend", watch=watch, stop=lambda: runs >= 1
    )
    assert told.interrupted
    assert told.checks[0].values == (200.0,)


@pytest.mark.parametrize(("options", "what"), [
    ({"scenario": "basline"}, "no preset 'basline'"),
    ({"ids": "exit_rat"}, "no target 'exit_rat'"),
    ({"replications": 0}, "0 replications"),
    ({"seed": -1}, "do not all lie between"),
    ({"jobs": 0}, "--jobs 0"),
    ({"months": 0}, "out of bounds"),
    ({"set": {"world.town": 3}}, "no parameter world.town"),
])  # fmt: skip
def test_refused_before_any_run(options, what) -> None:
    with pytest.raises(HomogsimError) as caught:
        plan(**options)
    assert what in str(caught.value)
