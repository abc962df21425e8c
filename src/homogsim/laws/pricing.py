"""Prices toward the Bertrand–Nash markup (docs/model.md), and the exact equilibrium for tests and checks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def markup(sales: Floats, slope: Floats, noise: float) -> Floats:
    """Return S/(Bα/μ), the Bertrand–Nash markup in dollars; NaN for a firm without customers.

    `sales` is S = ΣW·Pr, `slope` is Bα = ΣW·Pr(1 − Pr)α_i, so that ∂S/∂p = −Bα/μ.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((sales > 0.0) & (slope > 0.0), noise * sales / slope, np.nan)


def next_price(
    price: Floats, cost: Floats, sales: Floats, slope: Floats, noise: float, speed: float, stance: Floats | float = 1.0
) -> Floats:
    """Return p′ = p + 0.3(c + stance·S/(Bα/μ) − p); a firm without customers last month keeps its price.

    The stance is 1 but where an owner wants it otherwise (`homogsim.agents.owners`).
    """
    best = cost + stance * markup(sales, slope, noise)
    return np.where(np.isnan(best), price, price + speed * (best - price))


def own_price_elasticity(price: Floats, sales: Floats, slope: Floats, noise: float) -> Floats:
    """Return d ln S/d ln p = −p·Bα/(μ·S); NaN for a firm without customers."""
    return -price / markup(sales, slope, noise)
