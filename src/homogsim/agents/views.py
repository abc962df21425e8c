"""Agents on request: `mesa.Agent` views of consumers and firms, and what one of them does by itself."""

from __future__ import annotations

from typing import Any

import mesa
import numpy as np

from homogsim.agents.choosing import attractions_of, visit_of
from homogsim.agents.consumers import Consumers
from homogsim.agents.firms import UID_MONTH, UID_SITE, Firms, operations
from homogsim.agents.market import Market
from homogsim.laws import pricing
from homogsim.population import AgentGone, RowAgent, put_value


def _place(name: str, axis: int) -> property:
    """Return a coordinate: the kernels read a copy of both in one array, which has to follow."""

    def get(agent: ConsumerAgent) -> float:
        return float(getattr(agent.market.consumers, name)[agent.row])

    def put(agent: ConsumerAgent, value: float) -> None:
        column = getattr(agent.market.consumers, name)
        put_value(column[..., agent.row], value, f"ConsumerAgent.{name}")
        agent.market.tastes.place[axis, agent.row] = column[agent.row]
        agent.written()

    return property(get, put, doc=Consumers.columns[name].meaning)


class ConsumerAgent(RowAgent, population=Consumers):
    """A consumer; its attributes are its row of `Consumers`.

    Its ``unique_id`` is −1 − row. What is written to it stays until `MarketModel.set_live` changes a parameter of
    consumers, which draws what they value again.
    """

    east = _place("east", 0)
    north = _place("north", 1)

    def __init__(self, model: mesa.Model, market: Market, row: int) -> None:
        super().__init__(model, market.consumers, row, -1 - row)
        self.market = market

    def written(self) -> None:
        """Let firms and founders reckon with what it is now."""
        self.market.rewritten()

    @property
    def cell(self) -> int:
        """The cell (sector · towns + town) the consumer belongs to."""
        return int(self.market.consumer_cell[self.row])

    @property
    def town(self) -> int:
        """The town the consumer lives in."""
        return self.cell % self.market.parameters.world.towns

    @property
    def sector(self) -> int:
        """The sector the consumer buys in."""
        return self.cell // self.market.parameters.world.towns

    def probabilities(self) -> dict[int, float]:
        """Return the probability of each outlet within reach, by site, in last month's market.

        Pr_ij = e^{V_ij/μ} / (1 + Σ e^{V_ij'/μ}); without an outside option the 1 is missing. They sum to at most 1.

        Raises
        ------
        HomogsimError
            Before the first month.
        """
        sites, attractions, total = attractions_of(self.market, self.row)
        return {int(site): float(e / total) for site, e in zip(sites, attractions, strict=True)}

    def choose(self) -> int:
        """Return the site that the consumer visited in last month's market by its own luck, −1 for none.

        Raises
        ------
        HomogsimError
            Before the first month.
        """
        return visit_of(self.market, self.row)


class FirmAgent(RowAgent, population=Firms):
    """A business; its attributes are its row of `Firms`. Its ``unique_id`` is its uid.

    When the business closes, everything but `uid`, `birth`, `site`, `town`, `sector` and `is_open` raises `AgentGone`:
    the row may already belong to the next business at that site.
    """

    def __init__(self, model: mesa.Model, market: Market, site: int) -> None:
        super().__init__(model, market.firms, site, int(market.firms.uid[site]))
        self.market = market

    @property
    def uid(self) -> int:
        """Identity of the business: site · 4096 + month of opening + 2048."""
        return self.unique_id

    @property
    def birth(self) -> int:
        """Month of opening."""
        return self.unique_id % UID_SITE - UID_MONTH

    @property
    def is_open(self) -> bool:
        """Whether the business is still there."""
        firms = self.market.firms
        return bool(firms.is_open[self.row]) and int(firms.uid[self.row]) == self.unique_id

    def check(self) -> None:
        """Make sure that the business is still there.

        Raises
        ------
        AgentGone
            If it has closed.
        """
        if self.is_open:
            return
        deaths = (death for death in self.market.diary.deaths if death.uid == self.unique_id)
        told = "".join(f" in month {death.month} ({death.cause})" for death in deaths)
        raise AgentGone(
            f"the business {self.unique_id} at site {self.row} closed{told}",
            help="`model.firms` and `model.agents` hold those that are open.",
        )

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
        """Return the price the firm would move to at its present cost, dollars: p + .3(c + μS/Bα − p).

        Raises
        ------
        AgentGone
            If the business has closed.
        """
        self.check()
        firms, parameters = self.market.firms, self.market.parameters
        row = slice(self.row, self.row + 1)
        price = pricing.next_price(
            firms.price[row], firms.unit_cost[row], firms.expected_sales[row], firms.slope[row],
            parameters.consumers.choice_noise, parameters.firms.price_adjustment, firms.price_stance[row],
        )  # fmt: skip
        return float(price[0])

    def operations(self) -> dict[str, Any]:
        """Return how the firm runs its business, by name.

        Raises
        ------
        AgentGone
            If the business has closed.
        """
        self.check()
        now = operations(self.market.firms, np.array([self.row]))
        return {name: values[0].item() for name, values in now._asdict().items()}
