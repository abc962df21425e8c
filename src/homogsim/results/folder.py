"""Folders written whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from homogsim.errors import StorageError, WrongPath


class FolderExists(WrongPath):
    """A folder or a file that would be overwritten."""


@contextmanager
def whole_folder(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield an empty folder beside `target`; on leaving without an error it becomes `target`, otherwise it is removed.

    Everything is on the disk before the new name appears. With `replace` an old folder gives way at the last moment,
    and comes back when the change fails.

    Raises
    ------
    FolderExists
        `target` exists and `replace` is false.
    StorageError
        The disk is full, read-only or not ours.
    """
    if not replace:
        refuse_existing(target)
    with storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = _sibling(target, "partial")
        partial.mkdir()
        try:
            yield partial
            _sync_tree(partial)
            _put_in_place(partial, target, replace)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


@contextmanager
def storage_errors(path: Path, doing: Literal["read", "write"] = "write") -> Iterator[None]:
    """Turn an `OSError` inside the block into a `StorageError` about `path`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        help = "Choose another folder with --out." if doing == "write" else ""
        raise StorageError(f"cannot {doing}: {reason}", str(path), help) from error


def check_writable(target: Path, needed: int = 0) -> None:
    """Fail now rather than at the end of a run: try to write beside `target` and look at the free space.

    Parameters
    ----------
    target : Path
        Folder that will be written; it and its parents need not exist.
    needed : int
        Space that the run will need, bytes.

    Raises
    ------
    StorageError
        Nothing can be written there, or less than `needed` bytes are free.
    """
    with storage_errors(target):
        parent = next(p for p in target.absolute().parents if p.exists())
        probe = _sibling(parent / target.name, "probe")
        probe.mkdir()
        try:
            write_file(probe / "probe", lambda file: file.write(bytes(4096)))
        finally:
            shutil.rmtree(probe, ignore_errors=True)
        free = shutil.disk_usage(parent).free
    if free < needed:
        what = f"the results need about {needed / 1e6:.1f} MB, only {free / 1e6:.1f} MB are free"
        raise StorageError(what, str(parent), "Free some space, or choose another disk with --out.")


def write_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Create `path`, let `write` fill it, and wait until it is on the disk."""
    with path.open("xb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())


def refuse_existing(target: Path, help: str = "Choose another folder.") -> None:
    """Raise `FolderExists`, with `help`, if there is anything of that name, even a link that leads nowhere."""
    if os.path.lexists(target):
        raise FolderExists("exists already", str(target), help)


def _sibling(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name}-{secrets.token_hex(4)}.{kind}")


def _put_in_place(partial: Path, target: Path, replace: bool) -> None:
    if not os.path.lexists(target):
        partial.rename(target)
    elif not replace:  # it appeared while we were writing
        refuse_existing(target)
    else:
        old = _sibling(target, "replaced")
        target.rename(old)
        try:
            partial.rename(target)
        except BaseException:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    _sync(target.parent)


def _sync_tree(folder: Path) -> None:
    for inner, _, _ in os.walk(folder):
        _sync(Path(inner))


def _sync(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder; its rename is durable by itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
