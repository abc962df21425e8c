"""How every figure looks: palette, tools' colours and shapes, matplotlib's settings.

Colours are those of Okabe and Ito (2008), distinct under the common kinds of colour blindness; whatever a colour says,
a shape or a dash says as well. Text is never read as mathematics or markup: a scenario may contain any character.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from warnings import catch_warnings, filterwarnings

from homogsim.parameters import TOOLS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


INK, MUTED, RULE = "#222222", "#5F5F5F", "#E3E3E3"
ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE = "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7"
WARM_INK, PURPLE_INK = "#8F5600", "#A3437C"
"""Orange and purple darkened until text in them is readable on white (contrast 4.5 : 1)."""

BASE_SIZE, SMALL_SIZE, TITLE_SIZE = 11.0, 9.5, 15.0
RESOLUTION = 160


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


_SETTINGS_LOCK = RLock()
"""matplotlib's settings are global: one thread at a time may change them."""


@contextmanager
def theme() -> Iterator[None]:
    """Draw with the settings above, whatever the user's own matplotlib settings are, and put those back after."""
    import matplotlib

    with _SETTINGS_LOCK, matplotlib.rc_context(), catch_warnings():
        filterwarnings("ignore", "Glyph .* missing from", UserWarning)  # a scenario's text may be in any script
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(cast(Any, SETTINGS))  # the stubs list every name
        yield


def note(axes: Axes, text: str) -> None:
    """Say in the middle of empty axes why nothing is drawn."""
    axes.text(
        0.5,
        0.5,
        text,
        transform=axes.transAxes,
        ha="center",
        va="center",
        color=MUTED,
        size=BASE_SIZE + 1,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85},
        zorder=10,
        in_layout=False,
    )


def halo(width: float = 2.5) -> list[Any]:
    """Return the white outline that keeps text readable over marks."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground="white")]
