"""Scenario discovery: the region of the parameters in which a metric is high (or low), by PRIM.

Boxes come from EMA workbench. Levers and uncertainties are those of the parameters' declarations: a box over
uncertainties says when something happens, one over levers what makes it happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np

from homogsim.errors import HomogsimError
from homogsim.experiments.sensitivity.outputs import Outputs, read_outputs
from homogsim.experiments.sweeps.factors import cell
from homogsim.parameters import declared

LEAST_CASES = 10


@dataclass(frozen=True)
class Limit:
    """One side of a box: the range, or the values, of a parameter."""

    parameter: str
    role: str
    """``lever`` or ``uncertainty``, as declared."""
    low: float | None
    high: float | None
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Box:
    """A region of the parameters in which most cases are of interest."""

    metric: str
    condition: str
    """What makes a case one of interest, e.g. ``diversity_lost > 0``."""
    cases: int
    of_interest: int
    coverage: float
    """Share of the cases of interest that lie in the box."""
    density: float
    """Share of the cases in the box that are of interest."""
    mass: float
    """Share of all cases that lie in the box."""
    limits: tuple[Limit, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return {**vars(self), "limits": [vars(limit) for limit in self.limits]}


def discover(
    folder: str | Path, metric: str, *, above: float | None = None, below: float | None = None,
    role: str | None = None,
) -> Box:  # fmt: skip
    """Return the region in which a metric's mean over replications lies above, or below, a threshold.

    Parameters
    ----------
    folder : path
        Of a finished sweep.
    metric : str
        Name of a metric.
    above, below : float
        The threshold; one of them.
    role : str, optional
        ``lever`` or ``uncertainty``: only such parameters may bound the box.

    Raises
    ------
    HomogsimError
        No threshold, or two; too few cases; an incomplete sweep; EMA workbench is not installed.
    """
    return find_box(read_outputs(folder, metric), above=above, below=below, role=role)


def find_box(
    outputs: Outputs, *, above: float | None = None, below: float | None = None, role: str | None = None
) -> Box:
    """Return the box of a metric over a design (see `discover`)."""
    threshold = above if above is not None else below
    if threshold is None or (above is not None and below is not None):
        what = "which cases are of interest?"
        raise HomogsimError(what, "--method prim", "Give --above VALUE or --below VALUE, for example --above 0.")
    wanted = outputs.means > threshold if above is not None else outputs.means < threshold
    condition = f"{outputs.metric} {'>' if above is not None else '<'} {threshold:g}"
    if not LEAST_CASES <= int(wanted.sum()) <= len(wanted) - LEAST_CASES:
        what = f"{condition} holds at {int(wanted.sum())} of {len(wanted)} points"
        help = f"At least {LEAST_CASES} points must be on either side: choose another threshold, or more samples."
        raise HomogsimError(what, "--method prim", help)
    chosen = [n for n, factor in enumerate(outputs.factors) if role in (None, declared()[factor.name].role)]
    if not chosen:
        raise HomogsimError(f"none of the parameters that vary is a {role}", "--role")
    return _peeled(outputs, wanted, condition, chosen)


def _peeled(outputs: Outputs, wanted: Any, condition: str, chosen: list[int]) -> Box:
    import pandas as pd

    rows = [outputs.design.values(point) for point in range(len(wanted))]
    columns = {outputs.names[n]: [_plain(row[n]) for row in rows] for n in chosen}
    frame = pd.DataFrame({name: _typed(values) for name, values in columns.items()})
    with catch_warnings():
        simplefilter("ignore")  # its own about optional parts
        prim = _prim()
        options = {"threshold": float(np.mean(wanted))} if "threshold" in signature(prim).parameters else {}
        found = prim(frame, np.asarray(wanted), **options).find_box()  # EMA workbench 3 knows no threshold
    trajectory = found.peeling_trajectory
    coverage, density = trajectory["coverage"], trajectory["density"]
    place = int((coverage * density / (coverage + density)).idxmax())  # the best compromise (harmonic mean)
    row, limits = trajectory.loc[place], found.box_lims[place]
    told = [_limit(name, limits[name], frame[name]) for name in columns]
    return Box(
        outputs.metric, condition, len(wanted), int(wanted.sum()), float(row["coverage"]), float(row["density"]),
        float(row["mass"]), tuple(limit for limit in told if limit is not None),
    )  # fmt: skip


def _prim() -> Any:
    from importlib import import_module

    try:
        return import_module("ema_workbench.analysis.prim").Prim
    except ImportError as error:
        what = f"this needs {error.name}, which is not installed"
        raise HomogsimError(what, help='Install the extra: pip install "homogsim[sensitivity]".') from error


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else cell(value)


def _typed(values: list[Any]) -> Any:
    import pandas as pd

    if isinstance(values[0], str):
        return pd.Categorical(values)
    return np.array(values, dtype=np.float64 if isinstance(values[0], float) else np.int64)


def _limit(name: str, limits: Any, column: Any) -> Limit | None:
    """Return the side of a box along a parameter; None where it does not bound it."""
    role = declared()[name].role
    inside = list(limits)
    if isinstance(inside[0], set):
        values = tuple(sorted(map(str, inside[0])))
        return None if set(values) == set(column.unique()) else Limit(name, role, None, None, values)
    low, high = float(inside[0]), float(inside[1])
    return None if low <= column.min() and high >= column.max() else Limit(name, role, low, high)
