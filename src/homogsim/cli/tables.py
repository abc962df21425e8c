"""Tables where the terminal has room for them, and the same rows as lines where it has not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

INDENT = 2
UNBOUNDED = 10_000
"""Columns in which every table has room."""
RULES = re.compile("[\u2500-\u257f]+")
TALL = 2
"""Times the height of its lines from which a table is a heap of half-empty columns."""


def print_table(output: Console, table: Table, names: int = 1, unnamed: str = "") -> None:
    """Print a table; where a word or number of it would be cut, print its rows as lines.

    Parameters
    ----------
    output : Console
        Where to.
    table : Table
        Its cells are texts.
    names : int
        How many of its first columns name a row.
    unnamed : str
        What lines call a column without a heading.
    """
    lines = list(_lines(table, output.width - INDENT, names, unnamed))
    if _fits(output, table, lines):
        output.print(table)
        return
    for line in lines:
        output.print(line, overflow="fold")


def _fits(output: Console, table: Table, lines: list[RenderableType]) -> bool:
    """Return whether the table has each of its words whole, at a height that can be read.

    Headings of columns that fold may go over several lines.
    """
    drawn = _drawn(output, table, output.width)
    folding = [word for column in table.columns if column.overflow == "fold" for word in str(column.header).split()]
    if _words(_drawn(output, table, UNBOUNDED)) - Counter(folding) - _words(drawn):
        return False
    as_lines = sum(len(_drawn(output, line, output.width)) for line in lines)
    return len(drawn) <= TALL * as_lines and max(map(Segment.get_line_length, drawn)) <= output.width


def _drawn(output: Console, what: RenderableType, width: int) -> list[list[Segment]]:
    return output.render_lines(what, output.options.update(width=width), pad=False)


def _words(drawn: list[list[Segment]]) -> Counter[str]:
    """Return the words of what was drawn: a cut one is another word, and a column without room has none."""
    text = "\n".join("".join(segment.text for segment in line) for line in drawn)
    return Counter(RULES.sub(" ", text).split())


def _lines(table: Table, width: int, names: int, unnamed: str) -> Iterator[RenderableType]:
    """Return title, rows and caption: of each row its name, and below it what the other columns say."""
    if table.title:
        yield _text(table.title, "table.title")
    headings = [_text(column.header).plain or unnamed for column in table.columns]
    cells = [[_text(cell, column.style) for cell in column.cells] for column in table.columns]
    bare = len(headings) == names + 1 and table.box is None
    for place, row in enumerate(table.rows):
        style = row.style or ""
        yield Text(" · ").join(column[place] for column in cells[:names] if column[place]) + Text("", style)
        rest = zip(headings[names:], (column[place] for column in cells[names:]), strict=True)
        pairs = (_pair("" if bare else heading, cell) for heading, cell in rest if cell)
        for line in _packed(pairs, width):
            line.stylize_before(style)
            yield Padding(line, (0, 0, 0, INDENT), expand=False)
    if table.caption:
        yield _text(table.caption, "table.caption")


def _text(cell: object, style: object = "") -> Text:
    """Return a cell as text of one line."""
    found = cell.copy() if isinstance(cell, Text) else Text(str(cell))
    found.stylize_before(str(style))
    return Text(" ").join(found.split("\n", include_separator=False))


def _pair(heading: str, cell: Text) -> Text:
    return Text.assemble(f"{heading}: ", cell) if heading else cell


def _packed(pairs: Iterable[Text], width: int) -> Iterator[Text]:
    """Return lines of as many pairs as fit; a pair that is longer than a line has one of its own."""
    line: Text | None = None
    for pair in pairs:
        if line is not None and line.cell_len + len("; ") + pair.cell_len <= width:
            line = Text("; ").join((line, pair))
            continue
        if line is not None:
            yield line
        line = pair
    if line is not None:
        yield line
