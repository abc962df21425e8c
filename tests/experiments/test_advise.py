"""Advice to one business: paired with the same luck, honest about what is not sure, clear about what cannot be."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from experiments.tiny import TINY
from small_markets import SMALL

from homogsim.errors import HomogsimError
from homogsim.experiments.advice import reckoning
from homogsim.experiments.advice.advice import FILES, Advice
from homogsim.experiments.advice.advise import advise
from homogsim.experiments.advice.candidates import FEATURES, Like, described, eligible, features_of, most_like
from homogsim.experiments.advice.choices import NONE, PHASE, choices_of, crowd, twelve_month_rule
from homogsim.experiments.advice.courses import Course
from homogsim.experiments.advice.type_map import clustered
from homogsim.experiments.advice.types import map_types
from homogsim.experiments.advice.worlds import BY_ITSELF, RULES, WorldOutcome, live_until
from homogsim.experiments.pairing import paired_difference
from homogsim.parameters import Parameters
from homogsim.scenario import Scenario

RICH = TINY | {"finance.starting_cash": 12.0, "finance.entry_rate": 0.05, "world.consumers": 80}
NAN = float("nan")
CHOICES = ("none", "generic", "phased", "pilot")


@cache
def four() -> Advice:
    """Return advice in four worlds, made once. Not to be changed by a test."""
    return advise("baseline", set=RICH, month=2, horizon=20, choices=CHOICES, replications=4, seed=7, jobs=1)


@cache
def futures() -> Advice:
    """Return advice to one business in three futures."""
    given = {"set": RICH, "month": 2, "horizon": 14, "replications": 3, "jobs": 1}
    return advise("baseline", firm=a_firm(), choices=("generic",), **given)  # type: ignore[arg-type]


@cache
def a_firm() -> int:
    model = live_until(2, Scenario.read("baseline").override(RICH), 1, lambda: False)
    uid = most_like(model.market, Like())
    assert uid is not None
    return uid


# Figures --------------------------------------------------------------------------------------------------------------


def test_differences_are_paired_with_no_tool_in_the_same_world() -> None:
    found = four()
    assert len(found.worlds) == 4
    assert {choice.name for choice in found.choices} == set(CHOICES)
    profits = {
        name: [world.courses[name].net.sum() for world in found.worlds if name in world.courses]
        for name in (NONE, "generic")
    }
    row = found.cell("generic", "profit")
    assert row["worlds"] == len(profits["generic"])
    pair = paired_difference(profits[NONE], profits["generic"])
    assert (row["none"], row["difference"]) == (pair.baseline_mean, pair.difference)
    assert row["low"] < row["difference"] < row["high"]


def test_the_choice_is_what_the_business_does_and_nothing_else() -> None:
    for world in four().worlds:
        courses = world.courses
        assert courses[NONE].decided == ()
        assert courses["generic"].decided == ("generic+contact0.8@2",)
        assert courses["pilot"].decided == ("industry+contact0.3@2",)
        assert courses["phased"].decided[0] == "industry@2"
        assert courses["phased"].decided[1:] in ((f"industry+contact0.8@{2 + PHASE}",), ())
        used = courses["generic"].months["tool"][courses["generic"].months["is_open"] > 0]
        assert (used == 1.0).all()


def test_no_tool_is_measured_against_itself() -> None:
    rows = four().table[four().table["choice"] == NONE]
    compared = rows[rows["measure"].isin(["survival", "profit", "net_promoter_score", "rivals"])]
    assert (compared["difference"] == 0.0).all()


def test_shares_of_worlds_add_up() -> None:
    ranked = four().ranking
    assert ranked["best_share"].sum() == pytest.approx(1.0)
    assert ranked["probability_best"].isna().all()  # of four worlds there is none
    assert four().best == ranked.loc[ranked["compared_gain"].idxmax(), "choice"]


def test_regret_is_the_gap_to_the_best_choice() -> None:
    found = four()
    row = found.regret.set_index("rule").loc[BY_ITSELF]
    gaps = [world.courses[found.best].net.sum() - world.courses[BY_ITSELF].net.sum() for world in found.shared]
    assert row["regret"] == pytest.approx(np.mean(gaps), rel=1e-12)


def test_results_do_not_depend_on_jobs() -> None:
    again = advise("baseline", set=RICH, month=2, horizon=20, choices=CHOICES, replications=4, seed=7, jobs=2)
    assert again.as_dict() == four().as_dict()


def test_the_first_future_has_the_worlds_own_luck() -> None:
    found = futures()
    assert [world.luck for world in found.worlds] == [1, 2, 3]
    assert {world.seed for world in found.worlds} == {1}
    assert {world.uid for world in found.worlds} == {a_firm()}
    model = live_until(2, found.scenario, 1, lambda: False)
    firms, row, earned = model.market.firms, a_firm() // 4096, []
    for _ in range(14):
        before = float(firms.total_profit[row])
        model.step()
        earned.append(float(firms.total_profit[row]) - before)
        if not (firms.is_open[row] and firms.uid[row] == a_firm()):
            break
    mine = found.worlds[0].courses[BY_ITSELF].months["profit"]
    np.testing.assert_array_equal(mine[: len(earned) - 1], earned[:-1])
    others = [world.courses[BY_ITSELF].months["profit"] for world in found.worlds[1:]]
    assert all(np.abs(other - mine).max() > 0.0 for other in others)  # other futures
    assert all(world.features == found.worlds[0].features for world in found.worlds)  # of one past


def test_intervals_cover_a_known_difference() -> None:
    """95 % intervals of paired differences: courses with a known effect, and luck that both share."""
    luck = np.random.default_rng(5)
    hits, trials, worlds, effect = 0, 150, 8, 100.0
    for _ in range(trials):
        common, own = luck.normal(0.0, 5000.0, worlds), luck.normal(effect, 300.0, worlds)
        table = reckoning.table({NONE: [_figures(x) for x in common], "tool": [_figures(x) for x in common + own]})
        row = table[(table["choice"] == "tool") & (table["measure"] == "profit")].iloc[0]
        hits += row["low"] <= effect <= row["high"]
        assert row["high"] - row["low"] < 1000.0  # what both share is no part of it
    assert abs(hits / trials - 0.95) < 3.0 * np.sqrt(0.95 * 0.05 / trials)


def _figures(profit: float) -> dict[str, float]:
    return dict.fromkeys((*reckoning.MEASURES, *reckoning.ANSWERS), float("nan")) | {"profit": profit}


def test_clustered_intervals_cover_where_plain_ones_do_not() -> None:
    luck = np.random.default_rng(6)
    covered = np.zeros(2)
    for _ in range(300):
        world = np.repeat(np.arange(12), 6)
        values = 1.0 + luck.normal(0.0, 1.0, 12)[world] + luck.normal(0.0, 0.5, world.size)
        _, low, high = clustered(values, world)
        half = 1.96 * values.std(ddof=1) / np.sqrt(values.size)
        covered += (low <= 1.0 <= high, abs(values.mean() - 1.0) <= half)
    assert covered[0] / 300 > 0.92
    assert covered[1] / 300 < 0.80


def _course(profit: list[float], outlay: list[float], fee: float = 0.0, n_open: int | None = None) -> Course:
    n = len(profit)
    months = {name: np.full(n, np.nan) for name in ("premium", "nearest", "rivals", "rivals_with_tool", "rivals_price")}
    still = np.arange(n) < (n if n_open is None else n_open)
    months |= {"profit": np.array(profit), "outlay": np.array(outlay), "fee": np.full(n, fee),
               "is_open": still.astype(float), "promoters": np.full(n, 2.0), "visits": np.full(n, 8.0)}  # fmt: skip
    return Course(months)


def test_measures_by_hand() -> None:
    without = _course([100.0] * 40, [0.0] * 40)
    tool = _course([250.0] * 40, [1000.0] + [0.0] * 39, fee=50.0)
    found = reckoning.measures(tool, without)
    assert found["profit"] == 40 * 250.0 - 1000.0
    assert found["roi12"] == pytest.approx((12 * 150.0 - 1000.0) / (1000.0 + 12 * 50.0))
    assert found["roi36"] == pytest.approx((36 * 150.0 - 1000.0) / (1000.0 + 36 * 50.0))
    assert found["payback_month"] == 7.0  # 7 · 150 ≥ 1000
    assert (found["survival"], found["net_promoter_score"]) == (1.0, 25.0)
    closed = reckoning.measures(_course([250.0] * 5 + [0.0] * 35, [1000.0] + [0.0] * 39, n_open=5), without)
    assert (closed["survival"], closed["paid_back"]) == (0.0, 0.0)
    assert np.isnan(closed["payback_month"])


def _ranking(**profits: list[float]) -> pd.DataFrame:
    """Return the ranking of choices by their profits, world by world; nan where one cannot be paid."""
    found = {name: [_figures(value) for value in values] for name, values in profits.items()}
    return reckoning.ranking(found, list(profits)).set_index("choice", drop=False)


def test_choices_that_few_can_pay_do_not_win_by_being_rich() -> None:
    ranked = _ranking(none=[0.0, 0.0, 0.0], phased=[50.0, 50.0, 500.0], custom=[NAN, NAN, 400.0])
    assert ranked["mean_gain"].idxmax() == "custom"  # over the one world of the rich
    assert reckoning.best_on_average(ranked) == "phased"


def test_a_choice_that_half_can_pay_does_not_take_the_others_worlds_away() -> None:
    ranked = _ranking(none=[100.0, 40.0], generic=[121.0, -46.0], custom=[60.0, NAN])
    assert ranked["compared_worlds"].to_dict() == {NONE: 2, "generic": 2, "custom": 0}
    assert ranked.loc["generic", "compared_gain"] == -32.5
    assert np.isnan(ranked.loc["custom", ["compared_gain", "best_share"]].astype(float)).all()
    assert ranked["best_share"][:2].tolist() == [0.5, 0.5]
    assert reckoning.best_on_average(ranked) == NONE  # a loss is not best


def test_ranks_and_gains_are_of_the_worlds_that_all_ranked_choices_share() -> None:
    ranked = _ranking(none=[0.0] * 4, generic=[10.0, 20.0, 30.0, -500.0], custom=[20.0, 10.0, 15.0, NAN])
    assert ranked["compared_worlds"].tolist() == [3, 3, 3]
    assert ranked["compared_gain"].tolist() == [0.0, 20.0, 15.0]
    assert ranked["mean_gain"].tolist() == [0.0, -110.0, 15.0]
    assert ranked["best_share"].tolist() == pytest.approx([0.0, 2 / 3, 1 / 3])
    assert reckoning.best_on_average(ranked) == "generic"


def test_choices_drop_out_until_more_than_half_of_the_worlds_are_shared() -> None:
    """Each can be paid in most worlds, but both only in two of five: the dearer drops; as dear as each other, both."""
    profits = {"none": [0.0] * 5, "a": [1.0, 1.0, 1.0, 1.0, NAN], "b": [NAN, NAN, 9.0, 9.0, 9.0]}
    assert _ranking(**profits)["compared_worlds"].tolist() == [4, 4, 0]
    profits["a"] = [1.0, 1.0, 1.0, NAN, NAN]
    ranked = _ranking(**profits)
    assert ranked["compared_worlds"].tolist() == [5, 0, 0]
    assert reckoning.best_on_average(ranked) == NONE


def test_how_probable_it_is_to_be_best_takes_ten_worlds() -> None:
    for worlds in (2, 9, 10):
        sure = _ranking(none=[0.0] * worlds, tool=[5.0 + n for n in range(worlds)])["probability_best"]
        assert sure.tolist() == [0.0, 1.0] if worlds == 10 else sure.isna().all()


def _advice(**profits: list[float]) -> Advice:
    """Return advice in made-up worlds, from the profit of each choice in each; nan where it cannot be paid."""
    scenario = Scenario.read("baseline")
    worlds = []
    for n, own in enumerate(zip(*profits.values(), strict=True)):
        paid = {name: profit for name, profit in zip(profits, own, strict=True) if np.isfinite(profit)}
        courses = {name: _course([profit], [0.0 if name == NONE else 1.0]) for name, profit in paid.items()}
        courses[BY_ITSELF] = courses[NONE]
        dear = {name: 1000.0 for name in profits if name not in paid}
        rules = dict.fromkeys(RULES, NONE)
        worlds.append(WorldOutcome(n, n, n, 1, {"cash": 500.0}, NONE, courses, dear, rules, {}))
    choices = choices_of(list(profits), scenario.parameters)
    return Advice.of(scenario, None, Like(), 0, 1, choices, worlds, [], len(worlds))


def test_the_first_sentence_quotes_the_worlds_that_the_ranking_is_of() -> None:
    found = _advice(none=[0.0] * 4, generic=[11.0, 21.0, 31.0, -499.0], industry=[21.0, 11.0, 16.0, NAN])
    best, sure = found.findings[:2]
    assert found.best == "generic"
    assert "earns $20 more than no tool" in best.sentence
    assert "in the 3 of 4 worlds in which all ranked choices can be paid" in best.sentence
    assert (best.figures["difference"], best.figures["worlds"]) == (20.0, 3)
    assert "best choice in 67 % of 3 worlds; to say how probable" in sure.sentence
    assert "takes more replications, 10 or more" in sure.sentence
    assert sure.sentence.endswith("The runner-up is industry, $5.00 behind.")
    assert found.cell("generic", "profit")["worlds"] == 4


def test_a_loss_is_never_more_than_no_tool() -> None:
    found = _advice(none=[100.0, 40.0], generic=[123.0, -47.0], custom=[61.0, NAN])
    assert found.best == NONE
    told = found.findings[0].sentence
    assert told.startswith("Having no tool is best on average: the next best, generic tool")
    assert "earns $33 less over 1 months, though the difference is not clear" in told
    assert any("custom is not ranked" in note for note in found.notes)
    assert not any(" more than no tool" in finding.sentence for finding in found.findings)


def test_why_there_is_nothing_to_choose() -> None:
    only = _advice(none=[1.0, 2.0])
    assert only.findings[0].sentence.startswith("The only choice asked about is none")
    dear = _advice(none=[1.0, 2.0], custom=[NAN, NAN])
    assert dear.findings[0].sentence.startswith("No tool that is on offer can be paid for")
    few = _advice(none=[1.0, 2.0], custom=[9.0, NAN])
    assert few.best == NONE
    assert few.findings[0].sentence.startswith("Too few of these businesses can pay for any of the tools")


# Who, and what --------------------------------------------------------------------------------------------------------


def test_who_is_most_like_a_description() -> None:
    model = live_until(2, Scenario.read("baseline").override(SMALL), 3, lambda: False)
    market = model.market
    rows = eligible(market, town=1)
    cash = features_of(market, rows)["cash"]
    uid = most_like(market, Like((("cash", 1e9),), town=1))
    assert uid == market.firms.uid[rows[cash.argmax()]]
    concept = tuple(market.firms.identity[:, rows[0]].tolist())
    assert most_like(market, Like(identity=concept)) == market.firms.uid[rows[0]]
    assert set(features_of(market, rows)) == set(FEATURES)


def test_descriptions_are_read() -> None:
    assert described("quality=0.5, cash=2e4") == ((("quality", 0.5), ("cash", 20000.0)), None)
    assert described("identity=0:1:-1:0.5") == ((), (0.0, 1.0, -1.0, 0.5))
    assert described("") == ((), None)


def test_names_of_choices() -> None:
    found = choices_of(["custom:back-office", "phased", "generic:pilot"], Parameters())
    assert [(c.tool, c.contact, c.later) for c in found] == [
        ("none", 0.0, None), ("custom", 0.0, None), ("industry", 0.0, 0.8), ("generic", 0.3, None),
    ]  # fmt: skip
    assert "back office first" in found[2].label


def test_rules_of_others() -> None:
    model = live_until(2, Scenario.read("baseline").override(RICH), 1, lambda: False)
    from homogsim.agents.owners import look

    now = look(model.market, a_firm())
    best = max(now.options, key=lambda o: 12.0 * o.expected_profit - o.upfront)
    assert twelve_month_rule(now) == best
    assert crowd(now, []) == now.stay
    assert crowd(now, [("generic", 0.8), ("generic", 0.4), ("industry", 0.0)]) == now.option("generic", 0.8)


# Files and bad input --------------------------------------------------------------------------------------------------


def test_files_and_findings(tmp_path) -> None:
    folder = four().save(tmp_path / "advice")
    assert {path.name for path in folder.iterdir()} == set(FILES)
    told = json.loads((folder / "advice.json").read_text("utf-8"))
    assert told["best_on_average"] == four().best
    assert len(told["findings"]) == len(four().findings) >= 6
    page = (folder / "findings.md").read_text("utf-8")
    for finding in four().findings:
        assert finding.sentence in page
        assert "nan" not in finding.sentence.lower()
    figure = four().plot()
    assert len(figure.axes) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"month": 26}, "month 26 is outside the run"),
        ({"month": -1}, "month -1 is outside the run"),
        ({"horizon": 0}, "a horizon of 0 months"),
        ({"choices": ["robot"]}, "no choice 'robot'"),
        ({"choices": ["generic:sometimes"]}, "no choice 'generic:sometimes'"),
        ({"choices": [""]}, "no choice is named"),
        ({"like": "charm=3"}, "not described by 'charm=3'"),
        ({"like": "cash=lots"}, "'lots' is no number"),
        ({"like": "identity=1:2"}, "an identity of 2 numbers"),
        ({"town": "9"}, "no town '9'"),
        ({"sector": "bakery"}, "no sector 'bakery'"),
        ({"replications": 0}, "0 replications"),
        ({"firm": 3, "like": "cash=1"}, "named twice"),
        ({"firm": 3}, "there is no business 3 in month 2"),
        ({"set": RICH | {"tools.available": []}}, "baseline has no tools to choose from"),
        ({"firm": "Corner Loaf"}, "there is no business 'Corner Loaf'"),
        ({"set": RICH | {"tools.available": ["generic"]}, "choices": ["custom"]}, "there is no custom tool here"),
        ({"set": RICH | {"tools.available": []}, "choices": ["generic"]}, "no tools to choose from"),
    ],
)
def test_what_cannot_be_asked(options: dict[str, object], words: str) -> None:
    given = {"set": RICH, "month": 2, "horizon": 4, "replications": 1, "jobs": 1} | options
    with pytest.raises(HomogsimError, match=words):
        advise("baseline", **given)  # type: ignore[arg-type]


def test_what_a_firm_cannot_pay_is_refused_when_asked_for_and_noted_otherwise() -> None:
    dear = RICH | {"tools.custom.upfront_cost": 1e6}
    given = {"set": dear, "month": 2, "horizon": 3, "replications": 2, "jobs": 1}
    with pytest.raises(HomogsimError, match=r"custom cannot be paid in any world: it takes \$1,600,000"):
        advise("baseline", choices=["custom"], **given)  # type: ignore[arg-type]
    found = advise("baseline", **given)  # type: ignore[arg-type]
    assert any("custom cannot be paid in 2 of 2 worlds" in note for note in found.notes)
    assert "custom" not in {choice.name for choice in found.choices}
    with pytest.raises(HomogsimError, match=r"custom with contact 0.8 costs \$1,600,000.*\n.*can pay for: none"):
        advise("baseline", firm=a_firm(), choices=["custom"], **given | {"seed": 1})  # type: ignore[arg-type]


# Kinds ----------------------------------------------------------------------------------------------------------------


def test_the_map_of_kinds(tmp_path) -> None:
    size = RICH | {"world.towns": 4, "world.reach": 0, "world.sectors": 2}
    found = map_types("baseline", set=size, month=2, horizon=6, choices=("generic", "pilot"), replications=2, jobs=1)
    table = found.businesses
    assert len(table) == 2 * 4 * 2  # nobody's customers meet, so there is one in every cell
    assert (table[f"gain {NONE}"] == 0.0).all()
    assert np.isfinite(table["gain generic"]).any()
    cells = found.cells()
    assert len(cells) == 1 + 4 * 3 + 6 * 9
    assert set(cells["verdict"]) <= {"clear", "unclear", "too few", "only choice"}
    folder = found.save(tmp_path / "map")
    assert {path.name for path in folder.iterdir()} == {"map.json", "map.csv", "businesses.csv"}
    assert len(found.plot().axes) == 6
