"""One coordinator a folder: a lock that the operating system lets go when its holder dies, however it dies."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from homogsim.errors import HomogsimError
from homogsim.results.folder import storage_errors
from homogsim.results.provenance import now

FILE = "lock"
PATIENCE_SECONDS = 0.5


class Locked(HomogsimError):
    """Another coordinator works on the folder."""

    exit_code = 73


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a sweep folder.

    Raises
    ------
    Locked
        Somebody else holds it; says who.
    StorageError
        The folder cannot be written.
    """
    path = folder / FILE
    with storage_errors(path):
        file = path.open("a+", encoding="utf-8")  # not inherited by workers, so it is let go with this process
    with file:
        with storage_errors(path):
            taken = _take_patiently(file)
        if not taken:
            raise Locked(f"another sweep is at work in this folder: {holder(folder)}", str(folder), _help())
        with storage_errors(path):
            file.truncate(0)
            file.write(json.dumps({"host": platform.node(), "pid": os.getpid(), "since": now()}))
            file.flush()
        try:
            yield
        finally:
            with suppress(OSError):
                file.truncate(0)


def holder(folder: Path) -> str:
    """Return in words who holds the lock, or held it last; empty when nobody does."""
    try:
        who = json.loads((folder / FILE).read_text("utf-8"))
        return f"process {who['pid']} on {who['host']}, since {who['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def is_held(folder: Path) -> bool:
    """Return whether somebody holds the lock now."""
    try:
        with (folder / FILE).open("a+", encoding="utf-8") as file:
            return not _take(file)
    except OSError:
        return False


def _take_patiently(file: IO[str]) -> bool:
    """Try for a moment: `is_held` takes the lock as well, for as long as it looks."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not _take(file):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _take(file: IO[str]) -> bool:
    """Take the lock, if it is free, until the file is closed."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            file.seek(1 << 30)  # far behind the text, which others shall be able to read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # Windows only
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _help() -> str:
    return "Wait for it, or stop it (Ctrl-C there); what is stored stays."
