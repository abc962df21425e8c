"""Machine code of another state of the sources is never used."""

import os
import re
from pathlib import Path

import pytest

from homogsim import kernel_cache


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("numerics/scalars.py", "streams/philox.py", "laws/utility.py", "laws/demand.py", "agents/turnover.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("1")
    monkeypatch.setattr(kernel_cache, "_PACKAGE", tmp_path)
    monkeypatch.delenv(kernel_cache.VARIABLE, raising=False)
    monkeypatch.setenv(kernel_cache.CHOSEN, "")
    monkeypatch.setattr("numba.config.CACHE_DIR", "")
    return tmp_path


def test_a_change_in_a_file_that_others_compile_in_gives_another_folder(package: Path) -> None:
    before = kernel_cache.state()
    assert kernel_cache.state() == before
    (package / "agents/turnover.py").write_text("not compiled")
    assert kernel_cache.state() == before
    (package / "laws/utility.py").write_text("other")
    assert kernel_cache.state() != before


def test_all_that_is_compiled_is_watched() -> None:
    home = Path(kernel_cache.__file__).parent
    watched = {path for pattern in kernel_cache._SOURCES for path in home.glob(pattern)}
    compiled = {
        path for path in home.rglob("*.py") if re.search(r"^@(njit|part|_quick|_within)\b", path.read_text(), re.M)
    }
    assert compiled
    assert compiled <= watched


def test_the_folder_is_told_to_numba(package: Path) -> None:
    import numba

    kernel_cache.keep_apart()
    folder = package / "__pycache__" / f"kernels-{kernel_cache.state()}"
    assert os.environ[kernel_cache.VARIABLE] == numba.config.CACHE_DIR == str(folder)


@pytest.mark.parametrize("chosen", ["", "kernels-of-a-parent"])
def test_who_has_said_where_is_obeyed(package: Path, monkeypatch: pytest.MonkeyPatch, chosen: str) -> None:
    monkeypatch.setenv(kernel_cache.VARIABLE, "elsewhere")
    monkeypatch.setenv(kernel_cache.CHOSEN, chosen)
    kernel_cache.keep_apart()
    assert os.environ[kernel_cache.VARIABLE] == "elsewhere"


def test_a_child_chooses_anew_what_its_parent_had_chosen(package: Path) -> None:
    """The sources may have changed under a parent that lives on; the child inherits its environment."""
    kernel_cache.keep_apart()
    parents = os.environ[kernel_cache.VARIABLE]
    kernel_cache.keep_apart()
    assert os.environ[kernel_cache.VARIABLE] == parents
    (package / "laws/utility.py").write_text("other")
    kernel_cache.keep_apart()
    childs = os.environ[kernel_cache.VARIABLE]
    assert childs == str(package / "__pycache__" / f"kernels-{kernel_cache.state()}") != parents


def test_old_folders_go(package: Path) -> None:
    home = package / "__pycache__"
    for n in range(6):
        folder = home / f"kernels-{n}"
        folder.mkdir(parents=True)
        os.utime(folder, (n, n))
    kernel_cache.keep_apart()
    assert sorted(path.name for path in home.iterdir()) == ["kernels-3", "kernels-4", "kernels-5"]
