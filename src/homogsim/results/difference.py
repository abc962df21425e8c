"""Where two sets of results differ, value by value."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from homogsim.results.canonical import tables_hash
from homogsim.results.record import Results

COMPARED = ("timeline", "towns", "firms")
"""The tables that the hash of the results covers."""

CLOCKS = ("month", "birth")
"""Columns that say when a row belongs."""


class Difference(NamedTuple):
    """One column (or all rows of a table) that differs."""

    table: str
    column: str
    what: str
    first_month: int | None
    """Month of the first row that differs; None when the table's shape differs."""


def differences(old: Results, new: Results) -> list[Difference]:
    """Return every column that differs between two results, the earliest difference first."""
    found: list[Difference] = []
    for name in COMPARED:
        found += _table(name, getattr(old, name), getattr(new, name))
    return sorted(found, key=lambda d: (d.first_month is not None, d.first_month or 0))


def _table(name: str, old: pd.DataFrame, new: pd.DataFrame) -> list[Difference]:
    found = [Difference(name, c, "is missing now", None) for c in old.columns if c not in new.columns]
    found += [Difference(name, c, "is new", None) for c in new.columns if c not in old.columns]
    if len(old) != len(new):
        found.append(Difference(name, "", f"had {len(old)} rows, has {len(new)} now", None))
    rows = min(len(old), len(new))
    shared = [c for c in old.columns if c in new.columns]
    return found + [d for c in shared if (d := _column(name, c, old.head(rows), new.head(rows))) is not None]


def _column(name: str, column: str, old: pd.DataFrame, new: pd.DataFrame) -> Difference | None:
    a, b = old[[column]], new[[column]]
    if tables_hash({"": a}) == tables_hash({"": b}):
        return None
    differ = np.flatnonzero(_differ(a[column], b[column]))
    if differ.size == 0:
        return Difference(name, column, f"is {b[column].dtype} now, was {a[column].dtype}", None)
    row = int(differ[0])
    clock = next((c for c in CLOCKS if c in old.columns), None)
    month = None if clock is None else int(old[clock].iloc[row])
    what = f"differs in {differ.size} of {len(old)} rows, first {a[column].iloc[row]} now {b[column].iloc[row]}"
    return Difference(name, column, what, month)


def _differ(a: pd.Series, b: pd.Series) -> np.ndarray:
    old, new = a.astype(object).to_numpy(), b.astype(object).to_numpy()
    return np.array([_unlike(x, y) for x, y in zip(old, new, strict=True)], dtype=bool)


def _unlike(x: object, y: object) -> bool:
    if pd.isna(x) or pd.isna(y):
        return bool(pd.isna(x) != pd.isna(y))
    return x != y
