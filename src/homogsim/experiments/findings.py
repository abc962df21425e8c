"""What the expectations of all presets came to, kept: in a file of the documents, and in the presets themselves."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from homogsim.errors import HomogsimError
from homogsim.experiments.expect import Finding, Report
from homogsim.scenario import NOT_SUPPORTED, Scenario
from homogsim.scenario.writing import write_whole

FINDINGS = "findings.json"

HEADER = re.compile(r"^\[\[expect\]\][ \t]*$", re.MULTILINE)
"""Line that begins an expectation in a scenario file."""

MOST_SHARE = 3.0
"""Differences of more than so many times the other value are told in their unit: the other is next to nothing."""

Key = tuple[str, str, str | float]
"""Preset, metric, and what it is compared with."""


def write_findings(report: Report, folder: Path) -> Path:
    """Write what was found into a folder of documents, in place of what was found before; return the path.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    from homogsim import __version__

    about = {"version": __version__, "baseline": Scenario.read("baseline").fingerprint()}
    text = json.dumps(about | report.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(folder / FINDINGS, text, overwrite=True)
    return folder / FINDINGS


def read_findings(folder: Path) -> dict[str, Any]:
    """Return what `write_findings` wrote; nothing found where there is no such file.

    Raises
    ------
    HomogsimError
        The file is damaged.
    """
    path = folder / FINDINGS
    if not path.exists():
        return {"expectations": []}
    try:
        found = json.loads(path.read_text("utf-8"))
        by_key(found)
    except (ValueError, KeyError, TypeError) as error:
        raise HomogsimError(f"the file is damaged ({error})", str(path), "`make expect` writes it anew.") from error
    return dict(found)


def by_key(found: Mapping[str, Any]) -> dict[Key, dict[str, Any]]:
    """Return the findings by preset, metric and what it is compared with."""
    return {(one["scenario"], one["metric"], one["versus"]): one for one in found["expectations"]}


def told(one: Mapping[str, Any]) -> str:
    """Return what came out as a short text: ``-4.7 % (-5.6 … -3.8 %)``; a dash where nothing is defined.

    Differences are told as a share of the other value; where that is next to nothing, in the unit of the metric. Held
    against a number other than 0, the metric itself is told.
    """
    versus, reference = one["versus"], one["versus_mean"]
    ends = [one["difference"], one["low"], one["high"]]
    if ends[0] is None:
        return "–"
    if not isinstance(versus, str) and versus != 0.0:
        return _span([None if end is None else versus + end for end in ends], "")
    if one["relative"] is None or not reference or abs(one["relative"]) > MOST_SHARE:
        return _span(ends, "", sign="+")
    return _span([None if end is None else 100.0 * end / abs(reference) for end in ends], " %", sign="+")


def _span(values: list[float | None], unit: str, sign: str = "") -> str:
    middle, low, high = (None if v is None or math.isnan(v) else _number(v, unit, sign) for v in values)
    return f"{middle}{unit}" if low is None or high is None else f"{middle}{unit} ({low} … {high}{unit})"


def _number(value: float, unit: str, sign: str) -> str:
    text = f"{value:{sign}.1f}" if unit else f"{float(f'{value:.3g}'):{sign}g}"
    return text.replace("-", "−")


def mark(report: Report) -> list[Path]:
    """Record in scenario files which expectations were not supported, with what was measured; return changed files.

    An expectation that held loses an earlier mark. Everything else in the files stays as it is, to the letter.

    Raises
    ------
    HomogsimError
        A file no longer states the expectations that were tested.
    StorageError
        A file cannot be written.
    """
    changed = []
    for name, path in report.files.items():
        mine = [finding for finding in report.findings if finding.scenario == name]
        text = path.read_text("utf-8")
        new = marked(text, mine, report.seeds, str(path))
        if new != text:
            write_whole(path, new, overwrite=True)
            changed.append(path)
    return changed


def check_markable(scenarios: Iterable[Scenario]) -> None:
    """Refuse scenarios whose expectations cannot be marked in their file.

    Raises
    ------
    HomogsimError
        Says what would help.
    """
    for scenario in scenarios:
        stated = 0 if scenario.path is None else len(HEADER.findall(scenario.path.read_text("utf-8")))
        if stated != len(scenario.expect):
            what = f"{stated} of {len(scenario.expect)} expectations of {scenario.name} stand below a line [[expect]]"
            raise HomogsimError(what, str(scenario.path or ""), "Write each of them as a table headed [[expect]].")


def marked(text: str, findings: list[Finding], seeds: tuple[int, ...], where: str = "") -> str:
    """Return a scenario file's text with the marks of its expectations, in their order.

    Raises
    ------
    HomogsimError
        There are more or fewer expectations than findings.
    """
    head, *blocks = HEADER.split(text)
    if len(blocks) != len(findings):
        what = f"{len(findings)} expectations were tested, but {len(blocks)} stand below a line [[expect]]"
        raise HomogsimError(what, where, "Write each of them as a table headed [[expect]].")
    return head + "".join(
        "[[expect]]" + _marked(block, finding, seeds) for block, finding in zip(blocks, findings, strict=True)
    )


def _marked(block: str, finding: Finding, seeds: tuple[int, ...]) -> str:
    lines = [line for line in block.splitlines() if not line.startswith(("status =", "measured ="))]
    if finding.verdict != "held":
        last = max(
            n for n, line in enumerate(lines) if line.startswith(("sign =", "at_least =", "within =", "month ="))
        )
        measured = f"{told(finding.as_dict())}, {len(seeds)} seeds from {seeds[0]}"
        lines[last + 1 : last + 1] = [f'status = "{NOT_SUPPORTED}"', f'measured = "{measured}"']
    return "\n".join(lines) + "\n"
