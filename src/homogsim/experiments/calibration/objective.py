"""How far the model is from its targets at given parameters: a plain function that any search can take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homogsim.errors import HomogsimError
from homogsim.experiments.calibration.free import Free
from homogsim.experiments.measuring import Measurement, measurements
from homogsim.experiments.moments import measure
from homogsim.experiments.replicate import Lost, Outcome
from homogsim.experiments.targets import Target
from homogsim.scenario import Scenario

Values = Mapping[str, float]


@dataclass(frozen=True)
class Objective:
    r"""The distance between simulated and empirical moments.

    .. math:: Q(\theta) = \sum_m \left(\frac{\bar m(\theta) - m^*}{w_m}\right)^2, \quad w_m = (hi_m - lo_m)/2

    with :math:`\bar m` the mean over the same seeds at every θ (common random numbers). Picklable, and callable with
    parameters by name: ``objective({"consumers.choice_noise": 1.7})``. `simulate` and `distance` are what pyABC calls
    the model and the distance function.
    """

    base: Scenario
    free: tuple[Free, ...]
    targets: tuple[Target, ...]
    seeds: tuple[int, ...]
    months: Mapping[str, int]
    all_months: int | None = None

    def __post_init__(self) -> None:
        for target in self.targets:
            if not target.expressed:
                what = f"the model does not express {target.id}"
                raise HomogsimError(what, "--targets", f"{target.not_expressed}.".capitalize())
            if target.half_width <= 0.0:
                raise HomogsimError(
                    f"{target.id} has a band without width, so nothing can be weighed by it", "--targets"
                )

    def __call__(self, values: Values) -> float:
        """Return Q at these parameters, in this process; NaN when a moment is undefined in one of the runs."""
        return self.distance(self.simulate(values))

    def simulate(self, values: Values) -> dict[str, float]:
        """Return the simulated moments by target, means over the seeds; NaN when undefined in one of them."""
        from homogsim.model import MarketModel

        found: dict[str, list[float]] = {target.id: [] for target in self.targets}
        for preset, measurement in self.measurements(values).items():
            for seed in self.seeds:
                model = MarketModel(measurement.scenario, seed=seed, threads=1).run()
                moments = measure(model, measurement.moments)
                for target in self.targets:
                    if target.preset == preset:
                        found[target.id].append(moments[target.measure])
        return {name: sum(values) / len(values) for name, values in found.items()}

    def distance(self, moments: Mapping[str, float], observed: Mapping[str, float] | None = None) -> float:
        """Return Q of simulated moments; against others than the targets, if given (as pyABC does)."""
        misses = (
            (moments[t.id] - (t.target if observed is None else observed[t.id])) / t.half_width for t in self.targets
        )
        return float(sum(miss * miss for miss in misses))

    @property
    def observed(self) -> dict[str, float]:
        """The targets by their id."""
        return {target.id: target.target for target in self.targets}

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """The bounds of the parameters: uniform priors for a search that needs some."""
        return {one.name: (one.low, one.high) for one in self.free}

    def measurements(self, values: Values) -> dict[str, Measurement]:
        """Return by preset what has to be run at these parameters.

        Raises
        ------
        ScenarioError
            They do not go together.
        """
        whole = {one.name: one.whole for one in self.free}
        changes: dict[str, object] = {k: round(v) if whole.get(k) else float(v) for k, v in values.items()}
        return measurements(self.targets, self.base.override(changes), self.months, self.all_months)


@dataclass(frozen=True)
class Evaluation:
    """The objective at one set of parameters, as the journal keeps it."""

    values: dict[str, float]
    moments: dict[str, list[float]]
    """By target: its value under every seed, NaN where undefined."""
    distance: float
    """Q; NaN where it failed."""
    failure: str = ""
    """Why there is no distance."""

    @property
    def means(self) -> dict[str, float]:
        """Mean of every moment over the seeds."""
        return {name: sum(found) / len(found) if found else math.nan for name, found in self.moments.items()}


def evaluated(
    objective: Objective, values: Values, found: Mapping[tuple[str, int], Outcome | Lost], refused: str = ""
) -> Evaluation:
    """Return the evaluation that comes of runs, by preset and seed.

    A moment that is undefined in one run makes the evaluation fail: left out, it would weigh nothing, and the search
    would find the parameters that make it undefined.
    """
    kept = dict(values)
    lost = [run for run in found.values() if isinstance(run, Lost)]
    if refused or lost:
        return Evaluation(kept, {}, math.nan, refused or f"{len(lost)} runs lost: {lost[0]}")
    moments: dict[str, list[float]] = {}
    for target in objective.targets:
        runs: Sequence[Any] = [found[target.preset, seed] for seed in objective.seeds]
        moments[target.id] = [run.measured[target.measure] for run in runs]
    gaps = {name: sum(not math.isfinite(v) for v in values) for name, values in moments.items()}
    if any(gaps.values()):
        words = [f"{name} undefined in {gap} of {len(objective.seeds)} runs" for name, gap in gaps.items() if gap]
        return Evaluation(kept, moments, math.nan, "; ".join(words))
    means = {name: sum(values) / len(values) for name, values in moments.items()}
    return Evaluation(kept, moments, objective.distance(means))
