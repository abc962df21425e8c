"""What metrics see of one month: arrays of the outlets that traded, and what was asked of everybody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from homogsim.metrics.diversity import diversity_of
from homogsim.metrics.partition import Partition, ordinariness_of, partition_at, three_orders, undefined_partition
from homogsim.metrics.sampling import Estimate, sampled_mean_distance, sampled_partitions
from homogsim.metrics.similarity import Pairs, all_pairs, pairwise_distances, similarity_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Found = TypeVar("Found")

EXACT_OUTLETS = 5000
"""Outlets up to which similarity metrics are exact; above, they are estimated on a keyed sample."""
SAMPLED_OUTLETS = 2000
ORDERS = (0.0, 1.0, 2.0)
"""Orders q of diversity that are told."""
VIEWS = ("sales", "supply")
"""By sales, or each outlet counting 1."""
GROUPINGS = ("town", "sector")
WHICH = {"gamma": 0, "alpha": 1, "beta": 2}


@dataclass
class People:
    """What consumers did in a month, and what was found out about them; NaN or empty where nobody asked."""

    consumer_surplus: float
    """Of all, $ a month."""
    surplus: Floats
    """(4) consumer surplus by quartile of distance from the sector's taste centre, popular tastes first, $ a month."""
    net_promoter_score: float = np.nan
    customers: float = np.nan
    """Households whose last purchase was at a small business."""
    retention: float = np.nan
    """Share of a small business's customers who are its customers a month later."""
    repeat_revenue_share: float = np.nan
    repeat_12m: float = np.nan
    experienced_richness: float = np.nan
    served_badly_share: float = np.nan
    personalization_gap: float = np.nan
    differentiation_premium: float = np.nan
    """$, mean over the buyers of all small businesses."""
    served: Floats = field(default_factory=lambda: np.empty((0, 1)))
    """(v, d) the offerings x_ij that a sample of visitors were served."""
    windows: Floats = field(default_factory=lambda: np.empty((0, 1)))
    """(b, d) the offerings x_j of the businesses that they visited."""
    window_visits: Floats = field(default_factory=lambda: np.empty(0))
    """(b) how many of the visits each of these had."""


@dataclass
class Money:
    """What all businesses paid in a month, and the public, in dollars."""

    fixed_costs: float = 0.0
    fees: float = 0.0
    reinvestment: float = 0.0
    setup: float = 0.0
    public_money: float = 0.0
    public_money_so_far: float = 0.0
    """Since the first recorded month, $."""


@dataclass
class Investment:
    """Tools: who sells them, and what they returned to those who bought one."""

    clients: Ints
    """(V) clients of each vendor."""
    vendor_market: Ints
    """(V) tier and sector in which the vendor competes."""
    returns_12: Floats
    """ROI over 12 months of all who adopted 12 months ago or earlier; −1 of those that closed within the 12."""
    returns_36: Floats
    """The same over 36 months."""
    paybacks: Floats
    """Months until the tool had paid for itself, of the same adopters; infinite if it did not within 36."""
    velocity: float = np.nan
    """Launches that paid, per business and year."""


