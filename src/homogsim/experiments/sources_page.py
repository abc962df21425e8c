"""``docs/sources.md``: every phrase of the sources, where it lives in the model, and what the model finds.

Written from ``docs/sources.toml`` (what belongs together) and ``docs/findings.json`` (what came out), never by hand:
``python -m homogsim.experiments.sources_page`` writes it, with ``--check`` it only says whether it is up to date.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homogsim.errors import HomogsimError
from homogsim.experiments.findings import Key, by_key, read_findings, told
from homogsim.scenario.writing import write_whole

SOURCES, PAGE = "sources.toml", "sources.md"

CODE, SCENARIOS = "../src/homogsim/", "../scenarios/"
"""Where the page's links begin."""

WORDS = {"held": "as expected", "failed": "contrary to what was expected", "unclear": "unclear"}

INTRODUCTION = """\
# The sources' phrases

This page is written by `make sources`; do not edit it. What belongs together stands in `docs/sources.toml`, what came
out in `docs/findings.json`, which `make expect` measures anew.

Every phrase of the sources has a law, parameters, metrics and presets. What the model finds is a change of the last two
years of a run against the scenario named, with its 95 % interval over paired seeds that nothing was tuned on.
"""

NOT_MEASURED = "*not measured yet*"


@dataclass(frozen=True)
class Phrase:
    """A phrase of the sources, and where it lives."""

    text: str
    laws: tuple[str, ...]
    """``FILE:NAME`` below ``src/homogsim``."""
    parameters: tuple[str, ...]
    metrics: tuple[str, ...]
    presets: tuple[str, ...]
    finds: str
    """A sentence in which {1}, {2} … stand for the findings."""
    of: tuple[Key, ...]
    """The findings."""

    def __post_init__(self) -> None:
        asked = sorted({int(n) for n in re.findall(r"\{(\d+)\}", self.finds)})
        if asked != list(range(1, len(self.of) + 1)):
            raise HomogsimError(f"{self.text!r}: the sentence asks for findings {asked}, {len(self.of)} are named")


def read_phrases(folder: Path) -> tuple[Phrase, ...]:
    """Return the phrases of ``sources.toml``.

    Raises
    ------
    HomogsimError
        The file is missing, or says something else.
    """
    path = folder / SOURCES
    try:
        rows = tomllib.loads(path.read_text("utf-8"))["phrase"]
        return tuple(_phrase(row) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HomogsimError(f"the phrases cannot be read ({error})", str(path)) from error


def _phrase(row: Mapping[str, Any]) -> Phrase:
    lists = {name: tuple(row[name]) for name in ("laws", "parameters", "metrics", "presets")}
    return Phrase(row["text"], finds=row["finds"], of=tuple((p, m, v) for p, m, v in row["of"]), **lists)


def page(phrases: Iterable[Phrase], found: Mapping[str, Any]) -> str:
    """Return the text of the page."""
    findings = by_key(found)
    parts = [INTRODUCTION, _measured(found)]
    for phrase in phrases:
        rows = {
            "law": [f"[`{law.replace(':', '`: `')}`]({CODE}{law.split(':')[0]})" for law in phrase.laws],
            "parameters": [f"`{name}`" for name in phrase.parameters],
            "metrics": [f"`{name}`" for name in phrase.metrics],
            "presets": [f"[{name}]({SCENARIOS}{name}.toml)" for name in phrase.presets],
        }
        lines = [f"- {name}: {', '.join(items)}" for name, items in rows.items()]
        parts.append("\n".join([f"## {phrase.text}\n", _sentence(phrase, findings), "", *lines, ""]))
    return "\n".join(parts)


def _measured(found: Mapping[str, Any]) -> str:
    if not found["expectations"]:
        return "Nothing is measured yet.\n"
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(found["verdicts"].items(), reverse=True))
    return (
        f"Measured with homogsim {found['version']} on {found['replications']} seeds from {found['seed']}, baseline "
        f"`{found['baseline'][:12]}`: of {len(found['expectations'])} expectations {counts}.\n"
    )


def _sentence(phrase: Phrase, findings: Mapping[Key, Mapping[str, Any]]) -> str:
    text = phrase.finds
    for number, key in enumerate(phrase.of, 1):
        text = text.replace(f"{{{number}}}", _told(findings.get(key)))
    return text


def _told(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return NOT_MEASURED
    middle, bracket, interval = told(one).partition(" (")
    words = f"{WORDS[one['verdict']]}{': ' if one['reason'] else ''}{one['reason']}"
    return f"**{middle}** ({interval.removesuffix(')')}{'; ' if bracket else ''}{words})"


def write_sources(folder: Path) -> Path:
    """Write the page into a folder of documents and return its path.

    Raises
    ------
    HomogsimError
        ``sources.toml`` or ``findings.json`` cannot be used.
    StorageError
        The page cannot be written.
    """
    write_whole(folder / PAGE, page(read_phrases(folder), read_findings(folder)), overwrite=True)
    return folder / PAGE


def is_current(folder: Path) -> bool:
    """Return whether the page says what the files say that it is written from."""
    path = folder / PAGE
    return path.exists() and path.read_text("utf-8") == page(read_phrases(folder), read_findings(folder))


def main(arguments: list[str], folder: Path = Path("docs")) -> int:
    """Write the page, or check it with ``--check``; return the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m homogsim.experiments.sources_page [--check]\n")
        return 2
    try:
        if not arguments:
            sys.stdout.write(f"written: {write_sources(folder)}\n")
            return 0
        current = is_current(folder)
    except HomogsimError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    sys.stdout.write(f"{folder / PAGE} is {'up to date' if current else 'out of date: make sources'}\n")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
