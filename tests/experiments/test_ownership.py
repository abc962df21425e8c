"""Be the owner: the same luck for the user's path, the business's own and none."""

from __future__ import annotations

import json

import numpy as np
import pytest
from experiments.tiny import TINY

from homogsim.agents.owners import Decision
from homogsim.errors import HomogsimError
from homogsim.experiments.advice.candidates import Like, most_like
from homogsim.experiments.advice.courses import MONTHLY, Course
from homogsim.experiments.advice.ownership import YOU, Owned, Ownership
from homogsim.experiments.advice.worlds import BY_ITSELF, live_until
from homogsim.scenario import Scenario

RICH = TINY | {"finance.starting_cash": 12.0}


def taken_over(month: int = 2, **options: object) -> Ownership:
    model = live_until(month, Scenario.read("baseline").override(RICH), 1, lambda: False)
    uid = most_like(model.market, Like((("cash", 1e9),)))  # who can pay for anything
    assert uid is not None
    return Ownership(model, uid, **options)  # type: ignore[arg-type]


def test_letting_it_decide_is_what_it_would_have_done(tmp_path) -> None:
    mine = taken_over(name="Corner Bakery")
    for _ in range(8):
        mine.step()
    found = mine.compare()
    reference = taken_over()
    reference.model.market.owners.clear()
    for _ in range(8):
        reference.step()
    np.testing.assert_array_equal(found.courses[BY_ITSELF].net, reference.path["profit"] - reference.path["outlay"])
    assert mine.decisions == []


def test_decisions_are_followed_and_compared(tmp_path) -> None:
    mine = taken_over(name="Corner Bakery")
    assert mine.is_review
    mine.decide(Decision("industry", 0.3, reinvestment=0.6))
    for _ in range(3):
        mine.step()
    assert mine.situation.tool == "industry"
    for _ in range(5):
        if mine.is_review:
            mine.decide(mine.situation.stay.decision)
        mine.step()
    found = mine.compare()
    assert found.courses[YOU].decided == ("industry+contact0.3@2",)
    assert found.courses["none"].decided == ()
    assert len(found.paths) == 3 * 8
    np.testing.assert_array_equal(mine.path["profit"], found.courses[YOU].months["profit"])
    table = found.table.set_index("measure")
    gain = table.loc["profit", YOU] - table.loc["profit", "none"]
    assert gain == pytest.approx(found.courses[YOU].net.sum() - found.courses["none"].net.sum())
    folder = found.save(tmp_path / "class")
    told = json.loads((folder / "owner.json").read_text("utf-8"))
    assert told["name"] == "Corner Bakery"
    assert [d["month"] for d in told["decisions"]] == [2, 5, 8]
    assert {path.name for path in folder.iterdir()} == {"owner.json", "owner.csv", "paths.csv"}


def test_what_an_owner_may_not() -> None:
    mine = taken_over()
    with pytest.raises(HomogsimError, match=r"(?s)generic with contact 0.5 is not on offer"):
        mine.decide(Decision("generic", 0.5))
    mine.step()
    with pytest.raises(HomogsimError, match=r"(?s)no review in month 3.*next one is in month 5"):
        mine.decide(Decision("generic"))
    with pytest.raises(HomogsimError, match="reviews every 0 months"):
        taken_over(every=0)
    with pytest.raises(HomogsimError, match="nothing can be decided in month -3"):
        taken_over(month=-3)
    with pytest.raises(HomogsimError, match="there is no business"):
        Ownership(mine.model, 3)


