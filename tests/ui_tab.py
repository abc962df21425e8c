"""A tab's worker without a browser: what it is told, and what it says."""

from __future__ import annotations

import json
import time
from pathlib import Path
from queue import Queue
from typing import Any

from homogsim.ui.bets import Classroom
from homogsim.ui.openings import Openings
from homogsim.ui.session import Session


class Tab:
    """A session, and what it said."""

    def __init__(self, openings: Openings, first: Path) -> None:
        self.said: Queue[tuple[dict[str, Any], list[bytes]]] = Queue()
        self.session = Session(lambda *message: self.said.put(message), openings, Classroom(), str(first))
        self.session.start()

    @property
    def tab(self) -> Any:
        """The worker's own state."""
        return self.session._tab

    def do(self, do: str, **rest: Any) -> None:
        self.session.post({"do": do, **rest})

    def hear(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """Return the next message of a kind in which some things are as wanted."""
        return self.hear_all(kind, **wanted)[0]

    def hear_all(self, kind: str, **wanted: Any) -> tuple[dict[str, Any], list[bytes]]:
        """Return the next message of a kind in which some things are as wanted, with its buffers."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            message, buffers = self.said.get(timeout=60)
            json.dumps(message, allow_nan=False)  # a browser reads no other
            if message["type"] == "frame":
                self.do("drawn")
            if message["type"] == kind and all(message.get(key) == value for key, value in wanted.items()):
                return message, buffers
        raise AssertionError(f"no {kind} with {wanted}")

    def open(self) -> dict[str, Any]:
        self.do("hello", link="")
        return self.hear("state", mode="paused")

    def end(self) -> None:
        self.session.close()
        self.session.thread.join(60)
        assert not self.session.thread.is_alive()
