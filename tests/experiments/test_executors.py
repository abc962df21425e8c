"""Runs in this process and in workers: the same results, nothing lost when a worker dies, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from multiprocessing import Pipe, active_children
from pathlib import Path

import pytest
from experiments.tiny import TINY, tiny

import homogsim
from homogsim.errors import HomogsimError
from homogsim.experiments import executors, replicate
from homogsim.experiments.executors import DIED, Runner
from homogsim.experiments.replicate import Lost, Outcome, Task, identity, run_once
from homogsim.experiments.workers import READY, Worker


@dataclass(frozen=True)
class Deadly(Task):
    """A task that kills the worker that unpacks it, as running out of memory would."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (9,)


def hashes(found: list[Outcome | Lost]) -> dict[tuple[str, int], str]:
    return {one.key: one.results_hash for one in found if isinstance(one, Outcome)}


def test_a_dead_worker_costs_its_own_run_only() -> None:
    """And what the others found is what this process finds, bit for bit."""
    good = [Task(tiny(name), seed) for seed in (1, 2) for name in ("baseline", "before-automation")]
    deadly = Deadly(tiny("plug-and-play"), 1)
    with Runner(2) as runner:
        found = list(runner.run([*good[:2], deadly, *good[2:]]))
    assert active_children() == []
    (lost,) = [one for one in found if isinstance(one, Lost)]
    assert (lost.task, lost.reason) == (deadly, DIED)
    assert str(lost) == f"plug-and-play, seed 1: {DIED}"
    with Runner(1) as runner:
        assert hashes(found) == hashes(list(runner.run(good)))
    assert len(hashes(found)) == len(good)


def test_stopping_ends_the_workers() -> None:
    stopped = False
    size = {"calendar.months": 2000, "world.consumers": 2000}  # minutes
    long = [Task(tiny().override(size), seed) for seed in range(4)]
    with Runner(2, lambda: stopped) as runner:
        found = []
        for one in runner.run([Task(tiny(), 1), *long]):
            found.append(one)
            stopped, began = True, time.monotonic()
    assert len(found) == 1
    assert time.monotonic() - began < 30.0
    assert active_children() == []


def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from homogsim.experiments.executors import Runner\n"
        "from homogsim.experiments.replicate import Task\n"
        "from homogsim.scenario import Scenario\n"
        "if __name__ == '__main__':\n"
        "    tasks = [Task(Scenario.read('baseline'), seed) for seed in range(2)]\n"
        "    runner = Runner(2)\n"
        "    runner.stop = lambda: print(*(w.pid for w in runner.workers if w.task), flush=True)\n"
        "    list(runner.run(tasks))\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    environment = os.environ | {"PYTHONPATH": str(Path(homogsim.__file__).parents[1])}
    with subprocess.Popen([sys.executable, script], env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        workers: list[int] = []
        while len(workers) < 2:
            workers = [int(pid) for pid in parent.stdout.readline().split()]
        time.sleep(2.0)  # let them begin
        parent.kill()
    deadline = time.monotonic() + 60.0
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(alive, workers))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(") ")[1][:1] if Path("/proc").is_dir() else True


def test_workers_are_replaced_after_so_many_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "RUNS_A_WORKER", 1)
    hired: list[Worker] = []

    class Here(Worker):
        """A worker without a process: answers at once."""

        def __init__(self, context: object, stop: object) -> None:
            self.connection, self.other = Pipe()
            self.other.send(READY)
            self.task, self.started, self.runs = None, False, 0
            hired.append(self)

        def give(self, task: Task) -> None:
            self.task = task
            self.other.send(Lost(task, "done"))

        def end(self, seconds: float) -> None:
            assert self.connection.closed

    monkeypatch.setattr(executors, "Worker", Here)
    tasks = [Task(tiny(), seed) for seed in range(5)]
    with Runner(2) as runner:
        found = [one.task.seed for one in runner.run(tasks)]
        assert len(runner.workers) <= 2
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert [worker.runs for worker in hired] == [1] * 5


