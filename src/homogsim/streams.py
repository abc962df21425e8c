"""Keyed random numbers: a draw is a pure function of (seed, stream, entity, month, index).

Nothing is drawn "next": whoever asks for the loyalty draw of consumer 12 in month 7 gets the same number, in any
order, on any number of threads. Two scenarios with one seed face the same luck (common random numbers), and a new
mechanism that draws from a new stream shifts no other draw.

The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3",
SC'11), a bijection of a 128-bit counter under a 64-bit key:

* key = (seed, 32-bit FNV-1a hash of the stream's name);
* counter = (entity mod 2**32, entity // 2**32, month mod 2**32, index), so negative months count from the top.

Every draw uses the strict functions of `homogsim.numerics`, so it has the same bits on every x86-64 machine.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from homogsim.errors import HomogsimError, nearest
from homogsim.kernels.compiled import njit
from homogsim.numerics import (
    elementwise,
    exp,
    float_of,
    log,
    log_array,
    normal_quantile,
    normal_quantile_array,
    power,
    power_array,
    prefer_wide_vectors,
)

__all__ = ["STREAMS", "Streams", "philox4x32", "poisson_quantile", "stream_key", "uniform32", "uniform52"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Word = np.uint64 | int

STREAMS = MappingProxyType(
    {
        "tastes": "a consumer's taste along each dimension of variety",
        "niche centres": "centres of the taste niches",
        "town tastes": "a town's deviation from the common tastes",
        "sector centres": "where a sector's offerings lie in the space of variety",
        "niche mix": "shares of the niches in a town and sector",
        "places": "where consumers live inside their town",
        "town positions": "where towns lie in the region",
        "price sensitivity": "a consumer's price sensitivity",
        "personalization value": "what personalization is worth to a consumer",
        "locality value": "what a local firm is worth to a consumer",
        "loyalty": "a consumer's attachment to the firm visited last",
        "visit": "whether a consumer visits in a month",
        "race": "exponential race over the alternatives of a visit, one draw per alternative",
        "sales": "units sold, when demand is sampled",
        "site": "whether a site is occupied or tried by an entrant in a month",
        "concept": "the position in variety a founder considers",
        "quality": "a firm's own quality",
        "cost": "a firm's unit cost",
        "fixed cost": "a firm's fixed cost",
        "starting cash": "a firm's cash at its start",
        "alignment": "how well a tool suits a firm's processes",
        "heard": "what a firm has heard about the gains of automation",
        "review": "in which month of the year a firm reviews its automation",
        "choice": "the unobserved part of a firm's value of each tool",
        "vendor": "which vendor a firm considers, and the vendors themselves",
        "implementation": "how well an adoption is carried out",
        "offering noise": "monthly drift of what a firm offers",
        "process noise": "monthly drift of a firm's processes",
        "taste strength": "how much fit matters to a consumer",
        "waves": "directions and phases of the waves that kernel tastes are made of",
        "town waves": "what a town's people like of them",
        "niche waves": "what a niche's people like of them",
        "own waves": "what one consumer likes of them",
        "site places": "where storefronts lie inside their town",
        "oversight": "whether a firm watches its customers' satisfaction",
        "shock": "a firm's monthly demand or cost shock",
        "chain": "whether a chain looks at an empty site in a month",
        "retirement": "whether an owner retires in a month",
        "entry": "whether a founder opens a firm at an empty site",
        "born with tool": "whether a new firm starts with a tool",
        "templates": "the designs that a vendor's tool offers",
        "peers": "which firms a firm watches",
        "bootstrap": "weights of worlds when an experiment asks how sure its ranking is",
        "panel": "which consumers belong to the recorded panel",
        "design": "points of a random design of experiments, and what is resampled to judge it",
    }
)
"""Every stream's name and one line on what is drawn from it."""

SEEDS = 2**32
INVERSION_BELOW = 100.0
LARGEST_POISSON_MEAN = 1e15

# Multipliers and Weyl increments of Philox4x32 (Salmon et al. 2011, table 2 and section 5.1.1).
_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_WORD, _ONE = np.uint64(0xFFFFFFFF), np.uint64(1)
_SHIFT_12, _SHIFT_20, _SHIFT_32 = np.uint64(12), np.uint64(20), np.uint64(32)
_ONE_BITS = np.uint64(0x3FF0000000000000)
_TWO52_BITS = np.uint64(0x4330000000000000)


