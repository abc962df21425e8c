"""One run in a process of its own, so that its memory is its own: ``one_run.py '{"world.towns": 8}' MONTHS THREADS``.

Prints JSON: seconds to build; for each month its seconds, the processor's, the utility evaluations, and the seconds of
the demand part and of the recorder; and the highest resident memory.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from figures import highest_memory

from homogsim.agents import trading
from homogsim.model import MarketModel

YOUNG = 4
"""Months that are run before the first one is timed: there everything is compiled and loaded."""


def timed(owner: Any, name: str, clock: dict[str, float], entry: str) -> None:
    """Let a function add its wall time to an entry of `clock`."""
    function: Callable[..., Any] = getattr(owner, name)

    def call(*given: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*given, **named)
        finally:
            clock[entry] = clock.get(entry, 0.0) + time.perf_counter() - start

    setattr(owner, name, call)


def evaluations(model: MarketModel) -> int:
    """Return how many utilities a month evaluates: each consumer's open outlets within reach."""
    market, world = model.market, model.parameters.world
    in_cell = np.bincount(market.site_cell[market.firms.is_open], minlength=world.cells).reshape(world.sectors, -1)
    return int(in_cell[:, market.geography.reach_towns].sum(axis=2).sum()) * world.consumers


def run(changes: dict[str, Any], months: int, threads: int) -> dict[str, Any]:
    """Make the run."""
    start = time.perf_counter()
    short = {"calendar.warm_up": 2, "calendar.before": 3, "calendar.months": YOUNG + months}
    model = MarketModel("baseline", seed=1, threads=threads, **(short | changes))
    built = time.perf_counter() - start
    for _ in range(5 + YOUNG):
        model.step()
    clock: dict[str, float] = {}
    timed(trading, "choose", clock, "demand")
    timed(model.recorder, "look", clock, "recorder")
    timed(model.recorder, "close_month", clock, "recorder")
    rows = []
    while model.month <= model.last_month:
        clock.clear()
        asked, start, used = evaluations(model), time.perf_counter(), time.process_time()
        model.step()
        taken = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - used}
        rows.append({"month": model.month - 1, "evaluations": asked} | taken | clock)
    return {
        "consumers": model.market.consumers.rows, "sites": model.market.firms.rows,
        "towns": model.parameters.world.towns, "threads": threads, "build": built,
        "memory": highest_memory(), "months": rows,
        "open": float(model.market.firms.is_open.mean()),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
