"""From courses to figures: every choice against no tool in the same world, and how sure the ranking is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from homogsim.experiments.advice.choices import NONE
from homogsim.experiments.advice.courses import YEAR, Course
from homogsim.experiments.advice.worlds import BY_ITSELF, RULES, WorldOutcome
from homogsim.experiments.pairing import paired_difference
from homogsim.metrics.returns import payback_month, roi
from homogsim.streams import Streams

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DRAWS = 4000
"""Weightings of the worlds by which the ranking is asked how sure it is."""

FEWEST_WORLDS = 10
"""With fewer, weighting them anew says nothing: of two worlds it knows two outcomes only."""

MEASURES: dict[str, tuple[str, str]] = {
    "survival": ("share", "still in business at the horizon"),
    "profit": ("$", "cumulative profit less set-up cost and training"),
    "roi12": ("share", "return on what was spent, 12 months, against no tool"),
    "roi36": ("share", "return on what was spent, 36 months, against no tool"),
    "paid_back": ("share", "worlds in which it paid for itself within the horizon"),
    "payback_month": ("months", "when it did"),
    "differentiation_premium": ("$/purchase", "what buyers would pay for it not to be its generic twin"),
    "net_promoter_score": ("points", "promoters less detractors among its visits"),
    "nearest_rival": ("taste sd", "distance to the nearest rival's offering"),
}
"""Measures of a course: unit and meaning. Premium, score and distance: last 12 months in business."""

ANSWERS: dict[str, tuple[str, str]] = {
    "rivals": ("outlets", "rivals in its town and sector"),
    "rivals_with_tool": ("share", "of them with a tool"),
    "rivals_price": ("$", "their mean price"),
}
"""What rivals did: means of the horizon's last 12 months."""


def measures(course: Course, without: Course) -> dict[str, float]:
    """Return the measures of a course, against the same business without a tool in the same world.

    ROI is (Σ(π − π⁰) − K)/(K + fees), π⁰ the profit without a tool, not the shadow profit of `homogsim.metrics`: the
    other world is known here. A business that has closed earns nothing.
    """
    extra = np.cumsum(course.net - without.net)
    spends = course.months["outlay"].sum() > 0.0
    back = float(payback_month(extra)) if spends else math.nan
    return {
        "survival": float(course.months["is_open"][-1]),
        "profit": float(course.net.sum()),
        "roi12": _roi(course, without, 12),
        "roi36": _roi(course, without, 36),
        "paid_back": float(np.isfinite(back)) if spends else math.nan,
        "payback_month": back,
        "differentiation_premium": course.last_year("premium"),
        "net_promoter_score": course.promoter_score,
        "nearest_rival": course.last_year("nearest"),
    }


def _roi(course: Course, without: Course, months: int) -> float:
    if course.net.size < months:
        return math.nan
    gain, outlay, fee = (
        float(course.months[name][:months].sum()) - float(without.months[name][:months].sum()) * (name == "profit")
        for name in ("profit", "outlay", "fee")
    )
    return float(roi(gain, outlay, fee)) if outlay > 0.0 else math.nan


def answers(course: Course) -> dict[str, float]:
    """Return what rivals came to."""
    tails = {name: course.months[name][-YEAR:] for name in ANSWERS}
    return {name: float(np.nanmean(tail)) if np.isfinite(tail).any() else math.nan for name, tail in tails.items()}


def lived(worlds: Sequence[WorldOutcome]) -> list[WorldOutcome]:
    """Return the worlds in which there was somebody to advise."""
    return [world for world in worlds if world.uid is not None]


def figures(worlds: Sequence[WorldOutcome], names: Sequence[str]) -> dict[str, list[dict[str, float]]]:
    """Return the measures and answers of every choice, world by world; NaN where it could not be paid."""
    nothing = dict.fromkeys((*MEASURES, *ANSWERS), math.nan)
    return {
        name: [
            measures(world.courses[name], world.courses[NONE]) | answers(world.courses[name])
            if name in world.courses
            else nothing
            for world in worlds
        ]
        for name in names
    }


def table(found: Mapping[str, list[dict[str, float]]]) -> pd.DataFrame:
    """Return a row per choice and measure: its level, and the paired difference from no tool with its interval.

    Returns on investment and payback are differences from no tool by themselves: their level is the difference.
    """
    rows = []
    for name, worlds in found.items():
        for measure, (unit, meaning) in {**MEASURES, **ANSWERS}.items():
            own = [world[measure] for world in worlds]
            against = measure in ("roi12", "roi36", "paid_back", "payback_month")
            base = [0.0 if against else world[measure] for world in found[NONE]]
            pair = paired_difference(base, own)
            about = {"choice": name, "measure": measure, "unit": unit, "meaning": meaning, "worlds": pair.pairs}
            level = {"none": math.nan if against else pair.baseline_mean, "mean": pair.mean}
            spread = {"difference": pair.difference, "low": pair.low, "high": pair.high}
            rows.append(about | level | spread | {"verdict": pair.verdict})
    return pd.DataFrame(rows)


