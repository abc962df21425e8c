"""Signals that end a command, wherever they find it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numba
import pytest
from numba.core.registry import cpu_target

import homogsim as hs
from homogsim.cli.stopping import SIGNALS, Stop, leave
from homogsim.model import MarketModel

TINY = (
    "run", "baseline", "--set", "world.towns=2", "--set", "world.sectors=1", "--set", "world.consumers=40",
    "--set", "calendar.warm_up=2", "--set", "calendar.before=12", "--months", "30", "--quiet",
)  # fmt: skip


@pytest.fixture
def handled() -> Iterator[None]:
    """Signals end the command, as they do before a run begins."""
    before = {number: signal.signal(number, leave) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def signals_from_llvm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever machine code has been made, Ctrl-C comes in the function that LLVM calls back."""
    engine = cpu_target.target_context.codegen()._engine._ee
    notify = engine._object_cache_notify

    def interrupted(module, buffer) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        notify(module, buffer)

    monkeypatch.setattr(engine, "_object_cache_notify", interrupted)


def compile_something() -> None:
    @numba.njit
    def doubled(x):
        return 2 * x

    assert doubled(3) == 6


def test_a_signal_ends_the_command(handled: None, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        os.kill(os.getpid(), signal.SIGTERM)
    assert left.value.code == 130
    assert capfd.readouterr().err == "interrupted\n"
    with Stop() as stop:
        assert not stop.requested


def test_a_signal_where_no_exception_gets_out_is_not_lost(
    handled: None, signals_from_llvm: None, capfd: pytest.CaptureFixture[str]
) -> None:
    compile_something()
    with Stop() as stop:
        assert stop.requested
    with Stop() as stop:
        assert not stop.requested
    assert capfd.readouterr().err == ""


def test_a_second_signal_there_is_patient_too(signals_from_llvm: None, capfd: pytest.CaptureFixture[str]) -> None:
    with Stop() as stop:
        compile_something()
        compile_something()
        assert stop.requested
        with pytest.raises(SystemExit):
            os.kill(os.getpid(), signal.SIGINT)
    assert capfd.readouterr().err == ""


def test_ctrl_c_while_a_market_is_built_and_compiled(homogsim, signals_from_llvm, tmp_path, monkeypatch) -> None:
    build = MarketModel.__init__

    def compiling(self: MarketModel, *arguments: object, **options: object) -> None:
        compile_something()
        build(self, *arguments, **options)

    monkeypatch.setattr(MarketModel, "__init__", compiling)
    answer = homogsim(*TINY, "--no-figures", "--out", "mine")
    assert (answer.code, answer.err) == (130, "")
    assert hs.Results.load(tmp_path / "mine", verify=True).status == "interrupted"
