"""How long businesses last: entrants' survival, by the tool in use, hazard by age. Small businesses only, no chains.

Only what was recorded counts: a business enters the risk set at its age when recording (or automation, or its tool)
begins, which is left truncation, and what is open at the end is censored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from homogsim.metrics.listed.runs import SURVIVAL_YEARS
from homogsim.metrics.spells import LogRank, Spells, kaplan_meier_by_state, log_rank
from homogsim.metrics.survival import (
    SurvivalCurve,
    greenwood_band,
    hazard_by_age,
    kaplan_meier,
    median_survival,
    survival_at,
    weibull_fit,
)
from homogsim.parameters import TOOLS

if TYPE_CHECKING:
    from homogsim.results.record import Results

Floats = NDArray[np.float64]

AGE_BANDS = (0, 1, 2, 3, 5, 10, 20)
"""Limits of the bands of `hazard_table`, years."""


class Lives(NamedTuple):
    """Lives as they were observed: age when observation begins and ends, months, and whether it ended by closing."""

    entry: Floats
    stop: Floats
    event: NDArray[np.bool_]


def small_businesses(firms: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the table of firms that are no outlets of chains (none are, where the table does not say)."""
    return firms[~firms["is_chain"].astype(bool)] if "is_chain" in firms else firms


def observed_lives(firms: pd.DataFrame, begin: int, end: int) -> Lives:
    """Return the lives of small businesses as far as they fall into the months from `begin` up to `end`."""
    small = small_businesses(firms)
    birth = small["birth"].to_numpy(dtype=np.float64)
    death = small["death"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.inf)
    start, stop = np.maximum(birth, begin), np.minimum(death, end)
    within = stop > start
    return Lives((start - birth)[within], (stop - birth)[within], (death <= end)[within])


def entrants_curve(firms: pd.DataFrame, first_month: int, last_month: int) -> SurvivalCurve:
    """Return the survival of small businesses that opened in a recorded month.

    Those still open at the end are censored there. The firms that were there when the run began, if it records from
    the start, are no entrants. Ages are whole months: who opened in the last month has no month at risk, and is left
    out.
    """
    at_start = firms["birth"].min() == first_month
    entered = firms[(firms["birth"] > first_month) | ((firms["birth"] == first_month) & (not at_start))]
    lives = observed_lives(entered, first_month, last_month)
    return kaplan_meier(lives.stop, lives.event)


def observed_spells(results: Results, begin: int, end: int) -> Spells:
    """Return the spells by age (months) that fall into the calendar months from `begin` up to, not including, `end`."""
    return spells_within(results.spells, results.firms, begin, end)


def spells_within(spells: pd.DataFrame, firms: pd.DataFrame, begin: int, end: int) -> Spells:
    """Return what `observed_spells` does, from the tables."""
    table = spells.merge(small_businesses(firms)[["uid", "birth"]], on="uid", how="inner")
    start, stop = (table[name].to_numpy(dtype=np.float64) for name in ("start", "stop"))
    within = (np.minimum(stop, end) > np.maximum(start, begin)) & table["tool"].isin(TOOLS).to_numpy()
    birth = table["birth"].to_numpy(dtype=np.float64)
    # a tool taken up in the very month of closing leaves a spell without time: the business closed with the one before
    lives = table.groupby("uid")[["stop", "event"]].transform("max")
    closed = ((lives["event"] == 1) & (table["stop"] == lives["stop"])).to_numpy() & (stop <= end)
    state = table["tool"].map({tool: code for code, tool in enumerate(TOOLS)}).fillna(0).to_numpy(dtype=np.int64)
    ages = np.maximum(start, begin) - birth, np.minimum(stop, end) - birth
    business = table["uid"].to_numpy(dtype=np.int64)
    return Spells(ages[0][within], ages[1][within], closed[within], state[within], business[within])


def survival_by_tool(results: Results, level: float = 0.95) -> pd.DataFrame:
    """Return Kaplan–Meier survival by the tool in use, a time-varying state, from month 0 on, with Greenwood's bands.

    Parameters
    ----------
    results : Results
        A run.
    level : float
        Coverage of the bands, between 0 and 1.

    Returns
    -------
    DataFrame
        One row per tool and age (months) at which a business closed: tool, age, survival, lower, upper (shares; the
        band is NaN where survival is 0), at_risk, closed.

    References
    ----------
    Simon & Makuch (1984), Statistics in Medicine 3, 35–44; Greenwood (1926).
    """
    spells = observed_spells(results, 0, results.months)
    rows = []
    for tool, curve in zip(TOOLS, kaplan_meier_by_state(spells, len(TOOLS)), strict=True):
        lower, upper = greenwood_band(curve, level)
        columns = {
            "age": curve.times, "survival": curve.survival, "lower": lower, "upper": upper, "at_risk": curve.at_risk,
            "closed": curve.events,
        }  # fmt: skip
        rows.append(pd.DataFrame({"tool": tool, **columns}))
    return pd.concat(rows, ignore_index=True)


def log_rank_by_tool(results: Results) -> LogRank:
    """Return the log-rank test of equal closing rates whatever the tool in use, from month 0 on."""
    return log_rank(observed_spells(results, 0, results.months), len(TOOLS))


def hazard_table(results: Results) -> pd.DataFrame:
    """Return the closing rate of small businesses by age, over all recorded months.

    Returns
    -------
    DataFrame
        One row per band of ages: from_age and to_age (years), hazard (closings per year at risk; NaN where nobody was),
        years (at risk).
    """
    first = -results.scenario.parameters.calendar.before
    lives = observed_lives(results.firms, first, results.months - 1)
    edges = 12.0 * np.array(AGE_BANDS)
    hazard, exposure = hazard_by_age(lives.stop, lives.event, edges, lives.entry)
    return pd.DataFrame(
        {"from_age": AGE_BANDS[:-1], "to_age": AGE_BANDS[1:], "hazard": 12.0 * hazard, "years": exposure / 12.0}
    )


def survival_values(firms: pd.DataFrame, first_month: int, last_month: int) -> dict[str, float]:
    """Return entrants' survival at 1, 2, 3, 5 and 10 years, their median life, and the Weibull fit, for the summary.

    The fit is NaN unless survival is known at all of 1, 2, …, 10 years.
    """
    curve = entrants_curve(firms, first_month, last_month)
    at = {years: float(survival_at(curve, 12 * years)) for years in range(1, 11)}
    yearly = np.array(list(at.values()))
    fit = weibull_fit(yearly if np.isfinite(yearly).all() else [])
    return {
        **{f"survival_{years}y": at[years] for years in SURVIVAL_YEARS},
        "median_life": median_survival(curve) / 12.0,
        "weibull_shape": fit.shape,
        "weibull_scale": fit.scale,
    }
