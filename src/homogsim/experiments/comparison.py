"""What a comparison of scenarios found, as tables and as files."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from homogsim.experiments.pairing import CONFIDENCE, Band, band
from homogsim.experiments.replicate import Outcome
from homogsim.results.folder import whole_folder, write_file
from homogsim.results.manifest import plain
from homogsim.results.provenance import now, provenance
from homogsim.results.tables import write_csv, write_parquet
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Status = Literal["complete", "incomplete", "interrupted"]

METRIC_FIGURES = ("mean", "difference", "low", "high", "relative", "variance_reduction")
FILES = ("comparison.json", "comparison.csv", "replications.parquet")


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Scenarios under the same seeds, each against the first."""

    baseline: str
    """Name of the scenario that the others are compared with."""

    scenarios: Mapping[str, Scenario]
    """All scenarios by their name in this comparison, the baseline first."""

    seeds: tuple[int, ...]
    """Seeds under which all scenarios were run to the end."""

    metrics: tuple[str, ...]
    """Metrics compared."""

    table: pd.DataFrame
    """A row per scenario (the baseline excepted) and metric: ``scenario, metric, unit, pairs, baseline_mean, mean,
    difference, low, high, relative, variance_reduction, verdict`` (see `homogsim.experiments.pairing.Paired`). Values
    are those of the end of a run (mean of its last 24 months); NaN where undefined, no verdict without an interval."""

    welfare: pd.DataFrame
    """A row per scenario and part of the change of consumer surplus in the last month, $/month: ``scenario, part, mean,
    low, high``; the last part is ``total``. Empty for scenarios whose consumers are others."""

    runs: pd.DataFrame
    """A row per finished run: ``scenario, seed, status, results_hash`` and the end of every metric."""

    timelines: Mapping[str, tuple[Outcome, ...]]
    """By scenario: the runs of `seeds`, in their order."""

    notes: tuple[str, ...] = ()
    """What a reader should know: why something is missing, and what was lost."""

    status: Status = "complete"
    """``incomplete`` when runs were lost, ``interrupted`` when it was stopped."""

    @property
    def others(self) -> tuple[str, ...]:
        """Names of the scenarios that are compared with the baseline."""
        return tuple(self.scenarios)[1:]

    def __repr__(self) -> str:
        """Return one line; the tables would fill the screen."""
        return f"<Comparison of {', '.join(self.others)} with {self.baseline}, {len(self.seeds)} seeds, {self.status}>"

    @property
    def month(self) -> np.ndarray:
        """The recorded months."""
        return self.timelines[self.baseline][0].month

    def levels(self, metric: str, scenario: str) -> Band:
        """Return a metric's mean over the seeds and its 95 % interval, month by month."""
        return band(self._by_month(metric, scenario))

    def differences(self, metric: str, scenario: str) -> Band:
        """Return the mean paired difference from the baseline and its 95 % interval, month by month."""
        return band(self._by_month(metric, scenario) - self._by_month(metric, self.baseline))

    def _by_month(self, metric: str, scenario: str) -> np.ndarray:
        return np.stack([run.timeline[metric] for run in self.timelines[scenario]])

    def as_dict(self) -> dict[str, Any]:
        """Return what was found as plain data for JSON: what is undefined is None."""
        found = {
            "baseline": self.baseline,
            "scenarios": {name: self._of(name) for name in self.others},
            "replications": len(self.seeds),
            "seeds": list(self.seeds),
            "confidence": CONFIDENCE,
            "status": self.status,
            "notes": list(self.notes),
            "definitions": {name: _definition(scenario) for name, scenario in self.scenarios.items()},
        }
        return dict(plain(found))

    def _of(self, name: str) -> dict[str, Any]:
        rows = self.table[self.table["scenario"] == name].set_index("metric")
        columns = [*METRIC_FIGURES, "baseline_mean", "verdict", "pairs"]
        metrics = {metric: dict(zip(columns, values, strict=True)) for metric, *values in rows[columns].itertuples()}
        parts = self.welfare[self.welfare["scenario"] == name].set_index("part")
        return {
            "metrics": metrics,
            "welfare_decomposition": parts["mean"].to_dict() or None,
            "welfare_intervals": {part: [low, high] for part, low, high in parts[["low", "high"]].itertuples()} or None,
        }

    def write(self, folder: Path) -> None:
        """Write ``comparison.json``, ``comparison.csv`` and ``replications.parquet`` into an empty folder."""
        made = provenance(now(), 0.0)
        del made["wall_seconds"]
        facts = self.as_dict() | {"provenance": made}
        text = json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_file(folder / FILES[0], lambda file: file.write(text.encode("utf-8")))
        write_csv(self.table, folder / FILES[1])
        write_parquet(self.runs, folder / FILES[2])

    def save(self, folder: str | Path) -> Path:
        """Write the files of `write` to a new folder, whole or not at all, and return its path.

        Raises
        ------
        StorageError
            The folder exists or cannot be written.
        """
        with whole_folder(Path(folder)) as place:
            self.write(place)
        return Path(folder)

    def plot(self, name: str) -> Figure:
        """Return a figure: ``differences``, ``welfare``, or a metric's name for its course over time.

        Raises
        ------
        HomogsimError
            There is no figure of that name.
        """
        # By name, as in `Results.plot`: experiments can be made without figures.
        figure: Figure = importlib.import_module("homogsim.plots.comparison").figure(self, name)
        return figure


def _definition(scenario: Scenario) -> dict[str, Any]:
    """Return which scenario it was, well enough to run it again."""
    different = {name: value for name, (_, value) in scenario.differences().items()}
    events = {"events": scenario.as_dict()["events"]} if scenario.events else {}
    about = {"scenario": scenario.name, "fingerprint": scenario.fingerprint()}
    return about | {"differences": different} | events
