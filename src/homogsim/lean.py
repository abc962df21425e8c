"""Parts of libraries that load for long and that nothing here needs are put off until somebody asks for them.

`import mesa` runs `mesa.experimental`, whose continuous space loads SciPy's spatial library; Numba's first call runs
all of `scipy.linalg` for one module inside it. Together they would take half a second of every start. A part that is
put off works as ever: it is run at the first look at something in it, and modules inside it load without it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any

PUT_OFF = (("mesa", "experimental"), ("scipy", "linalg"))


def put_off(library: str, part: str) -> None:
    """Register a library's part as a module that is run at the first look at something in it (PEP 562).

    Does nothing where the library is missing or has been imported already.
    """
    found, name = find_spec(library) if library not in sys.modules else None, f"{library}.{part}"
    if found is None or not found.submodule_search_locations:
        return
    folder = Path(found.submodule_search_locations[0], part)
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None or not folder.is_dir():
        return
    module = module_from_spec(spec)
    _run_when_asked(module, spec.loader.exec_module)
    sys.modules[name] = module


def _run_when_asked(module: ModuleType, run: Callable[[ModuleType], None]) -> None:
    """Run a module at the first look at something in it; other threads wait; after an error the next look runs it."""
    lock, names, running = RLock(), module.__dict__, False

    def load(attribute: str) -> Any:
        nonlocal running
        with lock:
            if running:  # its own code, or what that imports, looks for a name that is not there yet
                raise AttributeError(f"module {module.__name__!r} has no attribute {attribute!r} yet")
            if names.get("__getattr__") is load:
                running = True
                try:
                    run(module)
                except BaseException:  # Ctrl-C, too
                    names["__getattr__"] = load
                    raise
                finally:
                    running = False
                if names.get("__getattr__") is load:  # the module has none of its own
                    del names["__getattr__"]
        return getattr(module, attribute)

    names["__getattr__"] = load


@contextmanager
def plain_inspection() -> Iterator[None]:
    """Let what is imported inside look at the stack without reading the source of everything on it.

    Mesa asks who imports it to name its loggers; the answer takes a tenth of a second, and is the same without lines of
    source and without going through all modules there are.
    """
    known: Any = inspect
    usual = known.stack, known.getouterframes, known.getmodule

    def getmodule(thing: Any, *given: Any) -> Any:
        return sys.modules.get(thing.f_globals["__name__"]) if inspect.isframe(thing) else usual[2](thing, *given)

    known.stack = lambda context=1: usual[1](sys._getframe(1), 0)
    known.getouterframes = lambda frame, context=1: usual[1](frame, 0)
    known.getmodule = getmodule
    try:
        yield
    finally:
        known.stack, known.getouterframes, known.getmodule = usual


for _library, _part in PUT_OFF:
    put_off(_library, _part)
