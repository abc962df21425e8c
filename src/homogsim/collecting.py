"""What Mesa's tools expect of a model: a data collector, filled from the timeline that is kept anyway."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np

from homogsim.metrics.table import METRICS
from homogsim.recording import Recorder

if TYPE_CHECKING:
    from homogsim.model import MarketModel


def latest(recorder: Recorder, month: int) -> dict[str, float]:
    """Return every metric of a month that has just ended; NaN when it was not recorded.

    Before automation arrives the similarity scale ℓ is taken as it would be now.
    """
    known = recorder
    if recorder.pending:  # only the last one: the others would be measured anew each time
        known = copy(recorder)
        known.pending = recorder.pending[-1:]
        known = known.settled()
    row = known.timeline[-1] if known.timeline else {}
    return row if row.get("month") == month else {"month": month, **dict.fromkeys(METRICS, np.nan)}


class TimelineCollector(mesa.DataCollector):
    """The timeline as a `mesa.DataCollector`: one row a step, NaN in months that are not recorded.

    It reads what the model records anyway, so there is nothing to collect and no cost until somebody looks.
    `mesa.batch_run` takes its data from here.
    """

    def __init__(self, model: MarketModel) -> None:
        self._model = model
        self._known: tuple[int, dict[str, list[float]]] | None = None
        super().__init__(model_reporters={name: partial(_metric, name) for name in ("month", *METRICS)})

    @property
    def model_vars(self) -> dict[str, list[float]]:
        """Values by name, one a step."""
        month = self._model.month
        if self._known is None or self._known[0] != month:
            self._known = (month, _columns(self._model))
        return self._known[1]

    @model_vars.setter
    def model_vars(self, value: Mapping[str, Any]) -> None:
        """Take no notice: Mesa's constructor starts with an empty table."""

    @property
    def _collection_steps(self) -> list[int]:
        """Steps at which data were collected (Mesa 3.4 and later ask)."""
        return list(range(1, len(self.model_vars["month"]) + 1))

    @_collection_steps.setter
    def _collection_steps(self, value: list[int]) -> None:
        """Take no notice, as above."""

    def _new_model_reporter(self, name: str, reporter: Any) -> None:
        self.model_reporters[name] = reporter

    def collect(self, model: MarketModel) -> None:
        """Do nothing: the model has recorded its months already."""


def _metric(name: str, model: MarketModel) -> float:
    return model.latest[name]


def _columns(model: MarketModel) -> dict[str, list[float]]:
    calendar = model.parameters.calendar
    rows = {int(row["month"]): row for row in model.recorder.settled().timeline}
    months = range(-calendar.before - calendar.warm_up, model.month)
    nothing: dict[str, float] = {}
    return {
        "month": [float(month) for month in months],
        **{name: [rows.get(month, nothing).get(name, np.nan) for month in months] for name in METRICS},
    }
