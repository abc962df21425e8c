"""The search itself: Optuna's samplers propose parameters, a generation at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any
from warnings import catch_warnings, filterwarnings

from homogsim.errors import HomogsimError
from homogsim.experiments.calibration.free import Free
from homogsim.experiments.calibration.objective import Evaluation

SAMPLERS = ("cmaes", "tpe")
SPREAD = 0.2
"""First standard deviation of CMA-ES, as a share of the bounds."""

Evaluate = Callable[[Sequence[dict[str, float]]], list[Evaluation | None]]
"""Sets of parameters → their evaluations; None for those that were not finished because the search is to stop."""


def check_sampler(name: str | None, parameters: int) -> str:
    """Return the sampler to use.

    Raises
    ------
    HomogsimError
        It is unknown, cannot search so few parameters, or is not installed.
    """
    if name is not None and name not in SAMPLERS:
        raise HomogsimError(f"there is no sampler {name[:100]!r}", "--sampler", f"Known: {', '.join(SAMPLERS)}.")
    if name == "cmaes" and parameters < 2:
        raise HomogsimError("CMA-ES needs two parameters or more", "--sampler", "Choose --sampler tpe.")
    chosen = name or ("cmaes" if parameters > 1 else "tpe")
    _optuna(chosen)
    return chosen


def _optuna(sampler: str) -> Any:
    try:
        import optuna

        if sampler == "cmaes":
            import cmaes  # noqa: F401  # Optuna uses it; asked for here, so that its absence is told
    except ImportError as error:
        what = f"a calibration needs {error.name}, which is not installed"
        raise HomogsimError(what, help='Install the extra: pip install "homogsim[calibrate]".') from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def search(free: Sequence[Free], evaluate: Evaluate, budget: int, sampler: str, seed: int) -> list[Evaluation]:
    """Return the evaluations of a search, in the order in which they were asked for.

    The first is where it starts; then come generations. What is asked for depends on the seed and on earlier
    evaluations only, so that a search made again asks the same. Failed evaluations count, but teach the sampler nothing
    but to look elsewhere.

    Parameters
    ----------
    free : sequence of Free
        The parameters.
    evaluate : callable
        Evaluates a generation.
    budget : int
        Evaluations, at least 1.
    sampler : str
        ``cmaes`` (Hansen 2016) or ``tpe`` (Bergstra et al. 2011).
    seed : int
        Of the sampler.
    """
    optuna = _optuna(sampler)
    generation = 4 + int(3 * math.log(len(free)))
    study = optuna.create_study(sampler=_sampler(optuna, free, sampler, seed, generation), direction="minimize")
    study.enqueue_trial({one.name: one.unit(one.start) for one in free})
    done: list[Evaluation] = []
    while len(done) < budget:
        # Always a whole generation: what is asked next must not depend on the budget.
        trials = [study.ask() for _ in range(generation if done else 1)]
        asked = [{one.name: one.value(t.suggest_float(one.name, 0.0, 1.0)) for one in free} for t in trials]
        affordable = budget - len(done)
        found = evaluate(asked[:affordable])
        for trial, evaluation in zip(trials, found, strict=False):
            if evaluation is None:
                return done
            done.append(evaluation)
            failed = math.isnan(evaluation.distance)
            state = optuna.trial.TrialState.FAIL if failed else optuna.trial.TrialState.COMPLETE
            study.tell(trial, None if failed else evaluation.distance, state=state)
    return done


def _sampler(optuna: Any, free: Sequence[Free], name: str, seed: int, generation: int) -> Any:
    if name == "tpe":
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=10)
    start = {one.name: one.unit(one.start) for one in free}
    with catch_warnings():
        filterwarnings("ignore", category=FutureWarning)  # x0 and sigma0 are to go in Optuna 6, without a successor yet
        return optuna.samplers.CmaEsSampler(x0=start, sigma0=SPREAD, seed=seed, popsize=generation)
