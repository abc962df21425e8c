"""Whether a calibration finds parameters that are known, from data that the model itself made with other seeds.

``python -m homogsim.experiments.calibration.recovery FOLDER`` (`make recovery`) does it on the market of full size; the
same command goes on with a stopped one.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from homogsim.errors import HomogsimError
from homogsim.experiments.calibration.calibrate import calibrate, plan
from homogsim.experiments.calibration.found import Calibration
from homogsim.experiments.calibration.free import Bounds
from homogsim.experiments.runs import Watcher
from homogsim.experiments.targets import Target

STATED_ERRORS = 3.0
"""How many stated errors the estimate may lie from the truth."""

DATA_SEED, SEED = 50_000, 30_000
PRESET = "before-automation"


@dataclass(frozen=True)
class Study:
    """A recovery: what is free, what it truly is, and which moments tell it."""

    bounds: Mapping[str, Bounds]
    truth: Mapping[str, float]
    widths: Mapping[str, float]
    """Moments of `homogsim.experiments.moments` and the half-widths of their bands."""
    set: Mapping[str, object]
    """Other parameters of the market."""
    budget: int
    months: int
    data_seeds: int = 8
    seeds: int = 4


FULL = Study(
    bounds={"consumers.choice_noise": (1.2, 2.6), "firms.cost_sd": (0.15, 0.4), "consumers.base_value": (19.0, 23.0)},
    truth={"consumers.choice_noise": 2.1, "firms.cost_sd": 0.22, "consumers.base_value": 20.2},
    widths={"own_price_elasticity": 0.1, "price_dispersion": 0.02, "category_price_elasticity": 0.05},
    set={},
    budget=70,
    months=12,
)


@dataclass(frozen=True)
class Recovered:
    """A parameter, and what was found."""

    name: str
    start: float
    truth: float
    found: float
    stated: float
    """Standard error that the calibration states, data being a mean over seeds as well."""

    @property
    def within(self) -> bool:
        """Whether the truth lies within three stated errors."""
        return abs(self.found - self.truth) <= STATED_ERRORS * self.stated


@dataclass(frozen=True)
class Recovery:
    """What a recovery came to."""

    calibration: Calibration
    parameters: tuple[Recovered, ...]
    """Empty when it was interrupted."""


def recover(
    study: Study,
    folder: Path,
    jobs: int | None = None,
    watch: Watcher | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Recovery:
    """Make data with known parameters, calibrate to them from the defaults, and compare.

    Raises
    ------
    HomogsimError
        The folder holds another calibration, or nothing could be evaluated.
    """
    unknown = tuple(_target(name, 0.0, 1.0) for name in study.widths)
    data = plan(
        study.bounds, 1, targets_=unknown, set=study.set, months=study.months, replications=study.data_seeds,
        seed=DATA_SEED, jobs=1,
    ).objective.simulate(study.truth)  # fmt: skip
    observed = tuple(_target(name, data[name], width) for name, width in study.widths.items())
    found = calibrate(
        study.bounds, study.budget, folder, targets_=observed, set=study.set, months=study.months,
        replications=study.seeds, seed=SEED, jobs=jobs, watch=watch, stop=stop,
    )  # fmt: skip
    return Recovery(found, tuple(_recovered(study, found, name) for name in study.truth if found.identification))


def _target(moment: str, value: float, half: float) -> Target:
    return Target(
        id=moment, target=value, lo=value - half, hi=value + half, unit="", moment="", status="memory", use="fit",
        source="the model itself", measure=moment, preset=PRESET,
    )  # fmt: skip


def _recovered(study: Study, found: Calibration, name: str) -> Recovered:
    assert found.identification is not None  # asked before
    more = math.sqrt(1.0 + study.seeds / study.data_seeds)
    stated = found.identification.simulation_errors[name] * more
    start = next(one.start for one in found.objective.free if one.name == name)
    return Recovered(name, start, study.truth[name], found.best.values[name], stated)


def main(arguments: list[str], study: Study = FULL) -> int:
    """Recover into the folder named, say what was found; 1 when a parameter was not."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m homogsim.experiments.calibration.recovery FOLDER\n")
        return 2
    try:
        found = recover(study, Path(arguments[0]), watch=_tell)
    except HomogsimError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    sys.stderr.write("\n")
    for one in found.parameters:
        verdict = "found" if one.within else "NOT found"
        sys.stdout.write(
            f"{one.name}: truth {one.truth:g}, started from {one.start:g}, found {one.found:.4g} "
            f"(stated error {one.stated:.2g}): {verdict}\n"
        )
    return 0 if all(one.within for one in found.parameters) else 1


def _tell(done: int, total: int) -> None:
    sys.stderr.write(f"\r{done} of at most {total} runs")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
