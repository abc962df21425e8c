"""What is put off still works when somebody asks for it."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from threading import Event
from types import ModuleType

import pytest

from homogsim.lean import put_off

CODE = """
import sys
import homogsim
import mesa, scipy
assert "scipy.spatial" not in sys.modules, "Mesa's experimental part was loaded"
assert "scipy.linalg._decomp" not in sys.modules
assert abs(scipy.linalg.det([[2.0, 0.0], [0.0, 3.0]]) - 6.0) < 1e-12
from scipy.linalg import svd
from mesa.experimental.devs import ABMSimulator
assert mesa.experimental.continuous_space.ContinuousSpace
import scipy.stats, scipy.optimize
try:
    scipy.linalg.no_such_name
except AttributeError:
    print("fine")
"""

LIBRARIES_FIRST = (
    "import mesa, scipy.linalg; import homogsim; assert scipy.linalg.inv and mesa.experimental.devs; print('fine')"
)


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_parts_are_put_off_until_they_are_asked_for() -> None:
    import mesa

    code = CODE
    if not mesa.__version__.startswith("3.3"):  # later ones import parts of it themselves
        code = code.replace('assert "scipy.spatial" not in sys.modules, "Mesa\'s experimental part was loaded"\n', "")
    assert run(code) == "fine"


def test_libraries_that_were_there_first_are_left_alone() -> None:
    assert run(LIBRARIES_FIRST) == "fine"


LOGGERS = """
import inspect
known = inspect.stack, inspect.getouterframes, inspect.getmodule
import homogsim.model
assert known == (inspect.stack, inspect.getouterframes, inspect.getmodule)
import mesa.mesa_logging
print(*sorted(mesa.mesa_logging._module_loggers))
"""


def test_loggers_of_mesa_have_their_names() -> None:
    plain = LOGGERS.replace("import homogsim.model", "import mesa, mesa.experimental.devs")
    assert set(run(LOGGERS).split()) <= set(run(plain).split())
    assert "mesa.model" in run(LOGGERS)


PART = """
import sys
from lean_library import begun, go
try:
    early = sys.modules[__name__].late
except AttributeError:
    early = "not there yet"
begun.set()
assert go.wait(60)
late = "here"
"""


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A part that is put off, and stops in the middle until its library says go."""
    (tmp_path / "lean_library" / "part").mkdir(parents=True)
    (tmp_path / "lean_library" / "__init__.py").write_text("from threading import Event; begun, go = Event(), Event()")
    (tmp_path / "lean_library" / "part" / "__init__.py").write_text(PART)
    monkeypatch.syspath_prepend(tmp_path)
    put_off("lean_library", "part")
    yield import_module("lean_library.part")
    for name in ("lean_library", "lean_library.part"):
        sys.modules.pop(name, None)


def test_other_threads_wait_until_a_part_has_run(part: ModuleType) -> None:
    library = import_module("lean_library")
    with ThreadPoolExecutor(2) as pool:
        looks = [pool.submit(getattr, part, "late")]
        assert library.begun.wait(60)
        waits = Event()
        looks.append(pool.submit(lambda: waits.set() or part.late))
        assert waits.wait(60)
        Event().wait(0.1)  # it looks
        library.go.set()
        assert [look.result(60) for look in looks] == ["here", "here"]
    assert part.early == "not there yet"
    with pytest.raises(AttributeError, match="no_such_name"):
        part.no_such_name  # noqa: B018


def test_a_part_whose_first_load_was_interrupted_is_run_again(part: ModuleType) -> None:
    library = import_module("lean_library")

    def interrupt(_seconds: float) -> bool:
        raise KeyboardInterrupt

    plain, library.go.wait = library.go.wait, interrupt
    with pytest.raises(KeyboardInterrupt):
        part.late  # noqa: B018
    library.go.wait = plain
    library.go.set()
    assert part.late == "here"
