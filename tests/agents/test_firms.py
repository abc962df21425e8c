"""The table of the tiers of tools, which is kept from call to call."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from homogsim.agents.firms import tiers
from homogsim.parameters import Parameters
from homogsim.scenario import Scenario


def dear(fee: float) -> Parameters:
    return Scenario.read("baseline").override({"tools.custom.monthly_fee": fee}).parameters


def test_the_table_of_one_market_is_made_once() -> None:
    one, other = dear(700.0), dear(800.0)
    table = tiers(one)
    assert tiers(one) is table
    assert tiers(other).monthly_fee[3] == 800.0
    assert table.monthly_fee[3] == tiers(one).monthly_fee[3] == 700.0
    assert tiers(one).fit[0] == 1.0


@pytest.mark.parametrize("known", [False, True])
def test_another_market_may_ask_at_any_moment(known: bool) -> None:
    """As another thread would between any two steps of the interpreter."""
    one, other = dear(700.0), dear(800.0)
    steps = 0

    def interrupted(at: int) -> Any:
        def step(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal steps
            if frame.f_code is not tiers.__code__:
                return None
            frame.f_trace_opcodes = True
            steps += 1
            if steps == at:
                assert tiers(other).monthly_fee[3] == 800.0
            return step

        return step

    at = 0
    while at <= steps:
        at, steps = at + 1, 0
        tiers(one if known else other)
        before = sys.gettrace()
        sys.settrace(interrupted(at))
        try:
            found = tiers(one)
        finally:
            sys.settrace(before)
        assert found.monthly_fee[3] == 700.0
    assert at > 10