@njit(cache=True, forceinline=True)
def philox4x32(c0: Word, c1: Word, c2: Word, c3: Word, k0: Word, k1: Word) -> tuple[Word, Word, Word, Word]:
    """Return the four 32-bit words of Philox4x32-10 for a counter and a key.

    Parameters
    ----------
    c0, c1, c2, c3 : uint64
        Counter words; only the low 32 bits count.
    k0, k1 : uint64
        Key words; only the low 32 bits count.

    Returns
    -------
    tuple of four uint64
        Words in [0, 2**32).
    """
    # Masked 64-bit words, so that LLVM recognises (and vectorises) 32 x 32 -> 64 bit products.
    a, b, c, d = np.uint64(c0) & _WORD, np.uint64(c1) & _WORD, np.uint64(c2) & _WORD, np.uint64(c3) & _WORD
    left, right = np.uint64(k0) & _WORD, np.uint64(k1) & _WORD
    for _ in range(10):
        even, odd = a * _MULTIPLIER_0, c * _MULTIPLIER_1
        a, b = (odd >> _SHIFT_32) ^ b ^ left, odd & _WORD
        c, d = (even >> _SHIFT_32) ^ d ^ right, even & _WORD
        left, right = (left + _WEYL_0) & _WORD, (right + _WEYL_1) & _WORD
    return a, b, c, d


@njit(cache=True, forceinline=True)
def uniform32(word: Word) -> float:
    """Return (word + 1/2) 2**-32, uniform in the open interval (0, 1), for a 32-bit word held as uint64."""
    shifted: float = float_of(np.uint64(word) | _TWO52_BITS)
    return (shifted - 4503599627370495.5) * 2.3283064365386962890625e-10


@njit(cache=True, forceinline=True)
def uniform52(high: Word, low: Word) -> float:
    """Return (n + 1/2) 2**-52 with n = 2**20 high + low // 2**12, uniform in the open interval (0, 1).

    The values are the odd multiples of 2**-53: all representable, 0 and 1 excluded, and 1 - u is exact and as likely
    as u. (With 53 bits and a half, the largest values would round to 1.)
    """
    n = (np.uint64(high) << _SHIFT_20) | (np.uint64(low) >> _SHIFT_12)
    one_to_two: float = float_of(n | _ONE_BITS)  # 1 + n 2**-52
    return one_to_two - 0.99999999999999988897769753748  # exact: 1 - 2**-53


@njit(cache=True)
def _monthly_uniforms_into(entity: IntArray, month: Word, index: Word, k0: Word, k1: Word, result: FloatArray) -> None:
    """Fill `result` from words 0 and 1 of the blocks of many entities in one month, the most frequent case."""
    prefer_wide_vectors()
    for i in range(result.size):
        c = np.uint64(entity[i])
        w0, w1, _, _ = philox4x32(c, c >> _SHIFT_32, month, index, k0, k1)
        result[i] = uniform52(w0, w1)


@njit(cache=True)
def _uniforms_into(
    entity: IntArray, month: IntArray, index: IntArray, k0: Word, k1: Word, first: FloatArray, second: FloatArray
) -> None:
    """Fill `first` from words 0 and 1 of each block and, if it is not empty, `second` from words 2 and 3."""
    prefer_wide_vectors()
    both = second.size > 0
    for i in range(first.size):
        c = np.uint64(entity[i])
        w0, w1, w2, w3 = philox4x32(c, c >> _SHIFT_32, np.uint64(month[i]), np.uint64(index[i]), k0, k1)
        first[i] = uniform52(w0, w1)
        if both:
            second[i] = uniform52(w2, w3)


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
def _gammas_into(
    entity: IntArray, month: IntArray, index: IntArray, k0: Word, k1: Word, shape: FloatArray, result: FloatArray
) -> None:
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
def _poisson_into(u: FloatArray, mean: FloatArray, result: FloatArray) -> None:
    for i in range(u.size):
        result[i] = poisson_quantile(u[i], mean[i])