def test_workers_that_cannot_start_are_said(tmp_path: Path) -> None:
    """A script without the guard would be run again by its own workers."""
    script = tmp_path / "script.py"
    script.write_text(
        f"import homogsim as hs\nhs.compare('baseline', 'plug-and-play', set={TINY!r}, replications=1, jobs=2)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(homogsim.__file__).parents[1])}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    last = done.stderr[done.stderr.rindex("WorkersFail") :]
    assert "a worker process ended before it began" in last
    assert "__main__" in last


# --- in this process --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reason"), [(MemoryError(), "out of memory"), (ValueError("no luck"), "ValueError: no luck")]
)
def test_a_run_that_fails_is_lost_and_the_others_go_on(monkeypatch, error: Exception, reason: str) -> None:
    def failing(task: Task, stopped: object) -> Outcome:
        if task.seed == 2:
            raise error
        return run_once(task, lambda: False)

    monkeypatch.setattr(replicate, "run_once", failing)
    with Runner(1) as runner:
        found = list(runner.run([Task(tiny(), seed) for seed in (1, 2, 3)]))
    assert [type(one) for one in found] == [Outcome, Lost, Outcome]
    assert str(found[1]).startswith(f"baseline, seed 2: {reason}")


def test_a_refusal_is_no_accident(monkeypatch) -> None:
    def refusing(task: Task, stopped: object) -> Outcome:
        raise HomogsimError("this cannot be run")

    monkeypatch.setattr(replicate, "run_once", refusing)
    with Runner(1) as runner, pytest.raises(HomogsimError, match="cannot be run"):
        list(runner.run([Task(tiny(), 1)]))


def test_a_stopped_run_is_no_result() -> None:
    asked = iter([False] * 12 + [True] * 100)
    with Runner(1, lambda: next(asked)) as runner:
        assert list(runner.run([Task(tiny(), 1), Task(tiny(), 2)])) == []


# --- tasks ------------------------------------------------------------------------------------------------------------


def test_equal_markets_have_equal_identities() -> None:
    base = tiny()
    renamed = base.derive("other", "Another question?")
    assert identity(renamed) == identity(base)
    assert identity(tiny("plug-and-play")) != identity(base)
    assert identity(base.override("tools.custom.upfront_cost", 8001.0)) != identity(base)
    assert Task(base, 1).key != Task(base, 2).key


def test_an_outcome_holds_what_the_run_found() -> None:
    known = homogsim.run(tiny(), seed=5)
    found = run_once(Task(tiny(), 5), lambda: False)
    assert found.results_hash == known.results_hash()
    assert found.end == pytest.approx(known.summary, nan_ok=True, abs=0.0)
    assert found.month.tolist() == known.timeline["month"].tolist()
    assert found.timeline["mean_price"].tolist() == known.timeline["mean_price"].tolist()
    before = known.timeline[known.timeline["month"] < 0]["mean_price"].iloc[-12:]
    assert found.start["mean_price"] == pytest.approx(before.mean(), rel=1e-12)
    assert found.market is None
    assert run_once(Task(tiny(), 5, with_end=True), lambda: False).market is not None
    assert TINY["calendar.months"] == len(found.month) - 12


def test_ctrl_c_is_the_parents_business() -> None:
    """What a worker does first, in a process of its own: here it would change this one."""
    code = (
        "import os, signal\n"
        "from homogsim.experiments import workers\n"
        "workers.prepare()\n"
        "import sys; assert 'numpy' not in sys.modules, 'too late for its threads'\n"
        "assert os.environ['NUMBA_NUM_THREADS'] == os.environ['OMP_NUM_THREADS'] == '1'\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "print('still here')\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(homogsim.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300)
    assert done.stdout == "still here\n", done.stderr
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
