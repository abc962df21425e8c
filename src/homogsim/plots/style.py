"""How every figure looks: palette, tools' colours and shapes, header, footer, time axis.

Colours are those of Okabe and Ito (2008), distinct under the common kinds of colour blindness; whatever a colour says,
a shape or a dash says as well. Text is never read as mathematics or markup: a scenario may contain any character.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from homogsim.parameters import TOOLS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from homogsim.results import Results

INK, MUTED, RULE = "#222222", "#5F5F5F", "#E3E3E3"
ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE = "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7"
WARM_INK, PURPLE_INK = "#8F5600", "#A3437C"
"""Orange and purple darkened until text in them is readable on white (contrast 4.5 : 1)."""

BASE_SIZE, SMALL_SIZE, TITLE_SIZE = 11.0, 9.5, 15.0
RESOLUTION = 160
TITLE_INCHES, LINE_INCHES, FOOTER_INCHES, SIDE_INCHES, KEY_INCHES = 0.42, 0.24, 0.32, 0.14, 0.38
LETTERS_AN_INCH, FOOTER_LETTERS_AN_INCH = 12.3, 14.0
"""Letters of the subtitle and of the footer on an inch, on average."""


class ToolStyle(NamedTuple):
    """How firms with one tool look in every figure."""

    label: str
    colour: str
    marker: str
    dashes: Any
    """Line style of matplotlib: a name or (offset, on-off sequence)."""


TOOL_STYLES: dict[str, ToolStyle] = dict(
    zip(
        TOOLS,
        (
            ToolStyle("no tool", "#757575", "o", "solid"),
            ToolStyle("generic tool", VERMILLION, "s", (0, (6, 2))),
            ToolStyle("industry tool", BLUE, "^", (0, (6, 2, 1.5, 2))),
            ToolStyle("custom tool", GREEN, "D", (0, (1.6, 1.4))),
        ),
        strict=True,
    )
)

SETTINGS: dict[str, Any] = {
    "font.size": BASE_SIZE,
    "axes.titlesize": BASE_SIZE + 0.5,
    "axes.titlelocation": "left",
    "axes.labelsize": BASE_SIZE,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#8A8A8A",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "xtick.labelsize": SMALL_SIZE + 0.5,
    "ytick.labelsize": SMALL_SIZE + 0.5,
    "xtick.color": "#8A8A8A",
    "ytick.color": "#8A8A8A",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.fontsize": SMALL_SIZE + 0.5,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "text.color": INK,
    "text.parse_math": False,
    "figure.dpi": RESOLUTION,
    "savefig.dpi": RESOLUTION,
    "svg.fonttype": "none",
    "svg.hashsalt": "homogsim",
    "figure.max_open_warning": 0,
}


@contextmanager
def theme() -> Iterator[None]:
    """Draw with the settings above, whatever the user's own matplotlib settings are, and put those back after."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(cast(Any, SETTINGS))  # the stubs list every name
        yield


@dataclass(frozen=True)
class Drawing:
    """A figure of a run: callable, `Results` → `matplotlib.figure.Figure`."""

    name: str
    meaning: str
    """One line: what the figure shows."""
    draw: Callable[[Results], Figure]

    def __call__(self, results: Results) -> Figure:
        """Draw the figure of `results`, with footer, all text literal."""
        with theme():
            figure = self.draw(results)
            _footer(figure, results)
            _literal_text(figure)
        return figure


def drawing(meaning: str) -> Callable[[Callable[[Results], Figure]], Drawing]:
    """Turn a function `Results` → `Figure` into a `Drawing` of the same name."""
    return lambda draw: Drawing(draw.__name__, meaning, draw)


