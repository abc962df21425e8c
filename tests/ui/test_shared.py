"""What tabs share is made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from threading import Barrier, BrokenBarrierError
from types import ModuleType

import pytest

from homogsim.ui import bets, shared


@pytest.fixture
def anew() -> ModuleType:
    """The module as a server finds it that has just started."""
    spec = spec_from_file_location("shared_anew", shared.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["openings", "classroom"])
def test_two_tabs_that_open_at_once_share(anew: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    meet, both = Barrier(2), Barrier(2)

    class Slow:
        def __init__(self) -> None:
            with suppress(BrokenBarrierError):
                both.wait(0.2)  # until the other is here, too, if it may

    monkeypatch.setattr(anew, "Openings", Slow)
    monkeypatch.setattr(bets, "Classroom", Slow)

    def ask(_tab: int) -> object:
        meet.wait(60)
        return getattr(anew, name)()

    with ThreadPoolExecutor(2) as tabs:
        one, other = tabs.map(ask, range(2))
    assert one is other is getattr(anew, name)()
