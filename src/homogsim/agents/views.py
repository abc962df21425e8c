"""Agents on request: `mesa.Agent` views of consumers and firms, and what one of them does by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import mesa
import numpy as np
from numpy.typing import NDArray

from homogsim.agents.choosing import attractions_of, visit_of
from homogsim.agents.consumers import Consumers
from homogsim.agents.firms import Firms, operations
from homogsim.agents.market import Market
from homogsim.laws import pricing
from homogsim.population import RowAgent

Floats = NDArray[np.float64]


class ConsumerAgent(RowAgent, population=Consumers):
    """A consumer; its attributes are its row of `Consumers`."""

    market: Market

    @property
    def cell(self) -> int:
        """The cell (sector · towns + town) the consumer belongs to."""
        return self.row // self.market.parameters.world.consumers

    @property
    def town(self) -> int:
        """The town the consumer lives in."""
        return self.cell % self.market.parameters.world.towns

    @property
    def sector(self) -> int:
        """The sector the consumer buys in."""
        return self.cell // self.market.parameters.world.towns

    def probabilities(self) -> dict[int, float]:
        """Return the probability of each outlet within reach, by site, in last month's market."""
        sites, attractions = attractions_of(self.market, self.row)
        total = self.population.inclusive[self.row]  # type: ignore[attr-defined]
        return {int(site): float(e * (1.0 / total)) for site, e in zip(sites, attractions, strict=True)}

    def choose(self) -> int:
        """Return the site that the consumer visited in last month's market by its own luck, −1 for none."""
        return visit_of(self.market, self.row)


class FirmAgent(RowAgent, population=Firms):
    """A firm; its attributes are its row of `Firms`. It ends when the business closes."""

    market: Market

    @property
    def site(self) -> int:
        """The storefront the firm is in."""
        return self.row

    @property
    def town(self) -> int:
        """The firm's town."""
        return int(self.market.site_town[self.row])

    @property
    def sector(self) -> int:
        """The firm's sector."""
        return int(self.market.site_sector[self.row])

    def next_price(self) -> float:
        """Return the price the firm will move to next month at its present cost."""
        firms, parameters = self.market.firms, self.market.parameters
        row = slice(self.row, self.row + 1)
        price = pricing.next_price(
            firms.price[row], firms.unit_cost[row], firms.expected_sales[row], firms.slope[row],
            parameters.consumers.choice_noise, parameters.firms.price_adjustment,
        )  # fmt: skip
        return float(price[0])

    def operations(self) -> dict[str, float]:
        """Return how the firm runs its business, by name."""
        now = operations(self.market.firms, np.array([self.row]))
        return {name: float(values[0]) for name, values in now._asdict().items()}


class Views:
    """The agents of a model, made when somebody asks and kept in step with the market."""

    def __init__(self, model: mesa.Model, market: Market) -> None:
        self.model, self.market = model, market
        self._firms: dict[int, FirmAgent] = {}
        self._consumers: dict[int, ConsumerAgent] = {}
        self.firms: Sequence[FirmAgent] = Roster(self.firm, lambda: np.flatnonzero(market.firms.is_open))
        self.consumers: Sequence[ConsumerAgent] = Roster(self.consumer, lambda: np.arange(market.consumers.rows))

    def consumer(self, row: int) -> ConsumerAgent:
        """Return the agent of a consumer."""
        if row not in self._consumers:
            agent = ConsumerAgent(self.model, self.market.consumers, row)
            agent.market = self.market
            self._consumers[row] = agent
        return self._consumers[row]

    def firm(self, site: int) -> FirmAgent:
        """Return the agent of the business that is now at a site."""
        uid = int(self.market.firms.uid[site])
        self._retire(site, uid)
        if uid not in self._firms:
            agent = FirmAgent(self.model, self.market.firms, site)
            agent.market = self.market
            self._firms[uid] = agent
        return self._firms[uid]

    def refresh(self) -> None:
        """Make the agents that are missing and let those go whose business has closed."""
        open_now = {int(self.market.firms.uid[site]) for site in np.flatnonzero(self.market.firms.is_open)}
        for uid in [uid for uid in self._firms if uid not in open_now]:
            self._firms.pop(uid).remove()
        for agents in (self.firms, self.consumers):
            for _ in agents:
                pass

    def _retire(self, site: int, uid: int) -> None:
        for old in [u for u, agent in self._firms.items() if agent.row == site and u != uid]:
            self._firms.pop(old).remove()


class Roster(Sequence[Any]):
    """Agents by row, made when asked for; iteration goes over those that exist now."""

    def __init__(self, make: Any, rows: Any) -> None:
        self._make, self._rows = make, rows

    def __len__(self) -> int:
        return len(self._rows())

    @overload
    def __getitem__(self, row: int) -> Any: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Any]: ...
    def __getitem__(self, row: int | slice) -> Any:
        rows = self._rows()
        if isinstance(row, slice):
            return [self._make(int(r)) for r in rows[row]]
        if row not in rows:
            raise IndexError(f"nobody is at row {row}")
        return self._make(int(row))

    def __iter__(self) -> Iterator[Any]:
        return (self._make(int(row)) for row in self._rows())
