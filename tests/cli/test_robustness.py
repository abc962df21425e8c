"""`homogsim robustness`, from the command to page and exit code."""

from __future__ import annotations

import json
from pathlib import Path

from experiments.test_robustness import SHORT

SETTINGS = [part for name, value in SHORT.items() for part in ("--set", f"{name}={value}")]
COMMAND = ("robustness", "--out", "runs", *SETTINGS, "--points", "0", "--replications", "1", "--jobs", "1")


def test_the_page_is_written_from_runs_that_are_made_once(homogsim, tmp_path: Path) -> None:
    answer = homogsim(*COMMAND, "--docs")
    assert answer.code == 2
    assert "no such folder" in answer.err
    (tmp_path / "docs").mkdir()
    answer = homogsim(*COMMAND, "--docs")
    assert answer.code == 0
    assert "personalization worth nothing" in answer.out
    assert "similarity scale ℓ/2" in answer.out
    runs = (tmp_path / "runs" / "runs.jsonl").read_bytes()
    page = (tmp_path / "docs" / "robustness.md").read_bytes()
    again = homogsim(*COMMAND, "--docs", "--json")
    assert (again.code, again.out[:1]) == (0, "{")
    said = json.loads(again.out)
    assert {case["case"] for case in said["cases"]} >= {"baseline", "locality worth nothing", "d = 8"}
    assert (tmp_path / "runs" / "runs.jsonl").read_bytes() == runs
    assert (tmp_path / "docs" / "robustness.md").read_bytes() == page


def test_bad_input(homogsim, tmp_path: Path) -> None:
    assert homogsim("robustness", "--out", "runs", "--points", "-1").code == 2
    assert homogsim("robustness", "basline", "--out", "runs").code == 2
    assert list(tmp_path.iterdir()) == []
