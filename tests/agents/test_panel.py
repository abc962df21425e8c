"""What is remembered of consumers, against a diary kept beside the run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from small_markets import after, model

from homogsim.agents import panel
from homogsim.agents.panel import BRANDS, Panel, drawn, keyed_sample, taste_distance
from homogsim.model import MarketModel

CHAINS = {"chains.enabled": True, "chains.opening_rate": 0.5}


class Diary:
    """Everything that the panel's memory is compared with."""

    def __init__(self) -> None:
        self.run = model("baseline", CHAINS, {"finance.retirement": 0.02})
        self.met: list[list[object]] = []
        self.spent: list[list[float]] = []
        self.surplus: list[np.ndarray] = []
        while self.run.month <= self.run.last_month:
            self._month()

    def _month(self) -> None:
        market = self.run.market
        looked = market.firms.uid, market.firms.is_chain
        recorder = self.run.recorder
        look = recorder.look

        def spy(is_last: bool) -> object:
            uid, is_chain = (column.copy() for column in looked)
            bought = market.consumers.bought.tolist()
            names = [
                None if j < 0 else ("brand", int(market.site_sector[j])) if is_chain[j] else int(uid[j]) for j in bought
            ]
            self.met.append(names)
            self.spent.append([0.0 if j < 0 or is_chain[j] else float(market.firms.price[j]) for j in bought])
            self.surplus.append(market.consumers.surplus.copy())
            return look(is_last)

        recorder.look = spy  # type: ignore[method-assign]
        self.run.step()
        recorder.look = look  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def diary() -> Diary:
    return Diary()


def last_row(run: MarketModel) -> dict[str, float]:
    return run.recorder.timeline[-1]


def test_everybody_is_in_the_panel_of_a_small_market(diary: Diary) -> None:
    assert np.array_equal(diary.run.recorder.memory.panel.who, np.arange(diary.run.market.consumers.rows))
    assert any(isinstance(name, tuple) for month in diary.met for name in month)


def test_experienced_richness(diary: Diary) -> None:
    year = diary.met[-12:]
    met = [len({month[i] for month in year} - {None}) for i in range(len(year[0]))]
    assert last_row(diary.run)["experienced_richness"] == pytest.approx(np.mean(met), abs=1e-12)


def test_repeat_visits(diary: Diary) -> None:
    months = diary.met[-36:]
    first = back = 0
    for i in range(len(months[0])):
        visits = [month[i] if isinstance(month[i], int) else None for month in months]
        for t, name in enumerate(visits):
            if name is not None and 12 <= t < 24 and name not in visits[:t]:
                first += 1
                back += name in visits[t + 1 : t + 13]
    assert first > 50
    assert last_row(diary.run)["repeat_12m"] == pytest.approx(back / first, abs=1e-12)


def test_repeat_revenue(diary: Diary) -> None:
    returning = spent = 0.0
    for t in range(len(diary.met) - 12, len(diary.met)):
        for i, name in enumerate(diary.met[t]):
            spent += diary.spent[t][i]
            if name in [month[i] for month in diary.met[t - 12 : t]]:
                returning += diary.spent[t][i]
    assert 0.2 < returning / spent < 0.9
    assert last_row(diary.run)["repeat_revenue_share"] == pytest.approx(returning / spent, abs=1e-12)


def test_surplus_before_and_at_the_end(diary: Diary) -> None:
    table = diary.run.results().consumers
    assert table is not None
    calendar = diary.run.parameters.calendar
    arrival = calendar.warm_up + calendar.before
    before, end = diary.surplus[arrival - 12 : arrival], diary.surplus[-24:]
    assert table["surplus_start"].to_numpy() == pytest.approx(np.mean(before, axis=0), rel=1e-6)
    assert table["surplus_end"].to_numpy() == pytest.approx(np.mean(end, axis=0), rel=1e-6)
    assert table["weight"].sum() == pytest.approx(diary.run.parameters.world.occasions * 6, rel=1e-12)


def test_surplus_by_quartile_sums_to_all(diary: Diary) -> None:
    row, market = last_row(diary.run), diary.run.market
    quarters = [row[f"consumer_surplus_quartile_{k}"] for k in (1, 2, 3, 4)]
    assert sum(quarters) == pytest.approx(row["consumer_surplus"], rel=1e-12)
    distance = taste_distance(market)
    tail = distance > np.quantile(distance, 0.75, method="inverted_cdf")
    assert quarters[3] == pytest.approx(market.streets.weight * diary.surplus[-1][tail].sum(), rel=1e-9)


