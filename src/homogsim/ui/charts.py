"""What the charts over time show: a panel is a few metrics of the table on one axis, a chart a few panels."""

from __future__ import annotations

from typing import Any, NamedTuple

from homogsim.metrics.table import METRICS
from homogsim.plots.style import BLUE, GREEN, INK, ORANGE, PURPLE_INK, TOOL_STYLES, VERMILLION


class Line(NamedTuple):
    """A metric in a panel."""

    metric: str
    label: str
    colour: str
    dash: tuple[int, ...] = ()


class Panel(NamedTuple):
    """Metrics on one axis."""

    lines: tuple[Line, ...]
    form: str = "number"
    """How values are written: number, money, share."""


class Chart(NamedTuple):
    """Panels above each other."""

    name: str
    title: str
    figure: str
    """Name of the exported figure on this subject (`homogsim.plots.FIGURES`)."""
    panels: tuple[Panel, ...]


def _tool(tool: str) -> Line:
    return Line(f"adoption_{tool}", tool, TOOL_STYLES[tool].colour, _DASHES[tool])


_DASHES = {"generic": (6, 2), "industry": (6, 2, 2, 2), "custom": (2, 2)}

CHARTS = (
    Chart(
        "diversity",
        "Diversity of sales",
        "diversity",
        (
            Panel(
                (
                    Line("diversity_gamma", "all towns γ", BLUE),
                    Line("diversity_alpha", "in a town α", VERMILLION, (6, 2)),
                )
            ),
            Panel((Line("diversity_beta", "between towns β", GREEN, (2, 2)),)),
        ),
    ),
    Chart(
        "adoption",
        "Adoption by tool",
        "adoption",
        (Panel((Line("adoption_share", "any tool", INK), *(_tool(t) for t in _DASHES)), "share"),),
    ),
    Chart(
        "prices",
        "Prices and markups",
        "prices",
        (
            Panel((Line("mean_price", "price", BLUE), Line("mean_unit_cost", "unit cost", ORANGE, (6, 2))), "money"),
            Panel((Line("mean_markup", "markup", PURPLE_INK, (2, 2)),), "money"),
        ),
    ),
    Chart(
        "firms",
        "Small businesses",
        "firms",
        (
            Panel((Line("n_firms", "open", BLUE),)),
            Panel((Line("entries", "entries", GREEN), Line("exits", "exits", VERMILLION, (2, 2)))),
        ),
    ),
    Chart(
        "surplus",
        "Surplus and profit",
        "surplus",
        (
            Panel((Line("consumer_surplus", "consumers, a month", BLUE),), "money"),
            Panel((Line("smb_profit", "businesses, a month", GREEN, (6, 2)),), "money"),
        ),
    ),
)
"""Every chart over time."""

TOWN_CHARTS = (
    Chart(
        "town-diversity",
        "Diversity in the town",
        "diversity",
        (
            Panel((Line("diversity_alpha", "in the town α", BLUE),)),
            Panel((Line("representativeness", "like all towns", VERMILLION, (6, 2)),)),
        ),
    ),
    Chart("town-adoption", "Adoption", "adoption", (Panel((Line("adoption_share", "any tool", INK),), "share"),)),
    Chart("town-prices", "Prices", "prices", (Panel((Line("mean_price", "price", BLUE),), "money"),)),
    Chart(
        "town-firms",
        "Small businesses",
        "firms",
        (
            Panel((Line("n_firms", "open", BLUE),)),
            Panel((Line("entries", "entries", GREEN), Line("exits", "exits", VERMILLION, (2, 2)))),
        ),
    ),
    Chart("town-sales", "Sales", "town_map", (Panel((Line("sales", "sold a month", GREEN),)),)),
)
"""What is told of one town."""


def _columns(charts: tuple[Chart, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.metric for chart in charts for panel in chart.panels for line in panel.lines))


COLUMNS = _columns(CHARTS)
"""Metrics that the browser gets, in this order."""
TOWN_COLUMNS = _columns(TOWN_CHARTS)


def described() -> dict[str, Any]:
    """Return the charts as plain data for the browser, with every metric's unit and meaning."""
    meanings = {name: {"unit": m.unit, "meaning": m.meaning} for name, m in METRICS.items() if name in COLUMNS}
    return {
        "columns": list(COLUMNS),
        "town_columns": list(TOWN_COLUMNS),
        "charts": [_plain(chart) for chart in CHARTS],
        "town_charts": [_plain(chart) for chart in TOWN_CHARTS],
        "metrics": meanings,
    }


def _plain(chart: Chart) -> dict[str, Any]:
    panels = [
        {"form": panel.form, "lines": [line._asdict() | {"dash": list(line.dash)} for line in panel.lines]}
        for panel in chart.panels
    ]
    return {"name": chart.name, "title": chart.title, "figure": chart.figure, "panels": panels}
