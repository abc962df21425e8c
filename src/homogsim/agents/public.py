"""What policies do to costs, networks, disclosure and the public purse (docs/model.md, policies).

Every function gives back what would be there without policies, to the last bit, where the policies are neutral.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.firms import tiers
from homogsim.agents.market import Market
from homogsim.laws.demand import Streets
from homogsim.laws.response import own_share_response
from homogsim.parameters import TOOLS, Parameters

Floats = NDArray[np.float64]


class SetupCosts(NamedTuple):
    """Who pays how much of the set-up cost K of a tier, by code 0…3, dollars."""

    firm: Floats
    public: Floats


def setup_costs(parameters: Parameters) -> SetupCosts:
    """Return what setting up a tier costs: a partnership makes customized tools cheaper, the public pays a share."""
    policy, custom = parameters.policy, np.arange(len(TOOLS)) == TOOLS.index("custom")
    cost = tiers(parameters).upfront_cost * np.where(custom, 1.0 - policy.partnership_discount, 1.0)
    public = np.where(custom, policy.custom_subsidy * cost, 0.0)
    return SetupCosts(cost - public, public)


def network_value(parameters: Parameters) -> float:
    """Return ν, less the share of it that interoperability takes away."""
    return parameters.tools.network_value * (1.0 - parameters.policy.interoperability)


def transparency(parameters: Parameters) -> float:
    """Return tr: what firms disclose of their own will, everything where they must."""
    return 1.0 if parameters.policy.disclosure_mandate else parameters.firms.transparency


def pay(market: Market) -> float:
    """Pay what the public owes this month for set-up, training and vouchers; return it, dollars."""
    firms = market.firms
    support = float(firms.support_due.sum())
    firms.support_due[:] = 0.0
    return support + vouchers(market)


def vouchers(market: Market) -> float:
    """Return the vouchers of this month, dollars: Σ_j voucher·L_j·(occasions sold to consumers of j's own town)."""
    voucher = market.parameters.policy.local_voucher
    if voucher == 0.0 or market.appeal is None:
        return 0.0
    return float((voucher * market.appeal.locality * home_sales(market)).sum())


def home_sales(market: Market) -> Floats:
    """Return the occasions of this month that each firm sold to consumers of its own town, 0 at empty sites.

    The own-share response of a firm that stays as it is, when nobody comes from other towns, is what it sells at home.
    """
    firms = market.firms
    rows = np.flatnonzero(market.traded)
    result = np.zeros(firms.rows)
    if market.appeal is None or rows.size == 0:
        return result
    seen = market.appeal._replace(**{name: values[..., rows] for name, values in market.appeal._asdict().items()})
    first = np.arange(rows.size + 1)
    expected = own_share_response(
        rows,
        first,
        market.appeal,
        seen,
        market.choosing.tastes,
        _own_town_only(market.streets),
        market.choices,
        market.threads,
    )
    # Drawn sales differ from expected ones; who comes from where does not.
    total = firms.expected_sales[rows]
    with np.errstate(invalid="ignore", divide="ignore"):
        result[rows] = np.where(total > 0.0, firms.sales[rows] * expected / total, 0.0)
    return result


def _own_town_only(streets: Streets) -> Streets:
    """Return the streets of a world in which nobody shops in another town."""
    towns = np.arange(streets.towns + 1, dtype=streets.visitors_start.dtype)
    return streets._replace(
        reach_towns=towns[:-1, None].astype(streets.reach_towns.dtype),
        reach_minutes=np.zeros((streets.towns, 1)),
        visitors_start=towns,
        visitors_towns=towns[:-1].astype(streets.visitors_towns.dtype),
        visitors_minutes=np.zeros(streets.towns),
    )
