"""How many different offerings a market effectively holds, and how much of that was lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from homogsim.metrics.arrays import Array, floats
from homogsim.metrics.similarity import similarity_matrix


def power_mean(values: ArrayLike, weights: ArrayLike, order: float) -> float:
    r"""Return the weighted power mean :math:`M_r(w, v) = (\sum_i w_i v_i^r)^{1/r}`.

    The limits are taken where they are needed: the geometric mean at r = 0, the smallest and the largest value at
    −∞ and +∞.

    Parameters
    ----------
    values : array_like, shape (n,)
        Positive, any unit.
    weights : array_like, shape (n,)
        Not negative; scaled to sum to 1. Values with weight 0 are not looked at.
    order : float
        r, −∞ … ∞.

    Returns
    -------
    float
        Same unit as `values`; between the smallest and the largest. NaN when nothing has weight.

    Raises
    ------
    ValueError
        If a weight is negative or `order` is NaN.
    """
    values, weights = floats(values), floats(weights)
    if np.isnan(order):
        raise ValueError("the order of a power mean must be a number")
    check_weights(weights)
    used = weights > 0
    total = weights[used].sum()
    if not total > 0:
        return float("nan")
    return known_power_mean(values[used], weights[used] / total, order)


def known_power_mean(values: Array, weights: Array, order: float) -> float:
    """Return the power mean of positive values with positive weights that sum to 1."""
    if order == 1:  # q = 0, 1 and 2 are wanted every month
        return float((weights * values).sum())
    if order == -1:
        return float(1 / (weights / values).sum())
    return float(np.exp(_log_power_mean(np.log(values), weights, order)))


def _log_power_mean(log_values: Array, weights: Array, order: float) -> float:
    """Return ln M_r for positive weights that sum to 1."""
    if order == 0:
        return float((weights * log_values).sum())
    if np.isinf(order):
        return float(log_values.max() if order > 0 else log_values.min())
    scaled = order * log_values
    largest = scaled.max()
    if largest - scaled.min() < 1:
        # Near order 0 the sum is close to 1 and its logarithm would lose all digits but for expm1 and log1p.
        return float((largest + np.log1p((weights * np.expm1(scaled - largest)).sum())) / order)
    terms = np.log(weights) + scaled
    largest = terms.max()
    return float((largest + np.log(np.exp(terms - largest).sum())) / order)


def leinster_cobbold(p: ArrayLike, Z: Array, q: float) -> float:
    r"""Return the similarity-sensitive diversity of order q.

    .. math:: D_q^Z(p) = M_{1-q}\!\left(p, \frac{1}{Zp}\right)
              = \Big(\sum_i p_i (Zp)_i^{q-1}\Big)^{1/(1-q)}, \quad
              D_1^Z = \prod_i (Zp)_i^{-p_i}, \quad D_\infty^Z = \frac{1}{\max_{p_i > 0} (Zp)_i}

    Parameters
    ----------
    p : array_like, shape (n,)
        Share of each outlet: sales (the experienced view) or equal (the supply view). Not negative; scaled to sum to 1.
    Z : ndarray, shape (n, n)
        Similarities in [0, 1] with ones on the diagonal: see `similarity_matrix`.
    q : float
        Order, 0 … ∞: how little rare offerings count.

    Returns
    -------
    float
        Effective number of completely different offerings, 1 … n. NaN when nothing has weight.

    Raises
    ------
    ValueError
        If q is negative or NaN, a share is negative, or the shapes differ.

    References
    ----------
    Leinster & Cobbold (2012), Measuring diversity: the importance of species similarity, Ecology 93, 477–489. At q = 2
    it is 1/(1 − Rao's quadratic entropy): Rao (1982), Theoretical Population Biology 21, 24–43.
    """
    p = floats(p)
    check_order(q)
    check_weights(p)
    if Z.shape != (p.size, p.size):
        raise ValueError(f"{p.size} shares need similarities of shape ({p.size}, {p.size}), not {Z.shape}")
    total = float(p.sum())
    if not total > 0:
        return float("nan")
    p = p / total
    # einsum and not @: BLAS sums in an order that depends on the number of threads.
    return diversity_of(np.einsum("ij,j->i", Z, p), p, q)


def diversity_of(ordinariness: Array, p: Array, q: float) -> float:
    """Return :math:`M_{1-q}(p, 1/Zp)`: `leinster_cobbold` where the ordinariness Zp is at hand, shares summing to 1."""
    used = p > 0
    return known_power_mean(1 / ordinariness[used], p[used], 1 - q)


def check_weights(weights: Array) -> None:
    """Raise ValueError if a weight or share is negative."""
    if weights.size and weights.min() < 0:
        raise ValueError(f"weights must not be negative; the smallest is {weights.min()}")


def check_order(q: float) -> None:
    """Raise ValueError unless q is a possible order of a diversity, 0 … ∞."""
    if not q >= 0:
        raise ValueError(f"the order of a diversity must be 0 or more, not {q}")


def hill_number(p: ArrayLike, q: float) -> float:
    r"""Return the Hill number :math:`D_q(p) = (\sum_i p_i^q)^{1/(1-q)}`, diversity without similarity (Z = I).

    Parameters
    ----------
    p : array_like, shape (n,)
        Share of each kind, for instance of each tool or vendor. Not negative; scaled to sum to 1.
    q : float
        Order, 0 … ∞: 0 counts kinds, 1 is e to the Shannon entropy, 2 the inverse Herfindahl index.

    Returns
    -------
    float
        Effective number of kinds, 1 … n. NaN when nothing has weight.

    Raises
    ------
    ValueError
        If q is negative or NaN, or a share is negative.

    References
    ----------
    Hill (1973), Diversity and evenness: a unifying notation and its consequences, Ecology 54, 427–432.
    """
    check_order(q)
    p = floats(p)
    check_weights(p)
    p = p[p > 0]
    total = p.sum()
    return known_power_mean(total / p, p / total, 1 - q) if p.size else float("nan")


def diversity_lost(D: ArrayLike, D_0: ArrayLike) -> Array:
    r"""Return the share of diversity lost, :math:`1 - (D - 1)/(D_0 - 1)`.

    D is 1 when all are alike, so D − 1 is what there was to lose.

    Parameters
    ----------
    D : array_like
        Diversity now, effective number.
    D_0 : array_like
        The same at month 0; broadcast against `D`.

    Returns
    -------
    ndarray or scalar, broadcast shape
        Share, at most 1; negative when diversity grew. NaN where `D_0` is 1 (to 1e-12): nothing could be lost.
    """
    kept, had = floats(D) - 1, floats(D_0) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(had > 1e-12, 1 - kept / had, np.nan)[()]


def decoupling_index(
    D_x: ArrayLike, D_x0: ArrayLike, D_y: ArrayLike, D_y0: ArrayLike, smallest_loss: float = 0.02
) -> float:
    r"""Return how far offerings were spared while processes became alike.

    .. math:: 1 - \frac{\overline{1 - D_x/D_{x0}}}{\overline{1 - D_y/D_{y0}}}

    A loss here is the relative loss 1 − D/D_0 (not `diversity_lost`); bars are means over the entries given, for
    instance months or replications, taken before dividing, because a mean of ratios of small losses is mostly noise.

    Parameters
    ----------
    D_x, D_x0 : array_like
        Diversity of offerings now and at month 0, effective number.
    D_y, D_y0 : array_like
        Diversity of processes now and at month 0.
    smallest_loss : float
        Mean loss of processes under which the index says nothing.

    Returns
    -------
    float
        1: processes standardized, offerings untouched; 0: both lost the same; negative: offerings lost more; above 1:
        offerings became more diverse. NaN while the mean loss of processes is under `smallest_loss`.
    """
    loss_x, loss_y = (float((1 - floats(now) / floats(was)).mean()) for now, was in ((D_x, D_x0), (D_y, D_y0)))
    return 1 - loss_x / loss_y if loss_y >= smallest_loss else float("nan")


def rarefied_diversity(x: ArrayLike, n: int, scale: float, q: float, uniforms: Array) -> float:
    r"""Return the mean diversity of n outlets taken at random, each counting the same.

    With n fixed the number of businesses does not drive it. A subsample holds the n outlets with the smallest of one
    row of `uniforms`: keyed by outlet, one entry or exit changes at most one member.

    Parameters
    ----------
    x : array_like, shape (N, d)
        Offerings, in standard deviations of tastes.
    n : int
        Size of a subsample, at least 1.
    scale : float
        :math:`\ell`, same unit as `x`.
    q : float
        Order, 0 … ∞.
    uniforms : ndarray, shape (replicates, N)
        Keyed draws in [0, 1), one row a subsample.

    Returns
    -------
    float
        Effective number, 1 … n. NaN with fewer than n outlets or no row of draws.

    Raises
    ------
    ValueError
        If n is below 1 or there is not one draw for each outlet.

    References
    ----------
    Hurlbert (1971), The nonconcept of species diversity, Ecology 52, 577–586 (rarefaction), here of D_q^Z.
    """
    x, uniforms = floats(x), floats(uniforms)
    if n < 1:
        raise ValueError(f"a subsample needs at least one outlet, not {n}")
    if uniforms.ndim != 2 or uniforms.shape[1] != len(x):
        raise ValueError(f"{len(x)} outlets need draws of shape (replicates, {len(x)}), not {uniforms.shape}")
    if len(x) < n or len(uniforms) == 0:
        return float("nan")
    Z, equal = similarity_matrix(x, scale), np.ones(n)
    chosen = np.sort(np.argsort(uniforms, axis=1, kind="stable")[:, :n], axis=1)
    return float(np.mean([leinster_cobbold(equal, Z[np.ix_(members, members)], q) for members in chosen]))
