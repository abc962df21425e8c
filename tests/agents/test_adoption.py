"""How firms review their tools: who is due, what is on the menu, what a change costs and starts anew."""

from __future__ import annotations

import math

import numpy as np
import pytest
from small_markets import EVERYONE_HEARS, after, model

from homogsim.agents import adoption, trading
from homogsim.agents.market import Market
from homogsim.parameters import TOOLS

RICH = {"finance.starting_cash": 50.0, "finance.starting_cash_sd": 0.0}


def ready(*changes: dict[str, object], seed: int = 1) -> tuple[Market, np.ndarray]:
    """Return a market on the eve of automation, and the firms in it, all of them informed."""
    run = after(36, "baseline", {"calendar.warm_up": 24, "calendar.before": 12}, *changes, seed=seed)
    assert run.month == 0
    firms = run.market.firms
    firms.heard[:] = firms.is_open
    return run.market, np.flatnonzero(firms.is_open & (firms.expected_sales > 0.0))


def give(market: Market, row: int, tool: int, contact: float) -> None:
    """Give a firm a tool as if it had bought it long ago."""
    firms = market.firms
    vendor = int(np.flatnonzero((market.vendors.tier == tool) & np.isin(market.vendors.sector, [-1, 0]))[0])
    adoption.start_tool(market, np.array([row]), np.array([tool]), np.array([contact]), np.array([vendor]))
    firms.back_office_months[row] = 24.0
    firms.contact_months[row] = 24.0 if contact else 0.0


def options(market: Market, row: int) -> list[tuple[str, float, float]]:
    """Return a firm's menu: tool, contact, upfront cost."""
    menu = adoption.menu_of(market, np.array([row]))
    return [(TOOLS[k], float(c), float(cost)) for k, c, cost in zip(menu.tool, menu.contact, menu.upfront, strict=True)]


# Who is due -----------------------------------------------------------------------------------------------------------


def test_nobody_reviews_before_having_heard_or_served_a_month() -> None:
    market, rows = ready()
    firms = market.firms
    market.firms.review_interval[rows] = 1
    assert set(adoption.due_for_review(market)) == set(rows)
    firms.heard[rows[0]], firms.expected_sales[rows[1]] = False, 0.0
    assert set(adoption.due_for_review(market)) == set(rows[2:])


def test_reviews_come_at_their_interval() -> None:
    market, rows = ready()
    firms, seen = market.firms, []
    for month in range(12):
        market.month = month
        due = adoption.due_for_review(market)
        assert ((month + firms.review_phase[due]) % firms.review_interval[due] == 0).all()
        seen.append(due)
    times = np.bincount(np.concatenate(seen), minlength=firms.rows)
    assert set(times[rows]) == {1, 4}  # every 12 or every 3 months
    assert (times[rows] == 1).mean() == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / rows.size))


def test_a_change_binds_for_a_year() -> None:
    market, rows = ready()
    firms, row = market.firms, rows[0]
    firms.changed[row], firms.review_interval[row] = 5, 1
    due = []
    for month in range(30):
        market.month = month
        if row in adoption.due_for_review(market):
            due.append(month)
    assert due[0] == 17
    assert due == list(range(17, 30))


# The menu -------------------------------------------------------------------------------------------------------------


def test_menu_of_a_firm_without_tools() -> None:
    market, rows = ready(RICH)
    assert options(market, rows[0]) == [
        ("none", 0.0, 0.0),
        ("generic", 0.0, 2000.0),
        ("generic", 0.3, 3200.0),
        ("generic", 0.8, 3200.0),
        ("industry", 0.0, 6000.0),
        ("industry", 0.3, 9600.0),
        ("industry", 0.8, 9600.0),
        ("custom", 0.0, 40_000.0),
        ("custom", 0.3, 64_000.0),
        ("custom", 0.8, 64_000.0),
    ]


def test_menu_of_a_firm_with_a_tool() -> None:
    market, rows = ready(RICH)
    give(market, rows[0], 1, 0.0)
    menu = options(market, rows[0])
    assert menu[0] == ("generic", 0.0, 0.0)  # staying
    assert menu[1] == ("none", 0.0, 0.0)  # dropping it
    generic = [entry for entry in menu[2:] if entry[0] == "generic"]
    assert generic == [("generic", 0.3, 1200.0), ("generic", 0.8, 1200.0)]
    assert ("industry", 0.8, 9600.0) in menu


