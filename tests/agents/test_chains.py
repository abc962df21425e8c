"""Chains: what an outlet expects where another business has just closed."""

from __future__ import annotations

import numpy as np
from small_markets import model

from homogsim.agents import chains


def test_nobody_is_loyal_to_who_comes_after() -> None:
    run = model("baseline-with-chains", {"finance.retirement": 0.2})
    run.step()
    run.step()
    market = run.market
    present = market.present_choices()
    gone = np.flatnonzero(market.closed)
    regulars = np.isin(present.last, gone)
    assert regulars.any()
    known = chains._without_regulars(present, market.closed)
    assert (known.last == np.where(regulars, -1, present.last)).all()
    assert np.isin(market.consumers.last_before, gone).sum() == regulars.sum()  # a copy: they were there all the same
