"""``run.json``: what was run, with what, and what came out, in plain JSON."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from homogsim.errors import HomogsimError, StorageError
from homogsim.results.record import Results
from homogsim.scenario import Scenario

FORMAT = 1
"""Raised when older programs could no longer read a run folder."""

LARGEST = 16_000_000
"""Bytes; ours have about 20,000."""

FIELDS = {
    "status": str, "seed": int, "months": int, "record_every": int, "scenario": dict, "summary": dict,
    "provenance": dict, "files": dict, "results_hash": str, "fingerprint": str,
}  # fmt: skip
STATUSES = ("complete", "interrupted", "extinct")


def build(results: Results) -> dict[str, Any]:
    """Return what ``run.json`` says about a run, the list of files excepted."""
    scenario = results.scenario
    differences = {k: {"default": old, "value": new} for k, (old, new) in scenario.differences().items()}
    return {
        "program": "homogsim",
        "format": FORMAT,
        "status": results.status,
        "seed": results.seed,
        "months": results.months,
        "record_every": results.record_every,
        "fingerprint": scenario.fingerprint(),
        "results_hash": results.results_hash(),
        "scenario": scenario.as_dict() | {"differences": differences},
        "scale": results.scale,
        "summary": results.summary,
        "provenance": results.provenance,
    }


def plain(value: Any) -> Any:
    """Return `value` for JSON: NaN and infinity as null, NumPy numbers as Python's."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def parse(path: Path) -> dict[str, Any]:
    """Read and check a ``run.json``.

    Raises
    ------
    StorageError
        It is damaged, not ours, or written by a later version.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("too large")
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(facts, dict) or facts.get("program") != "homogsim":
        raise StorageError("this is not the run.json of a homogsim run", str(path))
    if facts.get("format") != FORMAT:
        what = f"the folder has format {facts.get('format')!r}, this version reads {FORMAT}"
        raise StorageError(what, str(path), "Use the version of homogsim that wrote it.")
    for name, kind in FIELDS.items():
        if not isinstance(facts.get(name), kind):
            raise _damaged(path, f"no valid {name!r}")
    if facts["status"] not in STATUSES:
        raise _damaged(path, "no valid 'status'")
    return facts


def fields(facts: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the fields of `Results`, tables excepted, from checked facts.

    Raises
    ------
    StorageError
        The scenario in them cannot be used.
    """
    number = {name: math.nan if value is None else float(value) for name, value in facts["summary"].items()}
    return {
        "scenario": read_scenario(facts, path),
        "summary": number,
        "scale": math.nan if facts.get("scale") is None else float(facts["scale"]),
        **{name: facts[name] for name in ("seed", "months", "status", "provenance", "record_every")},
    }


def read_scenario(facts: dict[str, Any], path: Path) -> Scenario:
    """Return the scenario of a run from its checked facts.

    Raises
    ------
    StorageError
        It lacks something, or parameters that this version does not know or allow.
    """
    try:
        return Scenario.from_dict(facts["scenario"])
    except (ValueError, KeyError, TypeError, HomogsimError) as error:
        raise _damaged(path, f"its scenario cannot be used: {str(error).splitlines()[0]}") from error


def _damaged(path: Path, reason: str) -> StorageError:
    return StorageError(f"the file is damaged ({reason})", str(path), "Run again, or restore a copy.")
