"""A market as a plain function in other people's tools, with their own calling conventions."""

from __future__ import annotations

import pickle
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import pytest

import homogsim
from homogsim.errors import HomogsimError

SIZE: dict[str, object] = {
    "world.towns": 1, "world.sectors": 1, "world.sites": 6, "world.occupied": 5, "world.consumers": 60,
    "calendar.warm_up": 2, "calendar.before": 4, "calendar.months": 6,
}  # fmt: skip
NAMES = ["firms.reinvestment", "world.towns"]


def market(metrics: list[str], **options: Any) -> Any:
    return homogsim.as_function("baseline", NAMES, metrics, set=SIZE, **options)


def test_it_is_a_run_of_the_market() -> None:
    function = market(["n_firms", "mean_price"])
    results = homogsim.run("baseline", seed=5, set={**SIZE, "firms.reinvestment": 0.9, "world.towns": 2}, threads=1)
    wanted = {name: results.summary[name] for name in ("n_firms", "mean_price")}
    assert function(firms__reinvestment=0.9, world__towns=2, seed=5) == wanted
    assert function(**{"firms.reinvestment": 0.9, "world.towns": 2}, seed=5) == wanted
    assert pickle.loads(pickle.dumps(function))({"firms.reinvestment": 0.9, "world.towns": 2}, seed=5) == wanted
    assert market(["mean_price"], seed=5, replications=2)() == {
        "mean_price": np.mean([market(["mean_price"])(seed=seed)["mean_price"] for seed in (5, 6)])
    }


def test_salib() -> None:
    from SALib import ProblemSpec

    problem = ProblemSpec({"names": NAMES, "bounds": [[0.0, 1.0], [1.0, 1.0 + 1e-9]], "outputs": ["mean_price"]})
    problem.samples = np.array([[0.1, 1.0], [0.9, 1.0]])
    problem.evaluate(market(["mean_price"]))
    known = [market(["mean_price"])(firms__reinvestment=r)["mean_price"] for r in (0.1, 0.9)]
    assert problem.results.tolist() == known
    assert market(["mean_price", "n_firms"])(problem.samples).shape == (2, 2)


def test_ema_workbench() -> None:
    with catch_warnings():
        simplefilter("ignore")  # its own, about optional parts
        from ema_workbench import Model, RealParameter, ScalarOutcome, SequentialEvaluator

        model = Model("market", function=market(["mean_price"]))
        model.uncertainties = [RealParameter("firms__reinvestment", 0.0, 1.0)]
        model.outcomes = [ScalarOutcome("mean_price")]
        with SequentialEvaluator(model) as evaluator:
            experiments, outcomes = evaluator.perform_experiments(scenarios=2)
    known = [market(["mean_price"])(firms__reinvestment=r)["mean_price"] for r in experiments["firms__reinvestment"]]
    assert outcomes["mean_price"].tolist() == known


def test_optuna() -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    function = market(["mean_price"])

    def objective(trial: Any) -> float:
        return float(function(firms__reinvestment=trial.suggest_float("r", 0.0, 1.0))["mean_price"])

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(objective, n_trials=2)
    assert study.best_value == function(firms__reinvestment=study.best_params["r"])["mean_price"]


class Parameter(dict[str, float]):
    """What pyABC hands a model: a dict whose entries are attributes as well."""

    __getattr__ = dict.__getitem__


def test_pyabc() -> None:
    """Its models are called with one mapping and return one mapping of summary statistics."""
    function = market(["mean_price", "n_firms"])
    found = function(Parameter({"firms.reinvestment": 0.4}))
    assert found == function(firms__reinvestment=0.4)
    assert all(isinstance(value, float) for value in found.values())


@pytest.mark.parametrize(("call", "told"), [
    (lambda: homogsim.as_function("baseline", ["firms.reinvestmet"], ["n_firms"]), "no parameter"),
    (lambda: homogsim.as_function("baseline", NAMES, ["n_firmes"]), "there is no metric"),
    (lambda: homogsim.as_function("baseline", NAMES, []), "at least one metric"),
    (lambda: homogsim.as_function("nowhere", NAMES, ["n_firms"]), "there is no preset"),
    (lambda: market(["n_firms"])(firms__oversight=0.5), "has no parameter firms__oversight|has no parameter"),
    (lambda: market(["n_firms"])(firms__reinvestment=2.0), "out of bounds"),
    (lambda: market(["n_firms"])(np.zeros((2, 3))), "do not fit 2 parameters"),
])  # fmt: skip
def test_mistakes_are_told(call: Any, told: str) -> None:
    with pytest.raises(HomogsimError, match=told):
        call()
