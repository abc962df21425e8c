"""Parameters that policies set (docs/model.md); all neutral by default."""

from __future__ import annotations

from homogsim.parameters.declaration import Group, parameter

NEUTRAL = "neutral: no policy"

# fmt: off


class Policy(Group):
    """Levers of public policy; a policy is a named bundle of them with a start and an end."""

    custom_subsidy: float = parameter(0.0, 0.0, 1.0, "share of K", "", "share of the custom tool's set-up cost that the public pays", NEUTRAL, role="lever", live=True)
    interoperability: float = parameter(0.0, 0.0, 1.0, "share", "", "share of the network value that interoperability takes away, and taste sd it adds to the spread of templates", NEUTRAL, role="lever", live=True)
    disclosure_mandate: bool = parameter(False, None, None, "", "", "whether automated contact must be disclosed", NEUTRAL, role="lever", live=True)
    local_voucher: float = parameter(0.0, 0.0, 100.0, "$", "", "voucher for buying at a local shop in the own town", NEUTRAL, role="lever", live=True)
    chain_zoning: bool = parameter(False, None, None, "", "", "whether chains may open no outlets", NEUTRAL, role="lever", live=True)
    training_grant: float = parameter(0.0, 0.0, 1e6, "$", "", "training at adoption that the public pays", NEUTRAL, role="lever", live=True)
    partnership_discount: float = parameter(0.0, 0.0, 1.0, "share of K", "", "share of the custom tool's set-up cost that a partnership saves", NEUTRAL, role="lever", live=True)
    partnership_gain: float = parameter(0.0, 0.0, 1.0, "-", "", "share of the gap in implementation quality that a partnership closes", NEUTRAL, role="lever", live=True)
