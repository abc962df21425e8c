"""The same sweep on other people's executors, with real workers on loopback."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import pytest
from experiments.sweeps.fakes import by_status, deadly, quick, rows, same, small_plan, unhurried

from homogsim.errors import HomogsimError
from homogsim.experiments.sweeps import pools
from homogsim.experiments.sweeps import sweep as sweeping
from homogsim.experiments.sweeps.pools import open_pool, open_scheduler, weak_limit
from homogsim.experiments.sweeps.sweep import Options, sweep


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Yield a Dask cluster of two workers; it blames a task after one death, as tests have no time for four."""
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0, "distributed.admin.log-format": "%(message)s"}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as running,
    ):
        yield running


def test_a_dask_worker_is_killed_and_another_one_dies_of_its_run(cluster: Any, tmp_path: Path) -> None:
    """What is stored equals a sweep in this process but for the run that cannot be made."""
    plan, killed = small_plan(replications=4), []

    def watch(progress: Any) -> None:
        if progress.done > 5 and not killed:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    options = Options(executor=f"dask:{cluster.scheduler_address}")
    found = sweep(plan, tmp_path / "dask", options, make=deadly, watch=watch)
    assert killed
    assert found.status == "finished"
    assert found.counts == {"ok": 59, "failed": 0, "crashed": 1, "timeout": 0}
    sweep(plan, tmp_path / "here", Options(executor="serial"), make=quick)
    on_dask, here = rows(tmp_path / "dask"), rows(tmp_path / "here")
    good = on_dask["status"] == "ok"
    same(on_dask[good].reset_index(drop=True), here[good].reset_index(drop=True))
    assert "worker" in on_dask.loc[~good, "error"].iloc[0]


def test_a_scheduler_file_will_do(cluster: Any, tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text(f'{{"address": "{cluster.scheduler_address}", "type": "Scheduler", "id": "x", "workers": {{}}}}')
    found = sweep(small_plan(), tmp_path / "sweep", Options(executor=f"dask:{file}"), make=quick)
    assert found.counts["ok"] == 30


def test_anybodys_executor_will_do(tmp_path: Path) -> None:
    options = Options(executor="experiments.sweeps.fakes:threads")
    assert sweep(small_plan(), tmp_path / "sweep", options, make=quick).counts["ok"] == 30
    sweep(small_plan(), tmp_path / "here", Options(executor="serial"), make=quick)
    same(rows(tmp_path / "sweep"), rows(tmp_path / "here"))


def test_a_pool_that_breaks_as_a_whole_is_made_anew_and_the_guilty_run_found(tmp_path: Path) -> None:
    """One dead worker fails everything in flight of `ProcessPoolExecutor`."""
    options = Options(executor="experiments.sweeps.fakes:processes")
    found = sweep(small_plan(), tmp_path / "sweep", options, make=deadly)
    assert found.status == "finished"
    assert by_status(rows(tmp_path / "sweep")) == {"ok": 29, "crashed": 1}


@pytest.mark.parametrize(("name", "told"), [
    ("clouds", "there is no executor 'clouds'"),
    ("dask:127.0.0.1:1", "does not answer"),
    ("dask:nowhere.json", "there is no file nowhere.json"),
    ("no_such_module:factory", "cannot load"),
    ("experiments.sweeps.fakes:no_such_thing", "cannot load"),
    ("experiments.sweeps.fakes:no_executor", "returned no executor"),
])  # fmt: skip
def test_executors_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, told: str) -> None:
    monkeypatch.setattr(pools, "ANSWER_SECONDS", 2.0)
    with pytest.raises(HomogsimError, match=told) as error:
        sweep(small_plan(), tmp_path / "sweep", Options(executor=name), make=quick)
    assert error.value.exit_code == 2
    assert not (tmp_path / "sweep").exists()


def test_a_scheduler_without_workers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr(sweeping, "ANSWER_SECONDS", 1.0)
    told = pytest.raises(HomogsimError, match="no worker answered within 1 s")
    with LocalCluster(n_workers=0, dashboard_address=None, silence_logs=50) as empty, told:
        sweep(small_plan(), tmp_path / "sweep", Options(executor=f"dask:{empty.scheduler_address}"), make=quick)
    assert not (tmp_path / "sweep").exists()


def test_other_code_on_the_workers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "source_files", lambda: {"laws/pricing.py": "000000000000"})
    options = Options(executor="experiments.sweeps.fakes:threads")
    with pytest.raises(HomogsimError, match="has other model code"):
        sweep(small_plan(), tmp_path / "sweep", options, make=quick)
    assert not (tmp_path / "sweep").exists()


@pytest.mark.parametrize(("name", "warned"), [
    ("dask:tcp://10.0.0.7:8786", True), ("dask:10.0.0.7:8786", True), ("dask:tcp://cluster.example:8786", True),
    ("dask:tls://10.0.0.7:8786", False), ("dask:tcp://127.0.0.1:8786", False), ("dask:localhost:8786", False),
    ("dask:tcp://[::1]:8786", False), ("dask:scheduler.json", False), ("process", False), ("serial", False),
])  # fmt: skip
def test_an_open_scheduler_draws_a_warning(name: str, warned: bool) -> None:
    assert bool(open_scheduler(name)) == warned


def test_a_limit_that_cannot_end_every_run_is_told() -> None:
    assert "--executor process ends that one" in weak_limit("serial", 5.0)
    assert "--executor mine:pool" in weak_limit("mine:pool", 5.0)
    assert weak_limit("process", 5.0) == weak_limit("dask:tls://there:8786", 5.0) == weak_limit("serial", None) == ""


def test_the_coordinator_forgets_what_is_on_the_disk(tmp_path: Path) -> None:
    """Few batches are in flight, however many runs there are."""
    pool = open_pool("experiments.sweeps.fakes:threads", 2)
    most, submit = [0], pool.executor.submit
    flying: set[Any] = set()

    def counted(*call: Any) -> Any:
        flying.difference_update({future for future in flying if future.done()})
        future = submit(*call)
        flying.add(future)
        most[0] = max(most[0], len(flying))
        return future

    pool.executor.submit = counted  # type: ignore[method-assign]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sweeping, "open_pool", lambda name, jobs: pool)
        sweep(small_plan(replications=4), tmp_path / "sweep", Options(executor="threads", jobs=2), make=unhurried)
    assert 2 <= most[0] <= 4
