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


def _cast(source: Any, target: Any, into: Any) -> Any:
    """Return a function that takes the bits of a number for another's (inside compiled code)."""

    def definition(typingctx: Any, value: Any) -> Any:
        return target(source), lambda context, builder, signature, args: builder.bitcast(args[0], into)

    return _typed_intrinsic(definition)


bits_of = _cast(types.float64, types.uint64, ir.IntType(64))
float_of = _cast(types.uint64, types.float64, ir.DoubleType())
bits_of_single = _cast(types.float32, types.uint32, ir.IntType(32))
single_of = _cast(types.uint32, types.float32, ir.FloatType())


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
    if not _is_flat(array, types.float64):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = cast(Any, make_array)(signature.args[0])(context, builder, args[0]).data
        _, first, second, size = args

        def product(n: Any) -> Any:
            factors = (_load(builder, data, builder.add(start, n), ir.DoubleType(), LANES) for start in (first, second))
            return builder.fmul(*factors)

        return _sum(builder, product, size, ir.DoubleType(), LANES)

    return types.float64(array, types.int64, types.int64, types.int64), codegen


@_typed_intrinsic
def sum_of_singles(typingctx: Any, array: Any, first: Any, size: Any) -> Any:
    """Return the sum of ``array[first + n]`` over n < size in single precision, in the order of `sum_of_products`.

    There are twice as many partial sums: `size` must be a multiple of twice `LANES`.
    """
    if not _is_flat(array, types.float32):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = cast(Any, make_array)(signature.args[0])(context, builder, args[0]).data
        _, first, size = args

        def term(n: Any) -> Any:
            return _load(builder, data, builder.add(first, n), ir.FloatType(), 2 * LANES)

        return _sum(builder, term, size, ir.FloatType(), 2 * LANES)

    return types.float32(array, types.int64, types.int64), codegen


def _is_flat(array: Any, kind: Any) -> bool:
    return isinstance(array, types.Array) and array.dtype == kind and array.layout == "C"


def _load(builder: Any, data: Any, place: Any, kind: Any, lanes: int) -> Any:
    """Return so many numbers of an array, from `place` on, as a vector."""
    vector = ir.VectorType(kind, lanes)
    return builder.load(
        builder.bitcast(builder.gep(data, [place]), vector.as_pointer()),
        align=8 if isinstance(kind, ir.DoubleType) else 4,
    )


def _sum(builder: Any, term: Callable[[Any], Any], size: Any, kind: Any, lanes: int) -> Any:
    """Return the sum of the vectors ``term(n)``, n = 0, lanes, 2·lanes … below `size`, in the order of sums."""
    word, variable = ir.IntType(64), cast(Any, alloca_once_value)
    zero = ir.Constant(ir.VectorType(kind, lanes), [0.0] * lanes)
    sums = [variable(builder, zero) for _ in range(2)]
    even = builder.and_(size, word(-2 * lanes))
    with for_range_slice(builder, word(0), even, word(2 * lanes), word) as (n, _):
        for half, total in enumerate(sums):
            more = term(builder.add(n, word(half * lanes)))
            builder.store(builder.fadd(builder.load(total), more), total)
    with builder.if_then(builder.icmp_signed("<", even, size)):
        builder.store(builder.fadd(builder.load(sums[0]), term(even)), sums[0])
    total = builder.fadd(*(builder.load(half) for half in sums))
    parts = [builder.extract_element(total, ir.IntType(32)(lane)) for lane in range(lanes)]
    while len(parts) > 1:
        middle = len(parts) // 2
        parts = [builder.fadd(a, b) for a, b in zip(parts[:middle], parts[middle:], strict=True)]
    return parts[0]
