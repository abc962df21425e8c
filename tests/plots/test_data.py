"""What figures show is what the tables hold, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from plots.markets import crowded, drawn_once, market
from scipy.spatial.distance import pdist

from homogsim.metrics.survival import kaplan_meier, survival_at
from homogsim.parameters import TOOLS
from homogsim.plots import figure
from homogsim.plots.firms import turnover_by_year
from homogsim.plots.survival import BEFORE, observed_spells, survival_curves
from homogsim.plots.time import start_and_end
from homogsim.plots.town_map import mark_areas
from homogsim.results import Results, summary_values

MARKETS = ("ordinary", "extinct", "two months")


def marked(drawn: Figure, gid: str) -> list[Any]:
    """Return the artists that carry a mark, in the order of the axes."""
    return [a for axes in drawn.axes for a in axes.get_children() if a.get_gid() == gid]


@pytest.mark.parametrize("kind", MARKETS)
@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("diversity", ["diversity_gamma", "diversity_gamma_supply", "diversity_alpha", "diversity_beta"]),
        ("diversity", ["process_diversity_gamma"]),
        ("prices", ["mean_price", "mean_markup", "price_dispersion"]),
        ("surplus", ["consumer_surplus", "smb_profit"]),
        ("firms", ["n_firms"]),
        ("adoption", ["contact_intensity"]),
    ],
)
def test_lines_are_columns_of_the_timeline(name: str, columns: list[str], kind: str) -> None:
    results, drawn = market(kind), drawn_once(kind, name)
    for column in columns:
        (line,) = marked(drawn, column)
        assert_array_equal(line.get_xdata(), results.timeline["month"] / 12)
        assert_array_equal(line.get_ydata(), results.timeline[column].astype(float))


def test_changes_are_relative_to_the_year_before() -> None:
    results = market("ordinary")
    (line,) = marked(drawn_once("ordinary", "diversity"), "change of diversity_gamma")
    timeline = results.timeline
    before = timeline.loc[timeline["month"].between(-12, -1), "diversity_gamma"].mean()
    assert_allclose(line.get_ydata(), 100 * (timeline["diversity_gamma"] / before - 1), atol=1e-10)
    assert abs(np.mean(line.get_ydata()[(timeline["month"] >= -12) & (timeline["month"] < 0)])) < 1e-10


def test_start_and_end_are_those_of_the_summary() -> None:
    results = market("ordinary")
    for name in ("n_firms", "mean_price"):
        assert start_and_end(results, name)[1] == summary_values(results.timeline)[name]


def test_arrival_stands_at_month_zero() -> None:
    for name in ("diversity", "prices", "adoption", "surplus", "firms"):
        drawn = drawn_once("ordinary", name)
        lines = marked(drawn, "arrival")
        assert len(lines) == len(drawn.axes)
        assert all(set(line.get_xdata()) == {0.0} for line in lines)


def test_stack_of_adoption_ends_at_one_and_has_the_shares() -> None:
    results, drawn = market("ordinary"), drawn_once("ordinary", "adoption")
    heights = {}
    for tool in ("none", "generic", "industry", "custom"):
        (area,) = marked(drawn, f"adoption_{tool}")
        (path,) = area.get_paths()
        at_last = path.vertices[np.isclose(path.vertices[:, 0], results.timeline["month"].iloc[-1] / 12), 1]
        heights[tool] = at_last.max() - at_last.min()
    last = results.timeline.iloc[-1]
    for tool in ("generic", "industry", "custom"):
        assert heights[tool] == pytest.approx(last[f"adoption_{tool}"])
    assert sum(heights.values()) == pytest.approx(1.0)


def test_openings_and_closures_are_counted_by_year() -> None:
    results = market("ordinary")
    year, entries, exits = turnover_by_year(results)
    firms = results.firms
    assert year.tolist() == [-2, -1, 0, 1, 2, 3, 4]
    for y, opened, closed in zip(year, entries, exits, strict=True):
        assert opened == firms["birth"].between(12 * y, 12 * y + 11).sum()
        assert closed == firms["death"].between(12 * y, 12 * y + 11).sum()
    assert entries.sum() > 0
    assert exits.sum() > 0
    bars = drawn_once("ordinary", "firms").axes[1].containers
    assert [bar.get_height() for bar in bars[0]] == entries.tolist()
    assert [-bar.get_height() for bar in bars[1]] == exits.tolist()


def test_part_of_a_year_is_pale() -> None:
    bars = drawn_once("two months", "firms").axes[1].containers[0]
    alphas = [bar.get_alpha() for bar in bars]
    assert alphas[-1] < min(alphas[:-1])
    assert bars[-1].get_width() == pytest.approx(2 / 12)


def places(results: Results, month: int, tool: str) -> np.ndarray:
    rows = results.snapshots.query("month == @month and tool == @tool")
    return rows[["x", "y"]].to_numpy()


def test_town_map_shows_every_business_where_it_is() -> None:
    results = market("ordinary")
    before, after = drawn_once("ordinary", "town_map").axes
    for axes, month in ((before, -1), (after, 59)):
        shown = 0
        for tool in ("none", "generic", "industry", "custom"):
            expected = places(results, month, tool)
            artists = [c for c in axes.collections if c.get_gid() == f"firms with {tool}"]
            assert bool(artists) == bool(len(expected))
            for artist in artists:
                assert_array_equal(np.sort(artist.get_offsets(), axis=0), np.sort(expected, axis=0))
                shown += len(artist.get_offsets())
        assert shown == (results.snapshots["month"] == month).sum()


def test_tools_may_stand_as_codes_in_snapshots() -> None:
    results = market("ordinary")
    codes = results.snapshots["tool"].map({tool: code for code, tool in enumerate(TOOLS)})
    coded = replace(results, snapshots=results.snapshots.assign(tool=codes.astype(np.int64)))
    for name in ("town_map", "offering_space"):
        by_code, by_name = figure(coded, name), drawn_once("ordinary", name)
        for tool in TOOLS:
            ours, theirs = marked(by_code, f"firms with {tool}"), marked(by_name, f"firms with {tool}")
            assert [a.get_offsets().tolist() for a in ours] == [a.get_offsets().tolist() for a in theirs]


def test_names_of_towns_do_not_cover_each_other() -> None:
    results = market("ordinary")
    near = results.town_positions.assign(x=[0.2, 0.22, 0.24, 0.9], y=[0.5, 0.51, 0.5, 0.5])
    drawn = figure(replace(results, town_positions=near), "town_map")
    FigureCanvasAgg(drawn).draw()
    for axes in drawn.axes:
        boxes = [t.get_window_extent() for t in axes.texts if t.get_text().startswith("town ")]
        assert len(boxes) == 4
        assert not any(box.overlaps(other) for i, box in enumerate(boxes) for other in boxes[i + 1 :])


def test_roads_join_their_towns() -> None:
    results = market("ordinary")
    roads = marked(drawn_once("ordinary", "town_map"), "roads")[0].get_segments()
    place = results.town_positions.set_index("town")[["x", "y"]]
    assert len(roads) == len(results.roads)
    for segment, road in zip(roads, results.roads.itertuples(), strict=True):
        assert_array_equal(segment, place.loc[[road.from_town, road.to_town]])


def test_areas_of_marks_are_in_proportion_to_sales() -> None:
    areas = mark_areas(np.array([1000.0, 500.0, 250.0, 0.0]), 1000.0, 200.0)
    assert_allclose(areas, [200.0, 100.0, 50.0, 12.0])


def test_offering_space_shows_the_snapshots_in_one_projection() -> None:
    results, drawn = market("ordinary"), drawn_once("ordinary", "offering_space")
    assert len(drawn.axes) == 4, "two moments, two sectors"
    pooled = results.snapshots[results.snapshots["month"].isin([-1, 59])]
    points = pooled[[f"offering_{k}" for k in range(4)]].to_numpy()
    centred = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    flat = centred @ vectors[:, [-1, -2]]
    for axes, (month, sector) in zip(drawn.axes, [(-1, 0), (-1, 1), (59, 0), (59, 1)], strict=True):
        own = (pooled["month"] == month) & (pooled["sector"] == sector)
        shown = [c.get_offsets() for c in axes.collections if str(c.get_gid()).startswith("firms with")]
        found, expected = np.abs(np.concatenate(shown)), np.abs(flat[own])
        order = np.lexsort(found.T), np.lexsort(expected.T)
        assert_allclose(found[order[0]], expected[order[1]], atol=1e-9)
        mean = pdist(points[own]).mean()
        assert axes.get_title(loc="left") == f"sector {sector}: {own.sum()} businesses, mean distance {mean:.2f}"
    share = values[-1] / values.sum()
    assert f"({100 * share:.0f} % of variance)" in drawn.axes[2].get_xlabel()


def test_trails_join_the_two_places_of_those_that_lasted() -> None:
    results = market("ordinary")
    shots = results.snapshots.set_index("uid")
    lasting = set(shots.index[shots["month"] == -1]) & set(shots.index[shots["month"] == 59])
    assert lasting
    drawn = figure(results, "offering_space")
    assert sum(len(artist.get_segments()) for artist in marked(drawn, "trails")) == len(lasting)
    ends = np.concatenate([artist.get_offsets() for artist in marked(drawn, "firms with generic")])
    trails = np.concatenate([np.array(a.get_segments())[:, 1] for a in marked(drawn, "trails") if a.get_segments()])
    generic = {u for u in lasting if shots.loc[[u]].query("month == 59")["tool"].iloc[0] == "generic"}
    matched = (np.abs(trails[:, None] - ends[None]).max(axis=2) < 1e-9).any(axis=1)
    assert matched.sum() == len(generic)


def test_templates_are_marked_in_every_panel_they_serve() -> None:
    drawn = drawn_once("ordinary", "offering_space")
    for tier in ("generic", "industry", "custom"):
        for axes, artist in zip(drawn.axes, marked(drawn, f"templates of {tier}"), strict=True):
            assert len(artist.get_offsets()) == 3, axes.get_title(loc="left")
    assert marked(drawn_once("no adopters", "offering_space"), "templates of generic")[0].get_offsets().size == 0


# --- survival ---------------------------------------------------------------------------------------------------------


def test_survival_before_is_the_kaplan_meier_curve_of_recorded_lives() -> None:
    results = crowded()
    curve = next(c for c in survival_curves(results) if c.name == BEFORE)
    birth = results.firms.set_index("uid")["birth"]
    ages = []
    for spell in results.spells.itertuples():
        start, stop = max(spell.start, -24), min(spell.stop, 0)
        if start < stop:
            ages.append((start - birth[spell.uid], stop - birth[spell.uid], spell.event and spell.stop <= 0))
    entry, age, closed = (np.array(part, dtype=float) for part in zip(*ages, strict=True))
    expected = kaplan_meier(age, closed.astype(bool), entry)
    inside = expected.times <= curve.age[-1]
    assert curve.age[0] == 0
    assert inside.sum() > 20
    assert_array_equal(curve.age[1:-1], expected.times[inside])
    assert_allclose(curve.survival[1:-1], expected.survival[inside])


def test_a_curve_that_starts_late_starts_at_the_level_of_all() -> None:
    results = crowded()
    curve = next(c for c in survival_curves(results) if c.name == "generic")
    after = observed_spells(results, 0, 60)
    pooled = kaplan_meier(after.stop, after.event, after.start)
    assert curve.age[0] > 0, "all adopt in month 12, so that none is newborn"
    assert curve.survival[0] == survival_at(pooled, curve.age[0])
    own = after.state == 1
    late = kaplan_meier(after.stop[own], after.event[own], np.maximum(after.start[own], curve.age[0] - 1e-9))
    steps = late.times[(late.times > curve.age[0]) & (late.times <= curve.age[-1])]
    assert_allclose(curve.survival[1:-1] / curve.survival[0], late.survival[np.isin(late.times, steps)])


def test_survival_counts_a_business_for_a_tool_only_while_it_uses_it() -> None:
    results = market("ordinary")
    spells = observed_spells(results, 0, 60)
    table = results.spells
    months = (np.minimum(table["stop"], 60) - np.maximum(table["start"], 0)).clip(lower=0)
    for code, tool in enumerate(("none", "generic", "industry", "custom")):
        here = spells.state == code
        assert (spells.stop - spells.start)[here].sum() == months[table["tool"] == tool].sum()
        closed = (table["tool"] == tool) & (table["event"] == 1) & (table["stop"].between(1, 60))
        assert spells.event[here].sum() == closed.sum()


def test_a_closing_in_the_month_of_a_change_counts_for_the_tool_before() -> None:
    results = crowded()
    closing = results.spells.query("tool == 'none' and event == 1 and stop > 1").iloc[0]
    table = results.spells.copy()
    table.loc[closing.name, "event"] = 0
    table.loc[len(table)] = {**closing, "start": closing["stop"], "tool": "custom", "event": 1}
    before, after = (observed_spells(r, 0, 60) for r in (results, replace(results, spells=table)))
    assert_array_equal(before.event, after.event)
    assert_array_equal(before.state, after.state)


def test_survival_curves_fall_within_their_bands() -> None:
    curves = survival_curves(crowded())
    assert [curve.name for curve in curves] == [BEFORE, "none", "generic"]
    for curve in curves:
        assert np.all(np.diff(curve.survival) <= 0)
        assert np.all((curve.survival >= 0) & (curve.survival <= 1))
        known = np.isfinite(curve.lower) & np.isfinite(curve.upper)
        assert np.all(curve.lower[known] <= curve.survival[known] + 1e-12)
        assert np.all(curve.survival[known] <= curve.upper[known] + 1e-12)


def test_numbers_at_risk_stand_below() -> None:
    results = crowded()
    numbers = [int(t.get_text()) for t in figure(results, "survival").axes[1].texts]
    curves = survival_curves(results)
    per_curve = len(numbers) // len(curves)
    for row, curve in enumerate(curves):
        spells = curve.spells
        for place, age in enumerate((1, 12, 24, 36)):
            at_risk = int(((spells.start < age) & (age <= spells.stop)).sum())
            assert numbers[row * per_curve + place] == at_risk


@pytest.mark.parametrize("results", [crowded(), crowded(60), market("ordinary")], ids=["crowded", "sparse", "ordinary"])
def test_curves_are_drawn_only_where_enough_businesses_are_at_risk(results: Results) -> None:
    for curve in survival_curves(results):
        months = np.arange(curve.age[0] + 1, curve.age[-1] + 1)
        at_risk = [((curve.spells.start < t) & (t <= curve.spells.stop)).sum() for t in months]
        assert min(at_risk) >= 5
        assert len(months) >= 12
