"""A tab's worker: one thread that takes commands, runs the months, and ends with the tab."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from homogsim.errors import HomogsimError
from homogsim.ui.bets import Classroom
from homogsim.ui.openings import Openings
from homogsim.ui.tab import Tab

Send = Callable[[dict[str, Any], list[bytes]], None]

LARGEST_QUEUE = 1000
"""Commands that may wait; a browser that sends more is not ours."""


class Session:
    """The worker of one tab. Commands go in from any thread, messages come out through `send`.

    Parameters
    ----------
    send : callable
        Takes a message (plain data) and its buffers.
    openings, classroom : Openings, Classroom
        What tabs share.
    first : str
        The preset or scenario file that the page opens.
    """

    def __init__(self, send: Send, openings: Openings, classroom: Classroom, first: str) -> None:
        self._queue: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._tab = Tab(send, openings, classroom, first)
        self._closing = False
        self.thread = Thread(target=self._serve, name="homogsim tab", daemon=True)

    def start(self) -> None:
        """Begin to take commands."""
        self.thread.start()

    def post(self, command: Any) -> None:
        """Take a command; what has no ``do`` is ignored."""
        if isinstance(command, dict) and isinstance(command.get("do"), str) and self._queue.qsize() < LARGEST_QUEUE:
            self._queue.put(command)

    def close(self) -> None:
        """Ask the thread to end; it does so between two months."""
        self._closing = True
        self._queue.put(None)

    def _serve(self) -> None:
        try:
            while not self._closing:
                command = self._next()
                if self._closing:
                    break
                try:
                    if command is not None:
                        self._tab.take(command)
                    else:
                        self._tab.advance()
                except HomogsimError as error:
                    self._tab.refuse(error, command)
                except Exception as error:  # a defect: the tab says so, keeps its last frame, and can be reset
                    self._tab.fail(error)
        finally:
            self._tab.close()

    def _next(self) -> dict[str, Any] | None:
        """Return the next command, or None when it is time to go on with the months."""
        due = self._tab.due()
        try:
            if due is None:
                return self._queue.get()
            wait = due - time.monotonic()
            return self._queue.get(timeout=wait) if wait > 0.0 else self._queue.get_nowait()
        except Empty:
            return None
