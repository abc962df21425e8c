"""What a run found: tables, summary, provenance; written whole or not at all, and read back with checks."""

from __future__ import annotations

from homogsim.results.consumers import welfare_change
from homogsim.results.lifetimes import hazard_table, log_rank_by_tool, survival_by_tool
from homogsim.results.provenance import now, provenance, run_provenance
from homogsim.results.record import Results, Status
from homogsim.results.runs import run_values
from homogsim.results.scorecard import scorecard
from homogsim.results.summary import summarise, summary_values

__all__ = [
    "Results",
    "Status",
    "hazard_table",
    "log_rank_by_tool",
    "now",
    "provenance",
    "run_provenance",
    "run_values",
    "scorecard",
    "summarise",
    "summary_values",
    "survival_by_tool",
    "welfare_change",
]
