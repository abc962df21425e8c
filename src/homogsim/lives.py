"""Tables of lives: one row a business, spells by tool, one row a consumer. Made at the end, from the market's diary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.firms import NEVER, UID_MONTH, UID_SITE, life_records
from homogsim.agents.market import Market
from homogsim.agents.panel import SurplusMemory, taste_distance
from homogsim.metrics.returns import roi
from homogsim.parameters import TOOLS

if TYPE_CHECKING:
    import pandas as pd


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
        "payback_month": np.where(lives["payback"] > 0, lives["payback"], np.nan),
        "distance_at_adoption": lives["distance_at_adoption"],
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
    upfront = lives[f"upfront_{months}"]
    # Told when its whole cohort can be: of those who live on, none has a return before its months are over.
    lost = ~alive & ~complete & (last_month - adopted >= months - 1)
    value = roi(lives[f"gain_{months}"], upfront, lives[f"outlay_{months}"] - upfront, exited=lost)
    return np.where((adopted > NEVER) & (complete | lost), value, np.nan)


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


def consumers_table(memory: SurplusMemory, market: Market) -> pd.DataFrame:
    """Return what consumers gained: one row each, above 50,000 one row for each of a keyed sample.

    Columns: consumer (row), town, sector, distance (from the sector's taste centre, taste sd), weight (occasions that
    the row stands for in a month), surplus_start (mean of the 12 months before month 0) and surplus_end (mean of the
    last 24 from month 0 on), dollars an occasion.
    """
    import pandas as pd

    world, who = market.parameters.world, memory.who
    cell = market.consumer_cell[who]
    start, end = memory.bounds(market)
    return pd.DataFrame(
        {
            "consumer": who,
            "town": cell % world.towns,
            "sector": cell // world.towns,
            "distance": taste_distance(market, who),
            "weight": np.full(who.size, market.streets.weight * market.consumers.rows / who.size),
            "surplus_start": start,
            "surplus_end": end,
        }
    )
