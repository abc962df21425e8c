"""Tables on the disk: Parquet with checksums, CSV that a spreadsheet cannot take for formulas."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from homogsim.errors import StorageError
from homogsim.results.folder import write_file

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet (zstd, a checksum on every page)."""
    arrow = pa.Table.from_pandas(table, preserve_index=False)

    def write(file: BinaryIO) -> None:
        pq.write_table(arrow, file, compression="zstd", write_page_checksum=True)

    write_file(path, write)


def read_parquet(path: Path, help: str = "Run again, or restore a copy.") -> pd.DataFrame:
    """Read a table and verify its page checksums; `help` says where another one comes from.

    Raises
    ------
    StorageError
        The file is missing or damaged.
    """
    try:
        return _read(path)
    except FileNotFoundError as error:
        raise StorageError("the file is missing", str(path), help) from error
    except (OSError, pa.ArrowException, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StorageError(f"the file is damaged ({reason})", str(path), help) from error


def _read(path: Path) -> pd.DataFrame:
    # In this thread alone: one of Arrow's that still holds Python's bytes when the interpreter ends aborts the
    # process (apache/arrow#34314).
    with pq.ParquetFile(pa.BufferReader(path.read_bytes()), page_checksum_verification=True) as file:
        return file.read(use_threads=False).to_pandas(use_threads=False)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV (UTF-8, shortest exact numbers, empty for missing); see `escape_text`."""
    safe = escape_text(table)
    write_file(path, lambda file: safe.to_csv(file, index=False, lineterminator="\n", encoding="utf-8", mode="wb"))


def escape_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with ``'`` before text that a spreadsheet would run as a formula; numbers stay numbers."""
    changed = {name: table[name].map(_escape) for name in table.columns if _holds_text(table[name])}
    return table.assign(**changed).rename(columns=_escape)


def _holds_text(column: pd.Series) -> bool:
    return not (pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype))


def _escape(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
