"""Every parameter of the model, declared once: default, unit, bounds, symbol, meaning, source."""

from __future__ import annotations

from functools import cache

from pydantic import Field

from homogsim.parameters.chains import Chains
from homogsim.parameters.declaration import Declaration, Group, declarations
from homogsim.parameters.demand import Calendar, Consumers, World
from homogsim.parameters.policy import Policy
from homogsim.parameters.supply import Finance, Firms, Offering
from homogsim.parameters.tools import TOOLS, Tier, Tools, Vendors

__all__ = [
    "TOOLS",
    "Calendar",
    "Chains",
    "Consumers",
    "Declaration",
    "Finance",
    "Firms",
    "Group",
    "Offering",
    "Parameters",
    "Policy",
    "Tier",
    "Tools",
    "Vendors",
    "World",
    "declared",
]


class Parameters(Group):
    """All parameters of a run, in groups."""

    calendar: Calendar = Field(default_factory=Calendar)
    world: World = Field(default_factory=World)
    consumers: Consumers = Field(default_factory=Consumers)
    offering: Offering = Field(default_factory=Offering)
    firms: Firms = Field(default_factory=Firms)
    finance: Finance = Field(default_factory=Finance)
    tools: Tools = Field(default_factory=Tools)
    vendors: Vendors = Field(default_factory=Vendors)
    chains: Chains = Field(default_factory=Chains)
    policy: Policy = Field(default_factory=Policy)


@cache
def declared() -> dict[str, Declaration]:
    """Return the declaration of every parameter by its dotted name."""
    return {d.name: d for d in declarations(Parameters)}
