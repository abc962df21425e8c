"""The second geometry of tastes: a random function of the offering instead of one ideal point (MODEL section 3).

g_i(x) = √(2/R)·Σ_r a_ir cos(ω_r·x + b_r), a Gaussian process with squared-exponential kernel of length ℓ in R random
Fourier features (Rahimi & Recht 2007): ω_r ~ N(0, I/ℓ²), b_r uniform, a_ir standard normal. It has mean 0 and variance
1 over consumers at every x.

Firms think in the same geometry: a wave's weight among the customers at the margin gives the gradient of demand.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from homogsim.numerics import elementwise

Floats = NDArray[np.float64]

# π/2 in three parts, of which the first two have few enough bits for their multiples to be exact (Cody & Waite 1980).
_HALF_PI_1, _HALF_PI_2, _HALF_PI_3 = 1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21
_ROUNDER = 6755399441055744.0  # 1.5·2⁵²: adding and taking it away rounds to the nearest whole number


class Waves(NamedTuple):
    """Random Fourier features: directions ω (R, d), phases b (R) and the strength s_z in dollars."""

    directions: Floats
    phases: Floats
    strength: float


@njit(cache=True, error_model="numpy")
def _sine_and_cosine(x: float) -> tuple[float, float]:
    """Return sin x and cos x for |x| below 1e5, by quadrants and the polynomials of fdlibm (error below 1e-15)."""
    quadrant = (x * 0.6366197723675814 + _ROUNDER) - _ROUNDER
    r = ((x - quadrant * _HALF_PI_1) - quadrant * _HALF_PI_2) - quadrant * _HALF_PI_3
    z = r * r
    sine = -2.50507602534068634195e-08 + z * 1.58969099521155010221e-10
    sine = 8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04 + z * (2.75573137070700676789e-06 + z * sine))
    sine = r + r * z * (-1.66666666666666324348e-01 + z * sine)
    cosine = 2.08757232129817482790e-09 + z * -1.13596475577881948265e-11
    cosine = 2.48015872894767294178e-05 + z * (-2.75573143513906633035e-07 + z * cosine)
    cosine = 4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * cosine)
    cosine = 1.0 - 0.5 * z + z * z * cosine
    turn = int(quadrant) & 3
    if turn == 0:
        return sine, cosine
    if turn == 1:
        return cosine, -sine
    if turn == 2:
        return -sine, -cosine
    return -cosine, sine


@njit(cache=True, error_model="numpy")
def _sine_into(x: Floats, result: Floats) -> None:
    for i in range(x.size):
        result[i] = _sine_and_cosine(x[i])[0]


@njit(cache=True, error_model="numpy")
def _cosine_into(x: Floats, result: Floats) -> None:
    for i in range(x.size):
        result[i] = _sine_and_cosine(x[i])[1]


def sine(x: Floats) -> Floats:
    """Return sin x, the same bits on every machine, for |x| < 1e5 radians."""
    return elementwise(_sine_into, x)


def cosine(x: Floats) -> Floats:
    """Return cos x, the same bits on every machine, for |x| < 1e5 radians."""
    return elementwise(_cosine_into, x)


def wave_angles(offering: Floats, waves: Waves) -> Floats:
    """Return (R, n) the angles ω_r·x_j + b_r of (d, n) offerings, summed in a fixed order."""
    angles = np.repeat(waves.phases[:, None], offering.shape[1], axis=1)
    for k, axis in enumerate(offering):
        angles += waves.directions[:, k, None] * axis
    return angles


def wave_heights(offering: Floats, waves: Waves) -> Floats:
    """Return (R, n) s_z·√(2/R)·cos(ω_r·x_j + b_r): what a unit of a_ir is worth at offering j, in dollars."""
    scale = waves.strength * np.sqrt(2.0 / waves.phases.size)
    return scale * cosine(wave_angles(offering, waves))


def wave_slopes(offering: Floats, waves: Waves) -> Floats:
    """Return (R, n) −s_z·√(2/R)·sin(ω_r·x_j + b_r): times ω_r, the gradient of `wave_heights`."""
    scale = waves.strength * np.sqrt(2.0 / waves.phases.size)
    return -scale * sine(wave_angles(offering, waves))


def demand_gradient(weights: Floats, offering: Floats, waves: Waves) -> Floats:
    """Return (d, n) Σ_r A_jr ∇wave_r(x_j): the gradient of demand by the waves alone.

    `weights` is (R, n), A_jr = Σ_i w_ij·a_ir.
    """
    steep = weights * wave_slopes(offering, waves)
    return np.stack([(steep * waves.directions[:, k, None]).sum(axis=0) for k in range(offering.shape[0])])
