"""Which markets are run: ablations and sweeps around the baseline, and points across all uncertain parameters.

Every market is paired with its own twin without tools, under the same seed; a headline result is the difference that
automation makes to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from homogsim.experiments.runs import twin
from homogsim.parameters import declared
from homogsim.scenario import Scenario


class Headline(NamedTuple):
    """A headline result: what automation changes."""

    name: str
    metric: str
    relative: bool
    """Whether the change is told as a share of the twin's value."""
    label: str


HEADLINES = (
    Headline("diversity", "diversity_gamma", True, "change in diversity"),
    Headline("survival", "survival_5y", False, "change in five-year survival"),
    Headline("surplus", "consumer_surplus", True, "change in consumer surplus"),
)

SCALES = (
    Headline("half", "diversity_gamma_half_scale", True, "ℓ/2"),
    Headline("whole", "diversity_gamma", True, "ℓ"),
    Headline("double", "diversity_gamma_double_scale", True, "2ℓ"),
)
"""The change in diversity at other similarity scales."""


SURVIVAL = ("survival_1y", "survival_2y", "survival_3y", "survival_5y", "survival_10y")
"""How long entrants live, by the metrics of a run."""


class Uncertain(NamedTuple):
    """A parameter that nobody knows well, and the range in which it may lie."""

    name: str
    low: float
    high: float
    why: str


UNCERTAIN = (
    Uncertain("consumers.choice_noise", 1.4, 2.4, "outlet elasticities between −4.5 and −2.8"),
    Uncertain("consumers.taste_strength", 2.0, 6.0, "judgement: no study measures it in these units"),
    Uncertain("consumers.personalization_value", 0.5, 4.0, "5 to 30 % of the price, from memory"),
    Uncertain("consumers.locality_value", 0.0, 2.0, "0 to 20 % of the price; one study finds none"),
    Uncertain("consumers.contact_aversion", 0.0, 2.0, "handmade premia up to 17 %"),
    Uncertain("offering.template_pull", 0.01, 0.06, "judgement: no study follows it over months"),
    Uncertain("offering.anchoring", 0.02, 0.1, "judgement"),
    Uncertain("offering.spillover", 0.0, 0.3, "judgement: how much of the back office customers see"),
    Uncertain("tools.custom.fit", 0.7, 1.0, "judgement: how far a customized tool bends"),
    Uncertain("firms.customer_focus", 0.0, 1.0, "judgement: how far firms foresee their customers"),
)
"""The ten most uncertain parameters of those that the headline results hang on."""

INERT = (
    "tools.", "vendors.", "offering.template_pull", "offering.spillover", "firms.human_share", "firms.customer_focus",
    "consumers.contact_aversion", "consumers.disclosure_cost",
)  # fmt: skip
"""Beginnings of names of parameters that do nothing in a market without tools: its twin is the same for all values."""


@dataclass(frozen=True)
class Case:
    """One way to change the baseline."""

    group: str
    label: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    value: float | None = None
    """Where it stands on the axis of a sweep."""

    def pair(self, base: Scenario) -> tuple[Scenario, Scenario]:
        """Return the market with tools and its twin without; twins that are equal are one scenario."""
        return pair(base, self.changes)


def pair(base: Scenario, changes: Mapping[str, Any]) -> tuple[Scenario, Scenario]:
    """Return a scenario with changes, and its twin without tools, in which changes that do nothing are left out."""
    felt = {name: value for name, value in changes.items() if not name.startswith(INERT)}
    changed = base.override(changes) if changes else base
    return changed, twin(base.override(felt) if felt else base)


BASELINE = Case("baseline", "baseline")

PENALTIES = (
    Case("penalties", "no dislike of automated contact", {"consumers.contact_aversion": 0.0}),
    Case("penalties", "personalization worth nothing", {"consumers.personalization_value": 0.0}),
    Case("penalties", "locality worth nothing", {"consumers.locality_value": 0.0}),
    Case("penalties", "none of the three", {
        "consumers.contact_aversion": 0.0, "consumers.personalization_value": 0.0, "consumers.locality_value": 0.0,
    }),
    Case("penalties", "people stay in all contact", {"firms.human_share": 1.0}),
)  # fmt: skip
"""Automated contact costs customers human touch, personal attention and what is local: each taken away, and all."""

FIXED_COST = (
    Case("fixed cost", "no shocks to fixed cost", {"finance.shock_sd": 0.0}),
    Case("fixed cost", "no random part of fixed cost", {"finance.shock_sd": 0.0, "finance.fixed_cost_sd": 0.0}),
)

GEOMETRY = (Case("geometry", "kernel tastes", {"consumers.tastes": "kernel"}),)
"""The second geometry of tastes: a smooth random function of the offering in place of one ideal point."""

SHOWN_TOGETHER = ("baseline", "penalties", "geometry", "fixed cost")
"""Groups that stand in the first table and figure."""

SWEPT: Mapping[str, tuple[float, ...]] = {
    "tools.custom.fit": (0.5, 0.7, 0.85, 1.0),
    "offering.spillover": (0.0, 0.05, 0.2, 0.4),
    "world.dimensions": (2, 3, 6, 8),
    "world.niches": (2, 4, 16, 32),
}
"""Values beside the baseline's own."""


def cases(base: Scenario) -> tuple[Case, ...]:
    """Return the baseline, the ablations and the sweeps, each sweep with the baseline's own value in its place."""
    sweeps = [Case(name, label_of(name, v), {name: v}, float(v)) for name, values in SWEPT.items() for v in values]
    own = [
        Case(name, label_of(name, value), {}, float(value))
        for name in SWEPT
        for value in [_value(base, name)]
        if value not in SWEPT[name]
    ]
    return (
        BASELINE,
        *PENALTIES,
        *GEOMETRY,
        *FIXED_COST,
        *sorted(sweeps + own, key=lambda c: (list(SWEPT).index(c.group), c.value)),
    )


def _value(base: Scenario, name: str) -> float:
    found: Any = base.parameters
    for part in name.split("."):
        found = getattr(found, part)
    return float(found) if declared()[name].kind is float else int(found)


def label_of(name: str, value: float) -> str:
    """Return a parameter's symbol, or its name, with a value."""
    symbol = declared()[name].symbol or name.split(".")[-1]
    return f"{symbol} = {value:g}"


def points(count: int, seed: int, uncertain: Sequence[Uncertain] = UNCERTAIN) -> list[dict[str, float]]:
    """Return points of a Latin hypercube over the ranges of uncertain parameters, by name.

    References
    ----------
    McKay, Beckman & Conover (1979), Technometrics 21, 239–245.
    """
    from scipy.stats import qmc

    unit = qmc.LatinHypercube(len(uncertain), seed=seed).random(count)
    return [{u.name: float(u.low + x * (u.high - u.low)) for u, x in zip(uncertain, row, strict=True)} for row in unit]
