"""The same functions over NumPy arrays, for use outside compiled loops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from homogsim.kernels.compiled import njit
from homogsim.numerics.intrinsics import prefer_wide_vectors
from homogsim.numerics.scalars import exp, log, normal_quantile, power

FloatArray = NDArray[np.float64]


@njit(cache=True)
def _exp_into(x: FloatArray, result: FloatArray) -> None:
    prefer_wide_vectors()
    for i in range(x.size):
        result[i] = exp(x[i])


@njit(cache=True)
def _log_into(x: FloatArray, result: FloatArray) -> None:
    prefer_wide_vectors()
    for i in range(x.size):
        result[i] = log(x[i])


@njit(cache=True)
def _power_into(x: FloatArray, y: FloatArray, result: FloatArray) -> None:
    prefer_wide_vectors()
    for i in range(x.size):
        result[i] = power(x[i], y[i])


@njit(cache=True)
def _normal_quantile_into(u: FloatArray, result: FloatArray) -> None:
    prefer_wide_vectors()
    for i in range(u.size):
        result[i] = normal_quantile(u[i])


def elementwise(compiled: Callable[..., None], *operands: ArrayLike) -> FloatArray:
    """Apply a compiled loop over flat float64 arrays to operands of any shape, with broadcasting.

    Numba's own ufuncs would do the same, but build part of their machine code anew in every process (50 ms each),
    whereas these loops come from the cache, and only when first called.

    Parameters
    ----------
    compiled : callable
        Loop ``compiled(*operands, result)`` over contiguous arrays of one length.
    operands : array_like of float
        Operands, of shapes that broadcast.

    Returns
    -------
    ndarray of float64
        The result in the broadcast shape; a NumPy scalar if all operands are scalars.

    Raises
    ------
    ValueError
        If the shapes do not broadcast.
    """
    arrays = [np.asarray(operand, dtype=np.float64) for operand in operands]
    if len(arrays) == 1 and arrays[0].ndim == 1 and arrays[0].flags.c_contiguous:
        result = np.empty(arrays[0].size)
        compiled(arrays[0], result)
        return result
    shape = arrays[0].shape
    if any(array.shape != shape for array in arrays):
        shape = np.broadcast(*arrays).shape
    flat = [_flat(array, shape) for array in arrays]
    result = np.empty(flat[0].size)
    compiled(*flat, result)
    return result.reshape(shape)[()]


def _flat(array: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Return `array`, broadcast to `shape`, as a contiguous array of one dimension.

    One that can be written to: kernels are compiled anew for arrays that cannot.
    """
    if array.shape == shape and array.flags.c_contiguous and array.flags.writeable:
        return array.reshape(-1)
    full = np.empty(shape)
    full[...] = array
    return full.reshape(-1)


def exp_array(x: ArrayLike) -> FloatArray:
    """Return e**x elementwise, with the bits of `exp`."""
    return elementwise(_exp_into, x)


def log_array(x: ArrayLike) -> FloatArray:
    """Return the natural logarithm elementwise, with the bits of `log`."""
    return elementwise(_log_into, x)


def power_array(x: ArrayLike, y: ArrayLike) -> FloatArray:
    """Return x**y elementwise for x >= 0, with broadcasting and with the bits of `power`."""
    return elementwise(_power_into, x, y)


def normal_quantile_array(u: ArrayLike) -> FloatArray:
    """Return standard normal quantiles elementwise, with the bits of `normal_quantile`."""
    return elementwise(_normal_quantile_into, u)