def test_menu_of_a_firm_that_reduced_its_contact() -> None:
    market, rows = ready(RICH)
    give(market, rows[0], 1, 0.4)
    generic = [entry for entry in options(market, rows[0]) if entry[0] == "generic"]
    assert generic == [("generic", 0.4, 0.0), ("generic", 0.0, 0.0), ("generic", 0.3, 0.0), ("generic", 0.8, 0.0)]


def test_forced_contact_leaves_no_other_way() -> None:
    market, rows = ready(RICH, {"tools.contact_forced": True, "tools.available": ["generic"]})
    assert options(market, rows[0]) == [("none", 0.0, 0.0), ("generic", 0.8, 3200.0)]


@pytest.mark.parametrize(
    ("cash", "down_payment", "training", "affordable"),
    [
        (1999.0, 1.0, 0.0, {"none"}),
        (2000.0, 1.0, 0.0, {"none", "generic"}),
        (2000.0, 1.0, 500.0, {"none"}),
        (6500.0, 1.0, 500.0, {"none", "generic", "industry"}),
        (2000.0, 0.25, 0.0, {"none", "generic", "industry"}),
        (0.0, 0.0, 0.0, {"none", "generic", "industry", "custom"}),
        (-5.0, 0.0, 0.0, {"none", "generic", "industry", "custom"}),
    ],
)
def test_what_must_be_paid_at_once_must_be_in_cash(
    cash: float, down_payment: float, training: float, affordable: set[str]
) -> None:
    market, rows = ready({"tools.down_payment": down_payment, "tools.training": training})
    market.firms.cash[rows[0]] = cash
    assert {tool for tool, _, _ in options(market, rows[0])} == affordable


# What is chosen -------------------------------------------------------------------------------------------------------


def test_staying_is_worth_what_the_peers_make_of_it() -> None:
    market, rows = ready(RICH, {"tools.peer_influence": 800.0})
    firms = market.firms
    with_peers = [row for row in rows if ((market.peers[row] >= 0) & firms.is_open[market.peers[row]]).any()]
    row = with_peers[0]
    peers = market.peers[row][market.peers[row] >= 0]
    peers = peers[firms.is_open[peers]]
    firms.tool[peers[0]], firms.contact[peers[0]] = 2, 0.3
    menu = adoption.menu_of(market, np.array([row]))
    values = adoption._values(market, menu, np.zeros(menu.tool.size))
    share = 800.0 / peers.size
    expected = np.select([menu.tool == 0, (menu.tool == 2) & (menu.contact > 0.0)], [800.0 - share, share], 0.0)
    assert values + menu.upfront == pytest.approx(expected, abs=1e-9)


def test_profit_of_staying_is_last_months_at_full_learning() -> None:
    """Without tools and at rest on its identity, a firm expects what it just earned (rent apart)."""
    still = {"offering.noise": 0.0, "offering.repositioning": 0.0, "firms.advocacy": 0.0}
    market, rows = ready(still, {"firms.customer_focus": 1.0}, RICH)
    menu = adoption.menu_of(market, rows)
    _, believed = adoption._implementations(market, menu)
    profit = adoption._expected_profit(market, menu, believed)[menu.first[:-1]]
    firms, last = market.firms, market.appeal
    assert last is not None
    earned = (firms.price[rows] - firms.unit_cost[rows]) * firms.expected_sales[rows]
    settled = firms.load[rows] <= 1.5 * market.parameters.world.occasions_per_site  # attention is not stretched
    assert settled.sum() > 10
    assert profit[settled] == pytest.approx(earned[settled], rel=1e-5)


def test_beliefs_turn_into_knowledge_after_a_year() -> None:
    market, rows = ready(RICH)
    firms = market.firms
    fresh, young, old = rows[:3]
    for row, months in ((young, 11.0), (old, 12.0)):
        give(market, row, 1, 0.0)
        firms.implementation[row], firms.back_office_months[row] = 0.2, months
    menu = adoption.menu_of(market, np.array([fresh, young, old]))
    true, believed = adoption._implementations(market, menu)
    stay = menu.first[:-1]
    assert true[stay].tolist() == [0.0, 0.2, 0.2]
    assert believed[stay] == pytest.approx([0.0, 0.6 * 0.2 + 0.4 * 0.6, 0.2], rel=1e-14)
    other = (menu.firm == old) & (menu.tool == 2)
    assert believed[other] == pytest.approx(0.6 * true[other] + 0.24, rel=1e-14)
    dropped = menu.tool == 0
    assert (believed[dropped] == 0.0).all()


