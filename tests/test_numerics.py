"""Elementary functions: error bounds, special values, and the same bits in every compile."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit, prange

from homogsim import numerics

POINTS = 3000
ARRAYS: dict[str, Callable[..., np.ndarray]] = {
    "exp": numerics.exp_array,
    "log": numerics.log_array,
    "power": numerics.power_array,
    "normal_quantile": numerics.normal_quantile_array,
}
SCALARS: dict[str, Callable[..., float]] = {name: getattr(numerics, name) for name in ARRAYS}


@pytest.fixture
def points() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(20))


def worst_ulps(x: np.ndarray, y: np.ndarray, exact: Callable[[mpmath.mpf], mpmath.mpf]) -> float:
    """Return the largest error of y against exact(x), in units in the last place of the exact value."""
    with mpmath.workprec(140):
        return max(
            float(abs(mpmath.mpf(b) - value) / math.ulp(float(value)))
            for a, b in zip(x.tolist(), y.tolist(), strict=True)
            if (value := exact(mpmath.mpf(a))) != 0
        )


@pytest.mark.parametrize("half_width", [1e-9, 0.35, 20.0, 700.0])
def test_exp_is_within_one_unit_in_the_last_place(points: np.random.Generator, half_width: float) -> None:
    x = points.uniform(-half_width, half_width, POINTS)
    assert worst_ulps(x, numerics.exp_array(x), mpmath.exp) < 0.9


def test_exp_is_within_one_unit_where_the_binary_exponent_changes() -> None:
    ties = (np.arange(-1009, 1010) + 0.5) * math.log(2.0)
    x = np.concatenate([ties, np.nextafter(ties, np.inf), np.nextafter(ties, -np.inf)])
    x = x[np.abs(x) < 700.0]
    assert worst_ulps(x, numerics.exp_array(x), mpmath.exp) < 0.9


@pytest.mark.parametrize(
    "sample",
    [
        lambda points: points.uniform(0.0, 1.0, POINTS),
        lambda points: points.uniform(0.7, 1.42, POINTS),
        lambda points: 1.0 + points.choice([-1.0, 1.0], POINTS) * 10.0 ** points.uniform(-15.0, -1.0, POINTS),
        lambda points: 10.0 ** points.uniform(-307.0, 308.0, POINTS),
    ],
    ids=["unit interval", "one binade", "next to one", "all normal numbers"],
)
def test_log_is_within_one_unit_in_the_last_place(
    points: np.random.Generator, sample: Callable[[np.random.Generator], np.ndarray]
) -> None:
    x = sample(points)
    assert worst_ulps(x, numerics.log_array(x), mpmath.log) < 0.8


def test_power_error_grows_with_the_logarithm_of_the_result(points: np.random.Generator) -> None:
    x, y = 10.0 ** points.uniform(-6.0, 6.0, POINTS), points.uniform(-8.0, 8.0, POINTS)
    for base, exponent, value in zip(x.tolist(), y.tolist(), numerics.power_array(x, y).tolist(), strict=True):
        with mpmath.workprec(140):
            exact = mpmath.mpf(base) ** mpmath.mpf(exponent)
            assert abs(value - exact) / exact <= (1 + abs(mpmath.log(exact))) * mpmath.mpf(2) ** -52


def test_normal_quantile_inverts_the_distribution_function(points: np.random.Generator) -> None:
    u = np.concatenate([points.uniform(0.0, 1.0, 1500), 10.0 ** points.uniform(-300.0, -1.0, 1500)])
    with mpmath.workprec(140):
        for probability, z in zip(u.tolist(), numerics.normal_quantile_array(u).tolist(), strict=True):
            error = (mpmath.ncdf(z) - mpmath.mpf(probability)) / mpmath.npdf(z)  # of z, to first order
            assert abs(error) < 8e-16 * max(abs(z), 0.1)


def test_normal_quantile_of_the_published_check_values() -> None:
    # Wichura (1988), table of test values.
    u = [0.25, 0.001, 1e-20]
    expected = [-0.6744897501960817, -3.090232306167814, -9.262340089798408]
    np.testing.assert_allclose(numerics.normal_quantile_array(u), expected, rtol=1e-15)


SPECIAL = [
    ("exp", (0.0,), 1.0),
    ("exp", (-0.0,), 1.0),
    ("exp", (math.nan,), math.nan),
    ("log", (1.0,), 0.0),
    ("log", (0.0,), -math.inf),
    ("log", (-0.0,), -math.inf),
    ("log", (5e-324,), -math.inf),
    ("log", (-1.0,), math.nan),
    ("log", (-math.inf,), math.nan),
    ("log", (math.nan,), math.nan),
    ("log", (math.inf,), math.inf),
    ("power", (0.0, 0.3), 0.0),
    ("power", (0.0, 0.0), 1.0),
    ("power", (0.0, -2.0), math.inf),
    ("power", (7.3, 0.0), 1.0),
    ("power", (1.0, 123.4), 1.0),
    ("power", (-2.0, 2.0), math.nan),
    ("power", (math.nan, 2.0), math.nan),
    ("normal_quantile", (0.5,), 0.0),
    ("normal_quantile", (0.0,), -math.inf),
    ("normal_quantile", (1.0,), math.inf),
    ("normal_quantile", (-0.1,), -math.inf),
    ("normal_quantile", (math.nan,), math.nan),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), SPECIAL)
def test_special_values(name: str, arguments: tuple[float, ...], expected: float) -> None:
    for function in (SCALARS[name], ARRAYS[name]):
        np.testing.assert_equal(float(function(*arguments)), expected)


def test_exp_is_clamped_at_700() -> None:
    limits = numerics.exp_array([-math.inf, -1e9, -700.0, 700.0, 1e9, math.inf])
    np.testing.assert_array_equal(limits, limits[[2, 2, 2, 3, 3, 3]])
    assert 0.0 < limits[2] < 1e-304
    assert 1e304 < limits[3] < math.inf


@settings(deadline=None)  # the first example compiles
@given(st.floats(-600.0, 600.0))
def test_log_undoes_exp(x: float) -> None:
    assert numerics.log(numerics.exp(x)) == pytest.approx(x, rel=3e-16, abs=3e-16)


@settings(deadline=None)  # the first example compiles
@given(st.integers(1, 2**52 - 1))
def test_normal_quantile_is_antisymmetric(n: int) -> None:
    u = n * 2.0**-52
    assert numerics.normal_quantile(1.0 - u) == -numerics.normal_quantile(u)


def inputs(points: np.random.Generator, count: int) -> dict[str, tuple[np.ndarray, ...]]:
    u = points.random(count)
    return {
        "exp": (points.uniform(-800.0, 800.0, count),),
        "log": (u,),
        "power": (5.0 * u, points.uniform(-9.0, 9.0, count)),
        "normal_quantile": (u**9,),
    }


@pytest.mark.parametrize("name", list(ARRAYS))
def test_arrays_have_the_bits_of_scalars(points: np.random.Generator, name: str) -> None:
    # An odd count, so that the remainder after the vector loop is covered too.
    arguments = inputs(points, 1003)[name]
    one_by_one = np.array([SCALARS[name](*row) for row in zip(*(a.tolist() for a in arguments), strict=True)])
    assert ARRAYS[name](*arguments).tobytes() == one_by_one.tobytes()


# Not cached: a cached copy would keep the bits of an older numerics module.
@njit(parallel=True, error_model="numpy")
def in_parallel(x: np.ndarray, exps: np.ndarray, logs: np.ndarray) -> None:
    for i in prange(x.size):
        exps[i] = numerics.exp(x[i])
        logs[i] = numerics.log(abs(x[i]))


def test_a_parallel_loop_has_the_same_bits(points: np.random.Generator) -> None:
    x = points.uniform(-750.0, 750.0, 1003)
    exps, logs = np.empty_like(x), np.empty_like(x)
    in_parallel(x, exps, logs)
    assert exps.tobytes() == numerics.exp_array(x).tobytes()
    assert logs.tobytes() == numerics.log_array(np.abs(x)).tobytes()


@njit(error_model="numpy")
def singles(x, powers, logs):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        powers[i], logs[i] = numerics.exp2(np.float32(x[i])), numerics.log2(np.abs(x[i]))


def test_single_precision_is_as_close_as_it_says() -> None:
    x = np.linspace(-125.9, 125.9, 200_000).astype(np.float32).astype(np.float64)
    powers, logs = np.empty((2, x.size), np.float32)
    singles(x, powers, logs)
    assert np.abs(powers / np.exp2(x) - 1.0).max() < 1.1e-7
    assert np.abs(logs - np.log2(np.abs(x))).max() < 5e-7
    singles(np.array([1.5, 3.0, -140.0, 140.0]), powers, logs)
    assert powers[1:4].tolist() == [8.0, 2.0**-126, 2.0**126]
    near = np.linspace(2.0**-0.5, 2.0**0.5, 100_000)
    singles(near, powers[: near.size], logs[: near.size])
    assert np.abs(logs[: near.size] - np.log2(near)).max() < 8e-8
    far = np.array([1e-300, 2.0**-1000, 1.0, 2.0**1000])
    singles(far, powers[:4], logs[:4])
    np.testing.assert_allclose(logs[:4], np.log2(far), rtol=1e-7)
    assert logs[1:4].tolist() == [-1000.0, 0.0, 1000.0]


@njit(error_model="numpy")
def sooner(x, logs, same, reciprocals):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        logs[i], same[i] = numerics.log2(np.float64(x[i])), numerics.log2_of_single(x[i])
        reciprocals[i] = numerics.about_reciprocal(x[i])


def test_what_takes_less_time_is_as_good_as_it_says() -> None:
    x = np.exp2(np.linspace(-120.0, 120.0, 1_000_001)).astype(np.float32)
    logs, same, reciprocals = np.empty((3, x.size), np.float32)
    sooner(x, logs, same, reciprocals)
    assert same.tobytes() == logs.tobytes()
    error = reciprocals.astype(np.float64) * x - 1.0
    assert error.min() > -7e-6
    assert error.max() < 2e-7


@pytest.mark.parametrize("name", ["exp", "log"])
def test_elementwise_loops_are_vectorised_without_fused_multiply_add(name: str) -> None:
    function = SCALARS[name]

    @njit(error_model="numpy")
    def loop(x, result):  # type: ignore[no-untyped-def]
        numerics.prefer_wide_vectors()
        for i in range(x.size):
            result[i] = function(x[i])

    loop(np.ones(4), np.empty(4))
    assembly = "\n".join(loop.inspect_asm().values())
    assert not re.search(r"vfn?m(add|sub)", assembly)
    packed = len(re.findall(r"\bv?mulpd\b", assembly))
    assert packed >= 10, "LLVM no longer turns the loop into packed instructions"
    widest = "\n".join(loop.inspect_llvm().values())
    assert re.search(r"fmul <\d x double>", widest)


def test_broadcasting_shapes_and_layouts() -> None:
    x = np.arange(1.0, 7.0).reshape(2, 3)
    np.testing.assert_allclose(numerics.power_array(x, [[2.0], [3.0]]), x ** np.array([[2.0], [3.0]]), rtol=1e-14)
    np.testing.assert_array_equal(numerics.power_array(x.T, x.T), numerics.power_array(x, x).T)
    np.testing.assert_array_equal(numerics.exp_array(x.T), numerics.exp_array(x).T)
    np.testing.assert_array_equal(numerics.exp_array(x[:, ::2]), numerics.exp_array(x)[:, ::2])
    assert numerics.log_array([]).shape == (0,)
    assert isinstance(numerics.exp_array(1), float)
    with pytest.raises(ValueError, match="broadcast"):
        numerics.power_array([1.0, 2.0], [1.0, 2.0, 3.0])


BITS = """
import hashlib
import numba
import numpy as np
from homogsim import numerics, streams
x = np.arange(-20000, 20001) * 0.04
u = (np.arange(1, 20001) / 20001.0) ** 3
draws = streams.Streams(5)
values = [numerics.exp_array(x), numerics.log_array(u), numerics.power_array(u, 1.7), numerics.normal_quantile_array(u)]
entity = np.arange(5000)
powers = np.empty((3, x.size), np.float32)
@numba.njit(error_model="numpy")
def singles(x, powers):
    for i in range(x.size):
        powers[0, i], powers[1, i] = numerics.exp2(np.float32(x[i])), numerics.log2(abs(x[i]) + 1e-9)
        powers[2, i] = numerics.log2_of_single(np.float32(abs(x[i]) + 1e-9))
singles(x, powers)
values += [powers]
values += [draws.gamma2("loyalty", entity, -3), draws.poisson("sales", entity, 3, 0.04 * entity)]
print(hashlib.sha256(b"".join(value.tobytes() for value in values)).hexdigest())
"""


def test_code_generated_for_the_oldest_processors_gives_the_same_bits() -> None:
    """Compare the widest vectors of this machine with SSE2 code (every x86-64 processor), in fresh processes."""
    source = str(Path(numerics.__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([source, os.environ.get("PYTHONPATH", "")])}
    oldest = environment | {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    hashes = [
        subprocess.run(
            [sys.executable, "-c", BITS], env=variables, check=True, capture_output=True, text=True, timeout=600
        ).stdout
        for variables in (environment, oldest)
    ]
    assert len(hashes[0].strip()) == 64
    assert hashes[0] == hashes[1]