def test_taste_distance(diary: Diary) -> None:
    market = diary.run.market
    i = market.consumers.rows - 1
    centre = market.centres.sectors[:, -1]
    assert taste_distance(market)[i] == pytest.approx(np.linalg.norm(market.consumers.ideal[:, i] - centre), abs=1e-12)


@pytest.mark.parametrize("dimensions", [2, 12])
def test_taste_distance_of_some_has_the_bits_of_that_of_all(dimensions: int) -> None:
    market = model("baseline", {"world.dimensions": dimensions}).market
    some = np.arange(0, market.consumers.rows, 7)
    assert np.array_equal(taste_distance(market, some), taste_distance(market)[some])


def test_surplus_is_unknown_where_there_is_nothing_to_choose() -> None:
    memory, market = model().recorder.memory.surplus, model().market
    gained = np.arange(market.consumers.rows, dtype=np.float64)
    gained[[3, 5]] = -np.inf, np.nan
    memory.note(market, gained)
    noted = memory.recent[market.month % 24]
    assert np.flatnonzero(np.isnan(noted)).tolist() == [3, 5]
    assert np.array_equal(np.delete(noted, [3, 5]), np.delete(gained, [3, 5]))


def test_young_markets_know_little() -> None:
    changes = {"calendar.warm_up": 0, "calendar.before": 14}
    first = after(14, "baseline", changes).recorder.settled().timeline
    yearly = {int(row["month"]): row for row in first}
    assert math.isnan(yearly[-13]["experienced_richness"])
    assert math.isnan(yearly[-13]["repeat_revenue_share"])
    assert 0.0 < yearly[-1]["repeat_revenue_share"] < 1.0  # of two months, the only ones with 12 before them
    assert 0.0 < yearly[-1]["repeat_12m"] < 1.0  # every visit is known: those of the first two months count
    assert 1.0 < yearly[-1]["experienced_richness"] < 12.0
    assert after(14, "baseline", changes).results().consumers["surplus_end"].isna().all()


def test_a_sample_of_a_large_market_is_keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel, "PANEL", 100)
    monkeypatch.setattr(panel, "SURPLUS_CONSUMERS", 90)
    run, other = model(), model("before-automation")
    who = run.recorder.memory.panel.who
    assert who.size == 100
    assert np.array_equal(who, other.recorder.memory.panel.who)
    assert np.array_equal(who, np.sort(who))
    assert not np.array_equal(who, model(seed=2).recorder.memory.panel.who)
    assert keyed_sample(run.market, 10_000, 2).size == run.market.consumers.rows
    for _ in range(3):
        run.step()
    table = run.results().consumers
    assert len(table) == 90
    assert table["weight"].sum() == pytest.approx(run.parameters.world.occasions * 6, rel=1e-12)


def test_outlets_of_a_chain_are_one_offering(diary: Diary) -> None:
    memory: Panel = diary.run.recorder.memory.panel
    year = memory.history(diary.run.market, 12)  # the clock stands one month on: the oldest column is older than a year
    assert (year >= BRANDS).any()
    assert set(np.unique(year[year >= BRANDS]) - BRANDS) <= {0, 1}


@pytest.mark.parametrize("most", [1, 7, 100, 719])
def test_a_keyed_sample_are_those_with_the_smallest_draws_the_first_of_equal_ones(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = model().market
    luck = np.floor(market.streams.uniform("panel", np.arange(market.consumers.rows)) * 50.0) / 50.0  # many are equal
    monkeypatch.setattr(market.streams, "uniform", lambda *_: luck)
    assert keyed_sample(market, most, 2).tolist() == sorted(np.argsort(luck, kind="stable")[:most].tolist())


def test_of_few_draws_all_are_taken() -> None:
    assert drawn(np.array([0.3, 0.1, 0.2]), 3).tolist() == drawn(np.array([0.3, 0.1, 0.2]), 9).tolist() == [0, 1, 2]
    assert drawn(np.array([0.3, 0.1, 0.2]), 2).tolist() == [1, 2]
