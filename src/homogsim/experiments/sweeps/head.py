"""What a sweep's folder says of itself, ``sweep.json``: which program made it, by which plan, with which code."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from homogsim.errors import HomogsimError, StorageError, WrongPath
from homogsim.experiments.sweeps.plan import FORMAT, Plan
from homogsim.experiments.sweeps.shards import PARTIAL, sync_folder
from homogsim.results.code import code_hash, source_files
from homogsim.results.folder import storage_errors
from homogsim.results.provenance import now, provenance
from homogsim.scenario.writing import write_whole

HEAD = "sweep.json"
LARGEST_HEAD = 16_000_000


def read_head(folder: Path) -> dict[str, Any]:
    """Return what a folder's ``sweep.json`` says, checked for form.

    Raises
    ------
    StorageError
        It is missing, damaged, or written by a later version.
    """
    path = folder / HEAD
    if not folder.is_dir():
        raise WrongPath("there is no such sweep folder", str(folder))
    if not path.is_file():
        raise WrongPath(f"this is not a sweep folder: it has no {HEAD}", str(folder))
    try:
        if path.stat().st_size > LARGEST_HEAD:
            raise ValueError("too large")
        head = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StorageError(f"the file is damaged ({error})", str(path), "Restore a copy of it.") from error
    if not isinstance(head, dict) or head.get("program") != "homogsim":
        raise StorageError("this is not the sweep.json of a homogsim sweep", str(path))
    if head.get("format") != FORMAT:
        what = f"the folder has format {head.get('format')!r}, this version reads {FORMAT}"
        raise StorageError(what, str(path), "Use the version of homogsim that wrote it.")
    if not all(isinstance(head.get(name), kind) for name, kind in (("plan", dict), ("sweep", str), ("code", str))):
        raise StorageError("the file is damaged (something is missing)", str(path), "Restore a copy of it.")
    return head


def is_sweep(folder: Path) -> bool:
    """Return whether there is a sweep in the folder."""
    return (folder / HEAD).is_file()


def refuse_foreign(folder: Path) -> None:
    """Refuse a folder that holds something else.

    Raises
    ------
    HomogsimError
        There is a file of that name, or a folder that is not empty.
    """
    ours = {"lock", PARTIAL}
    if os.path.lexists(folder) and (not folder.is_dir() or any(path.name not in ours for path in folder.iterdir())):
        what = "exists already and is no folder of a sweep"
        raise HomogsimError(what, str(folder), "Choose another folder with --out.")


def written_head(folder: Path, plan: Plan, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write a folder's ``sweep.json`` and return what it says; `before` is what it said, and is kept as its history."""
    facts = provenance(now(), 0.0)
    del facts["wall_seconds"]
    sweep = secrets.token_hex(8) if before is None else before["sweep"]
    history = [] if before is None else [*before.get("history", []), {"code": before["code"], **before["provenance"]}]
    head = {
        "program": "homogsim", "format": FORMAT, "sweep": sweep, "plan": plan.about(), "code": code_hash(),
        "sources": dict(source_files()), "provenance": facts, "history": history,
    }  # fmt: skip
    text = json.dumps(head, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(folder / HEAD, text, overwrite=before is not None)
    with storage_errors(folder):
        sync_folder(folder)
        sync_folder(folder.resolve().parent)
    return head
