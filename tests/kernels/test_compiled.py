"""A kernel is compiled in turn, and kept for the next process."""

from __future__ import annotations

import gc
import re
import sys
from pathlib import Path
from threading import Timer

import pytest
from numba.core import event
from numba.core.errors import TypingError

import homogsim
from homogsim.kernels import compiled, turns
from homogsim.kernels.compiled import COMPILE, WAIT, OneForAll, compile_if_free, njit
from homogsim.kernels.signatures import FIRST
from homogsim.kernels.turns import Turn

HOME = Path(homogsim.__file__).parent


def increased(x):
    return x + 1


def doubled(x):
    return 2 * x


def halved(x):
    return x / 2


def wrong(x):
    return x.no_such_thing


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    keep_in(tmp_path, monkeypatch)
    return tmp_path


def keep_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))  # Numba reads its variables anew now and then
    monkeypatch.setattr("numba.config.CACHE_DIR", str(folder))


@pytest.fixture
def seen():
    """The kinds of events that begin."""
    kinds: list[str] = []

    class Listener(event.Listener):
        def on_start(self, event: event.Event) -> None:
            kinds.append(event.kind)

        def on_end(self, event: event.Event) -> None:
            pass

    listener = Listener()
    with event.install_listener(COMPILE, listener), event.install_listener(WAIT, listener):
        yield kinds


def kernel(function=increased):
    """A kernel as another process would make it of the same function."""
    return njit(cache=True)(function)


def turn_of(a_kernel) -> Turn:
    return Turn(a_kernel._cache.turn.path)


def test_nothing_is_collected_while_a_kernel_is_compiled() -> None:
    """Also where kernels are compiled for each other, and afterwards as before, whatever went wrong."""
    collecting: list[bool] = []

    class Listener(event.Listener):
        def on_start(self, event: event.Event) -> None:
            collecting.append(gc.isenabled())

        def on_end(self, event: event.Event) -> None:
            collecting.append(gc.isenabled())

    inner = njit(doubled)

    def outer(x):
        return inner(x) + 1

    with event.install_listener(COMPILE, Listener()):
        assert njit(outer, cache=True)(3) == 7
        with pytest.raises(TypingError):
            njit(wrong, cache=True)(1)
    assert len(collecting) >= 6
    assert not any(collecting)
    assert gc.isenabled()
    gc.disable()
    try:
        assert njit(halved, cache=True)(3) == 1.5
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_one_compiles_the_next_loads(folder: Path, seen: list[str]) -> None:
    assert kernel()(1) == 2
    assert seen == [COMPILE]
    other = kernel()
    assert other(2) == 3
    assert seen == [COMPILE]
    assert sum(other.stats.cache_hits.values()) == 1
    assert not list(folder.rglob("*.turn"))


def test_who_waited_in_vain_compiles(seen: list[str]) -> None:
    second = kernel()
    turn = turn_of(second)
    assert turn.take()
    with event.install_listener(WAIT, Starter(Timer(0.05, turn.leave))):
        assert second(1) == 2
    assert seen == [WAIT, COMPILE]


class Starter(event.Listener):
    def __init__(self, timer: Timer) -> None:
        self.timer = timer

    def on_start(self, event: event.Event) -> None:
        self.timer.start()

    def on_end(self, event: event.Event) -> None:
        self.timer.join()


def test_what_was_compiled_meanwhile_is_loaded(seen: list[str]) -> None:
    """The first process has the turn, compiles, and leaves when its code is kept."""
    second = kernel()
    turn = turn_of(second)
    assert turn.take()
    plain = super(OneForAll, second._cache)
    made = njit(increased)
    made.compile((made.typeof_pyval(1),))

    def done() -> None:
        plain.save_overload((made.typeof_pyval(1),), made.overloads[(made.typeof_pyval(1),)])
        turn.leave()

    seen.clear()
    with event.install_listener(WAIT, Starter(Timer(0.05, done))):
        assert second(1) == 2
    assert seen == [WAIT]
    assert sum(second.stats.cache_hits.values()) == 1


