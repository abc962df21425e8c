"""Parameters of chains (docs/model.md)."""

from __future__ import annotations

from homogsim.parameters.declaration import JUDGEMENT, Group, parameter

OUTLETS = "calibrated to the share of independent outlets (NPD ReCount 2021)"

# fmt: off


class Chains(Group):
    """One brand a sector with the same offering in every town and one price everywhere; off by default."""

    enabled: bool = parameter(False, None, None, "", "", "whether there are chains")
    arrival: int = parameter(-10_000, -10_000, 3600, "month", "", "month from which chains open outlets")
    quality: float = parameter(1.8, -10.0, 10.0, "$", "q", "quality of an outlet", OUTLETS, live=True)
    fixed_cost: float = parameter(7_500.0, 0.0, 1e7, "$/month", "F", "fixed cost of an outlet", OUTLETS, live=True)
    cost_advantage: float = parameter(0.2, 0.0, 0.9, "share of c0", "", "unit cost saved by scale and tools", OUTLETS, live=True)
    contact: float = parameter(0.8, 0.0, 1.0, "-", "a_F", "intensity of automated contact, from the start", JUDGEMENT, live=True)
    opening_rate: float = parameter(0.12, 0.0, 1.0, "1/month", "", "probability that a chain looks at an empty site", JUDGEMENT, live=True)
    patience: int = parameter(12, 1, 240, "months", "", "months of losses after which an outlet closes", live=True)
