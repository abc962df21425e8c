"""Why consumers gain: known answer 26, single causes, an independent computation of surplus."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from experiments.tiny import TINY

from homogsim.experiments.decomposition import (
    PARTS,
    MarketEnd,
    apart_by_kind,
    consumer_surplus,
    decompose,
    different_consumers,
    filled,
    market_end,
    part_of,
    split,
)
from homogsim.laws.demand import Appeal
from homogsim.model import MarketModel
from homogsim.scenario import Scenario

CHAINS = {"chains.enabled": True, "chains.arrival": 0, "chains.opening_rate": 0.5}


VOUCHER = {"policy.local_voucher": 2.0}


@cache
def ran(name: str, extra: str = "", seed: int = 3) -> MarketModel:
    """Return a model that ran to its end, made once. Not to be changed by a test."""
    changes = {"": {}, "chains": CHAINS, "voucher": VOUCHER}[extra]
    return MarketModel(Scenario.read(name).override(TINY | changes), seed=seed, threads=1).run()


def recorded(model: MarketModel) -> float:
    """Return the consumer surplus that the run recorded for its last month."""
    return float(model.results().timeline["consumer_surplus"].iloc[-1])


def own(end: MarketEnd) -> float:
    return consumer_surplus(end, end.appeal, end.is_open, end.last, end.voucher)


@pytest.mark.parametrize(("first", "second", "extra"), [
    ("before-automation", "baseline", ""),
    ("plug-and-play", "invisible-back-office", ""),
    ("before-automation", "baseline", "chains"),
    ("before-automation", "baseline", "voucher"),
])  # fmt: skip
def test_parts_sum_to_the_recorded_difference(first: str, second: str, extra: str) -> None:
    a, b = ran(first), ran(second, extra)
    found = decompose(market_end(a), market_end(b))
    assert found.total == recorded(b) - recorded(a)
    assert found.total != 0.0
    assert sum(found.parts.values()) == pytest.approx(found.total, rel=1e-10)
    assert tuple(found.parts) == PARTS
    assert (found.parts["chains"] != 0.0) == (extra == "chains")


def test_the_way_back_has_the_opposite_parts() -> None:
    a, b = market_end(ran("before-automation")), market_end(ran("baseline", "chains"))
    there, back = decompose(a, b), decompose(b, a)
    assert back.total == -there.total
    for part in PARTS:
        assert back.parts[part] == pytest.approx(-there.parts[part], abs=1e-9 * own(a))


def test_a_market_does_not_differ_from_itself() -> None:
    end = market_end(ran("baseline"))
    found = decompose(end, market_end(ran("baseline")))
    assert found.total == 0.0
    assert set(found.parts.values()) == {0.0}


@pytest.mark.parametrize(("column", "change", "part"), [
    ("price", -0.5, "price"),
    ("base", 0.3, "quality"),
    ("offering", 0.2, "fit"),
    ("misfit", -0.05, "fit"),
    ("personalization", 0.1, "personalization"),
    ("locality", 0.2, "locality"),
    ("travel", -0.3, "locality"),
])  # fmt: skip
def test_one_cause_is_one_part(column: str, change: float, part: str) -> None:
    end = market_end(ran("baseline"))
    other = replace(end, appeal=end.appeal._replace(**{column: getattr(end.appeal, column) + change}))
    found = decompose(end, other)
    assert found.parts.pop(part) == pytest.approx(found.total, rel=1e-12)
    assert found.total != 0.0
    assert max(map(abs, found.parts.values())) < 1e-9 * abs(found.total)


def test_fewer_firms_are_number_of_firms_and_chains_are_chains() -> None:
    end = market_end(ran("baseline"))
    closed = end.is_open.copy()
    closed[np.flatnonzero(closed)[::3]] = False
    found = decompose(end, replace(end, is_open=closed))
    assert found.total < 0.0
    assert found.parts["number_of_firms"] != 0.0
    # what is left open has the mean price of its cell there, so closing alone can also move the other parts
    assert sum(found.parts.values()) == pytest.approx(found.total, rel=1e-10)
    alike = end.appeal._replace(**{
        name: np.ascontiguousarray(np.broadcast_to(getattr(end.appeal, name)[..., :1], getattr(end.appeal, name).shape))
        for name in Appeal._fields
    })  # fmt: skip
    uniform = replace(end, appeal=alike)
    assert decompose(uniform, replace(uniform, is_open=closed)).parts["number_of_firms"] == pytest.approx(
        own(replace(uniform, is_open=closed)) - own(uniform), rel=1e-12
    )
    gone = decompose(replace(uniform, is_chain=~closed), replace(uniform, is_open=closed, is_chain=~closed))
    assert gone.parts["chains"] == pytest.approx(gone.total, rel=1e-12)


def test_vouchers_are_part_of_locality() -> None:
    end = market_end(ran("baseline"))
    alone = decompose(end, replace(end, voucher=2.0))
    assert alone.parts["locality"] == pytest.approx(alone.total, rel=1e-12)
    assert 0.0 < alone.total < 2.0 * end.streets.weight * end.last.size


def test_habits_go_with_the_firms() -> None:
    end = market_end(ran("baseline"))
    forgetful = replace(end, last=np.full_like(end.last, -1))
    found = decompose(forgetful, end)
    assert found.parts["number_of_firms"] == pytest.approx(found.total, rel=1e-12)
    assert found.total > 0.0


def test_surplus_is_that_of_a_logit() -> None:
    """An independent computation in NumPy: Σ_i W·(μ/α_i)·ln(1 + Σ_j exp(V_ij/μ)) over the shops within reach."""
    model = ran("baseline")
    end = market_end(model)
    tastes, seen, streets, mu = end.tastes, end.appeal, end.streets, end.noise
    world = model.scenario.parameters.world
    cell = np.arange(end.last.size) // world.consumers
    site_cell = np.arange(end.is_open.size) // world.sites
    total = 0.0
    for i in range(end.last.size):
        town, sector = cell[i] % world.towns, cell[i] // world.towns
        exponentials = 1.0
        for other, minutes in zip(streets.reach_towns[town], streets.reach_minutes[town], strict=True):
            for j in np.flatnonzero(end.is_open & (site_cell == sector * world.towns + other)):
                home = other == town
                here, there = tastes.place[:, i], streets.site_place[:, j]
                apart = np.hypot(*(here - there)) if home else np.hypot(*here) + minutes + np.hypot(*there)
                misfit = ((tastes.ideal[:, i] - seen.offering[:, j]) ** 2).sum()
                V = (
                    seen.base[j] + tastes.personalization[i] * seen.personalization[j]
                    + home * tastes.locality[i] * seen.locality[j] - tastes.strength[i] * seen.misfit[j] * misfit
                    - seen.travel[j] * np.log1p(apart) - tastes.price_sensitivity[i] * seen.price[j]
                    + tastes.loyalty[i] * (end.last[i] == j) + mu * np.log(seen.awareness[j])
                )  # fmt: skip
                exponentials += np.exp(V / mu)
        total += streets.weight * mu / tastes.price_sensitivity[i] * np.log(exponentials)
    assert own(end) == pytest.approx(total, rel=1e-10)


def test_a_storefront_open_in_one_run_gets_the_mean_of_its_cell_in_the_other() -> None:
    end = market_end(ran("baseline"))
    shops = np.flatnonzero(end.is_open[:4])
    assert shops.size > 1
    missing = end.is_open.copy()
    missing[shops[0]] = False
    there = filled(replace(end, is_open=missing), end)
    assert there.price[shops[0]] == pytest.approx(end.appeal.price[shops[1:]].mean(), rel=1e-12)
    np.testing.assert_allclose(there.offering[:, shops[0]], end.appeal.offering[:, shops[1:]].mean(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(there.price[missing], end.appeal.price[missing])
    # nobody left in the cell: the sector; in the sector: everybody; nowhere: its own
    missing[:4] = False
    sector = missing & (np.arange(16) < 8)
    mean = filled(replace(end, is_open=missing), end).price[:4]
    np.testing.assert_allclose(mean[end.is_open[:4]], end.appeal.price[sector].mean())
    missing[:8] = False
    mean = filled(replace(end, is_open=missing), end).price[:8]
    np.testing.assert_allclose(mean[end.is_open[:8]], end.appeal.price[missing].mean())
    empty = filled(replace(end, is_open=np.zeros_like(missing)), end)
    np.testing.assert_array_equal(empty.price, end.appeal.price)


def taken_over(end: MarketEnd, shops: np.ndarray, **columns: float) -> MarketEnd:
    """Return the market after a chain of these prices and qualities took over some shops and nothing else changed."""
    kinds = end.is_chain.copy()
    kinds[shops] = True
    changed = {name: getattr(end.appeal, name).copy() for name in columns}
    for name, value in columns.items():
        changed[name][shops] = value
    return replace(end, is_chain=kinds, appeal=end.appeal._replace(**changed))


def test_a_chain_that_takes_over_a_shop_changes_no_price() -> None:
    """Small businesses charge what small ones charged, chains what chains charged: there are only more of these."""
    found = market_end(ran("baseline"))
    end = replace(found, appeal=found.appeal._replace(**{
        name: np.ascontiguousarray(np.broadcast_to(column[..., :1], column.shape))
        for name, column in found.appeal._asdict().items()
    }))  # fmt: skip
    a_chains = {"price": 0.5 * end.appeal.price[0], "base": end.appeal.base[0] + 1.0, "locality": 0.0}
    of_each_sector = [np.flatnonzero(end.is_open[:8])[0], 8 + np.flatnonzero(end.is_open[8:])[0]]
    before = taken_over(end, np.array(of_each_sector), **a_chains)
    after = taken_over(before, np.setdiff1d(np.flatnonzero(end.is_open)[::2], of_each_sector), **a_chains)
    change = decompose(before, after)
    assert change.total == own(after) - own(before)
    assert abs(change.total) > 100.0
    for part in ("price", "quality", "fit", "personalization", "locality"):
        assert abs(change.parts[part]) < 1e-10 * own(before), part
    assert change.parts["chains"] > 0.0 > change.parts["number_of_firms"]
    assert change.parts["chains"] + change.parts["number_of_firms"] == pytest.approx(change.total, rel=1e-10)


def test_storefronts_are_told_apart_where_they_change_hands_and_nowhere_else() -> None:
    one, two = market_end(ran("before-automation")), market_end(ran("baseline", "chains"))
    changes = one.is_open & two.is_open & (one.is_chain != two.is_chain)
    assert 0 < changes.sum() < changes.size / 2
    first, second = apart_by_kind(one, two)
    assert first.is_open.size == second.is_open.size == changes.size + changes.sum()
    assert not (first.is_open & second.is_open & (first.is_chain != second.is_chain)).any()
    for end, apart in ((one, first), (two, second)):
        assert own(apart) == own(end)
        np.testing.assert_array_equal(apart.appeal.price[apart.is_open], end.appeal.price[end.is_open])
        np.testing.assert_array_equal(apart.is_open[apart.last[apart.last >= 0]], True)
    # every storefront twice: the same parts, in a market of another shape
    everywhere = np.ones_like(changes)
    found, doubled = decompose(one, two), decompose(split(one, everywhere), split(two, everywhere))
    assert found.total == doubled.total
    for part in PARTS:
        assert doubled.parts[part] == pytest.approx(found.parts[part], abs=1e-9 * own(one))


def test_markets_in_which_no_storefront_changes_hands_stay_as_they_are() -> None:
    one, two = market_end(ran("before-automation")), market_end(ran("baseline"))
    assert apart_by_kind(one, two) == (one, two)
    everywhere = np.ones_like(one.is_open)
    found, doubled = decompose(one, two), decompose(split(one, everywhere), split(two, everywhere))
    for part in PARTS:
        assert doubled.parts[part] == pytest.approx(found.parts[part], abs=1e-9 * own(one))


def test_a_shop_that_traded_is_no_chains_because_one_opens_there_afterwards(tmp_path: Path) -> None:
    lonely = {"world.sites": 1, "world.occupied": 1, "finance.entry_rate": 0.0, "finance.starting_cash": 50.0,
              "finance.retirement": 0.0, "chains.opening_rate": 1.0}  # fmt: skip
    model = MarketModel(Scenario.read("baseline").override(TINY | CHAINS | lonely), seed=3, threads=1)
    while model.month < 0:
        model.step()
    closes = np.flatnonzero(model.market.firms.is_open)[0]
    model.market.firms.cash[closes] = -1e9
    model.step()
    assert model.market.firms.is_chain[closes], "a chain opened in the month in which the small business closed"
    for run in (model, MarketModel.load(model.save(tmp_path / "here.npz"), threads=1)):
        end = market_end(run)
        assert end.is_open[closes]
        assert not end.is_chain[closes]
    model.step()
    assert market_end(model).is_chain[closes]


def test_an_empty_market_is_all_number_of_firms() -> None:
    end = market_end(ran("baseline"))
    found = decompose(replace(end, is_open=np.zeros_like(end.is_open)), replace(end, last=end.last))
    assert found.total == own(end)
    assert found.parts["number_of_firms"] == pytest.approx(found.total, rel=1e-12)


def test_other_consumers_cannot_be_compared() -> None:
    end = market_end(ran("baseline"))
    assert different_consumers(end, end) == ""
    others = {
        "tastes": replace(end, tastes=end.tastes._replace(strength=end.tastes.strength * 1.1)),
        "base_value": replace(end, values=end.values | {"base_value": 22.0}),
        "how they choose": replace(end, noise=2.0),
        "place": market_end(ran("baseline", seed=4)),
    }
    for what, other in others.items():
        assert what in different_consumers(end, other)
        with pytest.raises(ValueError, match=what):
            decompose(end, other)


def test_every_column_belongs_to_one_part() -> None:
    assert {part_of(column) for column in Appeal._fields} == set(PARTS[:5])
    assert part_of("awareness") == "quality"


def test_an_end_is_a_copy() -> None:
    model = MarketModel(Scenario.read("baseline").override(TINY), seed=3, threads=1)
    for _ in range(3):
        model.step()
    end = market_end(model)
    before = own(end)
    model.step()
    assert own(end) == before
