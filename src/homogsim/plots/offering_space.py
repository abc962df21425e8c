"""What businesses offer, before automation and at the end, in one common view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from homogsim.metrics.similarity import mean_pairwise_distance
from homogsim.parameters import TOOLS
from homogsim.plots.frame import drawing, new_figure, tool_legend
from homogsim.plots.moments import Moment, draw_firms, moments, note_if_none, tools_shown
from homogsim.plots.projection import Projection, principal_axes
from homogsim.plots.style import INK, TOOL_STYLES
from homogsim.plots.wording import businesses, percent, plain

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from homogsim.results import Results

MOST_SECTORS = 4
"""More sectors than this share one column: small panels would say less."""

MOST_DISTANCES = 2000
"""Businesses at most whose mean distance is computed."""

ALL_SECTORS = -1

TEMPLATE_MARKS = {"generic": 95.0, "industry": 170.0, "custom": 55.0}
"""Areas in square points; industry and custom templates may stand in one place, then the larger frames the smaller."""


@drawing("Offerings before automation and at the end in one common projection, with the tools' templates")
def offering_space(results: Results) -> Figure:
    """Draw offerings by tool, one column per sector, before (above) and at the end (below), templates as crosses."""
    start, end = moments(results)
    view = principal_axes(np.concatenate([offerings(start.firms), offerings(end.firms)]))
    sectors, (low, high) = _sectors(start, end), _limits(start, end, results, view)
    width = max(8.6, 1.2 + 3.8 * len(sectors))
    panel_height = (width - 1.2) / len(sectors) * (high[1] - low[1]) / (high[0] - low[0])
    figure = new_figure(
        "What businesses offer: do they grow alike?",
        _how_to_read(results, view),
        width=width,
        height=2.6 + 2 * min(panel_height, 5.0),
        key_row=True,
    )
    panels = figure.subplots(2, len(sectors), sharex=True, sharey=True, squeeze=False)
    panels[0, 0].set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    for row, moment in zip(panels, (start, end), strict=True):
        for axes, sector in zip(row, sectors, strict=True):
            _draw_panel(axes, moment, sector, view, results)
        row[0].annotate(
            moment.title,
            (0.0, 1.0),
            (0, 22),
            xycoords="axes fraction",
            textcoords="offset points",
            weight="bold",
            size=12,
        )
        row[0].set_ylabel(f"second direction\n({percent(view.shares[1], 0)} of variance)")
    for axes, sector in zip(panels[1], sectors, strict=True):
        _draw_trails(axes, start, end, sector, view)
        axes.set_xlabel(f"first direction ({percent(view.shares[0], 0)} of variance)")
    tool_legend(figure, tools_shown(start, end), _template_key(results))
    return figure


def _how_to_read(results: Results, view: Projection) -> str:
    crosses = "" if _templates(results).empty else "Crosses are the tools' templates. "
    return (
        "Each mark is a business; the closer two marks, the more alike their offerings. All panels share one view, the "
        f"two directions in which offerings differ most. {crosses}Lines in the lower row lead back to where a lasting "
        f"business stood before. Mean distances are those in all {view.axes.shape[1]} dimensions."
    )


def offerings(firms: pd.DataFrame) -> NDArray[np.float64]:
    """Return the offerings (n, d) of a snapshot's businesses."""
    points: NDArray[np.float64] = firms[_columns(firms)].to_numpy(dtype=np.float64)
    return points


def _columns(table: pd.DataFrame) -> list[str]:
    names = [str(name) for name in table.columns if str(name).startswith("offering_")]
    return sorted(names, key=lambda name: int(name.rsplit("_", 1)[1]))


def _sectors(*shown: Moment) -> list[int]:
    found = sorted({int(s) for moment in shown for s in moment.firms["sector"].unique()})
    return found if 0 < len(found) <= MOST_SECTORS else [ALL_SECTORS]


def _of_sector(table: pd.DataFrame, sector: int) -> pd.DataFrame:
    return table if sector == ALL_SECTORS else table[table["sector"] == sector]


