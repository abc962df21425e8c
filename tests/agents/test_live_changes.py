"""What changes while a market lives: consumers feel it at once, and nobody takes it for what it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_markets import EVERYONE_HEARS, after, state_hash

from homogsim.agents.firms import appeal, business, operations, without_tool
from homogsim.agents.market import Market
from homogsim.agents.surveys import NOBODY_GOES_OUT
from homogsim.laws.demand import choose_month
from homogsim.laws.response import own_share_response
from homogsim.laws.singles import narrowed
from homogsim.model import MarketModel

OF_PEOPLE = {
    "consumers.price_sensitivity": 1.4,
    "consumers.taste_strength": 7.0,
    "consumers.personalization_value": 6.0,
    "consumers.locality_value": 3.0,
    "consumers.loyalty": 1.5,
    "consumers.choice_noise": 2.7,
    "consumers.base_value": 24.0,
    "consumers.distance_cost": 3.0,
    "policy.local_voucher": 1.0,
}
CHANGES = pytest.mark.parametrize(("key", "value"), OF_PEOPLE.items())
BUSY = ("baseline", EVERYONE_HEARS, {"finance.entry_rate": 0.5})


def staying(market: Market) -> tuple[np.ndarray, np.ndarray]:
    """Return what open firms that stay as they were expect to sell, and what they could expect last month."""
    rows = np.flatnonzero(market.traded)
    assert market.appeal is not None
    seen = market.appeal._replace(**{name: values[..., rows] for name, values in market.appeal._asdict().items()})
    expected = own_share_response(
        rows, np.arange(rows.size + 1), market.appeal, seen, market.choosing.tastes, market.streets, market.choices
    )
    return expected, market.firms.expected_sales[rows]


@CHANGES
def test_who_changes_nothing_expects_what_it_sold(key: str, value: float) -> None:
    run = after(30, *BUSY)
    run.set_live(key, value)
    expected, before = staying(run.market)
    assert expected == pytest.approx(before, rel=1e-5)


@CHANGES
def test_firms_reckon_with_consumers_as_they_were_when_they_chose(key: str, value: float) -> None:
    """Copies in single precision are kept from month to month; they never outlive what they are copies of."""
    run = after(30, *BUSY)
    market, kept = run.market, run.market.choices.people
    for _ in range(2):
        run.step()
    assert market.choices.people is kept
    run.set_live(key, value)
    for _ in range(2):
        assert market.choices.people is not None
        assert market.choices.people.tobytes() == narrowed(market.choosing.tastes).tobytes()
        run.step()
    assert market.choices.people is not kept


@CHANGES
def test_firms_decide_and_price_by_the_choices_that_they_have_seen(key: str, value: float) -> None:
    """The month's tools and prices are those without the change; what is sold at them is not."""
    one, other = after(40, *BUSY), after(40, *BUSY)
    other.set_live(key, value)
    decided = len(one.market.diary.decisions)
    for run in (one, other):
        run.step()
    assert one.market.diary.decisions[decided:] == other.market.diary.decisions[decided:]
    assert len(one.market.diary.decisions) > decided
    assert one.market.appeal is not None
    assert other.market.appeal is not None
    assert one.market.appeal.price.tobytes() == other.market.appeal.price.tobytes()
    assert not np.array_equal(one.market.consumers.inclusive, other.market.consumers.inclusive)


@CHANGES
def test_a_checkpoint_between_change_and_month_goes_on_alike(key: str, value: float, tmp_path: Path) -> None:
    run = after(38, *BUSY)
    run.set_live(key, value)
    loaded = MarketModel.load(run.save(tmp_path / "file.npz"), threads=1)
    for _ in range(4):
        run.step()
        loaded.step()
        assert state_hash(loaded.market) == state_hash(run.market)
    assert loaded.results().results_hash() == run.results().results_hash()


@pytest.mark.parametrize("key", ["consumers.personalization_value", "consumers.taste_strength", "consumers.loyalty"])
def test_surplus_is_told_at_the_tastes_of_the_start(key: str) -> None:
    run = after(30, *BUSY)
    market = run.market
    first = market.tastes._replace(
        **{name: getattr(market.tastes, name).copy() for name in ("personalization", "strength", "loyalty")}
    )
    run.set_live(key, OF_PEOPLE[key])
    run.step()
    n = market.consumers.rows
    surplus = np.empty(n)
    assert market.appeal is not None
    choose_month(
        market.plan, first, market.streets, market.appeal, market.traded, NOBODY_GOES_OUT, 1.0,
        market.choosing.noise, market.consumers.last_before, np.empty(n, np.int32), np.empty(n), surplus, market.rooms,
    )  # fmt: skip
    told = run.latest["consumer_surplus"]
    assert told == pytest.approx(market.streets.weight * surplus.sum(), rel=1e-12)
    assert told != pytest.approx(market.streets.weight * market.consumers.surplus.sum(), rel=1e-3)


def test_tools_run_at_the_intensity_in_force() -> None:
    run = after(60, *BUSY, {"chains.enabled": True, "chains.opening_rate": 0.5, "chains.arrival": 0})
    run.set_live("tools.back_office_intensity", 0.5)
    run.set_live("chains.contact", 0.25)
    run.step()
    firms = run.market.firms
    with_tool = firms.independent & (firms.tool > 0) & run.market.traded
    outlets = firms.is_chain & firms.is_open
    assert with_tool.any()
    assert outlets.any()
    assert (firms.back_office[with_tool] == 0.5).all()
    assert (firms.contact[outlets] == 0.25).all()


def test_newcomers_have_tools_that_are_on_sale() -> None:
    run = after(60, *BUSY, {"finance.retirement": 0.03})
    born = len(run.market.diary.births)
    run.set_live("tools.available", ["generic"])
    for _ in range(10):
        run.step()
    market = run.market
    new = {uid for _, uid in market.diary.births[born:]}
    first = {uid: tool for month, uid, tool, _ in reversed(market.diary.tools) if uid in new}
    assert len(first) > 3
    assert set(first.values()) == {1}


def test_a_twin_has_the_luck_of_the_firm() -> None:
    """A tool that does nothing and costs nothing returns nothing, whatever is drawn."""
    useless = {
        "consumers.demand": "sampled", "offering.template_pull": 0.0, "offering.noise": 0.0,
        "tools.generic.monthly_fee": 0.0, "tools.generic.back_office_saving": 0.0, "tools.generic.contact_saving": 0.0,
        "tools.generic.quality_gain": 0.0, "tools.available": ["generic"], "tools.contact_levels": [],
        "tools.attention_gain": 0.0, "tools.quality_floor": -50.0,
    }  # fmt: skip
    market = after(45, *BUSY, useless).market
    firms = market.firms
    rows = np.flatnonzero(firms.independent & (firms.adopted >= 0) & market.traded)
    assert rows.size > 5
    assert (firms.sales[rows] != firms.expected_sales[rows]).all()
    own, bare = (
        appeal(now, business(now, market.parameters), firms.price[rows], firms.offering[:, rows], market.parameters)
        for now in (operations(firms, rows), without_tool(operations(firms, rows)))
    )
    assert own.base == pytest.approx(bare.base, abs=1e-12)
    assert firms.gain_36[rows] == pytest.approx(0.0, abs=1e-6)
