"""Tables of a run that need only the state: templates, towns, decisions. pandas is loaded when they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.agents.market import Decision, Market
from homogsim.parameters import TOOLS

if TYPE_CHECKING:
    import pandas as pd


def joined(pieces: list[dict[str, Any]]) -> pd.DataFrame:
    """Return tables of equal columns, one below the other."""
    import pandas as pd

    if not pieces:
        return pd.DataFrame()
    return pd.DataFrame({name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]})


def templates_table(market: Market) -> pd.DataFrame:
    """Return where the vendors' templates stand."""
    import pandas as pd

    vendors = market.vendors
    columns: dict[str, Any] = {
        "vendor": np.arange(vendors.rows),
        "tier": [TOOLS[k] for k in vendors.tier.tolist()],
        "sector": vendors.sector,
    }
    columns |= {f"offering_{k}": axis for k, axis in enumerate(vendors.template)}
    return pd.DataFrame(columns)


def positions_table(market: Market) -> pd.DataFrame:
    """Return where the towns are on the unit square."""
    import pandas as pd

    places = market.geography.positions
    return pd.DataFrame({"town": np.arange(len(places)), "x": places[:, 0], "y": places[:, 1]})


def decisions_table(market: Market) -> pd.DataFrame:
    """Return why businesses changed their tools, and why they closed."""
    import pandas as pd

    made = pd.DataFrame(market.diary.decisions, columns=list(Decision._fields))
    made["tool"] = [TOOLS[k] for k in made["tool"]]
    closed = pd.DataFrame(
        [{"month": death.month, "uid": death.uid, "reason": death.cause} for death in market.diary.deaths],
        columns=["month", "uid", "reason"],
    )
    return pd.concat([made, closed], ignore_index=True).sort_values(["month", "uid"], kind="stable", ignore_index=True)
