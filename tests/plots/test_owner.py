"""The figure of an owner."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex

from homogsim.experiments.advice.courses import MONTHLY, Course
from homogsim.experiments.advice.ownership import Owned
from homogsim.plots.owner import LOOKS, figure


def course(monthly: float, lived: int, cause: str = "") -> Course:
    months = {name: np.zeros(10) for name in MONTHLY}
    months["is_open"][:lived] = 1.0
    months["profit"][:lived] = monthly
    return Course(months, cause)


def test_three_lines_end_where_the_business_does():
    found = Owned(7, "$x^2$ & Söhne", 4, {"you": course(100.0, 6, "bankrupt"), "by itself": course(50.0, 10),
                                          "none": course(-20.0, 10)}, ())  # fmt: skip
    drawn = figure(found, "scenario made up")
    axes = drawn.axes[0]
    lines = {to_hex(line.get_color()): line for line in axes.lines if len(line.get_xdata()) > 2}
    mine, own, none = (lines[to_hex(look.colour)] for _, look in LOOKS.values())
    assert mine.get_xdata().tolist() == list(range(4, 11))
    assert mine.get_ydata().tolist() == [100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 600.0]
    assert own.get_xdata()[-1] == 13
    assert none.get_ydata()[-1] == -200.0
    assert [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "x"] == [10]
    words = [text.get_text() for text in drawn.findobj(lambda artist: hasattr(artist, "get_text"))]
    assert any("never automated" in text for text in words)
    assert drawn.texts[0].get_text() == "$x^2$ & Söhne: what came of it"
    assert not drawn.texts[0].get_parse_math()
