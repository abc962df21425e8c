"""What one run found."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from homogsim.errors import HomogsimError, StorageError, nearest
from homogsim.results.canonical import tables_hash
from homogsim.results.provenance import Provenance
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Status = Literal["complete", "interrupted", "extinct"]


@dataclass(frozen=True, eq=False, repr=False)
class Results:
    """What one run found: tables, summary and provenance.

    Month 0 is when automation arrives. Money is in dollars, offerings in standard deviations of tastes, places in
    units of the square, travel in minutes.
    """

    scenario: Scenario
    seed: int
    months: int
    """Months after month 0 that were run."""

    status: Status
    """``extinct``: no firm was left at the end; ``interrupted``: stopped before the last month."""

    timeline: pd.DataFrame
    """One row per recorded month: ``month`` and every metric."""

    towns: pd.DataFrame
    """One row per recorded month and town."""

    firms: pd.DataFrame
    """One row per business that ever lived."""

    spells: pd.DataFrame
    """Time a business spent with one tool: uid, start, stop (months, [start, stop)), tool, contact, event (0/1)."""

    snapshots: pd.DataFrame
    """Every business that was open in a few chosen months, with place and offering."""

    templates: pd.DataFrame
    """Where the vendors' templates stand: vendor, tier, sector (−1: all), offering_0…"""

    roads: pd.DataFrame
    """from_town, to_town, minutes."""

    town_positions: pd.DataFrame
    """town, x, y in the unit square."""

    accounts: pd.DataFrame
    """Money flows, $ per recorded month."""

    scale: float
    """ℓ of the diversity metrics, frozen at month 0, in standard deviations of tastes."""

    summary: dict[str, float]
    """End of every metric (see `homogsim.results.summarise`) and the survival shares."""

    provenance: Provenance
    """Versions, host, time (see `homogsim.results.provenance`)."""

    record_every: int = 1
    """Months from one row of the timeline to the next."""

    consumers: pd.DataFrame | None = None
    """What each consumer (above 50,000: of a keyed sample) gained before automation and at the end, $ an occasion."""

    firm_months: pd.DataFrame | None = None
    """With biographies: one row per business and month."""

    decisions: pd.DataFrame | None = None
    """With biographies: why each business adopted, changed or closed."""

    def __repr__(self) -> str:
        """Return one line; the tables would fill the screen."""
        return f"<Results of {self.scenario.name}, seed {self.seed}, {self.months} months, {self.status}>"

    def results_hash(self) -> str:
        """Return the SHA-256 of timeline, towns and firms (see `homogsim.results.canonical.tables_hash`)."""
        return tables_hash({"timeline": self.timeline, "towns": self.towns, "firms": self.firms})

    def save(self, folder: str | Path, *, replace: bool = False) -> Path:
        """Write everything to a new folder, whole or not at all, and return its path.

        Parameters
        ----------
        folder : path
            Folder to create.
        replace : bool
            Whether an earlier run folder of that name is replaced.

        Raises
        ------
        StorageError
            The folder exists (and is not to be replaced, or is not a run folder), or cannot be written.
        """
        from homogsim.results import files

        return files.save(self, Path(folder), replace=replace)

    @classmethod
    def load(cls, folder: str | Path, *, verify: bool = False) -> Results:
        """Read a run folder.

        Parameters
        ----------
        folder : path
            Folder that `save` wrote.
        verify : bool
            Whether to compute the hash of the results again and compare it with the one stored.

        Raises
        ------
        StorageError
            A file is missing or damaged, the folder was written by a later version, or the hash differs.
        """
        from homogsim.results import files

        results = files.load(Path(folder))
        if verify and results.results_hash() != files.read_manifest(Path(folder))["results_hash"]:
            raise StorageError("the tables do not match the stored hash", str(folder), "Run again, or restore a copy.")
        return results

    def plot(self, name: str) -> Figure:
        """Return one of the figures of `homogsim.plots.FIGURES` as a matplotlib figure.

        Raises
        ------
        HomogsimError
            There is no figure of that name.
        """
        # Figures are a layer above results; by name, so that results can be used (and tested) without them.
        figures = importlib.import_module("homogsim.plots").FIGURES
        if name not in figures:
            raise HomogsimError(f"there is no figure {name!r}", help=nearest(name, figures))
        figure: Figure = figures[name](self)
        return figure
