"""`homogsim metrics`: the table of metrics."""

from __future__ import annotations

import json
import math
from typing import Any

from rich.table import Table

from homogsim.cli.tables import print_table
from homogsim.cli.text import console
from homogsim.metrics.table import Line, listing
from homogsim.results.manifest import plain

COLUMNS = Line._fields
REFERRING = 21
"""Columns of where a metric lands and of its source, so that the names of metrics in meanings have room."""


def list_metrics(*, as_json: bool) -> None:
    """Print every metric: name, symbol, unit, range, where it lands, meaning, reference."""
    if as_json:
        facts = [{name: plain(getattr(metric, name)) for name in COLUMNS} for metric in listing()]
        print(json.dumps(facts, ensure_ascii=False, allow_nan=False))
        return
    table = Table()
    for name in COLUMNS:
        widest = REFERRING if name in ("where", "reference") else None
        table.add_column(name, no_wrap=name in ("name", "symbol", "range"), max_width=widest)
    for metric in listing():
        table.add_row(*(_text(getattr(metric, name)) for name in COLUMNS))
    print_table(console(), table)


def _text(value: Any) -> str:
    if not isinstance(value, tuple):
        return str(value)
    return " … ".join(f"{end:g}" if math.isfinite(end) else "∞" if end > 0 else "−∞" for end in value)
