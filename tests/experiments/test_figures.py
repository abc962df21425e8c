"""Figures of comparisons: every one draws, bands are where the numbers are, texts are literal."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from experiments.tiny import three, tiny
from matplotlib.figure import Figure
from matplotlib.text import Text

from homogsim.errors import HomogsimError
from homogsim.experiments.compare import compare
from homogsim.experiments.comparison import Comparison
from homogsim.plots.comparison import HEADLINE, figure, figure_names, save_figures


@cache
def one_seed() -> Comparison:
    return compare(tiny(), tiny("plug-and-play"), replications=1, jobs=1, metrics=["mean_price", "survival_1y"])


def texts(drawn: Figure) -> str:
    return "\n".join(text.get_text() for text in drawn.findobj(Text))


@cache
def drawn(kind: str, name: str) -> Figure:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return figure(three() if kind == "three" else one_seed(), name)


@pytest.mark.parametrize("name", ["differences", "welfare", "mean_price", "adoption_share", "roi12_positive_share"])
@pytest.mark.parametrize("kind", ["three", "one seed"])
def test_every_figure_draws(kind: str, name: str) -> None:
    shown = drawn(kind, name)
    assert isinstance(shown, Figure)
    said = texts(shown)
    assert ("3 seeds (4 to 6)" if kind == "three" else "seed 1") in said
    assert ("95 % intervals" if kind == "three" else "one seed has no interval") in said
    assert not any(text.get_parse_math() for text in shown.findobj(Text))
    assert "nan" not in said.split()


def test_both_bands_stand_on_one_axis_and_the_difference_below() -> None:
    found = three()
    upper, lower = drawn("three", "mean_price").axes
    lines = {line.get_gid(): line.get_ydata() for line in upper.lines if line.get_gid()}
    for name in found.scenarios:
        np.testing.assert_array_equal(lines[name], found.levels("mean_price", name).mean)
    bands = {shape.get_gid(): shape.get_paths()[0].get_extents() for shape in upper.collections}
    for name in found.scenarios:
        level = found.levels("mean_price", name)
        box = bands[f"{name} band"]
        assert (box.y0, box.y1) == pytest.approx((level.low.min(), level.high.max()))
    below = {line.get_gid(): line.get_ydata() for line in lower.lines if line.get_gid()}
    assert set(below) == set(found.others)
    apart = found.differences("mean_price", "baseline").mean
    np.testing.assert_array_equal(below["baseline"], apart)


def test_welfare_bars_are_the_parts() -> None:
    found = three()
    bars = [bar.get_height() for bar in drawn("three", "welfare").axes[0].patches]
    assert bars == pytest.approx(found.welfare["mean"].tolist())
    assert "number\nof firms" in texts(drawn("three", "welfare"))


def test_differences_show_what_has_a_size() -> None:
    shown = [label.get_text() for label in drawn("three", "differences").axes[0].get_yticklabels()]
    assert "mean_price" in shown
    assert "adoption_share" not in shown  # nothing before automation to compare with
    assert "Not shown" in texts(drawn("three", "differences"))


def test_large_differences_are_told_at_the_edge() -> None:
    found = three()
    table = found.table.copy()
    table.loc[table["metric"] == "n_firms", ["relative", "difference"]] = [4.2, 80.0]
    huge = figure(replace(found, table=table), "differences")
    assert "+420.0 %" in texts(huge)
    assert huge.axes[0].get_xlim()[1] < 1.2


def test_no_decomposition_draws_no_welfare() -> None:
    empty = replace(three(), welfare=three().welfare.iloc[:0])
    assert "welfare" not in figure_names(empty)
    assert "consumers differ" in texts(figure(empty, "welfare"))


def test_which_figures_go_into_a_folder(tmp_path) -> None:
    assert figure_names(three()) == ["differences", "welfare", *HEADLINE]
    assert figure_names(one_seed()) == ["differences", "welfare", "mean_price"]  # survival has no course
    paths = save_figures(one_seed(), tmp_path / "figures")
    assert [path.name for path in paths] == ["differences.png", "welfare.png", "mean_price.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_a_comparison_plots_itself() -> None:
    assert texts(three().plot("mean_price")) == texts(drawn("three", "mean_price"))
    with pytest.raises(HomogsimError, match="no figure 'mean_prise'") as caught:
        three().plot("mean_prise")
    assert "mean_price" in caught.value.help


def test_titles_stay_inside() -> None:
    for name in ("differences", "welfare", "mean_price"):
        shown = drawn("three", name)
        shown.draw_without_rendering()
        for text in shown.texts:
            box = text.get_window_extent()
            assert box.x0 >= 0
            assert box.x1 <= shown.bbox.x1 + 1, text.get_text()
        for axes in shown.axes:
            assert not any(axes.get_tightbbox().overlaps(text.get_window_extent()) for text in shown.texts)
