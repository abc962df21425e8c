"""A finished run as moments see it: its results, the market it ended in, and who would buy where there."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from homogsim.errors import HomogsimError
from homogsim.experiments.pairs import Pairs, pairs_of
from homogsim.results.lifetimes import entrants_curve, small_businesses

if TYPE_CHECKING:
    import pandas as pd

    from homogsim.agents.market import Market
    from homogsim.metrics.survival import SurvivalCurve
    from homogsim.model import MarketModel
    from homogsim.results import Results

SETTLED = -24
"""Month from which the world has settled: it needs about 96 of the months before month 0."""


class Finished:
    """A run that has ended.

    Parameters
    ----------
    results : Results
        What was recorded.
    market : Market, optional
        The state it ended in; moments that need it cannot be computed from results alone.
    """

    def __init__(self, results: Results, market: Market | None = None) -> None:
        self.results, self._market = results, market

    @classmethod
    def of(cls, model: MarketModel) -> Finished:
        """Return the run of a model."""
        return cls(model.results(), model.market)

    @property
    def market(self) -> Market:
        """The state the run ended in.

        Raises
        ------
        HomogsimError
            Only the results are at hand.
        """
        if self._market is None:
            what = "this moment is read off the market at the end, which stored results do not hold"
            raise HomogsimError(what, help="Run the model again: Finished.of(model.run()).")
        return self._market

    @cached_property
    def pairs(self) -> Pairs:
        """Consumers and the outlets within their reach in the last month."""
        return pairs_of(self.market)

    @cached_property
    def small_businesses(self) -> pd.DataFrame:
        """The table of businesses without the outlets of chains."""
        return small_businesses(self.results.firms)

    @cached_property
    def entrants(self) -> SurvivalCurve:
        """Survival of the small businesses that opened in a recorded month; without any, defined at no age."""
        months = self.results.timeline["month"]
        firms = self.results.firms if len(months) else self.results.firms.iloc[:0]
        first, last = (int(months.iloc[0]), int(months.iloc[-1])) if len(months) else (0, 0)
        return entrants_curve(firms, first, last)

    def column(self, metric: str, first: int, last: int | None = None) -> np.ndarray:
        """Return a metric in the recorded months from `first` to `last`; empty unless the record reaches so far.

        Also empty when the run did not record the metric (stored results of another version).
        """
        timeline = self.results.timeline
        month = timeline["month"].to_numpy()
        if metric not in timeline or not month.size or (last is not None and month[-1] < last):
            return np.empty(0)
        chosen = (month >= first) & (month <= (month[-1] if last is None else last))
        return timeline.loc[chosen, metric].to_numpy(dtype=np.float64)

    def mean(self, metric: str, first: int = SETTLED, last: int | None = None) -> float:
        """Return the mean of a metric over recorded months in which it is defined; NaN when there are none."""
        values = self.column(metric, first, last)
        defined = values[np.isfinite(values)]
        return float(defined.mean()) if defined.size else math.nan
