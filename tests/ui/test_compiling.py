"""What is compiled is said while it is."""

from __future__ import annotations

from numba import njit
from numba.core import event

from homogsim.kernels.compiled import WAIT
from homogsim.ui import compiling


@njit
def twice(number: int) -> int:
    return 2 * number


def test_what_is_compiled_is_counted_and_named():
    compiling.watch()
    before = compiling.count()
    assert twice(2) == 4
    assert compiling.count() == before + 1
    assert twice(3) == 6  # known already
    assert compiling.count() == before + 1
    assert compiling.words() == ""
    about = {"dispatcher": twice}
    event.start_event("numba:compile", data=about)
    assert compiling.words().startswith(f"compiling twice (number {before + 2}; once after an installation")
    event.end_event("numba:compile", data=about)
    assert compiling.words() == ""
    with event.trigger_event(WAIT, data=about):  # another process compiles it
        assert compiling.words().startswith(f"compiling twice (number {before + 3}")
    assert compiling.words() == ""
    assert compiling.count() == before + 3
