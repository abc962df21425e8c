"""A sweep with a Dask worker in another network namespace, whose network is cut while it is at work.

`main` runs in a network namespace of its own (``unshare --net``), so that nothing of the machine's network is touched
and nothing is left behind. Where that is not allowed it runs as it is, and the worker is stopped in place of being cut
off: it falls as silent.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.sweeps.fakes import quick, small_plan

from homogsim.experiments.sweeps.plan import Plan
from homogsim.experiments.sweeps.work import Made
from homogsim.scenario import Scenario

HERE, THERE = "10.213.7.1", "10.213.7.2"
RUNS_BEFORE_CUT = 12
MOST_A_BATCH = 2
SILENT = "15s"
"""After which the scheduler takes a worker for lost; five minutes by default."""


def plan() -> Plan:
    """Return a plan of 60 runs."""
    return small_plan(replications=4)


def logged(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Take a moment, and note where each run is made, also if its result will be lost."""
    time.sleep(0.1)
    firms = scenario.parameters.firms
    note = f"{namespace()} {os.getpid()} {firms.reinvestment} {firms.human_share} {seed}\n"
    handle = os.open(os.environ["HOMOGSIM_TEST_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, note.encode())
    os.close(handle)
    return quick(scenario, seed, series, each_month)


def namespace(pid: int | str = "self") -> str:
    """Return the name of a process's network namespace."""
    return os.readlink(f"/proc/{pid}/ns/net")


def unshared() -> list[str]:
    """Return what runs a command in a network namespace of its own; nothing where that is not allowed."""
    for flags in ("-n", "-rn"):
        attempt = "ip link set lo up && ip link add left type veth peer name right && unshare -n true && nsenter -V"
        if shutil.which("unshare") and not subprocess.call(
            ["unshare", flags, "sh", "-c", attempt], stdout=-3, stderr=-3
        ):
            return ["unshare", flags]
    return []


def other_namespace() -> subprocess.Popen[bytes]:
    """Return a process in another network namespace, which one cable joins with this one."""
    command = ["unshare", "-n", "cat"]  # ends when its input does, which is with us
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    while namespace(holder.pid) == namespace():
        time.sleep(0.05)
    inside = f"nsenter --net=/proc/{holder.pid}/ns/net"
    for command in (
        "ip link set lo up", "ip link add left type veth peer name right", f"ip link set right netns {holder.pid}",
        f"ip addr add {HERE}/30 dev left", "ip link set left up", f"{inside} ip link set lo up",
        f"{inside} ip addr add {THERE}/30 dev right", f"{inside} ip link set right up",
    ):  # fmt: skip
        subprocess.run(command.split(), check=True)
    return holder


def main(folder: str, where: str) -> None:
    """Run the sweep; print when the cut came and how the sweep ended."""
    import dask
    from distributed import LocalCluster

    from homogsim.experiments.sweeps import queue
    from homogsim.experiments.sweeps.sweep import Options, sweep

    queue.MOST_A_BATCH = MOST_A_BATCH
    holder = other_namespace() if where == "apart" else None
    inside = [] if holder is None else ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
    host = HERE if holder is not None else "127.0.0.1"
    with (
        dask.config.set({"distributed.scheduler.worker-ttl": SILENT, "distributed.comm.timeouts.connect": "5s"}),
        LocalCluster(n_workers=1, threads_per_worker=1, host=host, dashboard_address=None, silence_logs=50) as cluster,
    ):
        command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address, "--nthreads", "1"]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        worker = subprocess.Popen([*inside, *command, "--no-nanny", "--no-dashboard"], **quiet)
        cut: list[int] = []

        def watch(progress: Any) -> None:
            noted = Path(os.environ["HOMOGSIM_TEST_LOG"])
            there = noted.exists() and f" {worker.pid} " in noted.read_text()
            if not cut and there and progress.done >= RUNS_BEFORE_CUT:
                cut.append(progress.done)
                if holder is None:
                    os.kill(worker.pid, signal.SIGSTOP)
                else:
                    subprocess.run([*inside, "ip", "link", "set", "right", "down"], check=True)

        try:
            while len(cluster.scheduler_info["workers"]) < 2:
                time.sleep(0.1)
            options = Options(executor=f"dask:{cluster.scheduler_address}")
            found = sweep(plan(), folder, options, make=logged, watch=watch)
            sys.stdout.write(" ".join(map(str, (namespace(), worker.pid, *cut, found.status, found.counts["ok"]))))
        finally:
            for process in (worker, holder):
                if process is not None:
                    process.kill()
                    process.wait()
