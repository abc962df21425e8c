"""The report of a sweep: how a metric spreads over its points, what moves it, and how much of it is luck."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from homogsim.errors import HomogsimError
from homogsim.plots.wording import percent
from homogsim.report.document import Document, Picture, Table, picture
from homogsim.report.wording import (
    METHOD,
    command,
    facts,
    interval,
    label,
    number,
    parameter_table,
    told,
    unit_text,
    written,
)
from homogsim.scenario import presets

if TYPE_CHECKING:
    import pandas as pd

    from homogsim.experiments.sweeps.plan import Plan

METRIC = "diversity_lost"
SPREAD = (METRIC, "diversity_gamma", "adoption_share", "n_firms", "mean_price", "consumer_surplus", "smb_profit")
SHOWN = {
    "main-effects": "What each parameter does to {}, with 95 % intervals",
    "interactions": "Which parameters act alone on {}, and which together",
    "phase": "The two parameters that move it most: {} over both",
    "parallel": "Where {} is high and where it is low, point by point",
}
FEW = 4
"""Points from which a rank correlation has an interval."""

DESIGN = (
    "Every point of the design is one set of parameters, run under the same seeds as all others unless the design says "
    "otherwise. Loss is told against the month before automation arrives of the same run. The spread over points is "
    "that of the design, not a probability: parameters were varied over the ranges below, whatever one believes of "
    "them. Luck is the mean standard deviation between runs of one point. Rank "
    "correlations are Spearman's over the points' means, with Fisher's interval; they show monotone influence only."
)


def sweep_document(folder: Path) -> Document:
    """Return the report of a sweep's folder.

    Raises
    ------
    StorageError
        It is no sweep, damaged, or has no run yet.
    """
    from homogsim.experiments.sweeps.store import Store

    store = Store.open(folder)
    plan, runs = store.plan, store.frame()
    good = runs[runs["status"] == "ok"]
    if good.empty:
        raise HomogsimError("no run of the sweep ended well", str(folder), "See `homogsim sweep status`.")
    scenario = plan.scenario
    differences = {name: value for name, (_, value) in scenario.differences().items()}
    return Document(
        kind="sweep",
        name=f"sweep of {scenario.name}",
        question=scenario.question,
        answer=answer(good),
        pictures=_pictures(folder),
        tables=(_factors(plan), _spread(good), *_influence(plan, good)),
        parameters=parameter_table(
            {"value": differences},
            "Parameters that differ from their defaults",
            "What varies is in the table of ranges.",
        ),
        method=(DESIGN, *METHOD),
        provenance=facts(store.head.get("provenance", {}), _identity(plan, len(runs), store.head["code"])),
        commands=_commands(plan, folder),
        notes=_notes(plan, runs, good),
    )


def points(good: pd.DataFrame, metric: str) -> tuple[np.ndarray, float]:
    """Return a metric's mean at every point, and its standard deviation between runs of one point (NaN if unknown)."""
    groups = good.groupby("point")[metric]
    spread = groups.std(ddof=1).to_numpy(dtype=np.float64)
    known = spread[np.isfinite(spread)]
    return groups.mean().to_numpy(dtype=np.float64), float(np.sqrt((known**2).mean())) if known.size else math.nan


