"""Which concepts of founders surely bring too little, found at a fraction of what it costs to price them.

One customer brings a newcomer at most μ·W(a/(eE))/α a month, whatever the price: a the attraction at cost, E = outside
+ Σ attractions of all that there is, e Euler's number, W Lambert's function; as if each had a price of its own. The sum
of that over all who can reach a site is an upper bound of the contribution of a concept. It is raised by more than all
its errors: whatever is given up would have been given up after pricing it, so the screen decides nothing.

Founders draw most concepts far from where customers are left over: nine tenths end here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from homogsim.kernels.compiled import njit
from homogsim.laws.singles import EXPONENT, INVERSE, ONE, WORK, Single
from homogsim.numerics import LN2, about_reciprocal, exp2, prefer_wide_vectors, sum_of_singles

RAISED = 1.0001
"""What the bound is raised by for rounding: of exponents (1e-5), of the ratio (1e-5) and of the sums."""
RATIO = Single(0.3587435), Single(1.2641301), Single(0.12502747)
"""a, b, c of W(x) ≤ x(1 + ax)/(1 + bx + cx²) on [0, 12], too high by less than 1 %; fitted."""
END, RISE = Single(12.0), Single(0.0543)
"""From 12 on the bound is straight, and steeper than W, which is concave."""
_LOG_OF_E = Single(1.0 / LN2)

# Unlike anywhere else, processors may fuse products and sums here: the screen decides nothing, whatever its last bits.
FUSED: dict[str, Any] = {"fastmath": {"contract"}}
_exp2, _reciprocal = (njit(forceinline=True, **FUSED)(function.py_func) for function in (exp2, about_reciprocal))


@njit(cache=True, forceinline=True, **FUSED)
def lambert(x):
    """Return no less than W(x), but for the errors that `RAISED` covers."""
    t = x if x < END else END
    return t * (ONE + RATIO[0] * t) * _reciprocal(ONE + t * (RATIO[1] + RATIO[2] * t)) + RISE * (x - t)


@njit(cache=True, no_cpython_wrapper=True, **FUSED)
def most(count, singles):
    """Return Σ W(a/(eE))/α of the concept whose exponents are in the room: no price brings more, in units of μ."""
    prefer_wide_vectors()
    for n in range(count):
        odds = _exp2(singles[EXPONENT + n] - _LOG_OF_E)
        singles[WORK + n] = lambert(odds) * singles[INVERSE + n]
    return np.float64(sum_of_singles(singles, WORK, count))
