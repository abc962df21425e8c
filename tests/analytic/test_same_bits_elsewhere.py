"""The same bits from other machine code: processors without AVX-512 and other Pythons, where there are some.

Each runs the market of `test_same_bits` in a process of its own, compiled for what it is told, with a cache of its own.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
STORED = json.loads((HERE / "baselines" / "stored" / "same-bits.json").read_text(encoding="utf-8"))["core"]
PROGRAM = "from small_markets import busy, core_hash; print(core_hash(busy(threads=2).run().market))"
OTHERS = "HOMOGSIM_OTHER_PYTHONS"
"""Environment variable: further Pythons that have homogsim's libraries, separated by `os.pathsep`."""
NAMED = [python for python in os.environ.get(OTHERS, "").split(os.pathsep) if python]


def core_of(python: str, folder: Path, **environment: str) -> str:
    """Return the hash of the run that another process makes."""
    known = os.environ | {
        "NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": f"{HERE.parent / 'src'}{os.pathsep}{HERE}"
    } | environment  # fmt: skip
    done = subprocess.run([python, "-c", PROGRAM], env=known, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("processor", ["generic", "haswell"])
def test_code_for_older_processors(processor: str, tmp_path: Path) -> None:
    """The least that x86-64 has (two numbers in a register), and AVX2 with fused multiply-add on offer."""
    if platform.machine() not in ("x86_64", "AMD64"):
        processor = "generic"
    assert core_of(sys.executable, tmp_path, NUMBA_CPU_NAME=processor, NUMBA_CPU_FEATURES="") == STORED


if NAMED:  # without any there is no such test

    @pytest.mark.parametrize("python", NAMED)
    def test_other_pythons(python: str, tmp_path: Path) -> None:
        assert core_of(python, tmp_path) == STORED
