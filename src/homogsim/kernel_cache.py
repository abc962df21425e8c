"""Where compiled kernels are kept: a folder for each state of the source files that they are made from.

Numba keys a compiled function by its own file. A change in `laws/utility.py`, which is compiled into its callers, would
leave their machine code as it was, and a run after an upgrade would silently give other numbers.
"""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
CHOSEN = "HOMOGSIM_KERNELS"
"""Environment variable: the folder that homogsim has chosen itself. A child process inherits both, and chooses anew."""
KEPT = 3
"""Folders of earlier states that are kept beside the present one."""
_PACKAGE = Path(__file__).parent
_SOURCES = ("kernels/*.py", "numerics/*.py", "streams/*.py", "laws/*.py", "metrics/*.py", "agents/choosing.py")


def keep_apart() -> None:
    """Let Numba keep this state's machine code in a folder of its own, unless somebody has said where to keep it."""
    if VARIABLE in os.environ and os.environ[VARIABLE] != os.environ.get(CHOSEN):
        return
    home = _PACKAGE / "__pycache__" if os.access(_PACKAGE, os.W_OK) else _of_user()
    folder = home / f"kernels-{state()}"
    os.environ[VARIABLE] = os.environ[CHOSEN] = str(folder)
    if "numba" in sys.modules:  # it has read its variables
        sys.modules["numba"].config.CACHE_DIR = str(folder)
    if not folder.exists():
        forget_old(folder)


def state() -> str:
    """Return a short hash of names, sizes and times of the files that kernels are compiled from."""
    digest = sha256()
    for pattern in _SOURCES:
        for path in sorted(_PACKAGE.glob(pattern)):
            known = path.stat()
            digest.update(f"{path.name} {known.st_size} {known.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


def forget_old(present: Path) -> None:
    """Remove folders of earlier states but the latest few."""
    from shutil import rmtree

    others = [path for path in present.parent.glob("kernels-*") if path != present]
    for path in sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        rmtree(path, ignore_errors=True)


def _of_user() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "homogsim"
