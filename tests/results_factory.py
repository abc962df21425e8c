"""Small, realistic `Results` made by hand: every table present, invariants kept, no model needed.

The numbers are synthetic but hang together: a firm that closed has a death and a cause, adoption never precedes birth,
snapshots show only firms that live in that month, and shares lie between 0 and 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from homogsim.parameters import TOOLS, Parameters
from homogsim.results import Results, provenance, summary_values
from homogsim.scenario import Scenario

DIMENSIONS = 4
TOWNS = 4
SECTORS = 2
SITES = 3
BEFORE = 24
UID_STRIDE, BIRTH_OFFSET = 4096, 2048


def make_results(
    seed: int = 0, months: int = 24, *, status: str = "complete", biographies: bool = False, **changes: Any
) -> Results:
    """Return results of `months` months after month 0 (and 24 before), drawn with `seed`."""
    draw = np.random.default_rng(seed)
    positions = pd.DataFrame({"town": range(TOWNS), "x": draw.random(TOWNS), "y": draw.random(TOWNS)})
    timeline = _timeline(draw, months)
    firms = _firms(draw, months)
    spells = _spells(firms, months)
    fields: dict[str, Any] = {
        "scenario": Scenario(name="test-market", question="Does anything change?", parameters=_parameters(months)),
        "seed": seed,
        "months": months,
        "status": status,
        "timeline": timeline,
        "towns": _towns(draw, timeline["month"].to_numpy(), positions),
        "firms": firms,
        "spells": spells,
        "snapshots": _snapshots(draw, firms, spells, positions, months),
        "templates": _templates(draw),
        "roads": _roads(positions),
        "town_positions": positions,
        "scale": 2.1,
        "summary": {**summary_values(timeline), "survival_1y": 0.81, "survival_2y": 0.69, "survival_5y": float("nan")},
        "accounts": _accounts(draw, timeline["month"].to_numpy()),
        "consumers": _consumers(draw),
        "provenance": provenance(started="2026-01-02T03:04:05+00:00", wall_seconds=1.25),
        "firm_months": _firm_months(draw, firms, months) if biographies else None,
        "decisions": _decisions(spells) if biographies else None,
    }
    return Results(**(fields | changes))


def _parameters(months: int) -> Parameters:
    world = {"towns": TOWNS, "sectors": SECTORS, "sites": SITES, "occupied": 2, "consumers": 60}
    return Parameters.model_validate({"calendar": {"before": BEFORE, "months": months}, "world": world})


def _months(months: int) -> np.ndarray:
    return np.arange(-BEFORE, months)


def _logistic(t: np.ndarray, top: float, middle: float) -> np.ndarray:
    return np.where(t < 0, 0.0, top / (1.0 + np.exp(-(t - middle) / 12.0)))


def _timeline(draw: np.random.Generator, months: int) -> pd.DataFrame:
    t = _months(months)
    noise = lambda size: draw.normal(0.0, size, t.size)  # noqa: E731  # a one-line drawing helper reads best here
    adopted = np.clip(_logistic(t, 0.9, months / 2) + np.where(t < 0, 0.0, np.abs(noise(0.005))), 0.0, 1.0)
    loss = 1.0 - 0.06 * adopted
    supply = ("diversity_gamma", "diversity_alpha", "diversity_beta")
    columns: dict[str, np.ndarray] = {
        "month": t,
        "n_firms": (16 + draw.integers(-2, 3, t.size)).astype(np.int64),
        "entries": draw.poisson(0.3, t.size).astype(np.int64),
        "exits": draw.poisson(0.3, t.size).astype(np.int64),
        "adoption_share": adopted,
        "adoption_generic": 0.2 * adopted,
        "adoption_industry": 0.7 * adopted,
        "adoption_custom": 0.1 * adopted,
        "contact_intensity": 0.5 * adopted,
        "mean_price": 11.2 - 0.4 * adopted + noise(0.03),
        "mean_markup": 0.27 + noise(0.003),
        "net_margin": 0.046 + noise(0.004),
        "own_price_elasticity": -3.7 + noise(0.02),
        "price_dispersion": 0.2 + noise(0.004),
        "outside_share": 0.27 - 0.01 * adopted + noise(0.002),
        "sales_hhi": 0.42 + noise(0.01),
        "diversity_gamma": 2.25 * loss + noise(0.004),
        "diversity_alpha": 1.96 * loss + noise(0.004),
        "diversity_beta": 1.15 + noise(0.002),
        "process_diversity_gamma": 2.2 * (1.0 - 0.2 * adopted) + noise(0.004),
        "mean_pairwise_distance": 2.0 * loss + noise(0.01),
        "functional_dispersion": 1.4 * loss + noise(0.01),
        "decoupling_index": np.where(adopted < 0.3, np.nan, 0.7 + noise(0.02)),
        "mean_personalization": 0.2 + 0.05 * adopted + noise(0.002),
        "mean_quality": 0.1 + 0.1 * adopted + noise(0.005),
        "consumer_surplus": 3.9e6 * (1.0 + 0.03 * adopted) + noise(8e3),
        "smb_profit": 2.1e4 + noise(1.5e3),
        "roi12_positive_share": np.where(t < 12, np.nan, 0.35 + noise(0.02)),
    }
    columns |= {f"{name}_supply": columns[name] + 0.02 for name in supply}
    return pd.DataFrame(columns)


def _towns(draw: np.random.Generator, months: np.ndarray, positions: pd.DataFrame) -> pd.DataFrame:
    month, town = (a.ravel() for a in np.meshgrid(months, positions["town"].to_numpy(), indexing="ij"))
    size = month.size
    return pd.DataFrame(
        {
            "month": month,
            "town": town,
            "n_firms": draw.integers(2, 7, size),
            "entries": draw.poisson(0.1, size),
            "exits": draw.poisson(0.1, size),
            "adoption_share": np.clip(_logistic(month, 0.9, 12.0) + draw.normal(0, 0.02, size), 0.0, 1.0),
            "diversity_alpha": 1.9 + draw.normal(0, 0.02, size),
            "diversity_beta": 1.15 + draw.normal(0, 0.01, size),
            "representativeness": 0.87 + draw.normal(0, 0.01, size),
            "mean_price": 11.0 + draw.normal(0, 0.1, size),
            "sales": 5e4 + draw.normal(0, 1e3, size),
            "x": positions["x"].to_numpy()[town],
            "y": positions["y"].to_numpy()[town],
        }
    )


def _lives(draw: np.random.Generator, months: int) -> list[tuple[int, int, int | None]]:
    """Return (site, birth, death) of consecutive businesses at each site."""
    lives: list[tuple[int, int, int | None]] = []
    for site in range(TOWNS * SECTORS * SITES):
        birth = -120 if draw.random() < 0.8 else int(draw.integers(-30, months // 2))
        while birth < months:
            death = birth + 1 + int(draw.exponential(90.0))
            lives.append((site, birth, death if death < months else None))
            birth = death + int(draw.integers(1, 20))
    return lives


def _firms(draw: np.random.Generator, months: int) -> pd.DataFrame:
    lives = _lives(draw, months)
    n = len(lives)
    site = np.array([s for s, _, _ in lives])
    birth = np.array([b for _, b, _ in lives])
    death = pd.array([d for _, _, d in lives], dtype="Int64")
    end = np.array([months if d is None else d for _, _, d in lives])
    start = np.maximum(birth, 0)
    adopts = (draw.random(n) < 0.7) & (end > start + 1)
    adoption = np.where(adopts, np.minimum(start + draw.integers(0, 18, n), end - 1), -1)
    tool = np.where(adopts, draw.integers(1, 4, n), 0)
    identity, noise = draw.normal(size=(n, DIMENSIONS)), draw.normal(0, 0.1, (n, DIMENSIONS))
    names = np.array(TOOLS, dtype=object)[tool]
    full_year = adopts & (adoption + 12 <= months)
    cause = [("bankrupt" if draw.random() < 0.7 else "retired") if d is not None else "" for _, _, d in lives]
    columns: dict[str, Any] = {
        "uid": site * UID_STRIDE + birth + BIRTH_OFFSET,
        "site": site,
        "town": (site // SITES) % TOWNS,
        "sector": site // (SITES * TOWNS),
        "birth": birth,
        "death": death,
        "cause": cause,
        "is_chain": np.zeros(n, dtype=bool),
        "born_with_tool": adopts & (adoption == birth),
        "first_tool": names,
        "last_tool": names,
        "first_adoption": pd.array(np.where(adopts, adoption, None), dtype="Int64"),
        "tools": [f"{k}@{m}" if a else "" for k, m, a in zip(names, adoption, adopts, strict=True)],
        "quality": draw.normal(0, 0.4, n),
        "base_cost": 8.0 * np.exp(draw.normal(0, 0.27, n)),
        "alignment": draw.random(n),
    }
    columns |= {f"identity_{k}": identity[:, k] for k in range(DIMENSIONS)}
    columns |= {f"first_offering_{k}": identity[:, k] + noise[:, k] for k in range(DIMENSIONS)}
    shrink = np.where(adopts, 0.8, 1.0)
    columns |= {f"last_offering_{k}": shrink * identity[:, k] + noise[:, k] for k in range(DIMENSIONS)}
    columns |= {
        "total_profit": draw.normal(2e4, 3e4, n),
        "months_open": end - birth,
        "roi12": np.where(full_year, draw.normal(-0.1, 0.8, n), np.nan),
        "roi36": np.full(n, np.nan),
        "payback_month": np.full(n, np.nan),
        "distance_at_adoption": np.where(adopts, np.abs(draw.normal(1.5, 0.5, n)), np.nan),
        "last_price": 11.0 + draw.normal(0, 1.5, n),
        "last_sales": np.abs(draw.normal(3e3, 1e3, n)),
    }
    return pd.DataFrame(columns)


def _spells(firms: pd.DataFrame, months: int) -> pd.DataFrame:
    rows: list[tuple[int, int, int, str, float, int]] = []
    for firm in firms.itertuples():
        alive = pd.isna(firm.death)
        stop = months if alive else int(firm.death)
        event = 0 if alive else 1
        if pd.isna(firm.first_adoption):
            rows.append((firm.uid, firm.birth, stop, "none", 0.0, event))
            continue
        adopted = int(firm.first_adoption)
        if adopted > firm.birth:
            rows.append((firm.uid, firm.birth, adopted, "none", 0.0, 0))
        rows.append((firm.uid, adopted, stop, firm.first_tool, 0.3 if firm.uid % 2 else 0.8, event))
    return pd.DataFrame(rows, columns=["uid", "start", "stop", "tool", "contact", "event"])


def _snapshots(
    draw: np.random.Generator, firms: pd.DataFrame, spells: pd.DataFrame, positions: pd.DataFrame, months: int
) -> pd.DataFrame:
    pieces = []
    last = months - 1
    for month in sorted({-1, *range(0, months, 60), last}):
        live = spells[(spells["start"] <= month) & (spells["stop"] > month)]
        shown = live.merge(firms, on="uid", suffixes=("", "_firm"))
        n, weight = len(shown), (month + BEFORE) / (last + BEFORE)
        columns: dict[str, Any] = {"month": np.full(n, month)}
        columns |= {name: shown[name].to_numpy() for name in ("uid", "site", "town", "sector", "tool", "contact")}
        columns |= {"sales": np.abs(draw.normal(3e3, 1e3, n)), "price": 11.0 + draw.normal(0, 1.5, n)}
        place = positions.set_index("town").loc[shown["town"], ["x", "y"]].to_numpy() + draw.normal(0, 0.02, (n, 2))
        columns |= {"x": place[:, 0], "y": place[:, 1]}
        for k in range(DIMENSIONS):
            first, final = shown[f"first_offering_{k}"].to_numpy(), shown[f"last_offering_{k}"].to_numpy()
            columns[f"offering_{k}"] = (1 - weight) * first + weight * final
        pieces.append(pd.DataFrame(columns))
    return pd.concat(pieces, ignore_index=True)


def _templates(draw: np.random.Generator) -> pd.DataFrame:
    keys = [("generic", -1), *[(tier, s) for tier in ("industry", "custom") for s in range(SECTORS)]]
    frame = pd.DataFrame([(v, tier, s) for tier, s in keys for v in range(3)], columns=["vendor", "tier", "sector"])
    points = draw.normal(0, 0.5, (len(frame), DIMENSIONS))
    return frame.assign(**{f"offering_{k}": points[:, k] for k in range(DIMENSIONS)})


def _roads(positions: pd.DataFrame) -> pd.DataFrame:
    pairs = [(a, (a + 1) % TOWNS) for a in range(TOWNS)]
    place = positions[["x", "y"]].to_numpy()
    minutes = [60.0 * float(np.hypot(*(place[a] - place[b]))) for a, b in pairs]
    return pd.DataFrame({"from_town": [a for a, _ in pairs], "to_town": [b for _, b in pairs], "minutes": minutes})


def _accounts(draw: np.random.Generator, months: np.ndarray) -> pd.DataFrame:
    revenue = 4e6 + draw.normal(0, 2e4, months.size)
    cost = 0.72 * revenue
    rents = 0.2 * revenue
    fees = np.where(months < 0, 0.0, 3e3)
    return pd.DataFrame(
        {
            "month": months,
            "revenue": revenue,
            "variable_cost": cost,
            "rents_and_staff": rents,
            "vendor_fees": fees,
            "profit": revenue - cost - rents - fees,
        }
    )


def _consumers(draw: np.random.Generator) -> pd.DataFrame:
    n = TOWNS * SECTORS * 5
    start = draw.gamma(2.0, 2.0, n)
    return pd.DataFrame(
        {
            "consumer": np.arange(n),
            "town": np.arange(n) // 5 % TOWNS,
            "sector": np.arange(n) // (5 * TOWNS),
            "distance": draw.gamma(4.0, 0.5, n),
            "weight": np.full(n, 120.0),
            "surplus_start": start,
            "surplus_end": start + draw.normal(0.1, 0.3, n),
        }
    )


def _firm_months(draw: np.random.Generator, firms: pd.DataFrame, months: int) -> pd.DataFrame:
    pieces = []
    for firm in firms.itertuples():
        stop = months if pd.isna(firm.death) else int(firm.death)
        t = np.arange(max(firm.birth, -BEFORE), stop)
        pieces.append(pd.DataFrame({"uid": firm.uid, "month": t, "price": 11.0 + draw.normal(0, 0.1, t.size)}))
    return pd.concat(pieces, ignore_index=True)


def _decisions(spells: pd.DataFrame) -> pd.DataFrame:
    changes = spells[(spells["tool"] != "none") & (spells["start"] >= 0)]
    return pd.DataFrame(
        {
            "uid": changes["uid"].to_numpy(),
            "month": changes["start"].to_numpy(),
            "what": [f"adopted {tool}" for tool in changes["tool"]],
        }
    )
