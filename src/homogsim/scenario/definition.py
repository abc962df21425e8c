"""The scenario: which market to run, as one value that cannot change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, overload

from homogsim.errors import ScenarioError
from homogsim.parameters import Parameters, declared
from homogsim.policies import parse
from homogsim.scenario.catalogue import locate, presets
from homogsim.scenario.checking import Problem, checked, flatten, values
from homogsim.scenario.events import Change, Event, events, timetable
from homogsim.scenario.expectation import Expectation, expectations
from homogsim.scenario.places import Places, consistent, places_of
from homogsim.scenario.reading import Content, load, name_problem, question_problem, seed_problem
from homogsim.scenario.terms import introduced
from homogsim.scenario.values import from_text, printable
from homogsim.scenario.writing import document, write_whole


def raise_first(errors: list[ScenarioError]) -> None:
    """Raise the first of several problems and say how many more there are."""
    if not errors:
        return
    first = errors[0]
    if len(errors) == 1:
        raise first
    more = f"({len(errors) - 1} more; `homogsim lint FILE` lists all.)"
    raise ScenarioError(first.what, first.where, f"{first.help} {more}".strip())


@dataclass(frozen=True)
class Scenario:
    """A question, and the parameters of the market that answers it."""

    name: str = "unnamed"
    question: str = ""
    extends: str | None = None
    """Preset, or file relative to this one's folder, of which only the differences are written down."""
    seed: int = 1
    parameters: Parameters = field(default_factory=Parameters)
    expect: tuple[Expectation, ...] = ()
    events: tuple[Event, ...] = ()
    """Changes of live parameters during the run, by month, one event a month at most."""
    places: Places | None = None
    """Towns, sectors and present businesses that exist, in place of drawn ones."""
    path: Path | None = field(default=None, compare=False)
    """The file it was read from."""

    def __post_init__(self) -> None:
        problems = (name_problem(self.name), question_problem(self.question), seed_problem(self.seed))
        raise_first([problem.error() for problem in problems if problem])
        if self.events:
            found, wrong = events([event.as_dict() for event in self.events], self.parameters)
            raise_first([problem.error() for problem in wrong])
            object.__setattr__(self, "events", found)
        if self.places is not None:
            raise_first([problem.error() for problem in consistent(self.places, self.parameters)])

    @classmethod
    def read(cls, source: str | Path) -> Scenario:
        """Read a preset by its name, or a scenario file.

        Raises
        ------
        ScenarioError
            When it cannot be used; says file, line, what is wrong and what would help.
        """
        path = locate(source)
        content, errors = load(path)
        raise_first(errors)
        assert content is not None  # load returns errors otherwise
        return cls(**{f.name: getattr(content, f.name) for f in fields(Content)}, path=path)

    @overload
    def override(self, key: str, value: object, /) -> Scenario: ...
    @overload
    def override(self, changes: Mapping[str, object], /) -> Scenario: ...
    def override(self, key: str | Mapping[str, object], value: object = None, /) -> Scenario:
        """Return a scenario with other values for some parameters.

        Parameters
        ----------
        key : str or mapping
            Dotted name, e.g. ``consumers.price_sensitivity``; or names and values. Several values are checked
            together, so that they may depend on each other.
        value : object
            The value, or the text of it as written after ``--set KEY=``.

        Raises
        ------
        ScenarioError
            For unknown names and values out of bounds or of the wrong type.
        """
        changes = {key: value} if isinstance(key, str) else dict(key)
        found, problems = flatten({k: from_text(v, k) if isinstance(v, str) else v for k, v in changes.items()})
        parameters, wrong = checked(self.parameters, found)
        raise_first([_overriding(problem).error() for problem in problems + wrong])
        assert parameters is not None  # checked returns problems otherwise
        return replace(self, parameters=parameters)

    def override_text(self, *settings: str) -> Scenario:
        """Return a scenario with settings written as ``KEY=VALUE``, as the command line takes them after ``--set``."""
        changes: dict[str, object] = {}
        for setting in settings:
            key, sign, value = setting.partition("=")
            if not sign or not key.strip():
                raise ScenarioError(
                    f"{printable(setting)!r} is no setting", help="Write KEY=VALUE, for example world.towns=12."
                )
            changes[key.strip()] = value
        return self.override(changes) if changes else self

    def with_policy(self, *policies: str) -> Scenario:
        """Return a scenario with policies, as events that set their parameters and, at the end, restore them.

        Parameters
        ----------
        *policies : str
            Name and months, e.g. ``custom-subsidy@84..144``: from month 84 until, not including, month 144; without
            an end (``custom-subsidy@84``) to the end of the run. `homogsim.policies.POLICIES` holds them all.

        Raises
        ------
        ScenarioError
            For unknown policies; an end that is not after the start; months that are not recorded; and two policies,
            or a policy and an event, that change the same parameter at a time.
        """
        changed = self
        for term in map(parse, policies):
            changed = replace(changed, events=introduced(term, changed.events, changed.parameters))
        return changed

    def with_event(self, month: int, changes: Mapping[str, object]) -> Scenario:
        """Return a scenario in which parameters change in a month; what an event of that month set before gives way.

        Raises
        ------
        ScenarioError
            For months that are not recorded, parameters that shape the world at its start, and values out of bounds.
        """
        planned = {event.month: dict(event.set) for event in self.events}
        planned[month] = planned.get(month, {}) | dict(changes)
        return replace(self, events=tuple(Event(when, set) for when, set in sorted(planned.items())))

    def timetable(self) -> list[Change]:
        """Return every change of a parameter by events, in order: month, key, value before and from then on."""
        return timetable(self.events, self.parameters)

    def derive(self, name: str, question: str | None = None) -> Scenario:
        """Return a scenario of a new name that starts out equal to this one, without its expectations.

        It extends this one if this is a preset, and otherwise what this one extends.
        """
        shipped = presets().get(self.name)
        is_preset = self.path is not None and shipped is not None and shipped.resolve() == self.path.resolve()
        extends = self.name if is_preset else self.extends
        return replace(
            self, name=name, question=self.question if question is None else question, extends=extends, expect=()
        )

    def write(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the scenario file: its question, what it extends, and only what differs from that.

        Events are written all or, if they are the same, not at all.

        A file that it extends is named only when it stands in the same place relative to the new file; otherwise the
        new file extends ``baseline``. Reading it back gives an equal scenario with an equal fingerprint.

        Raises
        ------
        StorageError
            When the file exists and `overwrite` is false, or cannot be written. It is written whole or not at all.
        """
        target = Path(path)
        extends, base = self._written_base(target)
        about: dict[str, Any] = {"name": self.name, "question": self.question}
        about |= {"extends": extends} if extends else {}
        about |= {"seed": self.seed} if self.seed != base.seed else {}
        different = {k: v for k, v in values(self.parameters).items() if v != values(base.parameters)[k]}
        tables = {"expect": [line.as_dict() for line in self.expect]} if self.expect else {}
        tables |= {"events": [event.as_dict() for event in self.events]} if self.events != base.events else {}
        if self.places is not None and self.places != base.places:
            different |= {f"places.{part}": rows for part, rows in self.places.as_dict().items()}
        write_whole(target, document(about, different, tables), overwrite)
        return target

    def _written_base(self, target: Path) -> tuple[str | None, Scenario]:
        """Return what a file at `target` extends, by name and as a scenario."""
        if self.extends is None:
            return None, Scenario()
        extends: str = self.extends
        if extends not in presets():
            origin = self.path.parent / extends if self.path else None
            beside = target.parent / extends
            same = origin is not None and origin.exists() and beside.exists() and origin.samefile(beside)
            if same and target.resolve() != beside.resolve():
                return extends, Scenario.read(beside)
            extends = "baseline"
        return extends, Scenario.read(extends)

    def fingerprint(self) -> str:
        """Return the SHA-256 of all parameters and events in canonical JSON, in hexadecimal.

        Equal parameters and events have equal fingerprints on every machine and Python; name, question, expectations
        and seed play no part.
        """
        content = values(self.parameters)
        if self.events:
            content |= {"events": tuple({"month": event.month, "set": dict(event.set)} for event in self.events)}
        if self.places:
            content |= {"places": {part: tuple(rows) for part, rows in self.places.as_dict().items()}}
        canonical = json.dumps(_canonical(content), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()

    def differences(self, other: Scenario | None = None) -> dict[str, tuple[Any, Any]]:
        """Return the parameters that differ: name → (the other's value, or the default; own value).

        Values are those at the start of the run; `timetable` tells what events change.
        """
        own = values(self.parameters)
        reference = values(other.parameters) if other else {name: d.default for name, d in declared().items()}
        return {name: (reference[name], value) for name, value in own.items() if value != reference[name]}

    def as_dict(self) -> dict[str, Any]:
        """Return everything about the scenario as plain data for JSON, independent of any file it extends."""
        parameters = {k: list(v) if isinstance(v, tuple) else v for k, v in values(self.parameters).items()}
        expect, planned = [line.as_dict() for line in self.expect], [event.as_dict() for event in self.events]
        return {"name": self.name, "question": self.question, "extends": self.extends, "seed": self.seed,
                "parameters": parameters, "expect": expect, "events": planned,
                **({"places": self.places.as_dict()} if self.places else {})}  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Scenario:
        """Return the scenario that `as_dict` described.

        Raises
        ------
        ScenarioError
            When it does not describe one.
        """
        about = {key: data[key] for key in ("name", "question", "extends", "seed") if key in data}
        table = data.get("parameters", {})
        found, problems = flatten(table if isinstance(table, Mapping) else {"parameters": table})
        parameters, wrong = checked(Parameters(), found)
        expect, odd = expectations(data.get("expect", []))
        raise_first([problem.error() for problem in problems + wrong + odd])
        assert parameters is not None  # checked returns problems otherwise
        planned, unfit = events(data.get("events", []), parameters)
        raise_first([problem.error() for problem in unfit])
        places = None
        if data.get("places") is not None:
            places, misplaced = places_of(data["places"], parameters)
            raise_first([problem.error() for problem in misplaced])
        return cls(**about, parameters=parameters, expect=expect, events=planned, places=places)


def _overriding(problem: Problem) -> Problem:
    if problem.key == "seed":
        return Problem("seed", "the seed is not a parameter", "Use --seed N, or dataclasses.replace(scenario, seed=N).")
    return problem


def _canonical(value: Any) -> Any:
    """Return a value without the two ways of writing zero (−0.0 and 0.0 are equal)."""
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_canonical(item) for item in value]
    return value + 0.0 if isinstance(value, float) else value
