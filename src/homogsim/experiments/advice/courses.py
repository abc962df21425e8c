"""What becomes of one business, month by month, and of those around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.advocacy import values_of_visits
from homogsim.agents.firms import UID_SITE, tiers
from homogsim.agents.surveys import generic_twin
from homogsim.laws.survey import ask
from homogsim.metrics.differentiation import net_promoter_score, rating

if TYPE_CHECKING:
    from homogsim.agents.market import Market
    from homogsim.model import MarketModel

Floats = NDArray[np.float64]

YEAR = 12
MONTHLY = (
    "profit", "outlay", "fee", "is_open", "tool", "contact", "price", "sales", "cash", "premium", "nearest",
    "rivals", "rivals_with_tool", "rivals_price", "promoters", "visits",
)  # fmt: skip
"""What is followed every month. Money in dollars; `outlay` is set-up cost and training decided this month; `promoters`
is the number of visits rated 9 or 10 less those rated 6 or below; NaN where there is nothing to measure."""


@dataclass
class Course:
    """One business under one choice."""

    months: dict[str, Floats]
    """(horizon,) arrays by the names of `MONTHLY`; money is 0 and the rest NaN after the business has closed."""
    cause: str = ""
    """Why it closed."""
    decided: tuple[str, ...] = field(default_factory=tuple)
    """Its changes of tools, as ``generic+contact0.8@24``."""

    @property
    def net(self) -> Floats:
        """Profit less set-up cost and training, dollars a month."""
        return self.months["profit"] - self.months["outlay"]

    @property
    def lifetime(self) -> int:
        """Months at whose end the business was open."""
        return int(self.months["is_open"].sum())

    def last_year(self, name: str) -> float:
        """Return the mean of the last 12 months in which the business was open; NaN where nothing is known."""
        known = self.months[name][self.months["is_open"] > 0.0][-YEAR:]
        known = known[np.isfinite(known)]
        return float(known.mean()) if known.size else float("nan")

    @property
    def promoter_score(self) -> float:
        """Net promoter score of its visits in the last 12 months in which it was open, −100 to 100."""
        was_open = self.months["is_open"] > 0.0
        visits = float(np.nansum(self.months["visits"][was_open][-YEAR:]))
        return 100.0 * float(np.nansum(self.months["promoters"][was_open][-YEAR:])) / visits if visits else float("nan")


def follow(model: MarketModel, uid: int, horizon: int) -> Course:
    """Run `horizon` months and return what became of a business."""
    watch = Watch(model, uid, horizon)
    for _ in range(horizon):
        model.step()
        watch.note()
    return watch.course()


class Watch:
    """Looks at a business after every month; changes nothing."""

    def __init__(self, model: MarketModel, uid: int, horizon: int) -> None:
        self.model, self.uid, self.row = model, uid, uid // UID_SITE
        self.first = model.month
        self.months: dict[str, Floats] = {name: np.full(horizon, np.nan) for name in MONTHLY}
        for name in ("profit", "outlay", "fee", "is_open"):
            self.months[name][:] = 0.0
        self.total = float(model.market.firms.total_profit[self.row])
        self.cause = ""

    def note(self) -> None:
        """Note the month that has just been run."""
        market = self.model.market
        n = market.month - 1 - self.first
        if n >= self.months["profit"].size or self.cause:
            self._note_rivals(market, n)
            return
        death = next((d for d in reversed(market.diary.deaths) if d.uid == self.uid), None)
        total = self._total(market) if death is None else _life_total(market, self.uid)
        self._set(n, profit=total - self.total, outlay=self._outlay(market), is_open=float(death is None))
        self.total = total
        if death is None:
            self._note_business(market, n)
        else:
            self.cause = death.cause
        self._note_rivals(market, n)

    def _set(self, n: int, **values: float) -> None:
        for name, value in values.items():
            if 0 <= n < self.months[name].size:
                self.months[name][n] = value

    def _total(self, market: Market) -> float:
        return float(market.firms.total_profit[self.row])

    def _outlay(self, market: Market) -> float:
        """Return set-up cost and training decided this month."""
        training = market.parameters.tools.training
        return sum(
            decision.upfront + training * (decision.reason == "adopt")
            for decision in market.diary.decisions
            if decision.uid == self.uid and decision.month == market.month - 1
        )

    def _note_business(self, market: Market, n: int) -> None:
        firms, row = market.firms, self.row
        self._set(
            n,
            fee=float(tiers(market.parameters).monthly_fee[firms.tool[row]]),
            tool=float(firms.tool[row]),
            contact=float(firms.contact[row]),
            price=float(firms.price[row]),
            sales=float(firms.sales[row]),
            cash=float(firms.cash[row]),
            premium=premium(market, row),
        )
        promoters, visits = promoters_of(market, row)
        self._set(n, promoters=promoters, visits=visits)

    def _note_rivals(self, market: Market, n: int) -> None:
        firms = market.firms
        there = np.flatnonzero((market.site_cell == market.site_cell[self.row]) & firms.is_open)
        there = there[firms.uid[there] != self.uid]
        small = there[~firms.is_chain[there]]
        self._set(n, rivals=float(there.size))
        if small.size:
            self._set(
                n,
                rivals_with_tool=float((firms.tool[small] > 0).mean()),
                rivals_price=float(firms.price[small].mean()),
            )
        if there.size and not self.cause:
            gap = firms.offering[:, there] - firms.offering[:, [self.row]]
            self._set(n, nearest=float(np.sqrt((gap * gap).sum(axis=0).min())))

    def course(self) -> Course:
        """Return what was noted."""
        market = self.model.market
        changes = [d for d in market.diary.decisions if d.uid == self.uid and d.month >= self.first]
        told = tuple(f"{_tool(d.tool)}{f'+contact{d.contact:g}' if d.contact else ''}@{d.month}" for d in changes)
        return Course(self.months, self.cause, told)


def _tool(code: int) -> str:
    from homogsim.parameters import TOOLS

    return TOOLS[code]


def _life_total(market: Market, uid: int) -> float:
    """Return the profit of the whole life of a business that has closed."""
    for piece in reversed(market.diary.lives):
        found = np.flatnonzero(piece["uid"] == uid)
        if found.size:
            return float(piece["total_profit"][found[0]])
    raise LookupError(f"no life record of business {uid}")


def customers_within_reach(market: Market, row: int) -> NDArray[np.int64]:
    """Return the consumers who can reach a site, in order."""
    streets, cell = market.streets, int(market.site_cell[row])
    town = cell % streets.towns
    homes = streets.visitors_towns[streets.visitors_start[town] : streets.visitors_start[town + 1]]
    starts = streets.consumer_start
    return np.concatenate([np.arange(starts[cell - town + h], starts[cell - town + h + 1]) for h in np.sort(homes)])


def premium(market: Market, row: int) -> float:
    """Return what a business's buyers would pay for it not to be its generic twin, $ a purchase; NaN without buyers."""
    assert market.appeal is not None  # it has traded
    only = np.arange(market.firms.rows) == row
    if not market.traded[row]:
        return float("nan")
    _, _, worth, buyers = ask(
        customers_within_reach(market, row), market.choosing.tastes, market.streets, market.appeal,
        generic_twin(market), only, only, market.consumers.inclusive, market.consumers.last_before,
        market.choosing.noise,
    )  # fmt: skip
    return float(worth[row] / buyers[row]) if buyers[row] > 0.0 else float("nan")


def promoters_of(market: Market, row: int) -> tuple[float, float]:
    """Return promoters less detractors among a month's visits to a business, and how many visits there were."""
    u_0, s_0 = market.rating.tolist()
    worth = values_of_visits(market)[market.consumers.bought == row]
    if worth.size == 0 or not s_0 > 0.0:
        return 0.0, 0.0
    return net_promoter_score(rating(worth, u_0, s_0)) / 100.0 * worth.size, float(worth.size)
