"""What all tabs of a server share: openings, the bets of a class, the scenario that the page begins with."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from homogsim.ui.openings import Openings

if TYPE_CHECKING:
    from homogsim.ui.bets import Classroom

_first = ["baseline"]


@cache
def openings() -> Openings:
    """Return the openings kept by this server."""
    return Openings()


@cache
def classroom() -> Classroom:
    """Return the bets made on this server."""
    from homogsim.ui.bets import Classroom  # loads tables of results; the server is ready before that

    return Classroom()


def first() -> str:
    """Return the preset or the scenario file that a new tab opens."""
    return _first[0]


def set_first(source: str) -> None:
    """Choose what new tabs open."""
    _first[0] = source
