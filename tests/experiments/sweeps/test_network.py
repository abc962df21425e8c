"""A worker on another network, and the cable is pulled."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

from experiments.sweeps.apart import MOST_A_BATCH, RUNS_BEFORE_CUT, plan, unshared
from experiments.sweeps.fakes import quick, rows, same

import homogsim
from homogsim.experiments.sweeps.coordinator import AHEAD
from homogsim.experiments.sweeps.sweep import Options, sweep

PATHS = os.pathsep.join([str(Path(homogsim.__file__).parents[1]), str(Path(__file__).parents[2])])
WORKERS = 2


def test_a_cut_network_costs_the_batches_in_flight_at_most(tmp_path: Path) -> None:
    """One Dask worker sits in another network namespace; it falls silent for ever, and the sweep goes on."""
    command = unshared()
    where = "apart" if command else "here"
    if not command:
        warnings.warn("no network namespaces here: a worker was stopped, no network was cut", stacklevel=1)
    log, folder = tmp_path / "log", tmp_path / "sweep"
    script = f"from experiments.sweeps.apart import main; main({str(folder)!r}, {where!r})"
    environment = os.environ | {"PYTHONPATH": PATHS, "HOMOGSIM_TEST_LOG": str(log)}
    done = subprocess.run(
        [*command, sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    here, worker, cut, *ended = done.stdout.split()
    assert ended == ["finished", "60"]
    assert int(cut) >= RUNS_BEFORE_CUT
    made = [line.split() for line in log.read_text().splitlines()]
    there = [line for line in made if line[1] == worker]
    assert there
    assert {line[0] != here for line in there} == {bool(command)}  # by a worker on another network, where there is one
    assert len(made) - plan().runs <= AHEAD * WORKERS * MOST_A_BATCH
    sweep(plan(), tmp_path / "whole", Options(executor="serial"), make=quick)
    same(rows(folder), rows(tmp_path / "whole"))
