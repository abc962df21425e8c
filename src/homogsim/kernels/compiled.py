"""`njit` for homogsim's kernels: Numba's, but each kernel is compiled by one process while the others wait for it.

Ten workers that start on an empty cache would compile everything ten times, side by side. Numba's cache is also not
made for that: two processes that store a function for different arguments at once may give both the same file, and a
later process the machine code of the wrong one.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numba
from numba.core import event
from numba.core.caching import FunctionCache
from numba.core.compiler_lock import global_compiler_lock
from numba.core.runtime import rtsys

from homogsim.kernels import second
from homogsim.kernels.signatures import FIRST, is_listed, listed, understood
from homogsim.kernels.turns import Turn, held

COMPILE, WAIT = "numba:compile", "homogsim:wait"
"""Kinds of Numba's events: a kernel is being compiled here, or waited for while another process compiles it."""
PATIENCE = 60.0
"""Longest time that a kernel is waited for, s; then it is compiled here. The largest takes 3 s on an idle machine."""


OPTIONS: dict[str, Any] = {"fastmath": False, "error_model": "numpy", "forceinline": False, "no_cfunc_wrapper": True}
"""What holds for every kernel that does not say otherwise.

Said even where it is Numba's default: what is unsaid, a function takes over from the one that calls it when it is first
compiled, so that its bits, and those of all that call it later, would depend on who came first. Division by zero gives
an infinity or NaN, as in NumPy; nobody needs an entry point from C.
"""


_Kept: Any = FunctionCache  # it has no types


def njit(function: Callable[..., Any] | None = None, *, cache: bool = False, **options: Any) -> Any:
    """Compile a function as `numba.njit` does, with what `OPTIONS` says where `options` say nothing else.

    With `cache`, its machine code is kept where that is possible, and the turns of `OneForAll` are observed.
    """
    if function is None:
        return partial(njit, cache=cache, **options)
    dispatcher = numba.njit(**(OPTIONS | options))(function)
    if cache:
        with suppress(RuntimeError, OSError):  # no folder can be written to: compiled anew in every process
            _share(dispatcher)
    return dispatcher


def _share(dispatcher: Any) -> None:
    """Let a kernel be compiled in turn with other processes."""
    kept = OneForAll(dispatcher)
    plainly = dispatcher.compile

    def compile_in_turn(signature: Any) -> Any:
        outermost = not kept.turn.taken
        try:
            return plainly(signature)
        finally:
            if outermost:
                kept.turn.leave()

    def one_thread_at_a_time(signature: Any) -> Any:
        with global_compiler_lock, _nothing_collected():
            return compile_in_turn(signature)

    dispatcher._cache, dispatcher.compile = kept, one_thread_at_a_time


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Let Python's garbage be: its collector would go through all that was imported, for a sixth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def compile_if_free(kernel: Any, arguments: Any) -> bool:
    """Compile a kernel that is listed, unless it is known here or some process is at it; say whether it was compiled.

    Raises
    ------
    Exception
        Whatever goes wrong; it does again when the kernel is called, if it matters.
    """
    signature = tuple(understood(each) for each in arguments)
    if signature in kernel.overloads or kernel._cache.turn.path.exists():
        return False
    kernel.compile(signature)
    return True


def _help() -> bool:
    """Compile another kernel of the first month instead of waiting, if there is one that nobody is at.

    Only for who has no turn: so processes wait for what their kernels call, and never in a circle.
    """
    if any(turn.path.name != second.NAME for turn in held()):
        return False
    for name, arguments in listed()[FIRST]:
        module, _, attribute = name.rpartition(".")
        with suppress(Exception):  # a list that is no longer right
            if module in sys.modules and compile_if_free(getattr(sys.modules[module], attribute), arguments):
                return True
    return False


class OneForAll(_Kept):
    """A cache of a kernel's machine code; what it lacks is compiled by one process while the others wait."""

    def __init__(self, dispatcher: Any) -> None:
        super().__init__(dispatcher.py_func)
        self._dispatcher = dispatcher
        self.turn = Turn(Path(self.cache_path, f"{self._impl.filename_base}.turn"))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is kept; None, and the turn, if this process has to compile it."""
        found = self._kept(sig, target_context) or super().load_overload(sig, target_context)
        if found is None and not self.turn.taken:
            if is_listed(self._dispatcher, sig):
                second.start()
            about = {"dispatcher": self._dispatcher}
            with suppress(OSError):  # no turns can be taken: it is compiled, and not kept
                self.turn.wait(PATIENCE, lambda: event.trigger_event(WAIT, data=about), _help)
                found = super().load_overload(sig, target_context)
        return found

    def _kept(self, sig: Any, target_context: Any) -> Any:
        """Return what is kept, without Numba's making ready to compile first, a fifth of a second at every start.

        Machine code that is there needs no more than Numba's runtime.
        """
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled in turn."""
        if self.turn.still_mine():
            super().save_overload(sig, data)
