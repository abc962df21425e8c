"""From a scenario file, and the chain of files it extends, to its content or the list of all that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homogsim.errors import ScenarioError, nearest
from homogsim.parameters import Parameters
from homogsim.scenario.catalogue import NAME, extended
from homogsim.scenario.checking import Problem, checked, flatten, group_names
from homogsim.scenario.events import Event, events
from homogsim.scenario.expectation import Expectation, expectations
from homogsim.scenario.places import Places, consistent, places_of
from homogsim.scenario.source import Source, at, read_source
from homogsim.scenario.values import printable, shown

LONGEST_CHAIN = 16
LARGEST_SEED = 2**32 - 1
ABOUT = ("name", "question", "extends", "seed", "expect", "events", "places", "sweep")


@dataclass(frozen=True)
class Content:
    """What a scenario file says, with what it extends filled in."""

    name: str
    question: str
    extends: str | None
    seed: int
    parameters: Parameters
    expect: tuple[Expectation, ...]
    events: tuple[Event, ...]
    places: Places | None = None


def load(path: Path, chain: tuple[Path, ...] = ()) -> tuple[Content | None, list[ScenarioError]]:
    """Return the content of the scenario file `path`, or None and every problem found.

    Parameters
    ----------
    path : Path
        The file.
    chain : tuple of Path
        The files that led here through ``extends``.
    """
    try:
        _refuse_cycle(path, chain)
        source = read_source(path)
    except ScenarioError as error:
        return None, [error]
    base, problems = _base(source, chain)
    if base is None:
        return None, problems
    groups = {key: value for key, value in source.table.items() if key not in ABOUT}
    changes, wrong = flatten(groups)
    wrong = [_top_level(problem) for problem in wrong]
    parameters, bad = checked(base.parameters, changes)
    about, odd = _about(source, base)
    # Events of a file stand in place of those of the file that it extends, as other values do.
    tables = source.table.get("events", [event.as_dict() for event in base.events])
    planned, unfit = events(tables, parameters or base.parameters)
    places, misplaced = base.places, list[Problem]()
    if "places" in source.table:
        places, misplaced = places_of(source.table["places"], parameters or base.parameters)
    elif places is not None and parameters is not None:
        misplaced = consistent(places, parameters)
    found = problems + [p.error(source.where(p.key)) for p in [*odd, *wrong, *bad, *unfit, *misplaced]]
    if found or parameters is None:
        return None, found
    return Content(parameters=parameters, events=planned, places=places, **about), []


def _refuse_cycle(path: Path, chain: tuple[Path, ...]) -> None:
    steps = [*(p.resolve() for p in chain), path.resolve()] if "\0" not in str(path) else []
    if steps and steps[-1] in steps[:-1]:
        names = " → ".join(p.name for p in steps[steps.index(steps[-1]) :])
        raise ScenarioError(f"scenarios extend each other in a circle: {names}", at(chain[-1]))
    if len(steps) > LONGEST_CHAIN:
        raise ScenarioError(f"more than {LONGEST_CHAIN} scenarios extend each other", at(chain[-1]))


def _base(source: Source, chain: tuple[Path, ...]) -> tuple[Content | None, list[ScenarioError]]:
    extends = source.table.get("extends")
    if extends is None:
        return Content("", "", None, 1, Parameters(), (), ()), []
    if not isinstance(extends, str):
        return None, [ScenarioError(f"extends = {shown(extends)}: a text is needed", source.where("extends"))]
    try:
        path = extended(extends, source.path.parent)
    except ScenarioError as error:
        return None, [ScenarioError(error.what, source.where("extends"), error.help)]
    return load(path, (*chain, source.path))


def _top_level(problem: Problem) -> Problem:
    """Add the keys that describe a scenario to the suggestions for an unknown word at the top."""
    if not problem.key or "." in problem.key or problem.key in group_names():
        return problem
    what = f"a scenario has no entry {printable(problem.key)}"
    return Problem(problem.key, what, nearest(problem.key, [*ABOUT, *group_names()]))


def _about(source: Source, base: Content) -> tuple[dict[str, Any], list[Problem]]:
    """Return name, question, extends, seed and expectations of a file, and what is wrong with them."""
    table: Mapping[str, Any] = source.table
    name = table.get("name", source.path.stem)
    question = table.get("question", source.first_comment)
    seed = table.get("seed", base.seed)
    expect, problems = expectations(table.get("expect", []))
    problems = [p for p in (name_problem(name), question_problem(question), seed_problem(seed)) if p] + problems
    return {
        "name": name,
        "question": question,
        "extends": table.get("extends"),
        "seed": seed,
        "expect": expect,
    }, problems


def name_problem(name: object) -> Problem | None:
    """Return what is wrong with a scenario's name, if anything."""
    if isinstance(name, str) and NAME.fullmatch(name):
        return None
    help = "A name is 1 to 64 small letters, digits and hyphens, because it becomes a file's name."
    return Problem("name", f"name = {shown(name)} cannot name a scenario", help)


def question_problem(question: object) -> Problem | None:
    """Return what is wrong with a scenario's question, if anything."""
    if isinstance(question, str) and question.isprintable() and len(question) <= 500:
        return None
    return Problem("question", f"question = {shown(question)}: one line of at most 500 printable characters is needed")


def seed_problem(seed: object) -> Problem | None:
    """Return what is wrong with a seed, if anything."""
    if isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed <= LARGEST_SEED:
        return None
    return Problem("seed", f"seed = {shown(seed)}: a whole number from 0 to {LARGEST_SEED} is needed")
