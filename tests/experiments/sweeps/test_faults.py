"""What kills workers and coordinators: found, isolated, recorded; nothing finished is lost or stored twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from experiments.sweeps.fakes import (
    EXITS,
    HANGS,
    RAISES,
    SEGFAULTS,
    SLOW,
    by_status,
    good_again,
    out_of_memory,
    quick,
    rows,
    same,
    slow_months,
    small_plan,
    wild,
)  # fmt: skip

import homogsim
from homogsim.errors import HomogsimError
from homogsim.experiments.sweeps.lock import Locked, is_held, locked
from homogsim.experiments.sweeps.sweep import Options, sweep

SERIAL, TWO = Options(executor="serial"), Options(jobs=2)
MANY = small_plan(replications=10)
PATHS = os.pathsep.join([str(Path(homogsim.__file__).parents[1]), str(Path(__file__).parents[2])])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Return the rows of an uninterrupted sweep in this process."""
    folder = tmp_path_factory.mktemp("whole") / "sweep"
    assert sweep(small_plan(), folder, SERIAL, make=quick).counts == {"ok": 30, "failed": 0, "crashed": 0, "timeout": 0}
    return rows(folder)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Return the rows of a longer one."""
    folder = tmp_path_factory.mktemp("many") / "sweep"
    assert sweep(MANY, folder, SERIAL, make=quick).counts["ok"] == 150
    return rows(folder)


def test_runs_that_go_wrong_are_rows_and_the_others_are_what_they_would_be(tmp_path: Path, whole: pd.DataFrame) -> None:
    """One run raises, one leaves its process, one makes it crash, one hangs in a month for ever."""
    found = sweep(small_plan(), tmp_path / "sweep", Options(jobs=2, timeout=2.0), make=wild)
    assert found.status == "finished"
    assert found.counts == {"ok": 26, "failed": 1, "crashed": 2, "timeout": 1}
    frame = rows(tmp_path / "sweep")
    bad = frame[frame["status"] != "ok"].set_index("firms.reinvestment")
    assert set(bad["firms.human_share"]) == {0.0}
    assert bad.loc[RAISES, "error"].startswith("ValueError: no such luck (fakes.py, line ")
    assert bad.loc[EXITS, "error"].endswith("exit code 9")
    assert bad.loc[SEGFAULTS, "error"].endswith("SIGSEGV")
    assert bad.loc[HANGS, "error"] == "took longer than 2 s, and did not end a month"
    assert bad["n_firms"].isna().all()
    good = frame[frame["status"] == "ok"]
    same(good.reset_index(drop=True), whole[whole["run"].isin(good["run"])].reset_index(drop=True))


def test_a_run_that_takes_too_long_is_stopped_after_its_month(tmp_path: Path) -> None:
    sweep(small_plan(), tmp_path / "sweep", Options(executor="serial", timeout=0.05), make=slow_months)
    frame = rows(tmp_path / "sweep")
    late = frame[frame["status"] == "timeout"]
    assert len(late) == 3
    assert set(late["firms.reinvestment"]) == {SLOW}
    assert set(late["error"]) == {"took longer than 0.05 s"}


def test_out_of_memory_is_a_failure_of_the_run(tmp_path: Path) -> None:
    found = sweep(small_plan(replications=1), tmp_path / "sweep", SERIAL, make=out_of_memory)
    assert found.counts["failed"] == 15
    assert set(rows(tmp_path / "sweep")["error"]) == {"out of memory"}


def test_failed_runs_are_made_again_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole) -> None:
    trouble, folder = tmp_path / "trouble", tmp_path / "sweep"
    monkeypatch.setenv("HOMOGSIM_TEST_TROUBLE", str(trouble))
    trouble.touch()
    assert sweep(small_plan(), folder, SERIAL, make=good_again).counts["failed"] == 10
    trouble.unlink()
    assert sweep(small_plan(), folder, SERIAL, make=good_again).made == 0  # not unless asked
    again = sweep(small_plan(), folder, Options(executor="serial", retry_failed=True), make=good_again)
    assert (again.made, again.failed) == (10, 0)
    same(rows(folder), whole)


def test_a_second_coordinator_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    sweep(small_plan(), folder, SERIAL, make=quick)
    with locked(folder):
        assert is_held(folder)
        with pytest.raises(Locked) as error:
            sweep(small_plan(), folder, SERIAL, make=quick)
    assert error.value.exit_code == 73
    assert f"process {os.getpid()} on " in str(error.value)
    assert not is_held(folder)
    assert sweep(small_plan(), folder, SERIAL, make=quick).made == 0


SCRIPT = """
import sys
from experiments.sweeps.fakes import greedy, small_plan, unhurried
from homogsim.errors import HomogsimError
from homogsim.experiments.sweeps.sweep import Options, sweep
if __name__ == "__main__":
    tell = lambda progress: print(progress.done, flush=True)
    try:
        plan, make = small_plan(replications=10), {"serial": greedy, "process": unhurried}[sys.argv[2]]
        found = sweep(plan, sys.argv[1], Options(jobs=2, executor=sys.argv[2]), make=make, watch=tell)
    except HomogsimError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
