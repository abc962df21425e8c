"""Who gets what firms spend, by hand."""

from __future__ import annotations

import pytest

from homogsim.metrics.accounting import labour_cost, landlord_rent, vendor_profit


def test_rent_and_fees() -> None:
    assert landlord_rent([3000.0, 6000.0]) == pytest.approx(3000.0)
    assert vendor_profit([200.0, 600.0]) == pytest.approx(600.0)
    assert landlord_rent([]) == vendor_profit([]) == 0


def test_what_tools_save_is_work() -> None:
    # 2/3 of 6,000, and .2·10 = 2 dollars of work in each of 100 units, of which the tool saves .5
    assert labour_cost([6000.0], [10.0], [10.0], [100.0]) == pytest.approx([4200.0])
    assert labour_cost([6000.0], [10.0], [9.5], [100.0]) == pytest.approx([4150.0])


def test_no_more_work_than_there_is_can_be_saved_and_a_dearer_tool_saves_none() -> None:
    assert labour_cost([0.0, 0.0], [10.0, 10.0], [5.0, 11.0], [100.0, 100.0]) == pytest.approx([0.0, 200.0])
