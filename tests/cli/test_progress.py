"""Progress on a terminal and in a log file."""

from __future__ import annotations

import io

import numba
import pytest
from numba.core import event
from rich.console import Console

from homogsim.cli import progress
from homogsim.kernels.compiled import WAIT


def _console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, force_terminal=terminal, width=110, legacy_windows=False), written


def test_a_terminal_sees_a_bar_with_phase_speed_and_time_left() -> None:
    console, written = _console(terminal=True)
    with progress.reporter(console, 40, silent=False) as shown:
        shown.phase("with automation")
        for done in range(1, 31):
            shown.month(done)
        assert isinstance(shown, progress.BarReporter)
        shown._progress.refresh()
        text = written.getvalue()
    assert "with automation" in text
    assert "30/40" in text
    assert "months/s" in text


def test_a_log_file_sees_few_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 4))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    console, written = _console(terminal=False)
    with progress.reporter(console, 12, silent=False) as shown:
        shown.phase("warm-up")
        for done in range(1, 13):
            shown.month(done)
    lines = written.getvalue().splitlines()
    assert len(lines) == 3  # 48 s at a line in 16
    assert lines[0] == "4 of 12 months, 0.25 months/s, 32 s left (warm-up)"


def test_silence() -> None:
    console, written = _console(terminal=True)
    with progress.reporter(console, 2, silent=True) as shown:
        shown.phase("warm-up")
        shown.month(1)
    assert written.getvalue() == ""


def test_compilation_is_announced_once_and_only_when_it_happens() -> None:
    console, written = _console(terminal=False)
    one, two = numba.njit(lambda x: x + 1), numba.njit(lambda x: x + 2)
    with progress.reporter(console, 2, silent=False) as shown, progress.announced_compilation(shown):
        assert written.getvalue() == ""
        one(1)
        shown.phase("warm-up")
        two(1)
    assert written.getvalue() == f"compiling the kernels, once: {__name__}\n"


def test_waiting_for_what_another_process_compiles_is_announced() -> None:
    console, written = _console(terminal=False)
    about = {"dispatcher": numba.njit(lambda x: x + 1)}
    with progress.reporter(console, 2, silent=False) as shown, progress.announced_compilation(shown):
        event.start_event(WAIT, data=about)
        event.end_event(WAIT, data=about)
    assert written.getvalue() == f"compiling the kernels, once: {__name__} (in another process)\n"
