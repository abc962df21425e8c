"""Many seeds beside the one that is drawn: `homogsim.experiments.compare` in other processes, with progress."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.errors import HomogsimError
from homogsim.experiments.executors import processors
from homogsim.ui.charts import COLUMNS

if TYPE_CHECKING:
    from homogsim.experiments.comparison import Comparison
    from homogsim.scenario import Scenario

logger = logging.getLogger(__name__)

MOST = 100
PARTS = ("mean", "low", "high")
Send = Callable[[dict[str, Any], list[bytes]], None]


class Bands:
    """A comparison under way. Progress, and in the end bands by metric and month, go to `send`.

    Parameters
    ----------
    first, second : Scenario
        A and B; differences are A − B.
    replications : int
        Seeds, from that of the tab on.
    send : callable
        Takes messages with buffers.
    """

    def __init__(self, first: Scenario, second: Scenario, replications: int, send: Send) -> None:
        if not 2 <= replications <= MOST:
            raise HomogsimError(f"{replications} seeds: 2 to {MOST} make bands", "seeds")
        self._scenarios, self._replications, self._send = (second, first), replications, send
        self._stop = Event()
        self.found: Comparison | None = None
        """The finished comparison."""
        self._thread = Thread(target=self._run, name="homogsim bands", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Ask it to end; its processes end after their month."""
        self._stop.set()

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread.is_alive()

    def _run(self) -> None:
        from homogsim.experiments.compare import compare

        def watch(done: int, total: int) -> None:
            if not self._stop.is_set():
                self._send({"type": "bands", "done": done, "total": total}, [])

        try:
            # two jobs at least: with one the runs would be made in this process, and slow down what is drawn
            found = compare(
                *self._scenarios,
                replications=self._replications,
                seed=self._scenarios[0].seed,
                jobs=max(2, processors()),
                watch=watch,
                stop=self._stop.is_set,
            )
            if not self._stop.is_set():
                self.found = found
                self._send(*told(found))
        except HomogsimError as error:
            self._send({"type": "bands", "error": str(error)}, [])
        except Exception as error:
            logger.exception("a comparison failed")
            self._send({"type": "bands", "error": f"{type(error).__name__}: {error}"[:300]}, [])


def told(found: Comparison) -> tuple[dict[str, Any], list[bytes]]:
    """Return what the browser draws: for A, for B and for A − B, by metric: mean, low, high, by month, as float64."""
    b, a = found.scenarios
    bands = []
    for metric in COLUMNS:
        for band in (found.levels(metric, a), found.levels(metric, b), found.differences(metric, a)):
            bands += [getattr(band, part) for part in PARTS]
    rows = found.table.set_index("metric")
    verdicts = {name: rows.loc[name, "verdict"] for name in COLUMNS if isinstance(rows.loc[name, "verdict"], str)}
    facts = {
        "type": "bands",
        "finished": True,
        "seeds": len(found.seeds),
        "months": len(found.month),
        "verdicts": verdicts,
    }
    return facts, [found.month.astype("<f8").tobytes(), np.array(bands, dtype="<f8").tobytes()]
