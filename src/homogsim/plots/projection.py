"""One common flat view of the offering space: principal components of two moments together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """Two axes through the offering space."""

    centre: Array
    """Mean of the fitted points, shape (d,)."""
    axes: Array
    """Orthonormal rows, shape (2, d); the second is zero where the points span only one direction."""
    shares: tuple[float, float]
    """Shares of the points' variance along the two axes."""

    def __call__(self, points: Array) -> Array:
        """Return the places (n, 2) of points (n, d)."""
        return (points - self.centre) @ self.axes.T


def principal_axes(points: Array) -> Projection:
    """Return the two orthogonal directions along which points vary most (singular value decomposition).

    Parameters
    ----------
    points : ndarray, shape (n, d)
        Offerings, in standard deviations of tastes; none or one is allowed.

    Returns
    -------
    Projection
        Signs are fixed (the largest component of each axis is positive), so that figures of one run agree.

    References
    ----------
    Jolliffe, I. T. (2002). Principal Component Analysis, 2nd ed., ch. 3.
    """
    dimensions = points.shape[1]
    axes, shares = np.zeros((2, dimensions)), [0.0, 0.0]
    if not len(points):
        axes[: min(2, dimensions)] = np.eye(dimensions)[:2]
        return Projection(np.zeros(dimensions), axes, (0.0, 0.0))
    centre = points.mean(axis=0)
    _, lengths, directions = np.linalg.svd(points - centre, full_matrices=False)
    total = float((lengths**2).sum())
    for k in range(min(2, len(lengths))):
        axes[k] = directions[k] * np.copysign(1.0, directions[k][np.argmax(np.abs(directions[k]))])
        shares[k] = float(lengths[k] ** 2) / total if total > 0 else 0.0
    return Projection(centre, axes, (shares[0], shares[1]))
