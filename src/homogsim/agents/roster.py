"""Who is there: agents made when somebody asks, and kept in step with the market."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import index
from typing import Generic, TypeVar, overload

import mesa
import numpy as np
from numpy.typing import NDArray

from homogsim.agents.market import Market
from homogsim.agents.views import ConsumerAgent, FirmAgent
from homogsim.population import RowAgent

Flags = NDArray[np.bool_]
AnyAgent = TypeVar("AnyAgent", bound=RowAgent)


class Roster(Generic[AnyAgent]):
    """Agents by row: ``roster[3]`` is the one at row 3, made when asked for.

    Rows may be empty (a site without a business): its length and iteration count and give only those who are there.
    """

    def __init__(self, place: str, there: Callable[[], Flags], agent: Callable[[int], AnyAgent]) -> None:
        self._place, self._there, self._agent = place, there, agent

    def __len__(self) -> int:
        return int(np.count_nonzero(self._there()))

    def __iter__(self) -> Iterator[AnyAgent]:
        return (self._agent(row) for row in np.flatnonzero(self._there()).tolist())

    def __contains__(self, agent: object) -> bool:
        return isinstance(agent, RowAgent) and agent.row in self.rows() and self._agent(agent.row) is agent

    @overload
    def __getitem__(self, row: int) -> AnyAgent: ...
    @overload
    def __getitem__(self, row: slice) -> list[AnyAgent]: ...
    def __getitem__(self, row: int | slice) -> AnyAgent | list[AnyAgent]:
        there = self._there()
        if isinstance(row, slice):
            return [self._agent(n) for n in range(*row.indices(there.size)) if there[n]]
        wanted = index(row)
        if not -there.size <= wanted < there.size:
            raise IndexError(f"there is no {self._place} {row}; they go from 0 to {there.size - 1}")
        if not there[wanted]:
            raise IndexError(f"nobody is at {self._place} {row} now; `rows()` says where somebody is")
        return self._agent(wanted % there.size)

    def rows(self) -> list[int]:
        """Return the rows at which somebody is."""
        return np.flatnonzero(self._there()).tolist()

    def __repr__(self) -> str:
        return f"<{len(self)} at {self._there().size} {self._place}s>"


class Views:
    """The agents of a model: none until somebody asks; from then on those who leave and come are followed."""

    def __init__(self, model: mesa.Model, market: Market) -> None:
        self._model, self._market = model, market
        self._firms: dict[int, FirmAgent] = {}
        self._consumers: dict[int, ConsumerAgent] = {}
        self._everybody = False
        self._followed = np.empty(0, dtype=np.int64)
        everyone = np.ones(market.consumers.rows, dtype=bool)
        self.firms: Roster[FirmAgent] = Roster("site", lambda: market.firms.is_open, self._firm)
        self.consumers: Roster[ConsumerAgent] = Roster("row", lambda: everyone, self._consumer)

    def ask_for_everybody(self) -> None:
        """Make the agents that are missing."""
        if not self._everybody:
            self._everybody = True
            self._followed = np.empty(0, dtype=np.int64)
            for row in range(self._market.consumers.rows):
                self._consumer(row)
        self.follow()

    def follow(self) -> None:
        """Let the agents of closed firms go; make those of new firms if everybody was asked for."""
        if not (self._firms or self._everybody):
            return
        firms = self._market.firms
        now = np.where(firms.is_open, firms.uid, -1)
        if np.array_equal(now, self._followed):
            return
        for site in [site for site, agent in self._firms.items() if not agent.is_open]:
            self._firms.pop(site).let_go()
        if self._everybody:
            for site in np.flatnonzero(firms.is_open).tolist():
                self._firm(site)
        self._followed = now

    def let_go(self) -> None:
        """Let all agents go; whoever is asked for next is made again."""
        for agent in (*self._firms.values(), *self._consumers.values()):
            agent.let_go()
        self._firms.clear()
        self._consumers.clear()
        self._everybody = False

    def _consumer(self, row: int) -> ConsumerAgent:
        agent = self._consumers.get(row)
        if agent is None:
            agent = self._consumers[row] = ConsumerAgent(self._model, self._market, row)
        return agent

    def _firm(self, site: int) -> FirmAgent:
        agent = self._firms.get(site)
        if agent is not None and not agent.is_open:
            self._firms.pop(site).let_go()
            agent = None
        if agent is None:
            agent = self._firms[site] = FirmAgent(self._model, self._market, site)
        return agent
