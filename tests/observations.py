"""A month of a market made by hand, for tests of the table of metrics."""

from __future__ import annotations

from typing import Any

import numpy as np

from homogsim.metrics.observation import Investment, Money, Observation, People

TOWNS, SECTORS, D = 3, 2, 3


def observation(seed: int = 0, n: int = 24, **changes: Any) -> Observation:
    """Return a month with n outlets; every field is drawn, none means anything."""
    draw = np.random.default_rng(seed)
    cell = np.sort(draw.integers(0, TOWNS * SECTORS, n))
    base_cost = 8.0 * np.exp(draw.normal(0, 0.2, n))
    tool = draw.integers(0, 4, n)
    sales = draw.gamma(4.0, 500.0, n)
    values: dict[str, Any] = {
        "month": 35,
        "yearly": True,
        "towns": TOWNS,
        "cells": TOWNS * SECTORS,
        "entries": 2,
        "exits": 1,
        "occasions": 2.0 * sales.sum() + 500.0,
        "choice_noise": 1.8,
        "town": cell % TOWNS,
        "sector": cell // TOWNS,
        "cell": cell,
        "offering": draw.normal(size=(n, D)),
        "process": 0.5 * draw.normal(size=(n, D)),
        "sales": sales,
        "price": base_cost * draw.uniform(1.1, 1.5, n),
        "base_cost": base_cost,
        "unit_cost": base_cost * np.where(tool > 0, 0.96, 1.0),
        "fixed_cost": draw.uniform(3000.0, 9000.0, n),
        "quality": draw.normal(size=n),
        "personalization": draw.random(n),
        "satisfaction": draw.normal(9.0, 1.0, n),
        "profit": draw.normal(500.0, 2000.0, n),
        "slope": sales * draw.uniform(0.5, 0.9, n),
        "expected_sales": sales,
        "tool": tool,
        "contact": np.where(tool > 0, draw.choice([0.0, 0.3, 0.8], n), 0.0),
        "implementation": np.where(tool > 0, draw.random(n), 0.0),
        "data": np.where(tool > 0, draw.random(n), 0.0),
        "people": People(
            consumer_surplus=1e5,
            surplus=np.array([4e4, 3e4, 2e4, 1e4]),
            net_promoter_score=31.0,
            customers=9000.0,
            retention=0.8,
            repeat_revenue_share=0.6,
            repeat_12m=0.4,
            experienced_richness=2.1,
            served_badly_share=0.2,
            personalization_gap=0.3,
            differentiation_premium=1.5,
            served=draw.normal(size=(30, D)),
            windows=0.8 * draw.normal(size=(9, D)),
            window_visits=np.array([5.0, 1, 1, 8, 3, 2, 4, 5, 1]),
        ),
        "money": Money(
            fixed_costs=150_000.0, fees=4000.0, reinvestment=700.0, setup=6000.0, public_money=900.0,
            public_money_so_far=5000.0,
        ),
        "investment": Investment(
            clients=np.array([4, 1, 0, 3, 2, 2]),
            vendor_market=np.array([7, 7, 7, 8, 8, 9]),
            returns_12=np.array([-1.0, 0.5, 0.2, np.nan, -0.3]),
            returns_36=np.array([-1.0, 1.5, 0.7]),
            paybacks=np.array([np.inf, 14.0, 20.0]),
            velocity=0.11,
        ),
        "sample": draw.permutation(n),
        "draws": draw.random((n, 5)),
        "rarefied_size": 6,
        "chain_outlets": 3,
        "chain_sales": 4000.0,
        "chain_expected_sales": 4000.0,
        "chain_profit": 2500.0,
        "scale": 1.7,
        "offering_diversity_0": 2.4,
        "process_diversity_0": 2.5,
    }  # fmt: skip
    return Observation(**(values | changes))
