"""Owners: nobody else's luck shifts, what they know is what the firm knows, and what they may not do."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from small_markets import EVERYONE_HEARS, fingerprint, model, scenario

from homogsim.agents import owners
from homogsim.agents.market import Decision as Noted
from homogsim.agents.owners import Owner
from homogsim.agents.situations import Decision, Option, Situation
from homogsim.errors import HomogsimError
from homogsim.model import MarketModel
from homogsim.parameters import TOOLS

RICH = {"finance.starting_cash": 60.0}


@cache
def alone() -> MarketModel:
    """Return the finished run of a market without owners. Not to be changed by a test."""
    return model("baseline", EVERYONE_HEARS, seed=3, biographies=True).run()


def adopter() -> Noted:
    """Return the first decision of a run: who adopted what, and when."""
    return alone().market.diary.decisions[0]


def owned(policy: object, seed: int = 3) -> MarketModel:
    given = {adopter().uid: policy}
    return model("baseline", EVERYONE_HEARS, seed=seed, biographies=True, owners=given)


# Identity -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [lambda now: None, lambda now: now.own_choice.decision, lambda now: Decision()])
def test_deciding_as_the_business_would_changes_no_bit(policy) -> None:
    run = owned(policy).run()
    assert fingerprint(run) == fingerprint(alone())
    assert run.market.diary.decisions == alone().market.diary.decisions


def test_so_does_saying_again_what_the_model_has_as_reinvestment_and_stance() -> None:
    share = alone().parameters.firms.reinvestment
    run = owned(lambda now: Decision(reinvestment=share, price_stance=1.0)).run()
    assert fingerprint(run).core == fingerprint(alone()).core
    assert fingerprint(run).results == fingerprint(alone()).results


def test_only_the_focal_firm_differs_until_others_react() -> None:
    focal = adopter()
    one, other = owned(lambda now: None), owned(lambda now: now.stay.decision)
    while one.month <= focal.month:
        one.step()
        other.step()
    site = focal.uid // 4096
    assert one.market.firms.tool[site] == focal.tool != other.market.firms.tool[site]
    everybody_else = np.arange(one.market.firms.rows) != site
    # Not cash: it follows this month's sales, and these the focal firm's appeal.
    for column in ("uid", "tool", "contact", "vendor", "price", "offering", "quality", "implementation"):
        mine, theirs = (getattr(run.market.firms, column)[..., everybody_else] for run in (one, other))
        np.testing.assert_array_equal(mine, theirs, err_msg=column)
    decided = [[d for d in run.market.diary.decisions if d.uid != focal.uid] for run in (one, other)]
    assert decided[0] == decided[1]
    for run in (one, other):
        run.run()
    assert fingerprint(one) != fingerprint(other)  # they do react in the end


def test_a_loaded_model_goes_on_with_its_owners(tmp_path) -> None:
    uid = adopter().uid
    run = owned(lambda now: now.stay.decision)
    while run.month < 5:
        run.step()
    path = run.save(tmp_path / "here.npz")
    again = MarketModel.load(path, threads=1, owners={uid: lambda now: now.stay.decision}).run()
    assert fingerprint(again) == fingerprint(run.run())


# What owners know and decide ------------------------------------------------------------------------------------------


def test_a_situation_is_what_the_firm_knows_and_cannot_be_changed() -> None:
    seen: list[Situation] = []
    owned(lambda now: seen.append(now)).run()
    now = seen[0]
    assert (now.month, now.uid, now.tool, now.stay.upfront) == (0, adopter().uid, "none", 0.0)
    assert now.own_choice == now.option(TOOLS[adopter().tool], adopter().contact)
    assert now.own_choice.value == adopter().value
    assert all(option.to_pay <= now.cash for option in now.options)
    assert [r.distance for r in now.rivals] == sorted(r.distance for r in now.rivals)
    assert now.uid not in {rival.uid for rival in now.rivals}
    with pytest.raises(AttributeError):
        now.cash = 1e9  # type: ignore[misc]


def test_an_owner_chooses_the_months() -> None:
    asked = []
    uid = adopter().uid

    def policy(now: Situation) -> Decision:
        asked.append(now.month)
        return Decision("generic", 0.3) if now.month == 7 else Decision(contact=0.8)

    run = owned(Owner(policy, months=(7, 8))).run()
    assert asked == [7, 8]  # not bound by the change a month ago
    mine = [(d.month, TOOLS[d.tool], d.contact) for d in run.market.diary.decisions if d.uid == uid]
    assert mine == [(7, "generic", 0.3), (8, "generic", 0.8)]


def test_reinvestment_and_price_stance_are_followed() -> None:
    uid = adopter().uid

    def sold_at(stance: float, share: float) -> tuple[float, float]:
        run = owned(lambda now: Decision("generic", 0.0, share, stance))
        while run.month < adopter().month + 3:
            run.step()
        agent = run.firms[uid // 4096]
        own = agent.next_price() - 0.7 * agent.price
        gap = own / 0.3 - agent.unit_cost
        usual = run.parameters.consumers.choice_noise * agent.expected_sales / agent.slope
        assert gap == pytest.approx(stance * usual, rel=1e-9)
        return agent.price, agent.differentiation

    cheap, dear = sold_at(0.8, 0.0), sold_at(1.3, 1.0)
    assert cheap[0] < dear[0]
    assert cheap[1] == 0.0 < dear[1]


def test_the_next_business_at_a_site_is_nobodys() -> None:
    run = owned(Owner(lambda now: Decision(price_stance=0.5), months=range(40)))
    site = adopter().uid // 4096
    run.step()  # to the first month
    while run.month < 1:
        run.step()
    assert run.market.firms.price_stance[site] == 0.5
    run.market.firms.reset(np.array([site]))
    assert run.market.firms.price_stance[site] == 1.0


# Bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uid", [-1, 10**9, "3", True, 2.5])
def test_a_uid_that_nobody_can_have(uid: object) -> None:
    with pytest.raises(HomogsimError, match=r"there is no business .*sites 0 to 95"):
        MarketModel(scenario(), threads=1, owners={uid: lambda now: None})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"tool": "robot"}, "no tool 'robot'"),
        ({"contact": 1.5}, "contact is 1.5"),
        ({"reinvestment": -0.1}, "reinvestment is -0.1"),
        ({"reinvestment": float("nan")}, "reinvestment is nan"),
        ({"price_stance": 3.0}, "price_stance is 3.0"),
        ({"price_stance": "low"}, "price_stance is 'low'"),
    ],
)
def test_decisions_that_make_no_sense(values: dict[str, object], words: str) -> None:
    with pytest.raises(HomogsimError, match=words):
        Decision(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (lambda now: "industry", "returned 'industry'"),
        (lambda now: Decision("generic", 0.5), "generic with contact 0.5 is not on offer.*can choose: none"),
        (lambda now: Decision("custom", 0.8), r"custom with contact 0.8 costs \$1,600,000 at once.*can pay for: none"),
    ],
)
def test_policies_that_cannot_be_followed(policy, words: str) -> None:
    dear = {"tools.custom.upfront_cost": 1e6}
    run = model("baseline", EVERYONE_HEARS, dear, seed=3, owners={adopter().uid: policy})
    with pytest.raises(HomogsimError, match=r"(?s)" + words):
        run.run()


def test_owners_must_be_policies() -> None:
    with pytest.raises(HomogsimError, match="the owner of 2048 is 'industry'"):
        MarketModel(scenario(), threads=1, owners={2048: "industry"})  # type: ignore[dict-item]


def test_nothing_can_be_decided_for_who_is_not_there() -> None:
    run = model(seed=3)
    for _ in range(10):
        run.step()
    firms = run.market.firms
    empty = int(np.flatnonzero(~firms.is_open)[0])
    with pytest.raises(HomogsimError, match=r"there is no business .*\n?.*Open in town"):
        owners.look(run.market, empty * 4096)
    death = alone().market.diary.deaths[0]
    with pytest.raises(HomogsimError, match=rf"closed in month {death.month} \({death.cause}\)"):
        owners.check_open(death.uid, alone().market)


def test_contact_by_default_is_what_it_is_or_the_next_lower() -> None:
    run = model("baseline", RICH, seed=3)
    while run.month < 1:
        run.step()
    uid = int(run.market.firms.uid[np.flatnonzero(run.market.firms.independent)[0]])
    now = owners.look(run.market, uid)
    found = owners.found_option(run.market, now, Decision("generic"))
    assert isinstance(found, Option)
    assert (found.tool, found.contact) == ("generic", 0.0)
