"""The picture of the README, from runs made for it: ``python -m homogsim.report.gallery`` (``make gallery``)."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homogsim.plots.frame import new_figure
from homogsim.plots.style import BLUE, INK, MUTED, VERMILLION, halo, theme
from homogsim.plots.wording import signed, signed_percent
from homogsim.results.provenance import now, provenance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from homogsim.experiments.comparison import Comparison

REFERENCE = "before-automation"
SHOWN = {
    "invisible-back-office": "generic tools,\nback office only",
    "many-templates": "generic tools,\nsix different vendors",
    "industry-clouds": "tools made for\nthe industry",
    "baseline": "all three kinds\nof tools",
    "plug-and-play": "generic tools,\none template",
    "chatbot-everywhere": "generic tools,\nforced on customers",
}
"""Presets of the picture, and what is on offer there."""
METRICS = ("diversity_gamma", "n_firms", "consumer_surplus")
PANELS = (("diversity_gamma", "diversity of what is offered"), ("n_firms", "number of small businesses"),
          ("consumer_surplus", "consumer surplus"))  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the runs, then write the picture and its numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=None)
    parser.add_argument("--months", type=int, default=None)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    asked = parser.parse_args(arguments)
    from homogsim.experiments.compare import compare
    from homogsim.plots.saving import write_figure

    found = compare(
        REFERENCE, *SHOWN, replications=asked.replications, jobs=asked.jobs, months=asked.months, metrics=METRICS
    )
    facts = numbers(found)
    write_figure(draw(facts), asked.out / "gallery.png")
    text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
    (asked.out / "gallery.json").write_text(text, encoding="utf-8")


def numbers(found: Comparison) -> dict[str, Any]:
    """Return the picture's numbers: percent of the reference, with intervals, and where they were made."""
    table = found.table.set_index(["scenario", "metric"])
    rows: dict[str, Any] = {}
    for name in found.others:
        rows[name] = {metric: _percent(table.loc[(name, metric)]) for metric in METRICS}
    made = provenance(now(), 0.0)
    del made["wall_seconds"]
    return {"reference": found.baseline, "seeds": list(found.seeds), "percent": rows, "provenance": made}


def _percent(row: Any) -> dict[str, float]:
    scale = 100.0 / abs(row["baseline_mean"])
    return {name: round(float(row[name]) * scale, 2) for name in ("difference", "low", "high")}


def draw(facts: dict[str, Any]) -> Figure:
    """Return the picture of `numbers`: what each kind of tools changes, with 95 % intervals."""
    rows, seeds = facts["percent"], facts["seeds"]
    with theme():
        drawn = new_figure(
            "Fifteen years after automation arrives, against the same market without it",
            f"Change in percent, mean over {len(seeds)} seeds with 95 % intervals of the paired differences. "
            "Grey: the interval holds zero.",
            width=11.0,
            height=4.6,
        )
        panels = drawn.subplots(1, len(PANELS), sharey=True)
        for axes, (metric, title) in zip(panels, PANELS, strict=True):
            _panel(axes, [row[metric] for row in rows.values()], title)
        panels[0].set_yticks(range(len(rows)), [SHOWN[name] for name in rows])
        panels[0].invert_yaxis()
        drawn.text(0.012, 0.02, "make gallery", size=9, color=MUTED).set_in_layout(False)
    return drawn


def _panel(axes: Axes, rows: list[dict[str, float]], title: str) -> None:
    axes.axvline(0.0, color=INK, lw=1.0)
    for n, row in enumerate(rows):
        clear = row["low"] > 0.0 or row["high"] < 0.0
        colour = (BLUE if row["difference"] > 0 else VERMILLION) if clear else MUTED
        axes.hlines(n, row["low"], row["high"], color=colour, lw=2.4)
        axes.plot(row["difference"], n, "o", color=colour, ms=8)
        said = signed_percent(row["difference"] / 100.0)
        look: dict[str, Any] = {"ha": "center", "size": 9, "color": INK, "path_effects": halo()}
        axes.annotate(said, (row["difference"], n), (0, 8), textcoords="offset points", **look)
    axes.set_title(title)
    axes.margins(x=0.16, y=0.12)
    axes.grid(axis="y", visible=False)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda value, _: signed(value))
    axes.set_xlabel("percent")


if __name__ == "__main__":
    main()
