"""The benchmarks run, once and tiny, so that they cannot rot. Nothing here looks at a time."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SPEED = Path(__file__).parents[1] / "benchmarks" / "speed.py"


def test_every_figure_of_the_benchmark_is_measured() -> None:
    found = importlib.util.spec_from_file_location("speed", SPEED)
    assert found is not None
    assert found.loader is not None
    speed = importlib.util.module_from_spec(found)
    found.loader.exec_module(speed)
    figures = {figure.name: figure for figure in speed.measure(tiny=True)}
    assert {"demand_ns_1_threads", "demand_ns_2_threads", "bytes_per_consumer", "help_seconds"} <= set(figures)
    assert all(figure.value > 0.0 for figure in figures.values())
    assert figures["bytes_per_consumer"].value == pytest.approx(
        sum(column.nbytes for column in speed.MarketModel().market.consumers.arrays().values()) / 9600 + 16.0
    )
    assert figures["bytes_per_consumer"].line().endswith("ok")
