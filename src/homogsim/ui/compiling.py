"""What Numba compiles: the first market after an installation or an upgrade takes 20 seconds, and the page says so."""

from __future__ import annotations

from functools import cache
from typing import Any

_under_way: list[str] = []
_done: list[str] = []


@cache
def watch() -> None:
    """Follow what is compiled from now on, here or in a process that is waited for; what is loaded is none of it."""
    from numba.core import event

    from homogsim.kernels.compiled import COMPILE, WAIT

    class Follower(event.Listener):
        """Notes what begins and ends."""

        def on_start(self, event: Any) -> None:
            _under_way.append(_name(event))

        def on_end(self, event: Any) -> None:
            name = _name(event)
            if name in _under_way:
                _under_way.remove(name)
            _done.append(name)

    follower = Follower()
    for kind in (COMPILE, WAIT):
        event.register(kind, follower)  # type: ignore[no-untyped-call]  # it has no types


def count() -> int:
    """Return how many functions have been compiled here, or waited for, since `watch`."""
    return len(_done)


def words() -> str:
    """Return what is being compiled, in words; empty when nothing is."""
    outermost = next(iter(_under_way), "")
    if not outermost:
        return ""
    return f"compiling {outermost} (number {len(_done) + 1}; once after an installation, about 20 seconds)"


def _name(event: Any) -> str:
    return str(event.data["dispatcher"].py_func.__name__).strip("_").replace("_", " ")