def test_implementation_quality_is_kumaraswamy() -> None:
    market, _ = ready()
    firms = market.firms
    for alignment in (0.5, 1.0, 0.0):
        draws = []
        for month in range(300):
            market.month = month
            firms.alignment[:] = alignment
            draws.append(adoption.draw_implementation(market, np.arange(firms.rows)))
        b = np.sort(np.concatenate(draws))
        a = 1.38 * (1.0 + alignment) / 1.5
        law = 1.0 - (1.0 - b**a) ** 3.16
        empirical = np.arange(1, b.size + 1) / b.size
        assert np.abs(law - empirical).max() < 2.0 / math.sqrt(b.size)
        if alignment == 0.5:
            assert b.mean() == pytest.approx(1 / 3, abs=0.01)


# What a change does ---------------------------------------------------------------------------------------------------


def adopt(market: Market, row: int, tool: int, contact: float) -> float:
    """Carry out one option of a firm, as its review would; return its implementation quality."""
    menu = adoption.menu_of(market, np.array([row]))
    implementation, _ = adoption._implementations(market, menu)
    option = np.flatnonzero((menu.tool == tool) & (menu.contact == contact))
    adoption._carry_out(market, menu, option, implementation)
    return float(implementation[option[0]])


def test_the_first_accounted_month_is_month_one() -> None:
    market, rows = ready(RICH, {"offering.noise": 0.0})
    firms, row = market.firms, rows[0]
    implementation = adopt(market, row, 1, 0.8)
    assert firms.implementation[row] == firms.first_implementation[row] == implementation
    assert implementation == adoption.draw_implementation(market, rows[:1])[0]  # its luck, whoever asks
    for n in (1, 2, 3):
        trading.live_by_the_laws(market)
        learned = 1.0 - math.exp(-n / 6)
        saved = implementation * (0.05 * learned + 0.05 * 0.8 * learned)
        assert firms.unit_cost[row] == pytest.approx(firms.base_cost[row] * (1.0 - saved), rel=1e-12)
        market.month += 1


def test_a_new_tool_starts_anew_and_a_retreat_does_not() -> None:
    market, rows = ready(RICH)
    firms, row = market.firms, rows[0]
    give(market, row, 1, 0.8)
    firms.data[row], firms.implementation[row] = 0.7, 0.4
    adopt(market, row, 1, 0.0)
    assert (firms.tool[row], firms.contact[row], firms.implementation[row]) == (1, 0.0, 0.4)
    assert (firms.back_office_months[row], firms.data[row]) == (24.0, 0.7)
    assert firms.contact_months[row] == 0.0
    adopt(market, row, 3, 0.3)
    assert (firms.tool[row], firms.contact[row], firms.back_office[row]) == (3, 0.3, 1.0)
    assert firms.back_office_months[row] == firms.contact_months[row] == firms.data[row] == 0.0
    assert market.vendors.tier[firms.vendor[row]] == 3
    assert market.vendors.sector[firms.vendor[row]] == market.site_sector[row]
    adopt(market, row, 0, 0.0)
    assert (firms.tool[row], firms.vendor[row], firms.contact[row]) == (0, -1, 0.0)
    assert firms.back_office[row] == firms.implementation[row] == firms.data[row] == 0.0
    assert firms.changed[row] == market.month


def test_contact_after_experience_works_better() -> None:
    market, rows = ready(RICH)
    firms, row = market.firms, rows[0]
    give(market, row, 1, 0.0)
    firms.implementation[row] = firms.first_implementation[row] = 0.2
    firms.satisfaction[row] = 3.0
    adopt(market, row, 1, 0.8)
    assert firms.implementation[row] == pytest.approx(0.2 + 0.5 * 0.8 * (1.0 - math.exp(-2.0)), rel=1e-12)
    assert firms.satisfaction_before[row] == 3.0
    assert firms.human_share[row] == 0.5
    after = firms.implementation[row]
    adopt(market, row, 1, 0.0)
    adopt(market, row, 1, 0.8)
    assert firms.implementation[row] == after  # going back and forth adds nothing


