"""Policies put into a scenario: their terms become events."""

from __future__ import annotations

from collections.abc import Sequence

from homogsim.errors import ScenarioError
from homogsim.parameters import Parameters
from homogsim.policies import Term
from homogsim.scenario.checking import values
from homogsim.scenario.events import Change, Event, outside, recorded, timetable, without


def introduced(term: Term, planned: Sequence[Event], parameters: Parameters) -> tuple[Event, ...]:
    """Return the events with those of a policy: one that sets, and one at its end that restores the scenario's values.

    Raises
    ------
    ScenarioError
        When the policy does not lie within the recorded months, or when one of its parameters does not have the
        scenario's own value throughout its term.
    """
    if reason := outside(term.start, parameters):
        raise ScenarioError(f"policy {term}: {reason[0]}", help=reason[1])
    _, last = recorded(parameters)
    if term.end is not None and term.end > last + 1:
        what = f"policy {term}: its end lies after the last month, {last}"
        raise ScenarioError(what, help=f"To keep it to the last month, leave the end out: {term.open}.")
    own = values(parameters)
    changes = timetable(planned, parameters)
    for key in term.policy.set:
        _refuse_overlap(term, own[key], [change for change in changes if change.key == key])
    made = [Event(term.start, term.policy.set)]
    if term.end is not None and term.end <= last:
        taken = {key for event in planned if event.month == term.end for key in event.set}
        made.append(Event(term.end, {key: own[key] for key in term.policy.set if key not in taken}))
    # Where another policy ends as this one starts, what it restores gives way.
    kept = (without(event, term.policy.set) if event.month == term.start else event for event in planned)
    return tuple(event for event in (*kept, *made) if event.set)


def _refuse_overlap(term: Term, own: object, changes: list[Change]) -> None:
    """Refuse a policy about a parameter that has not the scenario's own value throughout the policy's term."""
    help = "Give them terms that do not overlap, or leave one of them out."
    by_then = [change for change in changes if change.month <= term.start]
    if by_then and by_then[-1].value != own:
        month, key, _, _ = by_then[-1]
        what = f"policy {term}: another one or an event has changed {key} in month {month} and is still in force"
        raise ScenarioError(what, help=help)
    for change in changes:
        if change.month > term.start and term.covers(change.month):
            what = (
                f"policy {term}: during its term, in month {change.month}, another one or an event changes {change.key}"
            )
            raise ScenarioError(what, help=help)
