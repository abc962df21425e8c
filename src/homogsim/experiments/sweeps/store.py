"""The folder of a sweep: its plan, shards of finished runs, and what was found damaged."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.errors import HomogsimError, StorageError
from homogsim.experiments.sweeps.designs import GROWING
from homogsim.experiments.sweeps.head import HEAD, read_head, refuse_foreign, written_head
from homogsim.experiments.sweeps.plan import Plan
from homogsim.experiments.sweeps.rows import metric_names, runs_table, series_table
from homogsim.experiments.sweeps.shards import (
    PARTIAL,
    Damaged,
    Shard,
    read_shard,
    row_count,
    shard_files,
    write_shard,
)
from homogsim.experiments.sweeps.work import OK, STATUSES, Found
from homogsim.results.code import code_difference, code_hash
from homogsim.results.folder import check_writable, storage_errors

if TYPE_CHECKING:
    import pyarrow as pa

RUNS, SERIES, DAMAGED = "runs", "series", "damaged"
SHARD_ROWS, SERIES_ROWS = 1_000, 200
"""Runs that small shards are joined to, without and with series."""
JOIN_SHARDS = 64
"""Small shards that are left before they are joined while a sweep runs."""
MISSING = 0
"""Code of a run that is not stored; others are 1 + its place in `STATUSES`."""


@dataclass
class Stored:
    """Which runs of a plan are stored, and how they ended."""

    status: np.ndarray
    """Code of every run, shape (runs,)."""
    set_aside: list[str] = field(default_factory=list)
    """What was found damaged, and why."""

    @property
    def runs(self) -> int:
        """Number of stored runs."""
        return int((self.status != MISSING).sum())

    def counts(self) -> dict[str, int]:
        """Return how many stored runs ended in each way."""
        return {name: int((self.status == n + 1).sum()) for n, name in enumerate(STATUSES)}

    @property
    def failed(self) -> int:
        """Number of stored runs that are not ok."""
        return self.runs - self.counts()[OK]


class Store:
    """A sweep folder.

    Parameters
    ----------
    folder : Path
        The folder.
    plan : Plan
        Of the sweep; what is in the folder is part of it.
    head : dict
        What ``sweep.json`` says.
    """

    def __init__(self, folder: Path, plan: Plan, head: dict[str, Any]) -> None:
        self.folder, self.plan, self.head = folder, plan, head
        self.sweep = str(head["sweep"])
        self.metrics = metric_names(plan)
        self._small = 0

    # Opening --------------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, folder: Path, plan: Plan, needed: int = 0) -> Store:
        """Make a new sweep folder.

        Raises
        ------
        HomogsimError
            There is something else of that name.
        StorageError
            It cannot be written, or `needed` bytes are not free.
        """
        refuse_foreign(folder)
        check_writable(folder / "any" if folder.is_dir() else folder, needed)
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, plan, written_head(folder, plan))

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open a sweep folder.

        Raises
        ------
        StorageError
            It is none, damaged, or written by a later version.
        """
        head = read_head(folder)
        try:
            return cls(folder, Plan.from_about(head["plan"]), head)
        except StorageError as error:
            raise StorageError(error.what, str(folder / HEAD), error.help or "Restore a copy of it.") from error

    def check_same(self, plan: Plan) -> None:
        """Refuse to go on with another plan.

        Raises
        ------
        HomogsimError
            Says in what they differ.
        """
        if different := plan.difference(self.plan):
            what = f"the folder holds another sweep: {different}"
            raise HomogsimError(what, str(self.folder), _how_to_go_on(self.plan, plan))

    def check_code(self, *, allow: bool, remember: bool = True) -> None:
        """Refuse to go on with other model code, unless it is allowed; then the folder may remember the new one.

        Raises
        ------
        HomogsimError
            Says which files differ.
        """
        if self.head["code"] == code_hash():
            return
        difference = code_difference(self.head.get("sources", {}))
        if not allow:
            what = f"the folder was made with other model code ({difference or self.head['code']})"
            help = "Check out that code, start anew with another --out, or mix on purpose with --allow-code-change."
            raise HomogsimError(what, str(self.folder), help)
        if remember:
            self.head = written_head(self.folder, self.plan, before=self.head)

    def grow(self, plan: Plan) -> None:
        """Go on with a larger plan, of which the stored one is the beginning."""
        self.head = written_head(self.folder, plan, before=self.head)
        self.plan = plan

    # Runs -----------------------------------------------------------------------------------------------------

    def load(self, *, tidy: bool = False) -> Stored:
        """Return which runs are stored, after reading every shard.

        Parameters
        ----------
        tidy : bool
            Whether to set damaged shards aside, so that their runs are made again; only for who holds the lock.
        """
        stored = Stored(np.zeros(self.plan.runs, dtype=np.int8))
        if tidy:
            shutil.rmtree(self.folder / PARTIAL, ignore_errors=True)  # of a session that was killed
        used, left = set[str](), set[str]()
        codes = {name: n + 1 for n, name in enumerate(STATUSES)}
        for path in sorted(shard_files(self.folder, RUNS), key=row_count, reverse=True):
            if path.name in left:  # a crash came between a joined shard and the end of those it took over
                if tidy:
                    _remove(path)
                continue
            try:
                shard = self._checked(path, stored, ("run", "status"))
            except Damaged as reason:
                stored.set_aside.append(f"{RUNS}/{path.name}: {reason}")
                if tidy:
                    self._set_aside(path)
                continue
            except StorageError:
                if tidy or path.exists():
                    raise
                return self.load()  # who is at work has joined it to others meanwhile
            used.add(shard.series)
            left.update(shard.joined)
            numbers = shard.table["run"].to_numpy()
            stored.status[numbers] = [codes[name] for name in shard.table["status"].to_pylist()]
        if tidy:
            self._drop_series(used)
        return stored

    def _checked(self, path: Path, stored: Stored, columns: Sequence[str]) -> Shard:
        """Return a shard that is whole, part of this sweep, and says nothing that another one says."""
        shard = read_shard(path, columns)
        if shard.sweep != self.sweep:
            raise Damaged("it is part of another sweep")
        numbers = shard.table["run"].to_numpy()
        if len(numbers) == 0 or numbers.min() < 0 or numbers.max() >= self.plan.runs:
            raise Damaged("it holds runs that are not planned")
        if (stored.status[numbers] != MISSING).any() or len(np.unique(numbers)) < len(numbers):
            raise Damaged("its runs are stored already")
        if self.plan.series and shard.series:
            series = self.folder / SERIES / Path(shard.series).name
            if not series.is_file():
                raise Damaged("its series are missing")
            read_shard(series, ("run",))
        return shard

    def _set_aside(self, path: Path) -> None:
        place = self.folder / DAMAGED
        with storage_errors(place):
            place.mkdir(exist_ok=True)
            os.replace(path, place / path.name)

    def _drop_series(self, used: set[str]) -> None:
        """Remove series of runs that are not stored: a crash came between the two."""
        for path in shard_files(self.folder, SERIES):
            if path.name not in used:
                _remove(path)

    def add(self, done: Sequence[tuple[Found, dict[str, str]]]) -> None:
        """Write finished runs, and wait until they are on the disk."""
        rows = sorted(((f, about, self.plan.run_id(f.run, _model(about))) for f, about in done), key=_number)
        first, series = rows[0][0].run.number, ""
        table = series_table(rows) if self.plan.series else None
        if table is not None:
            series = write_shard(self.folder, SERIES, table, first, self.sweep).name
        write_shard(self.folder, RUNS, runs_table(self.plan, self.metrics, rows), first, self.sweep, series)
        self._small += self._is_small(len(rows))
        if self._small >= JOIN_SHARDS:
            self.compact()

    def compact(self) -> None:
        """Join small shards to larger ones, so that long runs do not leave a file each.

        The new shard, which names those that it takes over, is on the disk before they go. A crash between leaves runs
        stored twice: `load` removes what was taken over.
        """
        self._small = 0
        for group in self._small_groups():
            try:
                shards = [read_shard(path) for path in group]
            except Damaged:
                return  # found, told and mended when all is read back
            rows = _joined([shard.table for shard in shards])
            parts = [self.folder / SERIES / Path(shard.series).name for shard in shards if shard.series]
            first, series = int(rows["run"][0].as_py()), ""
            if parts:
                table = _joined([read_shard(part).table for part in parts])
                series = write_shard(self.folder, SERIES, table, first, self.sweep).name
            write_shard(self.folder, RUNS, rows, first, self.sweep, series, [path.name for path in group])
            for path in [*group, *parts]:
                _remove(path)

    def _small_groups(self) -> Iterator[list[Path]]:
        """Yield shards to be joined, in the order of their runs."""
        group: list[Path] = []
        rows = 0
        for path in shard_files(self.folder, RUNS):
            if not self._is_small(count := row_count(path)):
                continue
            group.append(path)
            rows += count
            if rows >= self._most_rows:
                yield group
                group, rows = [], 0
        if len(group) > 1:
            yield group

    @property
    def _most_rows(self) -> int:
        return SERIES_ROWS if self.plan.series else SHARD_ROWS

    def _is_small(self, rows: int) -> bool:
        return rows < self._most_rows // 2

    def forget_failed(self) -> int:
        """Drop the rows of runs that are not ok, so that they are made again, and return how many there were.

        A shard is replaced by one without those rows; a crash between the two leaves one whose runs are stored twice,
        which `load` sets aside.
        """
        dropped = 0
        for path in shard_files(self.folder, RUNS):
            shard = read_shard(path)
            good = shard.table.filter(_is_ok(shard.table))
            if len(good) == len(shard.table):
                continue
            dropped += len(shard.table) - len(good)
            if len(good):
                write_shard(self.folder, RUNS, good, int(good["run"][0].as_py()), self.sweep, shard.series)
            _remove(path)
        return dropped

    # Reading --------------------------------------------------------------------------------------------------

    def tables(self, part: str = RUNS) -> Iterator[pa.Table]:
        """Yield the tables of all shards, one at a time; no run twice, even after a crash while shards were joined.

        Raises
        ------
        StorageError
            A shard is damaged.
        """
        seen = np.zeros(self.plan.runs, dtype=np.bool_)
        for path in shard_files(self.folder, part):
            try:
                table = read_shard(path).table
                numbers = table["run"].to_numpy()
                fresh = ~seen[numbers]
                seen[numbers] = True
            except (Damaged, IndexError) as reason:
                help = "Repeat the command that made the sweep: it sets the file aside and makes its runs again."
                raise StorageError(f"the file is damaged ({reason})", str(path), help) from reason
            yield table if fresh.all() else table.filter(fresh)

    def frame(self) -> Any:
        """Return all stored runs as a DataFrame, in the order of the plan.

        Raises
        ------
        StorageError
            A shard is damaged.
        """
        import pyarrow as pa

        tables = list(self.tables())
        if not tables:
            raise StorageError("no run is stored yet", str(self.folder), "Run the sweep first.")
        frame = pa.concat_tables(tables).to_pandas(use_threads=False)
        return frame.sort_values("run", ignore_index=True)


def _how_to_go_on(stored: Plan, plan: Plan) -> str:
    grows = plan.design.kind == stored.design.kind and plan.design.kind in GROWING
    more = grows and (plan.design.samples or 0) > (stored.design.samples or 0)
    other = "Choose another folder with --out, or the same options as before."
    return f"{other} `homogsim sweep extend DIR --samples {plan.design.samples}` adds samples." if more else other


def _remove(path: Path) -> None:
    with storage_errors(path):
        path.unlink()


def _joined(tables: list[pa.Table]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.concat_tables(tables)
    return table.take(pc.sort_indices(table["run"]))


def _model(about: dict[str, str]) -> str:
    return f"{about['version']}+{about['code']}"


def _number(row: tuple[Found, dict[str, str], str]) -> int:
    return row[0].run.number


def _is_ok(table: pa.Table) -> Any:
    import pyarrow.compute as pc

    return pc.equal(table["status"], OK)
