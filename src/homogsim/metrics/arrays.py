"""The two kinds of array that metrics take: real numbers, and integers that name a group."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


def floats(values: ArrayLike) -> Array:
    """Return values as float64, without copying when they are."""
    return np.asarray(values, dtype=np.float64)


def integers(values: ArrayLike) -> Integers:
    """Return values as int64, without copying when they are."""
    return np.asarray(values, dtype=np.int64)
