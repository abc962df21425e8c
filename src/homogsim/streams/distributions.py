"""Laws of draws that need a loop: gamma by rejection, Poisson by inversion."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from homogsim.kernels.compiled import njit
from homogsim.numerics import exp, log, normal_quantile, power
from homogsim.streams.philox import Word, philox4x32, uniform52

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

INVERSION_BELOW = 100.0
LARGEST_POISSON_MEAN = 1e15

_ONE, _SHIFT_32 = np.uint64(1), np.uint64(32)


@njit(cache=True)
def _gamma(entity: Word, month: Word, index: Word, k0: Word, k1: Word, shape: float) -> float:
    """Return a gamma draw of unit scale (Marsaglia and Tsang 2000, ACM TOMS 26, 363-372).

    Attempt t = 1, 2, ... takes its normal and its uniform from the block of index + t; at most one draw in
    twenty needs a second attempt. A shape below 1 is drawn as shape + 1, times u**(1/shape) with u from the block
    of `index` itself.
    """
    d = (shape if shape >= 1.0 else shape + 1.0) - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    block = np.uint64(index)
    while True:
        block += _ONE
        w0, w1, w2, w3 = philox4x32(entity, entity >> _SHIFT_32, month, block, k0, k1)
        x = normal_quantile(uniform52(w0, w1))
        root = 1.0 + c * x
        v = root * root * root
        if v > 0.0 and log(uniform52(w2, w3)) < 0.5 * x * x + d * (1.0 - v + log(v)):
            break
    if shape >= 1.0:
        return d * v
    w0, w1, _, _ = philox4x32(entity, entity >> _SHIFT_32, month, np.uint64(index), k0, k1)
    return d * v * power(uniform52(w0, w1), 1.0 / shape)


@njit(cache=True)
def gammas_into(
    entity: IntArray, month: IntArray, index: IntArray, k0: Word, k1: Word, shape: FloatArray, result: FloatArray
) -> None:
    """Fill in gamma draws, one for each entity, month, index and shape."""
    for i in range(result.size):
        result[i] = _gamma(np.uint64(entity[i]), np.uint64(month[i]), np.uint64(index[i]), k0, k1, shape[i])


@njit(cache=True)
def poisson_quantile(u: float, mean: float) -> float:
    """Return the smallest n with P(N <= n) >= u for N ~ Poisson(mean), as a float.

    Below a mean of 100 by summing probabilities from 0. Above, the floor of the expansion, with w the normal
    quantile of u and m the mean,

        m + sqrt(m) w + (1/3 + w**2/6) - (w/36 + w**3/72) m**-1/2 + (-8/405 + 7 w**2/810 + w**4/270) m**-1
          + (2684 w - 548 w**3 - 207 w**5)/155520 m**-3/2

    of the number x with Q(x, m) = u (Giles 2016, "Algorithm 955", ACM TOMS 42(1), with one more term): wrong by one in
    about one draw in a million at a mean of 100, and by m**-2 fewer above. Non-decreasing in u and, within each range,
    in the mean: common random numbers carry over to counts, as they would not with a rejection method.

    Parameters
    ----------
    u : float
        Probability in (0, 1).
    mean : float
        Mean, >= 0.
    """
    if mean < INVERSION_BELOW:
        return _poisson_by_summation(u, mean)
    w = normal_quantile(u)
    root = math.sqrt(mean)
    square = w * w
    term1 = 1.0 / 3.0 + square / 6.0
    term2 = -w * (2.0 + square) / 72.0
    term3 = ((6.0 * square + 14.0) * square - 32.0) / 1620.0
    term4 = w * (2684.0 - square * (548.0 + 207.0 * square)) / 155520.0
    x = mean + (root * w + (term1 + (term2 + (term3 + term4 / root) / root) / root))
    return max(math.floor(x), 0.0)


@njit(cache=True)
def _poisson_by_summation(u: float, mean: float) -> float:
    """Return the Poisson quantile for a mean below 100, by summing P(N = n) = P(N = n - 1) mean / n."""
    n = 0.0
    probability = exp(-mean)
    cumulative = probability
    while cumulative < u:
        n += 1.0
        probability = probability * mean / n
        # Beyond the mode the sum may stop growing below a u next to 1.
        if n > mean and cumulative + probability == cumulative:
            break
        cumulative += probability
    return n


@njit(cache=True)
def poisson_into(u: FloatArray, mean: FloatArray, result: FloatArray) -> None:
    """Fill in Poisson quantiles."""
    for i in range(u.size):
        result[i] = poisson_quantile(u[i], mean[i])
