"""Fixtures for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from homogsim.results import Results


@pytest.fixture(scope="session")
def results() -> Results:
    """Return synthetic results of a small market, with biographies. Not to be changed by a test."""
    from results_factory import make_results

    return make_results(seed=3, biographies=True)
