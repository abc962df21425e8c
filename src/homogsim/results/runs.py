"""What is told of a whole run beside the timeline: the metrics of `homogsim.metrics.table.RUN_METRICS`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from homogsim.metrics.returns import Slope, median_return, slope
from homogsim.metrics.spells import log_rank
from homogsim.metrics.survival import turnover_rate
from homogsim.parameters import TOOLS
from homogsim.results.lifetimes import spells_within, survival_values

Floats = NDArray[np.float64]

HORIZON = 36
"""Months after adoption at which an adopter is open or not."""
ALIGNED = 0.5
"""Alignment above which a business counts as one that knows what sets it apart."""
EARLY = 0.25
"""Share of adopters that are the first movers."""


def run_values(
    timeline: pd.DataFrame, firms: pd.DataFrame, spells: pd.DataFrame, first_month: int, last_month: int
) -> dict[str, float]:
    """Return every metric of a whole run by name; NaN where it is not defined."""
    after = timeline[timeline["month"] >= 0] if len(timeline) else timeline
    flows = {name: after[name] if len(after) else np.empty(0) for name in ("entries", "exits", "n_firms")}
    return {
        **survival_values(firms, first_month, last_month),
        "entry_rate": turnover_rate(flows["entries"], flows["n_firms"]),
        "exit_rate": turnover_rate(flows["exits"], flows["n_firms"]),
        "tool_log_rank_p": log_rank(spells_within(spells, firms, 0, last_month + 1), len(TOOLS)).p_value,
        "roi36_slope": slope_of_return(firms).value,
        "survival_slope": slope_of_survival(firms, last_month).value,
        "aligned_return_gain": aligned_return_gain(firms),
        "aligned_survival_gain": aligned_survival_gain(firms, last_month),
        "first_mover_advantage": first_mover_advantage(firms),
    }


def slope_of_return(firms: pd.DataFrame) -> Slope:
    """Return the slope of adopters' ROI36 on their distance from the cell's mean offering at adoption."""
    return slope(firms["distance_at_adoption"].to_numpy(), firms["roi36"].to_numpy())


def slope_of_survival(firms: pd.DataFrame, last_month: int) -> Slope:
    """Return the slope of being open 36 months after adoption on that distance; who cannot be told yet is left out."""
    chosen, stayed = open_after_adoption(firms, last_month)
    return slope(chosen["distance_at_adoption"].to_numpy(), stayed)


def open_after_adoption(firms: pd.DataFrame, last_month: int) -> tuple[pd.DataFrame, Floats]:
    """Return the adopters of whom it is known whether they were open 36 months after, and whether (0 or 1)."""
    chosen = firms[firms["distance_at_adoption"].notna()]
    adopted = chosen["first_adoption"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    death = chosen["death"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.inf)
    known = adopted + HORIZON <= last_month
    return chosen[known], np.where(death > adopted + HORIZON, 1.0, 0.0)[known]


def aligned_return_gain(firms: pd.DataFrame) -> float:
    """Return the median ROI36 of aligned adopters less that of the others; NaN if either is nobody."""
    returns, aligned = firms["roi36"].to_numpy(dtype=np.float64), is_aligned(firms)
    return median_return(returns[aligned]) - median_return(returns[~aligned])


def aligned_survival_gain(firms: pd.DataFrame, last_month: int) -> float:
    """Return the share of aligned adopters open 36 months after adoption less that of the others; NaN as above."""
    chosen, stayed = open_after_adoption(firms, last_month)
    aligned = is_aligned(chosen)
    groups = (stayed[aligned], stayed[~aligned])
    return float(groups[0].mean() - groups[1].mean()) if all(group.size for group in groups) else float("nan")


def is_aligned(firms: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which businesses know what sets them apart better than half of all do."""
    return firms["alignment"].to_numpy(dtype=np.float64) > ALIGNED


def first_mover_advantage(firms: pd.DataFrame) -> float:
    """Return the median ROI36 of the first quarter of adopters less that of the others; NaN if either is nobody."""
    known = firms[firms["roi36"].notna()]
    if known.empty:
        return float("nan")
    month = known["first_adoption"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    early = month <= np.quantile(month, EARLY)
    returns = known["roi36"].to_numpy()
    return median_return(returns[early]) - median_return(returns[~early])
