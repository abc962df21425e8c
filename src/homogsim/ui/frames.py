"""A month of a market as a few kilobytes, for drawing: what the browser gets, and what the scrubber goes back to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.market import Market
from homogsim.plots.projection import Projection, principal_axes

Floats = NDArray[np.float32]

COLUMNS = ("across", "up", "sales", "price", "profit", "cash", "contact")
"""What is kept of every open business, in this order, each a run of float32; then int32 uids and uint8 kinds."""
CHAIN = 8
"""Bit that marks an outlet of a chain; the tool's code is below it."""
MOST_TASTES = 20_000
GRID = 40
"""Squares a side of the map of tastes."""


class Frame(NamedTuple):
    """The open businesses after a month."""

    month: int
    """The month that has been run."""
    firms: int
    data: bytes


class Block(NamedTuple):
    """A frame's content as arrays of n businesses."""

    columns: dict[str, Floats]
    uid: NDArray[np.int32]
    kind: NDArray[np.uint8]


def projection(market: Market) -> Projection:
    """Return one view of the offering space for a whole run: the plane in which people's tastes differ most.

    Tastes never move, so every month and every scenario with the same people is seen in the same plane.
    """
    ideal = market.tastes.ideal.T
    return principal_axes(np.asarray(ideal[:: max(1, len(ideal) // MOST_TASTES)], dtype=np.float64))


def frame(market: Market, view: Projection) -> Frame:
    """Return the businesses that are open now, after the month before `market.month`, and where the templates stand."""
    firms = market.firms
    rows = np.flatnonzero(firms.is_open)
    place = view(firms.offering[:, rows].T)
    columns = (place[:, 0], place[:, 1], *(getattr(firms, name)[rows] for name in COLUMNS[2:]))
    kind = firms.tool[rows].astype(np.uint8) + CHAIN * firms.is_chain[rows].astype(np.uint8)
    parts = [np.ascontiguousarray(column, dtype="<f4").tobytes() for column in columns]
    parts += [firms.uid[rows].astype("<i4").tobytes(), kind.tobytes()]
    return Frame(market.month - 1, rows.size, b"".join(parts))


def templates(market: Market, view: Projection) -> bytes:
    """Return (V, 2) places of the vendors' templates, float32."""
    return np.ascontiguousarray(view(market.vendors.template.T), dtype="<f4").tobytes()


def block(found: Frame) -> Block:
    """Return a frame's content as arrays."""
    n, words = found.firms, len(COLUMNS)
    floats = np.frombuffer(found.data, "<f4", words * n).reshape(words, n)
    uid = np.frombuffer(found.data, "<i4", n, 4 * words * n)
    kind = np.frombuffer(found.data, np.uint8, n, 4 * (words + 1) * n)
    return Block(dict(zip(COLUMNS, floats, strict=True)), uid, kind)


def tastes(market: Market, view: Projection) -> tuple[list[float], bytes]:
    """Return the corners (left, right, bottom, top) of the view, and how many people's tastes lie in its squares.

    The corners hold 98 % of tastes and every template; the counts are (GRID, GRID) float32, rows from the bottom.
    """
    ideal = market.tastes.ideal.T
    place = view(np.asarray(ideal[:: max(1, len(ideal) // MOST_TASTES)], dtype=np.float64))
    low, high = np.quantile(place, (0.01, 0.99), axis=0)
    marks = view(market.vendors.template.T)
    low, high = np.minimum(low, marks.min(axis=0, initial=0.0) - 0.2), np.maximum(high, marks.max(axis=0) + 0.2)
    half = 0.5 * float((high - low).max())
    middle = 0.5 * (low + high)
    (left, bottom), (right, top) = middle - half, middle + half
    counts, _, _ = np.histogram2d(place[:, 1], place[:, 0], GRID, ((bottom, top), (left, right)))
    return [float(left), float(right), float(bottom), float(top)], np.ascontiguousarray(counts, dtype="<f4").tobytes()
