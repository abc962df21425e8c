"""Ownerships travel in links."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest

from homogsim.agents.situations import Decision
from homogsim.errors import HomogsimError
from homogsim.scenario import Scenario
from homogsim.ui import deed, links
from homogsim.ui.deed import Deed
from homogsim.ui.plan import Plan

MINE = Deed(
    uid=123_456,
    first=3,
    every=12,
    name="Müller & Sons; <b>",
    orders=((3, Decision("generic", 0.3, reinvestment=0.85, price_stance=1.05)), (15, "by itself"), (27, "hand back"),
            (30, "take over"), (30, Decision("none", 0.0))),
)  # fmt: skip


def test_there_and_back():
    plan = replace(Plan.of(Scenario.read("baseline")), owner=MINE)
    found = links.read(links.written(plan, 40))
    assert found is not None
    assert found[0].owner == MINE
    assert MINE.afresh.orders == ()


def test_a_link_without_an_owner_has_none():
    found = links.read("scenario=baseline")
    assert found is not None
    assert found[0].owner is None


def test_a_link_that_would_be_too_long_is_none():
    orders = tuple((month, Decision("generic", 0.3, 0.123456789, 1.123456789)) for month in range(500))
    plan = replace(Plan.of(Scenario.read("baseline")), owner=replace(MINE, orders=orders))
    assert links.written(plan, 40) == ""


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"own": "x"}, "own is 'x'"),
        ({"own": "5", "own_every": "0"}, "reviews every 0 months"),
        ({"own": "5", "own_from": "-1"}, "before month 0"),
        ({"own": "5", "own_orders": "3"}, "owner said ''"),
        ({"own": "5", "own_orders": "x:auto"}, "own_orders is 'x'"),
        ({"own": "5", "own_orders": "0:generic"}, "owner said 'generic'"),
        ({"own": "5", "own_orders": "0:magic,0,,"}, "no tool 'magic'"),
        ({"own": "5", "own_orders": "0:none,nan,,"}, "contact is nan"),
        ({"own": "5", "own_orders": "0:none,zero,,"}, "owner said 'zero'"),
        ({"own": "5", "own_orders": "0:none,0,,9"}, "price_stance is 9"),
        ({"own": "5", "own_orders": ";".join(f"{month}:auto" for month in range(2500))}, "more than 2000"),
    ],
)
def test_what_is_refused(parts, said):
    with pytest.raises(HomogsimError) as refused:
        deed.read(dict(parse_qsl(urlencode(parts))))
    assert said in str(refused.value)


def test_names_are_one_line():
    assert deed.plain_name(" A\n\tB\x00\u202e C " + "x" * 100) == "A B C " + "x" * 54
