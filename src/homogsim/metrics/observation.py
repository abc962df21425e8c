"""What metrics see of one month: arrays of the outlets that traded, and a few numbers of the whole market."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from homogsim.metrics.diversity import leinster_cobbold
from homogsim.metrics.partition import Partition, partition_by_group
from homogsim.metrics.sampling import sampled_partition
from homogsim.metrics.similarity import pairwise_distances

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]

EXACT_OUTLETS = 5000
"""Outlets up to which similarity metrics are exact; above, they are estimated on a keyed sample."""
SAMPLED_OUTLETS = 2000


@dataclass
class Observation:
    """One month of the market; arrays have one entry an outlet that traded (n), offerings are (n, d)."""

    month: int
    towns: int
    cells: int
    entries: int
    exits: int
    occasions: float
    """Purchase occasions of the month, bought or not."""
    consumer_surplus: float
    """$ a month."""
    choice_noise: float
    """μ, $."""
    town: Ints
    cell: Ints
    offering: Floats
    process: Floats
    sales: Floats
    price: Floats
    unit_cost: Floats
    quality: Floats
    personalization: Floats
    profit: Floats
    slope: Floats
    """Bα = ΣW·Pr(1 − Pr)α."""
    expected_sales: Floats
    tool: Ints
    contact: Floats
    returns: Floats
    """ROI over 12 months of every adopter so far whose 12 months are over; −1 for those that closed before."""
    sample: NDArray[np.intp]
    """Keyed order of outlets, from which a sample is taken above `EXACT_OUTLETS`."""
    chain_outlets: int = 0
    """Outlets of chains; none of the arrays holds them."""
    chain_sales: float = 0.0
    chain_expected_sales: float = 0.0
    chain_profit: float = 0.0
    public_money: float = 0.0
    """What the public pays for policies, $ a month."""
    public_money_so_far: float = 0.0
    """The same since the first recorded month, $."""
    scale: float = np.nan
    """ℓ, frozen at month 0."""
    offering_diversity_0: float = np.nan
    """γ of offerings in the month before automation arrived."""
    process_diversity_0: float = np.nan
    """γ of processes in that month."""

    @property
    def n(self) -> int:
        """Number of outlets that traded."""
        return self.sales.size

    @cached_property
    def sales_shares(self) -> Floats:
        """Sales shares; NaN without sales."""
        total = self.sales.sum()
        return self.sales / total if total > 0.0 else np.full(self.n, np.nan)

    @cached_property
    def equal_shares(self) -> Floats:
        """1/n each."""
        return np.full(self.n, 1.0 / self.n) if self.n else np.empty(0)

    @cached_property
    def distances(self) -> Floats:
        """(n, n) distances between offerings."""
        return pairwise_distances(self.offering)

    @cached_property
    def similarity(self) -> Floats:
        """(n, n) similarity exp(−distance/ℓ) of offerings."""
        return np.exp(-self.distances / self.scale)

    @cached_property
    def by_sales(self) -> Partition:
        """Partition over towns, experienced view (sales shares), q = 1."""
        return self._partition(self.sales_shares)

    @cached_property
    def by_supply(self) -> Partition:
        """Partition over towns, supply view (each outlet 1), q = 1."""
        return self._partition(self.equal_shares)

    @cached_property
    def process_gamma(self) -> float:
        """γ of processes, sales shares, q = 1, at the ℓ of offerings."""
        if not self._measurable(self.sales_shares):
            return np.nan
        if self.n > EXACT_OUTLETS:
            order = self.sample[:SAMPLED_OUTLETS]
            estimate = sampled_partition(self.process, self.sales_shares, self.town, self.scale, 1.0, order)
            return float(estimate.value[0])
        return leinster_cobbold(self.sales_shares, np.exp(-pairwise_distances(self.process) / self.scale), 1.0)

    def _measurable(self, shares: Floats) -> bool:
        return self.n > 0 and self.scale > 0.0 and bool(np.isfinite(shares).all())

    def _partition(self, shares: Floats) -> Partition:
        if not self._measurable(shares):
            nothing = np.full(self.towns, np.nan)
            return Partition(np.nan, np.nan, np.nan, nothing, nothing, nothing, nothing)
        if self.n > EXACT_OUTLETS:
            order = self.sample[:SAMPLED_OUTLETS]
            gamma, alpha, beta = sampled_partition(self.offering, shares, self.town, self.scale, 1.0, order).value
            nothing = np.full(self.towns, np.nan)
            return Partition(float(gamma), float(alpha), float(beta), nothing, nothing, nothing, nothing)
        return partition_by_group(shares, self.town, self.similarity, 1.0, n_groups=self.towns)
