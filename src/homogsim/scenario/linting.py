"""Everything that could be better about a scenario file, not only what stops it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from homogsim.errors import ScenarioError, nearest
from homogsim.scenario.catalogue import locate, presets
from homogsim.scenario.expectation import START, TWIN, Expectation
from homogsim.scenario.reading import load
from homogsim.scenario.source import at, read_source


def lint(source: str | Path, metrics: Collection[str] = ()) -> list[ScenarioError]:
    """Return all problems of a scenario file; empty when there is none.

    Beside what `Scenario.read` refuses: a missing question, expectations against unknown scenarios and, when the
    names of the metrics are given, about unknown metrics.
    """
    try:
        path = locate(source)
    except ScenarioError as error:
        return [error]
    content, errors = load(path)
    if content is None:
        return errors
    found = read_source(path)
    if not content.question:
        help = 'Write question = "…", and the same as a comment on the first line.'
        errors.append(ScenarioError("the scenario asks no question", at(path), help))
    for line in content.expect:
        errors += _expectation(line, found.where("expect"), metrics)
    return errors


def _expectation(line: Expectation, where: str, metrics: Collection[str]) -> list[ScenarioError]:
    errors = []
    other = line.versus
    # Without the names of metrics, a word with an underscore may be one; no preset's name has any.
    unknown = isinstance(other, str) and other not in (TWIN, START, *presets(), *metrics)
    if isinstance(other, str) and unknown and (metrics or "_" not in other):
        help = nearest(other, [*presets(), *metrics, TWIN, START])
        errors.append(ScenarioError(f"[[expect]] versus = {other!r}: there is no such preset", where, help))
    if metrics and line.metric not in metrics:
        help = nearest(line.metric, metrics)
        errors.append(ScenarioError(f"[[expect]] metric = {line.metric!r}: there is no such metric", where, help))
    return errors
