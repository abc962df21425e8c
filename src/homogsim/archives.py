"""Files of named arrays: NumPy's ``.npz``, written whole or not at all, and read without trusting what it says.

No pickle, no parser of Python text, no more memory than was agreed on; a digest over the whole content tells every
accident.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import secrets
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from homogsim.errors import StorageError, WrongPath

Arrays = dict[str, NDArray[Any]]

DIGEST = "sha256"
"""Name of the member that holds the digest of all others."""
ITEM_BYTES = 4096
"""Longest item of an array; only text is longer than 8."""
HEADER = re.compile(
    rb"\{'descr': '([<|][biufU]\d{1,5})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,18}, ?)*\d{0,18})\), \} *\n"
)
"""Header of an ``.npy`` array, format 1.0, as NumPy writes it."""
DAMAGED = (
    ValueError, TypeError, KeyError, IndexError, EOFError, NotImplementedError, RuntimeError, OverflowError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What reading a damaged archive raises."""


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write an archive in place of what is at `path`; equal arrays give equal files.

    Raises
    ------
    StorageError
        If it cannot be written; what was there before stays.
    TypeError
        If an array holds Python objects, which only pickle could write.
    """
    if objects := [name for name, values in arrays.items() if values.dtype.hasobject]:
        raise TypeError(f"{', '.join(objects)} hold Python objects")
    partial = path.with_name(f".{path.name[:40]}-{secrets.token_hex(4)}.partial")
    with _told("written", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("xb") as file:
                rows_first = {name: np.asarray(values, order="C") for name, values in arrays.items()}
                # NumPy's types take the names of arrays for those of its own options.
                np.savez_compressed(file, **{DIGEST: digest(arrays)}, **rows_first)  # type: ignore[arg-type]
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            with suppress(OSError):
                partial.unlink()
            raise


def read_arrays(path: Path, most_bytes: float) -> Arrays:
    """Read all arrays of an archive.

    Parameters
    ----------
    path : Path
        An archive by `write_arrays`.
    most_bytes : float
        Most memory that its arrays may take, bytes.

    Raises
    ------
    StorageError
        If it is missing, unreadable, damaged, no archive, or larger.
    """
    with _opened(path) as archive:
        _refuse_larger(archive.infolist(), most_bytes)
        arrays = {info.filename.removesuffix(".npy"): _array(archive, info) for info in archive.infolist()}
        if not np.array_equal(arrays.pop(DIGEST), digest(arrays)):
            raise ValueError("its content is not what was written")
    return arrays


def read_array(path: Path, name: str, most_bytes: float) -> NDArray[Any]:
    """Read one array of an archive, without the check of the whole.

    Raises
    ------
    StorageError
        As `read_arrays`.
    """
    with _opened(path) as archive:
        info = archive.getinfo(f"{name}.npy")
        _refuse_larger([info], most_bytes)
        return _array(archive, info)


def digest(arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.uint8]:
    """Return the SHA-256 of names, types, shapes and values, 32 bytes."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        values = arrays[name]
        total.update(f"{name}\0{values.dtype.str}\0{values.shape}\0".encode())
        total.update(values.tobytes())
    return np.frombuffer(total.digest(), dtype=np.uint8)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    with _told("read", path):
        if path.exists() and not path.is_file():
            raise WrongPath("this is not a checkpoint, not a file at all", str(path))  # a pipe would wait for ever
        try:
            with path.open("rb") as file, zipfile.ZipFile(file) as archive:
                yield archive
        except DAMAGED as error:
            reason = str(error).strip("'\"")
            raise StorageError(f"this is not a checkpoint, or a damaged one ({reason:.120})", str(path)) from error


@contextmanager
def _told(what: str, path: Path) -> Iterator[None]:
    """Turn an error about `path` inside the block into a `StorageError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise WrongPath(f"cannot be {what}: {error.strerror}", str(path)) from error
    except (OSError, ValueError) as error:  # a ValueError is about a name that can be none
        raise StorageError(f"cannot be {what}: {getattr(error, 'strerror', None) or error}", str(path)) from error


def _refuse_larger(members: list[zipfile.ZipInfo], most_bytes: float) -> None:
    size = sum(member.file_size for member in members)
    if size > most_bytes:
        raise ValueError(f"unpacked it would take {size / 1e6:.0f} MB, more than the {most_bytes / 1e6:.0f} expected")


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    """Return an array after comparing what its header says with what is there."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{info.filename}: compressed in another way")
    content = archive.read(info)  # no more than file_size bytes, and their checksum is compared
    start = 10 + int.from_bytes(content[8:10], "little")
    header = HEADER.fullmatch(content[10:start])
    if content[:8] != b"\x93NUMPY\x01\x00" or header is None:
        raise ValueError(f"{info.filename}: not an array of numbers or text")
    dtype = np.dtype(header[1].decode())
    shape = tuple(int(n) for n in header[3].replace(b" ", b"").split(b",") if n)
    if not 0 < dtype.itemsize <= ITEM_BYTES or math.prod(shape) * dtype.itemsize != len(content) - start:
        raise ValueError(f"{info.filename}: not as long as it says")
    values = np.frombuffer(content, dtype=dtype, offset=start)
    return values.reshape(shape, order="F" if header[2] == b"True" else "C").copy(order="C")
