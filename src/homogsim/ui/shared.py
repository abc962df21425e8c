"""What all tabs of a server share: openings, the bets of a class, the scenario that the page begins with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

from homogsim.ui.openings import Openings

if TYPE_CHECKING:
    from homogsim.ui.bets import Classroom

T = TypeVar("T")

_first = ["baseline"]
_lock = RLock()


def _once(make: Callable[[], T]) -> Callable[[], T]:
    """Let something be made once, which `cache` alone does not where two tabs ask for it at the same time."""
    kept = cache(make)

    @wraps(make)
    def given() -> T:
        with _lock:
            return kept()

    return given


@_once
def openings() -> Openings:
    """Return the openings kept by this server."""
    return Openings()


@_once
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
