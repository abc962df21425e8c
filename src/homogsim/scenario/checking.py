"""From tables of values to checked parameters, with every problem in a reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from homogsim.errors import ScenarioError, nearest
from homogsim.parameters import Declaration, Parameters, declared
from homogsim.scenario.values import impossible, kind_name, number, plain, printable, shown

MOST_UNKNOWN = 20


class Problem(NamedTuple):
    """What is wrong with a key, before anyone knows the file and line it came from."""

    key: str
    what: str
    help: str = ""

    def error(self, where: str = "") -> ScenarioError:
        """Return the problem as an error at a place."""
        return ScenarioError(self.what, where, self.help)


@cache
def group_names() -> frozenset[str]:
    """Return the dotted names of all groups of parameters, e.g. ``tools`` and ``tools.custom``."""
    parts = (name.split(".") for name in declared())
    return frozenset(".".join(p[:n]) for p in parts for n in range(1, len(p)))


def values(parameters: Parameters) -> dict[str, Any]:
    """Return every parameter's value by its dotted name, in order of declaration."""
    return dict(_leaves(parameters, ""))


def _leaves(group: BaseModel, prefix: str) -> Iterator[tuple[str, Any]]:
    for name in type(group).model_fields:
        value = getattr(group, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def flatten(table: Mapping[str, Any], prefix: str = "") -> tuple[dict[str, Any], list[Problem]]:
    """Return a table's values by dotted name, and a problem for each name that is none.

    Descends only into groups that exist, so a hostile table cannot take it deep.
    """
    found: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in table.items():
        if len(problems) >= MOST_UNKNOWN:  # each costs a search for similar names
            problems.append(Problem(prefix.rstrip("."), "further entries were not looked at"))
            break
        name = f"{prefix}{key}"
        if name in declared():
            found[name] = plain(value)
        elif name in group_names() and isinstance(value, Mapping):
            inner, wrong = flatten(value, f"{name}.")
            found |= inner
            problems += wrong
        elif name in group_names():
            problems.append(Problem(name, f"{name} is a group of parameters, not one", _members(name)))
        else:
            problems.append(_unknown(name, value))
    return found, problems


def _members(group: str) -> str:
    members = [n for n in declared() if n.startswith(f"{group}.")]
    return f"Set one of its members, for example {members[0]}."


def _unknown(name: str, value: object) -> Problem:
    name = name[:100]
    if isinstance(value, Mapping):
        return Problem(name, f"there is no group of parameters {printable(name)}", nearest(name, group_names()))
    return Problem(name, f"there is no parameter {printable(name)}", _nearest_parameter(name))


def _nearest_parameter(name: str) -> str:
    """Prefer the same last word in another group: people forget where a parameter lives."""
    word = name.rpartition(".")[2]
    elsewhere = [known for known in declared() if word and known.endswith(f".{word}")]
    return f"Did you mean {', '.join(elsewhere[:3])}?" if elsewhere else nearest(name, declared())


def checked(base: Parameters, changes: Mapping[str, Any]) -> tuple[Parameters | None, list[Problem]]:
    """Return `base` with changed values, or None and everything that is wrong with them."""
    problems = [
        Problem(key, f"{key}: {reason}", _accepts(declared()[key]))
        for key, value in changes.items()
        if (reason := impossible(value))
    ]
    wrong = {problem.key for problem in problems}
    table = base.model_dump()
    for key, value in changes.items():
        if key not in wrong:
            *groups, last = key.split(".")
            inner = table
            for group in groups:
                inner = inner[group]
            inner[last] = value
    try:
        parameters = Parameters.model_validate(table)
    except ValidationError as error:
        return None, problems + [_translated(e, changes) for e in error.errors(include_url=False)]
    return (None, problems) if problems else (parameters, [])


def _translated(error: Any, changes: Mapping[str, Any]) -> Problem:
    """Return pydantic's finding in our words: name, value, unit, bounds."""
    loc: tuple[str | int, ...] = error["loc"]
    key = ".".join(part for part in loc if isinstance(part, str))
    if error["type"] == "value_error":
        text = str(error["ctx"]["error"])
        culprit = next((name for name in changes if name in text), key)  # a rule between parameters: whose line to show
        return Problem(culprit, text if text.startswith(f"{key}.") else f"{key}: {text}")
    declaration = declared()[key]
    item = next((f" (item {part + 1})" for part in loc if isinstance(part, int)), "")
    stated = f"{key} = {shown(error['input'])}{_unit(declaration)}{item}"
    if error["type"] in ("greater_than_equal", "less_than_equal"):
        return Problem(key, f"{stated} is out of bounds", _accepts(declaration))
    if error["type"] == "literal_error":
        return Problem(key, f"{stated} is none of {', '.join(declaration.choices)}", _accepts(declaration))
    needed = "a number" if item else kind_name(declaration.kind)
    return Problem(key, f"{key} = {shown(error['input'])}{item}: {needed} is needed", _accepts(declaration))


def _unit(declaration: Declaration) -> str:
    return "" if declaration.unit in ("", "-") else f" {declaration.unit}"


def _accepts(declaration: Declaration) -> str:
    """Return one line on what a parameter takes: range with unit or choices, default, meaning."""
    if declaration.low is not None and declaration.high is not None:
        takes = f"{number(declaration.low)} to {number(declaration.high)}{_unit(declaration)}"
    elif declaration.choices:
        takes = ("a list out of " if declaration.kind is tuple else "one of ") + ", ".join(declaration.choices)
    else:
        takes = kind_name(declaration.kind)
    return f"It takes {takes}; default {shown(declaration.default)} ({declaration.meaning})."