def test_a_kernel_that_nobody_is_at_is_compiled() -> None:
    one = kernel()
    turn = turn_of(one)
    assert turn.take()
    assert not compile_if_free(one, ["int64"])
    turn.leave()
    assert compile_if_free(one, ["int64"])
    assert not compile_if_free(one, ["int64"])  # known
    with pytest.raises(TypingError):
        compile_if_free(kernel(wrong), ["int64"])
    assert len(one.overloads) == 1


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch):
    """Two kernels of the first month that are not compiled yet; another process is at the first."""
    busy, free = kernel(doubled), kernel(halved)
    monkeypatch.setattr(sys.modules[__name__], "busy", busy, raising=False)
    monkeypatch.setattr(sys.modules[__name__], "free", free, raising=False)
    names = ["not.imported", f"{__name__}.gone", f"{__name__}.Path", f"{__name__}.busy", f"{__name__}.free"]
    monkeypatch.setattr(compiled, "listed", lambda: {FIRST: [(name, ["int64"]) for name in names]})
    assert turn_of(busy).take()
    yield busy, free
    turns.leave_all()


def test_who_waits_compiles_what_nobody_is_at(monkeypatch: pytest.MonkeyPatch, others) -> None:
    second, (busy, free) = kernel(), others
    turn_of(second).path.parent.mkdir(parents=True, exist_ok=True)
    turn_of(second).path.write_text("another machine")
    monkeypatch.setattr(compiled, "PATIENCE", 0.1)
    turns.leave_all()  # that of `busy` is another process's
    turn_of(busy).path.write_text("another machine")
    assert second(1) == 2
    assert len(free.overloads) == 1
    assert len(busy.overloads) == 0


def test_who_has_a_turn_does_nothing_else_while_it_waits(others, tmp_path: Path) -> None:
    _, free = others
    assert not compiled._help()  # it has that of `busy`
    turns.leave_all()
    turn_of(others[0]).path.write_text("another machine")
    assert compiled._help()
    assert len(free.overloads) == 1
    assert not compiled._help()  # nothing is left


def test_who_has_lost_the_turn_keeps_nothing(folder: Path) -> None:
    one = kernel()
    turn = one._cache.turn

    class Thief(event.Listener):
        def on_start(self, event: event.Event) -> None:
            turn.path.write_text("somebody else")

        def on_end(self, event: event.Event) -> None:
            pass

    with event.install_listener(COMPILE, Thief()):
        assert one(1) == 2
    assert not list(folder.rglob("*.nbc"))
    assert turn.path.read_text() == "somebody else"


def test_an_error_ends_the_turn(folder: Path) -> None:
    with pytest.raises(Exception, match="no_such_thing"):
        kernel(wrong)(1)
    assert not list(folder.rglob("*.turn"))


def test_where_no_turn_can_be_taken_it_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def fail(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Turn, "wait", fail)
    assert kernel()(1) == 2
    assert not list(folder.rglob("*.nbc"))


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "file").write_text("no folder")
    keep_in(folder / "file", monkeypatch)
    monkeypatch.setattr("numba.config.CACHE_LOCATOR_CLASSES", "UserProvidedCacheLocator", raising=False)
    assert kernel()(1) == 2


def test_all_kernels_are_compiled_so() -> None:
    numbas_own = re.compile(r"^\s*(from numba import .*\bn?jit\b|@numba\.)", re.MULTILINE)
    files = [path for path in HOME.rglob("*.py") if path != HOME / "kernels" / "compiled.py"]
    assert [path.name for path in files if numbas_own.search(path.read_text(encoding="utf-8"))] == []


def added_to_product(x, y, z):
    return x * y + z


def test_bits_do_not_depend_on_who_calls_first() -> None:
    """Numba hands a caller's freedoms on to what it calls, unless that says what it wants."""
    plain = kernel(added_to_product)

    @njit(fastmath={"contract"})
    def free(x, y, z):
        return plain(x, y, z) * y + z

    free(1.0, 2.0, 3.0)
    (alone,), (with_it,) = plain.inspect_llvm().values(), free.inspect_llvm().values()
    assert not re.search(r"(fmul|fadd) \w*contract", alone)
    assert re.search(r"(fmul|fadd) contract", with_it)
    assert plain(1.0, 0.0, 3.0) == 3.0


def test_division_by_zero_is_numpy_s() -> None:
    assert kernel(lambda x: 1.0 / x)(0.0) == float("inf")
