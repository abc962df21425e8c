"""Being the owner without a browser: commands in, messages out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ui_tab import Tab

from homogsim.running import run
from homogsim.scenario import Scenario
from homogsim.ui import links
from homogsim.ui.ending import LINES
from homogsim.ui.openings import Openings
from homogsim.ui.roll import Roll


@pytest.fixture
def tab(openings: Openings, small_file: Path) -> Iterator[Tab]:
    tab = Tab(openings, small_file)
    tab.open()
    tab.do("pace", pace="run")
    yield tab
    tab.end()


def somebody(tab: Tab) -> int:
    """Return the business with most cash: it can pay for anything."""
    firms = tab.tab.sides[0].model.market.firms
    rows = np.flatnonzero(firms.independent & (firms.expected_sales > 0.0))
    return int(firms.uid[rows[np.argmax(firms.cash[rows])]])


def own(tab: Tab, every: int = 12, name: str = "Corner Bakery") -> dict[str, Any]:
    tab.do("own", uid=somebody(tab), name=name, every=every)
    owner = tab.hear("state", mode="paused")["owner"]
    while owner is None:
        owner = tab.hear("state", mode="paused")["owner"]
    return owner


def review(tab: Tab, month: int) -> dict[str, Any]:
    """Return what the owner is told at the review of a month."""
    while True:
        owner = tab.hear("state", mode="paused")["owner"]
        if owner["due"] and owner["next"] == month:
            return owner


def test_the_market_waits_for_its_owner(tab):
    owner = own(tab)
    assert (owner["due"], owner["next"], owner["name"], owner["left"]) == (True, 0, "Corner Bakery", 48)
    now = owner["now"]
    assert now["options"][0]["gain"] == 0.0
    assert {option["tool"] for option in now["options"]} == {"none", "generic", "industry", "custom"}
    assert 0.0 < now["share"] <= 1.0
    assert sum(now["peers"].values()) == pytest.approx(1.0)
    tab.do("play")
    assert "your decision for month 0 is due" in tab.hear("refused")["what"]
    tab.do("decide", tool="generic", contact=0.0)
    owner = review(tab, 12)
    assert tab.tab.month == 11
    assert owner["now"]["tool"] == "generic"
    assert owner["now"]["peers_before"] == now["peers"]
    assert owner["decided"] == [[0, "generic"]]
    assert len(owner["path"]["profit"]) == 12


def test_a_business_handed_back_gives_the_results_of_the_command(tab, small_file):
    own(tab)
    tab.do("charge", take=False, go=True)
    tab.hear("state", mode="ended")
    assert tab.tab.sides[0].results().results_hash() == run(Scenario.read(small_file)).results_hash()
    found = tab.hear("owned", finished=True)
    assert found["lived"][0] == found["lived"][1]
    assert "exactly as much" in found["sentences"][1]


def test_an_owner_decides_to_the_end_and_the_class_sees_it(tab):
    own(tab, name="=Corner\nBakery")
    tab.do("decide", tool="industry", contact=0.0, reinvestment=0.8, price_stance=1.2)
    for month in (12, 24):
        now = review(tab, month)["now"]
        assert (now["reinvestment"], now["price_stance"]) == (0.8, 1.2)
        tab.do("decide", tool=now["tool"], contact=now["contact"])
    review(tab, 36)
    tab.do("charge", take=False, go=True)
    message, buffers = tab.hear_all("owned", finished=True)
    assert message["is_over"]
    assert message["name"] == "=Corner Bakery"
    paths = np.frombuffer(buffers[0]).reshape(len(LINES), 48)
    found = tab.tab.ending.found
    profit = found.table.set_index("measure").loc["profit"]
    assert paths[:, -1] == pytest.approx([profit[name] for name in LINES])
    rows = list(csv.DictReader(io.StringIO(tab.tab.classroom.owners.csv())))
    assert [(row["name"], row["decisions"], row["first_month"], row["last_month"]) for row in rows] == [
        ("'=Corner Bakery", "3", "0", "47")
    ]
    assert float(rows[0]["profit_by_itself"]) == pytest.approx(profit["by itself"])
    tab.do("download", of="owner", what="months")
    message, data = tab.hear_all("file")
    assert message["name"] == "small-s1-month47-owner-months.csv"
    assert len(data[0].splitlines()) == 1 + 3 * 48
    tab.do("download", of="owner", what="secret")
    assert "no file" in tab.hear("refused")["what"]


def test_a_link_says_it_all_again(tab, openings, small_file):
    own(tab, name="Café & Söhne; =1")
    tab.do("decide", tool="generic", contact=0.0, reinvestment=0.5)
    review(tab, 12)
    tab.do("decide", by_itself=True)
    review(tab, 24)
    tab.do("charge", take=False)
    tab.do("play", to=29)
    tab.hear("state", mode="paused", month=29)
    tab.do("charge", take=True)
    review(tab, 30)
    tab.do("decide", tool="none", contact=0.0)
    tab.hear("state", mode="playing")
    tab.do("pause")
    state = tab.hear("state", mode="paused")
    expected = tab.tab.sides[0].results().results_hash()
    assert tab.tab.owned.name == "Café & Söhne; =1"
    found = links.read(state["link"])
    assert found is not None
    plan, month = found
    assert [order if isinstance(order, str) else order.tool for _, order in plan.owner.orders] == [
        "generic", "by itself", "hand back", "take over", "none",
    ]  # fmt: skip
    second = Tab(openings, small_file)
    second.open()
    second.tab.offered = None
    second.tab.offer(plan, month)
    assert second.hear("offer")["owner"] == {"name": "Café & Söhne; =1", "said": 5}
    second.do("accept")
    owner = second.hear("state", mode="paused", month=month)["owner"]
    assert owner["decided"][-1] == [30, "no tool"]
    assert second.tab.sides[0].results().results_hash() == expected
    second.end()


def test_again_with_the_same_business(tab):
    first = own(tab)
    tab.do("decide", tool="generic", contact=0.0)
    review(tab, 12)
    tab.do("restart", again=True)
    owner = review(tab, 0)
    assert (owner["uid"], owner["name"], owner["decided"]) == (first["uid"], "Corner Bakery", [])
    assert owner["now"] == first["now"]
    tab.do("restart")
    assert tab.hear("state", mode="paused", month=-1)["owner"] is None


def test_a_business_that_closes_stops_the_market_once(tab):
    owner = own(tab)
    tab.tab.sides[0].model.market.firms.cash[owner["uid"] // 4096] = -1e9
    tab.do("decide", tool="none")
    state = tab.hear("state", mode="paused", month=0)
    assert (state["owner"]["open"], state["owner"]["cause"], state["owner"]["due"]) == (False, "bankrupt", False)
    tab.do("reckon")
    assert "Corner Bakery closed in month 0 (bankrupt)" in tab.hear("owned", finished=True)["sentences"][0]
    tab.do("play", to=3)
    tab.hear("state", mode="paused", month=3)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ({"do": "own", "uid": 3, "every": 6}, "there is no business"),
        ({"do": "own", "uid": "x", "every": 6}, "there is no business"),
        ({"do": "own", "uid": 10**15, "every": 6}, "there is no business"),
        ({"do": "own", "uid": 3, "every": 0}, "every 0 months"),
        ({"do": "decide"}, "you own no business"),
        ({"do": "charge"}, "you own no business"),
        ({"do": "disown"}, "you own no business"),
        ({"do": "reckon"}, "you own no business"),
        ({"do": "download", "of": "owner", "what": "months"}, "nothing has been compared"),
    ],
)
def test_what_cannot_be_owned(tab, command, said):
    tab.session.post(command)
    assert said in tab.hear("refused")["what"]


@pytest.mark.parametrize(
    ("decided", "said"),
    [
        ({"tool": "magic"}, "no tool 'magic'"),
        ({"tool": ["none"]}, "no tool"),
        ({"tool": "none", "price_stance": 9}, "price_stance is 9"),
        ({"tool": "none", "reinvestment": "all"}, "reinvestment is 'all'"),
        ({"tool": "generic", "contact": 0.123}, "is not on offer"),
    ],
)
def test_decisions_that_cannot_be(tab, decided, said):
    own(tab)
    tab.session.post({"do": "decide", **decided})
    assert said in tab.hear("refused")["what"]
    assert tab.tab.owned.is_due


def test_one_business_a_run(tab):
    own(tab)
    tab.do("disown")
    assert tab.hear("state", owner=None)["month"] == -1
    own(tab)
    tab.do("decide", by_itself=True)
    review(tab, 12)
    tab.do("own", uid=somebody(tab), every=12)
    assert "you have decided for Corner Bakery" in tab.hear("refused")["what"]
    tab.do("disown")
    assert "you have decided" in tab.hear("refused")["what"]


def test_before_automation_nothing_can_be_owned(tab):
    uid = somebody(tab)
    tab.do("restart", from_start=True)
    tab.hear("state", mode="paused", month=-37)
    tab.do("own", uid=uid, every=6)
    assert tab.hear("refused")["what"]


def test_an_empty_roll_has_its_columns():
    assert Roll().csv().startswith("name,scenario,seed,business")
