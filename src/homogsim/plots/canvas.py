"""The figure class: a matplotlib figure that notebooks can show although pyplot never made it."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure

from homogsim.plots.style import theme


class RunFigure(Figure):
    """A figure of a run; IPython shows it as an image."""

    run_facts: str = ""
    """Scenario, seed and version, as in the footer."""

    def _repr_png_(self) -> bytes:
        image = BytesIO()
        with theme():
            self.savefig(image, format="png")
        return image.getvalue()
