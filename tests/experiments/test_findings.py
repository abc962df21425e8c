"""What expectations came to, as it is kept: texts, the file of findings, marks in scenario files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from homogsim.errors import HomogsimError
from homogsim.experiments.expect import Finding, Report
from homogsim.experiments.findings import by_key, mark, marked, read_findings, told, write_findings
from homogsim.experiments.pairing import paired_difference
from homogsim.scenario import Expectation, Scenario

BASE = [10.0, 11.0, 12.0, 11.0]

TEXT = """\
# Why?
name = "mine"
question = "Why?"
extends = "baseline"

# A comment that stays.
[world]
towns = 3

[[expect]]
metric = "mean_price"
versus = "twin"
sign = "lower"
at_least = 0.01
note = "from a book"

[[expect]]
metric = "n_firms"
versus = "twin"
sign = "lower"
status = "not supported"
measured = "+1.0 %, 2 seeds from 5"
"""


def finding(line: Expectation, changes: list[float], base: list[float] = BASE) -> Finding:
    other = [value + change for value, change in zip(base, changes, strict=True)]
    return Finding("mine", line, paired_difference(base, other))


PRICE = Expectation("mean_price", "twin", "lower", 0.01, note="from a book")
FIRMS = Expectation("n_firms", "twin", "lower", status="not supported", measured="+1.0 %, 2 seeds from 5")


@pytest.mark.parametrize(("line", "changes", "base", "text"), [
    (PRICE, [-1.1] * 4, BASE, "−10.0 % (−10.0 … −10.0 %)"),
    (PRICE, [1.0, 1.2, 1.0, 1.2], BASE, "+10.0 % (+8.3 … +11.7 %)"),
    (Expectation("roi36_slope", 0.0, "higher"), [0.5, 0.7, 0.5, 0.7], [0.0] * 4, "+0.6 (+0.416 … +0.784)"),
    (Expectation("roi12_positive_share", 0.5, "lower"), [-0.1, -0.2, -0.1, -0.2], [0.5] * 4, "0.35 (0.258 … 0.442)"),
    (PRICE, [math.nan] * 4, BASE, "–"),
])  # fmt: skip
def test_in_a_few_words(line: Expectation, changes: list[float], base: list[float], text: str) -> None:
    report = Report((finding(line, changes, base),), (1, 2, 3, 4))
    (one,) = report.as_dict()["expectations"]
    assert told(one) == text


def test_one_seed_has_no_interval() -> None:
    (one,) = Report((finding(PRICE, [-1.0], [10.0]),), (1,)).as_dict()["expectations"]
    assert told(one) == "−10.0 %"


def test_what_is_not_supported_is_marked_with_what_was_measured() -> None:
    findings = [finding(PRICE, [1.0, 1.2, 1.0, 1.2]), finding(FIRMS, [-1.0, -1.2, -1.0, -1.2])]
    new = marked(TEXT, findings, (7, 8, 9, 10))
    added = ['status = "not supported"', 'measured = "+10.0 % (+8.3 … +11.7 %), 4 seeds from 7"']
    lines = TEXT.splitlines()
    at = lines.index("at_least = 0.01") + 1
    gone = ['status = "not supported"', 'measured = "+1.0 %, 2 seeds from 5"']
    assert new.splitlines() == lines[:at] + added + [line for line in lines[at:] if line not in gone]
    assert marked(new, findings, (7, 8, 9, 10)) == new


def test_a_file_that_has_changed_meanwhile_is_left_alone() -> None:
    with pytest.raises(HomogsimError, match="1 expectations were tested, but 2 stand below"):
        marked(TEXT, [finding(PRICE, [1.0] * 4)], (1,))


def test_scenario_files_are_marked_and_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TEXT, "utf-8")
    scenario = Scenario.read(path)
    both = (finding(PRICE, [1.0, 1.2, 1.0, 1.2]), finding(FIRMS, [1.0] * 4))
    report = Report(both, (1, 2, 3, 4), files={"mine": path})
    assert mark(report) == [path]
    assert mark(report) == []
    again = Scenario.read(path)
    assert [line.status for line in again.expect] == ["not supported"] * 2
    assert again.expect[1].measured == "+9.1 % (+9.1 … +9.1 %), 4 seeds from 1"
    assert again.parameters == scenario.parameters


def test_findings_are_kept(tmp_path: Path) -> None:
    assert read_findings(tmp_path) == {"expectations": []}
    report = Report((finding(PRICE, [-1.0, -1.2, -1.0, -1.2]),), (7, 8, 9, 10))
    path = write_findings(report, tmp_path)
    found = read_findings(tmp_path)
    assert (found["replications"], found["seed"], found["failed"]) == (4, 7, 0)
    assert found["baseline"] == Scenario.read("baseline").fingerprint()
    assert by_key(found)["mine", "mean_price", "twin"]["verdict"] == "held"
    path.write_text(json.dumps({"expectations": [{}]}), "utf-8")
    with pytest.raises(HomogsimError, match="damaged"):
        read_findings(tmp_path)