"""


def start(tmp_path: Path, folder: Path, executor: str = "process") -> subprocess.Popen[str]:
    """Start a sweep in a process of its own."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": PATHS}
    return subprocess.Popen(
        [sys.executable, str(script), str(folder), executor], env=environment, stdout=subprocess.PIPE, text=True
    )


def children(pid: int) -> list[int]:
    """Return the processes that a process started."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(line) for line in found.split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_coordinator_loses_nothing_that_was_stored(tmp_path: Path, many: pd.DataFrame) -> None:
    """And its workers go with it, and its lock; what is resumed equals what was never interrupted, row for row."""
    folder = tmp_path / "sweep"
    running = start(tmp_path, folder)
    assert running.stdout is not None
    for line in running.stdout:
        if int(line) >= 1 and list((folder / "runs").glob("*.parquet")):
            break
    workers = children(running.pid)
    running.send_signal(signal.SIGKILL)
    running.wait(60)
    stored = rows(folder)
    assert 0 < len(stored) < 150
    resumed = sweep(MANY, folder, SERIAL, make=quick)
    assert resumed.made == 150 - len(stored)
    same(rows(folder), many)
    until = time.monotonic() + 60.0
    while any(map(alive, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert workers
    assert not any(map(alive, workers))


def test_a_killed_worker_costs_its_batch_at_most(tmp_path: Path, many: pd.DataFrame) -> None:
    folder = tmp_path / "sweep"
    running = start(tmp_path, folder)
    assert running.stdout is not None
    for line in running.stdout:
        if int(line) >= 3:
            break
    python = [pid for pid in children(running.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(python[0], signal.SIGKILL)
    running.stdout.read()
    assert running.wait(300) == 0
    assert by_status(rows(folder)) == {"ok": 150}
    same(rows(folder), many)


def small_disk(folder: Path, run: str) -> list[str]:
    """Return a command that runs something twice where little can be written: first too little, then enough.

    On a tmpfs of its own where that may be mounted, by root or in a user's namespace; elsewhere under a limit of the
    size of files. Prints both exit codes.
    """
    tmpfs = (
        f"mount -t tmpfs -o size=3m none {folder} && cd {folder} && ({run}; echo code $?; "
        f"rm {folder}/filler; touch {folder}/filler; {run}; echo code $?; cp -r {folder} {folder}-after)"
    )
    limit = f"cd {folder}; (ulimit -f 14; {run}); echo code $?; {run}; echo code $?; cp -r {folder} {folder}-after"
    for flags in ("-m", "-rm"):
        command = ["unshare", flags, "sh", "-c"]
        if shutil.which("unshare") and not subprocess.call([*command, f"mount -t tmpfs none {folder}"], stderr=-3):
            return [*command, tmpfs]
    return ["bash", "-c", limit]


def test_a_really_full_disk(tmp_path: Path, many: pd.DataFrame) -> None:
    """Exit code 74, and the same command goes on once there is space."""
    disk, script = tmp_path / "disk", tmp_path / "script.py"
    disk.mkdir()
    script.write_text(SCRIPT)
    command = small_disk(disk, f"{sys.executable} {script} {disk}/sweep serial")
    environment = os.environ | {"PYTHONPATH": PATHS, "HOMOGSIM_TEST_FILLER": str(disk / "filler")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert [line for line in done.stdout.splitlines() if line.startswith("code")] == ["code 74", "code 0"], done.stderr
    assert "the same command goes on" in done.stderr
    same(rows(tmp_path / "disk-after" / "sweep"), many)


@pytest.mark.parametrize(("change", "told"), [
    ({"seed": 3}, "--seed was 1, is 3"),
    ({"replications": 1}, "--replications was 2, is 1"),
    ({"independent": True}, "--independent was False, is True"),
    ({"set": {"world.towns": 3}}, "the scenario differs (world.towns was 8, is 3)"),
    ({"design": "lhs", "samples": 4}, "--design was grid, is lhs"),
    ({"series": 1}, "--series was 0, is 1"),
])  # fmt: skip
def test_another_sweep_is_not_mixed_into_a_folder(tmp_path: Path, change: dict, told: str) -> None:
    sweep(small_plan(), tmp_path / "sweep", SERIAL, make=quick)
    with pytest.raises(HomogsimError) as error:
        sweep(small_plan(**change), tmp_path / "sweep", SERIAL, make=quick)
    assert told in str(error.value)
    assert len(rows(tmp_path / "sweep")) == 30


def test_other_model_code_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    sweep(small_plan(), folder, SERIAL, make=quick)
    path = folder / "sweep.json"
    text = path.read_text()
    code = text.split('"code": "')[1][:16]
    old = text.replace(code, "0" * 16).replace('"laws/pricing.py": "', '"laws/pricing.py": "x')
    path.write_text(old)
    with pytest.raises(HomogsimError, match=r"changed: laws/pricing.py"):
        sweep(small_plan(), folder, SERIAL, make=quick)
    assert path.read_text() == old
    assert sweep(small_plan(), folder, Options(executor="serial", allow_code_change=True), make=quick).made == 0
    assert code in path.read_text()
