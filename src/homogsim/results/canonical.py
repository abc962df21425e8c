"""A hash of tables that depends on their values only: not on library versions, file formats or machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

MISSING_TEXT = b"\xff\xff\xff\xff"


def tables_hash(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the SHA-256, in hexadecimal, of named tables.

    Tables and columns enter in the order of their names, rows in their own order. A column enters as its kind and its
    values in little-endian bytes: truth values as one byte, whole numbers as int64 and a mask of what is missing
    (so nullable and plain columns agree), other numbers as float64 (one NaN, no negative zero), text as UTF-8 with
    its length in front.
    """
    digest = hashlib.sha256()
    for name in sorted(tables):
        table = tables[name]
        digest.update(f"table {name} {len(table)}\n".encode())
        for column in sorted(table.columns):
            digest.update(f"column {column} ".encode())
            for part in _parts(table[column]):
                digest.update(part)
    return digest.hexdigest()


def _parts(column: pd.Series) -> Iterator[bytes]:
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind):
        yield b"bool" + column.to_numpy(dtype=np.uint8).tobytes()
    elif pd.api.types.is_integer_dtype(kind):
        missing = column.isna().to_numpy(dtype=np.uint8)
        filled = column.fillna(0) if missing.any() else column
        yield b"int" + missing.tobytes() + filled.to_numpy(dtype="<i8").tobytes()
    elif pd.api.types.is_float_dtype(kind):
        yield b"float" + _canonical_floats(column.to_numpy(dtype="<f8", na_value=np.nan))
    else:
        yield b"text"
        yield from (_text(value) for value in column)


def _canonical_floats(values: np.ndarray) -> bytes:
    clean = values + 0.0  # turns −0.0 into 0.0
    clean[np.isnan(clean)] = np.nan  # NaN has many bit patterns
    return clean.astype("<f8", copy=False).tobytes()


def _text(value: object) -> bytes:
    if value is None or value is pd.NA or value != value:
        return MISSING_TEXT
    encoded = str(value).encode("utf-8", "surrogatepass")
    return len(encoded).to_bytes(4, "little") + encoded
