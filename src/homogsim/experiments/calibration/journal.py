"""Everything that a calibration has tried, in a file that is only ever added to.

An evaluation is on the disk before the search hears of it. After a kill the search is made again from its seed and
finds every evaluation of before here, so that it goes on as if nothing had happened.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from homogsim.errors import HomogsimError, StorageError
from homogsim.experiments.calibration.objective import Evaluation
from homogsim.results.folder import check_writable, storage_errors
from homogsim.scenario.writing import write_whole

HEAD, LINES = "calibration.json", "evaluations.jsonl"
SPACE = 50_000_000
"""Bytes that a calibration will surely fit in."""

Key = tuple[float, ...]


class Journal:
    """Evaluations by their parameters.

    Parameters
    ----------
    folder : Path
        Folder of the calibration; made when it does not exist.
    about : mapping
        What makes it this calibration and no other, as plain data.

    Raises
    ------
    HomogsimError
        The folder is that of another calibration, or of something else.
    StorageError
        It cannot be read or written, or is damaged.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        self.folder = folder
        self._known: dict[Key, Evaluation] = {}
        head = folder / HEAD
        if head.exists():
            _check_same(head, about)
            self._read()
        else:
            if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
                what = "exists already and is no folder of a calibration"
                raise HomogsimError(what, str(folder), "Choose another folder with --out.")
            check_writable(folder, SPACE)
            with storage_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
            write_whole(head, json.dumps(about, indent=1, ensure_ascii=False, allow_nan=False) + "\n", overwrite=False)
        self.stored = len(self._known)

    def get(self, values: Mapping[str, float]) -> Evaluation | None:
        """Return the evaluation at these parameters, if there is one."""
        return self._known.get(_key(values))

    def add(self, evaluation: Evaluation) -> None:
        """Write an evaluation and wait until it is on the disk."""
        row = {
            "values": evaluation.values,
            "moments": {name: [_written(v) for v in values] for name, values in evaluation.moments.items()},
            "distance": _written(evaluation.distance),
            "failure": evaluation.failure,
        }
        with storage_errors(self.folder), (self.folder / LINES).open("ab") as file:
            file.write((json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        self._known[_key(evaluation.values)] = evaluation

    def _read(self) -> None:
        path = self.folder / LINES
        if not path.exists():
            return
        with storage_errors(path, "read"):
            text = path.read_bytes()
        whole = text.rfind(b"\n") + 1
        for number, line in enumerate(text[:whole].splitlines(), 1):
            found = _evaluation(line, path, number)
            self._known[_key(found.values)] = found
        if whole < len(text):  # killed while the last line was written: it is made again
            with storage_errors(path), path.open("r+b") as file:
                file.truncate(whole)


def _key(values: Mapping[str, float]) -> Key:
    return tuple(float(values[name]) for name in sorted(values))


def _written(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _evaluation(line: bytes, path: Path, number: int) -> Evaluation:
    try:
        row = json.loads(line)
        moments = {str(n): [math.nan if v is None else float(v) for v in found] for n, found in row["moments"].items()}
        distance = math.nan if row["distance"] is None else float(row["distance"])
        values = {str(name): float(value) for name, value in row["values"].items()}
        return Evaluation(values, moments, distance, str(row["failure"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        help = "Delete this line, and what it says is computed again."
        raise StorageError(f"line {number} is damaged ({error})", str(path), help) from error


def _check_same(head: Path, about: Mapping[str, Any]) -> None:
    try:
        stored = json.loads(head.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"the file is damaged ({error})", str(head), "Choose another folder with --out.") from error
    if not isinstance(stored, dict) or stored.get("program") != "homogsim":
        raise HomogsimError("this is no calibration of homogsim's", str(head), "Choose another folder with --out.")
    different = [name for name in about if stored.get(name) != about[name]]
    if different:
        what = f"the folder holds another calibration: its {', '.join(different)} differ"
        raise HomogsimError(what, str(head.parent), "Choose another folder with --out, or the same options as before.")
