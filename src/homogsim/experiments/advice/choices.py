"""The choices that an owner compares: a tool, how far it goes into customer contact, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from homogsim.agents.owners import Owner
from homogsim.agents.situations import Decision, Option, Situation
from homogsim.errors import HomogsimError, nearest
from homogsim.parameters import TOOLS, Parameters

NONE = "none"
STANDARD = ("none", "generic", "industry", "custom", "phased", "pilot")
PHASE = 12
"""Months of back office before contact is automated."""

Use = Literal["back-office", "pilot", "full", "phased"]
USES: tuple[Use, ...] = ("back-office", "pilot", "full", "phased")


@dataclass(frozen=True)
class Choice:
    """A tool and how it is used, from the month of the decision to the horizon: the owner sticks to it."""

    name: str
    tool: str
    contact: float
    """Intensity of automated contact at the start."""
    later: float | None = None
    """Intensity of automated contact after `PHASE` months."""

    @property
    def label(self) -> str:
        """What it is in words."""
        if self.tool == NONE:
            return "no tool"
        if self.later is not None:
            return f"{self.tool} tool, back office first, contact at {self.later:g} after {PHASE} months"
        return f"{self.tool} tool, " + (f"contact at {self.contact:g}" if self.contact else "back office only")

    @property
    def short(self) -> str:
        """Its name, and the tool where the name does not say it."""
        return self.name if self.tool in self.name else f"{self.name} ({self.tool})"

    def owner(self, month: int) -> Owner:
        """Return the owner who makes this choice in a month, and no other one later."""
        months = (month,) if self.later is None else (month, month + PHASE)
        return Owner(_Plan(self, month), months)


@dataclass(frozen=True)
class _Plan:
    choice: Choice
    month: int

    def __call__(self, now: Situation) -> Decision:
        if now.month == self.month:
            return Decision(self.choice.tool, self.choice.contact)
        # Contact later, if it can be paid by then.
        option = now.option(now.tool, self.choice.later or 0.0)
        return (option or now.stay).decision


def choices_of(names: Sequence[str], parameters: Parameters) -> tuple[Choice, ...]:
    """Return choices by name, ``none`` first.

    A name is ``none``; a tool (``generic``: in the back office and fully in contact at once); a tool and its use
    (``industry:back-office``, ``industry:pilot``, ``industry:full``, ``industry:phased``); or ``pilot`` or ``phased``
    alone, which mean the industry tool or, where there is none, the first one on the market.

    Raises
    ------
    HomogsimError
        For unknown names, tools that are not on the market, and uses that are not on offer.
    """
    wanted = [name.strip() for name in names]
    if not any(wanted):
        raise HomogsimError("no choice is named", "--choices", f"For example {','.join(STANDARD)}.")
    return tuple({name: _choice(name, parameters) for name in dict.fromkeys((NONE, *wanted)) if name}.values())


def _choice(name: str, parameters: Parameters) -> Choice:
    if name == NONE:
        return Choice(NONE, NONE, 0.0)
    available = parameters.tools.available
    if not available:
        raise HomogsimError("this scenario has no tools to choose from", "--choices", "Set tools.available.")
    tool, _, use = name.partition(":")
    if name in ("pilot", "phased"):
        tool, use = ("industry" if "industry" in available else available[0]), name
    use = use or "full"
    if tool not in TOOLS[1:] or use not in USES:
        known = [NONE, "pilot", "phased", *TOOLS[1:], *(f"{tool}:{use}" for tool in TOOLS[1:] for use in USES)]
        raise HomogsimError(f"there is no choice {name[:60]!r}", "--choices", nearest(name[:60], known))
    if tool not in available:
        raise HomogsimError(f"{name}: there is no {tool} tool here", "--choices", f"Tools: {', '.join(available)}.")
    return _used(name, tool, use, parameters)


def _used(name: str, tool: str, use: str, parameters: Parameters) -> Choice:
    tools = parameters.tools
    levels = tools.contact_levels
    if use != "back-office" and not levels:
        help = "Set tools.contact_levels, or choose TOOL:back-office."
        raise HomogsimError(f"{name}: no automated contact is on offer", "--choices", help)
    if tools.contact_forced and levels and use != "full":
        raise HomogsimError(f"{name}: tools come only with contact at {levels[-1]:g} here", "--choices", f"Say {tool}.")
    if use == "phased":
        return Choice(name, tool, 0.0, levels[-1])
    return Choice(name, tool, 0.0 if use == "back-office" else levels[0] if use == "pilot" else levels[-1])


# What others would do in the owner's place ------------------------------------------------------------------------


def twelve_month_rule(now: Situation) -> Option:
    """Return the option that gains most within twelve months, as the business expects it; staying if none gains."""
    return max(now.options, key=lambda o: 12.0 * (o.expected_profit - now.stay.expected_profit) - o.upfront)


def crowd(now: Situation, bought: Sequence[tuple[str, float]]) -> Option:
    """Return the option that is most like what most adopters of the sector have, staying if there is none."""
    if not bought:
        return now.stay
    kinds = [(tool, contact > 0.0) for tool, contact in bought]
    tool, in_contact = max(sorted(set(kinds)), key=kinds.count)
    mean = sum(c for t, c in bought if (t, c > 0.0) == (tool, in_contact)) / kinds.count((tool, in_contact))
    same = [o for o in now.options if o.tool == tool and (o.contact > 0.0) == in_contact]
    return min(same, key=lambda o: abs(o.contact - mean), default=now.stay)
