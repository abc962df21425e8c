"""The page of the sources' phrases: every name in it exists, every link leads somewhere, and it is up to date."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from homogsim.errors import HomogsimError
from homogsim.experiments.expect import Finding, Report
from homogsim.experiments.findings import write_findings
from homogsim.experiments.pairing import paired_difference
from homogsim.experiments.replicate import known_metrics
from homogsim.experiments.sources_page import Phrase, is_current, main, page, read_phrases, write_sources
from homogsim.parameters import declared
from homogsim.scenario import Expectation, Scenario, presets

DOCS = Path(__file__).parents[2] / "docs"
CODE = Path(__file__).parents[2] / "src" / "homogsim"
PHRASES = read_phrases(DOCS)


def names_in(path: Path) -> set[str]:
    """Return what a module defines at its top."""
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else []
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.text[:40])
def test_everything_named_exists(phrase: Phrase) -> None:
    for law in phrase.laws:
        file, name = law.split(":")
        assert name in names_in(CODE / file), law
    assert set(phrase.parameters) <= declared().keys()
    assert set(phrase.metrics) <= set(known_metrics())
    assert set(phrase.presets) <= presets().keys()
    assert phrase.laws
    assert phrase.parameters
    assert phrase.metrics
    assert phrase.presets


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.text[:40])
def test_what_it_finds_is_tested_by_a_preset(phrase: Phrase) -> None:
    assert phrase.of
    for preset, metric, versus in phrase.of:
        assert (metric, versus) in {(line.metric, line.versus) for line in Scenario.read(preset).expect}, (
            preset,
            metric,
        )
        assert preset in phrase.presets


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)]+)\)", (DOCS / "sources.md").read_text("utf-8"))
    assert len(links) > 60
    assert all((DOCS / link).is_file() for link in links)


def test_the_page_is_up_to_date() -> None:
    assert is_current(DOCS), "make sources"


def test_each_phrase_once() -> None:
    assert len(PHRASES) == len({phrase.text for phrase in PHRASES}) == 35


PHRASE = Phrase("a b", ("laws/money.py:bankrupt",), ("world.towns",), ("n_firms",), ("baseline",), "It is {1}.",
                (("baseline", "n_firms", "twin"),))  # fmt: skip


def measured(changes: list[float]) -> dict[str, object]:
    base = [100.0, 101.0, 99.0]
    line = Expectation("n_firms", "twin", "lower")
    other = [value + change for value, change in zip(base, changes, strict=True)]
    return Report((Finding("baseline", line, paired_difference(base, other)),), (5, 6, 7)).as_dict() | {
        "version": "1", "baseline": "f" * 64,
    }  # fmt: skip


@pytest.mark.parametrize(("changes", "text"), [
    ([-10.0, -10.0, -10.0], "It is **−10.0 %** (−10.0 … −10.0 %; as expected)."),
    ([10.0, 10.0, 10.0], "It is **+10.0 %** (+10.0 … +10.0 %; contrary to what was expected)."),
    ([1.0, -1.0, 0.0], "It is **+0.0 %** (−2.5 … +2.5 %; unclear: no clear difference)."),
    ([float("nan")] * 3, "It is **–** (unclear: undefined in all runs)."),
])  # fmt: skip
def test_numbers_come_from_what_was_measured(changes: list[float], text: str) -> None:
    assert text in page([PHRASE], measured(changes))
    assert "It is *not measured yet*." in page([PHRASE], {"expectations": []})


def test_a_sentence_that_asks_for_what_is_not_named_is_refused() -> None:
    with pytest.raises(HomogsimError, match="asks for findings"):
        Phrase("a", (), (), (), (), "{1} and {2}", (("baseline", "n_firms", "twin"),))


def test_writing_and_checking(tmp_path: Path, capsys) -> None:
    assert main([], tmp_path) == 2
    assert "sources.toml" in capsys.readouterr().err
    (tmp_path / "sources.toml").write_text((DOCS / "sources.toml").read_text("utf-8"), "utf-8")
    assert main(["--check"], tmp_path) == 1
    assert "out of date" in capsys.readouterr().out
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    line = Expectation("diversity_gamma", "before-automation", "lower")
    found = Finding("plug-and-play", line, paired_difference([2.0, 2.1], [1.9, 2.0]))
    write_findings(Report((found,), (1, 2)), tmp_path)
    assert main(["--check"], tmp_path) == 1  # what was measured is not told yet
    assert "**−4.9 %**" in write_sources(tmp_path).read_text("utf-8")
    assert main(["--chek"], tmp_path) == 2
