"""One process at a time has a turn, and none waits for ever."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from types import SimpleNamespace

import pytest

from homogsim.kernels import turns
from homogsim.kernels.turns import Turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "kernel.turn"


def left_by(path: Path, host: str, process: int) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{host} {process} somebody")


def dead() -> int:
    return subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True).stdout.strip()


def test_one_at_a_time(path: Path) -> None:
    one, other = Turn(path), Turn(path)
    assert one.take()
    assert one.taken
    assert one.still_mine()
    assert not other.take()
    assert not other.taken
    assert not other.still_mine()
    other.leave()  # it has nothing to leave
    assert one.still_mine()
    one.leave()
    assert other.take()


def test_the_turn_of_a_dead_process_ends(path: Path) -> None:
    left_by(path, turns.gethostname(), int(dead()))
    assert Turn(path).take()
    left_by(path, turns.gethostname(), os.getpid())
    assert not Turn(path).take()
    left_by(path, "another machine", int(dead()))
    assert not Turn(path).take()
    past = time.time() - turns.OLD - 1.0
    os.utime(path, (past, past))
    assert Turn(path).take()


def test_waiting_ends_when_the_other_leaves(path: Path) -> None:
    one, other, waits = Turn(path), Turn(path), []

    @contextmanager
    def waiting():
        waits.append("begun")
        yield
        waits.append("done")

    one.wait(9.0, waiting)
    assert one.taken
    assert waits == []
    Timer(0.1, one.leave).start()
    other.wait(9.0, waiting)
    assert other.still_mine()
    assert waits == ["begun", "done"]


def test_who_waits_does_something_else_while_there_is_something(path: Path) -> None:
    one, other, things = Turn(path), Turn(path), ["first", "second"]

    def meanwhile() -> bool:
        if not things:
            one.leave()
            return False
        return bool(things.pop())

    assert one.take()
    other.wait(9.0, meanwhile=meanwhile)
    assert things == []
    assert other.still_mine()


def test_waiting_ends_at_last_and_who_has_lost_the_turn_knows(path: Path) -> None:
    one, other = Turn(path), Turn(path)
    assert one.take()
    began = time.monotonic()
    other.wait(0.2)
    assert 0.2 <= time.monotonic() - began < 60.0
    assert other.still_mine()
    assert one.taken
    assert not one.still_mine()
    one.leave()
    assert other.still_mine()


def test_whoever_keeps_changing_is_waited_for_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(turns, "time", SimpleNamespace(time=time.time, monotonic=lambda: now))

    def meanwhile() -> bool:
        nonlocal now
        now += 0.25
        if now <= 0.5:
            left_by(path, "another machine", int(100 * now))
        return True

    left_by(path, "another machine", 1)
    one = Turn(path)
    one.wait(0.375, meanwhile=meanwhile)
    assert one.taken
    assert now == 1.25  # 0.5 + 0.375 has passed when the clock shows 1, and the look after that takes it


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError):
        Turn(tmp_path / "file" / "kernel.turn").take()


def test_all_turns_are_left_before_a_sudden_end(path: Path) -> None:
    one = Turn(path)
    assert one.take()
    turns.leave_all()
    assert not path.exists()
    assert not one.taken