@dataclass
class Observation:
    """One month of the market; arrays have one entry an outlet that traded (n), offerings are (n, d)."""

    month: int
    yearly: bool
    """Whether what is measured once a year is measured this month."""
    towns: int
    cells: int
    entries: int
    exits: int
    occasions: float
    """Purchase occasions of the month, bought or not."""
    choice_noise: float
    """μ, $."""
    town: Ints
    sector: Ints
    cell: Ints
    offering: Floats
    process: Floats
    sales: Floats
    price: Floats
    base_cost: Floats
    unit_cost: Floats
    fixed_cost: Floats
    """Paid this month."""
    quality: Floats
    personalization: Floats
    satisfaction: Floats
    profit: Floats
    slope: Floats
    """Bα = ΣW·Pr(1 − Pr)α."""
    expected_sales: Floats
    tool: Ints
    contact: Floats
    implementation: Floats
    data: Floats
    people: People
    money: Money
    investment: Investment
    sample: NDArray[np.intp]
    """Keyed order of outlets, from which a sample is taken above `EXACT_OUTLETS`."""
    draws: Floats
    """(n, replicates) keyed draws for rarefaction; (0, replicates) when it is not measured."""
    rarefied_size: int
    """Outlets of a rarefied subsample."""
    chain_outlets: int = 0
    """Outlets of chains; none of the arrays holds them."""
    chain_sales: float = 0.0
    chain_expected_sales: float = 0.0
    chain_profit: float = 0.0
    scale: float = np.nan
    """ℓ, frozen at month 0."""
    offering_diversity_0: float = np.nan
    """γ of offerings in the month before automation arrived."""
    process_diversity_0: float = np.nan
    """γ of processes in that month."""

    def __post_init__(self) -> None:
        self._found: dict[Any, Any] = {}

    @property
    def n(self) -> int:
        """Number of outlets that traded."""
        return self.sales.size

    @cached_property
    def sales_shares(self) -> Floats:
        """Sales shares; NaN without sales."""
        total = self.sales.sum()
        return self.sales / total if total > 0.0 else np.full(self.n, np.nan)

    @property
    def is_sampled(self) -> bool:
        """Whether similarity is estimated on a sample."""
        return self.n > EXACT_OUTLETS

    @property
    def compared(self) -> NDArray[np.intp] | slice:
        """The outlets that are compared with each other: all, or the sample."""
        return self.sample[:SAMPLED_OUTLETS] if self.is_sampled else slice(None)

    # Diversity --------------------------------------------------------------------------------------------------

    def diversity(self, which: str, view: str, by: str = "town", q: float = 1.0, factor: float = 1.0) -> float:
        """Return γ, Ā or B̄ ("gamma", "alpha", "beta") of offerings; NaN where it is not defined.

        `view` is "sales" or "supply" (each outlet 1), `by` "town" or "sector", `factor` multiplies ℓ.
        """
        return float(self._estimate(view, by, factor).value[ORDERS.index(q), WHICH[which]])

    def diversity_error(self, which: str, view: str, by: str = "town", q: float = 1.0) -> float:
        """Return the standard error of `diversity`; 0 where it is exact."""
        return float(self._estimate(view, by, 1.0).standard_error[ORDERS.index(q), WHICH[which]])

    @property
    def by_sales(self) -> Partition:
        """Partition over towns by sales, q = 1; of a sampled market no town is known alone."""
        if self.is_sampled or not self._measurable(self.sales_shares):
            return undefined_partition(self.towns)
        pairs = self._pairs(1.0)
        outlets = ordinariness_of(self.sales_shares, self.town, pairs.market[0], pairs.own[0, 0], self.towns)
        return partition_at(outlets, 1.0)

    @property
    def process_gamma(self) -> Estimate:
        """γ of processes by sales, q = 1, at the ℓ of offerings."""
        return self._once("process", self._process)[1]

    @property
    def process_distance(self) -> Estimate:
        """Mean distance between two outlets' processes."""
        return self._once("process", self._process)[0]

    @property
    def offering_distance(self) -> Estimate:
        """Mean distance between two outlets' offerings."""
        if self.is_sampled:
            return sampled_mean_distance(self._sampled(1.0)[0], self.n)
        return _exact(self._pairs(1.0).mean_distance)

    def forget(self) -> None:
        """Let what was worked out go."""
        self._found = {}

    def _estimate(self, view: str, by: str, factor: float) -> Estimate:
        return self._once((view, by, factor), lambda: self._diversities(view, by, factor))

    def _diversities(self, view: str, by: str, factor: float) -> Estimate:
        """Return (orders, 3) γ, Ā, B̄ and their errors."""
        shares = self._shares(view)
        if not self._measurable(shares):
            nothing = np.full((len(ORDERS), len(WHICH)), np.nan)
            return Estimate(nothing, nothing)
        if self.is_sampled:
            rows, Z = self.compared, self._sampled(factor)[1]
            return sampled_partitions(Z, shares[rows], self._groups(by)[rows], ORDERS, self.n)
        pairs, which, way = self._pairs(factor), VIEWS.index(view), GROUPINGS.index(by)
        count = self.towns if by == "town" else self.cells // self.towns
        return _exact(three_orders(shares, self._groups(by), pairs.market[which], pairs.own[which, way], count))

    def _pairs(self, factor: float) -> Pairs:
        """Return all pairs of offerings, both views and both ways of grouping at once."""
        return self._once(("pairs", factor), lambda: self._all_pairs(factor))

    def _all_pairs(self, factor: float) -> Pairs:
        shares = np.stack([self._shares(view) for view in VIEWS])
        groups = np.stack([self._groups(by) for by in GROUPINGS])
        return all_pairs(self.offering, self.scale * factor, shares, groups)

    def _sampled(self, factor: float) -> tuple[Floats, Floats]:
        """Return distances and similarities of the sampled offerings."""
        points = self.offering[self.compared]
        distances = self._once("distances", lambda: pairwise_distances(points))
        return distances, self._once(("Z", factor), lambda: similarity_of(distances, self.scale * factor))

    def _process(self) -> tuple[Estimate, Estimate]:
        """Return the mean distance between processes, and γ."""
        shares = self._shares("sales")
        known = self._measurable(shares)
        if not self.is_sampled:
            pairs = all_pairs(self.process, self.scale, shares[None, :], np.empty((0, self.n), dtype=np.int64))
            gamma = diversity_of(pairs.market[0], shares, 1.0) if known else np.nan
            return _exact(pairs.mean_distance), _exact(gamma)
        distances = pairwise_distances(self.process[self.compared])
        distance = sampled_mean_distance(distances, self.n)
        if not known:
            return distance, _exact(np.nan)
        together = np.zeros(len(distances), dtype=np.int64)
        found = sampled_partitions(
            similarity_of(distances, self.scale), shares[self.compared], together, (1.0,), self.n
        )
        return distance, Estimate(found.value[0, 0], found.standard_error[0, 0])

    def _shares(self, view: str) -> Floats:
        return self.sales_shares if view == "sales" else np.full(self.n, 1.0 / max(self.n, 1))

    def _groups(self, by: str) -> Ints:
        return self.town if by == "town" else self.sector

    def _measurable(self, shares: Floats) -> bool:
        return self.n > 0 and self.scale > 0.0 and bool(np.isfinite(shares).all())

    def _once(self, key: Any, work: Callable[[], Found]) -> Found:
        if key not in self._found:
            self._found[key] = work()
        return self._found[key]


def _exact(value: ArrayLike) -> Estimate:
    """Return what is not estimated: no error, or NaN where there is no value."""
    known = np.asarray(value, dtype=np.float64)
    return Estimate(known, np.where(np.isnan(known), np.nan, 0.0))


PARTS: dict[str, Any] = {"people": People, "money": Money, "investment": Investment}


def field_names() -> list[str]:
    """Return the names of everything that is observed, parts as ``part.name``."""
    own = [f.name for f in fields(Observation)]
    return [name for f in own for name in ([f"{f}.{g.name}" for g in fields(PARTS[f])] if f in PARTS else [f])]


def to_fields(month: Observation) -> dict[str, Any]:
    """Return everything that was observed by its name: arrays and numbers only."""
    return {name: attrgetter(name)(month) for name in field_names()}


def from_fields(values: Mapping[str, Any]) -> Observation:
    """Return the observation that `to_fields` took apart."""
    whole: dict[str, Any] = {name: value for name, value in values.items() if "." not in name}
    for name, kind in PARTS.items():
        whole[name] = kind(**{f.name: values[f"{name}.{f.name}"] for f in fields(kind)})
    return Observation(**whole)
