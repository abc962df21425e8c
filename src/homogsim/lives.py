"""Tables of businesses: one row a life, spells by tool, survival. Made at the end, from the market's diary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.firms import NEVER, UID_MONTH, UID_SITE, life_records
from homogsim.agents.market import Market
from homogsim.metrics.survival import kaplan_meier, survival_at
from homogsim.parameters import TOOLS

if TYPE_CHECKING:
    import pandas as pd

YEARS = (1, 2, 3, 5, 10)
"""Ages at which the summary tells survival."""


def _records(market: Market) -> dict[str, NDArray[Any]]:
    """Return the life records of all businesses, closed and open, by uid."""
    pieces = [*market.diary.lives, life_records(market.firms, np.flatnonzero(market.firms.is_open))]
    joined = {name: np.concatenate([piece[name] for piece in pieces], axis=-1) for name in pieces[0]}
    order = np.argsort(joined["uid"], kind="stable")
    return {name: values[..., order] for name, values in joined.items()}


def firms_table(market: Market, last_month: int) -> pd.DataFrame:
    """Return one row per business that ever lived."""
    import pandas as pd

    lives = _records(market)
    uid = lives["uid"]
    deaths = {death.uid: death for death in market.diary.deaths}
    death = np.array([deaths[u].month if u in deaths else NEVER for u in uid.tolist()], dtype=np.int64)
    alive = death == NEVER
    changes = _changes(market)
    site = uid // UID_SITE
    tools = [changes.get(u, []) for u in uid.tolist()]
    first = [next((k for _, k, _ in told if k > 0), 0) for told in tools]
    columns: dict[str, Any] = {
        "uid": uid,
        "site": site,
        "town": market.site_town[site],
        "sector": market.site_sector[site],
        "birth": uid % UID_SITE - UID_MONTH,
        "death": pd.array(np.where(alive, 0, death), dtype="Int64"),
        "cause": [deaths[u].cause if u in deaths else "" for u in uid.tolist()],
        "is_chain": lives["is_chain"],
        "born_with_tool": lives["born_with_tool"],
        "first_tool": [TOOLS[k] for k in first],
        "last_tool": [TOOLS[k] for k in lives["tool"].tolist()],
        "first_adoption": pd.array([told[0][0] if told else 0 for told in tools], dtype="Int64"),
        "tools": [" ".join(_told(change) for change in told) for told in tools],
        "quality": lives["quality"],
        "base_cost": lives["base_cost"],
        "alignment": lives["alignment"],
    }
    for name, source in (("identity", "identity"), ("first_offering", "first_offering"), ("last_offering", "offering")):
        columns |= {f"{name}_{k}": lives[source][k] for k in range(len(lives[source]))}
    columns |= {
        "total_profit": lives["total_profit"],
        "months_open": np.where(alive, last_month, death) - columns["birth"],
        "roi12": _roi(lives, 12, death, alive, last_month),
        "roi36": _roi(lives, 36, death, alive, last_month),
        "last_price": lives["price"],
        "last_sales": lives["sales"],
    }
    table = pd.DataFrame(columns)
    table.loc[alive, "death"] = pd.NA
    table.loc[[not told for told in tools], "first_adoption"] = pd.NA
    return table


def _changes(market: Market) -> dict[int, list[tuple[int, int, float]]]:
    """Return each business's changes of tools: (month, tool, contact)."""
    changes: dict[int, list[tuple[int, int, float]]] = {}
    for month, uid, tool, contact in market.diary.tools:
        changes.setdefault(uid, []).append((month, tool, contact))
    return changes


def _told(change: tuple[int, int, float]) -> str:
    month, tool, contact = change
    return f"{TOOLS[tool]}{f'+contact{contact:.2g}' if contact else ''}@{month}"


def _roi(
    lives: dict[str, NDArray[Any]], months: int, death: NDArray[np.int64], alive: NDArray[np.bool_], last_month: int
) -> NDArray[np.float64]:
    """Return the return on investment over the first months of a tool; −1 if the firm closed within them."""
    adopted = lives["adopted"]
    end = np.where(alive, last_month, death)
    complete = end - adopted >= months - 1
    spent = lives[f"outlay_{months}"]
    value = (lives[f"gain_{months}"] - lives[f"upfront_{months}"]) / np.where(spent > 0.0, spent, 1.0)
    lost = ~alive & ~complete
    return np.where((adopted > NEVER) & (complete | lost) & (spent > 0.0), np.where(lost, -1.0, value), np.nan)


def spells_table(firms: pd.DataFrame, market: Market, last_month: int) -> pd.DataFrame:
    """Return the time each business spent with one tool and contact: uid, start, stop, tool, contact, event."""
    import pandas as pd

    changes = _changes(market)
    rows: list[tuple[int, int, int, str, float, int]] = []
    for uid, birth, death in zip(firms["uid"], firms["birth"], firms["death"], strict=True):
        alive = death is pd.NA
        stop = last_month if alive else int(death)
        start, tool, contact = int(birth), 0, 0.0
        for month, next_tool, next_contact in changes.get(int(uid), []):
            # The clock stands at the ends of months. A review acts from the start of its month; a tool that a firm is
            # born with, and a rollback (half the contact, same tool), at its end.
            rolled_back = next_tool == tool and next_contact == 0.5 * contact
            since = min(month if rolled_back or month == birth else month - 1, stop)
            if since > start:
                rows.append((int(uid), start, since, TOOLS[tool], contact, 0))
            start, tool, contact = since, next_tool, next_contact
        if stop > start or not alive:
            rows.append((int(uid), start, stop, TOOLS[tool], contact, int(not alive)))
    return pd.DataFrame(rows, columns=["uid", "start", "stop", "tool", "contact", "event"])


def survival_summary(firms: pd.DataFrame, first_month: int, last_month: int) -> dict[str, float]:
    """Return Kaplan–Meier survival of entrants (opened in a recorded month) at 1, 2, 3, 5 and 10 years.

    The firms that were there when the run began, if it records from the start, are no entrants.
    """
    founded = (firms["birth"] >= first_month) & (firms["birth"] > firms["birth"].min())
    entrants = firms[founded & ~firms["is_chain"]]
    end = entrants["death"].fillna(last_month).to_numpy(dtype=np.float64)
    duration = end - entrants["birth"].to_numpy(dtype=np.float64)
    event = entrants["death"].notna().to_numpy()
    seen = duration > 0
    if not seen.any():
        return {f"survival_{years}y": np.nan for years in YEARS}
    curve = kaplan_meier(duration[seen], event[seen])
    return {f"survival_{years}y": float(survival_at(curve, 12 * years)) for years in YEARS}
