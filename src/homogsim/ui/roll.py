"""The owners of a class: whose business came to what, beside what it would have come to by itself and with no tool."""

from __future__ import annotations

import csv
from io import StringIO
from threading import Lock
from typing import TYPE_CHECKING, Any

from homogsim.results.tables import FORMULA_STARTS

if TYPE_CHECKING:
    from homogsim.experiments.advice.ownership import Owned

MOST_ROWS = 2000
MEASURES = ("profit", "survival", "roi36", "net_promoter_score", "nearest_rival")
"""What is told of every course; `homogsim.experiments.advice.reckoning.MEASURES` says what each is."""
ABOUT = ("name", "scenario", "seed", "business", "first_month", "last_month", "reviews_every", "decisions",
         "changes_of_tools", "closed")  # fmt: skip


class Roll:
    """The ownerships of all tabs of a server, in the order in which they began to count; the oldest go."""

    def __init__(self) -> None:
        self._rows: dict[object, dict[str, Any]] = {}
        self._lock = Lock()

    def note(self, key: object, found: Owned, scenario: str, seed: int, every: int) -> None:
        """Note what came of an ownership, in place of what was noted of it before."""
        row = row_of(found, scenario, seed, every)
        with self._lock:
            self._rows[key] = row
            while len(self._rows) > MOST_ROWS:
                self._rows.pop(next(iter(self._rows)))

    def csv(self) -> str:
        """Return a row per ownership, as CSV that a spreadsheet cannot take for formulas."""
        with self._lock:
            rows = list(self._rows.values())
        text = StringIO()
        writer = csv.DictWriter(text, list(rows[0]) if rows else ABOUT, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()


def row_of(found: Owned, scenario: str, seed: int, every: int) -> dict[str, Any]:
    """Return an ownership as a row: who, where, what they did, and the measures of the three courses."""
    mine = next(iter(found.courses.values()))
    name = f"'{found.name}" if found.name.startswith(FORMULA_STARTS) else found.name
    about = (name, scenario, seed, found.uid, found.first, found.first + mine.net.size - 1, every,
             len(found.decisions), " ".join(mine.decided), mine.cause)  # fmt: skip
    table = found.table.set_index("measure")
    values = {
        f"{measure}_{course.replace(' ', '_')}": table.loc[measure, course]
        for measure in MEASURES
        for course in found.courses
    }
    blank = {key: "" if value != value else value for key, value in values.items()}
    return dict(zip(ABOUT, about, strict=True)) | blank
