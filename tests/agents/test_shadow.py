"""The firm's twin without the tool: what an investment returned."""

from __future__ import annotations

import numpy as np
import pytest
from small_markets import after, model

from homogsim.agents.firms import NEVER
from homogsim.model import MarketModel

SPREADS = {"tools.heard_alone": 0.5, "tools.choice_noise": 20_000.0, "finance.starting_cash": 8.0}
USELESS = {
    "tools.available": ["generic"],
    "tools.contact_levels": [],
    "tools.generic.fit": 1.0,
    "offering.template_pull": 0.0,
    "tools.generic.back_office_saving": 0.0,
    "tools.generic.quality_gain": 0.0,
    "tools.attention_gain": 0.0,
}


def test_a_tool_without_effect_returns_minus_its_cost() -> None:
    """π − π⁰ is then minus the fee, whatever happens in the market; without fees all that was spent is lost."""
    run = model("baseline", SPREADS, USELESS, {"calendar.months": 40}).run()
    firms = run.market.firms
    rows = np.flatnonzero(firms.is_open & (firms.adopted > NEVER) & (run.month - firms.adopted >= 12))
    rows = rows[firms.tool[rows] == 1]
    assert rows.size > 5
    assert firms.gain_12[rows] == pytest.approx(-200.0 * 12, abs=1e-4)
    table = run.results().firms
    kept = table["tools"].str.fullmatch(r"generic@\d+") & table["roi12"].notna()
    assert kept.sum() > 5
    assert table["roi12"][kept].to_numpy() == pytest.approx(-1.0, abs=1e-7)


def test_the_twin_is_the_firm_until_it_adopts() -> None:
    run = after(40, "baseline", {"calendar.months": 40})
    firms = run.market.firms
    bare = firms.is_open & (firms.adopted == NEVER) & ~firms.born_with_tool
    assert bare.sum() > 20
    assert np.array_equal(firms.shadow_offering[:, bare], firms.offering[:, bare])


@pytest.fixture(scope="module")
def adopted() -> MarketModel:
    return model("baseline", SPREADS, {"calendar.months": 48, "finance.retirement": 0.01}, seed=2).run()


def test_returns_of_the_timeline_are_those_of_the_firms(adopted: MarketModel) -> None:
    results = adopted.results()
    table = results.firms
    known = table["roi12"].dropna()
    assert known.size > 20
    assert results.timeline["roi12_positive_share"].iloc[-1] == pytest.approx((known > 0).mean(), abs=1e-12)
    assert sorted(adopted.recorder.memory.returns.over_12) == pytest.approx(sorted(known), abs=1e-12)


def test_who_closes_within_the_year_lost_all(adopted: MarketModel) -> None:
    table = adopted.results().firms
    chosen = table[table["first_adoption"].notna() & ~table["born_with_tool"]]
    lived = chosen["death"] - chosen["first_adoption"]
    short = chosen[(lived < 11).fillna(False)]
    assert len(short) > 0
    assert (short["roi12"] == -1.0).all()
    assert (chosen["roi36"][(lived < 35).fillna(False)] == -1.0).all()
    last = adopted.month - 1
    too_young = chosen[chosen["death"].isna() & (last - chosen["first_adoption"] < 11)]
    assert too_young["roi12"].isna().all()
    assert table["roi12"][table["born_with_tool"]].isna().all()
    assert table["roi12"][table["first_adoption"].isna()].isna().all()
