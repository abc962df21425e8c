"""Files of named arrays: whole or not at all, and no trust in what they say."""

from __future__ import annotations

import errno
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from homogsim.archives import Arrays, read_array, read_arrays, write_arrays
from homogsim.errors import StorageError

ARRAYS: Arrays = {
    "numbers": np.array([1.5, -0.0, np.nan, np.inf]),
    "grid": np.arange(6, dtype=np.int32).reshape(2, 3),
    "turned": np.arange(6.0).reshape(2, 3).T,
    "codes": np.array([0, 127, -128], dtype=np.int8),
    "flags": np.array([True, False]),
    "text": np.array(["bankrupt", "", "é…"]),
    "nothing": np.empty((0, 4)),
    "one": np.array(2.5),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "some.npz"
    write_arrays(path, ARRAYS)
    return path


def forged(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """Write a zip file with these members."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def npy(header: str, content: bytes) -> bytes:
    """Return an array file with any header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def test_what_is_written_is_read(file: Path) -> None:
    found = read_arrays(file, 1e6)
    assert set(found) == set(ARRAYS)
    for name, values in ARRAYS.items():
        assert found[name].dtype == values.dtype
        assert found[name].shape == values.shape
        assert found[name].tobytes() == np.ascontiguousarray(values).tobytes()
        assert found[name].flags.writeable
    assert read_array(file, "codes", 1e6).tolist() == [0, 127, -128]


def test_numpy_reads_it_too(file: Path) -> None:
    with np.load(file, allow_pickle=False) as stored:
        assert stored["turned"].tolist() == ARRAYS["turned"].tolist()


def test_equal_arrays_give_equal_files(file: Path, tmp_path: Path) -> None:
    write_arrays(tmp_path / "again.npz", {name: values.copy() for name, values in ARRAYS.items()})
    assert file.read_bytes() == (tmp_path / "again.npz").read_bytes()


def test_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="thing hold Python objects"):
        write_arrays(tmp_path / "no.npz", {"thing": np.array([{}], dtype=object)})
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_what_was_there(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"cannot be written: No space left on device"):
        write_arrays(file, {"other": np.ones(3)})
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["some.npz"]


def test_places_where_nothing_can_be_written(file: Path, tmp_path: Path) -> None:
    for place in (tmp_path, file / "below", tmp_path / ("x" * 300), Path("nul\0l")):
        with pytest.raises(StorageError, match="cannot be written"):
            write_arrays(place, {"a": np.ones(3)})
    assert [path.name for path in tmp_path.iterdir()] == ["some.npz"]


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place, said in (
        (tmp_path / "none", "No such file"),
        (tmp_path, "not a file"),
        (tmp_path / "pipe", "not a file"),
        (Path("a\0"), "null"),
    ):
        with pytest.raises(StorageError, match=said):
            read_arrays(place, 1e6)


def test_truncated_anywhere(file: Path) -> None:
    whole = file.read_bytes()
    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        with pytest.raises(StorageError, match="not a checkpoint, or a damaged one"):
            read_arrays(file, 1e6)


def test_a_changed_byte_anywhere_is_found_or_changes_nothing(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    found = 0
    for place in range(0, len(whole), 3):
        flipped = whole.copy()
        flipped[place] ^= 1 << place % 8
        file.write_bytes(flipped)
        try:
            arrays = read_arrays(file, 1e6)
        except StorageError:
            found += 1
            continue
        assert {name: values.tobytes() for name, values in arrays.items()} == {
            name: np.ascontiguousarray(values).tobytes() for name, values in ARRAYS.items()
        }
    assert found > 0.2 * len(whole)  # the rest are dates, attributes and the like


def test_larger_than_agreed(file: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="unpacked it would take"):
        read_arrays(file, 500)
    zeros = io.BytesIO()
    np.save(zeros, np.zeros(4_000_000))
    bomb = forged(tmp_path / "bomb.npz", {"a.npy": zeros.getvalue()}, zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 1e5
    for read in (lambda: read_arrays(bomb, 1e6), lambda: read_array(bomb, "a", 1e6)):
        with pytest.raises(StorageError, match="unpacked it would take 32 MB"):
            read()


@pytest.mark.parametrize(
    ("descr", "shape", "content"),
    [
        ("'<f8'", "(1000000000000,)", bytes(8)),
        ("'<f8'", "(0, 1000000000000000000000)", b""),
        ("'<f8'", "(-1, -1)", bytes(8)),
        ("'<U0'", "(1000000000000,)", b""),
        ("'<U99999'", "(0,)", b""),
        ("'|O'", "(1,)", b"cos\nsystem\n(S'true'\ntR."),
        ("'|V8'", "(1,)", bytes(8)),
        ("[('a', '<f8')]", "(1,)", bytes(8)),
        ("'>f8'", "(1,)", bytes(8)),
        ("'<f3'", "(1,)", bytes(3)),
        ("'<f8'", "(" + "(" * 5000 + "1,)", bytes(8)),
        ("'<f8'", "(1,)", bytes(9)),
        ("'<f8'", "(2,)", bytes(8)),
    ],
)
def test_arrays_that_are_not_what_they_say(descr: str, shape: str, content: bytes, tmp_path: Path) -> None:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    forgery = forged(tmp_path / "forged.npz", {"a.npy": npy(header, content)})
    with pytest.raises(StorageError, match=r"not a checkpoint, or a damaged one \("):
        read_array(forgery, "a", 1e6)


def test_other_archives(tmp_path: Path) -> None:
    good = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", bytes(8))
    cases = {
        "bad compression": forged(tmp_path / "1", {"a.npy": good}, zipfile.ZIP_LZMA),
        "no digest": forged(tmp_path / "2", {"a.npy": good}),
        "wrong digest": forged(tmp_path / "3", {"a.npy": good, "sha256.npy": good}),
        "no array": forged(tmp_path / "4", {"a.npy": b"hello", "../../b": b"hello"}),
        "no members": forged(tmp_path / "5", {}),
    }
    for name, path in cases.items():
        with pytest.raises(StorageError, match="not a checkpoint, or a damaged one"):
            read_arrays(path, 1e6)
        assert path.exists(), name
