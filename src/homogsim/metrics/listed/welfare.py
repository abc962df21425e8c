"""Metrics of welfare: who gains and who pays, in dollars a month."""

from __future__ import annotations

from functools import partial

from homogsim.metrics.accounting import landlord_rent, vendor_profit
from homogsim.metrics.metric import ANY, POSITIVE, Metric
from homogsim.metrics.observation import Observation
from homogsim.metrics.welfare import total_welfare


def _surplus_of(month: Observation, quartile: int) -> float:
    return float(month.people.surplus[quartile])


def _total(month: Observation) -> float:
    money = month.money
    return total_welfare(
        consumer_surplus=month.people.consumer_surplus,
        smb_profit=float(month.profit.sum()),
        chain_profit=month.chain_profit,
        vendor_profit=vendor_profit(money.fees),
        rent=landlord_rent(money.fixed_costs),
        setup_cost=money.setup,
        public_money=money.public_money,
    )


# fmt: off
WELFARE = (
    Metric("consumer_surplus", "CS", "$/month", ANY, "ΣW(μ/α)ln(1 + Σe^{V/μ}), at the tastes of the start; at least 0 where one may buy nothing", "Small & Rosen 1981", lambda m: m.people.consumer_surplus),
    *(Metric(f"consumer_surplus_quartile_{k + 1}", "CS", "$/month", ANY, f"its part that goes to the {words} quartile of tastes by ‖z_i − m_s‖", "", partial(_surplus_of, quartile=k)) for k, words in enumerate(("inner (popular)", "second", "third", "outer (tail)"))),
    Metric("smb_profit", "π", "$/month", ANY, "profit of all small businesses, before set-up costs", "", lambda m: float(m.profit.sum())),
    Metric("chain_profit", "", "$/month", ANY, "profit of all chains", "", lambda m: m.chain_profit),
    Metric("vendor_profit", "", "$/month", POSITIVE, "vendors' fees less the cost of serving their clients (see metrics.accounting)", "", lambda m: vendor_profit(m.money.fees)),
    Metric("landlord_rent", "", "$/month", POSITIVE, "landlords' part of fixed costs (see metrics.accounting)", "", lambda m: landlord_rent(m.money.fixed_costs)),
    Metric("setup_cost", "K", "$/month", POSITIVE, "set-up and training paid by businesses", "", lambda m: m.money.setup),
    Metric("public_money", "", "$/month", POSITIVE, "subsidies, grants and vouchers that the public pays", "", lambda m: m.money.public_money),
    Metric("public_money_so_far", "", "$", POSITIVE, "public money since the first recorded month", "", lambda m: m.money.public_money_so_far),
    Metric("total_welfare", "", "$/month", ANY, "consumer surplus + profits of small businesses, chains and vendors + rent − set-up costs − public money; owners' draws are transfers", "", _total),
)
"""Lines of the table."""
