"""The generator, Philox4x32-10, and uniforms made of its words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.kernels.compiled import njit
from homogsim.numerics import float_of, prefer_wide_vectors

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Word = np.uint64 | int

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
def monthly_uniforms_into(entity: IntArray, month: Word, index: Word, k0: Word, k1: Word, result: FloatArray) -> None:
    """Fill `result` from words 0 and 1 of the blocks of many entities in one month, the most frequent case."""
    prefer_wide_vectors()
    for i in range(result.size):
        c = np.uint64(entity[i])
        w0, w1, _, _ = philox4x32(c, c >> _SHIFT_32, month, index, k0, k1)
        result[i] = uniform52(w0, w1)


@njit(cache=True)
def uniforms_into(
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
