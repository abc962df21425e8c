"""The balanced scorecard (Kaplan & Norton 1992): four perspectives on the small businesses of a run."""

from __future__ import annotations

import pandas as pd

from homogsim.metrics.table import METRICS
from homogsim.results.summary import summarise

PERSPECTIVES = {
    "financial": ("smb_profit", "roi36_median", "payback_month"),
    "customer": ("net_promoter_score", "repeat_12m", "differentiation_premium"),
    "process": ("mean_unit_cost", "process_distance", "mean_implementation"),
    "learning": ("innovation_velocity", "mean_data", "reinvestment"),
}
"""The rows of the scorecard, and the metrics in each."""


def scorecard(timeline: pd.DataFrame) -> pd.DataFrame:
    """Return the balanced scorecard of a timeline.

    Returns
    -------
    DataFrame
        Index (perspective, metric); columns start, end, change, relative_change (see
        `homogsim.results.summary.summarise`) and unit. NaN where a metric is not defined.

    References
    ----------
    Kaplan & Norton (1992), The balanced scorecard: measures that drive performance, Harvard Business Review 70(1),
    71–79.
    """
    lines = [(perspective, name) for perspective, names in PERSPECTIVES.items() for name in names]
    index = pd.MultiIndex.from_tuples(lines, names=["perspective", "metric"])
    table = summarise(timeline).reindex(index.get_level_values("metric")).set_index(index)
    return table.assign(unit=[METRICS[name].unit for _, name in lines])
