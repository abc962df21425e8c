"""Properties of whole markets: money is conserved, stocks stay in bounds, nothing is NaN, whatever the parameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_markets import EVERYONE_HEARS, model

from homogsim.agents.market import Market
from homogsim.laws.demand import SHARE, choose_month
from homogsim.model import MarketModel

TINY: dict[str, object] = {
    "world.sites": 6, "world.occupied": 4, "world.consumers": 30, "world.occasions": 20_000.0,
    "calendar.warm_up": 2, "calendar.before": 4, "calendar.months": 14,
}  # fmt: skip
# Before the first customers, before contact was automated, and before a tool was chosen.
MAY_BE_NAN = {"satisfaction", "satisfaction_before", "distance_at_adoption", "own_reinvestment"}
SHARES = ("alignment", "back_office", "contact", "implementation", "human_share", "trust", "served_fit",
          "personalization", "transparency")  # fmt: skip
NOT_NEGATIVE = ("price", "unit_cost", "fixed_cost", "data", "differentiation", "load", "sales", "expected_sales",
                "slope", "debt", "setup_due", "back_office_months", "contact_months", "savings")  # fmt: skip

# Fixed examples for everyone: a suite whose failures come and go teaches people to ignore it.
few = settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

scenarios = st.fixed_dictionaries(
    {
        "world.towns": st.integers(1, 4),
        "world.sectors": st.integers(1, 2),
        "world.dimensions": st.integers(1, 5),
        "world.reach": st.integers(0, 3),
        "consumers.demand": st.sampled_from(["expected", "sampled"]),
        "consumers.base_value": st.floats(5.0, 40.0),
        "consumers.choice_noise": st.floats(0.5, 6.0),
        "consumers.taste_strength": st.floats(0.0, 10.0),
        "consumers.loyalty": st.floats(-2.0, 2.0),
        "offering.imitation": st.floats(0.0, 0.2),
        "offering.repositioning": st.floats(0.0, 0.2),
        "firms.customer_focus": st.floats(0.0, 1.0),
        "firms.reinvestment": st.floats(0.0, 1.0),
        "firms.transparency": st.floats(0.0, 1.0),
        "finance.fixed_cost": st.floats(0.0, 9000.0),
        "finance.rent_share": st.floats(0.0, 0.9),
        "finance.retirement": st.floats(0.0, 0.1),
        "finance.entry_rate": st.floats(0.0, 1.0),
        "tools.down_payment": st.floats(0.0, 1.0),
        "tools.training": st.floats(0.0, 3000.0),
        "tools.served_fit": st.floats(0.0, 1.0),
        "tools.served_fit_cost": st.floats(0.0, 3.0),
        "tools.network_value": st.floats(0.0, 9000.0),
        "vendors.spread": st.floats(0.0, 2.0),
    }
)


def check_state(market: Market) -> None:
    firms, rows = market.firms, np.flatnonzero(market.firms.is_open)
    for name, values in firms.arrays().items():
        if name not in MAY_BE_NAN:
            assert np.isfinite(values[..., rows]).all(), name
    for name in SHARES:
        values = getattr(firms, name)[rows]
        assert (values >= 0.0).all(), name
        assert (values <= 1.0 + 1e-12).all(), name
    for name in NOT_NEGATIVE:
        assert (getattr(firms, name)[rows] >= 0.0).all(), name
    people = market.consumers
    assert np.isfinite(people.surplus).all()
    assert (people.inclusive >= 1.0).all()
    assert ((people.last == -1) | firms.is_open[people.last]).all()
    assert ((firms.tool[rows] > 0) == (firms.vendor[rows] >= 0)).all()
    assert (firms.contact[rows][firms.tool[rows] == 0] == 0.0).all()


@few
@given(scenarios, st.integers(0, 2**32 - 1))
def test_any_market_keeps_its_books_and_bounds(changes: dict[str, object], seed: int) -> None:
    run = model("baseline", EVERYONE_HEARS, TINY, changes, seed=seed)
    market = run.market
    while run.month <= run.last_month:
        cash, firms = market.firms.cash.sum(), int(market.firms.is_open.sum())
        born, died = len(market.diary.births), len(market.diary.deaths)
        run.step()
        flows = market.flows
        into = flows["revenue"] + flows["founders_capital"] + flows["settling"]
        out = sum(amount for name, amount in flows.items() if name not in {"revenue", "founders_capital", "settling"})
        assert market.firms.cash.sum() - cash == pytest.approx(into - out, abs=1e-9 * max(1.0, into))
        born, died = len(market.diary.births) - born, len(market.diary.deaths) - died
        assert market.firms.is_open.sum() == firms + born - died
        check_state(market)
    results = run.results()
    assert results.status in {"complete", "extinct"}
    assert results.timeline["outside_share"].between(-1e-9, 1.0 + 1e-9).all()
    assert results.firms["uid"].is_unique


@few
@given(st.integers(0, 2**32 - 1), st.data())
def test_order_of_consumers_and_of_shops_is_irrelevant(seed: int, data: st.DataObject) -> None:
    """Permuting the consumers of a cell, or the shops of a cell, permutes what they get and changes nothing else."""
    run = model("baseline", TINY, seed=seed)
    for _ in range(3):
        run.step()
    market, world = run.market, run.parameters.world
    assert market.appeal is not None
    people = np.concatenate(
        [c * world.consumers + data.draw(st.permutations(range(world.consumers)).map(np.array)) for c in (0,)]
        + [np.arange(world.consumers, market.consumers.rows)]
    )
    sites = np.arange(market.firms.rows)
    sites[: world.sites] = data.draw(st.permutations(range(world.sites)).map(np.array))
    back = np.argsort(sites)
    plain = choices(market, np.arange(market.consumers.rows), np.arange(market.firms.rows), back=None)
    other_people = choices(market, people, np.arange(market.firms.rows), back=None)
    assert other_people[0] == pytest.approx(plain[0], rel=1e-12)
    assert np.array_equal(other_people[1], plain[1][people])
    other_sites = choices(market, np.arange(market.consumers.rows), sites, back=back)
    assert other_sites[0] == pytest.approx(plain[0][:, sites], rel=1e-9, abs=1e-9)
    assert other_sites[1] == pytest.approx(plain[1], rel=1e-12)


def choices(market: Market, people: np.ndarray, sites: np.ndarray, back: np.ndarray | None):  # type: ignore[no-untyped-def]
    """Return sums by site (without u and z, which are as good) and inclusive values, rows in another order."""
    n = people.size
    columns = (np.ascontiguousarray(field[..., people]) for field in market.tastes if isinstance(field, np.ndarray))
    tastes = type(market.tastes)(*columns, waves=market.tastes.waves)
    appeal = type(market.appeal)(*(np.ascontiguousarray(column[..., sites]) for column in market.appeal))  # type: ignore[union-attr]
    streets = market.streets._replace(site_place=np.ascontiguousarray(market.streets.site_place[:, sites]))
    last = market.consumers.last_before[people]
    if back is not None:
        last = np.where(last >= 0, back[last], -1).astype(np.int32)
    inclusive = np.zeros(n)
    sums = choose_month(
        market.plan, tastes, streets, appeal, market.traded[sites], market.luck(), 1.0,
        market.parameters.consumers.choice_noise, last, np.zeros(n, np.int32), inclusive, np.zeros(n), market.rooms,
    )  # fmt: skip
    assert sums[SHARE].sum() == pytest.approx(market.streets.weight * (1.0 - 1.0 / inclusive).sum(), rel=1e-9)
    return sums, inclusive


WAYS_TO_DIE = {
    "nothing is worth buying": {"consumers.base_value": 0.0},
    "rents nobody can pay": {"finance.fixed_cost": 1e7},
    "everyone retires": {"finance.retirement": 1.0, "finance.entry_rate": 0.0},
    "nobody ever opened": {"world.occupied": 0, "finance.entry_rate": 0.0},
    "no cash": {"finance.starting_cash": 0.0, "finance.overdraft": 0.0, "finance.fixed_cost": 50_000.0},
}


@pytest.mark.parametrize("change", WAYS_TO_DIE.values(), ids=WAYS_TO_DIE)
@pytest.mark.parametrize("demand", ["expected", "sampled"])
def test_a_market_that_dies_runs_to_its_end(change: dict[str, object], demand: str) -> None:
    run = model("baseline", TINY, change, {"consumers.demand": demand}, biographies=True).run()
    results = run.results()
    assert (results.status, results.months, run.month) == ("extinct", 14, 14)
    last = results.timeline.iloc[-1]
    assert results.timeline["month"].tolist() == list(range(-4, 14))
    assert (last["n_firms"], last["consumer_surplus"], last["smb_profit"], last["outside_share"]) == (0, 0, 0, 1.0)
    assert last[["mean_price", "diversity_gamma", "net_margin", "adoption_share"]].isna().all()
    assert results.firms["death"].notna().all()
    assert len(results.results_hash()) == 64
    assert len(run.firms) == 0
    assert (run.market.consumers.last == -1).all()


def test_a_dead_market_can_come_back() -> None:
    """Founders find an empty market when what killed the others is over."""
    run = model("baseline", TINY, {"finance.retirement": 1.0, "finance.entry_rate": 0.0})
    for _ in range(6):
        run.step()
    assert not run.market.firms.is_open.any()
    run.set_live("finance.retirement", 0.0)
    run.set_live("finance.entry_rate", 1.0)
    run.run()
    assert run.results().status == "complete"
    assert run.market.firms.is_open.any()
    check_state(run.market)


def test_one_of_everything() -> None:
    smallest = {"world.towns": 1, "world.sectors": 1, "world.sites": 1, "world.occupied": 1, "world.consumers": 1,
                "world.dimensions": 1, "world.niches": 1, "calendar.warm_up": 0, "calendar.before": 1}  # fmt: skip
    run: MarketModel = model("baseline", EVERYONE_HEARS, TINY, smallest).run()
    assert run.results().status in {"complete", "extinct"}
    check_state(run.market)