def _templates(results: Results) -> pd.DataFrame:
    """Return the templates of tools that are on sale or in use."""
    shown = {*results.scenario.parameters.tools.available, *results.spells["tool"].unique()}
    return results.templates[results.templates["tier"].isin(shown)]


def _templates_of(results: Results, sector: int) -> pd.DataFrame:
    templates = _templates(results)
    return templates if sector == ALL_SECTORS else templates[templates["sector"].isin([sector, ALL_SECTORS])]


def _draw_panel(axes: Axes, moment: Moment, sector: int, view: Projection, results: Results) -> None:
    firms = _of_sector(moment.firms, sector)
    others = view(offerings(moment.firms[~moment.firms.index.isin(firms.index)]))
    axes.scatter(others[:, 0], others[:, 1], s=9, color="#DCDCDC", lw=0, zorder=1, gid="other sectors")
    points = offerings(firms)
    place = view(points)
    size = np.full(len(firms), 46.0 * min(1.0, (300.0 / max(1, len(firms))) ** 0.5))
    draw_firms(axes, place[:, 0], place[:, 1], firms["tool"].to_numpy(dtype=object), size)
    _draw_templates(axes, _templates_of(results, sector), view)
    name = _name_of(sector, results)
    # rows stand in order of place, so that every kth is a fair sample where all pairs would be too many
    spread = mean_pairwise_distance(points[:: -(-len(points) // MOST_DISTANCES) or 1])
    distance = f", mean distance {spread:.2f}" if np.isfinite(spread) else ""
    axes.set_title(f"{name}: {businesses(len(firms))}{distance}", size=10.5)
    axes.set_aspect("equal")
    if moment.firms.empty:
        note_if_none(axes, results, moment)


def _name_of(sector: int, results: Results) -> str:
    """Return what a sector is called: a scenario from somebody's tables has names."""
    if sector == ALL_SECTORS:
        return "all sectors"
    given = results.scenario.places
    return plain(given.sectors[sector].name, 24) if given is not None else f"sector {sector}"


def _draw_templates(axes: Axes, templates: pd.DataFrame, view: Projection) -> None:
    for tier in TOOLS[1:]:
        place = np.unique(np.round(view(offerings(templates[templates["tier"] == tier])), 9), axis=0)
        axes.scatter(
            place[:, 0],
            place[:, 1],
            s=TEMPLATE_MARKS[tier],
            marker="X",
            c=TOOL_STYLES[tier].colour,
            edgecolors=INK,
            linewidths=1.0,
            zorder=5,
            gid=f"templates of {tier}",
        )


def _draw_trails(axes: Axes, start: Moment, end: Moment, sector: int, view: Projection) -> None:
    """Join the two places of each business that lived in both months."""
    from matplotlib.collections import LineCollection

    before = start.firms.set_index("uid")
    after = _of_sector(end.firms, sector).set_index("uid")
    lasting = after.index.intersection(before.index)
    steps = np.stack([view(offerings(before.loc[lasting])), view(offerings(after.loc[lasting]))], axis=1)
    axes.add_collection(
        LineCollection(list(steps), colors="#6A6A6A", linewidths=1.0, alpha=0.8, zorder=2, gid="trails")
    )


def _limits(
    start: Moment, end: Moment, results: Results, view: Projection
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper corner of all that is shown, with a margin."""
    points = np.concatenate([offerings(start.firms), offerings(end.firms), offerings(_templates(results))])
    place = view(points) if len(points) else np.zeros((1, 2))
    low, high = place.min(axis=0), place.max(axis=0)
    # businesses that are all alike still need room around them
    margin = np.maximum(0.06 * (high - low), 0.3)
    return low - margin, high + margin


def _template_key(results: Results) -> list[Any]:
    from matplotlib.lines import Line2D

    if _templates(results).empty:
        return []
    return [Line2D([], [], ls="none", marker="X", ms=10, mfc="white", mec=INK, label="template (colour of its tool)")]
