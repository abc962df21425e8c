"""Policies: the table, their terms, what they are refused for, and what they do in a small market."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_markets import EVERYONE_HEARS, scenario, state_hash

import homogsim as hs
from homogsim.agents import public
from homogsim.agents.market import CASH_FLOWS
from homogsim.errors import ScenarioError
from homogsim.model import MarketModel
from homogsim.parameters import Parameters, declared
from homogsim.policies import POLICIES, parse
from homogsim.scenario import Event, Scenario, changed

TINY: dict[str, object] = {
    **EVERYONE_HEARS,
    "world.towns": 3,
    "world.sectors": 1,
    "world.consumers": 60,
    "calendar.warm_up": 6,
    "calendar.before": 6,
    "calendar.months": 24,
}


def tiny(*changes: dict[str, object], of: str = "baseline") -> Scenario:
    return scenario(of, TINY, *changes)


def finished(own: Scenario, seed: int = 5) -> MarketModel:
    return MarketModel(own, seed=seed, threads=1).run()


@cache
def run(*policies: str) -> MarketModel:
    """Return a finished run of the small market with policies. Not to be changed by a test."""
    return finished(tiny().with_policy(*policies))


# The table ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_sets_neutral_levers_to_something_else(name: str) -> None:
    policy = POLICIES[name]
    assert policy.name == name
    assert policy.meaning
    assert policy.set
    for key, value in policy.set.items():
        declaration = declared()[key]
        assert declaration.live
        assert declaration.role == "lever"
        assert not declaration.default
        assert value != declaration.default
    assert changed(Parameters(), policy.set) != Parameters()


def test_every_lever_of_the_public_is_part_of_a_policy() -> None:
    levers = {key for key in declared() if key.startswith("policy.")}
    assert levers == {key for policy in POLICIES.values() for key in policy.set}


# Terms -------------------------------------------------------------------------------------------------------------


@given(st.sampled_from(sorted(POLICIES)), st.integers(-99_999, 99_999), st.none() | st.integers(1, 50_000))
def test_a_term_reads_as_it_is_written(name: str, start: int, months: int | None) -> None:
    end = None if months is None or start + months > 99_999 else start + months
    term = parse(f"{name}@{start}" if end is None else f"{name}@{start}..{end}")
    assert (term.policy, term.start, term.end) == (POLICIES[name], start, end)
    assert parse(str(term)) == term
    assert term.covers(start)
    assert not term.covers(start - 1)
    assert end is None or (term.covers(end - 1) and not term.covers(end))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("custom-subsidi@84", ("no policy 'custom-subsidi'", "Did you mean custom-subsidy", "homogsim policies")),
        ("subsidy", ("no policy 'subsidy'", "custom-subsidy")),
        ("", ("no policy ''", "buy-local")),
        ("\x1b[2J@3", ("no policy '\\x1b[2J'",)),
        ("custom-subsidy", ("months are missing", "NAME@START..END")),
        ("custom-subsidy@", ("months are missing", "NAME@START..END")),
        ("custom-subsidy@soon", ("cannot be read", "NAME@START..END")),
        ("custom-subsidy@3..4..5", ("cannot be read",)),
        ("custom-subsidy@8.5..9", ("cannot be read",)),
        ("custom-subsidy@9..8", ("custom-subsidy@9..8", "ends before it starts")),
        ("custom-subsidy@9..9", ("ends in the month in which it starts",)),
        ("custom-subsidy@-61..9", ("month -61 lies before the first recorded month, -60",)),
        ("custom-subsidy@180", ("month 180 lies after the last month, 179",)),
        ("custom-subsidy@9..181", ("its end lies after the last month, 179", "custom-subsidy@9.")),
    ],
)
def test_a_policy_is_refused_with_the_reason(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ScenarioError) as refused:
        Scenario().with_policy(text)
    for word in words:
        assert word in str(refused.value)


def test_a_policy_sets_its_levers_and_gives_back_the_scenarios_own_values() -> None:
    own = Scenario().override({"policy.custom_subsidy": 0.2})
    found = own.with_policy("custom-subsidy@84..144", "training-grant@-60", "buy-local@9..180")
    assert [change[:2] + change[3:] for change in found.timetable()] == [
        (-60, "policy.training_grant", 1500.0),
        (9, "policy.local_voucher", 1.0),
        (84, "policy.custom_subsidy", 0.5),
        (144, "policy.custom_subsidy", 0.2),
    ]
    assert found.parameters == own.parameters
    assert found.fingerprint() != own.fingerprint()
    assert own.with_policy() == own


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        (
            ("partnership@84..144", "partnership@100..110"),
            ("@100..110", "partnership_discount", "84", "still in force"),
        ),
        (("partnership@100..110", "partnership@84..144"), ("@84..144", "partnership_discount", "month 100")),
        (("buy-local@84..144", "buy-local@143"), ("local_voucher", "month 84", "still in force")),
        (("buy-local@84", "buy-local@100..110"), ("local_voucher", "month 84", "still in force")),
        (("buy-local@84", "buy-local@12..85"), ("local_voucher", "in month 84")),
        (("buy-local@84..144", "buy-local@84..144"), ("local_voucher", "month 84")),
    ],
)
def test_policies_that_overlap_on_a_parameter_are_refused(policies: tuple[str, str], words: tuple[str, ...]) -> None:
    with pytest.raises(ScenarioError) as refused:
        Scenario().with_policy(*policies)
    for word in words:
        assert word in str(refused.value)


def test_a_policy_and_an_event_that_overlap_are_refused() -> None:
    own = replace(
        Scenario(), events=(Event(50, {"policy.local_voucher": 3.0}), Event(60, {"policy.local_voucher": 0.0}))
    )
    for term in ("buy-local@50..55", "buy-local@55..70", "buy-local@12", "buy-local@59..60"):
        with pytest.raises(ScenarioError, match="local_voucher"):
            own.with_policy(term)
    for term in ("buy-local@60..70", "buy-local@61", "buy-local@12..50", "chain-zoning@12..180"):
        assert own.with_policy(term).events != own.events
    values = {change.month: change.value for change in own.with_policy("buy-local@12..50").timetable()}
    assert values == {12: 1.0, 50: 3.0, 60: 0.0}  # the event stands where the policy ends


def test_one_policy_may_follow_another() -> None:
    one, other = "partnership@84..144", "partnership@144..150"
    found = Scenario().with_policy(one, other)
    assert found == Scenario().with_policy(other, one)
    gain = [change.value for change in found.timetable() if change.key == "policy.partnership_gain"]
    assert gain == [0.25, 0.25, 0.0]
    assert len(Scenario().with_policy("buy-local@1..9", "custom-subsidy@3..5", "training-grant@2").events) == 5


# Neutrality --------------------------------------------------------------------------------------------------------


def test_policies_without_an_object_leave_every_bit_as_it_was() -> None:
    without_tools = tiny(of="before-automation")
    terms = [f"{name}@0..12" for name in POLICIES if name not in ("buy-local", "interoperability")]
    one, other = finished(without_tools), finished(without_tools.with_policy(*terms))
    assert one.results().results_hash() == other.results().results_hash()
    assert state_hash(one.market) == state_hash(other.market)


def test_a_voucher_for_the_local_where_nothing_is_local_leaves_every_bit_as_it_was() -> None:
    nothing_local = tiny({"firms.locality": 0.0, "calendar.months": 6})
    one, other = finished(nothing_local), finished(nothing_local.with_policy("buy-local@0"))
    assert one.results().results_hash() == other.results().results_hash()


@pytest.mark.parametrize("name", POLICIES)
def test_nothing_happens_before_a_policy_starts(name: str) -> None:
    before, with_policy = (found.results().timeline.query("month < 6") for found in (run(), run(f"{name}@6..18")))
    assert before.equals(with_policy)


def test_neutral_levers_are_neutral_to_the_last_bit() -> None:
    costs = public.setup_costs(Parameters())
    assert costs.firm.tolist() == [0.0, 2000.0, 6000.0, 40_000.0]
    assert not costs.public.any()
    high = Scenario().override({"tools.network_value": 1234.5, "firms.transparency": 0.3}).parameters
    assert (public.network_value(high), public.transparency(high)) == (1234.5, 0.3)
    assert not run().results().accounts["public_money"].any()


# What they do ------------------------------------------------------------------------------------------------------


def adoptions(model: MarketModel, start: int, end: int) -> list[tuple[int, int, float]]:
    """Return month, tool and set-up cost of every decision for a tool or for contact in some months."""
    made = [d for d in model.market.diary.decisions if start <= d.month < end and d.tool > 0]
    return [(d.month, d.tool, d.upfront) for d in made]


def spent(model: MarketModel) -> dict[int, float]:
    accounts = model.results().accounts
    return dict(zip(accounts["month"], accounts["public_money"], strict=True))


def test_the_public_pays_its_share_of_customized_tools() -> None:
    model = run("custom-subsidy@6..18")
    paid = dict.fromkeys(range(-6, 24), 0.0)
    for month, tool, upfront in adoptions(model, 6, 18):
        paid[month] += upfront if tool == 3 else 0.0  # half is the public's, so it pays what the firm pays
    assert sum(paid.values()) > 0.0
    assert spent(model) == pytest.approx(paid)
    timeline = model.results().timeline.set_index("month")
    assert timeline["public_money"].to_dict() == pytest.approx(paid)
    assert timeline["public_money_so_far"].iloc[-1] == pytest.approx(sum(paid.values()))
    bought, without = (sum(tool == 3 for _, tool, _ in adoptions(found, 6, 18)) for found in (model, run()))
    assert bought > without


def test_a_subsidy_covers_contact_and_what_a_partnership_leaves_to_pay() -> None:
    costs = public.setup_costs(
        changed(Parameters(), {"policy.custom_subsidy": 0.5, "policy.partnership_discount": 0.3})
    )
    assert costs.firm.tolist() == [0.0, 2000.0, 6000.0, 14_000.0]
    assert costs.public.tolist() == [0.0, 0.0, 0.0, 14_000.0]
    contact_too = Parameters().tools.contact_cost
    upfront = {round(cost) for _, tool, cost in adoptions(run("custom-subsidy@6..18"), 6, 18) if tool == 3}
    assert upfront <= {20_000, round(20_000 * (1 + contact_too)), round(20_000 * contact_too), 0}
    assert round(20_000 * (1 + contact_too)) in upfront


def test_interoperability_moves_templates_apart_and_takes_away_network_value() -> None:
    model = MarketModel(tiny().with_policy("interoperability@2..4"), seed=5, threads=1)
    spread = {}
    model.run(lambda now: spread.update({now.month - 1: now.market.vendors.template.copy()}))
    generic = model.market.vendors.tier == 1

    def apart(month: int) -> float:
        return float(np.ptp(spread[month][:, generic], axis=1).max())

    assert apart(1) == 0.0
    assert apart(2) == apart(3) > 0.1
    assert np.allclose(spread[4], spread[1], rtol=0.0, atol=1e-12)
    at_once = MarketModel(tiny({"policy.interoperability": 0.5}), seed=5, threads=1)
    assert np.allclose(at_once.market.vendors.template, spread[2], rtol=0.0, atol=1e-12)
    open_ones = changed(Scenario().override("tools.network_value", 8000.0).parameters, {"policy.interoperability": 0.5})
    assert public.network_value(open_ones) == 4000.0


def test_interoperability_keeps_a_winner_from_taking_all() -> None:
    lock_in = tiny({"tools.network_value": 40_000.0, "tools.available": ["generic"], "vendors.choice_noise": 1500.0})

    def top_share(own: Scenario) -> float:
        """Mean of three seeds: there are about 15 clients in each market."""
        shares = []
        for seed in (1, 2, 3):
            market = MarketModel(own, seed=seed, threads=1).run().market
            clients = np.bincount(market.firms.vendor[market.firms.vendor >= 0], minlength=3)
            shares.append(clients.max() / clients.sum())
        return float(np.mean(shares))

    assert top_share(lock_in) > 0.8
    assert top_share(lock_in.override("policy.interoperability", 1.0)) < 0.6


def test_a_mandate_discloses_everything_while_it_lasts() -> None:
    model = MarketModel(tiny({"tools.contact_forced": True}).with_policy("disclosure-mandate@6..12"), seed=5, threads=1)
    other = MarketModel(tiny({"tools.contact_forced": True}), seed=5, threads=1)
    while model.month < 24:
        model.step()
        other.step()
        told = 1.0 if 6 <= model.month - 1 < 12 else 0.0
        there = model.market.firms.birth < model.month - 1  # newcomers begin to tell in their first month of business
        assert (model.market.firms.transparency[there] == told).all()
        if model.month - 1 == 9:  # who says so is trusted
            trust = [now.market.firms.trust[now.market.firms.contact > 0.0].mean() for now in (model, other)]
            assert trust[0] > trust[1]
    assert spent(model) == dict.fromkeys(range(-6, 24), 0.0)


@pytest.mark.parametrize("demand", ["expected", "sampled"])
def test_sales_at_home_are_what_each_consumer_buys_in_the_own_town(demand: str) -> None:
    model = MarketModel(tiny({"consumers.demand": demand, "policy.local_voucher": 0.7}), seed=5, threads=1)
    while model.month < 6:
        model.step()
    market, world = model.market, model.parameters.world
    home, share = np.zeros(market.firms.rows), np.zeros(market.firms.rows)
    now_open = market.traded & market.firms.is_open  # shares are told of these
    for row, who in enumerate(model.consumers):
        town = row // world.consumers % world.towns
        for site, probability in who.probabilities().items():
            share[site] += market.streets.weight * probability
            home[site] += market.streets.weight * probability * (market.site_town[site] == town)
    expected = home * np.where(share > 0.0, market.firms.sales / np.where(share > 0.0, share, 1.0), 0.0)
    assert public.home_sales(market)[now_open] == pytest.approx(expected[now_open], rel=1e-5)
    assert 0.0 < home.sum() < share.sum()
    assert market.appeal is not None
    paid = 0.7 * (market.appeal.locality * public.home_sales(market)).sum()
    assert market.flows["public_money"] == pytest.approx(paid, rel=1e-12)


def test_vouchers_bring_people_to_the_shops_of_their_town() -> None:
    model = run("buy-local@6..18")
    money = spent(model)
    assert [month for month, amount in money.items() if amount > 0.0] == list(range(6, 18))
    before, after = (found.results().timeline.set_index("month").loc[6] for found in (run(), model))
    assert after["outside_share"] < before["outside_share"]
    gain = after["consumer_surplus"] - before["consumer_surplus"]
    assert 0.8 * money[6] < gain < money[6]  # who buys for the voucher's sake gains less than it costs


def test_zoning_keeps_chains_out_while_it_lasts() -> None:
    inviting = tiny({"chains.enabled": True, "chains.arrival": 0, "chains.fixed_cost": 3000.0, "calendar.months": 18})
    with_zoning = finished(inviting.with_policy("chain-zoning@0..9")).results().timeline.set_index("month")
    without = finished(inviting).results().timeline.set_index("month")
    assert without["chain_outlets"].loc[8] > 0.0
    assert (with_zoning["chain_outlets"].loc[:9] == 0.0).all()  # an outlet opens at the end of a month
    assert with_zoning["chain_outlets"].iloc[-1] > 0.0


def test_a_training_grant_pays_for_every_start_and_makes_tools_work_better() -> None:
    model = run("training-grant@0")
    diary = model.market.diary
    had: dict[int, int] = {}
    starts = dict.fromkeys(range(-6, 25), 0)
    for month, uid, tool, _ in diary.tools:
        born = (month, uid) in set(diary.births)
        if tool > 0 and had.get(uid, 0) != tool:
            starts[month + born] += 1  # who opens with a tool does so at the month's end
        had[uid] = tool
    money = spent(model)
    assert sum(money.values()) > 0.0
    # Changing from a tool to the same tier elsewhere does not occur, so starts are changes of the tier.
    assert money == pytest.approx({month: 1500.0 * starts[month] for month in money})
    quality = [run(*terms).market.firms for terms in ((), ("training-grant@0",))]
    means = [firms.implementation[firms.is_open & (firms.tool > 0)].mean() for firms in quality]
    assert means[1] > means[0] + 0.2


def test_a_partnership_costs_the_public_nothing() -> None:
    model = run("partnership@0")
    assert not any(spent(model).values())
    upfront = {round(cost) for _, tool, cost in adoptions(model, 0, 24) if tool == 3 and cost > 0.0}
    assert upfront <= {28_000, 44_800, 16_800}
    means = [firms.implementation[firms.is_open & (firms.tool > 0)].mean()
             for firms in (run().market.firms, model.market.firms)]  # fmt: skip
    assert means[1] > means[0] + 0.1


def test_cash_is_conserved_whatever_the_public_pays() -> None:
    """Known answer 22: public money goes past the firms' cash; what they pay for set-up is less by it."""
    model = MarketModel(tiny({"tools.down_payment": 0.5}), seed=5, threads=1)
    model.add_policies("custom-subsidy@0", "training-grant@0..12", "buy-local@3..9", "partnership@2")
    market, public_money = model.market, 0.0
    while model.month <= model.last_month:
        before = market.firms.cash.sum()
        model.step()
        flows = market.flows
        into = flows["revenue"] + flows["founders_capital"] + flows["settling"]
        out = sum(flows[name] for name in CASH_FLOWS) - into
        assert market.firms.cash.sum() - before == pytest.approx(into - out, abs=1e-9 * flows["revenue"])
        public_money += flows["public_money"]
    assert public_money > 0.0


# How they are called -----------------------------------------------------------------------------------------------


def test_a_run_takes_policies() -> None:
    found = hs.run(tiny(), seed=5, threads=1, months=12, policies=["custom-subsidy@6..12"])
    assert found.scenario.events == tiny().override("calendar.months", 12).with_policy("custom-subsidy@6").events
    assert found.timeline.query("month < 6").equals(run().results().timeline.query("month < 6"))
    with pytest.raises(ScenarioError, match="after the last month, 11"):
        hs.run(tiny(), months=12, policies=["custom-subsidy@12"])


def test_a_model_takes_policies_for_the_months_to_come() -> None:
    model = MarketModel(tiny(), seed=5, threads=1)
    while model.month < 6:
        model.step()
    with pytest.raises(ScenarioError, match="stands at month 6"):
        model.add_policies("custom-subsidy@5..9")
    model.add_policies("custom-subsidy@6..18")
    assert state_hash(model.run().market) == state_hash(run("custom-subsidy@6..18").market)
