"""Agents of the market: what they show, what they let be changed, who is there, and when they are gone."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from small_markets import EVERYONE_HEARS, model

from homogsim.agents.views import ConsumerAgent, FirmAgent
from homogsim.errors import HomogsimError
from homogsim.laws.singles import narrowed
from homogsim.model import MarketModel
from homogsim.population import AgentGone

TINY = {"world.towns": 2, "world.sectors": 2, "world.sites": 6, "world.occupied": 4, "world.consumers": 30,
        "calendar.warm_up": 2, "calendar.before": 3, "calendar.months": 40}  # fmt: skip

pytestmark = pytest.mark.xdist_group("views")


@pytest.fixture
def run() -> MarketModel:
    built = model("baseline", TINY, {"finance.entry_rate": 0.5, "finance.hurdle": 0.0}, seed=5)
    for _ in range(3):
        built.step()
    return built


def ruined(run: MarketModel, site: int) -> FirmAgent:
    """Return the agent of a business that has just gone bankrupt."""
    firm = run.firms[site]
    firm.cash = -1e9
    run.step()
    return firm


def first_open(run: MarketModel) -> int:
    return int(np.flatnonzero(run.market.firms.is_open)[0])


def test_a_firm_knows_who_and_where_it_is(run: MarketModel) -> None:
    for firm in run.firms:
        assert firm.uid == firm.unique_id == run.market.firms.uid[firm.site]
        assert firm.birth == run.market.firms.birth[firm.site]
        assert (firm.town, firm.sector) == (firm.site // 6 % 2, firm.site // 12)
        assert firm.is_open


def test_a_consumer_knows_who_and_where_it_is(run: MarketModel) -> None:
    ids = {person.unique_id for person in run.consumers}
    assert ids == {-1 - row for row in range(120)}
    person = run.consumers[75]
    assert (person.row, person.cell, person.town, person.sector) == (75, 2, 0, 1)


def test_identities_do_not_depend_on_who_was_asked_first(run: MarketModel) -> None:
    other = model("baseline", TINY, {"finance.entry_rate": 0.5, "finance.hurdle": 0.0}, seed=5)
    _ = other.consumers[80], other.firms[first_open(other)]
    for _ in range(3):
        other.step()
    assert {a.unique_id for a in run.agents} == {a.unique_id for a in other.agents}
    assert max(Counter(a.unique_id for a in run.agents).values()) == 1


def test_a_closed_firm_says_so(run: MarketModel) -> None:
    site = first_open(run)
    firm = ruined(run, site)
    assert not firm.is_open
    assert (firm.site, firm.uid // 4096, firm.birth) == (site, site, firm.uid % 4096 - 2048)
    uses = (lambda: firm.price, lambda: firm.offering, firm.next_price, firm.operations, lambda: firm.tool)
    for use in uses:
        with pytest.raises(AgentGone, match=rf"business {firm.uid} at site {site} closed in month .* \(bankrupt\)"):
            use()
    with pytest.raises(AgentGone):
        firm.price = 3.0


def test_the_next_business_at_the_site_is_another_agent(run: MarketModel) -> None:
    site = first_open(run)
    old = ruined(run, site)
    while not run.market.firms.is_open[site]:
        run.step()
    new = run.firms[site]
    assert new is not old
    assert new.uid != old.uid
    assert new.price > 0.0
    with pytest.raises(AgentGone):
        _ = old.price


def test_what_a_business_is_cannot_be_written(run: MarketModel) -> None:
    firm = run.firms[first_open(run)]
    for name in ("uid", "birth", "is_open"):
        with pytest.raises(AttributeError):
            setattr(firm, name, 0)


def test_a_moved_consumer_shops_from_where_it_is(run: MarketModel) -> None:
    person = run.consumers[10]
    before = person.probabilities()
    person.east, person.north = person.east + 8.0, person.north
    assert run.market.tastes.place[0, 10] == run.market.consumers.east[10] == person.east
    assert person.probabilities() != before
    with pytest.raises(HomogsimError, match=r"ConsumerAgent\.east"):
        person.east = float("nan")


def test_firms_reckon_with_consumers_as_they_have_been_written(run: MarketModel) -> None:
    market, person = run.market, run.consumers[10]
    at_the_centre = np.zeros(run.parameters.world.dimensions)
    for name, value in (("east", 3.5), ("price_sensitivity", 2.0), ("ideal", at_the_centre)):
        kept = market.choices.people
        setattr(person, name, value)
        now = market.choices.people
        assert kept is not None
        assert now is not None
        assert now.tobytes() == narrowed(market.choosing.tastes).tobytes() != kept.tobytes()


def test_changed_tastes_are_felt_by_the_market(run: MarketModel) -> None:
    for person in run.consumers:
        person.price_sensitivity = 8.0
    run.step()
    assert run.latest["outside_share"] > 0.9


def test_nobody_has_chosen_before_the_first_month() -> None:
    fresh = model("baseline", TINY)
    for ask in (fresh.consumers[0].choose, fresh.consumers[0].probabilities):
        with pytest.raises(HomogsimError, match="nobody has chosen yet"):
            ask()


def test_probabilities_stay_probabilities_when_a_parameter_changes_in_between(run: MarketModel) -> None:
    run.set_live("consumers.choice_noise", 0.6)
    shares = run.consumers[0].probabilities()
    assert 0.0 < sum(shares.values()) <= 1.0


def test_the_roster_counts_and_gives_those_who_are_there(run: MarketModel) -> None:
    is_open = run.market.firms.is_open
    assert len(run.firms) == is_open.sum()
    assert [firm.site for firm in run.firms] == run.firms.rows() == np.flatnonzero(is_open).tolist()
    assert [firm.site for firm in run.firms[0:12]] == [site for site in range(12) if is_open[site]]
    site = first_open(run)
    assert run.firms[site] is run.firms[np.int64(site)] is run.firms[site - is_open.size]
    assert run.firms[site] in run.firms
    assert run.consumers[-1].row == 119
    assert repr(run.consumers) == "<120 at 120 rows>"


def test_the_roster_says_why_nobody_is_there(run: MarketModel) -> None:
    site = first_open(run)
    firm = run.firms[site]
    run.market.firms.is_open[site] = False
    with pytest.raises(IndexError, match=f"nobody is at site {site} now"):
        _ = run.firms[site]
    with pytest.raises(IndexError, match="there is no site 24; they go from 0 to 23"):
        _ = run.firms[24]
    assert firm not in run.firms
    assert run.consumers[0] not in run.firms


def test_agents_follow_the_market(run: MarketModel) -> None:
    together = run.agents
    for _ in range(20):
        run.step()
        alive = {agent.uid for agent in together if isinstance(agent, FirmAgent)}
        assert alive == set(run.market.firms.uid[run.market.firms.is_open].tolist())
    assert len(run.agents_by_type[ConsumerAgent]) == 120


def test_only_those_asked_for_are_made(run: MarketModel) -> None:
    site = first_open(run)
    _ = run.firms[site], run.consumers[3]
    run.step()
    assert len(run._views._firms) == len(run._views._consumers) == 1
    assert run.firms[site] is run.firms[site]


def test_letting_all_agents_go_leaves_the_market_as_it_is(run: MarketModel) -> None:
    firm = next(iter(run.firms))
    assert len(run.agents) > 120
    run.remove_all_agents()
    assert len(run._views._firms) == len(run._views._consumers) == 0
    assert firm.is_open
    assert firm.price == run.firms[firm.site].price
    assert len(run.agents) == 120 + run.market.firms.is_open.sum()
    with pytest.raises(HomogsimError, match="cannot be removed"):
        run.agents.do("remove")


def test_everybody_may_be_gone() -> None:
    empty = model("baseline", TINY, EVERYONE_HEARS, {"finance.entry_rate": 0.0, "finance.retirement": 1.0})
    assert len(empty.agents_by_type[FirmAgent]) == 16
    empty.step()
    assert len(empty.firms) == len(empty.agents_by_type[FirmAgent]) == 0
    assert empty.consumers[0].choose() >= -1
    empty.step()
    assert empty.consumers[0].probabilities() == {}
    assert empty.run().results().status == "extinct"
