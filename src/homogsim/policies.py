"""Policies: named bundles of parameters, with a start and an end (docs/model.md).

A policy is one line of the table below. From it come its name on the command line, its row in ``homogsim policies``
and its contract test. How much it spends is the metric ``public_money``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from homogsim.errors import ScenarioError, nearest

Value = float | bool


class Policy(NamedTuple):
    """A named bundle of parameters."""

    name: str
    meaning: str
    set: Mapping[str, Value]


def _table(policies: Iterable[Policy]) -> Mapping[str, Policy]:
    return MappingProxyType({policy.name: policy for policy in policies})


POLICIES = _table(
    [
        Policy(
            "custom-subsidy",
            "the public pays half of what it costs to set up a customized tool",
            {"policy.custom_subsidy": 0.5},
        ),
        Policy(
            "interoperability",
            "open interfaces: half of the network effect goes, and vendors' templates differ by half a taste sd more",
            {"policy.interoperability": 0.5},
        ),
        Policy(
            "disclosure-mandate",
            "firms must say when customers deal with a machine",
            {"policy.disclosure_mandate": True},
        ),
        Policy(
            "buy-local",
            "the public adds $1 to a purchase in the own town, less where the shop has become less local",
            {"policy.local_voucher": 1.0},
        ),
        Policy("chain-zoning", "chains may open no outlets", {"policy.chain_zoning": True}),
        Policy(
            "training-grant",
            "the public pays $1,500 of training when a firm starts with a tool",
            {"policy.training_grant": 1500.0},
        ),
        Policy(
            "partnership",
            "partnerships and a centre of excellence: customized tools cost 30 % less, all tools work better",
            {"policy.partnership_discount": 0.3, "policy.partnership_gain": 0.25},
        ),
    ]
)
"""Every policy by its name."""

FORM = (
    "Write NAME@START..END, for example custom-subsidy@84..144: from month 84 until, not including, month 144; "
    "custom-subsidy@84 stays to the end of the run."
)
_FORM = re.compile(r"\s*([^@]{1,64}?)\s*@\s*([+-]?\d{1,5})\s*(?:\.\.\s*([+-]?\d{1,5})?\s*)?", re.ASCII)


class Term(NamedTuple):
    """A policy and the months in which it is in force."""

    policy: Policy
    start: int
    """First month."""
    end: int | None
    """First month without it; None when it stays to the end of the run."""

    def __str__(self) -> str:
        """Return it as it is written on the command line."""
        return self.open if self.end is None else f"{self.open}..{self.end}"

    @property
    def open(self) -> str:
        """The same without an end."""
        return f"{self.policy.name}@{self.start}"

    def covers(self, month: int) -> bool:
        """Return whether the policy is in force in a month."""
        return self.start <= month and (self.end is None or month < self.end)


def parse(text: str) -> Term:
    """Return the policy and the months that ``custom-subsidy@84..144`` or, to the end of the run, ``…@84`` names.

    >>> str(parse("buy-local@12..36")), parse("buy-local@12").covers(500)
    ('buy-local@12..36', True)

    Raises
    ------
    ScenarioError
        For unknown policies, an end that is not after the start, and what has another form.
    """
    found = _FORM.fullmatch(text)
    name = (found.group(1) if found else text.partition("@")[0].strip())[:64]
    if name not in POLICIES:
        known = f"{nearest(name, POLICIES)} `homogsim policies` lists all."
        raise ScenarioError(f"there is no policy {_shown(name)}", help=known)
    if found is None:
        raise ScenarioError(f"policy {_shown(text)}: the months are missing or cannot be read", help=FORM)
    term = Term(POLICIES[name], int(found.group(2)), int(found.group(3)) if found.group(3) else None)
    if term.end is not None and term.end <= term.start:
        how = "before it starts" if term.end < term.start else "in the month in which it starts"
        raise ScenarioError(f"policy {term}: it ends {how}", help=FORM)
    return term


def _shown(text: str) -> str:
    return repr(text[:80])
