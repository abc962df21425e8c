"""What one firm expects of its customers (docs/model.md, own-share response), and what is left when it closes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from homogsim.laws.asking import CLOSE, RESPOND, Choices, ids, put_question
from homogsim.laws.demand import Appeal, Streets, Tastes
from homogsim.laws.utility import outlet_table

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
    incumbents, alternatives = (outlet_table(seen, choices.noise, tastes.waves) for seen in (appeal, options))
    return streets.weight * put_question(
        RESPOND, ids(sites), ids(first), incumbents, alternatives, tastes, streets, choices, threads
    )


def remove_outlet(
    site: ArrayLike, appeal: Appeal, tastes: Tastes, streets: Streets, choices: Choices, threads: int = 1
) -> None:
    """Take the outlet at `site` (or those at several sites) out of the consumers' `inclusive` values: it has closed."""
    sites, table = ids(np.atleast_1d(site)), outlet_table(appeal, choices.noise, tastes.waves)
    put_question(CLOSE, sites, np.zeros(sites.size + 1, np.int64), table, table[:0], tastes, streets, choices, threads)


__all__ = ["Choices", "own_share_response", "remove_outlet"]
