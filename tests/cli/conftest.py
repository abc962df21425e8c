"""The command line, called in this process."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from homogsim.cli import main


class Answer(NamedTuple):
    """What a command printed and how it left."""

    code: int
    out: str
    err: str


Command = Callable[..., Answer]


@pytest.fixture
def homogsim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Return a function that runs ``homogsim ARGUMENTS…`` in an empty folder; a traceback fails the test by itself."""
    monkeypatch.chdir(tmp_path)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["homogsim", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        for number, handler in before.items():
            signal.signal(number, handler)
        code = left.value.code
        return Answer(0 if code is None else int(code), *capsys.readouterr())

    return call
