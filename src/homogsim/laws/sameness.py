"""A town's diversity as its people feel it, and the backlash to sameness (docs/model.md).

The same law as the metric's (`homogsim.metrics.diversity`), but with this project's own exp and log, because here it
enters the state, and of other outlets: people see a town's chains as well (`homogsim.agents.backlash`), the metric
counts small businesses only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.numerics import exp_array, log_array

Floats = NDArray[np.float64]


def felt_diversity(offering: Floats, sales: Floats, scale: float) -> float:
    """Return the Leinster–Cobbold diversity of order 1 of the offerings (d, n) on sale, by sales; 1 for none.

    exp(−Σ p_j ln Σ_k p_k e^{−‖x_j − x_k‖/ℓ})
    """
    total = sales.sum()
    if total <= 0.0 or not scale > 0.0:
        return 1.0
    shares = sales / total
    squared = np.zeros((sales.size, sales.size))
    for axis in offering:
        gap = axis[:, None] - axis[None, :]
        squared += gap * gap
    ordinary = (exp_array(-np.sqrt(squared) / scale) * shares).sum(axis=1)
    return float(exp_array(np.array([-(shares * log_array(ordinary)).sum()]))[0])


def raised_value(backlash: float, diversity: Floats, diversity_0: Floats) -> Floats:
    """Return 1 + ω·max(0, 1 − D_m/D_m0), by which the value of the local rises in town m; 1 where D_m0 is unknown."""
    with np.errstate(invalid="ignore"):
        loss = np.where(np.isnan(diversity_0), 0.0, 1.0 - diversity / diversity_0)
    return 1.0 + backlash * np.maximum(0.0, loss)
