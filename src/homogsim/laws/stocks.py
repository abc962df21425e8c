"""State laws of the firm: learning, cost, attention, personalization, data, trust, quality (docs/model.md).

Arrays have one entry a firm (or an option of a firm); a prime is next month.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.numerics import exp_array

Floats = NDArray[np.float64]


def learning(months: Floats, constant: float) -> Floats:
    """Return l = 1 − exp(−n/6): n = 1 in the first accounted month; infinite n is full learning."""
    return 1.0 - exp_array(-months / constant)


def saving_share(
    implementation: Floats,
    back_office_saving: Floats,
    back_office: Floats,
    back_office_learning: Floats,
    contact_saving: Floats,
    contact: Floats,
    contact_learning: Floats,
) -> Floats:
    """Return b(s_B·a_B·l_B + s_F·a_F·l_F), the share of unit cost that the tool saves."""
    return implementation * (
        back_office_saving * back_office * back_office_learning + contact_saving * contact * contact_learning
    )


def unit_cost(base_cost: Floats, saving: Floats, served_fit: Floats, served_fit_cost: float) -> Floats:
    """Return c = c_j(1 − saving) + c_κ·κ."""
    return base_cost * (1.0 - saving) + served_fit_cost * served_fit


def next_differentiation(capital: Floats, reinvested: Floats, memory: float, scale: float) -> Floats:
    """Return G′ = 0.97·G + r·savings/8000."""
    return memory * capital + reinvested / scale


def inimitability(capital: Floats) -> Floats:
    """Return VR = G/(G + 1): what others cannot copy."""
    return capital / (capital + 1.0)


def next_data(data: Floats, contact: Floats, sales: Floats, reference: float, memory: float) -> Floats:
    """Return D′ = 0.95·D + 0.05·a_F·Q/Q_ref (half-life 13.5 months)."""
    return memory * data + (1.0 - memory) * contact * sales / reference


def trust_level(contact: Floats, human_share: Floats, transparency: Floats, loss: float) -> Floats:
    """Return ϑ̄ = 1 − 0.6·a_F(1 − h)(1 − tr)."""
    return 1.0 - loss * contact * (1.0 - human_share) * (1.0 - transparency)


def approach(stock: Floats, level: Floats, speed: float) -> Floats:
    """Return stock′ = stock + speed·(level − stock)."""
    return stock + speed * (level - stock)


def next_awareness(awareness: Floats, promoters: Floats, visitors: Floats, speed: float) -> Floats:
    """Return A′ = 0.95·A + 0.05·(0.5 + share of promoters among visitors); nobody talks where nobody was.

    A tends to between 0.5 (no visitor recommends the outlet) and 1.5 (every one does).
    """
    share = promoters / np.maximum(visitors, 1.0)
    return np.where(visitors > 0.0, approach(awareness, 0.5 + share, speed), awareness)


def attention_capacity(
    capacity: float, gain: float, implementation: Floats, back_office: Floats, skill: Floats
) -> Floats:
    """Return C = C0(1 + η·b·a_B·l_B): back-office tools free time for customers."""
    return capacity * (1.0 + gain * implementation * back_office * skill)


def human_personalization(
    contact: Floats,
    human_share: Floats,
    differentiation: Floats,
    capacity: Floats,
    load: Floats,
    touch: float,
    craft: float,
) -> Floats:
    """Return P_h = [0.3(1 − a_F(1 − h)) + 0.25·G/(1 + G)]·min(1, C/Q̄): the human touch does not scale."""
    attended = np.minimum(1.0, capacity / np.maximum(load, 1e-9))
    return (touch * (1.0 - contact * (1.0 - human_share)) + craft * inimitability(differentiation)) * attended


def algorithmic_reach(trust: Floats, fit: Floats, contact: Floats, data: Floats, half: float) -> Floats:
    """Return ϑ·φ_k·a_F·D/(D + D½): how far algorithms know and reach the customer, in [0, 1]."""
    return trust * fit * contact * data / (data + half)


def personalization(human: Floats, algorithmic: Floats) -> Floats:
    """Return P = 1 − (1 − P_h)(1 − ϑ·φ_k·a_F·D/(D + D½))."""
    return 1.0 - (1.0 - human) * (1.0 - algorithmic)


def locality(full: Floats | float, fit: Floats, contact: Floats, human_share: Floats) -> Floats:
    """Return L = L0·(1 − (1 − φ_k)·a_F(1 − h)): what is local disappears behind a template."""
    return full * (1.0 - (1.0 - fit) * contact * (1.0 - human_share))


def expected_quality(
    quality: Floats, implementation: Floats, contact: Floats, back_office: Floats, floor: float, gain: Floats
) -> Floats:
    """Return q^e = q + b·a_F·max(0, q_T − q) + γ_k·b·a_B: tools lift the weakest; custom ones also raise the best."""
    return quality + implementation * (contact * np.maximum(0.0, floor - quality) + gain * back_office)


def distance_cost(full: float, gain: float, contact: Floats) -> Floats:
    """Return τ_j = τ(1 − δ·a_F): online ordering and delivery shorten the way."""
    return full * (1.0 - gain * contact)


def alienation(aversion: float, contact: Floats, human_share: Floats, fit: Floats) -> Floats:
    """Return ψH·a_F(1 − h)(1 − φ_k), the dislike of automated contact, in dollars."""
    return aversion * contact * (1.0 - human_share) * (1.0 - fit)


def disclosure(cost: float, transparency: Floats, contact: Floats, human_share: Floats) -> Floats:
    """Return ζ·tr_j·a_F(1 − h), the dislike of contact disclosed as automated, in dollars."""
    return cost * transparency * contact * (1.0 - human_share)


def trained(implementation: Floats, spend: float, scale: float) -> Floats:
    """Return b + (1 − b)(1 − e^{−spend/1500}): training improves implementation."""
    return implementation + (1.0 - implementation) * (1.0 - exp_array(np.full_like(implementation, -spend / scale)))


def helped(implementation: Floats, share: float) -> Floats:
    """Return b + share·(1 − b): partners who have done it before close a share of the gap."""
    return implementation + share * (1.0 - implementation)


def phased(implementation: Floats, months: Floats, gain: float, constant: float) -> Floats:
    """Return b + 0.5(1 − b)(1 − e^{−n/12}): contact automated after n months of back-office experience works better."""
    return implementation + gain * (1.0 - implementation) * (1.0 - exp_array(-months / constant))
