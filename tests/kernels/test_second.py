"""When a second process is started, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from homogsim.kernels import second
from homogsim.kernels.turns import Turn

HOME = Path(second.__file__).parents[2]


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders for which a second process would have been started, on two processors with an empty folder."""
    folders: list[str] = []
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    monkeypatch.setattr(second, "_asked", False)
    monkeypatch.setattr(second, "processors", lambda: 2)
    monkeypatch.setattr(second, "_started", lambda: folders.append(os.environ["NUMBA_CACHE_DIR"]))
    monkeypatch.setattr(second, "_see_to_its_end", lambda process, turn: turn.leave())
    return folders


def test_once_where_nothing_is_compiled(started: list[str], tmp_path: Path) -> None:
    second.start_if_empty()
    second.start_if_empty()
    second.start()
    assert started == [str(tmp_path / "kernels")]


def test_none_where_something_is_compiled_until_a_kernel_is_missing(started: list[str], tmp_path: Path) -> None:
    (tmp_path / "kernels" / "laws").mkdir(parents=True)
    second.start_if_empty()
    assert started == []
    second.start()
    assert len(started) == 1


def test_none_on_one_processor(started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second, "processors", lambda: 1)
    second.start()
    assert started == []


def test_none_beside_that_of_another_process(started: list[str], tmp_path: Path) -> None:
    assert Turn(tmp_path / "kernels" / second.NAME).take()
    second.start()
    assert started == []


@pytest.mark.parametrize(
    ("name", "value"), [("executable", ""), ("executable", None), ("executable", "/usr/bin/blender"), ("frozen", True)]
)
def test_none_inside_another_program(started, monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> None:
    monkeypatch.setattr(sys, name, value, raising=False)
    second.start()
    assert started == []


def test_none_without_a_folder(started: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    second.start_if_empty()
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    second.start_if_empty()
    assert started == []


def test_what_cannot_be_started_is_not_missed(started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise PermissionError("no new processes here")

    monkeypatch.setattr(second, "_started", fail)
    second.start()
    assert list((tmp_path / "kernels").iterdir()) == []


def test_processors() -> None:
    assert 1 <= second.processors() <= (os.cpu_count() or 1)


PROGRAM = """
from homogsim.kernels import second
second.processors = lambda: 2
second._LONGEST_END = 60.0  # it may still be importing
plain = second._started
def told():
    process = plain()
    print(process.pid, flush=True)
    return process
second._started = told
second.start()
input()
"""


@pytest.mark.parametrize("kill", [False, True])
def test_it_ends_with_the_first(tmp_path: Path, kill: bool) -> None:
    known = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(HOME)}
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, env=known, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        other = psutil.Process(int(first.stdout.readline()))
        assert other.is_running()
        if kill:
            first.kill()
        first.communicate("\n")
    end = time.monotonic() + 60.0
    while other.is_running() and other.status() != psutil.STATUS_ZOMBIE:  # nobody may be there to bury it
        assert time.monotonic() < end
        time.sleep(0.01)
    left = [path.name for path in tmp_path.rglob("*.turn")]
    assert left == ([second.NAME] if kill else [])
