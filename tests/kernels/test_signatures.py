"""What the second process compiles is what the first one calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numba import typeof, types

from homogsim.kernels.signatures import FIRST, LISTED, described, is_listed, listed, named, understood

SCRIPT = Path(__file__).with_name("list_kernels.py")


class Pair(NamedTuple):
    number: int
    row: np.ndarray


def readonly() -> np.ndarray:
    return np.broadcast_to(np.ones(1), (1,))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "int64"),
        (np.uint64(1), "uint64"),
        (1.0, "float64"),
        (True, "bool"),
        (None, "none"),
        (np.zeros((2, 3)), "float64[2]"),
        (np.zeros(2, dtype=np.int32), "int32[1]"),
        (np.zeros(2, dtype=bool), "bool[1]"),
        (readonly(), "float64[1] readonly"),
        ((1, 1), ["int64", "int64"]),
        ((1, (2.0, None)), ["int64", ["float64", "none"]]),
        (Pair(1, np.zeros(2)), [f"{__name__}.Pair", "int64", "float64[1]"]),
    ],
)
def test_types_as_text_and_back(value, text) -> None:
    kind = typeof(value)
    assert described(kind) == text
    assert understood(json.loads(json.dumps(text))) == kind


def test_what_text_would_not_bring_back_is_refused() -> None:
    for kind in (types.Array(types.float64, 2, "F"), types.Array(types.float64, 1, "C", aligned=False), types.string):
        with pytest.raises(TypeError):
            described(kind)
    assert not is_listed(named("homogsim.numerics.arrays._exp_into"), (types.string,))


def test_what_is_listed() -> None:
    name, arguments = listed()[FIRST][0]
    kinds = tuple(understood(each) for each in arguments)
    assert is_listed(named(name), kinds)
    assert not is_listed(named(name), kinds[1:])


def test_the_list_is_what_a_first_run_calls() -> None:
    """After a change of kernels: ``python tests/kernels/list_kernels.py --write``."""
    path = os.pathsep.join([str(LISTED.parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == LISTED.read_text(encoding="utf-8"), f"python {SCRIPT} --write mends it"