def stream_key(seed: int, stream: str) -> tuple[int, int]:
    """Return the Philox key of a stream: (seed, 32-bit FNV-1a hash of the stream's name in UTF-8).

    Raises
    ------
    HomogsimError
        If the seed is not a whole number in [0, 2**32), or the stream is not in `STREAMS`.
    """
    if not 0 <= seed < SEEDS or int(seed) != seed:
        raise HomogsimError(f"The seed {seed} is not a whole number from 0 to {SEEDS - 1}.")
    return int(seed), _stream_hash(stream)


@cache
def _stream_hash(stream: str) -> int:
    """Return the FNV-1a hash of a known stream's name (Fowler, Noll and Vo; offset basis and prime of 32 bits)."""
    if stream not in STREAMS:
        raise HomogsimError(f"There is no random stream {stream!r}.", help=nearest(stream, STREAMS))
    digest = 0x811C9DC5
    for byte in stream.encode():
        digest = (digest ^ byte) * 0x01000193 & 0xFFFFFFFF
    return digest


@lru_cache(maxsize=4096)
def _words(seed: int, stream: str) -> tuple[np.uint64, np.uint64]:
    """Return the key of a stream as words: made once, and no part of the state of a market."""
    k0, k1 = stream_key(seed, stream)
    return np.uint64(k0), np.uint64(k1)


