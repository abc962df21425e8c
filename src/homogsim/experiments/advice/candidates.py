"""Which business is advised: one by its uid, or in every world the one most like a description."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.firms import uid_of
from homogsim.errors import HomogsimError, nearest
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from homogsim.agents.market import Market

Floats = NDArray[np.float64]

FEATURES: Mapping[str, str] = {
    "alignment": "how well it knows what sets it apart, 0 to 1",
    "quality": "quality at given cost, $ above the mean of all founders",
    "distance": "of its concept from the taste centre of its sector, taste sd",
    "cash": "$",
    "price": "$",
    "cost": "unit cost without tools, $",
    "sales": "occasions a month",
    "age": "months in business",
}
"""What describes a business, and its unit."""


@dataclass(frozen=True)
class Like:
    """A description of a business."""

    features: tuple[tuple[str, float], ...] = ()
    identity: tuple[float, ...] | None = None
    """Its concept x*, taste sd, one number a dimension."""
    town: int | None = None
    sector: int | None = None


def business_of(given: int | str, scenario: Scenario) -> int:
    """Return the uid of a business that is given by uid or, in a scenario of given businesses, by its name.

    Raises
    ------
    HomogsimError
        For an unknown name, and one that several businesses have.
    """
    text = str(given).strip()
    if text.lstrip("-").isdecimal():
        return int(text)
    names = _names(scenario)
    found = [uid for uid, name in names.items() if name == text]
    if len(found) == 1:
        return found[0]
    if found:
        what = f"{len(found)} businesses are called {text[:60]!r}"
        raise HomogsimError(what, "--firm", f"Give a uid: {', '.join(map(str, found))}.")
    known = sorted({name for name in names.values() if name})
    help = nearest(text[:60], known) if known else "Give a uid, a whole number; or --like, --town and --sector."
    raise HomogsimError(f"there is no business {text[:60]!r}", "--firm", help)


def _names(scenario: Scenario) -> dict[int, str]:
    """Return the names of the given businesses of a scenario by uid."""
    places, calendar = scenario.places, scenario.parameters.calendar
    if places is None:
        return {}
    first = -calendar.before - calendar.warm_up
    uids = uid_of(
        np.array(places.sites(scenario.parameters.world.sites), dtype=np.int64),
        np.array([first - one.age for one in places.businesses], dtype=np.int64),
    )
    return dict(zip(uids.tolist(), (one.name for one in places.businesses), strict=True))


def name_of(uid: int, scenario: Scenario) -> str:
    """Return how a business is called: its name with its uid, or its uid."""
    name = _names(scenario).get(uid, "")
    return f"{name} ({uid})" if name else f"business {uid}"


def described(text: str) -> tuple[tuple[tuple[str, float], ...], tuple[float, ...] | None]:
    """Return features and identity of a description such as ``quality=0.5, cash=20000, identity=0.1:0.4:-1:0``.

    Raises
    ------
    HomogsimError
        For unknown features and what is no number.
    """
    features: dict[str, float] = {}
    identity: tuple[float, ...] | None = None
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if name not in (*FEATURES, "identity") or not sign:
            help = nearest(name[:60], [*FEATURES, "identity"]) + " Write for example quality=0.5, cash=20000."
            raise HomogsimError(f"a business is not described by {part[:60]!r}", "--like", help)
        numbers = tuple(_number(piece, part) for piece in value.split(":"))
        if name == "identity":
            identity = numbers
        elif len(numbers) == 1:
            features[name] = numbers[0]
        else:
            raise HomogsimError(f"{part[:60]!r}: one number is needed", "--like", f"{name}: {FEATURES[name]}.")
    return tuple(features.items()), identity


def _number(text: str, part: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise HomogsimError(f"{part[:60]!r}: {text[:40]!r} is no number", "--like", "Write for example quality=0.5.")
    return value


def features_of(market: Market, rows: NDArray[np.integer]) -> dict[str, Floats]:
    """Return what describes the businesses at `rows`, by the names of `FEATURES`."""
    firms = market.firms
    centre = market.centres.sectors[:, market.site_sector[rows]]
    gap = firms.identity[:, rows] - centre
    return {
        "alignment": firms.alignment[rows],
        "quality": firms.quality[rows] - (firms.base_cost[rows] - market.parameters.firms.base_cost),
        "distance": np.sqrt((gap * gap).sum(axis=0)),
        "cash": firms.cash[rows],
        "price": firms.price[rows],
        "cost": firms.base_cost[rows],
        "sales": firms.expected_sales[rows],
        "age": (market.month - firms.birth[rows]).astype(np.float64),
    }


def eligible(market: Market, town: int | None = None, sector: int | None = None) -> NDArray[np.integer]:
    """Return the sites of businesses that could be advised: independent, in business, still without a tool."""
    firms = market.firms
    chosen = firms.independent & (firms.expected_sales > 0.0) & (firms.tool == 0)
    if town is not None:
        chosen = chosen & (market.site_town == town)
    if sector is not None:
        chosen = chosen & (market.site_sector == sector)
    return np.flatnonzero(chosen)


def most_like(market: Market, like: Like) -> int | None:
    """Return the uid of the business most like a description, None where nobody is eligible.

    The distance is Euclidean over the features named, each in standard deviations of the eligible businesses, and the
    identity in taste sd; without any, over all features from their medians: a typical business.
    """
    rows = eligible(market, like.town, like.sector)
    if rows.size == 0:
        return None
    values = features_of(market, rows)
    wanted = dict(like.features)
    if not wanted and like.identity is None:
        wanted = {name: float(np.median(column)) for name, column in values.items()}
    apart = np.zeros(rows.size)
    for name, value in wanted.items():
        spread = float(values[name].std()) or 1.0
        apart += ((values[name] - value) / spread) ** 2
    if like.identity is not None:
        concept = np.array(like.identity)[:, None]
        if len(concept) != len(market.firms.identity):
            d = len(market.firms.identity)
            raise HomogsimError(f"an identity of {len(concept)} numbers", "--like", f"This market has {d} dimensions.")
        apart += ((market.firms.identity[:, rows] - concept) ** 2).sum(axis=0)
    return int(market.firms.uid[rows[int(apart.argmin())]])
