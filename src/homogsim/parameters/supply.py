"""Parameters of the firms: their offering, business and money (docs/model.md)."""

from __future__ import annotations

from typing import Literal

from homogsim.parameters.declaration import JUDGEMENT, Group, parameter

TURNOVER = "calibrated to survival and turnover (BLS, BDS)"


# fmt: off

class Offering(Group):
    """How offerings move."""

    template_pull: float = parameter(
        0.03, 0.0, 0.5, "1/month", "λ", "speed at which a tool's template pulls the offering", level="essential", live=True
    )
    anchoring: float = parameter(0.05, 0.0, 0.5, "1/month", "ρ", "speed of return to the firm's identity", live=True)
    noise: float = parameter(0.02, 0.0, 1.0, "taste sd", "σ", "monthly noise of the offering", live=True)
    spillover: float = parameter(
        0.1, 0.0, 1.0, "-", "χ", "share of the back office's standardization that customers see", live=True
    )
    repositioning: float = parameter(
        0.01, 0.0, 1.0, "taste sd/month", "g", "step of the identity toward unmet demand", live=True
    )
    imitation: float = parameter(0.0, 0.0, 0.5, "1/month", "ι", "pull toward the cell's most profitable firm", live=True)


class Firms(Group):
    """What a firm is and how it works."""

    base_cost: float = parameter(8.0, 0.1, 1000.0, "$", "c0", "typical unit cost")
    cost_sd: float = parameter(0.27, 0.0, 1.0, "sd of log", "s", "spread of unit cost", "price dispersion (Kaplan & Menzio)")
    quality_sd: float = parameter(0.4, 0.0, 200.0, "$", "", "spread of quality at given cost")
    price_adjustment: float = parameter(0.3, 0.0, 1.0, "1/month", "", "speed of prices toward the best response", live=True)
    locality: float = parameter(1.0, 0.0, 1.0, "-", "L0", "locality of a firm without tools", JUDGEMENT)
    human_touch: float = parameter(0.3, 0.0, 1.0, "-", "", "personalization by attention alone", live=True)
    crafted_touch: float = parameter(0.25, 0.0, 1.0, "-", "", "personalization that differentiation capital adds", live=True)
    attention_capacity: float = parameter(1.5, 0.01, 100.0, "Q_ref", "C0", "occasions a firm can attend to in person")
    attention_memory: float = parameter(0.8, 0.0, 1.0, "1/month", "", "smoothing of the load on attention", JUDGEMENT)
    reinvestment: float = parameter(
        0.3, 0.0, 1.0, "share", "r", "share of savings reinvested in differentiation", level="essential", role="lever", live=True
    )
    differentiation_scale: float = parameter(8000.0, 1.0, 1e9, "$", "", "reinvestment that adds one unit of capital G")
    differentiation_memory: float = parameter(0.97, 0.0, 0.9999, "1/month", "", "what remains of G after a month")
    human_share: float = parameter(
        0.5, 0.0, 1.0, "share", "h", "human share kept in automated contact", role="lever"
    )
    oversight: float = parameter(0.5, 0.0, 1.0, "share", "o", "share of firms that roll back when satisfaction falls", role="lever")
    oversight_threshold: float = parameter(0.6, 0.0, 200.0, "$", "", "fall of satisfaction that triggers a rollback", live=True)
    satisfaction_speed: float = parameter(0.2, 0.0, 1.0, "1/month", "", "smoothing of customers' satisfaction", JUDGEMENT, live=True)
    transparency: float = parameter(0.0, 0.0, 1.0, "-", "tr", "disclosure of automated contact", role="lever", live=True)
    trust_speed: float = parameter(0.1, 0.0, 1.0, "1/month", "", "speed at which trust adjusts", JUDGEMENT, live=True)
    trust_loss: float = parameter(0.6, 0.0, 1.0, "-", "", "trust lost under fully automated undisclosed contact", JUDGEMENT, live=True)
    advocacy: float = parameter(
        0.05, 0.0, 1.0, "1/month", "", "speed at which awareness A of an outlet follows what its visitors say (0: A stays 1)",
        JUDGEMENT, live=True,
    )
    data_memory: float = parameter(0.95, 0.0, 0.9999, "1/month", "", "what remains of data after a month (half-life 13.5)")
    data_half: float = parameter(0.5, 1e-6, 100.0, "-", "D½", "data at which half of algorithmic fit is reached")
    alignment: Literal["uniform", "split"] = parameter(
        "uniform", None, None, "", "", "how well firms know what sets them apart: uniform in (0, 1), or half of them 1 and half 0",
        choices=("uniform", "split"),
    )
    customer_focus: float = parameter(
        0.3, 0.0, 1.0, "-", "", "weight of customers' response when a firm judges a tool (0: cost only)",
        level="essential", role="lever", live=True,
    )
    review_interval: int = parameter(3, 1, 120, "months", "R", "months between reviews of tools", JUDGEMENT)
    slow_interval: int = parameter(12, 1, 120, "months", "", "months between reviews of slow firms", JUDGEMENT)
    slow_share: float = parameter(0.25, 0.0, 1.0, "share", "", "share of slow firms", JUDGEMENT)


class Finance(Group):
    """Fixed cost, cash, exit and entry."""

    fixed_cost: float = parameter(2500.0, 0.0, 1e7, "$/month", "F_fix", "fixed cost that does not depend on business", TURNOVER)
    rent_share: float = parameter(0.72, 0.0, 0.99, "share", "F_share", "share of contribution that rents and staff follow", TURNOVER)
    fixed_cost_sd: float = parameter(0.17, 0.0, 1.0, "sd of log", "", "spread of fixed cost", TURNOVER)
    fixed_cost_rise: float = parameter(0.03, 0.0, 1.0, "1/month", "κ_F", "speed at which fixed cost rises", live=True)
    fixed_cost_fall: float = parameter(0.02, 0.0, 1.0, "1/month", "κ_F", "speed at which fixed cost falls", live=True)
    shock_persistence: float = parameter(0.9, 0.0, 0.999, "1/month", "", "persistence of the shock to fixed cost")
    shock_sd: float = parameter(0.048, 0.0, 1.0, "share of F", "", "innovation of the shock to fixed cost", TURNOVER)
    starting_cash: float = parameter(2.0, 0.0, 100.0, "months of F", "", "mean starting cash", TURNOVER)
    starting_cash_sd: float = parameter(1.0, 0.0, 3.0, "sd of log", "", "spread of starting cash (mean kept)", TURNOVER)
    owner_draw: float = parameter(0.1, 0.0, 1.0, "1/month", "", "share of cash above the reserve that owners draw", live=True)
    reserve: float = parameter(2.5, 0.0, 100.0, "months of F", "", "cash that owners leave in the firm", live=True)
    overdraft: float = parameter(1.0, 0.0, 100.0, "months of F", "", "debt at which a firm is bankrupt", live=True)
    retirement: float = parameter(0.0045, 0.0, 1.0, "1/month", "", "hazard that the owner retires", TURNOVER, live=True)
    hurdle: float = parameter(0.09, 0.0, 10.0, "share", "", "contribution over fixed cost that a founder asks for", TURNOVER, live=True)
    entry_rate: float = parameter(0.12, 0.0, 1.0, "1/month", "", "probability that an empty site is tried", TURNOVER, live=True)
    concepts: int = parameter(3, 1, 32, "concepts", "", "concepts that a founder compares", JUDGEMENT, live=True)
