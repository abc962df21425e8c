"""Parts of figures: projection, labels, words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial.distance import pdist

from homogsim.parameters import TOOLS
from homogsim.plots.labels import spread_apart
from homogsim.plots.projection import principal_axes
from homogsim.plots.style import MUTED, PURPLE_INK, TOOL_STYLES, WARM_INK
from homogsim.plots.wording import change_text, dollars, money, percent, plain, signed, signed_percent


def cloud(n: int, dimensions: int) -> np.ndarray:
    return np.random.default_rng(7).normal(size=(n, dimensions)) * np.arange(dimensions, 0, -1)


# --- projection -------------------------------------------------------------------------------------------------------


def test_axes_are_orthonormal_and_explain_the_most() -> None:
    points = cloud(200, 5)
    view = principal_axes(points)
    assert_allclose(view.axes @ view.axes.T, np.eye(2), atol=1e-12)
    values = np.sort(np.linalg.eigvalsh(np.cov(points.T)))[::-1]
    assert_allclose(view.shares, values[:2] / values.sum(), rtol=1e-10)
    assert_allclose(view(points).var(axis=0, ddof=1), values[:2], rtol=1e-10)


def test_a_flat_cloud_keeps_its_distances() -> None:
    flat = cloud(30, 2)
    turn, _ = np.linalg.qr(cloud(4, 4))
    view = principal_axes(flat @ turn[:2] + 3.0)
    assert sum(view.shares) == pytest.approx(1.0)
    assert_allclose(pdist(view(flat @ turn[:2] + 3.0)), pdist(flat))


def test_order_of_points_does_not_turn_the_view() -> None:
    points = cloud(50, 4)
    assert_allclose(principal_axes(points).axes, principal_axes(points[::-1]).axes, atol=1e-12)


@pytest.mark.parametrize("points", [np.zeros((0, 4)), np.ones((1, 4)), np.ones((5, 4)), cloud(6, 1)])
def test_degenerate_clouds_have_a_view(points: np.ndarray) -> None:
    view = principal_axes(points)
    assert view(points).shape == (len(points), 2)
    assert np.isfinite(view(points)).all()
    assert all(0.0 <= share <= 1.0 for share in view.shares)


# --- labels -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8), st.floats(0.1, 50.0))
def test_labels_keep_their_order_and_their_distance(heights: list[float], gap: float) -> None:
    before = np.array(heights)
    after = spread_apart(before, gap)
    order = np.argsort(before, kind="stable")
    assert np.all(np.diff(after[order]) >= gap - 1e-9)
    assert after.mean() == pytest.approx(before.mean(), abs=1e-6)


def test_labels_far_enough_apart_stay() -> None:
    heights = np.array([30.0, 0.0, 12.0])
    assert_allclose(spread_apart(heights, 10.0), heights)
    assert_allclose(spread_apart(np.array([5.0, 5.0]), 10.0), [0.0, 10.0])


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.9e6, "$3.90M"),
        (-12_500, "−$12.5k"),
        (11.2, "$11.2"),
        (999_999, "$1.00M"),
        (0.0, "$0"),
        (float("nan"), "undefined"),
        (2.5e9, "$2.50bn"),
        (-0.4, "−$0.40"),
    ],
)
def test_money_in_words(value: float, text: str) -> None:
    assert dollars(value) == text


def test_changes_in_words() -> None:
    assert change_text(2.0, 1.89) == "−5.5 %"
    assert change_text(-2.0, -1.0) == "+50.0 %"
    assert change_text(2.0, 2.0) == "no change"
    assert change_text(0.0, 2.0) == change_text(float("nan"), 1.0) == "change undefined"
    assert signed_percent(-0.0001) == signed_percent(0.0001) == "0.0 %"
    assert (percent(-0.123), percent(0.5, 0), percent(float("nan"))) == ("−12.3 %", "50 %", "undefined")
    assert (signed(-5.0), signed(2.5)) == ("−5", "2.5")
    assert money(-1e-9, 1.0, "", 1) == "$0.0"


def test_texts_become_one_short_line() -> None:
    assert plain("a\nb\t\x1b[31mc") == "a b [31mc"
    assert plain("x" * 20, 10) == "x" * 9 + "…"
    assert plain("$x$ <b>") == "$x$ <b>"


# --- palette ----------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_tools_differ_in_colour_shape_and_dash() -> None:
    assert tuple(TOOL_STYLES) == TOOLS
    for part in ("colour", "marker", "dashes", "label"):
        assert len({getattr(style, part) for style in TOOL_STYLES.values()}) == len(TOOLS)


def test_coloured_text_can_be_read_on_white() -> None:
    for colour in (WARM_INK, PURPLE_INK, MUTED):
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5, colour
    for style in TOOL_STYLES.values():  # beside marks of their colour, where 3 : 1 is asked
        assert 1.05 / (luminance(style.colour) + 0.05) >= 3.0, style.label
