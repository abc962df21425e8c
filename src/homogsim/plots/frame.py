"""What frames every figure: title, what to see in it, key, footer; and the figures' one form, `Drawing`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from homogsim.plots.style import MUTED, TITLE_SIZE, TOOL_STYLES, theme
from homogsim.plots.wording import plain, signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from homogsim.results import Results

TITLE_INCHES, LINE_INCHES, FOOTER_INCHES, SIDE_INCHES, KEY_INCHES = 0.42, 0.24, 0.32, 0.14, 0.38
LETTERS_AN_INCH = 12.3
"""Letters of the subtitle on an inch, on average."""

QUESTION_LETTERS = 160
"""Most letters of the scenario's question in the footer."""


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
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, FOOTER_INCHES / height),
        ncols=len(handles),
        handletextpad=0.4,
        columnspacing=1.6,
        borderaxespad=0.0,
    )
    key.set_in_layout(False)


def _footer(figure: Figure, results: Results) -> None:
    width, height = figure.get_size_inches()
    facts = [f"scenario {plain(results.scenario.name, 60)}", f"seed {results.seed}"]
    if results.status == "interrupted":
        facts.append(f"interrupted after month {signed(int(results.timeline['month'].iloc[-1]))}")
    facts.append(f"homogsim {plain(str(results.provenance.get('version', 'unknown')), 30)}")
    question = plain(results.scenario.question, QUESTION_LETTERS)
    look: dict[str, Any] = {"size": 9, "color": MUTED, "va": "bottom", "in_layout": False, "parse_math": False}
    left = figure.text(SIDE_INCHES / width, 0.09 / height, "   ·   ".join(facts), **look)
    right = figure.text(1 - SIDE_INCHES / width, 0.09 / height, question, ha="right", **look)
    while right.get_text() and right.get_window_extent().x0 < left.get_window_extent().x1 + 24:
        right.set_text(plain(right.get_text(), len(right.get_text()) - 1))
    figure.run_facts = " ".join([*facts, plain(results.scenario.question, 500)])  # type: ignore[attr-defined]  # a note for `saving`


def _literal_text(figure: Figure) -> None:
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
