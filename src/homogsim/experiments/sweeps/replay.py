"""One run of a sweep again, with everything that a run folder holds; the same bits as before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from homogsim.errors import HomogsimError
from homogsim.experiments.sweeps.plan import Run
from homogsim.experiments.sweeps.rows import FIRST
from homogsim.experiments.sweeps.shards import Damaged, read_shard, shard_files
from homogsim.experiments.sweeps.store import RUNS, Store
from homogsim.experiments.sweeps.work import OK, timeline_hash
from homogsim.results.folder import check_writable, refuse_existing
from homogsim.results.provenance import now

SHORTEST = 4
"""Characters of an id that may stand for it."""


@dataclass(frozen=True)
class Replay:
    """A run made again."""

    id: str
    folder: Path
    different: list[str]
    """Columns of the row that are not the same, bit for bit."""

    @property
    def identical(self) -> bool:
        """Whether it is what the sweep found."""
        return not self.different


def replay(folder: str | Path, run: str, out: str | Path | None = None, *, allow_code_change: bool = False) -> Replay:
    """Make a run of a sweep again and write its run folder.

    Parameters
    ----------
    folder : path
        Of the sweep.
    run : str
        The run's id, or how it begins.
    out : path, optional
        Run folder; must not exist. By default ``replays/ID`` in the sweep's folder.
    allow_code_change : bool
        Whether the model's code may be another.

    Raises
    ------
    HomogsimError
        There is no such run, or several; it was made with other model code.
    StorageError
        The folder exists or cannot be written.
    """
    from homogsim.model import MarketModel
    from homogsim.scenario import check_budget

    store = Store.open(Path(folder))
    row = find_row(store, run)
    store.check_code(allow=allow_code_change, remember=False)
    target = Path(out) if out is not None else store.folder / "replays" / str(row["id"])
    refuse_existing(target)
    check_writable(target)
    planned = store.plan.run(int(row["run"]))
    scenario = store.plan.scenario_of(planned)
    check_budget(scenario.parameters)
    results = MarketModel(scenario, seed=planned.seed).run().results()
    facts = {"sweep": {"folder": str(folder), "run": str(row["id"]), "replayed": now()}}
    results.provenance.update(facts)
    results.save(target)
    found: dict[str, Any] = results.summary | {
        "timeline_hash": timeline_hash(results.timeline),
        "outcome": results.status,
    }
    different = [] if row["status"] == OK else [f"status ({row['status']})"]
    different += [name for name in ("outcome", "timeline_hash") if row[name] != found[name] and row["status"] == OK]
    different += [
        name for name in store.metrics if not _same(row[name], found.get(name, np.nan)) and row["status"] == OK
    ]
    _check_row(row, planned)
    return Replay(str(row["id"]), target, different)


def find_row(store: Store, run: str) -> Mapping[str, Any]:
    """Return the stored row of a run.

    Raises
    ------
    HomogsimError
        There is none, or there are several whose id begins so.
    """
    if len(run) < SHORTEST:
        raise HomogsimError(f"{run[:40]!r} is too short to tell a run", "--run", f"Give {SHORTEST} characters or more.")
    found: list[dict[str, Any]] = []
    for path in shard_files(store.folder, RUNS):
        try:
            ids = read_shard(path, ("id",)).table["id"].to_pylist()
        except Damaged:
            continue
        places = [n for n, id in enumerate(ids) if id.startswith(run)]
        if places:
            found += read_shard(path).table.take(places).to_pylist()
    if not found:
        what = f"no stored run has an id that begins with {run[:40]!r}"
        raise HomogsimError(what, "--run", f"Column `id` of {store.folder / RUNS} has them all.")
    if len(found) > 1:
        ids = ", ".join(row["id"] for row in found[:3])
        raise HomogsimError(f"{len(found)} runs have ids that begin with {run!r} ({ids} …)", "--run")
    return found[0]


def _check_row(row: Mapping[str, Any], planned: Run) -> None:
    expected = {"run": planned.number, "point": planned.point, "replication": planned.replication, "seed": planned.seed}
    assert all(row[name] == expected[name] for name in FIRST if name != "id"), "a row is not the planned run"


def _same(one: float, other: float) -> bool:
    return np.float64(one).tobytes() == np.float64(other).tobytes() or (bool(np.isnan(one)) and bool(np.isnan(other)))
