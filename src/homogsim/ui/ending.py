"""What came of a business, beside what would have come: the comparison is lived in a thread, with progress."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.errors import HomogsimError
from homogsim.ui.told import plain_number

if TYPE_CHECKING:
    from homogsim.experiments.advice.ownership import Owned, Ownership

logger = logging.getLogger(__name__)

LINES = {"you": "you", "by itself": "by itself", "none": "never automated"}
"""The courses, and how the page calls them."""
Send = Callable[[dict[str, Any], list[bytes]], None]


class Ending:
    """A comparison under way. Progress, and in the end what came out, go to `send`.

    Parameters
    ----------
    own : Ownership
        What is compared, as far as it has come.
    is_over : bool
        Whether this is the end of the run or of the business; it is noted for the class then.
    note : callable
        Takes what was found, at the end.
    send : callable
        Takes messages with buffers.
    """

    def __init__(self, own: Ownership, *, is_over: bool, note: Callable[[Owned], None], send: Send) -> None:
        self._own, self._note, self._send = own, note, send
        self.is_over = is_over
        self.month = own.month - 1
        """The last month that is compared."""
        self._stop = Event()
        self._done = 0
        self.found: Owned | None = None
        """The finished comparison."""
        self._thread = Thread(target=self._run, name="homogsim owner", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Ask it to end, and wait until it has let go of the market's past."""
        self._stop.set()
        self._thread.join(timeout=20.0)

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread.is_alive()

    def _run(self) -> None:
        from homogsim.experiments.replicate import Stopped

        total = 2 * (self._own.month - self._own.first)

        def stopped() -> bool:
            if self._done % 6 == 0 and not self._stop.is_set():
                self._send({"type": "owned", "done": self._done, "total": total}, [])
            self._done += 1
            return self._stop.is_set()

        try:
            found = self._own.compare(stopped)
            if self._stop.is_set():
                return
            self.found = found
            if self.is_over:
                self._note(found)
            self._send(*told(found, is_over=self.is_over))
        except Stopped:
            return
        except HomogsimError as error:
            self._send({"type": "owned", "error": str(error)}, [])
        except Exception as error:
            logger.exception("a comparison of owners failed")
            self._send({"type": "owned", "error": f"{type(error).__name__}: {error}"[:300]}, [])


def told(found: Owned, *, is_over: bool) -> tuple[dict[str, Any], list[bytes]]:
    """Return what the browser shows: sentences, measures, each course's cumulative profit by month as float64."""
    paths = found.paths
    lines = [paths.loc[paths["course"] == name, "cumulative"].to_numpy() for name in LINES]
    rows = [
        {"measure": row["measure"], "unit": row["unit"], "meaning": row["meaning"]}
        | {"values": [plain_number(row[name]) for name in LINES]}
        for row in found.table.to_dict("records")
    ]
    lived = [found.courses[name].lifetime for name in LINES]
    facts = {
        "type": "owned",
        "finished": True,
        "is_over": is_over,
        "name": found.name,
        "uid": found.uid,
        "first": found.first,
        "sentences": found.sentences,
        "rows": rows,
        "lines": list(LINES.values()),
        "lived": lived,
        "closed": [found.courses[name].cause for name in LINES],
        "changes": [[_in_words(change) for change in found.courses[name].decided] for name in LINES],
    }
    return facts, [np.array(lines, dtype="<f8").tobytes()]


def _in_words(change: str) -> str:
    """Return ``generic+contact0.8@13`` as a reader has it."""
    what, _, month = change.partition("@")
    return f"{what.replace('+contact', ' with contact ')} in month {month}"
