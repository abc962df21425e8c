"""Parameters of the world and of the consumers (docs/model.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from homogsim.parameters.declaration import JUDGEMENT, Group, parameter

LARGEST_TASTE = 8.0
"""Standard deviations that no kernel taste exceeds, to be safe."""

TARGET_PRICE = "calibrated to outlet and category price elasticities"


# fmt: off

class Calendar(Group):
    """Months of a run; month 0 is when automation arrives."""

    warm_up: int = parameter(60, 0, 1020, "months", "", "unrecorded months in which the world settles")
    before: int = parameter(60, 1, 1020, "months", "", "recorded months before automation arrives")
    months: int = parameter(180, 1, 2040, "months", "", "months after automation arrives", level="essential")


class World(Group):
    """Towns, sectors and the places that firms and consumers can take."""

    towns: int = parameter(8, 1, 2000, "towns", "M", "number of towns", JUDGEMENT, level="essential")
    sectors: int = parameter(3, 1, 60, "sectors", "", "number of sectors", JUDGEMENT)
    sites: int = parameter(16, 1, 512, "sites/cell", "", "storefronts in each town and sector", JUDGEMENT)
    occupied: int = parameter(11, 0, 512, "sites/cell", "", "storefronts occupied at the start")
    consumers: int = parameter(400, 1, 200_000, "consumers/cell", "", "simulated consumers in each town and sector")
    occasions: float = parameter(
        53_333.0, 1.0, 1e9, "occasions/month", "", "purchase occasions of a town and sector in a month"
    )
    reach: int = parameter(2, 0, 20, "towns", "", "nearest towns in which a consumer also shops")
    dimensions: int = parameter(4, 1, 16, "-", "d", "dimensions of the offering space", JUDGEMENT)
    niches: int = parameter(8, 1, 100, "niches", "", "taste niches of a sector", JUDGEMENT)
    niche_concentration: float = parameter(1.0, 0.01, 100.0, "-", "", "Dirichlet concentration of a town's niche mix")
    town_share: float = parameter(0.2, 0.0, 1.0, "share", "", "share of taste variance between towns", JUDGEMENT)
    niche_share: float = parameter(
        0.5, 0.0, 1.0, "share", "", "share of taste variance between niches (the rest is the consumer's own)", JUDGEMENT
    )
    sector_spread: float = parameter(0.7, 0.0, 10.0, "taste sd", "", "spread of the sectors' taste centres", JUDGEMENT)
    town_radius: float = parameter(10.0, 0.0, 120.0, "minutes", "", "radius of a town", JUDGEMENT)
    square_minutes: float = parameter(60.0, 1.0, 1000.0, "minutes", "", "travel time across the square", JUDGEMENT)
    road_neighbours: int = parameter(3, 1, 20, "towns", "", "nearest towns each town builds a road to", JUDGEMENT)

    @model_validator(mode="after")
    def _consistent(self) -> World:
        if self.town_share + self.niche_share > 1.0 + 1e-12:
            raise ValueError("world.town_share + world.niche_share must not exceed 1 (shares of one variance)")
        if self.occupied > self.sites:
            raise ValueError(f"world.occupied ({self.occupied}) must not exceed world.sites ({self.sites})")
        return self

    @property
    def cells(self) -> int:
        """Number of cells (town, sector)."""
        return self.towns * self.sectors

    @property
    def occasions_per_site(self) -> float:
        """Q_ref, occasions a month and storefront."""
        return self.occasions / self.sites


class Consumers(Group):
    """What consumers value, in dollars per purchase occasion."""

    demand: Literal["expected", "sampled"] = parameter(
        "expected", None, None, "", "", "expected sales, or Poisson draws around them", choices=("expected", "sampled")
    )
    outside_option: bool = parameter(True, None, None, "", "V_0", "whether consumers may buy nothing")
    base_value: float = parameter(21.0, 0.0, 2000.0, "$", "v0", "value of a purchase before its qualities", live=True)
    choice_noise: float = parameter(
        1.8, 0.2, 500.0, "$", "μ", "scale of unobserved taste; small means shops are close substitutes", TARGET_PRICE,
        level="essential", live=True,
    )
    taste_strength: float = parameter(
        4.0, 0.0, 1000.0, "$/sd²", "θ", "dollars lost per squared distance to the ideal offering",
        level="essential", live=True,
    )
    taste_strength_sd: float = parameter(0.0, 0.0, 1.0, "sd of log", "", "spread of taste strength", JUDGEMENT)
    tastes: Literal["ideal_point", "kernel"] = parameter(
        "ideal_point", None, None, "", "", "geometry of tastes: one ideal point each, or a smooth random function of the offering",
        JUDGEMENT, choices=("ideal_point", "kernel"),
    )
    kernel_length: float = parameter(1.5, 0.2, 20.0, "taste sd", "ℓ", "length over which a kernel taste varies", JUDGEMENT)
    kernel_strength: float = parameter(6.0, 0.0, 500.0, "$", "s_z", "standard deviation of a kernel taste over consumers", live=True)
    kernel_anchor: float = parameter(
        1.0, 0.0, 1000.0, "$/sd²", "θ_k", "under kernel tastes, dollars lost per squared distance to the ideal point", live=True
    )
    kernel_base_value: float = parameter(
        14.7, 0.0, 2000.0, "$", "v0", "under kernel tastes, value of a purchase before its qualities", live=True
    )
    kernel_waves: int = parameter(32, 1, 256, "-", "R", "random Fourier features of a kernel taste", JUDGEMENT)
    distance_cost: float = parameter(
        2.52, 0.0, 500.0, "$/ln min", "τ", "cost of travel", "calibrated to the distance elasticity", live=True
    )
    price_sensitivity: float = parameter(1.0, 0.1, 10.0, "1/$", "α", "mean price sensitivity", JUDGEMENT, live=True)
    price_sensitivity_sd: float = parameter(0.2, 0.0, 1.0, "sd of log", "", "spread of price sensitivity (lognormal)")
    personalization_value: float = parameter(
        2.0, 0.0, 1000.0, "$", "βP", "mean value of full personalization",
        "5–30 % of the price (Deloitte 2015, from memory)", level="essential", live=True,
    )
    locality_value: float = parameter(
        0.75, 0.0, 1000.0, "$", "βL", "mean value of a local shop over a standardized one",
        "0–20 % of the price (Printezis et al. 2019; Davidson et al. 2023 find none)", level="essential", live=True,
    )
    loyalty: float = parameter(0.3, -5.0, 500.0, "$", "ψ", "mean state dependence (negative: variety seekers)", live=True)
    loyalty_sd: float = parameter(0.6, 0.0, 500.0, "$", "", "spread of state dependence")
    contact_aversion: float = parameter(
        1.0, 0.0, 500.0, "$", "ψH", "dislike of fully automated contact",
        "handmade premium up to 17 % (Fuchs et al. 2015)", live=True,
    )
    disclosure_cost: float = parameter(
        0.5, 0.0, 500.0, "$", "ζ", "dislike of contact disclosed as automated", "bounded by Luo et al. 2019", live=True
    )
    backlash: float = parameter(0.0, 0.0, 1000.0, "-", "ω", "how much a town's loss of diversity raises the value of the local there (0: not at all)", live=True)
    visit_probability: float = parameter(
        0.28, 0.0, 1.0, "1/month", "", "probability that a consumer visits in a month", "calibrated to repeat visits",
        live=True,
    )

    @model_validator(mode="after")
    def _representable(self) -> Consumers:
        if self.base_value / self.choice_noise > 300.0:
            raise ValueError(
                f"consumers.base_value / consumers.choice_noise ({self.base_value / self.choice_noise:.0f}) must not exceed"
                " 300: e to that power is about as large as numbers get"
            )
        highest = (self.kernel_base_value + LARGEST_TASTE * self.kernel_strength) / self.choice_noise
        if self.tastes == "kernel" and highest > 300.0:
            raise ValueError(
                f"(consumers.kernel_base_value + {LARGEST_TASTE:g}·consumers.kernel_strength) / consumers.choice_noise"
                f" ({highest:.0f}) must not exceed 300: e to that power is about as large as numbers get"
            )
        return self

    @property
    def purchase_value(self) -> float:
        """v0 under the geometry of tastes, dollars."""
        return self.kernel_base_value if self.tastes == "kernel" else self.base_value
