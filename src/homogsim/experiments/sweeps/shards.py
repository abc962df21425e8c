"""Shards: the rows of whole batches as one Parquet file, whole or not there, whose name holds its own hash.

A file is written under another name, waits until it is on the disk, and then gets its name. Pages have checksums; the
hash in the name also covers what those do not, so that one flipped bit anywhere is found.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from homogsim.results.folder import storage_errors, write_file

if TYPE_CHECKING:
    import pyarrow as pa

NAME = re.compile(r"(\d{9,})-(\d+)-([0-9a-f]{20})\.parquet")
SERIES_KEY, SWEEP_KEY, JOINED_KEY = "homogsim.series", "homogsim.sweep", "homogsim.joined"
PARTIAL = "partial"


class Damaged(Exception):
    """A shard that is not what was written."""


@dataclass(frozen=True)
class Shard:
    """A shard that was read and found whole."""

    path: Path
    table: pa.Table
    sweep: str
    """Of which sweep it is part."""
    series: str
    """Name of the shard with its series; empty when there is none."""
    joined: tuple[str, ...] = ()
    """Names of the shards whose rows it took over."""


def write_shard(
    folder: Path, part: str, table: pa.Table, first: int, sweep: str, series: str = "", joined: Sequence[str] = ()
) -> Path:
    """Write a table as a new shard of ``folder/part`` and return its path once it is on the disk.

    Raises
    ------
    StorageError
        The disk is full, read-only or not ours. Nothing is left behind.
    """
    content = _parquet(table, {SWEEP_KEY: sweep, SERIES_KEY: series, JOINED_KEY: " ".join(joined)})
    name = f"{first:09d}-{len(table)}-{hashlib.sha256(content).hexdigest()[:20]}.parquet"
    target = folder / part / name
    partial = folder / PARTIAL / f"{secrets.token_hex(8)}.partial"
    with storage_errors(target):
        for place in (partial.parent, target.parent):
            place.mkdir(exist_ok=True)
        try:
            write_file(partial, lambda file: file.write(content))
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
            with suppress(OSError):  # another one is being written
                partial.parent.rmdir()
        sync_folder(target.parent)
    return target


def _parquet(table: pa.Table, facts: dict[str, str]) -> bytes:
    """Return a table as Parquet, without what would make shards of few rows large: statistics, Arrow's own schema."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    image = BytesIO()
    with pq.ParquetWriter(
        image,
        table.schema,
        compression="zstd",
        write_page_checksum=True,
        write_statistics=False,
        store_schema=False,
        use_dictionary=[field.name for field in table.schema if pa.types.is_string(field.type)],
    ) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(facts)
    return image.getvalue()


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_shard(path: Path, columns: Sequence[str] | None = None) -> Shard:
    """Read a shard, or some of its columns, after comparing it with the hash in its name.

    Raises
    ------
    Damaged
        It is not what was written.
    StorageError
        It cannot be read at all.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    named = NAME.fullmatch(path.name)
    if named is None:
        raise Damaged("its name is none of ours")
    with storage_errors(path, "read"):
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest()[:20] != named.group(3):
        raise Damaged("it is not what was written (truncated, or bits have flipped)")
    try:
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        facts = {key.decode(): value.decode() for key, value in (file.metadata.metadata or {}).items()}
        # One thread, as in `homogsim.results.tables.read_parquet`.
        table = file.read(columns=None if columns is None else list(columns), use_threads=False)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise Damaged(str(error)[:200]) from error
    joined = tuple(facts.get(JOINED_KEY, "").split())
    return Shard(path, table, facts.get(SWEEP_KEY, ""), facts.get(SERIES_KEY, ""), joined)


def row_count(path: Path) -> int:
    """Return the number of rows that a shard's name tells; 0 when it is none of ours."""
    named = NAME.fullmatch(path.name)
    return 0 if named is None else int(named.group(2))


def shard_files(folder: Path, part: str) -> list[Path]:
    """Return the files of ``folder/part`` in the order of their names; other files are not looked at."""
    place = folder / part
    if not place.is_dir():
        return []
    with storage_errors(place, "read"):
        return sorted(path for path in place.iterdir() if path.suffix == ".parquet")
