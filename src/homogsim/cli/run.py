"""`homogsim run`: everything that can be refused is refused before the run; nothing computed is lost after it."""

from __future__ import annotations

import re
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homogsim.cli.stopping import INTERRUPTED, Stop, Stopped
from homogsim.cli.text import console, printable
from homogsim.errors import HomogsimError
from homogsim.parameters import Parameters
from homogsim.scenario import Scenario, check_budget
from homogsim.scenario.budget import duration, size

if TYPE_CHECKING:
    from rich.console import Console

    from homogsim.model import MarketModel
    from homogsim.results import Results

UNITS = {"b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}
MOST = 10_000
FIGURES_BYTES, BUSINESS_BYTES, TOWN_MONTH_BYTES, FIRM_MONTH_BYTES = 5e6, 800.0, 100.0, 100.0
BIRTHS = 0.01
"""New businesses a storefront and month, roughly."""


@dataclass(frozen=True)
class RunOptions:
    """The options of ``homogsim run``."""

    scenario: str | None = None
    changes: tuple[str, ...] = ()
    seed: int | None = None
    months: int | None = None
    out: Path | None = None
    force: bool = False
    checkpoint: Path | None = None
    threads: int | None = None
    record_every: int | None = None
    max_memory: str | None = None
    biographies: bool = False
    figures: bool = True
    as_json: bool = False
    quiet: bool = False
    policies: tuple[str, ...] = ()
    other_scales: bool = False

    @property
    def silent(self) -> bool:
        """Whether standard error shows errors only."""
        return self.as_json or self.quiet


def run_market(options: RunOptions) -> int:
    """Run a market, write its folder, print its summary; return the exit code."""
    errors = console(stderr=True)
    model, origin = prepare(options, errors)
    with Stop() as stop:  # also while files are written: Ctrl-C must not lose what was computed
        results = simulate(model, stop, errors, silent=options.silent)
        results = replace(results, provenance=results.provenance | origin)
        folder = store(results, options, errors)
        names = draw(results, folder) if options.figures and not stop.requested else []
        show(results, folder, names, options)
    return INTERRUPTED if stop.requested else 0


def prepare(options: RunOptions, errors: Console) -> tuple[MarketModel, dict[str, Any]]:
    """Return the model to run and where it comes from, after refusing what cannot be run or could not be written."""
    at_least_one("--threads", options.threads)
    at_least_one("--record-every", options.record_every)
    if options.checkpoint is not None:
        return _resumed(options, options.checkpoint)
    if options.scenario is None:
        raise HomogsimError("which scenario?", help="Give a preset or a file; `homogsim list` shows the presets.")
    scenario = Scenario.read(options.scenario).override_text(*options.changes)
    if options.seed is not None:
        scenario = replace(scenario, seed=options.seed)
    if options.months is not None:
        scenario = scenario.override("calendar.months", options.months)
    scenario = scenario.with_policy(*options.policies)
    limit = None if options.max_memory is None else parse_size(options.max_memory)
    needs = check_budget(scenario.parameters, limit)
    check_folder(options, scenario.name, scenario.seed, scenario.parameters)
    if not options.silent:
        errors.print(f"{scenario.name}, seed {scenario.seed}: {printable(scenario.question)}")
        errors.print(f"about {size(needs.memory_bytes)} of memory, {duration(needs.seconds)}", style="dim")
    from homogsim.cli.progress import PlainReporter, SilentReporter, announced_compilation
    from homogsim.model import MarketModel

    with announced_compilation(SilentReporter() if options.silent else PlainReporter(errors, 1)):
        model = MarketModel(
            scenario,
            threads=options.threads,
            record_every=options.record_every or 1,
            biographies=options.biographies,
            other_scales=options.other_scales,
        )
    return model, {}


def _resumed(options: RunOptions, checkpoint: Path) -> tuple[MarketModel, dict[str, Any]]:
    from homogsim.cli.resume import origin, resume

    fixed = {
        "SCENARIO": options.scenario,
        "--seed": options.seed,
        "--record-every": options.record_every,
        "--biographies": options.biographies or None,
        "--other-scales": options.other_scales or None,
    }
    for name, value in fixed.items():
        if value is not None:
            raise HomogsimError(f"a checkpoint keeps its own {name}", "--from", f"Leave {name} out.")
    model = resume(checkpoint, options.changes, options.policies, threads=options.threads, months=options.months)
    check_folder(options, model.scenario.name, model.seed, model.scenario.parameters)
    return model, origin(checkpoint, options.changes, options.policies)


def simulate(model: MarketModel, stop: Stop, errors: Console, *, silent: bool, until: int | None = None) -> Results:
    """Run the model to its end, to a month, or until Ctrl-C, and return what was computed."""
    from homogsim.cli.progress import announced_compilation, reporter

    first = model.month
    with ExitStack() as stack:
        shown = stack.enter_context(reporter(errors, model.last_month - first + 1, silent=silent))
        stack.enter_context(announced_compilation(shown))

        def on_month(running: MarketModel) -> None:
            shown.phase(_phase(running))
            shown.month(running.month - first)
            if stop.requested or running.month == until:
                raise Stopped

        with suppress(Stopped):
            model.run(on_month)
        if stop.requested and not silent:
            errors.print("stopped; finishing with what was computed")
        return model.results()


def check_folder(options: RunOptions, name: str, seed: int, parameters: Parameters) -> None:
    """Say now what would go wrong with the run folder at the end."""
    from homogsim.results.files import check_replaceable
    from homogsim.results.folder import check_writable, refuse_existing

    target = options.out or free_folder(name, seed)
    if options.out is not None and options.force:
        check_replaceable(target)
    elif options.out is not None:
        refuse_existing(target, "Choose another folder, or replace it with --force.")
    check_writable(target, folder_bytes(parameters, biographies=options.biographies))


def folder_bytes(parameters: Parameters, *, biographies: bool) -> int:
    """Return roughly what a run folder will take on the disk; it decides only whether a run is worth starting."""
    sites = parameters.world.cells * parameters.world.sites
    months = parameters.calendar.before + parameters.calendar.months
    tables = sites * (1 + BIRTHS * months) * BUSINESS_BYTES + months * parameters.world.towns * TOWN_MONTH_BYTES
    return int(FIGURES_BYTES + tables + biographies * sites * months * FIRM_MONTH_BYTES)


def free_folder(name: str, seed: int) -> Path:
    """Return ``runs/NAME-sSEED``, or the first of -2, -3 … that does not exist."""
    return _free(Path("runs") / f"{name}-s{seed}")


def _free(wanted: Path) -> Path:
    candidates = (wanted if n == 1 else wanted.with_name(f"{wanted.name}-{n}") for n in count(1))
    return next(path for path in candidates if not path.exists() and not path.is_symlink())


def store(results: Results, options: RunOptions, errors: Console) -> Path:
    """Write the run folder; when its name was taken in the meantime, write beside it rather than lose the run."""
    from homogsim.results.folder import FolderExists

    wanted = options.out or free_folder(results.scenario.name, results.seed)
    while True:
        try:
            return results.save(wanted, replace=options.force and options.out is not None)
        except FolderExists as error:
            wanted = _free(wanted)
            errors.print(f"{printable(str(error.where))} appeared during the run; writing {printable(str(wanted))}")


def draw(results: Results, folder: Path) -> list[str]:
    """Write all figures into the run folder and return their names."""
    from homogsim.plots import save_all
    from homogsim.results.folder import whole_folder

    with whole_folder(folder / "figures") as figures:
        return [path.name for path in save_all(results, figures)]


def show(results: Results, folder: Path, figures: list[str], options: RunOptions) -> None:
    """Print what the options ask for: JSON, the folder, or the summary."""
    from homogsim.cli.summary import summary_json, summary_table
    from homogsim.cli.tables import print_table

    if options.as_json:
        print(summary_json(results, folder))
    elif options.quiet:
        print(folder)
    else:
        output = console()
        print_table(output, summary_table(results), unnamed="relative change")
        output.print(f"results: {printable(str(folder))}", soft_wrap=True)
        if figures:
            output.print(f"figures: {printable(str(folder / 'figures'))} ({', '.join(figures)})", soft_wrap=True)


def parse_size(text: str) -> float:
    """Return the bytes of a size such as ``4GB`` or ``500 MB``.

    Raises
    ------
    HomogsimError
        It is not a positive number with a unit.
    """
    match = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]{1,2})\s*", text.lower(), re.ASCII)
    factor = UNITS.get(match.group(2)) if match else None
    if match is None or factor is None or float(match.group(1)) <= 0.0:
        help = "Write a number with its unit, e.g. 4GB or 500MB."
        raise HomogsimError(f"{printable(text[:40])!r} is not a size of memory", "--max-memory", help)
    return float(match.group(1)) * factor


def at_least_one(option: str, value: int | None) -> None:
    """Raise `HomogsimError` for a number of something that is zero, negative or absurd."""
    if value is not None and not 1 <= value <= MOST:
        raise HomogsimError(f"{option} {value}: a whole number from 1 to {MOST} is needed")


def _phase(model: MarketModel) -> str:
    month = model.month
    before = model.scenario.parameters.calendar.before
    return "warm-up" if month <= -before else "before automation" if month <= 0 else "with automation"
