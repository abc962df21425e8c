"""Known answer 22: money and firms are conserved, every month, to 1e-9 of what moves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_markets import EVERYONE_HEARS, model, scenario

from homogsim.agents.market import CASH_FLOWS
from homogsim.model import MarketModel
from homogsim.parameters import TOOLS
from homogsim.scenario.places import Business, Places, Sector, Town

INTO_FIRMS = ("revenue", "founders_capital", "settling")


def cash_flow(flows: dict[str, float]) -> float:
    return sum(flows[name] if name in INTO_FIRMS else -flows[name] for name in CASH_FLOWS)


def consumers_spending(run: MarketModel) -> float:
    """Return Σ_i W·Σ_j Pr_ij·p_j, from every consumer's own probabilities."""
    market = run.market
    price = market.appeal.price  # type: ignore[union-attr]
    each = (sum(share * price[site] for site, share in who.probabilities().items()) for who in run.consumers)
    return float(market.streets.weight * sum(each))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"tools.down_payment": 0.4, "tools.training": 500.0},
        {"consumers.demand": "sampled", "finance.retirement": 0.03},
        {"finance.starting_cash": 0.3, "finance.starting_cash_sd": 0.0},
    ],
    ids=["as it is", "paid over years", "sampled", "short of cash"],
)
def test_cash_changes_by_what_flows(change: dict[str, object]) -> None:
    run = model("baseline", EVERYONE_HEARS, {"calendar.warm_up": 2, "calendar.before": 2}, change, seed=3)
    market = run.market
    assert market.firms.cash.sum() == pytest.approx(market.flows["founders_capital"], rel=1e-12)
    moved = dict.fromkeys(market.flows, 0.0)
    while run.month <= run.last_month:
        before, run_month = market.firms.cash.sum(), run.month
        run.step()
        assert (market.firms.cash[~market.firms.is_open] == 0.0).all()
        change_of_cash = market.firms.cash.sum() - before
        assert change_of_cash == pytest.approx(cash_flow(market.flows), abs=1e-9 * market.flows["revenue"]), run_month
        moved = {name: moved[name] + abs(amount) for name, amount in market.flows.items()}
    unseen = {name for name, amount in moved.items() if amount == 0.0}
    assert unseen == {"chain_profits", "public_money", "settling"}


def test_cash_of_given_businesses_changes_by_what_flows() -> None:
    """What established businesses are found to have in the last month before automation is a flow, too."""
    towns = (Town("Ash", 1000.0, 0.2, 0.2), Town("Beck", 500.0, 0.6, 0.6))
    given = [Business("Ash" if n < 8 else "Beck", "bakery", age=3 + 57 * (n % 2), tool=TOOLS[n % 4]) for n in range(13)]
    small = scenario("baseline", EVERYONE_HEARS, {"world.towns": 2, "world.sectors": 1, "finance.starting_cash": 0.5,
                                                  "calendar.warm_up": 0, "calendar.months": 6})  # fmt: skip
    run = MarketModel(replace(small, places=Places(towns, (Sector("bakery"),), (), tuple(given))), seed=1, threads=1)
    market, settled = run.market, {}
    assert market.firms.cash.sum() == pytest.approx(market.flows["founders_capital"], rel=1e-12)
    while run.month <= run.last_month:
        before, run_month = market.firms.cash.sum(), run.month
        run.step()
        change_of_cash = market.firms.cash.sum() - before
        assert change_of_cash == pytest.approx(cash_flow(market.flows), abs=1e-9 * market.flows["revenue"]), run_month
        settled[run_month] = market.flows["settling"]
    assert settled.pop(-1) > 10_000.0
    assert not any(settled.values())
    accounts = run.results().accounts.set_index("month")
    assert accounts["settling"].to_dict() == settled | {-1: accounts["settling"].sum()}


def test_recorded_accounts_add_up() -> None:
    run = model("baseline", EVERYONE_HEARS, seed=3).run()
    accounts = run.results().accounts
    assert accounts["month"].tolist() == list(range(-12, 36))
    assert set(accounts.columns) == {"month", *run.market.flows}
    for name, amount in run.market.flows.items():
        assert accounts[name].iloc[-1] == amount


def test_firms_earn_what_consumers_spend() -> None:
    run = model("baseline", EVERYONE_HEARS, {"world.consumers": 40}, seed=2)
    while run.month <= run.last_month:
        run.step()
        if run.month % 12 == 0:
            assert run.market.flows["revenue"] == pytest.approx(consumers_spending(run), rel=1e-9)


def test_sales_are_occasions_that_were_not_left_outside() -> None:
    run = model("baseline", seed=2)
    for _ in range(30):
        run.step()
    market, people = run.market, run.market.consumers
    bought = market.streets.weight * (1.0 - 1.0 / people.inclusive).sum()
    assert market.firms.expected_sales.sum() == pytest.approx(bought, rel=1e-9)


@pytest.mark.parametrize(
    "chains",
    [{}, {"chains.enabled": True, "chains.fixed_cost": 12_000.0, "chains.patience": 1}],
    ids=["without chains", "with chains"],
)
def test_firms_are_counted_in_and_out(chains: dict[str, object]) -> None:
    """Small businesses alone: outlets of chains are told apart."""
    changes = {"finance.retirement": 0.05, "calendar.warm_up": 0, "calendar.before": 12}
    run = model("baseline", changes, chains, seed=4).run()
    results, diary = run.results(), run.market.diary
    assert len(results.firms) == len(diary.births) == results.firms["uid"].nunique()
    assert results.firms["death"].notna().sum() == len(diary.deaths)
    assert results.firms["death"].isna().sum() == run.market.firms.is_open.sum()
    small = results.firms[~results.firms["is_chain"]]
    withdrawn = results.firms[results.firms["is_chain"]]["death"].notna().sum()
    assert (len(small) < len(results.firms)) == bool(chains) == bool(withdrawn)
    timeline = results.timeline.set_index("month")
    after_close = timeline["n_firms"] - timeline["exits"] + timeline["entries"]
    assert (after_close.shift(1).iloc[1:] == timeline["n_firms"].iloc[1:]).all()
    towns = results.towns.groupby("month")[["n_firms", "entries", "exits"]].sum()
    assert (towns == timeline[["n_firms", "entries", "exits"]]).all(axis=None)
    born = small["birth"].value_counts()
    died = small["death"].dropna().astype(int).value_counts()
    for month, row in timeline.iterrows():
        if month > timeline.index[0]:  # the first firms opened in the first month too
            assert row["entries"] == born.get(month, 0)
        assert row["exits"] == died.get(month, 0)
    # Who opens at the end of one month and closes at the end of another trades in all months between; the first firms
    # open before their first month and trade in it too.
    first = run.parameters.world.cells * run.parameters.world.occupied
    assert timeline["n_firms"].sum() == small["months_open"].sum() + first
