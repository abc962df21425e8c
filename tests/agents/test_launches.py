"""Launches and whether they paid, found again by looking at the market from outside."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from small_markets import EVERYONE_HEARS, model

from homogsim.agents.choosing import attractions_of
from homogsim.agents.firms import Operations, appeal, business, operations
from homogsim.agents.launches import Launches
from homogsim.agents.market import Market
from homogsim.model import MarketModel


class Was(NamedTuple):
    """A business as it was at the end of a year."""

    offering: np.ndarray
    operations: Operations


class Watch:
    """Two years of a market in which many change their tools, with what the recorder should find."""

    def __init__(self) -> None:
        self.run: MarketModel = model("baseline", EVERYONE_HEARS, {"calendar.months": 36, "tools.commitment": 3})
        self.seen: dict[int, Was] = {}
        self.launched: dict[int, set[int]] = {}
        self.before: dict[int, Was] = {}
        self.gain: dict[int, float] = {}
        self.velocities: dict[int, float] = {}
        self.months: dict[int, int] = {}
        look = self.run.recorder.look

        def spy(is_last: bool) -> object:
            self._watch(self.run.market)
            return look(is_last)

        self.run.recorder.look = spy  # type: ignore[method-assign]
        self.run.run()

    def _watch(self, market: Market) -> None:
        month, firms = market.month, market.firms
        rows = np.flatnonzero(market.traded)
        self.months[month] = rows.size
        if month % 12 in (1, 3, 5):  # the second, fourth and sixth month after a year has ended
            for j in rows:
                if int(firms.uid[j]) in self.before:
                    self.gain[int(firms.uid[j])] += float(firms.profit[j]) - self._without(market, int(j))
        if month % 12 == 5:
            alive = {int(firms.uid[j]) for j in rows}
            self.paid = sum(uid in alive and gain > 0 for uid, gain in self.gain.items())
        if month % 12 == 11:
            self._end_year(market, rows)

    def _end_year(self, market: Market, rows: np.ndarray) -> None:
        month, firms = market.month, market.firms
        scale = self.run.recorder.scale
        now = {int(firms.uid[j]): Was(firms.offering[:, j].copy(), operations(firms, np.array([j]))) for j in rows}
        launched = set()
        for uid, was in self.seen.items():
            if uid in now:
                tool = int(now[uid].operations.tool[0])
                changed = tool > 0 and tool != int(was.operations.tool[0])
                step = float(np.linalg.norm(now[uid].offering - was.offering))
                if changed or (scale > 0 and step > 0.25 * scale):
                    launched.add(uid)
        self.launched[month] = launched
        if month - 12 in self.launched and self.launched.get(month - 12) is not None and month >= 11:
            year = sum(self.months[m] for m in range(month - 23, month - 11))
            self.velocities[month] = 12 * self.paid / year
        self.before = {uid: self.seen[uid] for uid in launched}
        self.gain = dict.fromkeys(launched, 0.0)
        self.seen = now

    def _without(self, market: Market, j: int) -> float:
        """Return the profit of the business as it was, S′ = Σ W e^{V′}/(outside + Σ others e^V + e^{V′})."""
        firms, parameters = market.firms, market.parameters
        row = np.array([j])
        was = self.before[int(firms.uid[j])]
        load, differentiation = market.traded_with[:, row]
        now = was.operations._replace(differentiation=differentiation, load=load)
        come_to = business(now, parameters)
        seen = appeal(now, come_to, firms.price[row], was.offering[:, None], parameters)
        sales = 0.0
        for i in range(market.consumers.rows):
            sites, attraction, total = attractions_of(market, i)
            if j in sites:
                old = attraction[list(sites).index(j)]
                new = old * math.exp(self._value(market, i, j, seen, 0) - self._value(market, i, j, market.appeal, j))
                sales += market.streets.weight * new / (total - old + new)
        cost = firms.base_cost[j] * (1 - come_to.saving[0])
        saved = max(0.0, firms.base_cost[j] - cost) * sales
        fee = (0.0, 200.0, 350.0, 600.0)[int(now.tool[0])]
        return float((firms.price[j] - cost) * sales - firms.fixed_cost_paid[j] - fee - 0.3 * saved)

    @staticmethod
    def _value(market: Market, i: int, j: int, seen: object, k: int) -> float:
        """Return V/μ of the k-th outlet of `seen` at site j, without loyalty."""
        people = market.consumers
        world = market.parameters.world
        town = i // world.consumers % world.towns
        at_home = market.site_town[j] == town
        place = market.streets.site_place[:, j]
        if at_home:
            minutes = math.dist((people.east[i], people.north[i]), place)
        else:
            minutes = math.hypot(*place) + math.hypot(people.east[i], people.north[i])
            minutes += market.geography.travel[town, market.site_town[j]]
        value = (
            seen.base[k] + people.personalization[i] * seen.personalization[k]
            - people.price_sensitivity[i] * seen.price[k] + at_home * people.locality[i] * seen.locality[k]
            - seen.travel[k] * math.log(1 + minutes)
            - people.strength[i] * seen.misfit[k] * ((people.ideal[:, i] - seen.offering[:, k]) ** 2).sum()
        )  # fmt: skip
        return float(value / market.parameters.consumers.choice_noise)


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


def test_launches_are_found_and_followed(watch: Watch) -> None:
    launches = watch.run.recorder.memory.launches
    followed = set(launches.before.uid[launches.before.uid >= 0].tolist())
    assert followed == watch.launched[35]
    assert len(watch.launched[11]) > 10


def test_velocity_is_what_paid_a_business_and_year(watch: Watch) -> None:
    rows = {int(row["month"]): row["innovation_velocity"] for row in watch.run.recorder.timeline}
    assert rows[11] == pytest.approx(watch.velocities[11], abs=1e-12)
    assert rows[23] == pytest.approx(watch.velocities[23], abs=1e-12)
    assert rows[23] > 0
    assert rows[35] == pytest.approx(watch.velocities[35], abs=1e-12)
    assert math.isnan(rows[12])


def test_what_pays() -> None:
    """A launch pays if six months brought more than they would have; another business at its site does not count."""
    run = model("baseline", {"calendar.before": 12})
    market, look = run.market, run.recorder.look
    gains = np.array([900.0, 900.0, -900.0, -900.0, 900.0])
    paid: list[float] = []

    def spy(is_last: bool) -> object:
        if market.month == -7:  # the sixth month of a year
            rows = np.flatnonzero(market.traded)[: gains.size]
            launches = Launches(market)
            launches.before.take(market.firms, rows)
            launches.before.uid[rows[-1]] += 1
            launches.gain[rows] = gains
            launches.note(market, 1.0)
            paid.append(launches.counts[2])
            # Nothing about these businesses has changed since they traded, so that the month adds nothing.
            np.testing.assert_allclose(launches.gain[rows], gains, atol=0.05)  # of $20,000, in single precision
        return look(is_last)

    run.recorder.look = spy  # type: ignore[method-assign]
    while market.month < 0:
        run.step()
    assert paid == [2]


def test_nothing_pays_in_the_first_years() -> None:
    """The first year has nothing before it to compare with, so that no velocity is known for two years."""
    run = model("baseline", {"calendar.warm_up": 0, "calendar.before": 36, "calendar.months": 12}).run()
    known = {int(row["month"]): row["innovation_velocity"] for row in run.recorder.timeline}
    assert [math.isnan(known[m]) for m in (-25, -13, -1)] == [True, True, False]
