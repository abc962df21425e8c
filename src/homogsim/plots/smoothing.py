"""What figures of sweeps show of scattered points: bands along one parameter, surfaces over two, shares of variance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

MOST_LEVELS = 15
"""Distinct values up to which a parameter has levels; beyond, its range is cut into bins."""
BINS = 8
CELLS = 80
"""Points of a smooth surface along each parameter."""


class Band(NamedTuple):
    """A mean and its 95 % interval along a parameter; NaN where one point gives none."""

    x: Values
    mean: Values
    low: Values
    high: Values


class Surface(NamedTuple):
    """A metric over two parameters."""

    x: Values
    y: Values
    z: Values
    """Shape (len(y), len(x))."""
    exact: bool
    """Whether it holds means at levels, not a smooth."""

    def crosses(self, level: float) -> bool:
        """Return whether some of it lies above a value and some below."""
        return bool(np.nanmin(self.z) < level < np.nanmax(self.z)) and min(self.z.shape) > 1


def bands(places: Values, means: Values) -> Band:
    """Return the mean of points at each level of a parameter, or in bins of equally many points."""
    from scipy.stats import t

    known = np.unique(places)
    if len(known) <= MOST_LEVELS:
        groups = [(value, means[places == value]) for value in known]
    else:
        parts = np.array_split(np.argsort(places, kind="stable"), min(BINS, len(places) // 2))
        groups = [(float(places[part].mean()), means[part]) for part in parts]
    x, mean, low, high = [], [], [], []
    for place, values in groups:
        n, middle = len(values), float(values.mean())
        half = float(t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan
        x.append(place)
        mean.append(middle)
        low.append(middle - half)
        high.append(middle + half)
    return Band(np.array(x), np.array(mean), np.array(low), np.array(high))


def surface(x: Values, y: Values, z: Values) -> Surface:
    """Return a metric over two parameters: its means where the design is a grid in them, otherwise a smooth.

    The smooth is a local linear regression with Gaussian weights, bandwidth :math:`n^{-1/6}` standard deviations.

    References
    ----------
    Fan and Gijbels (1996), Local Polynomial Modelling and Its Applications, 7.
    """
    across, up = np.unique(x), np.unique(y)
    if len(across) <= MOST_LEVELS and len(up) <= MOST_LEVELS:
        cells = np.full((len(up), len(across)), np.nan)
        for row, one in enumerate(up):
            for column, other in enumerate(across):
                here = z[(y == one) & (x == other)]
                cells[row, column] = here.mean() if here.size else np.nan
        if np.isfinite(cells).all():
            return Surface(across, up, cells, exact=True)
    grid_x, grid_y = np.linspace(x.min(), x.max(), CELLS), np.linspace(y.min(), y.max(), CELLS)
    points = np.column_stack([x, y])
    spread = points.std(axis=0) * len(z) ** (-1.0 / 6.0)
    rows = [_local_linear(points, z, np.column_stack([grid_x, np.full(CELLS, at)]), spread) for at in grid_y]
    return Surface(grid_x, grid_y, np.array(rows), exact=False)


def _local_linear(points: Values, z: Values, at: Values, spread: Values) -> Values:
    moved = (points[None, :, :] - at[:, None, :]) / spread
    weights = np.exp(-0.5 * (moved**2).sum(axis=2)) + 1e-12
    x = np.concatenate([np.ones((*weights.shape, 1)), moved], axis=2)
    left = np.einsum("pni,pn,pnj->pij", x, weights, x) + 1e-9 * np.eye(3)
    right = np.einsum("pni,pn,n->pi", x, weights, z)
    return np.asarray(np.linalg.solve(left, right[..., None])[:, 0, 0])


def explained(places: Sequence[Values], means: Values) -> Values:
    """Return the share of the variance that parameters explain alone (diagonal) and in pairs beyond that.

    Least squares: alone, a parameter's value and its square; a pair, their product added to both. Shape
    (parameters, parameters), symmetric, 0 … 1.
    """
    x = [_standard(one) for one in places]
    alone = [np.column_stack([one, _standard(one**2)]) for one in x]
    shares = np.zeros((len(x), len(x)))
    for i, one in enumerate(alone):
        shares[i, i] = _fit(one, means)
        for j in range(i):
            both = np.hstack([one, alone[j]])
            together = np.hstack([both, _standard(x[i] * x[j])[:, None]])
            shares[i, j] = shares[j, i] = max(0.0, _fit(together, means) - _fit(both, means))
    return shares


def _standard(values: Values) -> Values:
    spread = float(values.std())
    return np.asarray((values - values.mean()) / spread) if spread > 0.0 else np.zeros(values.shape)


def _fit(x: Values, means: Values) -> float:
    y = means - means.mean()
    total = float((y**2).sum())
    if total == 0.0:
        return 0.0
    found, *_ = np.linalg.lstsq(x, y, rcond=None)
    return max(0.0, 1.0 - float(((y - x @ found) ** 2).sum()) / total)
