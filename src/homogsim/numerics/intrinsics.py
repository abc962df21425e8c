"""What compiled loops need and Numba lacks: bits of numbers, wide registers, sums in a stated order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core.cgutils import alloca_once_value, for_range_slice
from numba.extending import intrinsic
from numba.np.arrayobj import make_array


def _typed_intrinsic(definition: Callable[..., Any]) -> Any:
    """Make a Numba intrinsic of `definition`, callable without the typing context in the eyes of a type checker."""
    return intrinsic(definition)


@_typed_intrinsic
def bits_of(typingctx: Any, value: Any) -> Any:
    """Return the 64 bits of a float64 as uint64 (inside compiled code)."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.uint64(types.float64), codegen


@_typed_intrinsic
def float_of(typingctx: Any, bits: Any) -> Any:
    """Return the float64 with the given 64 bits (inside compiled code)."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.uint64), codegen


@_typed_intrinsic
def prefer_wide_vectors(typingctx: Any) -> Any:
    """Ask for 512-bit registers in the compiled function (or `prange` body) that calls it, where there are any.

    LLVM avoids them on Intel processors by default; loops of `exp` and `log` run about 1.4 times as fast with them.
    A hint that changes no bit of any result, and has no effect on processors without AVX-512.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        # llvmlite's own `add` accepts enumerated attributes only; LLVM reads this one as text.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.none(), codegen


LANES = 8
"""Partial sums of `sum_of_products`: the width of the widest vector register in float64."""


@_typed_intrinsic
def sum_of_products(typingctx: Any, array: Any, first: Any, second: Any, size: Any) -> Any:
    """Return the sum of ``array[first + n] * array[second + n]`` over n < size (inside compiled code).

    `size` must be a multiple of `LANES`; nothing is checked. Strict floating point forbids a compiler to turn a plain
    loop into vector code, because that changes the order of additions. Here the order is part of the definition:
    eight partial sums, one for each n mod 8, each over two interleaved halves, added up as a tree. So the result has
    the same bits whatever the width of the processor's registers.
    """
    if not (isinstance(array, types.Array) and array.dtype == types.float64 and array.layout == "C"):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = cast(Any, make_array)(signature.args[0])(context, builder, args[0]).data
        _, first, second, size = args
        vector, word = ir.VectorType(ir.DoubleType(), LANES), ir.IntType(64)

        def product(n: Any) -> Any:
            factors = []
            for start in (first, second):
                place = builder.gep(data, [builder.add(start, n)])
                factors.append(builder.load(builder.bitcast(place, vector.as_pointer()), align=8))
            return builder.fmul(*factors)

        zero, variable = ir.Constant(vector, [0.0] * LANES), cast(Any, alloca_once_value)
        sums = [variable(builder, zero) for _ in range(2)]
        even = builder.and_(size, word(-2 * LANES))
        with for_range_slice(builder, word(0), even, word(2 * LANES), word) as (n, _):
            for half, total in enumerate(sums):
                term = product(builder.add(n, word(half * LANES)))
                builder.store(builder.fadd(builder.load(total), term), total)
        with builder.if_then(builder.icmp_signed("<", even, size)):
            builder.store(builder.fadd(builder.load(sums[0]), product(even)), sums[0])
        total = builder.fadd(*(builder.load(half) for half in sums))
        parts = [builder.extract_element(total, ir.IntType(32)(lane)) for lane in range(LANES)]
        while len(parts) > 1:
            middle = len(parts) // 2
            parts = [builder.fadd(a, b) for a, b in zip(parts[:middle], parts[middle:], strict=True)]
        return parts[0]

    return types.float64(array, types.int64, types.int64, types.int64), codegen
