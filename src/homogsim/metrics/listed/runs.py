"""Metrics of a whole run: how long businesses last, and what differentiation and an early start are worth."""

from __future__ import annotations

from homogsim.metrics.metric import ANY, POSITIVE, SHARE, RunMetric

SURVIVAL_YEARS = (1, 2, 3, 5, 10)
"""Ages at which the summary tells survival."""

# fmt: off
RUNS = (
    *(RunMetric(f"survival_{years}y", f"S({years})", "share", SHARE, f"small businesses opened in recorded months that outlive {years} year{'s' if years > 1 else ''}", "Kaplan & Meier 1958") for years in SURVIVAL_YEARS),
    RunMetric("median_life", "", "years", POSITIVE, "age that half of these outlive", "Kaplan & Meier 1958"),
    RunMetric("weibull_shape", "k", "-", POSITIVE, "of S(t) = exp(−(t/λ)^k) fitted to their survival at 1, 2, …, 10 years, all of which must be known: under 1, the longer open, the safer", "Weibull 1951"),
    RunMetric("weibull_scale", "λ", "years", POSITIVE, "of the same fit", "Weibull 1951"),
    RunMetric("entry_rate", "", "1/year", POSITIVE, "entries per small business and year, from month 0 on", "Census Bureau, Business Dynamics Statistics"),
    RunMetric("exit_rate", "", "1/year", POSITIVE, "exits per small business and year, from month 0 on", "Census Bureau, Business Dynamics Statistics"),
    RunMetric("tool_log_rank_p", "p", "-", SHARE, "of equal closing rates at every age whatever the tool in use (log-rank, tools as a time-varying state), from month 0 on", "Mantel 1966; Andersen & Gill 1982"),
    RunMetric("roi36_slope", "", "1/taste sd", ANY, "slope of adopters' return over 36 months on their distance from the cell's mean offering at adoption", ""),
    RunMetric("survival_slope", "", "1/taste sd", ANY, "slope of being open 36 months after adoption (0 or 1) on the same distance", ""),
    RunMetric("aligned_return_gain", "", "-", ANY, "median return over 36 months of adopters who know what sets them apart (alignment above ½) less that of the others", ""),
    RunMetric("aligned_survival_gain", "", "share", (-1.0, 1.0), "share of these adopters that are open 36 months after adoption less that of the others", ""),
    RunMetric("first_mover_advantage", "", "-", ANY, "median return over 36 months of the first quarter of adopters less that of the others", ""),
)
"""Lines of the table."""
