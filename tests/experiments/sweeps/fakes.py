"""Runs that take no time, and runs that go wrong in every way; workers find them in this module."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from homogsim.experiments.sweeps.plan import Plan
from homogsim.experiments.sweeps.planning import plan_sweep
from homogsim.experiments.sweeps.work import Made
from homogsim.scenario import Scenario

VARY = ("firms.reinvestment=0:1:5", "firms.human_share=0:1:3")
RAISES, EXITS, SEGFAULTS, HANGS, SLOW = 0.25, 0.5, 0.75, 1.0, 0.75
"""Values of ``firms.reinvestment`` at which `wild` goes wrong."""
UNLIKE = ("wall_seconds", "host")
"""Columns in which two runs of the same may differ."""


def small_plan(**changes: Any) -> Plan:
    """Return a plan of 15 points and two replications."""
    return plan_sweep("baseline", VARY, **{"replications": 2, **changes})


def quick(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Find something that depends on parameters and seed."""
    firms = scenario.parameters.firms
    value = firms.reinvestment + 10.0 * firms.human_share + 0.01 * seed
    metrics = {"diversity_gamma": value, "n_firms": 100.0 * value, "mean_price": np.nan}
    if not series:
        return Made("complete", metrics, f"{value:.17g}")
    from homogsim.metrics.table import METRICS

    months = np.arange(0, 24, series)
    return Made("complete", metrics, f"{value:.17g}", months, np.full((len(months), len(METRICS)), value))


def unhurried(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Take a twentieth of a second."""
    time.sleep(0.05)
    return quick(scenario, seed, series, each_month)


def wild(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Go wrong at one point in each of several ways."""
    firms = scenario.parameters.firms
    if firms.human_share == 0.0 and seed == 2:
        if firms.reinvestment == RAISES:
            raise ValueError("no such luck")
        if firms.reinvestment == EXITS:
            os._exit(9)
        if firms.reinvestment == SEGFAULTS:
            ctypes.string_at(0)
        if firms.reinvestment == HANGS:
            time.sleep(600.0)  # and never ends a month
    return quick(scenario, seed, series, each_month)


def deadly(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Leave the process in one run; take a while in the others."""
    firms = scenario.parameters.firms
    if firms.human_share == 0.0 and firms.reinvestment == EXITS and seed == 2:
        os._exit(9)
    return unhurried(scenario, seed, series, each_month)


def slow_months(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Take for ever at one point, month by month."""
    while scenario.parameters.firms.reinvestment == SLOW and seed == 1:
        time.sleep(0.01)
        each_month()
    return quick(scenario, seed, series, each_month)


def out_of_memory(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Run out of memory in every run."""
    raise MemoryError


def good_again(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Go wrong as long as a file is there."""
    if Path(os.environ["HOMOGSIM_TEST_TROUBLE"]).exists() and scenario.parameters.firms.human_share == 1.0:
        raise ValueError("trouble")
    return quick(scenario, seed, series, each_month)


def greedy(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Fill the disk once half of the runs are made."""
    firms = scenario.parameters.firms
    filler = Path(os.environ["HOMOGSIM_TEST_FILLER"])
    if firms.reinvestment == 0.5 and not filler.exists():
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
                if file.tell() > 4e6:
                    break
    return quick(scenario, seed, series, each_month)


def threads() -> Executor:
    """Return an executor, as a user's factory does."""
    return ThreadPoolExecutor(2)


def no_executor() -> str:
    """Return something else."""
    return "nothing"


def rows(folder: Path, unlike: Sequence[str] = UNLIKE) -> pd.DataFrame:
    """Return what anybody reads with pandas, in the order of runs, without what may differ."""
    frame = pd.read_parquet(folder / "runs")
    return frame.sort_values("run", ignore_index=True).drop(columns=list(unlike))


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Assert that two tables are the same, bit for bit."""
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def by_status(frame: pd.DataFrame) -> Mapping[str, int]:
    """Return how many rows have each status."""
    return frame["status"].value_counts().to_dict()


def processes() -> Executor:
    """Return the standard library's processes, all of which fail when one dies."""
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))
