"""From courses to figures: every choice against no tool in the same world, and how sure the ranking is."""

from __future__ import annotations

import math
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

DRAWS = 4000
"""Weightings of the worlds by which the ranking is asked how sure it is."""

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


def ranking(found: Mapping[str, list[dict[str, float]]], names: Sequence[str]) -> pd.DataFrame:
    """Return how often each choice is best, and how sure it is that it is best on average.

    Best is the highest cumulative profit. `best_share` is the share of worlds in which the choice is best among those
    that could be paid there: what an owner faces who lives in one world. `probability_best` is the probability that
    its mean difference from no tool is the highest of all, by a Bayesian bootstrap over worlds (Rubin 1981): what an
    owner wants to know who cannot know which world it will be. Choices that cannot be paid in more than half of the
    worlds do not compete, and those that compete are ranked over the worlds in which all of them can be paid: richer
    businesses gain more from any tool.
    """
    profit = np.array([[world["profit"] for world in found[name]] for name in names])
    gain = profit - profit[list(names).index(NONE)]
    known = np.isfinite(gain)
    best = np.where(known, gain, -np.inf).argmax(axis=0)
    competes = 2 * known.sum(axis=1) >= gain.shape[1]
    common = gain[:, known[competes].all(axis=0)]
    worlds = common.shape[1]
    weights = Streams(0).exponential("bootstrap", np.arange(DRAWS)[:, None], index=np.arange(worlds)[None, :])
    totals = np.where(competes, weights @ np.where(competes[:, None], common, 0.0).T, -np.inf)
    winner = totals.argmax(axis=1)
    compared = [float(row.mean()) if fit and worlds else math.nan for row, fit in zip(common, competes, strict=True)]
    return pd.DataFrame(
        {
            "choice": list(names),
            "worlds": known.sum(axis=1),
            "compared_gain": compared,
            "mean_gain": [float(row[k].mean()) if k.any() else math.nan for row, k in zip(gain, known, strict=True)],
            "best_share": [float((best == n).mean()) for n in range(len(names))],
            "probability_best": [
                float((winner == n).mean()) if worlds > 1 and competes[n] else math.nan for n in range(len(names))
            ],
        }
    )


def best_on_average(ranked: pd.DataFrame) -> str:
    """Return the choice with the highest mean gain among those that compete."""
    return str(ranked.loc[ranked["compared_gain"].idxmax(), "choice"])


def regrets(worlds: Sequence[WorldOutcome], best: str) -> pd.DataFrame:
    """Return what following a rule costs against the choice that is best on average, dollars over the horizon.

    Only worlds in which the best choice could be paid count. `picks` says what the rule leads to, and in how many.
    """
    able = [world for world in worlds if best in world.courses]
    course_of: dict[str, Callable[[WorldOutcome], str]] = {rule: _picked(rule) for rule in RULES}
    course_of[BY_ITSELF] = lambda world: BY_ITSELF
    rows = []
    for rule, course in course_of.items():
        own = [float(world.courses[course(world)].net.sum()) for world in able]
        top = [float(world.courses[best].net.sum()) for world in able]
        pair = paired_difference(own, top)
        said = [world.picks.get(rule, "") for world in able]
        picks = "; ".join(f"{text} ({said.count(text)})" for text in sorted(set(said), key=said.count, reverse=True))
        told = {"rule": rule, "worlds": pair.pairs, "regret": pair.difference, "low": pair.low, "high": pair.high}
        rows.append(told | {"picks": picks if rule in RULES else ""})
    return pd.DataFrame(rows)


def _picked(rule: str) -> Callable[[WorldOutcome], str]:
    return lambda world: world.rules[rule]
