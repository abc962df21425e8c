"""Parameters of the tools, their vendors and how firms choose (docs/model.md)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from homogsim.parameters.declaration import JUDGEMENT, Group, Level, parameter

TOOLS = ("none", "generic", "industry", "custom")
"""Tool tiers in the order of their codes 0…3."""

TierName = Literal["generic", "industry", "custom"]


def _fit(default: float) -> Any:
    meaning = "how far the tool bends to the business (0: its template, 1: the firm's identity)"
    return parameter(default, 0.0, 1.0, "-", "φ", meaning, live=True)


def _upfront_cost(default: float, level: Level = "advanced") -> Any:
    return parameter(default, 0.0, 1e7, "$", "K", "set-up cost", level=level, role="lever", live=True)


def _monthly_fee(default: float) -> Any:
    source = "small-business AI spending, median $183 a month (SBE Council 2026)"
    return parameter(default, 0.0, 1e6, "$/month", "", "fee of the tool", source, role="lever", live=True)


def _back_office_saving(default: float) -> Any:
    return parameter(default, 0.0, 0.9, "share of unit cost", "s_B", "saving in the back office", live=True)


def _contact_saving(default: float) -> Any:
    return parameter(default, 0.0, 0.9, "share of unit cost", "s_F", "saving in customer contact", live=True)


def _quality_gain(default: float) -> Any:
    meaning = "quality added by fewer defects and faster service"
    return parameter(default, 0.0, 200.0, "$", "γ", meaning, live=True)


# fmt: off

class Tier(Group):
    """The generic tier, and the form of the others, which differ in their defaults only."""

    fit: float = _fit(0.1)
    upfront_cost: float = _upfront_cost(2000.0)
    monthly_fee: float = _monthly_fee(200.0)
    back_office_saving: float = _back_office_saving(0.05)
    contact_saving: float = _contact_saving(0.05)
    quality_gain: float = _quality_gain(0.0)


class IndustryTier(Tier):
    """The industry-specific tier."""

    fit: float = _fit(0.5)
    upfront_cost: float = _upfront_cost(6000.0)
    monthly_fee: float = _monthly_fee(350.0)
    back_office_saving: float = _back_office_saving(0.06)


class CustomTier(Tier):
    """The customized tier: its set-up cost is the lever most often asked about."""

    fit: float = _fit(0.95)
    upfront_cost: float = _upfront_cost(40_000.0, "essential")
    monthly_fee: float = _monthly_fee(600.0)
    back_office_saving: float = _back_office_saving(0.06)
    contact_saving: float = _contact_saving(0.04)
    quality_gain: float = _quality_gain(0.1)


class Tools(Group):
    """What is on offer, how firms hear of it, and how they judge it."""

    available: tuple[TierName, ...] = parameter(
        ("generic", "industry", "custom"), None, None, "", "", "tiers on the market", role="lever", live=True,
        choices=("generic", "industry", "custom"),
    )
    contact_levels: tuple[float, ...] = parameter(
        (0.3, 0.8), None, None, "-", "a_F", "intensities of automated contact on the menu (pilot, full)", role="lever", live=True
    )
    contact_forced: bool = parameter(
        False, None, None, "", "", "whether tools come only with fully automated contact", role="lever", live=True
    )
    back_office_intensity: float = parameter(1.0, 0.0, 1.0, "-", "a_B", "intensity of a tool in the back office", live=True)
    generic: Tier = Field(default_factory=Tier)
    industry: IndustryTier = Field(default_factory=IndustryTier)
    custom: CustomTier = Field(default_factory=CustomTier)
    quality_floor: float = parameter(0.5, -200.0, 200.0, "$", "q_T", "quality that automated contact lifts the weakest to", live=True)
    served_fit: float = parameter(0.08, 0.0, 1.0, "-", "κ_max", "how far algorithms can serve each customer differently", live=True)
    served_fit_cost: float = parameter(0.0, 0.0, 100.0, "$", "c_κ", "unit cost of serving each customer differently", live=True)
    reach_gain: float = parameter(0.03, 0.0, 1.0, "-", "δ", "share of travel cost that online ordering saves", live=True)
    attention_gain: float = parameter(0.3, 0.0, 10.0, "-", "η", "attention freed by back-office tools", live=True)
    learning_months: float = parameter(6.0, 0.1, 120.0, "months", "", "time constant of learning", live=True)
    implementation_a: float = parameter(1.38, 0.1, 20.0, "-", "", "first Kumaraswamy parameter of implementation quality")
    implementation_b: float = parameter(3.16, 0.1, 20.0, "-", "", "second Kumaraswamy parameter of implementation quality")
    training: float = parameter(0.0, 0.0, 1e6, "$", "", "training spend at adoption", role="lever", live=True)
    training_scale: float = parameter(1500.0, 1.0, 1e6, "$", "", "training spend that closes 63 % of the gap", live=True)
    phased_gain: float = parameter(0.5, 0.0, 1.0, "-", "", "gain of contact automated after back-office experience", live=True)
    phased_months: float = parameter(12.0, 0.1, 120.0, "months", "", "time constant of that experience", live=True)
    heard_alone: float = parameter(
        0.00415, 0.0, 1.0, "1/month", "p", "hazard of hearing of automation without peers", "calibrated to Census BTOS", live=True
    )
    heard_from_peers: float = parameter(
        0.026, 0.0, 1.0, "1/month", "q", "added hazard when all peers have adopted", "Bass q (Sultan et al. 1990)",
        level="essential", live=True,
    )
    peers: int = parameter(6, 2, 100, "peers", "", "peers of a storefront (Watts–Strogatz)", JUDGEMENT)
    peers_rewired: float = parameter(0.1, 0.0, 1.0, "share", "", "share of peer links rewired", JUDGEMENT)
    peer_influence: float = parameter(500.0, 0.0, 1e6, "$", "", "value of a choice that all peers have made", live=True)
    network_value: float = parameter(0.0, 0.0, 1e6, "$", "ν", "value of a tool that all firms use", live=True)
    choice_noise: float = parameter(1500.0, 1.0, 1e6, "$", "", "logit noise of the choice of tools", live=True)
    horizon: float = parameter(24.0, 1.0, 240.0, "months", "", "months that a firm looks ahead", live=True)
    discount: float = parameter(0.9, 0.0, 1.0, "-", "", "discount over the horizon", JUDGEMENT, live=True)
    belief_weight: float = parameter(0.6, 0.0, 1.0, "-", "", "weight of the truth in believed implementation quality", live=True)
    optimism: float = parameter(0.6, 0.0, 1.0, "-", "", "implementation quality that vendors promise", live=True)
    belief_months: int = parameter(12, 0, 240, "months", "", "months of use after which a firm knows the truth", live=True)
    commitment: int = parameter(12, 0, 240, "months", "", "months after a change without a new one", live=True)
    contact_cost: float = parameter(0.6, 0.0, 10.0, "share of K", "", "set-up cost of automated contact", live=True)
    down_payment: float = parameter(1.0, 0.0, 1.0, "share", "", "share of set-up cost to be paid in cash at once", live=True)
    instalments: int = parameter(36, 1, 600, "months", "", "months over which the rest is paid", live=True)

    @field_validator("available", "contact_levels", mode="before")
    @classmethod
    def _from_list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("available")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value):
            raise ValueError("tiers must differ")
        return tuple(t for t in TOOLS if t in value)

    @field_validator("contact_levels")
    @classmethod
    def _increasing(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) > 4 or any(not 0.0 < v <= 1.0 for v in value) or list(value) != sorted(set(value)):
            raise ValueError("contact levels must be at most four increasing numbers in (0, 1]")
        return value


class Vendors(Group):
    """Who sells the tools."""

    per_tier: int = parameter(3, 1, 50, "vendors", "V", "vendors of a tier (per sector, but generic ones serve all)", role="lever")
    spread: float = parameter(0.0, 0.0, 10.0, "taste sd", "", "spread of vendors' templates (0: one template)", role="lever")
    retraining: float = parameter(0.0, 0.0, 1.0, "1/month", "r_v", "speed at which a template learns from its clients (0: fixed)", live=True)
    choice_noise: float = parameter(1500.0, 1.0, 1e6, "$", "", "logit noise of the choice of vendor", live=True)
