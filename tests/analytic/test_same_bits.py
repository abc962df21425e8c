"""Known answer 29: the same seed gives the same bits on any number of threads and workers, however one looks at it.

The stored hash is of one run's state: whatever Python, NumPy or processor runs this test has to reproduce it. When
numbers change on purpose, renew it together with the baselines:

    python -m pytest tests/baselines tests/analytic/test_same_bits.py --update-baselines
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from small_markets import Fingerprint, busy, busy_run, fingerprint, state_hash

from homogsim.model import MarketModel

STORED = Path(__file__).parents[1] / "baselines" / "stored" / "same-bits.json"


@pytest.fixture(scope="module")
def here() -> Fingerprint:
    return busy_run(threads=1, seed=11)


def test_two_threads(here: Fingerprint) -> None:
    assert busy_run(threads=2, seed=11) == here


def test_two_workers(here: Fingerprint) -> None:
    """Four tasks on two fresh processes give what this process gives."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        found = list(workers.map(busy_run, [1] * 4, [11, 12, 11, 12]))
    assert found[0] == found[2] == here
    assert found[1] == found[3] != here


def read_agents(run: MarketModel) -> None:
    assert len(run.agents) > 1000


def ask_around(run: MarketModel) -> None:
    run.consumers[run.month % 100].choose()
    sum(firm.next_price() for firm in run.firms)
    run.results()


@pytest.mark.parametrize("look", [read_agents, ask_around])
def test_looking_on_the_way(look: Callable[[MarketModel], None], here: Fingerprint) -> None:
    run = busy()
    while run.month <= run.last_month:
        run.step()
        if run.month % 10 == 0:
            look(run)
    assert fingerprint(run) == here


def test_recording_less_or_more(here: Fingerprint) -> None:
    rarely, fully = busy(record_every=7).run(), busy(biographies=True).run()
    assert state_hash(rarely.market) == state_hash(fully.market) == here.state
    assert fully.results().results_hash() == here.results
    every = fully.results().timeline.set_index("month")
    seen = rarely.results().timeline.set_index("month")
    assert {-12, -5, -1, 2, 35} <= set(seen.index)
    difference = (every.loc[seen.index] - seen).fillna(0.0)
    assert (difference == 0.0).all(axis=None)


@pytest.mark.parametrize("month", [-20, 10])
def test_going_on_from_a_checkpoint(month: int, here: Fingerprint, tmp_path: Path) -> None:
    run = busy()
    while run.month < month:
        run.step()
    again = MarketModel.load(run.save(tmp_path / "half-way.npz"), threads=1).run()
    assert fingerprint(again) == here


def test_the_stored_hash(here: Fingerprint, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-baselines", default=False):
        STORED.write_text(json.dumps({"core": here.core}, indent=2) + "\n", encoding="utf-8")
    assert json.loads(STORED.read_text(encoding="utf-8"))["core"] == here.core, (
        "the state of this run has other bits than it had; if numbers were changed on purpose, renew with "
        "`python -m pytest tests/baselines tests/analytic/test_same_bits.py --update-baselines`"
    )
