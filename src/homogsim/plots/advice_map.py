"""The figure of a map: the best choice by every two features of a business, pale where it is unclear."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homogsim.plots.advice import finish
from homogsim.plots.comparison import LOOKS
from homogsim.plots.frame import FOOTER_INCHES, new_figure
from homogsim.plots.saving import write_figure
from homogsim.plots.style import INK, MUTED, SMALL_SIZE, note, theme
from homogsim.plots.wording import dollars, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from homogsim.experiments.advice.type_map import TypeMap

KINDS = ("alignment", "quality", "distance", "cash")
UNITS = {"alignment": "alignment", "quality": "quality, $", "distance": "distance from taste centre", "cash": "cash, $"}
NONE_COLOUR = "#9A9A9A"


def save_figures(found: TypeMap, folder: Path) -> list[Path]:
    """Write the figure of a map to a folder and return its path."""
    return [write_figure(figure(found), folder / "map.png")]


def figure(found: TypeMap) -> Figure:
    """Draw a map: a panel for every two features, a square for every kind, coloured by its best choice."""
    from homogsim import __version__

    with theme():
        drawn = new_figure(
            "Who should do what",
            f"Best on average over {found.horizon} months, decision in month {found.month}; {len(found.businesses)} "
            f"businesses in {len(found.worlds)} worlds, thirds of each feature.\n"
            "Full colour: clearly better than the runner-up (95 %). Pale, hatched: unclear, the runner-up is named.\n"
            "Amount: mean gain over no tool. n: businesses that can pay for what is compared.",
            width=11.5, height=8.6, key_row=True,
        )  # fmt: skip
        panels = drawn.subplots(2, 3)
        cells = found.cells()
        for axes, (one, two) in zip(panels.flat, combinations(KINDS, 2), strict=True):
            rows = cells[cells["plane"] == f"{one} × {two}"].to_dict("records")
            _panel(axes, found, one, two, rows)
        _key(drawn, found)
        facts = (f"scenario {plain(found.scenario.name, 60)}", f"homogsim {plain(__version__, 30)}")
        finish(drawn, "   ·   ".join(facts))
    return drawn


def _colours(found: TypeMap) -> dict[str, str]:
    names = [choice.name for choice in found.choices if choice.name != "none"]
    return {"none": NONE_COLOUR} | {name: LOOKS[n % len(LOOKS)].colour for n, name in enumerate(names)}


def _panel(axes: Axes, found: TypeMap, one: str, two: str, rows: list[dict[str, Any]]) -> None:
    from matplotlib.patches import Rectangle

    colours = _colours(found)
    for place, row in enumerate(rows):
        x, y = divmod(place, 3)
        known, clear = row["best"] in colours, row["verdict"] in ("clear", "only choice")
        colour = colours.get(row["best"], "#F2F2F2")
        square = Rectangle((x - 0.48, y - 0.48), 0.96, 0.96, facecolor=colour, alpha=0.75 if clear else 0.22, lw=0)
        axes.add_patch(square)
        if known and not clear:
            axes.add_patch(Rectangle((x - 0.48, y - 0.48), 0.96, 0.96, fill=False, hatch="////", ec=colour, lw=0.0,
                                     alpha=0.35))  # fmt: skip
        _words(axes, x, y, row, known, clear)
    if not rows:
        note(axes, "nothing was found")
    for axis, feature in (("x", one), ("y", two)):
        low, high = (f"{edge / 1000:,.0f}k" if abs(edge) >= 1000 else f"{edge:.2g}".replace("-", "−")
                     for edge in found.edges(feature))  # fmt: skip
        labels = [f"< {low}", f"{low}–{high}", f"> {high}"]
        getattr(axes, f"set_{axis}ticks")(range(3), labels, **({"rotation": 90, "va": "center"} if axis == "y" else {}))
        getattr(axes, f"set_{axis}label")(UNITS[feature])
        getattr(axes, f"set_{axis}lim")(-0.5, 2.5)
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)


def _words(axes: Axes, x: int, y: int, row: dict[str, Any], known: bool, clear: bool) -> None:
    if not known:
        axes.text(x, y, f"too few\nn {row['businesses']}", ha="center", va="center", size=SMALL_SIZE, color=MUTED)
        return
    text = f"{row['best']}" if clear or not row["runner_up"] else f"{row['best']}?\nor {row['runner_up']}"
    axes.text(x, y + 0.14, text, ha="center", va="center", size=SMALL_SIZE + 0.5, color=INK,
              weight="bold" if clear else "normal", linespacing=1.15)  # fmt: skip
    gain = dollars(row["gain"], 2) if row["best"] != "none" else "$0"
    axes.text(x, y - 0.28, f"{gain}, n {row['businesses']}", ha="center", va="center", size=SMALL_SIZE - 1, color=INK)


def _key(drawn: Figure, found: TypeMap) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=colour, alpha=0.75, label=plain(name, 30)) for name, colour in _colours(found).items()]
    place = (0.5, FOOTER_INCHES / drawn.get_size_inches()[1])
    key = drawn.legend(handles=handles, loc="lower center", bbox_to_anchor=place, ncols=len(handles), borderaxespad=0.0)
    key.set_in_layout(False)