def test_a_business_that_closes_stays_closed() -> None:
    mine = taken_over()
    firms = mine.model.market.firms
    firms.cash[mine.uid // 4096] = -1e9
    mine.step()
    assert (mine.is_open, mine.cause) == (False, "bankrupt")
    with pytest.raises(HomogsimError, match=r"has closed \(bankrupt\)"):
        mine.decide(None)
    mine.step()
    assert mine.path["is_open"].tolist() == [0.0, 0.0]


def hash_without_an_owner(months: int) -> str:
    model = live_until(2, Scenario.read("baseline").override(RICH), 1, lambda: False)
    for _ in range(months):
        model.step()
    return model.results().results_hash()


def test_a_business_handed_back_leaves_every_bit_as_it_was() -> None:
    mine, asked = taken_over(), taken_over()
    mine.hand_back()
    for _ in range(12):
        mine.step()
        if asked.is_review:
            asked.decide(None)
        asked.step()
    expected = hash_without_an_owner(12)
    assert mine.model.results().results_hash() == expected
    assert asked.model.results().results_hash() == expected
    assert mine.orders == [(2, "hand back")]
    assert asked.orders == [(month, "by itself") for month in (2, 5, 8, 11)]


def test_between_reviews_nobody_decides() -> None:
    mine = taken_over(every=12)
    mine.decide(Decision("none"))
    for _ in range(12):
        mine.step()
        assert mine.situation.tool == "none"
    by_itself = mine.compare().courses[BY_ITSELF]
    assert by_itself.decided  # left alone it would have bought one by then


def test_handing_back_and_taking_over_again() -> None:
    mine = taken_over()
    mine.decide(Decision("industry", 0.3, reinvestment=0.9, price_stance=1.5))
    assert not mine.is_due
    assert mine.next_review == 5
    for _ in range(2):
        mine.step()
    assert (mine.month, mine.next_review) == (4, 5)
    assert (mine.situation.reinvestment, mine.situation.price_stance) == (0.9, 1.5)
    mine.hand_back()
    assert mine.next_review is None
    with pytest.raises(HomogsimError, match="decides by itself"):
        mine.decide(None)
    mine.step()
    assert mine.situation.price_stance == 1.0
    mine.take_over()
    assert mine.is_due
    assert mine.next_review == 5
    mine.decide(mine.situation.stay.decision)
    mine.step()
    assert [(month, order if isinstance(order, str) else order.tool) for month, order in mine.orders] == [
        (2, "industry"), (4, "hand back"), (5, "take over"), (5, "industry"),
    ]  # fmt: skip


def test_what_changes_in_the_market_changes_for_all_three_courses() -> None:
    mine = taken_over()
    mine.decide(Decision("none"))
    changed = mine.model.scenario.with_event(2, {"consumers.loyalty": 0.9})
    mine.model.reschedule(changed.events)
    for _ in range(6):
        if mine.is_review:
            mine.decide(Decision("none"))
        mine.step()
    courses = mine.compare().courses
    np.testing.assert_array_equal(courses[YOU].net, courses["none"].net)


def test_the_end_in_words() -> None:
    mine = taken_over(name="  Corner Bakery ")
    mine.decide(Decision("industry", 0.3))
    for _ in range(3):
        mine.step()
    found = mine.compare()
    first, second, third = found.sentences
    assert first.startswith("Corner Bakery is still in business after 3 months and has earned ")
    assert second.startswith("Had it decided by itself, it would have ")
    assert third.startswith("Had it never automated, it would have ")
    gap = found.courses[YOU].net.sum() - found.courses["none"].net.sum()
    assert ("more" if gap < 0 else "less") in third
    assert found.paths["cumulative"].iloc[2] == pytest.approx(mine.path["cumulative"].iloc[-1])
    mine.model.firms[mine.uid // 4096]  # still there
    mine.model.market.firms.cash[mine.uid // 4096] = -1e9
    mine.step()
    closed = mine.compare().sentences
    assert closed[0].startswith("Corner Bakery closed in month 5 (bankrupt) and has earned ")
    assert closed[1].endswith("It would still be in business.")


def made_up(**nets: tuple[list[float], str]) -> Owned:
    """Return an ownership from month 4 on, of which only profits and the ends are known."""
    courses = {}
    for name, (profit, cause) in nets.items():
        months = {key: np.zeros(3) for key in MONTHLY}
        months["profit"] = np.array(profit)
        months["is_open"] = np.array([1.0, 1.0, 0.0] if cause else [1.0, 1.0, 1.0])
        courses[name.replace("_", " ")] = Course(months, cause)
    return Owned(7, "", 4, courses, ())


def test_losses_and_other_ends_in_words() -> None:
    found = made_up(you=([5.0, 5.0, 5.0], ""), by_itself=([-10.0, -20.0, 0.0], "bankrupt"), none=([5.0, 5.0, 5.0], ""))
    assert found.sentences == [
        "Business 7 is still in business after 3 months and has earned $15, set-up cost paid.",
        "Had it decided by itself, it would have lost $30: $45 less. It would have closed in month 6 (bankrupt). "
        "It would not have changed its tool.",
        "Had it never automated, it would have earned exactly as much.",
    ]
    worse = made_up(
        you=([5.0, -9.0, 0.0], "retired"), by_itself=([5.0, 5.0, 0.0], "retired"), none=([1.0, 1.0, 1.0], "")
    )
    assert worse.sentences[0] == "Business 7 closed in month 6 (retired) and has lost $4.00, set-up cost paid."
    assert worse.sentences[1].startswith("Had it decided by itself, it would have earned $10: $14 more. It would not")
    assert worse.sentences[2].endswith("earned $3.00: $7.00 more. It would still be in business.")
