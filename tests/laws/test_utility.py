"""Building blocks of the compiled laws: sums in a stated order, rows of a room, the same bits on any processor."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from demand_reference import choose, draw_appeal, draw_world
from numba import njit

from homogsim.laws.demand import Appeal, Tastes
from homogsim.laws.founding import founders_prospects
from homogsim.laws.response import Choices, own_share_response
from homogsim.laws.utility import (
    LANES,
    core_of,
    core_utility,
    directions_of,
    minutes_between,
    outlet_table,
    rooms_for,
    traits_of,
)
from homogsim.numerics import log, log_of_normal, sum_of_products, sum_of_singles


@njit
def summed(array: np.ndarray, first: int, second: int, size: int) -> float:
    return sum_of_products(array, first, second, size)


@pytest.mark.parametrize("size", [0, 8, 16, 24, 256, 264])
def test_sum_of_products_adds_in_its_stated_order(size: int) -> None:
    luck = np.random.default_rng(size)
    array = luck.normal(size=600) * 10.0 ** luck.uniform(-8.0, 8.0, 600)
    terms = (array[3 : 3 + size] * array[301 : 301 + size]).reshape(-1, LANES)
    halves = np.zeros((2, LANES))
    for n, row in enumerate(terms):
        halves[n % 2] += row
    lanes = halves[0] + halves[1]
    for width in (4, 2, 1):
        lanes = lanes[:width] + lanes[width:]
    assert summed(array, 3, 301, size) == lanes[0]
    exact = np.sum(array[3 : 3 + size].astype(np.longdouble) * array[301 : 301 + size])
    assert float(exact) == pytest.approx(lanes[0], abs=1e-14 * np.abs(terms).sum())


def test_sum_of_products_takes_flat_arrays_of_floats_only() -> None:
    for array in (np.zeros((8, 8)).T, np.zeros(64, np.int64)):
        with pytest.raises(Exception, match="sum_of_products"):
            summed(array, 0, 8, 8)


@njit
def summed_singles(array: np.ndarray, first: int, size: int) -> float:
    return sum_of_singles(array, first, size)


@pytest.mark.parametrize("size", [0, 16, 32, 48, 512])
def test_sum_of_singles_adds_in_the_same_order_with_twice_as_many_lanes(size: int) -> None:
    luck = np.random.default_rng(size)
    array = luck.normal(size=600).astype(np.float32)
    halves = np.zeros((2, 2 * LANES), np.float32)
    for n, row in enumerate(array[5 : 5 + size].reshape(-1, 2 * LANES)):
        halves[n % 2] += row
    lanes = halves[0] + halves[1]
    for width in (8, 4, 2, 1):
        lanes = lanes[:width] + lanes[width:]
    assert summed_singles(array, 5, size) == lanes[0]
    with pytest.raises(Exception, match="sum_of_singles"):
        summed_singles(array.astype(np.float64), 0, 16)


def test_log_of_normal_numbers_has_the_bits_of_log() -> None:
    for x in np.random.default_rng(1).uniform(0.0, 50.0, 500):
        assert log_of_normal(x) == log(x)


def test_rooms_start_at_lines_of_the_cache_and_do_not_overlap() -> None:
    rooms = rooms_for(3, 4, 10)
    assert rooms[0].ctypes.data % 64 == 0
    rooms[:] = np.arange(3)[:, None]
    assert [set(room.tolist()) for room in rooms] == [{0.0}, {1.0}, {2.0}]


def test_laws_of_one_pair() -> None:
    one = np.array([1.0])
    tastes = Tastes(np.array([[1.0], [2.0]]), 1.5 * one, 2.0 * one, 3.0 * one, 4.0 * one, 0.0 * one, np.zeros((2, 1)))
    columns = (np.array([0.0, value]) for value in (10.0, 0.5, 1.0, 0.25, 1.0, 8.0, 1.0))
    table = outlet_table(Appeal(*columns, np.array([[0.0, 4.0], [0.0, -2.0]])), 1.0, tastes.waves)
    away = 10.0 + 1.5 - 12.5 - 12.0  # ‖z − x‖² = 25
    about = (traits_of(tastes), tastes.ideal, tastes.liking, directions_of(tastes))
    assert core_of(*about, 0, table, 1, 1.0) == away + 4.0
    assert core_of(*about, 0, table, 1, 0.0) == away
    assert core_utility(10.0, 0.5, 1.0, 0.25, 8.0, 25.0, 1.5, 2.0, 3.0, 4.0) == 10.0 + 1.5 + 4.0 - 12.5 - 12.0
    assert minutes_between(3.0, 4.0, 5.0, 0.0, 0.0, 1.0, 0.0) == 5.0
    assert minutes_between(3.0, 4.0, 5.0, 2.0, 0.0, 0.0, 20.0) == 27.0


def hash_of_answers() -> str:
    """Return a hash of all that the kernels say about a few random markets."""
    digest = hashlib.sha256()
    for seed in range(3):
        world = draw_world(seed, dimensions=1 + 2 * seed, reach=2, most_consumers=300, waves=4 * seed)
        month = choose(world)
        choices = Choices(month.inclusive, world.last, world.noise)
        is_open, empty = np.flatnonzero(world.is_open), np.flatnonzero(~world.is_open)
        luck, dimensions = np.random.default_rng(seed), 1 + 2 * seed
        options, concepts = (draw_appeal(luck, sites.size, dimensions) for sites in (is_open, empty))
        first, market = np.arange(is_open.size + 1), (world.tastes, world.streets, choices)
        for answer in (
            *month,
            own_share_response(is_open, first, world.appeal, options, *market),
            founders_prospects(empty, concepts, 8.0, *market),
        ):
            digest.update(np.ascontiguousarray(answer).tobytes())
    return digest.hexdigest()


def test_bits_are_those_of_the_oldest_processor() -> None:
    """Compiled for a processor without AVX, the kernels give the same bits as compiled for this one."""
    tests = Path(__file__).parents[1]
    program = (
        f"import sys; sys.path[:0] = {[str(tests), str(tests / 'laws')]!r}; "
        "import test_utility; print(test_utility.hash_of_answers())"
    )
    environment = os.environ | {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    command = [sys.executable, "-c", program]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == hash_of_answers()
