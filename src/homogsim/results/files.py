"""A run folder: ``run.json`` and the tables."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pandas as pd

from homogsim.errors import StorageError, WrongPath
from homogsim.results import manifest
from homogsim.results.folder import FolderExists, storage_errors, whole_folder, write_file
from homogsim.results.record import Results
from homogsim.results.tables import read_parquet, write_csv, write_parquet

MANIFEST = "run.json"
REPORT = "report.html"
"""What `homogsim report` adds."""

TABLES = {
    "timeline": "timeline",
    "towns": "towns",
    "firms": "firms",
    "spells": "spells",
    "snapshots": "snapshots",
    "templates": "templates",
    "roads": "geography_roads",
    "town_positions": "geography_towns",
    "accounts": "accounts",
    "consumers": "consumers",
    "firm_months": "firm_months",
    "decisions": "decisions",
}
"""Field of `Results` → file name without ending."""

OPTIONAL = ("consumers", "firm_months", "decisions")
CSV_TOO = ("timeline", "firms")
FOLDERS = ("figures",)
ANOTHER = "Choose another folder with --out."


def save(results: Results, target: Path, *, replace: bool = False) -> Path:
    """Write a run folder (see `Results.save`)."""
    if replace:
        check_replaceable(target)
    with whole_folder(target, replace=replace) as folder:
        for name, stem in TABLES.items():
            table: pd.DataFrame | None = getattr(results, name)
            if table is not None:
                write_parquet(table, folder / f"{stem}.parquet")
                if name in CSV_TOO:
                    write_csv(table, folder / f"{stem}.csv")
        facts = manifest.build(results) | {"files": {p.name: _fingerprint(p) for p in sorted(folder.iterdir())}}
        text = json.dumps(manifest.plain(facts), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_file(folder / MANIFEST, lambda file: file.write(text.encode("utf-8")))
    return target


def load(folder: Path) -> Results:
    """Read a run folder (see `Results.load`)."""
    facts = read_manifest(folder)
    tables: dict[str, pd.DataFrame] = {}
    for name, stem in TABLES.items():
        file = f"{stem}.parquet"
        if name not in OPTIONAL or file in facts["files"]:
            _check_file(folder / file, facts["files"].get(file))
            tables[name] = read_parquet(folder / file)
    return Results(**manifest.fields(facts, folder / MANIFEST), **tables)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the contents of a folder's ``run.json``, checked for form and version.

    Raises
    ------
    StorageError
        It is missing, damaged, or written by a later version.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise WrongPath("there is no such run folder", str(folder))
    if not path.is_file():
        raise WrongPath(f"this is not a run folder: it has no {MANIFEST}", str(folder))
    return manifest.parse(path)


def check_replaceable(target: Path) -> None:
    """Refuse to replace anything but an empty folder or a run folder without foreign files.

    Raises
    ------
    FolderExists
        There is something that homogsim did not write.
    """
    if not target.exists() and not target.is_symlink():
        return
    if target.is_symlink() or not target.is_dir():
        raise FolderExists("is not a folder, so it is not replaced", str(target), ANOTHER)
    if os.path.ismount(target) or target.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise FolderExists("is in use (mounted, or we are in it), so it is not replaced", str(target), ANOTHER)
    with storage_errors(target):
        names = {p.name for p in target.iterdir()}
    foreign = sorted(names - _own_names()) if MANIFEST in names else sorted(names)
    if foreign:
        what = f"holds files that no run wrote ({', '.join(foreign[:3])}), so it is not replaced"
        raise FolderExists(what, str(target), ANOTHER)


def _own_names() -> set[str]:
    names = {MANIFEST, REPORT, *FOLDERS} | {f"{stem}.parquet" for stem in TABLES.values()}
    return names | {f"{TABLES[name]}.csv" for name in CSV_TOO}


def _fingerprint(path: Path) -> dict[str, int | str]:
    return {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _check_file(path: Path, expected: dict[str, Any] | None) -> None:
    if not path.is_file():
        raise StorageError("the file is missing", str(path), "The run folder is not complete: run again.")
    if expected is not None and _fingerprint(path) != expected:
        raise StorageError("the file is damaged: not what the run wrote", str(path), "Run again, or restore a copy.")
