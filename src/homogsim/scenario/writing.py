"""Scenario files as text, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from homogsim.errors import StorageError, WrongPath
from homogsim.scenario.values import printable


def document(
    about: Mapping[str, Any], parameters: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, Any]]]
) -> str:
    """Return the text of a scenario file: parameters by dotted name, and lists of tables (expectations, events)."""
    table: dict[str, Any] = dict(about)
    for key, value in parameters.items():
        *groups, last = key.split(".")
        inner = table
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[last] = value
    table |= {name: [dict(line) for line in lines] for name, lines in tables.items()}
    question = about.get("question", "")
    return (f"# {question}\n" if question else "") + tomli_w.dumps(table)


def write_whole(path: Path, text: str, overwrite: bool) -> None:
    """Write a text file under a temporary name and rename it, so that a full disk leaves nothing half done.

    Raises
    ------
    StorageError
        When the file exists and must not be overwritten, or cannot be written.
    """
    if "\0" in str(path):
        raise StorageError("the path holds a null character", printable(str(path)))
    if not overwrite and os.path.lexists(path):
        raise WrongPath(
            "the file exists already", printable(str(path)), "Choose another name, or overwrite it on purpose."
        )
    if not path.parent.is_dir():
        raise WrongPath("the file cannot be written: there is no such folder", printable(str(path)))
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise StorageError(f"the file cannot be written: {error.strerror}", printable(str(path))) from None
