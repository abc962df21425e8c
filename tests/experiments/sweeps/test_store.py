"""Shards: a flipped bit anywhere, a cut end, a crash between two steps; nothing damaged is taken for good."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from experiments.sweeps.fakes import quick, rows, same, small_plan

from homogsim.errors import StorageError
from homogsim.experiments.sweeps import coordinator, shards
from homogsim.experiments.sweeps.shards import Damaged, read_shard, row_count, shard_files
from homogsim.experiments.sweeps.store import DAMAGED, RUNS, SERIES, Store
from homogsim.experiments.sweeps.sweep import Options, sweep

SERIAL = Options(executor="serial")


@pytest.fixture(autouse=True)
def _many_shards(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep shards as they are written, except where joining them is tested."""
    if "compact" not in request.node.name:
        monkeypatch.setattr(Store, "compact", lambda store: None)


@pytest.fixture
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a finished sweep, in several shards."""
    folder = tmp_path / "sweep"
    monkeypatch.setattr("homogsim.experiments.sweeps.coordinator.FLUSH_SECONDS", 0.0)
    sweep(small_plan(series=12), folder, SERIAL, make=quick, stop=_after(4))
    assert sweep(small_plan(series=12), folder, SERIAL, make=quick).status == "finished"
    return folder


def _after(looks: int):
    left = iter(range(looks))
    return lambda: next(left, None) is None


def test_anybody_can_read_the_rows(swept: Path) -> None:
    frame = pd.read_parquet(swept / RUNS).sort_values("run", ignore_index=True)
    assert len(frame) == 30
    assert list(frame["run"]) == list(range(30))
    assert {"id", "point", "replication", "seed", "status", "error", "firms.reinvestment", "version", "code"} < {*frame}
    assert (
        frame["diversity_gamma"] == frame["firms.reinvestment"] + 10 * frame["firms.human_share"] + 0.01 * frame["seed"]
    ).all()
    assert frame["id"].nunique() == 30
    series = pd.read_parquet(swept / SERIES)
    assert len(series) == 60
    assert set(series["month"]) == {0, 12}


READING = """
import os, sys
from pathlib import Path
import pandas, pyarrow.compute, pyarrow.parquet
from homogsim.experiments.sweeps.store import Store
from homogsim.results.tables import read_parquet
threads = lambda: len(os.listdir("/proc/self/task"))
before = threads()
assert len(Store.open(Path(sys.argv[1])).frame()) == 30
assert len(read_parquet(next((Path(sys.argv[1]) / "runs").glob("*.parquet"))))
print(threads() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts the threads that Linux tells")
def test_reading_leaves_no_thread_of_arrow(swept: Path) -> None:
    """One that still holds bytes of Python's when the interpreter ends aborts the process (exit code 134)."""
    command = [sys.executable, "-c", READING, str(swept)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(found.stdout) == 0


def test_shards_carry_checksums_and_are_compressed(swept: Path) -> None:
    path = shard_files(swept, RUNS)[0]
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"
    content = bytearray(path.read_bytes())
    content[column.data_page_offset + 30] ^= 1
    path.write_bytes(content)
    with pytest.raises((OSError, ValueError)):
        pq.read_table(path, page_checksum_verification=True, columns=["run"])


def test_a_bit_flipped_anywhere_is_found(swept: Path) -> None:
    path = shard_files(swept, RUNS)[0]
    content = path.read_bytes()
    for place in range(0, len(content), max(1, len(content) // 40)):
        flipped = bytearray(content)
        flipped[place] ^= 0x10
        path.write_bytes(flipped)
        with pytest.raises(Damaged, match="flipped"):
            read_shard(path)
    path.write_bytes(content)
    assert len(read_shard(path).table) > 0


@pytest.mark.parametrize("part", [RUNS, SERIES])
@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "gone"])
def test_a_damaged_shard_is_set_aside_and_its_runs_are_made_again(swept: Path, part: str, harm: str) -> None:
    before = rows(swept)
    path = shard_files(swept, part)[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes({"flip": content, "cut": content[: len(content) // 2], "empty": b""}[harm])
    again = sweep(small_plan(series=12), swept, SERIAL, make=quick)
    assert again.status == "finished"
    assert 0 < again.made < 30
    assert len(again.set_aside) == (0 if part == RUNS and harm == "gone" else 1)
    assert (swept / DAMAGED).exists() == bool(again.set_aside)
    same(rows(swept), before)
    series = pd.read_parquet(swept / SERIES)
    assert len(series) == 60
    assert not series.duplicated(["run", "month"]).any()


def test_rows_are_never_taken_twice(swept: Path) -> None:
    """As after a crash between the new shard and the end of the old one."""
    path = shard_files(swept, RUNS)[0]
    shard = read_shard(path)
    shards.write_shard(swept, RUNS, shard.table.slice(0, 1), 0, shard.sweep, shard.series)
    before = rows(swept).drop_duplicates("run").reset_index(drop=True)
    assert len(pd.read_parquet(swept / RUNS)) == 31
    again = sweep(small_plan(series=12), swept, SERIAL, make=quick)
    assert "stored already" in again.set_aside[0]
    same(rows(swept), before)


@pytest.mark.parametrize("crash", ["", "before the old ones go", "while they go"])
def test_compacting_loses_nothing_and_doubles_nothing(tmp_path: Path, monkeypatch, crash: str) -> None:
    monkeypatch.setattr("homogsim.experiments.sweeps.coordinator.FLUSH_SECONDS", 0.0)
    folder, plan = tmp_path / "sweep", small_plan(series=12)
    with monkeypatch.context() as patched:
        patched.setattr(Store, "compact", lambda store: None)
        sweep(plan, folder, SERIAL, make=quick)
    before, series = rows(folder), pd.read_parquet(folder / SERIES)
    assert len(shard_files(folder, RUNS)) > 3
    if crash:
        left, unlink = iter(range(2 if crash == "while they go" else 0)), Path.unlink

        def dying(path: Path, **options: bool) -> None:
            if path.suffix == ".parquet" and next(left, None) is None:
                raise KeyboardInterrupt
            unlink(path, **options)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", dying)
            with pytest.raises(KeyboardInterrupt):
                Store.open(folder).compact()
    assert sweep(plan, folder, SERIAL, make=quick).made == 0
    assert len(shard_files(folder, RUNS)) == len(shard_files(folder, SERIES)) == 1
    same(rows(folder), before)
    assert len(pd.read_parquet(folder / SERIES)) == len(series)


def test_small_shards_are_joined_while_a_sweep_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long runs, each stored by itself, never leave more than a few files."""
    from homogsim.experiments.sweeps import queue, store

    most: list[int] = []
    monkeypatch.undo()
    with monkeypatch.context() as patched:
        patched.setattr("homogsim.experiments.sweeps.coordinator.FLUSH_SECONDS", 0.0)
        patched.setattr(queue, "MOST_A_BATCH", 1)
        patched.setattr(store, "JOIN_SHARDS", 5)
        plan, folder = small_plan(series=12), tmp_path / "sweep"
        sweep(plan, folder, SERIAL, make=quick, watch=lambda _: most.append(len(shard_files(folder, RUNS))))
    assert 4 <= max(most) <= 6
    assert len(rows(folder)) == 30
    assert len(pd.read_parquet(folder / SERIES)) == 60


def test_shards_that_were_joined_go_quietly_and_no_reader_sees_a_run_twice(swept: Path) -> None:
    """As after a crash once the joined shard is on the disk."""
    before, old = rows(swept), shard_files(swept, RUNS)
    shard = [read_shard(path) for path in old]
    table = pa.concat_tables([one.table for one in shard])
    parts = pa.concat_tables([read_shard(path).table for path in shard_files(swept, SERIES)])
    series = shards.write_shard(swept, SERIES, parts, 0, shard[0].sweep)
    shards.write_shard(swept, RUNS, table, 0, shard[0].sweep, series.name, [path.name for path in old])
    store = Store.open(swept)
    assert sum(len(one) for one in store.tables()) == len(store.frame()) == 30
    assert sum(len(one) for one in store.tables(SERIES)) == 60
    assert (store.load().runs, store.load().set_aside) == (30, [])
    again = sweep(small_plan(series=12), swept, SERIAL, make=quick)
    assert (again.made, again.set_aside) == (0, ())
    assert len(shard_files(swept, RUNS)) == len(shard_files(swept, SERIES)) == 1
    same(rows(swept), before)


def test_no_shard_is_larger_than_memory_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from homogsim.experiments.sweeps import queue

    monkeypatch.setattr(coordinator, "FLUSH_SECONDS", 600.0)
    monkeypatch.setattr(coordinator, "FLUSH_RUNS", 10)
    monkeypatch.setattr(queue, "MOST_A_BATCH", 3)
    sweep(small_plan(), tmp_path / "sweep", SERIAL, make=quick)
    assert 10 <= max(row_count(path) for path in shard_files(tmp_path / "sweep", RUNS)) < 10 + 4 * 3


def test_what_a_crash_leaves_behind_is_cleared(swept: Path) -> None:
    (swept / "partial").mkdir()
    (swept / "partial" / "half.partial").write_bytes(b"half")
    shard = read_shard(shard_files(swept, SERIES)[0])
    orphan = shards.write_shard(swept, SERIES, shard.table.slice(0, 1), 0, shard.sweep)
    sweep(small_plan(series=12), swept, SERIAL, make=quick)
    assert not orphan.exists()
    assert not (swept / "partial").exists()
    assert len(pd.read_parquet(swept / SERIES)) == 60


def test_shards_of_another_sweep_are_not_taken(swept: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    sweep(small_plan(series=12), other, SERIAL, make=quick)
    for path in shard_files(swept, RUNS):
        path.unlink()
    foreign = shard_files(other, RUNS)[0]
    (swept / RUNS / foreign.name).write_bytes(foreign.read_bytes())
    again = sweep(small_plan(series=12), swept, SERIAL, make=quick)
    assert "another sweep" in again.set_aside[0]
    assert again.made == 30


def test_a_full_disk_stops_the_sweep_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, write, left = tmp_path / "sweep", shards.write_file, iter(range(1))

    def limited(path: Path, fill) -> None:
        if path.suffix == ".partial" and next(left, None) is None:
            path.write_bytes(b"some")  # as much as fitted
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, fill)

    monkeypatch.setattr("homogsim.experiments.sweeps.coordinator.FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(shards, "write_file", limited)
    with pytest.raises(StorageError, match="No space left") as error:
        sweep(small_plan(), folder, SERIAL, make=quick)
    assert error.value.exit_code == 74
    assert 0 < len(pd.read_parquet(folder / RUNS)) < 30
    assert not [path for path in folder.rglob("*") if path.suffix == ".partial"]
    monkeypatch.undo()
    assert sweep(small_plan(), folder, SERIAL, make=quick).status == "finished"
    whole = tmp_path / "whole"
    sweep(small_plan(), whole, SERIAL, make=quick)
    same(rows(folder), rows(whole))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"program": "homogsim"}', '{"program": "homogsim", "format": 99}']
)
def test_a_damaged_sweep_json_is_refused(swept: Path, text: str) -> None:
    (swept / "sweep.json").write_text(text)
    with pytest.raises(StorageError) as error:
        Store.open(swept)
    assert "sweep.json" in str(error.value)


def test_points_that_a_library_draws_otherwise_are_refused(tmp_path: Path) -> None:
    plan = small_plan(design="lhs", samples=8)
    sweep(plan, tmp_path / "sweep", SERIAL, make=quick)
    head = json.loads((tmp_path / "sweep" / "sweep.json").read_text())
    head["plan"]["points_hash"] = "0" * 16
    (tmp_path / "sweep" / "sweep.json").write_text(json.dumps(head))
    with pytest.raises(StorageError, match="other points"):
        Store.open(tmp_path / "sweep")
