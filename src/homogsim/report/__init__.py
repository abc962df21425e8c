"""One self-contained HTML file about a run, a comparison or a sweep: nothing is fetched, no script runs.

from homogsim.report import write_report
write_report("runs/baseline-s1")   # → runs/baseline-s1/report.html
"""

from __future__ import annotations

from homogsim.report.writing import report_html, write_report

__all__ = ["report_html", "write_report"]
