"""A town's own tables: what is read, what is refused with file, line and column, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_markets import fingerprint, scenario

import homogsim as hs
from homogsim.agents.firms import UID_SITE, uid_of
from homogsim.errors import ScenarioError
from homogsim.experiments.advice.candidates import business_of, name_of
from homogsim.experiments.settling import MARGIN, fitted
from homogsim.geography import build as lay
from homogsim.model import MarketModel
from homogsim.parameters import declared
from homogsim.scenario import Scenario
from homogsim.scenario.places import EARLIEST, OLDEST, Places, Sector, Town, places_of, storefronts_of
from homogsim.scenario.towns import build
from homogsim.streams import Streams

EXAMPLE = sorted((Path(__file__).parents[1] / "examples" / "town").glob("*.csv"))

TOWNS = "town,households,x_km,y_km\nAsh,1000,0,0\nBeck,500,10,0\n"
SECTORS = "sector\nbakery\ncafe\n"
BUSINESSES = (
    "town,sector,name,price,opened,tool,contact\n"
    "Ash,bakery,Loaf,4,2001-05,none,\n"
    "Ash,bakery,Crust,6,2019,generic,0.8\n"
    "Ash,cafe,Cup,,2022-11,,\n"
    "Beck,bakery,Oven,5,,none,\n"
)
TRAVEL = "from,to,minutes\nAsh,Beck,25\n"


def tables(folder: Path, **texts: str) -> list[Path]:
    """Write tables and return their paths."""
    paths = []
    for name, text in texts.items():
        path = folder / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def made(folder: Path, **changes: str) -> Scenario:
    given = {"towns": TOWNS, "sectors": SECTORS, "businesses": BUSINESSES} | changes
    return build(tables(folder, **{k: v for k, v in given.items() if v}), "ours").scenario


# What is read ---------------------------------------------------------------------------------------------------------


def test_tables_become_places(tmp_path) -> None:
    places = made(tmp_path).places
    assert places is not None
    assert [(t.name, t.households, t.x, t.y) for t in places.towns] == [("Ash", 1000, 0, 0), ("Beck", 500, 1, 0)]
    loaf, crust, cup, oven = places.businesses
    # The month after the latest opening, 2022-11, is the present.
    assert (loaf.age, crust.age, cup.age, oven.age) == (12 * 21 + 7, 12 * 3 + 11, 1, 0)
    assert (crust.tool, crust.contact, cup.tool, cup.price) == ("generic", 0.8, "none", 0.0)


def test_a_scenario_of_places_is_written_and_read_back(tmp_path) -> None:
    ours = made(tmp_path, travel=TRAVEL)
    path = ours.write(tmp_path / "ours.toml")
    again = Scenario.read(path)
    assert again == ours
    assert again.fingerprint() == ours.fingerprint() != Scenario.read("baseline").fingerprint()
    assert Scenario.from_dict(ours.as_dict()) == ours
    other = made(tmp_path, travel=TRAVEL.replace("25", "26"))
    assert other.fingerprint() != ours.fingerprint()


def test_excel_tables_are_read_too(tmp_path) -> None:
    semicolons = TOWNS.replace(",", ";").replace("\n", "\r\n")
    (tmp_path / "towns.csv").write_bytes(b"\xef\xbb\xbf" + semicolons.encode())
    (tmp_path / "sectors.csv").write_text(SECTORS, encoding="utf-8")
    found = build([tmp_path / "towns.csv", tmp_path / "sectors.csv"], "ours").scenario.places
    assert found is not None
    assert [town.name for town in found.towns] == ["Ash", "Beck"]
    assert found.businesses == ()


def test_degrees_are_positions(tmp_path) -> None:
    degrees = "town,households,latitude,longitude\nAsh,10,50,7\nBeck,10,50.1,7\n"
    ours = made(tmp_path, towns=degrees)
    assert ours.parameters.world.square_minutes == pytest.approx(0.1 * 110.57 * 1.2)


# What becomes of it ---------------------------------------------------------------------------------------------------


def test_without_places_nothing_changes() -> None:
    plain = Scenario.read("baseline")
    assert "places" not in plain.as_dict()
    assert storefronts_of(None, 3, 16) == [16, 16, 16]
    market = MarketModel(plain, threads=1).market
    np.testing.assert_array_equal(market.consumer_cell, np.arange(market.consumers.rows) // 400)
    assert market.storefront.all()


def test_a_market_of_places(tmp_path) -> None:
    ours = made(tmp_path, travel=TRAVEL)
    model = MarketModel(ours, seed=2, threads=1)
    market, firms = model.market, model.market.firms
    rows = np.flatnonzero(firms.is_open)
    assert market.geography.travel[0, 1] == 25.0
    # Two bakeries in Ash, one in Beck, a cafe in Ash; cells are sector · towns + town.
    assert market.site_cell[rows].tolist() == [0, 0, 1, 2]
    counts = np.bincount(market.consumer_cell, minlength=4)
    assert counts[0] == pytest.approx(2 * counts[1], abs=1)  # twice the households
    assert firms.tool[rows].tolist() == [0, 1, 0, 0]
    assert firms.price[rows][1] > firms.price[rows][0]
    assert firms.price[rows][:3].mean() == pytest.approx(8.0 + 1.3 * 1.8)  # the sector's mean is the model's price
    assert firms.base_cost[rows][1] > firms.base_cost[rows][0]
    assert firms.birth[rows[0]] == -12 - (12 * 21 + 7)
    people = np.bincount(market.consumer_cell, minlength=4)
    assert market.streets.consumer_start.tolist() == [0, *np.cumsum(people).tolist()]
    model.run()
    assert model.results().summary["n_firms"] >= 0.0


def test_a_run_of_places_is_the_same_again_and_after_a_checkpoint(tmp_path) -> None:
    ours = made(tmp_path, travel=TRAVEL).override("calendar.months", 6)
    once, again = (MarketModel(ours, seed=2, threads=1) for _ in range(2))
    while again.month < -4:
        again.step()
    again = MarketModel.load(again.save(tmp_path / "half.npz"), threads=1)
    assert fingerprint(once.run()) == fingerprint(again.run())


def test_present_businesses_are_there_in_month_0_and_can_live() -> None:
    built = build(EXAMPLE, "meadow-valley")
    ours = fitted(built.scenario, built.purchases_given)
    model = MarketModel(ours, seed=4, threads=1)
    first = set(model.market.firms.uid[model.market.firms.is_open].tolist())
    while model.month < 0:
        model.step()
    firms = model.market.firms
    rows = np.flatnonzero(firms.is_open)
    assert len(rows) == 31
    assert set(firms.uid[rows].tolist()) == first
    margin = firms.profit[rows].sum() / (firms.price[rows] * firms.sales[rows]).sum()
    assert abs(margin - MARGIN) < 0.035
    model.step()
    assert model.parameters.finance.retirement == Scenario.read("baseline").parameters.finance.retirement
    while model.month < 24:
        model.step()
    still = set(model.market.firms.uid[model.market.firms.is_open].tolist())
    assert len(still & first) > 31 / 2


def test_businesses_are_found_by_name(tmp_path) -> None:
    ours = made(tmp_path)
    uid = business_of("Crust", ours)
    market = MarketModel(ours, seed=9, threads=1).market
    assert uid in market.firms.uid
    assert name_of(uid, ours) == f"Crust ({uid})"
    assert business_of(str(uid), ours) == uid
    with pytest.raises(ScenarioError.__base__, match="no business 'Crumb'"):  # type: ignore[arg-type]
        business_of("Crumb", ours)


def test_a_twin_without_tools_takes_them_from_given_businesses(tmp_path) -> None:
    twin = made(tmp_path).override("tools.available", [])
    assert not MarketModel(twin, seed=2, threads=1).market.firms.tool.any()


def test_given_rents_when_purchases_are_known(tmp_path) -> None:
    built = build(tables(tmp_path, towns=TOWNS, sectors="sector,purchases\nbakery,4\ncafe,6\n", businesses=BUSINESSES),
                  "ours")  # fmt: skip
    assert built.purchases_given
    ours = fitted(built.scenario, True)
    assert ours.parameters.finance.fixed_cost != built.scenario.parameters.finance.fixed_cost
    assert ours.parameters.world.occasions == built.scenario.parameters.world.occasions == 1500 * 10 / 4


# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"towns": ""}, "there is no table of towns"),
        ({"towns": "\n\n"}, "towns.csv: the table is empty"),
        ({"towns": "town,households\n"}, "towns.csv: the table of towns has no rows"),
        ({"towns": "town,households\nAsh,many\n"}, r"towns.csv, line 2, column households: 'many': a number from 1"),
        ({"towns": "town,households\nAsh,nan\n"}, r"line 2, column households: 'nan': a number"),
        ({"towns": "town,households,x_km,y_km\nAsh,0,0,0\n"}, r"line 2, column households: '0': a number from 1"),
        ({"towns": TOWNS + "Ash,3,4,4\n"}, r"towns.csv, line 4, column town: Ash is there already, in line 2"),
        ({"towns": "town,households\nAsh,10\nBeck,20\n"}, r"line 2: the town has no position, and there is no table"),
        ({"towns": "town,households,x_km,y_km\nAsh,10,1,\n"}, r"line 2, column y_km: x_km and y_km go together"),
        ({"towns": "town,households,height\nAsh,10,3\n"}, r"line 1: a table of towns has no column 'height'"),
        ({"towns": "households\n10\n"}, r"line 1: the column town is missing"),
        ({"towns": "town,households,town\nAsh,10,3\n"}, r"two columns are called town"),
        ({"towns": TOWNS.replace("Ash,1000,0,0", "Ash,1,000,0,0")}, r"line 2: 5 cells under 4 columns"),
        (
            {"towns": TOWNS.replace("Ash,1000,0,0", "Ash;1000;0;0")},
            r"line 2: 1 cell under 4 .*separated by commas here",
        ),
        ({"businesses": BUSINESSES.replace("Beck,", "Bekc,")}, r"line 5, column town: there is no town 'Bekc'"),
        ({"businesses": BUSINESSES.replace("cafe", "coffee")}, r"line 4, column sector: there is no sector 'coffee'"),
        ({"businesses": BUSINESSES.replace("generic", "robot")}, r"line 3, column tool: 'robot': one of none, generic"),
        ({"businesses": BUSINESSES.replace("2019", "May")}, r"line 3, column opened: 'May': a date such as"),
        ({"businesses": BUSINESSES.replace("2001-05", "2001-13")}, r"line 2, column opened: '2001-13'"),
        ({"businesses": BUSINESSES.replace("Crust", "Loaf")}, r"line 3, column name: Loaf in Ash is there already"),
        ({"businesses": BUSINESSES.replace("none,", "none,0.5", 1)}, r"line 2, column contact: contact is automated"),
        ({"businesses": BUSINESSES.replace("Loaf,4", "Loaf,-4")}, r"line 2, column price: '-4': a number from 0.01"),
        ({"travel": TRAVEL + "Beck,Ash,26\n"}, r"travel.csv, line 3, column minutes: 26 minutes, but line 2 says 25"),
        ({"travel": TRAVEL + "Beck,Beck,2\n"}, r"line 3, column to: a way from a town to itself"),
        ({"travel": "from,to,minutes\nAsh,Ferry,25\n"}, r"line 2, column to: there is no town 'Ferry'"),
        ({"sectors": "sector,purchases\nbakery,3\ncafe,\n"}, r"line 3, column purchases: purchases are given for"),
        ({"sectors": "", "businesses": ""}, "there is no table of sectors, nor of businesses"),
        ({"sectors": "shop,size\na,3\n"}, "nothing is known of a table with the columns shop, size"),
        ({"more": TOWNS}, "more.csv: a second table of towns, after towns.csv"),
    ],
)
def test_tables_that_are_wrong(tmp_path, changes: dict[str, str], words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        made(tmp_path, **changes)


def test_one_town_is_told_as_one(tmp_path) -> None:
    built = build(tables(tmp_path, towns="town,households\nAsh,100\n", sectors="sector\ncafe\n"), "ash")
    assert built.told[0] == "1 town with 100 households, 1 sector"
    assert not any("travel" in line for line in built.told)


def test_all_problems_are_told_at_once(tmp_path) -> None:
    wrong = BUSINESSES.replace("generic", "robot").replace("2001-05", "May")
    with pytest.raises(ScenarioError) as error:
        made(tmp_path, businesses=wrong, towns=TOWNS.replace("500", "x"))
    assert len(error.value.what.splitlines()) == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"town,households\nM\xfcnchen,3\n", "line 2: the file is not UTF-8 text"), (b"\0\0a,b", "null characters")],
)
def test_files_that_are_no_tables(tmp_path, data: bytes, words: str) -> None:
    path = tmp_path / "towns.csv"
    path.write_bytes(data)
    with pytest.raises(ScenarioError, match=words):
        build([path], "ours")
    with pytest.raises(ScenarioError, match="there is no such file"):
        build([tmp_path / "nothing.csv"], "ours")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (3, "places are tables"),
        ({"towns": 3}, "places.towns are tables"),
        ({"castles": []}, "places have no castles"),
        ({"towns": [{"name": "Ash"}]}, "number 1: households is missing"),
        ({"towns": [{"name": "Ash", "households": "many"}]}, "households = 'many'"),
        ({"towns": [{"name": "Ash", "households": 3, "x": 2.0}]}, "x = 2.0"),
        ({"towns": [{"name": "A\x1b", "households": 3}]}, "name ="),
        ({"towns": [{"name": "Ash", "households": 3}]}, "the places name 1 towns, but world.towns is 8"),
        ({"towns": [{"name": "Ash", "households": 3}] * 2}, "two towns are called Ash"),
        ({"businesses": [{"town": "Ash", "sector": "x", "age": 1.5}]}, "age = 1.5"),
        ({"businesses": [{"town": "Ash", "sector": "x"}]}, "there is no town Ash"),
        ({"roads": [{"start": "Ash", "end": "Ash", "minutes": 3}]}, "to itself"),
    ],
)
def test_places_of_a_scenario_file_that_are_wrong(table: object, words: str) -> None:
    places, problems = places_of(table, Scenario().parameters)
    assert places is None
    assert any(words in problem.what for problem in problems), problems


def test_a_scenario_file_says_the_line(tmp_path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('question = "?"\n[world]\ntowns = 1\nsectors = 1\n[[places.towns]]\nname = "A"\nhouseholds = 0\n')
    with pytest.raises(ScenarioError, match=r"x.toml, line 7: .*households = 0"):
        Scenario.read(path)


def test_parameters_and_places_must_agree(tmp_path) -> None:
    with pytest.raises(ScenarioError, match=r"the places name 2 towns, but world.towns is 3"):
        made(tmp_path).override("world.towns", 3)
    with pytest.raises(ScenarioError, match=r"businesses of bakery in Ash, but world.sites is 1"):
        made(tmp_path).override({"world.sites": 1, "world.occupied": 1})


def test_a_business_cannot_be_older_than_its_uid_can_hold(tmp_path) -> None:
    ours = made(tmp_path)
    oldest = replace(ours.places, businesses=(replace(ours.places.businesses[0], age=OLDEST),))
    early = {"calendar.warm_up": 200, "calendar.before": -EARLIEST - OLDEST - 200}
    at_the_edge = MarketModel(replace(ours, places=oldest).override(early), threads=1).market.firms
    assert (at_the_edge.uid[0], at_the_edge.birth[0]) == (0, EARLIEST)
    words = r"number 1: age = 1800, and the run starts in month -249 \(calendar.warm_up 201, calendar.before 48\)"
    with pytest.raises(ScenarioError, match=words) as error:
        replace(ours, places=oldest).override(early | {"calendar.warm_up": 201})
    assert "Set age = 1799 or less" in error.value.help
    path = replace(ours, places=oldest).override(early).write(tmp_path / "old.toml")
    path.write_text(path.read_text("utf-8").replace("warm_up = 200", "warm_up = 300"), "utf-8")
    with pytest.raises(ScenarioError, match=r"old.toml, line \d+: .*opened in month -2148, but month -2048 is"):
        Scenario.read(path)


def test_every_month_of_a_calendar_has_room_in_a_uid() -> None:
    most = {name: int(declared()[f"calendar.{name}"].high or 0) for name in ("warm_up", "before", "months")}
    assert -most["warm_up"] - most["before"] >= EARLIEST
    sites = np.arange(2)
    for month in (EARLIEST, -most["warm_up"] - most["before"], most["months"] - 1):
        assert (uid_of(sites, month) // UID_SITE == sites).all()
    with pytest.raises(ScenarioError, match=r"calendar.months = 2,?041 months is out of bounds"):
        Scenario.read("baseline").override("calendar.months", most["months"] + 1)


def test_the_share_left_outside_is_that_of_simulated_consumers() -> None:
    """Villages have one consumer at least, so that there are more occasions than the parameters alone say."""
    towns = (Town("city", 100_000.0), *(Town(f"village {n}", 50.0, 0.1 + 0.05 * n, 0.2) for n in range(9)))
    small = scenario("before-automation", {"world.towns": 10, "world.sectors": 1, "world.consumers": 20,
                                           "calendar.warm_up": 2, "calendar.months": 1})  # fmt: skip
    model = MarketModel(replace(small, places=Places(towns, (Sector("s"),))), threads=1).run()
    market = model.market
    bought = market.streets.weight * (1.0 - 1.0 / market.consumers.inclusive).sum()
    occasions = market.streets.weight * market.consumers.rows
    assert occasions > 1.02 * model.parameters.world.occasions * 10
    assert model.results().timeline["outside_share"].iloc[-1] == pytest.approx(1.0 - bought / occasions, rel=1e-9)


def test_roads_must_join_all_towns() -> None:
    towns = tuple(Town(name, 10.0) for name in "abc")
    table = {"towns": [{"name": t.name, "households": 10.0} for t in towns], "sectors": [{"name": "s"}],
             "roads": [{"start": "a", "end": "b", "minutes": 5.0}]}  # fmt: skip
    parameters = Scenario().override({"world.towns": 3, "world.sectors": 1}).parameters
    found, problems = places_of(table, parameters)
    assert found is None
    assert "no road leads from a to c" in problems[0].what
    table["roads"] += [{"start": "c", "end": "b", "minutes": 7.0}]
    places, _ = places_of(table, parameters)
    assert isinstance(places, Places)
    assert lay(parameters.world, Streams(1), places).travel[0, 2] == 12.0


# The command ----------------------------------------------------------------------------------------------------------


def test_the_example_is_labelled_as_made_up() -> None:
    assert len(EXAMPLE) == 4
    assert all("made up" in path.read_text("utf-8").splitlines()[0] for path in EXAMPLE)
    assert "invented" in (EXAMPLE[0].parent / "README.md").read_text("utf-8")


def test_hs_reads_a_town_of_its_own(tmp_path) -> None:
    path = made(tmp_path, travel=TRAVEL).write(tmp_path / "ours.toml")
    found = hs.run(path, months=3, seed=1)
    assert found.scenario.places is not None
    assert len(found.timeline) == 15
