"""The commands and their options. Everything else is imported inside them, so that `--help` answers at once."""

from __future__ import annotations

import atexit
import gc
import signal
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from homogsim.cli.pipes import outlive_readers
from homogsim.cli.stopping import SIGNALS, leave
from homogsim.cli.sweep import app as sweep_app
from homogsim.errors import HomogsimError, StorageError

app = typer.Typer(
    name="homogsim",
    help="Does automation make small businesses alike, when, and who gains or loses?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(sweep_app)

ScenarioArgument = Annotated[str, typer.Argument(metavar="SCENARIO", help="Name of a preset, or a scenario file.")]
Threads = Annotated[int | None, typer.Option(metavar="N", help="Threads; they change the speed only.")]


def main() -> None:
    """Run the command line and leave with its exit code: 0, 2 (bad input), 74 (storage), 130 (interrupted)."""
    outlive_readers()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without our characters must not end a run
    gc.set_threshold(100_000, 20, 20)  # loading libraries makes many objects and no garbage: a tenth of start-up
    atexit.register(gc.freeze)  # nor need Python look for garbage among them on its way out: .3 s
    before = {number: signal.signal(number, leave) for number in SIGNALS}
    try:
        with warnings.catch_warnings():
            warnings.showwarning = partial(_warn, warnings.showwarning)
            app(prog_name="homogsim")
    except HomogsimError as error:
        _fail(str(error), error.exit_code)
    except MemoryError:
        _fail("out of memory\nMake the market smaller; --max-memory refuses it in time.", HomogsimError.exit_code)
    except OSError as error:
        _fail(str(error), StorageError.exit_code)
    finally:
        sys.stdout.flush()  # an interruption from here on leaves at once
        for number, handler in before.items():
            signal.signal(number, handler)


def _fail(message: str, code: int) -> NoReturn:
    from homogsim.cli.text import printable

    sys.stderr.write(f"Error: {printable(message)}\n")
    sys.exit(code)


def _warn(
    otherwise: Callable[..., None], message: Warning | str, category: type[Warning], *place: object, **more: object
) -> None:
    """Show a warning of our own as a line for people, without the line of code that it came from."""
    from homogsim.cli.text import printable

    if category.__module__.startswith("homogsim."):
        sys.stderr.write(f"Warning: {printable(str(message))}\n")
    else:
        otherwise(message, category, *place, **more)


def _version(wanted: bool) -> None:
    if wanted:
        from homogsim import __version__

        typer.echo(f"homogsim {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    pass


@app.command(name="list")
def list_scenarios() -> None:
    """List the presets and the question each one asks."""
    from homogsim.cli.scenarios import list_presets

    list_presets()


@app.command()
def show(
    scenario: ScenarioArgument,
    every: Annotated[bool, typer.Option("--all", help="Show the advanced parameters as well.")] = False,
) -> None:
    """Show the parameters of a scenario: value, default, unit, bounds, source; what differs is marked."""
    from homogsim.cli.scenarios import show_scenario

    show_scenario(scenario, every=every)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Scenario file to write; must not exist.")],
    origin: Annotated[str, typer.Option("--from", metavar="SCENARIO", help="Scenario to start from.")] = "baseline",
) -> None:
    """Write a new scenario file that starts from another scenario."""
    from homogsim.cli.scenarios import new_scenario

    new_scenario(file, origin)


@app.command()
def lint(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Scenario file to check.")],
) -> None:
    """Check a scenario file and say what it changes."""
    from homogsim.cli.scenarios import lint_scenario

    lint_scenario(file)


@app.command()
def run(
    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="Name of a preset, or a scenario file.", show_default=False)
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a parameter; may be repeated.")
    ] = None,
    policies: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            metavar="NAME@START..END",
            help="A policy from month START until, not including, month END, or with @START to the end of the run; "
            "may be repeated. `homogsim policies` lists them.",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed of the random numbers.")] = None,
    months: Annotated[int | None, typer.Option(metavar="N", help="Months after automation arrives.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Run folder; must not exist.  [default: runs/SCENARIO-sSEED]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the run folder given with --out.")] = False,
    checkpoint: Annotated[
        Path | None, typer.Option("--from", metavar="CHECKPOINT", help="Go on from a saved model instead.")
    ] = None,
    threads: Threads = None,
    record_every: Annotated[int | None, typer.Option(metavar="N", help="Record every Nth month.  [default: 1]")] = None,
    max_memory: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Refuse a larger market, e.g. 4GB.  [default: what is free]"),
    ] = None,
    biographies: Annotated[
        bool, typer.Option("--biographies", help="Also record every business every month, and why it decided.")
    ] = False,
    other_scales: Annotated[
        bool, typer.Option("--other-scales", help="Also record diversity at half and twice the similarity scale.")
    ] = False,
    no_figures: Annotated[bool, typer.Option("--no-figures", help="Write no figures.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the run folder and nothing else.")] = False,
) -> None:
    """Run a market and write a run folder."""
    from homogsim.cli.run import RunOptions, run_market

    options = RunOptions(
        scenario, tuple(changes or ()), seed, months, out, force, checkpoint, threads, record_every, max_memory,
        biographies, not no_figures, as_json, quiet, tuple(policies or ()), other_scales,
    )  # fmt: skip
    raise typer.Exit(run_market(options))


