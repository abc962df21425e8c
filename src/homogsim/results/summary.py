"""A run in one number a metric: before automation, at the end, and what changed."""

from __future__ import annotations

import numpy as np
import pandas as pd

START_MONTHS = 12
"""Months before automation arrives that make the *start*."""

END_MONTHS = 24
"""Last recorded months that make the *end*."""


def summarise(timeline: pd.DataFrame) -> pd.DataFrame:
    """Return start, end, change and relative change of every metric of a timeline.

    Parameters
    ----------
    timeline : DataFrame
        One row per recorded month; column ``month``, the other columns metrics.

    Returns
    -------
    DataFrame
        Index ``metric``; columns ``start`` (mean of the last 12 months before month 0), ``end`` (mean of the last 24
        months, never reaching back before month 0 when there are later ones), ``change`` = end − start and
        ``relative_change`` = change/|start|. Means are over the months in which the metric is defined; NaN when there
        are none, and ``relative_change`` is NaN at start = 0.
    """
    if timeline.empty:  # stopped before the first recorded month
        timeline = timeline.reindex(columns=timeline.columns.union(["month"], sort=False))
    metrics = timeline.drop(columns="month")
    start, end = metrics.loc[_start_rows(timeline)].mean(), metrics.loc[_end_rows(timeline)].mean()
    change = end - start
    relative = change / start.abs().where(start != 0.0)
    table = pd.DataFrame({"start": start, "end": end, "change": change, "relative_change": relative}, dtype=np.float64)
    return table.rename_axis("metric")


def summary_values(timeline: pd.DataFrame) -> dict[str, float]:
    """Return the *end* of every metric (see `summarise`) by its name."""
    return {str(name): float(value) for name, value in summarise(timeline)["end"].items()}


def _start_rows(timeline: pd.DataFrame) -> pd.Series:
    month = timeline["month"]
    return (month < 0) & (month >= -START_MONTHS)


def _end_rows(timeline: pd.DataFrame) -> pd.Series:
    month = timeline["month"]
    recent = month > month.max() - END_MONTHS
    after = recent & (month >= 0)
    return after if after.any() else recent
