"""The second geometry of tastes: a random function of the offering instead of one ideal point (docs/model.md).

g_i(x) = √(2/R)·Σ_r a_ir cos(ω_r·x + b_r), a Gaussian process with squared-exponential kernel of length ℓ in R random
Fourier features: ω_r ~ N(0, I/ℓ²), b_r uniform, a_ir standard normal. Over consumers it has mean 0 and variance near 1
at every x. −θ_i‖z_i − x_j‖² becomes −θ_k‖z_i − x_j‖² + s_z·g_i(x_j).

Firms think in the same geometry: a wave's weight A_jr = Σ_i w_ij·a_ir among the customers at the margin gives the
gradient of demand. Served fit moves what customer i is served by h = κ_j·ℓ up the gradient of g_i. There the taste is
told by its mean, given its value and its gradient at the shop window x_j: e^{−κ²/2}(g_i + h‖∇g_i‖). Nobody is served
what he likes less than what is in the window.

References
----------
Rahimi & Recht (2007), Random features for large-scale kernel machines, NIPS 20; Cody & Waite (1980), Software manual
for the elementary functions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.kernels.compiled import njit
from homogsim.numerics import elementwise, exp_array

Floats = NDArray[np.float64]

# π/2 in three parts, of which the first two have few enough bits for their multiples to be exact.
_HALF_PI_1, _HALF_PI_2, _HALF_PI_3 = 1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21
_ROUNDER = 6755399441055744.0  # 1.5·2⁵²: adding and taking it away rounds to the nearest whole number


class Waves(NamedTuple):
    """Random Fourier features; none of them under ideal points."""

    directions: Floats  # (R, d) ω_r, per taste sd
    phases: Floats  # (R) b_r, radians
    strength: float  # s_z, dollars
    length: float  # ℓ, taste sd


NO_WAVES = Waves(np.zeros((0, 0)), np.zeros(0), 0.0, 1.0)


@njit(cache=True)
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


@njit(cache=True)
def _sine_into(x: Floats, result: Floats) -> None:
    for i in range(x.size):
        result[i] = _sine_and_cosine(x[i])[0]


@njit(cache=True)
def _cosine_into(x: Floats, result: Floats) -> None:
    for i in range(x.size):
        result[i] = _sine_and_cosine(x[i])[1]


def sine(x: Floats) -> Floats:
    """Return sin x, the same bits on every machine, for |x| < 1e5 radians (error below 1e-15)."""
    return elementwise(_sine_into, x)


def cosine(x: Floats) -> Floats:
    """Return cos x, the same bits on every machine, for |x| < 1e5 radians (error below 1e-15)."""
    return elementwise(_cosine_into, x)


def wave_angles(offering: Floats, waves: Waves) -> Floats:
    """Return (R, n) the angles ω_r·x_j + b_r of (d, n) offerings, summed in a fixed order."""
    angles = np.repeat(waves.phases[:, None], offering.shape[1], axis=1)
    for k, axis in enumerate(offering):
        angles += waves.directions[:, k, None] * axis
    return angles


def _amplitude(waves: Waves) -> float:
    return float(waves.strength * np.sqrt(2.0 / waves.phases.size))


def wave_heights(offering: Floats, waves: Waves) -> Floats:
    """Return (R, n) s_z·√(2/R)·cos(ω_r·x_j + b_r): what a unit of a_ir is worth at offering j, in dollars."""
    return _amplitude(waves) * cosine(wave_angles(offering, waves))


def wave_slopes(offering: Floats, waves: Waves) -> Floats:
    """Return (R, n) −s_z·√(2/R)·sin(ω_r·x_j + b_r): times ω_r, the gradient of `wave_heights`."""
    return -_amplitude(waves) * sine(wave_angles(offering, waves))


@njit(cache=True)
def _write_waves(
    offering: Floats, directions: Floats, phases: Floats, amplitude: float, unit: float, table: Floats, first: int
) -> None:
    waves = phases.size
    for j in range(table.shape[0]):
        for r in range(waves):
            angle = phases[r]
            for k in range(offering.shape[0]):
                angle += directions[r, k] * offering[k, j]
            sine, cosine = _sine_and_cosine(angle)
            table[j, first + r] = amplitude * cosine / unit
            table[j, first + waves + r] = -amplitude * sine / unit


def write_waves(offering: Floats, waves: Waves, unit: float, table: Floats, first: int) -> None:
    """Write the heights and the slopes of the waves, in units of so many dollars, to a table of outlets."""
    x = np.ascontiguousarray(offering, dtype=np.float64)
    _write_waves(x, waves.directions, waves.phases, _amplitude(waves), float(unit), table, first)


def gradient(weights: Floats, offering: Floats, waves: Waves) -> Floats:
    """Return (d, n) Σ_r weights_rj·∇wave_r(x_j), dollars per taste sd, for (R, n) weights of the waves.

    With A_jr = Σ_i w_ij·a_ir it is the gradient of demand (times μ) by the waves; with a_ir that of one taste.
    """
    steep = weights * wave_slopes(offering, waves)
    return np.stack([(steep * waves.directions[:, k, None]).sum(axis=0) for k in range(offering.shape[0])])


def unmet_demand(
    taste: Floats, ideal: Floats, margin: Floats, weights: Floats, identity: Floats, waves: Waves
) -> tuple[Floats, Floats]:
    """Return Bθ and Bθz as they are to be under kernel tastes for a firm to move up the gradient of its demand.

    With c = s_z·B0/(2ℓ²), the curvature of the waves, these are Bθ + c and Bθz + ½Σ_r A_jr∇wave_r(x*) + c·x*, so that
    r = Bθz/Bθ − x* is half the gradient of demand at the concept over the curvature. At s_z = 0 nothing changes.

    Parameters
    ----------
    taste, ideal, margin, weights
        Sums of the month: Bθ (n), Bθz (d, n), B0 (n) and A (R, n).
    identity : (d, n) array
        The concepts x*.
    """
    curvature = waves.strength / (2.0 * waves.length * waves.length) * margin
    return taste + curvature, ideal + 0.5 * gradient(weights, identity, waves) + curvature * identity


class Reach(NamedTuple):
    """How far served fit goes under kernel tastes, one entry an outlet."""

    step: Floats  # h = κ_j·ℓ, taste sd
    kept: Floats  # e^{−κ²/2}, what is kept of a taste over that way


def reach_of_fit(misfit: Floats, waves: Waves) -> Reach:
    """Return how far outlets with (1 − κ_j)² = `misfit` go."""
    fit = 1.0 - np.sqrt(misfit)
    return Reach(fit * waves.length, exp_array(-0.5 * fit * fit))


def served_points(offering: Floats, liking: Floats, fit: Floats, waves: Waves) -> Floats:
    """Return (d, n) what n customers are served by outlets with (d, n) offerings and served fit κ.

    `liking` is (R, n), the customers' a_ir.
    """
    up = gradient(liking, offering, waves)
    steepness = np.sqrt((up * up).sum(axis=0))
    value = (wave_heights(offering, waves) * liking).sum(axis=0)
    step, kept = reach_of_fit((1.0 - fit) ** 2, waves)
    gains = (steepness > 0.0) & (kept * (value + step * steepness) > value)
    return offering + np.where(gains, step / np.where(steepness > 0.0, steepness, 1.0), 0.0) * up


@njit(cache=True, forceinline=True)
def served_liking(value: float, steepness: float, step: float, kept: float) -> float:
    """Return what a customer thinks of what he is served: of the window, or of what is up the gradient."""
    return max(value, kept * (value + step * steepness))
