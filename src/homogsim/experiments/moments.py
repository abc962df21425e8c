"""What the model says of each empirical moment: one function a moment, a finished run → a number.

All are pure and read only. A moment that a run does not define (too short a record, nobody adopted) is NaN, never 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from statistics import NormalDist
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from homogsim.errors import HomogsimError, nearest
from homogsim.experiments.finished import SETTLED, Finished
from homogsim.experiments.pairs import category_price_elasticity, distance_elasticity, loss_by_disclosure
from homogsim.metrics.concentration import top_share
from homogsim.metrics.diversity import rarefied_diversity
from homogsim.metrics.returns import positive_share
from homogsim.metrics.similarity import mean_pairwise_distance
from homogsim.metrics.survival import median_survival, survival_at, turnover_rate, weibull_fit
from homogsim.streams import Streams

if TYPE_CHECKING:
    from homogsim.model import MarketModel

Moment = Callable[[Finished], float]

DAYS_A_MONTH = 365.25 / 12.0

DEC_2025, MAY_2026 = 35, 40
SEP_2023, FEB_2024 = 8, 13
"""Months of the Census's surveys; month 0 is January 2023."""

LONG_USE = 24
"""Months of automated contact after which a way of working counts as standardized."""

FEW, MANY, SUBSAMPLES = 2, 8, 200
"""Outlets of the two ends of a rarefaction curve, and subsamples at each."""

CLONE_SCORE = 25.0
"""NEF's clone town score below which a town is a clone."""


# Survival and turnover ------------------------------------------------------------------------------------------------


def survival(years: int) -> Moment:
    """Return the moment Ŝ(12·years): the share of entrants that live so long, Kaplan–Meier."""

    def share(run: Finished) -> float:
        return float(survival_at(run.entrants, 12 * years))

    return share


def weibull_shape(run: Finished) -> float:
    """Return k of S(t) = exp(−(t/λ)^k), fitted to Ŝ at 1, 2, …, 10 years; NaN unless all ten are known."""
    yearly = survival_at(run.entrants, 12 * np.arange(1, 11))
    return float(weibull_fit(yearly).shape) if np.isfinite(yearly).all() else math.nan


def median_life(run: Finished) -> float:
    """Return the age that half of the entrants outlive, years."""
    return median_survival(run.entrants) / 12.0


def _yearly_rate(metric: str) -> Moment:
    def rate(run: Finished) -> float:
        return turnover_rate(run.column(metric, SETTLED), run.column("n_firms", SETTLED))

    return rate


# Prices, margins, money -----------------------------------------------------------------------------------------------


def _mean_of(metric: str, first: int = SETTLED, last: int | None = None) -> Moment:
    def mean(run: Finished) -> float:
        return run.mean(metric, first, last)

    return mean


def cash_buffer(run: Finished) -> float:
    """Return the median over small businesses of cash over daily outflow in the last month, days.

    Outflow: input costs, rent and staff as paid, the tool's fee.
    """
    from homogsim.agents.firms import tiers

    market = run.market
    firms = market.firms
    rows = np.flatnonzero(market.traded & firms.independent)
    fee = tiers(market.parameters).monthly_fee[firms.tool[rows]]
    outflow = firms.unit_cost[rows] * firms.sales[rows] + firms.fixed_cost_paid[rows] + fee
    spending = outflow > 0.0
    return (
        float(np.median(firms.cash[rows][spending] / outflow[spending] * DAYS_A_MONTH)) if spending.any() else math.nan
    )


# Priors: what parameters come to, at the prices of the run -----------------------------------------------------------


def _premium(parameter: str) -> Moment:
    """Return the moment β/(α·p̄): what full P, L or human contact is worth, as a share of the mean price."""

    def share(run: Finished) -> float:
        consumers = run.results.scenario.parameters.consumers
        worth: float = getattr(consumers, parameter)
        return worth / (consumers.price_sensitivity * run.mean("mean_price"))

    return share


