"""`homogsim calibrate`: search parameters with which the model meets its targets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from homogsim.cli.experiments import runs_progress, settings
from homogsim.cli.stopping import INTERRUPTED, Stop
from homogsim.cli.tables import print_table
from homogsim.cli.text import console, number, printable
from homogsim.errors import counted
from homogsim.scenario.budget import duration

if TYPE_CHECKING:
    from homogsim.experiments.calibration.found import Calibration
    from homogsim.experiments.calibration.identification import Direction

SHOWN_WEIGHT = 0.2
"""Weight from which a parameter is named in a direction."""


@dataclass(frozen=True)
class CalibrateOptions:
    """The options of ``homogsim calibrate``."""

    parameters: str
    budget: int
    out: Path
    targets: str = "fit"
    scenario: str = "baseline"
    replications: int = 4
    seed: int = 30_000
    months: int | None = None
    sampler: str | None = None
    jobs: int | None = None
    changes: tuple[str, ...] = ()
    as_json: bool = False


def calibrate_scenario(options: CalibrateOptions) -> int:
    """Calibrate, write and print; return 0, or 130 if it was interrupted."""
    from homogsim.experiments.calibration.calibrate import plan

    errors = console(stderr=True)
    planned = plan(
        options.parameters,
        options.budget,
        targets_=options.targets,
        scenario=options.scenario,
        replications=options.replications,
        seed=options.seed,
        months=options.months,
        set=settings(options.changes),
        sampler=options.sampler,
        jobs=options.jobs,
    )
    if not options.as_json:
        errors.print(
            f"{planned.evaluations} evaluations of {counted(len(planned.objective.seeds), 'seed')}, "
            f"at most {planned.runs} runs, {planned.jobs} at a time: about {duration(planned.seconds)}"
        )
    with Stop() as stop, runs_progress(errors, silent=options.as_json) as watch:
        found = planned.run(options.out, watch, lambda: stop.requested)
    if options.as_json:
        print(json.dumps(found.as_dict(), ensure_ascii=False, allow_nan=False))
    else:
        show(found, options.out)
    return INTERRUPTED if found.interrupted else 0


def show(found: Calibration, folder: Path) -> None:
    """Print parameters, moments, what the targets cannot tell, and what failed."""
    output = console()
    print_table(output, _parameters(found))
    print_table(output, _moments(found), unnamed="verdict")
    if found.identification is not None:
        for direction in found.identification.directions:
            if direction.flat:
                output.print(
                    f"not identified ({number(direction.strength)} half-widths): {_told(direction)}", soft_wrap=True
                )
        if found.identification.left_out:
            names = ", ".join(found.identification.left_out)
            output.print(f"sensitivity unknown, as an evaluation beside the optimum failed: {names}", soft_wrap=True)
    for reason, count in found.failures.items():
        output.print(printable(f"{count} evaluations failed: {reason}"), soft_wrap=True)
    if found.interrupted:
        output.print("interrupted: the same command goes on from here")
    output.print(f"results: {printable(str(folder))}", soft_wrap=True)


def _told(direction: Direction) -> str:
    parts = sorted(direction.weights.items(), key=lambda item: -abs(item[1]))
    return ", ".join(f"{weight:+.2f} {name}" for name, weight in parts if abs(weight) >= SHOWN_WEIGHT)


def _parameters(found: Calibration) -> Table:
    table = Table(title=f"best of {len(found.evaluations)} evaluations", title_justify="left")
    table.add_column("parameter", no_wrap=True)
    for heading in ("start", "best", "± other seeds", "bounds"):
        table.add_column(heading, justify="right", no_wrap=True)
    errors = {} if found.identification is None else found.identification.simulation_errors
    for one in found.objective.free:
        best, error = number(found.best.values[one.name]), number(errors.get(one.name))
        table.add_row(one.name, number(one.start), best, error, f"{number(one.low)} … {number(one.high)}")
    return table


def _moments(found: Calibration) -> Table:
    start, best = found.evaluations[0], found.best
    table = Table(title=f"distance {number(start.distance)} → {number(best.distance)}", title_justify="left")
    table.add_column("target", no_wrap=True)
    for heading in ("band", "target", "start", "best"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for t in found.objective.targets:
        value = best.means[t.id]
        inside = t.holds(value)
        verdict = Text("inside" if inside else "outside", style="green" if inside else "bold red")
        band = f"{number(t.lo)} … {number(t.hi)}"
        table.add_row(t.id, band, number(t.target), number(start.means.get(t.id)), number(value), verdict)
    return table
