"""What a run found: tables, summary, provenance; written whole or not at all, and read back with checks."""

from __future__ import annotations

from homogsim.results.provenance import now, provenance
from homogsim.results.record import Results, Status
from homogsim.results.summary import summarise, summary_values

__all__ = ["Results", "Status", "now", "provenance", "summarise", "summary_values"]
