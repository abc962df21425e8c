"""`homogsim sensitivity`: which parameters of a finished sweep move a metric, with intervals and the share of luck."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from homogsim.cli.tables import print_table
from homogsim.cli.text import console, finite, number, percent, printable
from homogsim.errors import HomogsimError

if TYPE_CHECKING:
    from homogsim.experiments.sensitivity.analyses import Sensitivity
    from homogsim.experiments.sensitivity.discovery import Box

ROLES = ("lever", "uncertainty")
MEANINGS = {
    "first": "first: share of the variance that it explains alone",
    "total": "total: with all interactions",
    "mu_star": "mu_star: mean size of its elementary effects",
    "mu": "mu: with their sign",
    "sigma": "sigma: their spread (interactions, curvature)",
    "median": "median: distance between the metric's distributions, 0 to 1",
    "coefficient": "coefficient: standard deviations that the metric moves with one of the parameter",
}


def show_sensitivity(
    folder: Path, metric: str, method: str | None, above: float | None, below: float | None, role: str | None,
    *, as_json: bool,
) -> int:  # fmt: skip
    """Analyse, print, and return 0."""
    if role not in (None, *ROLES):
        raise HomogsimError(f"{role[:40]!r} is no role of a parameter", "--role", f"Known: {', '.join(ROLES)}.")
    for name, threshold in (("--above", above), ("--below", below)):
        if threshold is not None:
            finite(name, threshold)
    if method == "prim":
        from homogsim.experiments.sensitivity.discovery import discover

        box = discover(folder, metric, above=above, below=below, role=role)
        print(json.dumps(box.as_dict(), ensure_ascii=False)) if as_json else _print_box(box)
        return 0
    if above is not None or below is not None or role is not None:
        raise HomogsimError("--above, --below and --role belong to --method prim", "--method")
    from homogsim.experiments.sensitivity.analyses import sensitivity

    found = sensitivity(folder, metric, method)
    print(json.dumps(found.as_dict(), ensure_ascii=False, allow_nan=False)) if as_json else _print(found)
    return 0


def _print(found: Sensitivity) -> None:
    output = console()
    title = f"{found.metric}, {found.method}: {found.points} points, {found.replications} replications"
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.caption = "95 % intervals; " + "; ".join(MEANINGS[measure] for measure in found.measures)
    table.add_column("parameter", no_wrap=True)
    for measure in found.measures:
        table.add_column(measure, justify="right", no_wrap=True)
        if any(math.isfinite(effect.low) for effect in found.of(measure).values()):
            table.add_column("interval", justify="right", no_wrap=True)
    by_measure = {measure: found.of(measure) for measure in found.measures}
    first = by_measure[found.measures[-1] if found.method == "sobol" else found.measures[0]]
    for parameter in sorted(first, key=lambda name: -abs(first[name].value)):
        cells = []
        for measure in found.measures:
            effect = by_measure[measure][parameter]
            cells.append(number(effect.value))
            if any(math.isfinite(one.low) for one in by_measure[measure].values()):
                cells.append(f"{number(effect.low)} … {number(effect.high)}")
        table.add_row(parameter, *cells)
    print_table(output, table)
    if math.isfinite(found.explained):
        output.print(f"the regression explains {_share(found.explained)} of the variance between points (R²)")
    output.print(_noise(found), soft_wrap=True)


def _noise(found: Sensitivity) -> str:
    noise = found.noise
    if not math.isfinite(noise.share):
        return "replicate noise: unknown with one replication; repeat the sweep with --replications 2 or more"
    common = f"; {_share(noise.common)} is common to all points and cancels in comparisons" if noise.common > 0 else ""
    interval = f"{_share(noise.low)} … {_share(noise.high)}"
    return f"replicate noise: {_share(noise.share)} of the variance of single runs ({interval}){common}"


def _share(value: float) -> str:
    return percent(value).lstrip("+")


def _print_box(box: Box) -> None:
    output = console()
    output.print(f"{box.condition} at {box.of_interest} of {box.cases} points", soft_wrap=True)
    if not box.limits:
        output.print("no region of the parameters has more of them than the whole")
    for limit in box.limits:
        inside = ", ".join(limit.values) or f"{number(limit.low)} to {number(limit.high)}"
        output.print(printable(f"  {limit.parameter} ({limit.role}): {inside}"), soft_wrap=True)
    output.print(
        f"in that region {_share(box.density)} of the points, which are {_share(box.coverage)} of all such points",
        soft_wrap=True,
    )
