"""What is drawn of a market is what the market holds."""

from __future__ import annotations

import numpy as np
import pytest
import small_markets

from homogsim.agents.firms import UID_MONTH, UID_SITE
from homogsim.ui import charts, frames, side
from homogsim.ui.side import Side


@pytest.fixture(scope="module")
def drawn() -> Side:
    found = Side(small_markets.model())
    while found.month < 5:
        found.step()
    return found


def test_a_frame_holds_the_open_businesses(drawn):
    firms = drawn.model.market.firms
    rows = np.flatnonzero(firms.is_open)
    found = frames.block(drawn.present()[0])
    assert np.array_equal(found.uid, firms.uid[rows])
    assert np.array_equal(found.columns["price"], firms.price[rows].astype(np.float32))
    assert np.array_equal(found.kind & 3, firms.tool[rows])
    place = drawn.view(firms.offering[:, rows].T)
    assert np.allclose(found.columns["across"], place[:, 0], atol=1e-6)


def test_the_view_is_the_same_for_every_scenario_of_a_world(drawn):
    other = Side(small_markets.model("plug-and-play"))
    assert np.array_equal(drawn.view.axes, other.view.axes)


def test_rows_are_those_of_the_timeline(drawn):
    timeline = drawn.results().timeline
    rows = np.frombuffer(drawn.rows(0)).reshape(-1, 1 + len(charts.COLUMNS))
    assert np.array_equal(rows[:, 0], timeline["month"])
    assert np.array_equal(rows[:, 1:], timeline[list(charts.COLUMNS)].to_numpy(), equal_nan=True)
    assert len(np.frombuffer(drawn.rows(len(rows) - 1))) == rows.shape[1]
    town = np.frombuffer(drawn.town_rows(1)).reshape(-1, 1 + len(charts.TOWN_COLUMNS))
    assert np.array_equal(
        town[:, 1:], drawn.results().towns.query("town == 1")[list(charts.TOWN_COLUMNS)], equal_nan=True
    )


def test_rows_before_automation_are_told_once_a_year_and_told_again_when_final():
    found = Side(small_markets.model())
    seen = []
    while found.month <= 0:
        seen.append((found.month, len(found.timeline()), found.version))
        found.step()
    assert [count for month, count, _ in seen if month in (-1, 0)] == [0, 12]
    assert len(found.timeline()) == 13


def test_a_card_follows_a_business(drawn):
    uid = int(drawn.model.market.firms.uid[np.flatnonzero(drawn.model.market.firms.is_open)[0]])
    card = drawn.card(uid)
    assert card is not None
    assert (card["site"], card["birth"]) == (uid // UID_SITE, uid % UID_SITE - UID_MONTH)
    months = [row[0] for row in card["history"]]
    assert months == list(range(months[0], 5))
    assert months[0] in (card["birth"], card["birth"] - 1)  # the first ones stand before the first month
    assert card["numbers"]["price"] == drawn.model.market.firms.price[card["site"]]
    assert drawn.card(-7) is None


def test_frames_are_thinned_out_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(side, "MOST_BYTES", 20_000.0)
    found = Side(small_markets.model())
    for _ in range(30):
        found.step()
    assert sum(len(kept.data) for kept in found.kept.values()) <= 20_000.0
    assert found.frame_at(found.month - 1).month == found.month - 1
    assert found.frame_at(-10_000).month == min(found.kept)
