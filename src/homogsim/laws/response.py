"""What one firm expects of its customers (docs/model.md, own-share response)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from homogsim.laws.asking import Choices, ask, ids
from homogsim.laws.demand import Appeal, Streets, Tastes

Floats = NDArray[np.float64]


def own_share_response(
    sites: ArrayLike, first: ArrayLike, appeal: Appeal, options: Appeal, tastes: Tastes, streets: Streets,
    choices: Choices, threads: int = 1,
) -> Floats:  # fmt: skip
    """Return S′ = Σ_i W·Pr_ij·e^{Δ_i}/(1 − Pr_ij + Pr_ij·e^{Δ_i}), Δ_i = ΔV_ij/μ, of each option, rivals fixed.

    In occasions a month, over the consumers who can reach the firm; exact for one firm (docs/model.md).

    Parameters
    ----------
    sites : (F,) int array
        Sites of the firms that ask.
    first : (F + 1,) int array
        The options of firm f are the rows ``first[f]`` to ``first[f + 1]``.
    appeal : Appeal
        What consumers saw last month, by site.
    options : Appeal
        What they would see, by option.
    """
    return streets.weight * ask(ids(sites), ids(first), appeal, options, tastes, streets, choices, threads)


__all__ = ["Choices", "own_share_response"]
