"""Runs of a study, in a file that is only ever added to: a stopped study goes on where it was."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from homogsim.errors import HomogsimError, StorageError
from homogsim.experiments.replicate import Outcome, Task
from homogsim.results.code import code_hash
from homogsim.results.folder import check_writable, storage_errors
from homogsim.scenario.writing import write_whole

HEAD, LINES = "robustness.json", "runs.jsonl"
SPACE = 50_000_000
"""Bytes that a study will surely fit in."""

Found = dict[str, float]
"""The end of a run: metrics by name."""


def name_of(task: Task) -> str:
    """Return a short name of a run: equal for equal runs."""
    market, seed = task.key
    return f"{hashlib.sha256(market.encode()).hexdigest()[:24]}-{seed}"


class RunJournal:
    """What runs came to, by their name.

    Parameters
    ----------
    folder : Path
        Folder of the study; made when it does not exist.
    metrics : iterable of str
        What is kept of a run.

    Raises
    ------
    HomogsimError
        The folder holds something else, or runs of other code.
    StorageError
        It cannot be read or written, or is damaged.
    """

    def __init__(self, folder: Path, metrics: Iterable[str]) -> None:
        self.folder, self.metrics = folder, tuple(metrics)
        self._known: dict[str, Found] = {}
        about = {"program": "homogsim", "study": "robustness", "code": code_hash(), "metrics": list(self.metrics)}
        if (folder / HEAD).exists():
            _check_same(folder / HEAD, about)
            self._read()
        else:
            if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
                raise HomogsimError("exists already and is no folder of this study", str(folder), "Choose another.")
            check_writable(folder, SPACE)
            with storage_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / HEAD, json.dumps(about, indent=1) + "\n", overwrite=False)
        self.stored = len(self._known)

    def get(self, task: Task) -> Found | None:
        """Return what a run came to, if it was made."""
        return self._known.get(name_of(task))

    def add(self, task: Task, outcome: Outcome) -> None:
        """Keep what a run came to, on the disk before this returns."""
        end = {name: outcome.end.get(name, math.nan) for name in self.metrics}
        name = name_of(task)
        row = {"run": name, "end": {name: v if math.isfinite(v) else None for name, v in end.items()}}
        with storage_errors(self.folder), (self.folder / LINES).open("ab") as file:
            file.write((json.dumps(row, allow_nan=False) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
        self._known[name] = end

    def _read(self) -> None:
        path = self.folder / LINES
        if not path.exists():
            return
        with storage_errors(path, "read"):
            text = path.read_bytes()
        whole = text.rfind(b"\n") + 1
        for number, line in enumerate(text[:whole].splitlines(), 1):
            try:
                row: Any = json.loads(line)
                self._known[str(row["run"])] = {
                    str(k): math.nan if v is None else float(v) for k, v in row["end"].items()
                }
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                help = "Delete this line, and the run is made again."
                raise StorageError(f"line {number} is damaged ({error})", str(path), help) from error
        if whole < len(text):  # killed while the last line was written: its run is made again
            with storage_errors(path), path.open("r+b") as file:
                file.truncate(whole)


def _check_same(head: Path, about: Mapping[str, Any]) -> None:
    try:
        stored = json.loads(head.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"the file is damaged ({error})", str(head), "Choose another folder.") from error
    different = [name for name in about if not isinstance(stored, dict) or stored.get(name) != about[name]]
    if different:
        what = f"the folder holds runs that do not belong here: their {', '.join(different)} differ"
        raise HomogsimError(what, str(head.parent), "Choose another folder, or delete this one.")
