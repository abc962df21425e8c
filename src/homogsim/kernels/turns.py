"""Taking turns among processes: whoever can make a file has the turn, until it removes the file.

Not `fcntl.flock`: over NFS it may fail, or hang with the server of locks; making a file that must be new needs nothing
but the folder that the kernels are kept in, and works on Windows, too. Its price is that a process may die and leave
its file. So nobody waits for ever: the turn of a dead process of this machine ends at once, any other after a while.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from socket import gethostname
from uuid import uuid4

OLD = 300.0
"""Age at which a turn counts as left behind, s: kernels take seconds."""
_PAUSE = 0.01

_held: set[Turn] = set()


class Turn:
    """A turn that one process at a time can have.

    Parameters
    ----------
    path : Path
        The file; its folder is made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._holder = ""

    @property
    def taken(self) -> bool:
        """Whether this object has taken the turn and not left it."""
        return bool(self._holder)

    def still_mine(self) -> bool:
        """Return whether the turn was taken here and nobody has judged meanwhile that it was left behind."""
        return self.taken and _text(self.path) == self._holder

    def take(self) -> bool:
        """Take the turn unless somebody has it; say whether it is ours.

        Raises
        ------
        OSError
            If no file can be made there.
        """
        if self._made():
            return True
        if not self._left_behind():
            return False
        self._clear()
        return self._made()

    def wait(
        self,
        seconds: float,
        waiting: Callable[[], AbstractContextManager[object]] = nullcontext,
        meanwhile: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take the turn after those who have it; whoever has it for longer than this has lost it.

        `waiting` gives a context to wait in; it is not entered where there is nothing to wait for. `meanwhile` does
        something useful, and says whether there was anything to do.

        Raises
        ------
        OSError
            If no file can be made there.
        """
        if self.take():
            return
        with waiting():
            seen, end = _text(self.path), time.monotonic() + seconds
            while not self.take():
                holder = _text(self.path)
                if holder != seen:
                    seen, end = holder, time.monotonic() + seconds
                elif time.monotonic() > end:
                    self._clear()
                if not meanwhile():
                    time.sleep(_PAUSE)

    def leave(self) -> None:
        """Let others have the turn."""
        if self.still_mine():
            with suppress(OSError):
                self.path.unlink()
        self._holder = ""
        _held.discard(self)

    def _made(self) -> bool:
        holder = f"{gethostname()} {os.getpid()} {uuid4().hex}"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(self.path, "x", encoding="utf-8") as file:
                file.write(holder)
        except FileExistsError:
            return False
        except PermissionError:
            if self.path.exists() or os.name == "nt":  # Windows: it is going, but somebody looks at it still
                return False
            raise
        self._holder = holder
        _held.add(self)
        return True

    def _left_behind(self) -> bool:
        """Return whether whoever has the turn is dead, as far as can be seen from here, or the file is old."""
        try:
            age = time.time() - self.path.stat().st_mtime
        except OSError:  # it has just gone
            return False
        host, process, *_ = [*_text(self.path).split(), "", ""]
        return age > OLD or (host == gethostname() and process.isdigit() and not _alive(int(process)))

    def _clear(self) -> None:
        """Remove what was left behind, moved aside first: of several who do, one moves it, the others find nothing."""
        aside = self.path.with_name(f"{self.path.name}.{uuid4().hex[:8]}")
        with suppress(OSError):
            os.replace(self.path, aside)
            aside.unlink()


def held() -> list[Turn]:
    """Return the turns that this process has."""
    return list(_held)


def leave_all() -> None:
    """Let others have all turns that this process has; before an end without ceremony."""
    for turn in held():
        turn.leave()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _alive(process: int) -> bool:
    if os.name == "nt":  # there, asking with signal 0 would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def _forget_all() -> None:
    for turn in _held:
        turn._holder = ""
    _held.clear()


# A forked process has no turn: its parent has.
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_forget_all)