def shared_worlds(found: Mapping[str, list[dict[str, float]]], names: Sequence[str]) -> tuple[Mask, Mask]:
    """Return which choices are ranked, and the worlds over which they are.

    Richer businesses gain more from any tool, so choices are compared only in worlds in which each of them can be paid.
    A choice that few can pay must not take the others' worlds away: while the worlds that all share are not more than
    half of all, the choices that can be paid in the fewest drop out. No tool can be paid everywhere.

    Returns
    -------
    ranked : array of bool, shape (choices,)
    shared : array of bool, shape (worlds,)
    """
    paid: Mask = np.isfinite([[world["profit"] for world in found[name]] for name in names])
    ranked = np.ones(len(names), dtype=np.bool_)
    while 2 * np.count_nonzero(_by_all(paid[ranked])) <= paid.shape[1]:
        ranked &= paid.sum(axis=1) > paid[ranked].sum(axis=1).min()
    return ranked, _by_all(paid[ranked])


def _by_all(paid: Mask) -> Mask:
    return np.logical_and.reduce(paid, axis=0)


def ranking(found: Mapping[str, list[dict[str, float]]], names: Sequence[str]) -> pd.DataFrame:
    """Return how often each choice is best, and how sure it is that it is best on average.

    Best is the highest cumulative profit, over the worlds that all ranked choices share (`shared_worlds`): theirs are
    `compared_gain`, the mean difference from no tool, and `compared_worlds`, how many they are. `best_share` is the
    share of them in which the choice is best: what an owner faces who lives in one world. `probability_best` is the
    probability that its mean difference is the highest of all, by a Bayesian bootstrap over worlds (Rubin 1981): what
    an owner wants to know who cannot know which world it will be; undefined in fewer than `FEWEST_WORLDS`. `mean_gain`
    is over all `worlds` in which the choice can be paid, which may be other worlds than those of the other choices.
    """
    profit = np.array([[world["profit"] for world in found[name]] for name in names])
    gain = profit - profit[list(names).index(NONE)]
    known = np.isfinite(gain)
    ranked, shared = shared_worlds(found, names)
    common = np.where(ranked[:, None], gain[:, shared], -np.inf)
    worlds = int(shared.sum())
    weights = Streams(0).exponential("bootstrap", np.arange(DRAWS)[:, None], index=np.arange(worlds)[None, :])
    winner = (weights @ common.T).argmax(axis=1)
    best = common.argmax(axis=0)
    enough = worlds >= FEWEST_WORLDS

    def among(ranks: NDArray[np.intp]) -> list[float]:
        return [float((ranks == n).mean()) if fit else math.nan for n, fit in enumerate(ranked)]

    return pd.DataFrame(
        {
            "choice": list(names),
            "worlds": known.sum(axis=1),
            "compared_worlds": np.where(ranked, worlds, 0),
            "compared_gain": [float(row.mean()) if fit else math.nan for row, fit in zip(common, ranked, strict=True)],
            "mean_gain": [float(row[k].mean()) if k.any() else math.nan for row, k in zip(gain, known, strict=True)],
            "best_share": among(best),
            "probability_best": among(winner) if enough else [math.nan] * len(names),
        }
    )


def best_on_average(ranked: pd.DataFrame) -> str:
    """Return the choice with the highest mean gain of those that are ranked; no tool, if none gains anything."""
    top = ranked.loc[ranked["compared_gain"].idxmax()]
    return str(top["choice"]) if top["compared_gain"] > 0.0 else NONE


def regrets(worlds: Sequence[WorldOutcome], best: str) -> pd.DataFrame:
    """Return what following a rule costs against the choice that is best on average, dollars over the horizon.

    The worlds are those over which choices are ranked; the best can be paid in all of them. `picks` says what the rule
    leads to, and in how many.
    """
    course_of: dict[str, Callable[[WorldOutcome], str]] = {rule: _picked(rule) for rule in RULES}
    course_of[BY_ITSELF] = lambda world: BY_ITSELF
    rows = []
    for rule, course in course_of.items():
        own = [float(world.courses[course(world)].net.sum()) for world in worlds]
        top = [float(world.courses[best].net.sum()) for world in worlds]
        pair = paired_difference(own, top)
        said = [world.picks.get(rule, "") for world in worlds]
        often = Counter(sorted(said)).most_common()  # of equal counts in the order of names
        picks = "; ".join(f"{text} ({count})" for text, count in often)
        told = {"rule": rule, "worlds": pair.pairs, "regret": pair.difference, "low": pair.low, "high": pair.high}
        rows.append(told | {"picks": picks if rule in RULES else ""})
    return pd.DataFrame(rows)


def _picked(rule: str) -> Callable[[WorldOutcome], str]:
    return lambda world: world.rules[rule]
