"""`homogsim sweep`: run, status, extend, replay, plot, export. The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="sweep",
    help="Many runs over a design of parameters, on all processors or a cluster; every finished run is kept.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.")]
Jobs = Annotated[
    int | None, typer.Option(metavar="N", help="Runs at a time; results do not depend on it.  [default: processors]")
]
Executor = Annotated[
    str | None,
    typer.Option(metavar="WHERE", help="process, serial, dask:ADDRESS or MODULE:FACTORY.  [default: process]"),
]
Timeout = Annotated[float | None, typer.Option(metavar="S", help="Seconds after which a run is given up.")]
Retry = Annotated[str | None, typer.Option(metavar="failed", help="Make runs again that failed, crashed or timed out.")]
Shown = Annotated[
    str | None, typer.Option(metavar="HOW", help="rich, plain, json or none.  [default: rich on a terminal]")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say runs, time and disk that are needed, and run nothing.")]
AllowChange = Annotated[
    bool, typer.Option("--allow-code-change", help="Go on although the model's code is not that of the stored runs.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
MaxRuns = Annotated[int | None, typer.Option(metavar="N", help="Refuse larger designs.  [default: 100000]")]


@app.command()
def run(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Preset, or scenario file; its [sweep] table gives defaults.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the sweep; the same command goes on with it.")],
    vary: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=LO:HI[:N]", help="A range, with N levels, or KEY=a,b,c; may be repeated."),
    ] = None,
    design: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="grid, lhs, sobol (Saltelli), sobol-points, morris, oat, random.  [default: grid]"
        ),
    ] = None,
    samples: Annotated[int | None, typer.Option(metavar="N", help="Samples; a power of two for sobol.")] = None,
    replications: Annotated[int | None, typer.Option(metavar="R", help="Runs at every point.  [default: 1]")] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="The first seed, also of the design.  [default: 1]")
    ] = None,
    independent: Annotated[
        bool, typer.Option("--independent", help="Another seed for every run, not the same at all points.")
    ] = False,
    months: Annotated[int | None, typer.Option(metavar="N", help="Months after automation arrives.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a parameter everywhere.")
    ] = None,
    series: Annotated[str | None, typer.Option(metavar="WHICH", help="none, all or every=K.  [default: none]")] = None,
    jobs: Jobs = None,
    executor: Executor = None,
    timeout: Timeout = None,
    retry: Retry = None,
    max_runs: MaxRuns = None,
    progress: Shown = None,
    dry_run: DryRun = False,
    allow_code_change: AllowChange = False,
    as_json: AsJson = False,
) -> None:
    """Make the runs of a design; the same command goes on after any interruption.

    Exit codes: 0 all fine, 2 bad input, 3 finished with failed runs, 73 another sweep is at work in the folder,
    74 storage (disk full), 130 interrupted. After 3, 73, 74 and 130 the same command goes on.
    """
    from homogsim.cli.sweeping import How, Wanted, run_sweep

    wanted = Wanted(
        scenario, out, tuple(vary or ()), design, samples, replications, seed, independent or None, months,
        tuple(changes or ()), series, max_runs,
    )  # fmt: skip
    how = How(jobs, executor, timeout, retry, progress, dry_run, allow_code_change, as_json)
    raise typer.Exit(run_sweep(wanted, how))


@app.command()
def status(folder: Folder, as_json: AsJson = False) -> None:
    """Say how far a sweep is, which runs failed, what is damaged, and who is at work on it."""
    from homogsim.cli.sweep_folders import show_status

    raise typer.Exit(show_status(folder, as_json=as_json))


@app.command()
def extend(
    folder: Folder,
    samples: Annotated[int, typer.Option(metavar="N", help="Samples of the larger design.")],
    jobs: Jobs = None,
    executor: Executor = None,
    timeout: Timeout = None,
    retry: Retry = None,
    max_runs: MaxRuns = None,
    progress: Shown = None,
    dry_run: DryRun = False,
    allow_code_change: AllowChange = False,
    as_json: AsJson = False,
) -> None:
    """Add samples to a sobol, sobol-points, morris or random design; what is stored stays."""
    from homogsim.cli.sweeping import How, extend_sweep

    how = How(jobs, executor, timeout, retry, progress, dry_run, allow_code_change, as_json)
    raise typer.Exit(extend_sweep(folder, samples, max_runs, how))


@app.command()
def replay(
    folder: Folder,
    run: Annotated[str, typer.Option("--run", metavar="ID", help="The run's id, or how it begins.")],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Run folder; must not exist.  [default: DIR/replays/ID]")
    ] = None,
    allow_code_change: AllowChange = False,
    as_json: AsJson = False,
) -> None:
    """Make one run again as a full run folder, and say whether it is identical (exit code 0) or not (1)."""
    from homogsim.cli.sweep_folders import replay_run

    raise typer.Exit(replay_run(folder, run, out, allow_code_change=allow_code_change, as_json=as_json))


@app.command()
def export(
    folder: Folder,
    to: Annotated[str, typer.Option(metavar="FORMAT", help="csv or parquet.")] = "csv",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File; must not exist.  [default: DIR/runs.FORMAT]")
    ] = None,
    series: Annotated[bool, typer.Option("--series", help="The series in place of the runs.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
) -> None:
    """Write all stored runs, or their series, to one file."""
    from homogsim.cli.sweep_folders import export_sweep

    raise typer.Exit(export_sweep(folder, to, out, series=series, force=force))


@app.command()
def plot(
    folder: Folder,
    metric: Annotated[str, typer.Option(metavar="NAME", help="Metric to draw.")] = "diversity_lost",
    figures: Annotated[
        list[str] | None,
        typer.Option(
            "--figure", metavar="NAME", help="main-effects, interactions, phase or parallel; may be repeated; else all."
        ),
    ] = None,
    x: Annotated[str | None, typer.Option(metavar="KEY", help="Across in the phase diagram.")] = None,
    y: Annotated[str | None, typer.Option(metavar="KEY", help="Up in the phase diagram.")] = None,
    level: Annotated[
        float, typer.Option(metavar="VALUE", help="The metric's value on the phase diagram's line.")
    ] = 0.0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the files.  [default: DIR/figures]")
    ] = None,
    kind: Annotated[str, typer.Option("--format", metavar="FORMAT", help="png, svg or pdf.")] = "png",
) -> None:
    """Draw main effects, interactions, a phase diagram with its zero line, and parallel coordinates of a metric."""
    from homogsim.cli.sweep_plots import plot_sweep

    raise typer.Exit(plot_sweep(folder, metric, tuple(figures or ()), x, y, level, out, kind))
