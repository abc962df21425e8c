"""The best choice by kind of business, and where the answer is unclear; as tables and files."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from homogsim.experiments.advice.choices import NONE, Choice
from homogsim.experiments.pairing import t_quantile
from homogsim.results.folder import whole_folder, write_file
from homogsim.results.manifest import plain
from homogsim.results.tables import write_csv
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("alignment", "quality", "distance", "cash")
"""What makes a kind of business."""
THIRDS = ("low", "middle", "high")
FEWEST = 6
"""Businesses of a kind below which nothing is said about it."""


@dataclass(frozen=True)
class TypesOutcome:
    """The businesses followed in one world: what they are like, and what each choice earned them."""

    number: int
    seed: int
    businesses: tuple[dict[str, float], ...]
    """``uid``, features, and ``profit CHOICE``: cumulative profit less set-up cost, NaN where it cannot be paid."""


def table_of(worlds: Sequence[TypesOutcome]) -> pd.DataFrame:
    """Return a row per business, with what every choice gained it over no tool (``gain CHOICE``)."""
    table = pd.DataFrame(
        [{"world": world.number, "seed": world.seed} | found for world in worlds for found in world.businesses]
    )
    if table.empty:
        return table
    table["uid"] = table["uid"].astype(np.int64)
    for name in [str(column) for column in table.columns if str(column).startswith("profit ")]:
        table[name.replace("profit ", "gain ", 1)] = table[name] - table[f"profit {NONE}"]
    return table


@dataclass(frozen=True, eq=False, repr=False)
class TypeMap:
    """The best choice by kind of business."""

    scenario: Scenario
    month: int
    horizon: int
    choices: tuple[Choice, ...]
    worlds: tuple[TypesOutcome, ...]
    businesses: pd.DataFrame
    """A row per business followed: world, uid, features, and what every choice earned and gained over no tool."""
    notes: tuple[str, ...] = ()
    status: str = "complete"

    def __repr__(self) -> str:
        """Return one line."""
        return f"<TypeMap of {len(self.businesses)} businesses in {len(self.worlds)} worlds>"

    def edges(self, feature: str) -> NDArray[np.float64]:
        """Return the two values between which the middle third of the businesses lies."""
        return np.asarray(np.quantile(self.businesses[feature].to_numpy(dtype=np.float64), [1 / 3, 2 / 3]))

    def third(self, feature: str) -> NDArray[np.int64]:
        """Return for every business the third, 0 to 2, that it belongs to."""
        return np.asarray(np.searchsorted(self.edges(feature), self.businesses[feature].to_numpy(dtype=np.float64)))

    def verdict(self, chosen: NDArray[np.bool_]) -> dict[str, Any]:
        """Return the best choice of some businesses, its gain over no tool, and whether it is clearly the best.

        Choices that more than half of them cannot pay for are left out, and the others compared over those who can pay
        for all of them. Clear: the 95 % interval of its paired lead over the runner-up leaves out 0. Businesses of one
        world share their luck, so intervals treat worlds, not businesses, as independent.
        """
        some = self.businesses[chosen]
        nothing = {"businesses": len(some), "best": "–", "second": "", "gain": np.nan, "low": np.nan, "high": np.nan,
                   "lead": np.nan, "lead_low": np.nan, "lead_high": np.nan, "verdict": "too few"}  # fmt: skip
        if len(some) < FEWEST:
            return nothing
        gains = {c.name: some[f"gain {c.name}"].to_numpy(dtype=np.float64) for c in self.choices}
        # What most cannot pay for is no answer for this kind; the rest is compared over those who can pay for it all.
        gains = {name: gain for name, gain in gains.items() if 2 * np.isfinite(gain).sum() >= len(some)}
        common = np.all([np.isfinite(gain) for gain in gains.values()], axis=0)
        if common.sum() < FEWEST:
            return nothing
        world = some["world"].to_numpy()[common]
        gains = {name: gain[common] for name, gain in gains.items()}
        order = sorted(gains, key=lambda name: -float(gains[name].mean()))
        nothing["businesses"] = int(common.sum())
        best = order[0]
        gain = clustered(gains[best], world)
        found = nothing | {"best": best, "gain": gain[0], "low": gain[1], "high": gain[2], "verdict": "unclear"}
        if len(order) < 2:
            return found | {"verdict": "only choice"}
        lead = clustered(gains[best] - gains[order[1]], world)
        clear = bool(lead[1] > 0.0)
        return found | {"second": order[1], "lead": lead[0], "lead_low": lead[1], "lead_high": lead[2],
                        "verdict": "clear" if clear else "unclear"}  # fmt: skip

    def cells(self) -> pd.DataFrame:
        """Return a row per kind: all businesses, thirds of every feature, and thirds of every two features."""
        rows = [{"plane": "all", "first": "", "second": ""} | self._renamed(np.ones(len(self.businesses), dtype=bool))]
        thirds = {feature: self.third(feature) for feature in KINDS}
        for feature in KINDS:
            for k in range(3):
                about = {"plane": feature, "first": self.span(feature, k), "second": ""}
                rows.append(about | self._renamed(thirds[feature] == k))
        for one, two in combinations(KINDS, 2):
            for k in range(3):
                for m in range(3):
                    about = {"plane": f"{one} × {two}", "first": self.span(one, k), "second": self.span(two, m)}
                    rows.append(about | self._renamed((thirds[one] == k) & (thirds[two] == m)))
        return pd.DataFrame(rows)

    def _renamed(self, chosen: NDArray[np.bool_]) -> dict[str, Any]:
        found = self.verdict(chosen)
        return {("runner_up" if name == "second" else name): value for name, value in found.items()}

    def span(self, feature: str, third: int) -> str:
        """Return a third in words with its limits: ``low cash (under 21,000)``."""
        low, high = (f"{edge:,.0f}" if abs(edge) >= 100.0 else f"{edge:.2g}" for edge in self.edges(feature))
        return f"{THIRDS[third]} {feature} ({(f'under {low}', f'{low} to {high}', f'over {high}')[third]})"

    def cells_by_plane(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Yield a heading and its rows, for every feature by itself."""
        cells = self.cells()
        for feature in KINDS:
            yield f"by {feature}", cells[cells["plane"] == feature].to_dict("records")

    @property
    def summary(self) -> str:
        """What comes out, in two sentences."""
        cells = self.cells()
        whole, kinds = cells.iloc[0], cells[cells["plane"].str.contains("×")]
        said = kinds[kinds["verdict"] != "too few"]
        clear = said[said["verdict"] == "clear"]
        winners = ", ".join(f"{name} in {count}" for name, count in clear["best"].value_counts().items())
        over = f"Over all {whole['businesses']} businesses of {len(self.worlds)} worlds that can pay for it"
        against = f"{whole['verdict']} against {whole['runner_up'] or 'no tool'}"
        text = f"{over} {whole['best']} is best on average (${whole['gain']:,.0f} more than no tool; {against})."
        text += f" Of {len(said)} kinds by two features the answer is clear for {len(clear)}"
        return text + (f": {winners}." if winners else ".")

    def as_dict(self) -> dict[str, Any]:
        """Return what was found as plain data for JSON: what is undefined is None."""
        about = {"scenario": self.scenario.name, "fingerprint": self.scenario.fingerprint(), "month": self.month,
                 "horizon": self.horizon, "worlds": len(self.worlds), "businesses": len(self.businesses),
                 "choices": {choice.name: choice.label for choice in self.choices}, "summary": self.summary,
                 "edges": {feature: self.edges(feature).tolist() for feature in KINDS}}  # fmt: skip
        found = about | {"cells": self.cells().to_dict("records"), "notes": list(self.notes), "status": self.status}
        return dict(plain(found))

    def write(self, folder: Path) -> None:
        """Write ``map.json``, ``map.csv`` and ``businesses.csv`` into an empty folder."""
        text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_file(folder / "map.json", lambda file: file.write(text.encode("utf-8")))
        write_csv(self.cells(), folder / "map.csv")
        write_csv(self.businesses, folder / "businesses.csv")

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

    def plot(self) -> Figure:
        """Return the figure: the best choice by every two features."""
        figure: Figure = importlib.import_module("homogsim.plots.advice_map").figure(self)
        return figure


