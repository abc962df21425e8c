"""How offering, process and identity move (docs/model.md). Vectors are (d, n): one column a firm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.numerics import power_array

Floats = NDArray[np.float64]


def pull_intensity(contact: Floats, back_office: Floats, spillover: float) -> Floats:
    """Return a = max(a_F, χ·a_B): how strongly a tool shows in the offering."""
    return np.maximum(contact, spillover * back_office)


def tool_target(fit: Floats, template: Floats, identity: Floats) -> Floats:
    """Return m_k = (1 − φ_k)·T_v + φ_k·x*: where the tool would put the business."""
    return (1.0 - fit) * template + fit * identity


def anchoring(rho: float, differentiation: Floats) -> Floats:
    """Return ρ_j = ρ(1 + G/(1 + G)): differentiation capital holds the offering at its identity."""
    return rho * (1.0 + differentiation / (1.0 + differentiation))


def next_offering(
    offering: Floats,
    identity: Floats,
    target: Floats,
    pull: Floats,
    anchor: Floats,
    imitation: Floats,
    best: Floats,
    noise: Floats,
) -> Floats:
    """Return x′ = x + λ·a(m_k − x) + ι_j(1 − VR_best)(x_best − x) + ρ_j(x* − x) + σ·ξ.

    `pull` is λ·a, `imitation` is ι_j(1 − VR_best), `noise` is σ·ξ.
    """
    return (
        offering + pull * (target - offering) + imitation * (best - offering) + anchor * (identity - offering) + noise
    )


def next_process(process: Floats, identity: Floats, target: Floats, pull: Floats, rho: float, noise: Floats) -> Floats:
    """Return y′ = y + λ·max(a_B, a_F)(m_k − y) + ρ(x* − y) + σ·ξ (`pull` is λ·max(a_B, a_F))."""
    return process + pull * (target - process) + rho * (identity - process) + noise


def next_identity(identity: Floats, taste: Floats, ideal: Floats, step: float) -> Floats:
    """Return x*′ = x* + min(g, 0.1‖r‖)·r/‖r‖ with r = Bθz/Bθ − x*: slow repositioning toward unmet demand.

    r is the gradient of demand at the concept x*, not at x: at x the concept would run away until it cancels the
    template, and hide homogenization. Firms with ‖r‖ below 1e-9, or without customers, stay.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where(taste > 0.0, ideal / taste - identity, 0.0)
        length = np.sqrt((r * r).sum(axis=0))
        move = np.where(length > 1e-9, np.minimum(step, 0.1 * length) / length, 0.0)
    return identity + move * r


def share_of_identity(rate: float, intensity: Floats, fit: Floats, rho: Floats | float) -> Floats:
    """Return S = (λaφ + ρ)/(λa + ρ): the long-run offering is S·x* + (1 − S)·T. 1 where nothing pulls or holds."""
    pull = rate * intensity
    total = pull + rho
    return np.where(total > 0.0, (pull * fit + rho) / np.where(total > 0.0, total, 1.0), 1.0)


def mean_approach(rate: float, intensity: Floats, rho: Floats | float, months: float) -> Floats:
    """Return w = 1 − (1 − (1 − λa − ρ)^n)/(n(λa + ρ)): the mean offering of the next n months is x + w(x∞ − x)."""
    speed = rate * intensity + rho
    safe = np.where(speed > 0.0, speed, 1.0)
    left = power_array(np.maximum(1.0 - speed, 0.0), np.full_like(speed, months))
    return np.where(speed > 0.0, 1.0 - (1.0 - left) / (months * safe), 0.0)
