"""`homogsim report`: one HTML file about a run, a comparison or a sweep."""

from __future__ import annotations

from pathlib import Path

from homogsim.cli.text import console, printable


def report_folder(folder: Path, target: Path | None) -> None:
    """Write the report and print where it is."""
    from homogsim.report import write_report

    path = write_report(folder, target)
    console().print(f"report: {printable(str(path))}", soft_wrap=True)