def clustered(values: NDArray[np.float64], cluster: NDArray[Any]) -> tuple[float, float, float]:
    r"""Return the mean of values and its 95 % interval when values of one cluster depend on each other.

    .. math:: \bar y \pm t_{W-1} \sqrt{\tfrac{W}{W-1} \sum_w \big(\sum_{i \in w} (y_i - \bar y)\big)^2}\,/\,n

    Parameters
    ----------
    values : (n,) array
        Not finite where undefined; left out.
    cluster : (n,) array
        The cluster of each value.

    Returns
    -------
    mean, low, high : float
        Unit of the values; the interval is NaN with fewer than two clusters.

    References
    ----------
    Cameron & Miller (2015), A practitioner's guide to cluster-robust inference, Journal of Human Resources 50, 317–372.
    """
    known = np.isfinite(values)
    values, cluster = values[known], cluster[known]
    if values.size == 0:
        return (float("nan"),) * 3
    mean = float(values.mean())
    _, which = np.unique(cluster, return_inverse=True)
    sums = np.bincount(which, values - mean)
    worlds = sums.size
    if worlds < 2:
        return mean, float("nan"), float("nan")
    error = np.sqrt(worlds / (worlds - 1) * (sums * sums).sum()) / values.size
    half = float(t_quantile(worlds)) * float(error)
    return mean, mean - half, mean + half
