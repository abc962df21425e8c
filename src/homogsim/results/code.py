"""Which model code runs were made with: a hash of every source file that runs depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

NO_PART_OF_A_RUN = ("cli", "plots", "ui", "report", "experiments", "data", "scenarios", "__main__.py", "running.py")
"""Parts of the package that no number of a run depends on."""
SHOWN = 3


@cache
def source_files() -> Mapping[str, str]:
    """Return a short hash of each source file of the model, by its place in the package."""
    home = Path(__file__).parents[1]
    files = (path for path in home.rglob("*.py") if path.relative_to(home).parts[0] not in NO_PART_OF_A_RUN)
    return {path.relative_to(home).as_posix(): _digest(path) for path in sorted(files)}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()[:12]


@cache
def code_hash() -> str:
    """Return one hash of them all."""
    return hashlib.sha256(json.dumps(source_files()).encode()).hexdigest()[:16]


@cache
def digest_of(*places: str) -> str:
    """Return one hash of source files at these places in the package, for what is measured of runs outside them."""
    home = Path(__file__).parents[1]
    return hashlib.sha256("".join(_digest(home / place) for place in places).encode()).hexdigest()[:16]


def code_difference(before: Mapping[str, str]) -> str:
    """Return in words which source files differ from those of before; empty when none does."""
    now = source_files()
    parts = [
        _listed("changed", [name for name in now if name in before and before[name] != now[name]]),
        _listed("new", [name for name in now if name not in before]),
        _listed("gone", [name for name in before if name not in now]),
    ]
    return "; ".join(part for part in parts if part)


def _listed(word: str, names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{word}: {', '.join(names[:SHOWN])}{more}" if names else ""
