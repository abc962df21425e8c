"""A sweep with more samples: designs that grow keep what is stored."""

from __future__ import annotations

from pathlib import Path

from homogsim.errors import HomogsimError
from homogsim.experiments.sweeps.designs import GROWING
from homogsim.experiments.sweeps.plan import Plan
from homogsim.experiments.sweeps.planning import MOST_RUNS, check_size
from homogsim.experiments.sweeps.store import Store


def grown_plan(folder: Path, samples: int, max_runs: int | None = None) -> Plan:
    """Return the plan of a sweep folder with more samples.

    Raises
    ------
    HomogsimError
        Its design does not grow, or it would become smaller.
    """
    plan = Store.open(folder).plan
    check_growth(plan, plan.design.kind, samples)
    grown = plan.grown(samples)
    check_size(grown, MOST_RUNS if max_runs is None else max_runs)
    grown.check_seeds()
    points = len(plan.design)
    if grown.design.fingerprint(points) != plan.design.fingerprint(points):
        what = "the larger design does not begin with the stored one"
        raise HomogsimError(what, str(folder), "Start a new sweep with another --out.")
    return grown


def check_growth(plan: Plan, kind: str, samples: int) -> None:
    """Refuse to extend what cannot grow.

    Raises
    ------
    HomogsimError
        Says what grows.
    """
    before = plan.design.samples or 0
    if kind not in GROWING:
        what = f"a {kind} design does not grow: a larger one has other points"
        raise HomogsimError(what, "--samples", f"These do: {', '.join(GROWING)}.")
    if samples < before:
        raise HomogsimError(f"--samples {samples} is fewer than the {before} of the sweep", "--samples")
