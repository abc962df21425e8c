"""The ``[sweep]`` table of a TOML file: what `homogsim sweep run` takes as options."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from homogsim.errors import HomogsimError, nearest
from homogsim.scenario.values import shown

KINDS: dict[str, tuple[type, ...]] = {
    "vary": (dict,), "design": (str,), "samples": (int,), "replications": (int,), "seed": (int,), "months": (int,),
    "independent": (bool,), "series": (str,), "jobs": (int,), "executor": (str,), "timeout": (int, float),
    "max_runs": (int,), "set": (dict,),
}  # fmt: skip
"""What the table may hold."""
LARGEST_FILE = 256_000


def read_table(source: str) -> dict[str, Any]:
    """Return the ``[sweep]`` table of a scenario file; empty for presets and files without one.

    Raises
    ------
    HomogsimError
        It holds something unknown or of another kind.
    """
    path = Path(source)
    if not source.endswith(".toml") or not path.is_file() or path.stat().st_size > LARGEST_FILE:
        return {}  # reading the scenario says what is wrong with it
    try:
        table = tomllib.loads(path.read_text("utf-8-sig")).get("sweep", {})
    except (OSError, ValueError, RecursionError):
        return {}
    where = f"{path}, [sweep]"
    if not isinstance(table, dict):
        raise HomogsimError(f"sweep = {shown(table)}: a table is needed", str(path))
    for name, value in table.items():
        if name not in KINDS:
            raise HomogsimError(f"a sweep has no entry {name[:60]!r}", where, nearest(name, KINDS))
        if not isinstance(value, KINDS[name]) or (isinstance(value, bool) and bool not in KINDS[name]):
            kinds = " or ".join(kind.__name__ for kind in KINDS[name])
            raise HomogsimError(f"{name} = {shown(value)}: {kinds} is needed", where)
    return {**table, **{name: flat(table[name], where) for name in ("vary", "set") if name in table}}


def flat(table: Mapping[str, Any], where: str, prefix: str = "") -> dict[str, Any]:
    """Return values by dotted name; a range may be a text (``"0:1"``) or a table with ``low``, ``high``, ``levels``."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if len(name) > 200:
            raise HomogsimError("a name is too long", where)
        if not isinstance(value, Mapping):
            found[name] = value
        elif {"low", "high"} <= value.keys():
            levels = f":{value['levels']}" if "levels" in value else ""
            found[name] = f"{value['low']}:{value['high']}{levels}"
        else:
            found |= flat(value, where, f"{name}.")
    return found
