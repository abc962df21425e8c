"""Asks mesa-frames, which lives in an environment of its own (`frames_worker.py`), for the month of demand."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

import numpy as np
from one_month import Answer, Month

HERE = Path(__file__).parent
PYTHON = "HOMOGSIM_FRAMES_PYTHON"
"""Environment variable that names the Python that has mesa-frames; by default that of ``make bench-peers``."""


class NotInstalled(Exception):
    """mesa-frames is not there; says what it said."""


class Frames:
    """A process with the market in mesa-frames, which waits to be asked."""

    def __init__(self, month: Month, threads: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        market = Path(self.folder.name, "market.npz")
        np.savez(market, **_arrays(month))
        python = os.environ.get(PYTHON, str(HERE / ".frames" / "bin" / "python"))
        environment = os.environ | {"POLARS_MAX_THREADS": str(threads)}
        environment.pop("PYTHONPATH", None)
        try:
            self._process = subprocess.Popen(
                [python, str(HERE / "frames_worker.py"), str(market)], env=environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            raise NotInstalled(f"{python}: {error.strerror} (make bench-peers installs it)") from error
        self.version = self._read().removeprefix("ready ")

    def __enter__(self) -> Frames:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()
        self.folder.cleanup()

    def seconds(self) -> float:
        """Return how long a month took, by the worker's own clock."""
        return self._ask("go")

    def answer(self) -> Answer:
        """Return what the last month found."""
        path = Path(self.folder.name, "answer.npz")
        self._ask(f"save {path}")
        with np.load(path) as found:
            return Answer(*(found[name] for name in Answer._fields))

    def _ask(self, order: str) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        return float(self._read())

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise NotInstalled(self._process.communicate()[1].strip().splitlines()[-1])
        return line


def _arrays(month: Month) -> dict[str, np.ndarray]:
    """Return the market as flat columns: consumers, and a row for each cell and outlet within its reach."""
    streets, tastes, seen, noise = month.streets, month.tastes, month.appeal, month.noise
    cells = np.arange(streets.consumer_start.size - 1)
    per_cell = int(np.diff(streets.site_start).max())
    towns = cells % streets.towns
    other = (cells - towns)[:, None] + streets.reach_towns[towns]
    site = (other[:, :, None] * per_cell + np.arange(per_cell)).reshape(-1)
    each = (streets.reach_towns.shape[1], per_cell)
    cell = np.repeat(cells, each[0] * each[1])
    home = np.repeat((other == cells[:, None]).reshape(-1), per_cell)
    is_open = month.is_open[site]
    east, north = streets.site_place[:, site]
    rows = {
        "cell": cell, "site": site, "home": home,
        "minutes": np.repeat(streets.reach_minutes[towns].reshape(-1), per_cell),
        "base": seen.base[site] / noise, "P": seen.personalization[site] / noise,
        "L": home * seen.locality[site] / noise, "misfit": seen.misfit[site] / noise,
        "travel": seen.travel[site] / noise, "price": seen.price[site] / noise, "A": seen.awareness[site],
        "site_east": east, "site_north": north, "site_radius": np.hypot(east, north),
    }  # fmt: skip
    people = {
        "cell": np.repeat(cells, np.diff(streets.consumer_start)), "alpha": tastes.price_sensitivity,
        "strength": tastes.strength, "personal": tastes.personalization, "local": tastes.locality,
        "bonus": np.exp(tastes.loyalty / noise), "east": tastes.place[0], "north": tastes.place[1],
        "radius": np.hypot(*tastes.place), "last": month.last.astype(np.int64),
    }  # fmt: skip
    return {
        **{name: values[is_open] for name, values in rows.items()},
        **{f"people_{name}": values for name, values in people.items()},
        "offering": seen.offering[:, site][:, is_open], "ideal": tastes.ideal,
        "numbers": np.array([month.outside, noise, streets.weight, month.luck.visit_probability]),
    }  # fmt: skip