def new_figure(title: str, subtitle: str, width: float = 10.0, height: float = 6.4, *, key_row: bool = False) -> Figure:
    """Return an empty figure with its title and the sentences below it; axes share the rest by themselves.

    Parameters
    ----------
    title, subtitle : str
        What is shown, and what to see in it; the subtitle is wrapped, and lengthens the figure by its lines.
    width, height : float
        Inches; the height is that with one line of subtitle.
    key_row : bool
        Whether to keep a row free above the footer for `tool_legend`.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from homogsim.plots.canvas import RunFigure

    lines = _wrapped(subtitle, width)
    height += LINE_INCHES * (len(lines) - 1)
    top = TITLE_INCHES + LINE_INCHES * len(lines) + 0.1
    left, bottom = SIDE_INCHES / width, (FOOTER_INCHES + KEY_INCHES * key_row) / height
    rectangle = (left, bottom, 1 - 2 * left, 1 - bottom - top / height)
    layout = ConstrainedLayoutEngine(rect=rectangle, hspace=0.04, wspace=0.03)
    figure = RunFigure(figsize=(width, height), layout=layout, facecolor="white")
    looks: list[tuple[str, float, dict[str, Any]]] = [
        (plain(title), 0.12, {"size": TITLE_SIZE, "weight": "bold"}),
        ("\n".join(lines), TITLE_INCHES, {"color": MUTED, "linespacing": 1.3}),
    ]
    for text, y, look in looks:
        # left out of the layout: it is the layout's frame
        figure.text(left, 1 - y / height, text, va="top", **look).set_in_layout(False)
    return figure


def _wrapped(text: str, width: float) -> list[str]:
    """Return text in lines that fit a figure `width` inches wide."""
    from textwrap import wrap

    letters = int((width - 2 * SIDE_INCHES) * LETTERS_AN_INCH)
    return [line for paragraph in text.split("\n") for line in wrap(paragraph, letters)] or [""]


def plain(text: str, limit: int = 110) -> str:
    """Return `text` on one line, without control characters, shortened to `limit` characters."""
    kept = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return kept if len(kept) <= limit else kept[: limit - 1].rstrip() + "…"


def signed(value: float) -> str:
    """Return a number with a true minus sign, without needless decimals."""
    return f"{value:g}".replace("-", "−")


def note(axes: Axes, text: str) -> None:
    """Say in the middle of empty axes why nothing is drawn."""
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=MUTED, size=BASE_SIZE + 1,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85}, zorder=10, in_layout=False,
    )  # fmt: skip


def halo(width: float = 2.5) -> list[Any]:
    """Return the white outline that keeps text readable over marks."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground="white")]


def tool_legend(figure: Figure, tools: list[str], extra: list[Any] | None = None) -> None:
    """Add one legend of tools (colour and shape) in the key row of `new_figure`."""
    from matplotlib.lines import Line2D

    handles: list[Any] = [
        Line2D([], [], ls="none", marker=style.marker, ms=8, mfc=style.colour, mec="white", label=style.label)
        for style in (TOOL_STYLES[t] for t in tools)
    ]
    handles += extra or []
    height = figure.get_size_inches()[1]
    key = figure.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.5, FOOTER_INCHES / height), ncols=len(handles),
        handletextpad=0.4, columnspacing=1.6, borderaxespad=0.0,
    )  # fmt: skip
    key.set_in_layout(False)


def _footer(figure: Figure, results: Results) -> None:
    width, height = figure.get_size_inches()
    facts = [f"scenario {plain(results.scenario.name, 60)}", f"seed {results.seed}"]
    if results.status == "interrupted":
        facts.append(f"interrupted after month {signed(int(results.timeline['month'].iloc[-1]))}")
    facts.append(f"homogsim {plain(str(results.provenance.get('version', 'unknown')), 30)}")
    left = "   ·   ".join(facts)
    room = int((width - 2 * SIDE_INCHES) * FOOTER_LETTERS_AN_INCH) - len(left) - 4
    right = plain(results.scenario.question, room) if room >= 20 else ""
    for text, x, side in ((left, SIDE_INCHES, "left"), (right, width - SIDE_INCHES, "right")):
        figure.text(x / width, 0.09 / height, text, size=9, color=MUTED, va="bottom", ha=side).set_in_layout(False)
    figure.run_facts = " ".join([*facts, plain(results.scenario.question, 500)])  # type: ignore[attr-defined]


def _literal_text(figure: Figure) -> None:
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
