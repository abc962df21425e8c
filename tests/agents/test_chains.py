"""Chains: what an outlet expects where another business has just closed."""

from __future__ import annotations

import numpy as np
import pytest
from small_markets import model

from homogsim.agents import chains


def test_nobody_is_loyal_to_who_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    run = model("baseline-with-chains", {"finance.retirement": 0.2})
    run.step()
    run.step()
    market = run.market
    gone = np.flatnonzero(market.closed & ~market.firms.is_open)
    assert np.isin(market.consumers.last_before, gone).any()
    present = market.choices  # nobody has left: who is loyal to those that close would leave more
    regulars = present._replace(last=np.full_like(present.last, gone[0]))
    found = []
    for choices in (present, regulars):
        monkeypatch.setattr(type(market), "present_choices", choices)
        found.append(chains._expectations(market, gone))
    assert (found[0][1] > 0.0).all()
    for without, with_regulars in zip(*found, strict=True):
        assert without.tobytes() == with_regulars.tobytes()
