"""How firms hear of automation and choose a tool (docs/model.md)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.numerics import exp_array, log_array

Floats = NDArray[np.float64]


def hazard_of_hearing(alone: float, from_peers: float, share: Floats) -> Floats:
    """Return p + q·share of adopters among the peers, a probability a month (Bass 1969)."""
    return np.minimum(1.0, alone + from_peers * share)


def damped_sales(sales: Floats, response: Floats, focus: float) -> Floats:
    """Return Ŝ = S·(S′/S)^focus: 0 is a firm that sees only its costs, 1 one that sees its customers in full."""
    if focus == 0.0:
        return sales
    some = (sales > 0.0) & (response > 0.0)
    ratio = np.where(some, response, 1.0) / np.where(some, sales, 1.0)
    return np.where(some, sales * exp_array(focus * log_array(ratio)), 0.0)


def believed_implementation(implementation: Floats, weight: float, optimism: float) -> Floats:
    """Return 0.6·b + 0.4·0.6: what a firm believes before it has used the tool for a year."""
    return weight * implementation + (1.0 - weight) * optimism


def option_value(
    profit: Floats, profit_now: Floats, horizon: float, discount: float, upfront: Floats, peers: Floats, network: Floats
) -> Floats:
    """Return 24·0.9·(π̂_option − π̂_now) − K + peer influence + ν·(clients of the tier/firms), in dollars."""
    return horizon * discount * (profit - profit_now) - upfront + peers + network


def gumbel(uniform: Floats) -> Floats:
    """Return −ln(−ln u), a standard Gumbel draw: the largest of value + noise·Gumbel is a logit choice."""
    return -log_array(-log_array(uniform))


def vendor_values(clients: Floats, network: float) -> Floats:
    """Return ν·n_v with n_v the vendor's share of the tier's clients, 1/V while there are none.

    `clients` is (tiers, V). The symmetric state breaks at ν = noise·V.
    """
    total = clients.sum(axis=1, keepdims=True)
    equal = 1.0 / clients.shape[1]
    return network * np.where(total > 0.0, clients / np.where(total > 0.0, total, 1.0), equal)