@app.command(name="policies")
def list_policies() -> None:
    """List the policies: what each one does, and the parameters it sets."""
    from homogsim.cli.policies import show_policies

    show_policies()


@app.command()
def reproduce(
    run_dir: Annotated[Path, typer.Argument(metavar="RUNDIR", help="Folder of an earlier run.")],
    threads: Threads = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the verdict only.")] = False,
) -> None:
    """Run an earlier run again and say whether the results are identical (exit code 0) or what differs (1)."""
    from homogsim.cli.reproduce import reproduce_run

    raise typer.Exit(reproduce_run(run_dir, threads=threads, quiet=quiet))


@app.command()
def ui(
    scenario: Annotated[
        str, typer.Argument(metavar="[SCENARIO]", help="Preset or scenario file to open.")
    ] = "baseline",
    port: Annotated[int, typer.Option(metavar="N", help="Where to listen.")] = 8765,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Off 127.0.0.1 a token is asked for.")] = "127.0.0.1",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
) -> None:
    """Explore a market in the browser: change it, play it, set another one beside it."""
    from homogsim.cli.ui import open_page

    open_page(scenario, host, port, browser=not no_browser)


Replications = Annotated[int, typer.Option(metavar="N", help="Seeds under which every scenario is run.")]
Jobs = Annotated[
    int | None, typer.Option(metavar="N", help="Runs at a time; results do not depend on it.  [default: processors]")
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a parameter in all scenarios; may be repeated."),
]
Months = Annotated[int | None, typer.Option(metavar="N", help="Months after automation arrives, for all scenarios.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]


@app.command()
def compare(
    scenarios: Annotated[
        list[str],
        typer.Argument(metavar="A B…", help="Presets or scenario files; A is the baseline. NAME:twin: without tools."),
    ],
    replications: Replications = 5,
    seed: Annotated[int, typer.Option(metavar="N", help="The first seed.")] = 1,
    jobs: Jobs = None,
    months: Months = None,
    metrics: Annotated[
        list[str] | None, typer.Option("--metric", metavar="NAME", help="Metric to compare; may be repeated.")
    ] = None,
    precision: Annotated[
        float | None,
        typer.Option(metavar="REL", help="Add seeds until the named metrics' intervals are ±REL of A's mean (0.02)."),
    ] = None,
    cap: Annotated[int, typer.Option(metavar="N", help="Most seeds that --precision may take.")] = 50,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for tables and figures; must not exist.")
    ] = None,
    changes: Changes = None,
    tastes: Annotated[
        str | None, typer.Option(metavar="WHICH", help="Geometry of tastes: ideal_point, kernel or both.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare scenarios with the first one under the same seeds: differences, intervals, who gains and why."""
    from homogsim.cli.compare import CompareOptions, compare_scenarios

    options = CompareOptions(
        tuple(scenarios), tuple(changes or ()), replications, seed, jobs, months, tuple(metrics or ()), precision, cap,
        out, as_json, tastes,
    )  # fmt: skip
    raise typer.Exit(compare_scenarios(options))


@app.command()
def expect(
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="[SCENARIO]…", help="Presets or scenario files.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All presets.")] = False,
    replications: Replications = 8,
    seed: Annotated[int, typer.Option(metavar="N", help="The first seed; none that was used for tuning.")] = 10_000,
    jobs: Jobs = None,
    months: Months = None,
    changes: Changes = None,
    docs: Annotated[
        bool, typer.Option("--docs", help="Write docs/findings.json and docs/sources.md anew; with --all.")
    ] = False,
    mark: Annotated[
        bool, typer.Option("--mark", help="Record in the scenario files what is not supported, with what was measured.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Test what scenarios expect to come out: held, failed (exit code 1) or unclear, with the numbers."""
    from homogsim.cli.expect import ExpectOptions, expect_scenarios

    options = ExpectOptions(
        tuple(scenarios or ()), every, tuple(changes or ()), replications, seed, jobs, months, as_json, docs, mark
    )
    raise typer.Exit(expect_scenarios(options))


@app.command(name="metrics")
def show_metrics(as_json: AsJson = False) -> None:
    """List the metrics: name, symbol, unit, range, meaning, reference."""
    from homogsim.cli.metrics import list_metrics

    list_metrics(as_json=as_json)


@app.command()
def validate(
    scenario: Annotated[
        str, typer.Argument(metavar="[SCENARIO]", help="What stands in the place of baseline.")
    ] = "baseline",
    replications: Replications = 8,
    seed: Annotated[
        int,
        typer.Option(metavar="N", help="The first seed; those of the default were seen when parameters were fitted."),
    ] = 20_000,
    jobs: Jobs = None,
    months: Annotated[
        int | None,
        typer.Option(metavar="N", help="Months after automation arrives, in all runs.  [default: as targets need]"),
    ] = None,
    targets: Annotated[str, typer.Option(metavar="WHICH", help="fit, validate, prior, all, or ids.")] = "all",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the files; must not exist.")] = None,
    docs: Annotated[bool, typer.Option("--docs", help="Write docs/validation.md and its figure anew.")] = False,
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """Hold the model against empirical moments; exit code 1 if one that it was fitted to is outside its band."""
    from homogsim.cli.validate import ValidateOptions, validate_scenario

    options = ValidateOptions(
        scenario, tuple(changes or ()), targets, replications, seed, jobs, months, out, docs, as_json
    )
    raise typer.Exit(validate_scenario(options))


@app.command()
def robustness(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the runs; the same one goes on with them.")],
    scenario: Annotated[
        str, typer.Argument(metavar="[SCENARIO]", help="What stands in the place of baseline.")
    ] = "baseline",
    points: Annotated[int, typer.Option(metavar="N", help="Points across the uncertain parameters.")] = 64,
    point_seeds: Annotated[int, typer.Option(metavar="N", help="Seeds of every point.")] = 2,
    replications: Annotated[int, typer.Option(metavar="N", help="Seeds of every ablation and sweep.")] = 6,
    seed: Annotated[int, typer.Option(metavar="N", help="The first seed; none that was used for fitting.")] = 40_000,
    jobs: Jobs = None,
    months: Months = None,
    docs: Annotated[bool, typer.Option("--docs", help="Write docs/robustness.md and its figures anew.")] = False,
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """Ask whether the results hang on what is uncertain: ablations, sweeps, all uncertain parameters at once."""
    from homogsim.cli.robustness import RobustnessOptions, study_robustness

    options = RobustnessOptions(
        out, scenario, tuple(changes or ()), points, replications, point_seeds, seed, jobs, months, docs, as_json
    )
    raise typer.Exit(study_robustness(options))


@app.command()
def calibrate(
    parameters: Annotated[
        str,
        typer.Option(
            metavar="FILE|NAMES", help="NAME or NAME=LOW:HIGH, with commas; or a TOML file of NAME = [LOW, HIGH]"
        ),
    ],
    budget: Annotated[int, typer.Option(metavar="N", help="Sets of parameters to try.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the calibration; the same one goes on with it.")],
    targets: Annotated[str, typer.Option(metavar="WHICH", help="fit, or ids with commas.")] = "fit",
    scenario: Annotated[str, typer.Option("--from", metavar="SCENARIO", help="Where to start.")] = "baseline",
    replications: Annotated[int, typer.Option(metavar="N", help="Seeds, the same for every set.")] = 4,
    seed: Annotated[int, typer.Option(metavar="N", help="The first seed.")] = 30_000,
    months: Annotated[
        int | None,
        typer.Option(metavar="N", help="Months after automation arrives, in all runs.  [default: as targets need]"),
    ] = None,
    sampler: Annotated[
        str | None, typer.Option(metavar="NAME", help="cmaes or tpe.  [default: cmaes for two parameters or more]")
    ] = None,
    jobs: Jobs = None,
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """Search parameters with which the model meets its targets; what is tried is kept, a stopped search goes on."""
    from homogsim.cli.calibrate import CalibrateOptions, calibrate_scenario

    options = CalibrateOptions(
        parameters, budget, out, targets, scenario, replications, seed, months, sampler, jobs, tuple(changes or ()),
        as_json,
    )  # fmt: skip
    raise typer.Exit(calibrate_scenario(options))


@app.command()
def sensitivity(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a finished sweep.")],
    metric: Annotated[str, typer.Option(metavar="NAME", help="Metric to explain.")],
    method: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="sobol, morris, pawn, regression or prim.  [default: as the design is made]"),
    ] = None,
    above: Annotated[float | None, typer.Option(metavar="VALUE", help="prim: where is the metric higher?")] = None,
    below: Annotated[float | None, typer.Option(metavar="VALUE", help="prim: where is it lower?")] = None,
    role: Annotated[
        str | None, typer.Option(metavar="ROLE", help="prim: only levers, or only parameters of uncertainty.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which parameters of a finished sweep move a metric, with intervals and the share of replicate noise."""
    from homogsim.cli.sensitivity import show_sensitivity

    raise typer.Exit(show_sensitivity(folder, metric, method, above, below, role, as_json=as_json))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run, a comparison or a sweep.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="The HTML file; replaced if it exists.  [default: DIR/report.html]"
        ),
    ] = None,
) -> None:
    """Write one HTML file that needs nothing else: answer, figures, tables, parameters, how to make it again."""
    from homogsim.cli.report import report_folder

    report_folder(folder, out)


@app.command()
def advise(
    scenario: ScenarioArgument,
    sector: Annotated[str | None, typer.Option(metavar="NAME", help="Sector, by number or name.")] = None,
    town: Annotated[str | None, typer.Option(metavar="NAME", help="Town, by number or name.")] = None,
    firm: Annotated[
        str | None, typer.Option(metavar="UID", help="A business, or its name; worlds are futures of its past.")
    ] = None,
    like: Annotated[
        str, typer.Option(metavar="TEXT", help="A description, e.g. quality=0.5, cash=20000.  [default: a typical one]")
    ] = "",
    month: Annotated[int | None, typer.Option(metavar="M", help="Month of the decision.  [default: 24]")] = None,
    choices: Annotated[
        str | None,
        typer.Option(
            metavar="A,B…",
            help="none, generic, industry, custom, phased, pilot, or TOOL:back-office, TOOL:pilot, TOOL:phased.  "
            "[default: the first six]",
        ),
    ] = None,
    horizon: Annotated[int, typer.Option(metavar="N", help="Months to look ahead.")] = 60,
    replications: Annotated[int, typer.Option(metavar="N", help="Worlds.")] = 20,
    seed: Annotated[int | None, typer.Option(metavar="N", help="The first seed.  [default: the scenario's]")] = None,
    jobs: Jobs = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for tables and figures; must not exist.")
    ] = None,
    as_map: Annotated[bool, typer.Option("--map", help="The best choice by kind of business instead.")] = False,
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """Advise one business: each choice in the same town with the same luck, what it earns, and how sure that is."""
    from homogsim.cli.advise import AdviseOptions, advise_business

    options = AdviseOptions(
        scenario, tuple(changes or ()), sector, town, firm, like, month, choices, horizon, replications, seed, jobs,
        out, as_map, as_json,
    )  # fmt: skip
    raise typer.Exit(advise_business(options))


@app.command()
def town(
    tables: Annotated[
        list[Path], typer.Argument(metavar="FILE.csv…", help="Tables of towns, sectors, businesses, travel times.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.toml", help="Scenario file to write.")] = Path("town.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace the scenario file.")] = False,
    origin: Annotated[str, typer.Option("--from", metavar="SCENARIO", help="Scenario to start from.")] = "baseline",
    today: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM", help="Date of the tables.  [default: the month after the latest opening]"),
    ] = None,
    minutes_per_km: Annotated[
        float, typer.Option(metavar="N", help="Travel time of a kilometre, where positions are given.")
    ] = 1.2,
) -> None:
    """Build a scenario from your own town's tables; what they leave open is drawn from the model's distributions."""
    from homogsim.cli.town import make_town

    make_town(tables, out, base=origin, today=today, minutes_per_km=minutes_per_km, force=force)
