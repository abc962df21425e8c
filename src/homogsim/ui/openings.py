"""Markets at month −1, the month before automation arrives: computed once for all tabs that open the same scenario."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from homogsim.scenario import Scenario
from homogsim.ui import compiling

if TYPE_CHECKING:
    from homogsim.model import MarketModel

AFTERWARDS = 26
"""Months that are run in the background where code had to be compiled: the market that is drawn has no need to wait."""
MOST = 8
"""Openings kept, the latest ones."""


class Openings:
    """Checkpoints of markets that stand before month 0. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="homogsim-openings-")
        self._kept: OrderedDict[str, Path] = OrderedDict()
        self._warming: dict[str, float] = {}
        self._lock = Lock()
        self._closed = Event()

    def close(self) -> None:
        """Remove the files; what is computed in the background comes to nothing."""
        self._closed.set()
        self._folder.cleanup()

    def warming(self, scenario: Scenario) -> float | None:
        """Return the share of this opening that somebody has computed; None where nobody is at it."""
        with self._lock:
            return self._warming.get(_key(scenario))

    def get(self, scenario: Scenario) -> MarketModel | None:
        """Return a model of its own of a scenario at its opening, if it was kept."""
        from homogsim.errors import StorageError
        from homogsim.model import MarketModel

        with self._lock:
            path = self._kept.get(_key(scenario))
            if path is not None:
                self._kept.move_to_end(_key(scenario))
        try:
            return None if path is None else MarketModel.load(path)
        except StorageError:  # dropped in the meantime
            return None

    def put(self, model: MarketModel) -> None:
        """Keep a model that stands before month 0, with the rows of its timeline written."""
        model.recorder.freeze_scale()  # as its next month would: so the first frame does not wait for that
        key = _key(model.scenario)
        path = Path(self._folder.name) / f"{key}.npz"
        model.save(path)
        with self._lock:
            self._kept[key] = path
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)[1].unlink(missing_ok=True)

    def warm(self, scenario: Scenario) -> Thread:
        """Compute an opening in the background, for the first tab; it also loads what is slow to load."""
        with self._lock:
            self._warming[_key(scenario)] = 0.0
        thread = Thread(target=self._warm, args=(scenario,), name="homogsim opening", daemon=True)
        thread.start()
        return thread

    def _warm(self, scenario: Scenario) -> None:
        try:
            self._open(scenario)
        except Exception:
            if not self._closed.is_set():  # a program that ends takes threads and files away under it
                raise

    def _open(self, scenario: Scenario) -> None:
        from homogsim.model import MarketModel

        key = _key(scenario)
        compiling.watch()
        try:
            model = MarketModel(scenario)
            first = model.month
            while model.month < 0 and not self._closed.is_set():
                model.step()
                with self._lock:
                    self._warming[key] = (model.month - first) / max(1, -first)
            if not self._closed.is_set():
                self.put(model)
        finally:
            with self._lock:
                self._warming.pop(key, None)
        if compiling.count():
            while model.month < min(AFTERWARDS, model.last_month) and not self._closed.is_set():
                model.step()


def _key(scenario: Scenario) -> str:
    return hashlib.sha256(json.dumps(scenario.as_dict(), sort_keys=True).encode()).hexdigest()[:32]