def test_what_is_not_paid_down_is_paid_in_instalments() -> None:
    terms = {"tools.down_payment": 0.25, "tools.training": 300.0, "tools.instalments": 10}
    market, rows = ready(RICH, terms, {"finance.shock_sd": 0.0})
    firms, row = market.firms, rows[0]
    adopt(market, row, 1, 0.8)
    assert firms.setup_due[row] == pytest.approx(0.25 * 3200.0 + 300.0)
    debts = []
    for _ in range(12):
        cash = firms.cash[row]
        trading.keep_accounts(market)
        # Owners draw a tenth of what exceeds the reserve; what else is missing was paid for the tool.
        kept = firms.cash[row]
        reserve = 2.5 * firms.fixed_cost_paid[row]  # shocks are nought in this test
        drawn = max(0.0, (kept - reserve) / 9.0)
        debts.append(float(firms.debt[row]))
        paid = cash + firms.profit[row] - kept - drawn
        assert paid == pytest.approx({1: 1100.0 + 240.0}.get(len(debts), 240.0 if len(debts) <= 10 else 0.0), abs=1e-6)
    assert debts == pytest.approx([2400.0 - 240.0 * min(n, 10) for n in range(1, 13)], abs=1e-6)
    assert firms.setup_due[row] == 0.0


def test_returns_count_set_up_training_and_fees() -> None:
    market, rows = ready(RICH, {"tools.training": 300.0})
    firms, row = market.firms, rows[0]
    adopt(market, row, 1, 0.0)
    assert firms.adopted[row] == market.month
    assert firms.outlay_12[row] == firms.outlay_36[row] == firms.upfront_12[row] == firms.upfront_36[row] == 2300.0
    market.month += 20
    adopt(market, row, 1, 0.8)  # counts for 36 months, no longer for 12
    assert (firms.outlay_12[row], firms.outlay_36[row]) == (2300.0, 2300.0 + 1200.0)
    assert firms.adopted[row] == market.month - 20


# Vendors --------------------------------------------------------------------------------------------------------------


def test_vendors_count_the_clients_they_have() -> None:
    """A vendor's former clients, whose sites stand empty, draw nobody."""
    market, rows = ready({"tools.network_value": 1e6})
    firms = market.firms
    firms.vendor[rows], firms.tool[rows] = 0, 1
    firms.is_open[rows[1:]] = False
    firms.vendor[rows[0]] = 2
    chosen = adoption.choose_vendor(market, rows[1:], np.ones(rows.size - 1, dtype=np.int64))
    assert (chosen == 2).all()


def test_equal_vendors_are_chosen_alike() -> None:
    market, rows = ready()
    chosen = []
    for month in range(60):
        market.month = month
        chosen.append(adoption.choose_vendor(market, rows, np.ones(rows.size, dtype=np.int64)))
    share = np.bincount(np.concatenate(chosen), minlength=3) / (60 * rows.size)
    assert share == pytest.approx(np.full(3, 1 / 3), abs=4 * math.sqrt(2 / 9 / (60 * rows.size)))


def test_adopters_are_told_in_the_diary() -> None:
    run = after(60, "baseline", EVERYONE_HEARS, {"calendar.months": 60})
    firms, diary = run.market.firms, run.market.diary
    last = {uid: (tool, contact) for _, uid, tool, contact in diary.tools}
    for row in np.flatnonzero(firms.is_open):
        assert last.get(int(firms.uid[row]), (0, 0.0)) == (int(firms.tool[row]), float(firms.contact[row]))
    assert all(decision.month >= 0 for decision in diary.decisions)
    reasons = {decision.reason for decision in diary.decisions}
    assert {"adopt", "drop"} <= reasons <= {"adopt", "drop", "add contact", "change contact"}


def test_nobody_adopts_what_is_not_for_sale() -> None:
    run = after(60, "baseline", EVERYONE_HEARS, {"calendar.months": 60, "tools.available": ["industry"]})
    assert {tool for _, _, tool, _ in run.market.diary.tools} <= {0, 2}
    assert model("before-automation", EVERYONE_HEARS).run().market.diary.tools == []
