"""How far a sweep is, from its folder alone; nothing is changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from homogsim.experiments.sweeps.lock import holder, is_held
from homogsim.experiments.sweeps.shards import Damaged, read_shard, shard_files
from homogsim.experiments.sweeps.store import RUNS, Store
from homogsim.experiments.sweeps.work import OK
from homogsim.results.code import code_difference, code_hash

FACTS = ("id", "point", "replication", "seed", "status", "error")


@dataclass(frozen=True)
class Status:
    """How far a sweep is."""

    folder: str
    scenario: str
    design: str
    factors: list[str]
    points: int
    replications: int
    planned: int
    stored: int
    counts: dict[str, int]
    holder: str
    """Who is at work on it; empty when nobody is."""
    code_change: str
    """How the model's code differs from that of the stored runs; empty when it does not."""
    damaged: list[str] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    """Runs that are not ok: id, point, replication, seed, status, error."""

    @property
    def complete(self) -> bool:
        """Whether all planned runs are stored."""
        return self.stored == self.planned

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return asdict(self) | {"complete": self.complete}


def read_status(folder: str | Path) -> Status:
    """Return how far a sweep is.

    Raises
    ------
    StorageError
        There is no sweep in the folder, or it cannot be read.
    """
    store = Store.open(Path(folder))
    stored, plan = store.load(), store.plan
    other = store.head["code"] != code_hash()
    return Status(
        folder=str(folder),
        scenario=plan.scenario.name,
        design=plan.design.kind,
        factors=[str(factor) for factor in plan.factors],
        points=len(plan.design),
        replications=plan.replications,
        planned=plan.runs,
        stored=stored.runs,
        counts=stored.counts(),
        holder=holder(store.folder) if is_held(store.folder) else "",
        code_change=(code_difference(store.head.get("sources", {})) or store.head["code"]) if other else "",
        damaged=stored.set_aside,
        failed=_failed(store) if stored.failed else [],
    )


def _failed(store: Store) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in shard_files(store.folder, RUNS):
        try:
            rows = read_shard(path, FACTS).table.to_pylist()
        except Damaged:
            continue
        found += [row for row in rows if row["status"] != OK]
    return sorted(found, key=lambda row: (row["point"], row["replication"]))