def answer(good: pd.DataFrame) -> str:
    """Return how much diversity is lost over the points, at how many, and how much luck is in it."""
    means, luck = points(good, METRIC)
    means = means[np.isfinite(means)]
    if not means.size:
        return f"Nothing can be said of {label(METRIC)}: it is undefined at every point."
    low, high = np.quantile(means, (0.05, 0.95))
    losing, n = int((means > 0).sum()), len(means)
    ends = wilson(losing, n)
    by_luck = (
        f"; runs of one point differ by a standard deviation of {percent(luck)} through luck" if luck == luck else ""
    )
    return (
        f"Over {n} points, {label(METRIC)} is {percent(float(np.median(means)))} at the median and lies between "
        f"{percent(float(low))} and {percent(float(high))} at nine points in ten; diversity is lost at {losing} "
        f"of them ({percent(losing / n, 0)}, 95 % interval {percent(ends[0], 0)} to {percent(ends[1], 0)} for points "
        f"of such a design){by_luck}."
    )


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share (Wilson 1927).

    >>> [round(end, 4) for end in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    z = 1.959963984540054
    share, scale = successes / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def _factors(plan: Plan) -> Table:
    from homogsim.parameters import declared

    rows = []
    for factor in plan.factors:
        fact = declared()[factor.name]
        over = told(list(factor.values)) if factor.values else f"{told(factor.low)} to {told(factor.high)}"
        rows.append((factor.name, over, told(fact.default), unit_text(fact.unit), fact.meaning, fact.source))
    note = f"Design: {plan.design.kind}, {len(plan.design)} points, {plan.replications} runs at each."
    return Table("What was varied", ("parameter", "over", "default", "unit", "meaning", "source"), tuple(rows), note)


def _spread(good: pd.DataFrame) -> Table:
    from homogsim.metrics.table import METRICS

    rows = []
    for metric in (name for name in SPREAD if name in good):
        means, luck = points(good, metric)
        known = means[np.isfinite(means)]
        ends = np.quantile(known, (0.05, 0.5, 0.95)) if known.size else np.full(3, np.nan)
        rows.append((metric, *(number(float(end)) for end in ends), number(luck), unit_text(METRICS[metric].unit)))
    headings = ("metric", "5 % of points", "median", "95 % of points", "luck (sd)", "unit")
    return Table("How metrics spread over the points", headings, tuple(rows), "", frozenset({1, 2, 3, 4}))


def _influence(plan: Plan, good: pd.DataFrame) -> list[Table]:
    from scipy.stats import spearmanr

    table = good.groupby("point")[METRIC].mean()
    first = good.groupby("point").first()
    rows = []
    for factor in plan.factors:
        x, y = first[factor.name], table.reindex(first.index)
        if x.dtype.kind not in "if" or x.nunique() < 2:
            continue
        known = np.isfinite(y.to_numpy(dtype=np.float64))
        n = int(known.sum())
        if n < FEW or y[known].nunique() < 2:
            continue
        rho = float(spearmanr(x[known], y[known]).statistic)
        rows.append((factor.name, number(rho), interval(*_fisher(rho, n)), str(n)))
    note = f"Spearman's rank correlation of each parameter with {METRIC} over the points."
    title, headings = "What moves the loss of diversity", ("parameter", "rank correlation", "95 % interval", "points")
    return [Table(title, headings, tuple(rows), note, frozenset({1, 2, 3}))] if rows else []


def _fisher(rho: float, n: int) -> tuple[float, float]:
    """Return the interval of a rank correlation (Fisher's z with the variance of Bonett and Wright 2000)."""
    if abs(rho) >= 1.0:
        return rho, rho
    z, half = math.atanh(rho), 1.96 * math.sqrt((1 + rho * rho / 2) / (n - 3))
    return math.tanh(z - half), math.tanh(z + half)


def _pictures(folder: Path) -> tuple[Picture, ...]:
    """Return the figures of the headline metric; none while runs are missing, or where the metric is undefined."""
    from homogsim.experiments.sensitivity.outputs import read_outputs
    from homogsim.plots.sweeps import FIGURES, PAIRWISE, figure
    from homogsim.report.sweep_data import sweep_data

    try:
        data = sweep_data(read_outputs(folder, METRIC))
    except HomogsimError:
        return ()
    names = [name for name in FIGURES if len(data.axes) > 1 or name not in PAIRWISE]
    about = label(METRIC)
    return tuple(
        picture(figure(data, name), name.replace("-", " ").capitalize(), SHOWN[name].format(about)) for name in names
    )


def _identity(plan: Plan, runs: int, code: str) -> list[tuple[str, str]]:
    return [
        ("scenario", f"{plan.scenario.name}, fingerprint {plan.fingerprint}"),
        ("runs", f"{runs} of {plan.runs}, seeds from {plan.seed}"),
        ("code", code),
    ]


def _commands(plan: Plan, folder: Path) -> tuple[tuple[str, str], ...]:
    vary = [word for factor in plan.factors for word in ("--vary", str(factor))]
    samples = ["--samples", str(plan.design.samples)] if plan.design.samples else []
    rest = ["--replications", str(plan.replications), "--seed", str(plan.seed), "--out", "DIR"]
    settings, name = [], plan.scenario.name
    if name in presets():
        from homogsim.scenario import Scenario

        changed = plan.scenario.differences(Scenario.read(name)).items()
        settings = [word for key, (_, own) in changed for word in ("--set", f"{key}={written(own)}")]
    words = ("homogsim", "sweep", "run", name, *vary, "--design", plan.design.kind, *samples, *settings, *rest)
    which = command("homogsim", "sensitivity", str(folder), "--metric", METRIC)
    return (("Make this sweep again", command(*words)), ("Which parameters move it, with intervals", which))


def _notes(plan: Plan, runs: pd.DataFrame, good: pd.DataFrame) -> tuple[str, ...]:
    notes = []
    if len(runs) < plan.runs:
        notes.append(f"{plan.runs - len(runs)} of {plan.runs} planned runs are not made yet.")
    if len(good) < len(runs):
        notes.append(f"{len(runs) - len(good)} runs failed and are left out.")
    if plan.replications == 1:
        notes.append("One run at each point: differences between points hold luck as well.")
    return tuple(notes)
