"""What is told by group and not in one number: by town, by age, by tool in use, by quartile of tastes."""

from __future__ import annotations

from typing import NamedTuple

from homogsim.metrics.metric import ANY, POSITIVE, SHARE


class TabledMetric(NamedTuple):
    """A metric that comes as a table."""

    name: str
    symbol: str
    unit: str
    range: tuple[float, float]
    meaning: str
    reference: str
    where: str
    """The table of a run folder, or the function of `homogsim.results` that makes it."""


KM = "Simon & Makuch 1984; Greenwood 1926"

# fmt: off
TABLED = (
    TabledMetric("representativeness", "ρ̄_m", "-", POSITIVE, "how well a town stands for all, 1/β̄_m, by town and month", "Reeve et al. 2016", "towns.parquet"),
    TabledMetric("town_diversity_alpha", "ᾱ_m", "offerings", (1.0, float("inf")), "effective number of distinct offerings in a town, by town and month (column diversity_alpha)", "Reeve et al. 2016", "towns.parquet"),
    TabledMetric("town_diversity_beta", "β̄_m", "towns", POSITIVE, "distinctness of a town, by town and month (column diversity_beta)", "Reeve et al. 2016", "towns.parquet"),
    TabledMetric("hazard_by_age", "h", "1/year", POSITIVE, "closings per year at risk, by age", "Cox & Oakes 1984", "results.hazard_table"),
    TabledMetric("survival_by_tool", "S", "share", SHARE, "Kaplan–Meier with Greenwood bands, by the tool in use as a time-varying state", KM, "results.survival_by_tool"),
    TabledMetric("log_rank_by_tool", "χ²", "-", POSITIVE, "log-rank test over the same states: statistic, expected and observed closings by tool", "Mantel 1966; Andersen & Gill 1982", "results.log_rank_by_tool"),
    TabledMetric("welfare_change", "ΔCS", "$ an occasion", ANY, "mean change and share of consumers who lose between two runs, by quartile of tastes from popular to tail", "Small & Rosen 1981", "results.welfare_change"),
    TabledMetric("welfare_decomposition", "ΔCS", "$/month", ANY, "change of consumer surplus by cause (price, quality, fit, personalization, locality, number of firms, chains), Shapley values", "Shapley 1953", "compare"),
    TabledMetric("balanced_scorecard", "", "as its metrics", ANY, "financial, customer, process and learning perspective of the small businesses", "Kaplan & Norton 1992", "results.scorecard"),
)
"""Lines of the table."""
