"""What a report holds, whatever it is about: plain text, tables and pictures."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESOLUTION = 150
"""Dots per inch: sharp on a page, and eight figures stay below 2 MB."""

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Picture:
    """A picture inside the file."""

    title: str
    png: bytes
    meaning: str
    """What it shows; read out where it cannot be seen."""

    @property
    def source(self) -> str:
        """The picture as a data URI."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


@dataclass(frozen=True)
class Table:
    """A table: every cell is text already."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    numbers: frozenset[int] = frozenset()
    """Places of the columns that hold numbers, which are set flush right."""


@dataclass(frozen=True)
class Document:
    """A report."""

    kind: str
    """``run``, ``comparison`` or ``sweep``."""
    name: str
    question: str
    answer: str
    """One sentence with its uncertainty."""
    pictures: tuple[Picture, ...]
    tables: tuple[Table, ...]
    parameters: Table
    method: tuple[str, ...]
    """Paragraphs."""
    provenance: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str], ...]
    """What a command does, and the command."""
    notes: tuple[str, ...] = field(default=())
    """What a reader should know before all else."""


def picture(figure: Figure, title: str, meaning: str) -> Picture:
    """Return a figure as a picture; the same figure gives the same bytes."""
    from homogsim.plots.style import theme

    image = BytesIO()
    with theme():
        figure.savefig(image, format="png", dpi=RESOLUTION, metadata={"Source": getattr(figure, "run_facts", "")})
    return Picture(title, image.getvalue(), meaning)
