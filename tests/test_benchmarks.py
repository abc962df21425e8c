"""The benchmarks run, once and tiny, so that they cannot rot. Nothing here looks at a time."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import contest
import frames
import one_month
import report
import speed
import whole
from c_kernel import FLAGS, CKernel, build, vector_loops
from numpy_cells import NumpyCells
from plain_mesa import PlainMesa


@pytest.fixture(scope="module")
def month() -> one_month.Month:
    """More than one block of consumers to a cell, some sites closed, the last block not full."""
    built = one_month.build(700)
    built.is_open[3::7] = False
    return built


def test_every_figure_of_the_benchmark_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(frames.PYTHON, str(tmp_path / "no" / "python"))
    found, timed, remarks = speed.measure(tiny=True)
    figures = {figure.name: figure for figure in found}
    assert {
        "demand_ns_1000_1t",
        "demand_ns_1000_2t",
        "two_threads_1000",
        "faster_than_plain_1000",
        "help_seconds",
    } <= set(figures)
    assert all(figure.value > 0.0 for figure in found)
    assert any("mesa-frames not measured" in remark for remark in remarks)
    market = one_month.MarketModel().market
    columns = sum(column.nbytes for column in market.consumers.arrays().values()) / 9600
    places, singles = 2 * 8.0, 4.0 * (9 + market.parameters.world.dimensions)
    assert figures["bytes_per_consumer"].value == pytest.approx(columns + places + singles)
    assert figures["bytes_per_consumer"].line().endswith("ok")
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.BEGIN}old\n{report.END}after\n", encoding="utf-8")
    monkeypatch.setattr(report, "README", readme)
    monkeypatch.setattr(report, "PICTURE", tmp_path / "demand.png")
    report.write(found, timed, remarks, {"cores": 2})
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert (tmp_path / "demand.png").stat().st_size > 10_000


def test_who_disagrees_is_not_timed(month: one_month.Month) -> None:
    right = one_month.Homogsim(month, 1)()
    wrong = right._replace(sums=right.sums * (1.0 + 1e-9))
    with pytest.raises(contest.Disagreement, match="other bits"):
        contest._check(("C", 1), wrong, right, month, exact=True)
    with pytest.raises(contest.Disagreement, match="differs from homogsim by 1e-09"):
        contest._check(("NumPy per cell", 1), wrong, right, month, exact=False)
    elsewhere = right._replace(bought=right.bought[::-1].copy())
    with pytest.raises(contest.Disagreement):
        contest._check(("NumPy per cell", 1), elsewhere._replace(bought=0 * right.bought), right, month, exact=False)


def test_the_c_kernel_finds_the_same_bits_in_vector_code(month: one_month.Month, tmp_path: Path) -> None:
    library = build(tmp_path)
    if library is None:  # the benchmark then says so, and goes on without it
        assert shutil.which("gcc") is None
        return
    loops = vector_loops(library)
    assert all(count > 0 for count in loops.values()), loops
    assert "-ffp-contract=off" in FLAGS
    ours = one_month.Homogsim(month, 1)()
    for threads in (1, 2):
        assert one_month.same_bits(CKernel(month, library, threads)(), ours)


@pytest.mark.parametrize("contestant", [NumpyCells, PlainMesa])
def test_peers_find_the_same(contestant: type, month: one_month.Month) -> None:
    answer, ours = contestant(month)(), one_month.Homogsim(month, 2)()
    assert one_month.difference(answer, ours) < contest.TOLERANCE
    assert one_month.likely(answer, month)


def test_costs_that_are_known_are_found_by_the_fit() -> None:
    def made(towns: int, per_cell: int) -> dict:
        consumers, sites = 10 * towns * per_cell, 160 * towns
        months = [{"evaluations": 33 * consumers, "seconds": 33 * consumers * 4e-9 + sites * 6e-6 + 0.02}] * 3
        return {
            "consumers": consumers,
            "sites": sites,
            "memory": 2e8 + 150.0 * consumers + 3000.0 * sites,
            "months": months,
        }

    growth = whole.fitted([made(towns, n) for towns in (8, 30) for n in (100, 900)])
    assert (growth.ns_per_evaluation, growth.fixed_seconds) == pytest.approx((4.0, 0.02))
    assert growth.ns_per_site == pytest.approx(6000.0)
    assert (growth.bytes_per_consumer, growth.bytes_per_site) == pytest.approx((150.0, 3000.0))
    assert all(figure.value == pytest.approx(1.0) for figure in whole.checked(growth, made(100, 800), "x"))


def test_a_run_of_its_own_tells_what_it_took() -> None:
    small = {"world.towns": 2, "world.sectors": 1, "world.consumers": 50}
    found = whole.one_run(small, months=2, threads=1)
    assert (found["consumers"], found["sites"]) == (100, 32)
    assert [row["month"] for row in found["months"]] == [4, 5]
    assert all(0.0 < row["demand"] + row["recorder"] < row["seconds"] for row in found["months"])
    assert found["memory"] > 5e7
