"""What a user takes away: scenario, tables, figures, run folder. Everything comes from the functions of the command."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from homogsim.errors import HomogsimError
from homogsim.results.tables import write_csv, write_parquet

if TYPE_CHECKING:
    from homogsim.experiments.advice.ownership import Owned
    from homogsim.experiments.comparison import Comparison
    from homogsim.results import Results

FIGURE_FORMATS = {"png": "image/png", "svg": "image/svg+xml"}


class File(NamedTuple):
    """A file for the browser to save."""

    name: str
    kind: str
    """Media type."""
    data: bytes


def stem(results: Results) -> str:
    """Return the beginning of the files' names: letters, digits and hyphens only, because a scenario's name is that."""
    last = int(results.timeline["month"].iloc[-1]) if len(results.timeline) else "start"
    return f"{results.scenario.name}-s{results.seed}-month{last}"


def scenario(results: Results) -> File:
    """Return the scenario file; run by the command it gives the same numbers."""
    made = results.scenario
    data = _written("scenario.toml", lambda path: made.write(path))
    return File(f"{made.name}-s{results.seed}.toml", "application/toml", data)


def timeline_csv(results: Results) -> File:
    """Return the timeline as CSV."""
    data = _written("timeline.csv", lambda path: write_csv(results.timeline, path))
    return File(f"{stem(results)}-timeline.csv", "text/csv", data)


def timeline_parquet(results: Results) -> File:
    """Return the timeline as Parquet."""
    data = _written("timeline.parquet", lambda path: write_parquet(results.timeline, path))
    return File(f"{stem(results)}-timeline.parquet", "application/vnd.apache.parquet", data)


def run_folder(results: Results) -> File:
    """Return the run folder, with its figures, as a zip."""
    from homogsim.plots import save_all

    name = stem(results)
    packed = BytesIO()
    with TemporaryDirectory(prefix="homogsim-run-") as place:
        folder = results.save(Path(place) / name)
        save_all(results, folder / "figures")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(place))
    return File(f"{name}.zip", "application/zip", packed.getvalue())


def figure(results: Results, name: str, form: str) -> File:
    """Return a figure, with title and provenance.

    Raises
    ------
    HomogsimError
        There is no figure of that name, or no such format.
    """
    from homogsim.plots import figure as draw
    from homogsim.plots import write_figure

    kind = _form(form)
    drawn = draw(results, name)
    data = _written(f"figure.{form}", lambda path: write_figure(drawn, path))
    return File(f"{stem(results)}-{name}.{form}", kind, data)


def comparison_figure(found: Comparison, name: str, form: str) -> File:
    """Return a figure of a comparison over many seeds.

    Raises
    ------
    HomogsimError
        There is no figure of that name, or no such format.
    """
    from homogsim.plots import write_figure
    from homogsim.plots.comparison import figure as draw

    kind = _form(form)
    drawn = draw(found, name)
    data = _written(f"figure.{form}", lambda path: write_figure(drawn, path))
    return File(f"{_comparison_stem(found)}-{name}.{form}", kind, data)


def comparison_table(found: Comparison) -> File:
    """Return the table of a comparison as CSV."""
    data = _written("comparison.csv", lambda path: write_csv(found.table, path))
    return File(f"{_comparison_stem(found)}.csv", "text/csv", data)


def _comparison_stem(found: Comparison) -> str:
    return f"{found.others[0]}-against-{found.baseline}-{len(found.seeds)}-seeds"


def _form(form: str) -> str:
    if form not in FIGURE_FORMATS:
        raise HomogsimError(f"figures come as {', '.join(FIGURE_FORMATS)}, not as {form[:20]!r}")
    return FIGURE_FORMATS[form]


FILES: dict[str, Callable[[Results], File]] = {
    "scenario": scenario,
    "csv": timeline_csv,
    "parquet": timeline_parquet,
    "folder": run_folder,
}
"""Files by the name of what they hold."""


def owner_measures(found: Owned, name: str) -> File:
    """Return what came of a business and would have come of it, as CSV."""
    data = _written("owner.csv", lambda path: write_csv(found.table, path))
    return File(f"{name}-owner.csv", "text/csv", data)


def owner_paths(found: Owned, name: str) -> File:
    """Return the three courses of a business, month by month, as CSV."""
    data = _written("paths.csv", lambda path: write_csv(found.paths, path))
    return File(f"{name}-owner-months.csv", "text/csv", data)


def owner_figure(found: Owned, results: Results, form: str) -> File:
    """Return the figure of the three courses, with title and provenance.

    Raises
    ------
    HomogsimError
        There is no such format.
    """
    from homogsim.plots import write_figure
    from homogsim.plots.owner import figure as draw

    kind = _form(form)
    version = results.provenance.get("version", "unknown")
    drawn = draw(found, f"scenario {results.scenario.name}   ·   seed {results.seed}   ·   homogsim {version}")
    data = _written(f"figure.{form}", lambda path: write_figure(drawn, path))
    return File(f"{stem(results)}-owner.{form}", kind, data)


OWNER_FILES: dict[str, Callable[[Owned, str], File]] = {"measures": owner_measures, "months": owner_paths}
"""Files about an owner's business."""


def _written(name: str, write: Callable[[Path], object]) -> bytes:
    with TemporaryDirectory(prefix="homogsim-file-") as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()
