"""Elementary functions with the same bits on every x86-64 machine.

libm's and NumPy's exponentials and logarithms differ between machines and versions in their last bit, and a
simulation turns one bit into another history. These functions use only +, -, x, /, square root (all correctly
rounded by IEEE 754), integer operations and bit casts, in a fixed order, without fused multiply-add and without
`fastmath`. A result therefore does not depend on the processor, on the width of its vector registers, on inlining,
nor on the number of threads.

Two forms of each function:

* `exp`, `log`, `power`, `normal_quantile`: scalars, for compiled (Numba) loops. `exp` and `log` have no branch, so
  that LLVM turns an elementwise loop over them into vector code.
* `exp_array`, `log_array`, `power_array`, `normal_quantile_array`: the same over NumPy
  arrays, for use outside compiled loops.

`exp2`, `log2`, `log2_of_single` and `about_reciprocal` are in single precision, at a third of the time and less.
"""

from homogsim.numerics.arrays import elementwise, exp_array, log_array, normal_quantile_array, power_array
from homogsim.numerics.intrinsics import (
    LANES,
    bits_of,
    bits_of_single,
    float_of,
    prefer_wide_vectors,
    single_of,
    sum_of_products,
    sum_of_singles,
)
from homogsim.numerics.scalars import LN2, LN2_HIGH, LN2_LOW, exp, log, log_of_normal, normal_quantile, power
from homogsim.numerics.singles import about_reciprocal, exp2, log2, log2_of_single

__all__ = [
    "LANES", "LN2", "LN2_HIGH", "LN2_LOW", "about_reciprocal", "bits_of", "bits_of_single", "elementwise", "exp",
    "exp2", "exp_array", "float_of", "log", "log2", "log2_of_single", "log_array", "log_of_normal", "normal_quantile",
    "normal_quantile_array", "power", "power_array", "prefer_wide_vectors", "single_of", "sum_of_products",
    "sum_of_singles",
]  # fmt: skip
