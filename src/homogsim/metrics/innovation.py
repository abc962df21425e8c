"""How often businesses try something new that pays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import Booleans, floats

LAUNCH_STEP = 0.25  # of the similarity scale


def is_launch(x: ArrayLike, x_year_ago: ArrayLike, scale: float, tool_changed: ArrayLike) -> Booleans:
    r"""Say which businesses launched something in the last 12 months.

    A launch is a change of tool or a step :math:`\|x - x_{-12}\| > 0.25\,\ell`. Ask once a year for each business:
    asked every month, one slow move would be counted twelve times.

    Parameters
    ----------
    x, x_year_ago : array_like, shape (firms, d)
        Offerings now and 12 months ago, in standard deviations of tastes. A row of NaN (not yet open) is no step.
    scale : float
        ℓ, same unit.
    tool_changed : array_like of bool, shape (firms,)
        Whether the tool changed in these months.

    Returns
    -------
    ndarray of bool, shape (firms,)
    """
    step = np.sqrt(((floats(x) - floats(x_year_ago)) ** 2).sum(axis=1))
    launched: Booleans = np.asarray(tool_changed, dtype=bool) | (step > LAUNCH_STEP * scale)
    return launched


def innovation_velocity(paying_launches: int, business_months: float) -> float:
    r"""Return launches that pay, per business and year: :math:`12 \cdot \text{launches} / \text{business-months}`.

    Parameters
    ----------
    paying_launches : int
        Launches in the months looked at that paid.
    business_months : float
        Sum over these months of the businesses open.

    Returns
    -------
    float
        Per year, at least 0. NaN when no business was open.
    """
    return 12 * paying_launches / business_months if business_months > 0 else float("nan")