def disclosure_penalty(run: Finished) -> float:
    """Return the relative change of sales when one outlet alone discloses: a_F = 1, h = 0, trust as it is."""
    return loss_by_disclosure(run.pairs, run.results.scenario.parameters.consumers.disclosure_cost)


def tool_spend(run: Finished) -> float:
    """Return the generic tool's fee, dollars a month."""
    return float(run.results.scenario.parameters.tools.generic.monthly_fee)


def quality_lift(run: Finished) -> float:
    """Return E max(0, q_T − q̃), q̃ ~ N(0, s_q), over the mean price: the mean one-sided lift at a_F = b = 1."""
    parameters = run.results.scenario.parameters
    floor, sd = parameters.tools.quality_floor, parameters.firms.quality_sd
    normal = NormalDist()
    lift = floor * normal.cdf(floor / sd) + sd * normal.pdf(floor / sd) if sd > 0.0 else max(0.0, floor)
    return lift / run.mean("mean_price")


def _yearly_hazard(parameter: str) -> Moment:
    def hazard(run: Finished) -> float:
        return 12.0 * float(getattr(run.results.scenario.parameters.tools, parameter))

    return hazard


# Adoption and its returns ---------------------------------------------------------------------------------------------


def roi12_positive(run: Finished) -> float:
    """Return the share of adopters by choice whose first year paid; those that closed within it did not."""
    return positive_share(run.small_businesses["roi12"])


def back_office_pays_more(run: Finished) -> float:
    """Return 1 if the mean ROI12 of adopters without automated contact in the first year is above the others', else 0.

    NaN when there are not both kinds.
    """
    firms = run.small_businesses
    adopters = firms.loc[firms["roi12"].notna(), ["uid", "first_adoption", "roi12"]]
    spells = run.results.spells.merge(adopters, on="uid")
    first = spells["first_adoption"].astype(np.int64)
    early = spells[(spells["start"] < first + 12) & (spells["stop"] > first)]
    front = set(early.loc[early["contact"] > 0.0, "uid"])
    in_front = adopters["uid"].isin(front)
    means = [float(adopters.loc[chosen, "roi12"].mean()) for chosen in (~in_front, in_front)]
    return math.nan if any(map(math.isnan, means)) else float(means[0] > means[1])


def vendor_top_share(run: Finished) -> float:
    """Return the largest vendor's share of the small businesses that use a tool at the end."""
    firms = run.market.firms
    clients = firms.vendor[firms.independent & (firms.tool > 0)]
    return float(top_share(np.bincount(clients[clients >= 0]))) if (clients >= 0).any() else math.nan


# Alike and different --------------------------------------------------------------------------------------------------


def process_similarity(run: Finished) -> float:
    """Return how far apart ways of working are, over how far apart they would be without the tool.

    Mean pairwise distance of the processes y of small businesses that have automated contact with a generic tool for at
    least 24 months, over that of their own concepts x*, where y stands without a tool (its noise apart). NaN with fewer
    than two of them.
    """
    firms = run.market.firms
    long = firms.independent & (firms.tool == 1) & (firms.contact > 0.0) & (firms.contact_months >= LONG_USE)
    now, without = (mean_pairwise_distance(points[:, long].T) for points in (firms.process, firms.identity))
    return float(now / without) if without > 0.0 else math.nan


def diversity_growth_ratio(run: Finished) -> float:
    """Return the slope of the rarefaction curve of D^Z (q = 1) of users of custom tools over that of generic ones.

    Slope: (D(8) − D(2))/6 of equally counting outlets at the end of the run, 200 keyed subsamples each. NaN with fewer
    than 8 users of either.
    """
    shots = run.results.snapshots
    last = shots[(shots["month"] == shots["month"].max()) & ~shots["is_chain"].astype(bool)]
    custom, generic = (_rarefaction_slope(run, last[last["tool"] == tool]) for tool in ("custom", "generic"))
    return custom / generic if generic > 0.0 else math.nan