class Streams:
    """All random numbers of a run.

    Parameters
    ----------
    seed : int
        In [0, 2**32).

    Raises
    ------
    HomogsimError
        If the seed is out of range.

    Notes
    -----
    Every method takes the stream's name, the entity (any 64-bit integer: a uid, a row number), the month (32-bit,
    negative before automation) and the index (0 to 2**32 - 1, for several draws of one entity in one month). They
    are integers or arrays of integers and broadcast against each other and against the law's parameters; the result
    is an array of the broadcast shape, or a NumPy scalar if all are scalars. Two methods called with the same stream,
    entity, month and index use the same underlying uniform.

    Examples
    --------
    >>> streams = Streams(seed=1)
    >>> bool(streams.uniform("loyalty", [3, 4], month=7)[1] == streams.uniform("loyalty", 4, month=7))
    True
    """

    def __init__(self, seed: int) -> None:
        stream_key(seed, "tastes")
        self.seed = int(seed)

    def uniform(self, stream: str, entity: ArrayLike, month: ArrayLike = 0, index: ArrayLike = 0) -> FloatArray:
        """Return uniforms in the open interval (0, 1): odd multiples of 2**-53 (see `uniform52`)."""
        return self._uniforms(stream, entity, month, index, pairs=False)[0]

    def normal(self, stream: str, entity: ArrayLike, month: ArrayLike = 0, index: ArrayLike = 0) -> FloatArray:
        """Return standard normals, by inversion (AS 241): monotone in the uniform."""
        return normal_quantile_array(self.uniform(stream, entity, month, index))

    def exponential(self, stream: str, entity: ArrayLike, month: ArrayLike = 0, index: ArrayLike = 0) -> FloatArray:
        """Return exponentials of mean 1: -log u."""
        return -log_array(self.uniform(stream, entity, month, index))

    def gamma2(
        self, stream: str, entity: ArrayLike, month: ArrayLike = 0, mean: ArrayLike = 1.0, index: ArrayLike = 0
    ) -> FloatArray:
        """Return gamma draws of shape 2 and the given mean (>= 0): the mean times half the sum of two exponentials.

        The exponentials come from words 0-1 and 2-3 of one block.
        """
        first, second = self._uniforms(stream, entity, month, index, pairs=True)
        return -0.5 * np.asarray(mean, dtype=np.float64) * (log_array(first) + log_array(second))

    def gamma(
        self, stream: str, entity: ArrayLike, month: ArrayLike = 0, shape: ArrayLike = 1.0, index: ArrayLike = 0
    ) -> FloatArray:
        """Return gamma draws of unit scale and any shape > 0, by rejection (Marsaglia and Tsang 2000).

        A draw takes the blocks of `index` and of the next few indices: leave gaps of 1,024 between the indices of
        draws that share stream, entity and month. Prefer `gamma2` where shape 2 will do: it is monotone in its
        uniforms, this one is not.

        Raises
        ------
        HomogsimError
            If a shape is not positive and finite.
        """
        shapes = np.asarray(shape, dtype=np.float64)
        if not np.all((shapes > 0.0) & (shapes < np.inf)):
            raise HomogsimError("The shape of a gamma law must be positive and finite.")
        k0, k1 = self._key(stream)
        keys = [_integers(values) for values in (entity, month, index)]
        dimensions = np.broadcast_shapes(*(values.shape for values in (*keys, shapes)))
        entities, months, indices = (_flat(values, dimensions) for values in keys)
        result = np.empty(entities.size)
        _gammas_into(entities, months, indices, k0, k1, _flat(shapes, dimensions), result)
        return result.reshape(dimensions)[()]

    def kumaraswamy(
        self,
        stream: str,
        entity: ArrayLike,
        month: ArrayLike = 0,
        a: ArrayLike = 1.0,
        b: ArrayLike = 1.0,
        index: ArrayLike = 0,
    ) -> FloatArray:
        """Return draws in [0, 1] with distribution F(x) = 1 - (1 - x**a)**b, a and b > 0.

        By inversion, x = (1 - (1 - u)**(1/b))**(1/a) (Kumaraswamy 1980, J. Hydrology 46, 79-88).
        """
        u = self.uniform(stream, entity, month, index)
        inverse_a, inverse_b = (1.0 / np.asarray(parameter, dtype=np.float64) for parameter in (a, b))
        return power_array(1.0 - power_array(1.0 - u, inverse_b), inverse_a)

    def poisson(
        self, stream: str, entity: ArrayLike, month: ArrayLike = 0, mean: ArrayLike = 1.0, index: ArrayLike = 0
    ) -> IntArray:
        """Return Poisson counts (int64) by inversion of one uniform (see `poisson_quantile`).

        Raises
        ------
        HomogsimError
            If a mean is negative, NaN or above 1e15.
        """
        means = np.asarray(mean, dtype=np.float64)
        if not np.all((means >= 0.0) & (means <= LARGEST_POISSON_MEAN)):
            raise HomogsimError(f"A Poisson mean must lie between 0 and {LARGEST_POISSON_MEAN:g}.")
        u = self.uniform(stream, entity, month, index)
        return elementwise(_poisson_into, u, means).astype(np.int64)

    def _key(self, stream: str) -> tuple[np.uint64, np.uint64]:
        """Return the key of a stream as words."""
        return _words(self.seed, stream)

    def _uniforms(
        self, stream: str, entity: ArrayLike, month: ArrayLike, index: ArrayLike, pairs: bool
    ) -> tuple[FloatArray, FloatArray]:
        """Return the uniforms of words 0-1 and, if `pairs`, of words 2-3 (else an empty array)."""
        k0, k1 = self._key(stream)
        keys = [_integers(values) for values in (entity, month, index)]
        if not pairs and keys[0].ndim == 1 and keys[1].ndim == keys[2].ndim == 0:
            result = np.empty(keys[0].size)
            month_word, index_word = (np.uint64(int(key) % 2**64) for key in keys[1:])
            _monthly_uniforms_into(np.ascontiguousarray(keys[0]), month_word, index_word, k0, k1, result)
            return result, result[:0]
        dimensions = np.broadcast(*keys).shape
        entities, months, indices = (_flat(values, dimensions) for values in keys)
        first = np.empty(entities.size)
        second = np.empty(first.size if pairs else 0)
        _uniforms_into(entities, months, indices, k0, k1, first, second)
        return first.reshape(dimensions)[()], second.reshape(dimensions)[()] if pairs else second


def _flat(values: NDArray[Any], dimensions: tuple[int, ...]) -> NDArray[Any]:
    """Return `values`, broadcast to `dimensions`, as a contiguous array of one dimension."""
    full = np.empty(dimensions, values.dtype)
    full[...] = values
    return full.reshape(-1)


def _integers(values: ArrayLike) -> IntArray:
    """Return `values` as int64, refusing fractions: a float key would silently lose its bits."""
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise HomogsimError(f"Random draws are keyed by whole numbers, not by {array.dtype}.")
    return array.astype(np.int64, copy=False)
