"""One market of a tab, with what was drawn of it: frames by month, rows of the timeline, businesses' histories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.parameters import TOOLS
from homogsim.ui import frames
from homogsim.ui.charts import COLUMNS, TOWN_COLUMNS

if TYPE_CHECKING:
    from homogsim.experiments.advice.ownership import Ownership
    from homogsim.model import MarketModel
    from homogsim.results import Results
    from homogsim.scenario import Event

MOST_BYTES = 24e6
"""Bytes of frames that a market keeps; beyond that every other one of the older half goes."""
YEAR = 12


class Side:
    """A market that is drawn while it runs.

    Parameters
    ----------
    model : MarketModel
        The market, at any month.
    """

    def __init__(self, model: MarketModel) -> None:
        self.model = model
        self.owned: Ownership | None = None
        """The business in the user's hands."""
        self.view = frames.projection(model.market)
        self.kept: dict[int, frames.Frame] = {}
        self._bytes = 0
        self._settled: list[dict[str, float]] = []
        self.version = 0
        """Goes up when rows that were told before have changed."""
        self._final = False
        self.keep()

    @property
    def month(self) -> int:
        """The month about to be run."""
        return self.model.month

    @property
    def ended(self) -> bool:
        """Whether the last month has been run."""
        return self.model.month > self.model.last_month

    def step(self) -> None:
        """Run a month and keep its frame."""
        if self.owned is None:
            self.model.step()
        else:
            self.owned.step()
        self.keep()

    def take(self, uid: int, name: str, every: int) -> None:
        """Put a business into the user's hands.

        Raises
        ------
        HomogsimError
            Nothing can be decided for it now.
        """
        from homogsim.experiments.advice.ownership import Ownership

        self.owned = Ownership(self.model, uid, name, every)

    def let_go(self) -> None:
        """Let the business decide by itself for good."""
        if self.owned is not None:
            self.owned.close()
            self.owned = None

    def keep(self) -> None:
        """Keep what is open now as the frame of the month before."""
        found = frames.frame(self.model.market, self.view)
        self.kept[found.month] = found
        self._bytes += len(found.data)
        while self._bytes > MOST_BYTES and len(self.kept) > 2:
            self._thin_out()

    def _thin_out(self) -> None:
        months = list(self.kept)
        for month in months[1 : len(months) // 2 : 2] or months[:1]:
            self._bytes -= len(self.kept.pop(month).data)

    def frame_at(self, month: int) -> frames.Frame:
        """Return the kept frame of a month, or the nearest one."""
        return self.kept[min(self.kept, key=lambda kept: (abs(kept - month), kept))]

    def reschedule(self, events: tuple[Event, ...]) -> None:
        """Let other things happen from the coming month on."""
        self.model.reschedule(events)

    # What is told ---------------------------------------------------------------------------------------------

    def timeline(self) -> list[dict[str, float]]:
        """Return the rows of the timeline so far. Before month 0 they are those of once a year, and not final."""
        recorder = self.model.recorder
        if not recorder.pending:
            self.version += not self._final
            self._final = True
            return recorder.timeline
        if len(recorder.pending) >= len(self._settled) + YEAR or (self.month == 0 and not self._final):
            self._settled, self.version = recorder.settled().timeline, self.version + 1
            self._final = self.month == 0
        return self._settled

    def rows(self, since: int) -> bytes:
        """Return the rows of the timeline from number `since` on: month, then `COLUMNS`, as float64."""
        table = [[row["month"], *(row[name] for name in COLUMNS)] for row in self.timeline()[since:]]
        return np.array(table, dtype="<f8").tobytes()

    def town_rows(self, town: int) -> bytes:
        """Return all rows of one town: month, then `TOWN_COLUMNS`, as float64."""
        tables = self.model.recorder.towns
        names = ("month", *TOWN_COLUMNS)
        return np.array([[float(part[name][town]) for name in names] for part in tables], dtype="<f8").tobytes()

    def results(self) -> Results:
        """Return what was recorded so far."""
        return self.model.results()

    def world(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return what never moves: towns, roads, storefronts, the view of the offering space, vendors."""
        market = self.model.market
        places, size = market.geography, market.parameters.world
        site = places.positions[market.site_town] + market.streets.site_place.T / size.square_minutes
        existing = self.model.scenario.places
        names = [town.name for town in existing.towns] if existing is not None else []
        corners, tastes = frames.tastes(market, self.view)
        facts = {
            "towns": places.positions.tolist(),
            "names": names or [f"town {number}" for number in range(size.towns)],
            "roads": [[int(a), int(b)] for a, b, _ in places.roads],
            "radius": size.town_radius / size.square_minutes,
            "minutes": size.square_minutes,
            "sectors": size.sectors,
            "corners": corners,
            "grid": frames.GRID,
            "shares": list(self.view.shares),
            "tiers": market.vendors.tier.tolist(),
            "largest_sales": float(np.quantile(market.firms.sales[market.firms.is_open], 0.98))
            if market.firms.is_open.any()
            else 1.0,
        }
        return facts, [
            np.ascontiguousarray(site, dtype="<f4").tobytes(),
            market.site_town.astype("<i4").tobytes(),
            market.site_sector.astype("<i4").tobytes(),
            tastes,
        ]

    def present(self) -> tuple[frames.Frame, bytes]:
        """Return the newest frame and where the templates stand."""
        return self.kept[self.month - 1], frames.templates(self.model.market, self.view)

    def card(self, uid: int) -> dict[str, Any] | None:
        """Return a business: its numbers now, or when it was last open, and its history month by month."""
        history: list[list[float]] = []
        for month, kept in sorted(self.kept.items()):
            found = frames.block(kept)
            at = np.flatnonzero(found.uid == uid)
            if at.size:
                values = [float(column[at[0]]) for column in found.columns.values()]
                history.append([month, *values, float(found.kind[at[0]])])
        if not history:
            return None
        site, birth = divmod(uid, 4096)
        facts = {"uid": uid, "site": site, "birth": birth - 2048, "history": history, "columns": list(frames.COLUMNS)}
        return facts | self._now(site, uid)

    def _now(self, site: int, uid: int) -> dict[str, Any]:
        market, firms = self.model.market, self.model.market.firms
        where = {"town": int(market.site_town[site]), "sector": int(market.site_sector[site])}
        if not (firms.is_open[site] and firms.uid[site] == uid):
            return where | {"open": False}
        names = ("price", "unit_cost", "sales", "profit", "cash", "quality", "personalization", "trust", "contact")
        numbers = {name: float(getattr(firms, name)[site]) for name in names}
        about = {"tool": TOOLS[int(firms.tool[site])], "chain": bool(firms.is_chain[site])}
        return where | {"open": True} | about | {"numbers": numbers}