def _rarefaction_slope(run: Finished, outlets: pd.DataFrame) -> float:
    x = outlets.filter(regex=r"^offering_\d+$").to_numpy(dtype=np.float64)
    uid, month = outlets["uid"].to_numpy(), int(run.results.months)
    draws = Streams(run.results.seed).uniform("panel", uid[None, :], month, 2 + np.arange(SUBSAMPLES)[:, None])
    few, many = (rarefied_diversity(x, n, run.results.scale, 1.0, np.asarray(draws)) for n in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def clone_town_share(run: Finished) -> float:
    """Return the share of towns that NEF's score calls clones, in the month before automation arrives.

    Score: (50·independents + 5·outlets of chains + 5·kinds of shops)/shops; a clone scores under 25 (the rule as school
    worksheets on the survey tell it; the survey itself was not at hand). Kinds of shops are sectors here.
    """
    shots = run.results.snapshots
    shots = shots[shots["month"] == -1]
    if shots.empty:
        return math.nan
    towns = shots.assign(chain=shots["is_chain"].astype(bool)).groupby("town")
    shops, chains, kinds = towns.size(), towns["chain"].sum(), towns["sector"].nunique()
    return float(((50.0 * (shops - chains) + 5.0 * chains + 5.0 * kinds) / shops < CLONE_SCORE).mean())


MOMENTS: Mapping[str, Moment] = MappingProxyType(
    {
        **{f"survival_{years}y": survival(years) for years in (1, 2, 3, 5, 10, 20)},
        "weibull_shape": weibull_shape,
        "median_life": median_life,
        "exit_rate": _yearly_rate("exits"),
        "entry_rate": _yearly_rate("entries"),
        "own_price_elasticity": _mean_of("own_price_elasticity"),
        "category_price_elasticity": lambda run: category_price_elasticity(run.pairs),
        "distance_elasticity": lambda run: distance_elasticity(run.pairs),
        "net_margin": _mean_of("net_margin"),
        "price_dispersion": _mean_of("price_dispersion"),
        "cash_buffer": cash_buffer,
        "repeat_12m": _mean_of("repeat_12m"),
        "repeat_revenue_share": _mean_of("repeat_revenue_share"),
        # The surveys are of 2021 and 2014: months before automation arrives.
        "independent_outlet_share": _mean_of("independent_outlet_share", SETTLED, -1),
        "independent_visit_share": _mean_of("smb_sales_share", SETTLED, -1),
        "adoption_2023_2024": _mean_of("adoption_share", SEP_2023, FEB_2024),
        "adoption_2026": _mean_of("adoption_share", DEC_2025, MAY_2026),
        "roi12_positive": roi12_positive,
        "back_office_pays_more": back_office_pays_more,
        "vendor_top_share": vendor_top_share,
        "process_similarity": process_similarity,
        "diversity_growth_ratio": diversity_growth_ratio,
        "clone_town_share": clone_town_share,
        "local_premium": _premium("locality_value"),
        "handmade_premium": _premium("contact_aversion"),
        "personalization_premium": _premium("personalization_value"),
        "disclosure_penalty": disclosure_penalty,
        "tool_spend": tool_spend,
        "quality_lift": quality_lift,
        "bass_p": _yearly_hazard("heard_alone"),
        "bass_q": _yearly_hazard("heard_from_peers"),
    }
)
"""Every moment by the name under which ``data/targets.toml`` calls for it."""


def measure(model: MarketModel, names: Iterable[str]) -> dict[str, float]:
    """Return moments of a model's finished run, by name.

    Raises
    ------
    HomogsimError
        There is no moment of that name.
    """
    run = Finished.of(model)
    found: dict[str, float] = {}
    for name in names:
        if name not in MOMENTS:
            raise HomogsimError(f"there is no moment {name[:100]!r}", help=nearest(name[:100], MOMENTS))
        found[name] = float(MOMENTS[name](run))
    return found
