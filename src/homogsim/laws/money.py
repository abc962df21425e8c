"""Fixed cost, cash, exit and what a founder asks for (docs/model.md)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from homogsim.numerics import exp_array

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def fixed_cost_level(draw: Floats, fixed: float, share: float, contribution: Floats) -> Floats:
    """Return f_j(F_fix + F_share·(p − c)Q): rents and staff follow the business."""
    return draw * (fixed + share * np.maximum(contribution, 0.0))


def next_fixed_cost(cost: Floats, level: Floats, rise: float, fall: float) -> Floats:
    """Return F′ = F + κ_F·(level − F), κ_F .03 up and .02 down."""
    return cost + np.where(level > cost, rise, fall) * (level - cost)


def owner_draw(cash: Floats, fixed_cost: Floats, rate: float, reserve: float) -> Floats:
    """Return 10 % of the cash that exceeds 2.5 months of fixed cost."""
    return rate * np.maximum(0.0, cash - reserve * fixed_cost)


def bankrupt(cash: Floats, fixed_cost: Floats, overdraft: float) -> Flags:
    """Return whether cash < −1 month of fixed cost."""
    return np.asarray(cash < -overdraft * fixed_cost)


def worth_opening(contribution: Floats, hurdle: float, fixed: float, share: float) -> Flags:
    """Return whether contribution ≥ (1 + hurdle)(F_fix + F_share·contribution)."""
    return np.asarray(contribution >= (1.0 + hurdle) * (fixed + share * contribution))


def contribution_needed(hurdle: float, fixed: float, share: float) -> float:
    """Return the lowest contribution that is worth opening for, infinite when rents take all that one more earns."""
    kept = 1.0 - (1.0 + hurdle) * share
    return (1.0 + hurdle) * fixed / kept if kept > 0.0 else math.inf


def mean_one_lognormal(normal: Floats, sd: float) -> Floats:
    """Return exp(N(−s²/2, s)) of standard normal draws: a lognormal with mean 1."""
    return exp_array(sd * normal - 0.5 * sd * sd)
