"""All stored rows in one file, shard by shard, so that no sweep is too large for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from homogsim.errors import HomogsimError, StorageError, WrongPath
from homogsim.experiments.sweeps.store import RUNS, SERIES, Store
from homogsim.results.folder import refuse_existing, storage_errors
from homogsim.results.tables import escape_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

FORMATS = ("csv", "parquet")


def export(
    folder: str | Path, to: str, out: str | Path | None = None, *, series: bool = False, replace: bool = False
) -> tuple[Path, int]:
    """Write stored runs, or their series, to one file; return its path and the number of rows.

    With `replace` it takes the place of another file.

    Raises
    ------
    HomogsimError
        The format is unknown, the sweep has no series, or no run is stored.
    StorageError
        The file exists or cannot be written, or a shard is damaged. A file is written whole or not at all.
    """
    if to not in FORMATS:
        raise HomogsimError(f"there is no format {to[:40]!r}", "--to", f"Known: {', '.join(FORMATS)}.")
    store = Store.open(Path(folder))
    part = SERIES if series else RUNS
    if series and not store.plan.series:
        raise HomogsimError("the sweep has no series", str(folder), "They are stored with --series all or every=K.")
    target = Path(out) if out is not None else store.folder / f"{part}.{to}"
    if not replace:
        refuse_existing(target, "Choose another file with --out, or replace it with --force.")
    elif target.is_dir():
        raise WrongPath("is a folder", str(target), "Name a file with --out.")
    partial = target.with_name(f".{target.name}.partial")
    with storage_errors(target):
        try:
            with partial.open("wb") as file:
                rows = _csv(file, store.tables(part)) if to == "csv" else _parquet(file, store.tables(part))
                file.flush()
                os.fsync(file.fileno())
            if not rows:
                raise StorageError("no run is stored yet", str(folder), "Run the sweep first.")
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
    return target, rows


def _csv(file: BinaryIO, tables: Iterator[pa.Table]) -> int:
    rows = 0
    for table in tables:
        frame = escape_text(table.to_pandas(use_threads=False))
        frame.to_csv(file, index=False, header=rows == 0, lineterminator="\n", encoding="utf-8", mode="wb")
        rows += len(frame)
    return rows


def _parquet(file: BinaryIO, tables: Iterator[pa.Table]) -> int:
    import pyarrow.parquet as pq

    rows, writer = 0, None
    for table in tables:
        table = table.replace_schema_metadata(None)
        writer = writer or _writer(pq, file, table)
        writer.write_table(table)
        rows += len(table)
    if writer is not None:
        writer.close()
    return rows


def _writer(pq: Any, file: BinaryIO, table: pa.Table) -> Any:
    return pq.ParquetWriter(file, table.schema, compression="zstd", write_page_checksum=True)
