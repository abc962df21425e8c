"""Figures of sweeps: what they draw is what the points say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.contour import ContourSet

from homogsim.errors import HomogsimError
from homogsim.plots.saving import write_figure
from homogsim.plots.smoothing import bands, explained, surface
from homogsim.plots.sweeps import FIGURES, Axis, SweepData, figure
from homogsim.streams import Streams


def cube(points: int, k: int = 3) -> np.ndarray:
    return Streams(3).uniform("design", np.arange(points)[:, None], index=np.arange(k)[None, :])


def data(function, points: int = 200, k: int = 3, metric: str = "diversity_lost") -> SweepData:
    units = cube(points, k)
    axes = tuple(Axis(f"group.parameter_{n}", units[:, n], unit="share") for n in range(k))
    return SweepData(metric, "share", axes, np.asarray(function(units))[:, None], "scenario $x$   ·   lhs")


def test_bands_at_levels_are_means_and_their_intervals() -> None:
    band = bands(np.array([0.0, 0.0, 0.0, 2.0, 2.0, 5.0]), np.array([1.0, 2.0, 3.0, 4.0, 4.0, 7.0]))
    assert band.x.tolist() == [0.0, 2.0, 5.0]
    assert band.mean.tolist() == [2.0, 4.0, 7.0]
    assert band.high[0] - band.mean[0] == pytest.approx(4.302653 / np.sqrt(3.0))
    assert np.isnan(band.low[2])  # one point has no interval


def test_bands_of_many_values_are_those_of_bins() -> None:
    x = np.linspace(0.0, 1.0, 80)
    band = bands(x, 2.0 * x)
    assert len(band.x) == 8
    assert band.mean == pytest.approx(2.0 * band.x)


def test_a_grid_is_drawn_as_it_is_and_a_plane_is_smoothed_to_itself() -> None:
    x, y = (part.ravel() for part in np.meshgrid([0.0, 1.0, 2.0], [0.0, 10.0]))
    exact = surface(x, y, x - y)
    assert exact.exact
    assert exact.z.tolist() == [[0.0, 1.0, 2.0], [-10.0, -9.0, -8.0]]
    units = cube(150, 2)
    smooth = surface(units[:, 0], units[:, 1], 3.0 * units[:, 0] - 2.0 * units[:, 1] + 1.0)
    assert not smooth.exact
    plane = 3.0 * smooth.x[None, :] - 2.0 * smooth.y[:, None] + 1.0
    assert smooth.z == pytest.approx(plane, abs=1e-5)


def test_shares_of_variance_alone_and_together() -> None:
    units = cube(4000)
    places = [units[:, n] for n in range(3)]
    additive = explained(places, 3.0 * units[:, 0] + 4.0 * units[:, 1] ** 2)
    assert additive[0, 0] + additive[1, 1] == pytest.approx(1.0, abs=0.05)
    assert additive[2, 2] == pytest.approx(0.0, abs=0.01)
    assert additive[0, 1] == pytest.approx(0.0, abs=0.01)
    product = explained(places, (units[:, 0] - 0.5) * (units[:, 2] - 0.5))
    assert product[0, 2] == product[2, 0] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_can_be_written(tmp_path: Path, name: str) -> None:
    drawn = figure(data(lambda u: u[:, 0] - u[:, 1]), name)
    path = write_figure(drawn, tmp_path / f"{name}.png")
    assert path.stat().st_size > 10_000


def test_the_line_of_a_phase_diagram_is_where_the_metric_changes_sign() -> None:
    drawn = figure(data(lambda u: u[:, 0] - u[:, 1]), "phase", x="group.parameter_0", y="group.parameter_1")
    (contour,) = (part for part in drawn.axes[0].get_children() if isinstance(part, ContourSet))
    (path,) = contour.get_paths()
    assert contour.levels.tolist() == [0.0]
    assert np.abs(path.vertices[:, 0] - path.vertices[:, 1]).max() < 0.02
    everywhere = figure(data(lambda u: 1.0 + u[:, 0]), "phase")
    assert not [part for part in everywhere.axes[0].get_children() if isinstance(part, ContourSet)]
    assert "above 0 everywhere" in " ".join(text.get_text() for text in everywhere.texts).replace("\n", " ")


def test_a_phase_diagram_takes_the_parameters_that_matter_most() -> None:
    drawn = figure(data(lambda u: 5.0 * u[:, 2] + u[:, 1]), "phase")
    assert (drawn.axes[0].get_xlabel(), drawn.axes[0].get_ylabel()) == ("parameter 2 (share)", "parameter 1 (share)")


def test_mistakes_are_told() -> None:
    with pytest.raises(HomogsimError, match="no figure 'pie'"):
        figure(data(lambda u: u[:, 0]), "pie")
    with pytest.raises(HomogsimError, match="does not vary"):
        figure(data(lambda u: u[:, 0]), "phase", x="group.other")
    with pytest.raises(HomogsimError, match="two parameters"):
        figure(data(lambda u: u[:, 0], k=1), "phase")
    flat = figure(data(lambda u: 0.0 * u[:, 0]), "main-effects")
    assert "the same at all points" in flat.axes[0].texts[0].get_text()
