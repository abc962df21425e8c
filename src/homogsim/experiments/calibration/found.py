"""What a calibration found, as tables and as files."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homogsim.errors import HomogsimError
from homogsim.experiments.calibration.identification import Identification
from homogsim.experiments.calibration.objective import Evaluation, Objective
from homogsim.experiments.measuring import BASE
from homogsim.results.manifest import plain
from homogsim.results.tables import escape_text
from homogsim.scenario import Scenario
from homogsim.scenario.writing import write_whole

if TYPE_CHECKING:
    import pandas as pd


class NothingFound(HomogsimError):
    """All evaluations failed."""

    exit_code = 1


@dataclass(frozen=True)
class Calibration:
    """What a calibration found."""

    objective: Objective
    evaluations: tuple[Evaluation, ...]
    """In the order in which they were asked for."""
    best: Evaluation
    identification: Identification | None
    """None when it was interrupted before."""
    reused: int = 0
    """Evaluations that were found in the folder."""
    interrupted: bool = False

    @property
    def failures(self) -> Counter[str]:
        """How many evaluations failed, by reason."""
        return Counter(e.failure for e in self.evaluations if e.failure)

    @property
    def scenario(self) -> Scenario:
        """The start with the best parameters."""
        whole = {one.name: one.whole for one in self.objective.free}
        best = {name: round(v) if whole[name] else v for name, v in self.best.values.items()}
        return self.objective.base.override(best)

    @property
    def trace(self) -> pd.DataFrame:
        """A row per evaluation: parameters, moments, distance, the best distance so far, why it failed."""
        import pandas as pd

        rows, least = [], math.inf
        for number, e in enumerate(self.evaluations):
            least = min(least, e.distance) if not e.failure else least
            means = {f"moment_{t.id}": e.means.get(t.id, math.nan) for t in self.objective.targets}
            about = {"evaluation": number, **e.values, **means, "distance": e.distance}
            rows.append(about | {"best_distance": least if math.isfinite(least) else math.nan, "failure": e.failure})
        return pd.DataFrame(rows)

    def as_dict(self) -> dict[str, Any]:
        """Return what was found as plain data for JSON."""
        moments = {
            t.id: {"simulated": self.best.means[t.id], "target": t.target, "lo": t.lo, "hi": t.hi,
                   "inside": t.holds(self.best.means[t.id])}
            for t in self.objective.targets
        }  # fmt: skip
        parameters = {
            one.name: {"start": one.start, "best": self.best.values[one.name], "low": one.low, "high": one.high}
            for one in self.objective.free
        }
        found = {
            "evaluations": len(self.evaluations),
            "failures": dict(self.failures),
            "reused": self.reused,
            "interrupted": self.interrupted,
            "distance": self.best.distance,
            "start_distance": self.evaluations[0].distance,
            "parameters": parameters,
            "moments": moments,
            "identification": None if self.identification is None else self.identification.as_dict(),
        }
        return dict(plain(found))

    def write(self, folder: Path) -> None:
        """Write ``best.toml``, ``trace.csv``, ``calibration-result.json``, ``sensitivities.csv`` anew.

        Raises
        ------
        StorageError
            They cannot be written; each is written whole or not at all.
        """
        question = "How does the market look with the calibrated parameters?"
        best = replace(self.scenario, name="calibrated", question=question, extends=BASE, expect=(), path=None)
        best.write(folder / "best.toml", overwrite=True)
        _write_table(self.trace, folder / "trace.csv")
        result = json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_whole(folder / "calibration-result.json", result, overwrite=True)
        if self.identification is not None:
            _write_table(self.identification.sensitivities, folder / "sensitivities.csv")


def _write_table(table: pd.DataFrame, path: Path) -> None:
    write_whole(path, escape_text(table).to_csv(index=False, lineterminator="\n"), overwrite=True)


def best_of(done: Sequence[Evaluation], interrupted: bool) -> Evaluation:
    """Return the evaluation with the least distance, the earliest of equals.

    Raises
    ------
    NothingFound
        There is none that did not fail; says why they did.
    """
    good = [evaluation for evaluation in done if not evaluation.failure]
    if good:
        return min(good, key=lambda evaluation: evaluation.distance)
    if not done and interrupted:
        raise NothingFound("interrupted before one set of parameters was evaluated", help="The same command goes on.")
    reason, count = Counter(evaluation.failure for evaluation in done).most_common(1)[0]
    what = f"none of {len(done)} sets of parameters could be evaluated; {count} times: {reason}"
    raise NothingFound(what, help="Choose other bounds, longer runs (--months) or other targets.")
