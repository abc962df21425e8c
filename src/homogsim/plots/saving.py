"""Figures to files, each whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from homogsim.errors import HomogsimError, nearest
from homogsim.plots.style import RESOLUTION, theme
from homogsim.results.folder import storage_errors

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")


def check_formats(formats: Sequence[str]) -> None:
    """Raise `HomogsimError` unless every format is one that figures can be written in."""
    for name in formats:
        if name not in FORMATS:
            raise HomogsimError(f"figures cannot be written as {name!r}", help=nearest(name, FORMATS))


def write_figure(figure: Figure, path: Path) -> Path:
    """Write a figure in the format of the path's ending; an earlier file of that name is replaced at the end.

    Raises
    ------
    HomogsimError
        The format is unknown.
    StorageError
        The file cannot be written.
    """
    kind = path.suffix.removeprefix(".")
    check_formats([kind])
    image = BytesIO()
    with theme():
        figure.savefig(image, format=kind, dpi=RESOLUTION, metadata=_metadata(figure, kind))
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}-{secrets.token_hex(4)}.partial")
        try:
            partial.write_bytes(image.getvalue())
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    return path


def _metadata(figure: Figure, kind: str) -> dict[str, str | None]:
    """Return where the figure comes from; without a date, so that the same run gives the same file."""
    facts = getattr(figure, "run_facts", "")
    if kind == "png":
        return {"Source": facts}
    return {"Source": facts, "Date": None} if kind == "svg" else {"Subject": facts, "CreationDate": None}
