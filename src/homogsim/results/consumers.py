"""Who gains and who loses: consumer surplus of the same consumers in two runs, by how common their taste is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from homogsim.errors import HomogsimError
from homogsim.metrics.welfare import share_losing, taste_quartile

if TYPE_CHECKING:
    from homogsim.results.record import Results

IDENTITY = ("consumer", "town", "sector", "distance", "weight")
"""Columns that must agree for two runs to have the same consumers."""


def welfare_change(first: Results, second: Results) -> pd.DataFrame:
    """Return how the surplus of consumers differs between two runs, by quartile of distance from the taste centre.

    Parameters
    ----------
    first, second : Results
        Runs of one world and seed; the surplus compared is the mean of the last 24 months.

    Returns
    -------
    DataFrame
        Index ``quartile``: 1 (popular tastes) … 4 (tail tastes) and ``all``; columns ``first`` and ``second`` (mean
        surplus, $ an occasion), ``change``, ``share_losing``. Comparing a run with itself gives exactly zero.

    Raises
    ------
    HomogsimError
        The consumers are not the same, or were not kept.
    """
    one, two = first.consumers, second.consumers
    if one is None or two is None:
        raise HomogsimError("a run was stored without its consumers", help="Run it again.")
    if not all(np.array_equal(one[name], two[name]) for name in IDENTITY):
        what = f"{first.scenario.name} (seed {first.seed}) and {second.scenario.name} (seed {second.seed})"
        raise HomogsimError(f"{what} have different consumers", help="Compare runs of one world with one seed.")
    before, after = one["surplus_end"].to_numpy(), two["surplus_end"].to_numpy()
    weight = one["weight"].to_numpy()
    quartile = taste_quartile(one["distance"], weight) + 1
    everybody = np.ones(len(one), dtype=bool)
    groups: list[tuple[int | str, np.ndarray]] = [(k, quartile == k) for k in (1, 2, 3, 4)]
    rows = [_group(before[here], after[here], weight[here]) for _, here in [*groups, ("all", everybody)]]
    return pd.DataFrame(rows, index=pd.Index([*(k for k, _ in groups), "all"], name="quartile"))


def _group(before: np.ndarray, after: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    known = bool(np.isfinite(after - before).all())
    return {
        "first": _mean(before, weight),
        "second": _mean(after, weight),
        "change": _mean(after - before, weight),
        "share_losing": share_losing(before, after, weight) if known else np.nan,
    }


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    return float((values * weight).sum() / weight.sum()) if weight.sum() > 0 else float("nan")
