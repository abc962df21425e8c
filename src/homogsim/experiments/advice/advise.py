"""Advise one business: what becomes of it under each choice, in the same town with the same luck."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from homogsim.errors import HomogsimError
from homogsim.experiments.advice.candidates import Like, business_of, described, most_like, name_of
from homogsim.experiments.advice.choices import NONE, STANDARD, Choice, choices_of
from homogsim.experiments.advice.worlds import WorldOutcome, WorldTask, live_until
from homogsim.experiments.executors import Runner
from homogsim.experiments.replicate import Lost
from homogsim.experiments.runs import LostRuns, Watcher, check_counts, fitting_jobs, read
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from homogsim.experiments.advice.advice import Advice
    from homogsim.model import MarketModel

MONTH, HORIZON, REPLICATIONS = 24, 60, 20
LONGEST = 600


def advise(
    scenario: Scenario | str | Path = "baseline",
    *,
    firm: int | str | None = None,
    like: str = "",
    town: int | str | None = None,
    sector: int | str | None = None,
    month: int = MONTH,
    choices: Sequence[str] | None = None,
    horizon: int = HORIZON,
    replications: int = REPLICATIONS,
    seed: int | None = None,
    set: Mapping[str, object] | None = None,
    jobs: int | None = None,
    watch: Watcher | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Advice:
    """Compare the choices of one business in `replications` worlds, each lived once until the month of the decision.

    With `firm` the past is that of one seed, and the worlds are futures of it: the first has that seed's own luck, the
    others have other luck from the month of the decision on (who buys, who opens and retires, how well the tool is put
    to work). Without, every world has a seed of its own from its beginning, and the business advised is the one in it
    that is most like the description, among those still without a tool.

    Parameters
    ----------
    scenario : Scenario, str or Path
        A scenario, the name of a preset, or a scenario file.
    firm : int or str, optional
        The business, by uid or, in a scenario of given businesses, by name.
    like : str
        A description, e.g. ``quality=0.5, cash=20000`` (`homogsim.experiments.advice.candidates.FEATURES`, and
        ``identity=0.1:0.4:-1:0``); nothing: a typical business.
    town, sector : int or str, optional
        Where it is, by number or name.
    month : int
        When it decides, from 0 to the last month of the scenario.
    choices : sequence of str, optional
        See `choices_of`; by default `STANDARD`, less what it cannot pay for.
    horizon : int
        Months over which it is followed, from the decision on.
    replications : int
        Worlds.
    seed : int, optional
        The first seed; with `firm` the one of its world. By default the scenario's.
    set : mapping, optional
        Parameters to change, by dotted name.
    jobs, watch, stop
        As in `homogsim.compare`.

    Returns
    -------
    Advice

    Raises
    ------
    HomogsimError
        For an unknown business, one that has closed, choices that it cannot pay for, a month outside the run, and
        numbers that make no sense; says what exists instead.
    LostRuns
        No world was lived to the end.
    """
    from homogsim.experiments.advice.advice import Advice

    chosen = prepared(scenario, set or {}, month, horizon)
    compared = choices_of(choices or standard_choices(chosen), chosen.parameters)
    wanted = description(like, town, sector, chosen)
    first = chosen.seed if seed is None else seed
    check_counts(replications, first, replications)
    if firm is not None and (like or town is not None or sector is not None):
        what = "a business is named twice: by its uid and by a description"
        raise HomogsimError(what, "--firm", "Give either --firm, or --like, --town and --sector.")
    uid = None if firm is None else business_of(firm, chosen)
    used = fitting_jobs([chosen.parameters], replications, jobs)
    with TemporaryDirectory(prefix="homogsim-advice-") as folder:
        past = None
        if uid is not None:
            model = live_until(month, chosen, first, stop)
            check_firm(model, uid, compared, strict=choices is not None)
            past = model.save(Path(folder) / "past.npz")
        tasks = [
            WorldTask(n, chosen, first if past else first + n, first + n, month, horizon, compared, uid, wanted, past)
            for n in range(replications)
        ]
        with Runner(used, stop) as runner:
            worlds, lost = gather(runner, tasks, watch)
    check_found(worlds, lost, compared, month, stop(), strict=choices is not None)
    return Advice.of(chosen, uid, wanted, month, horizon, compared, worlds, lost, replications)


def prepared(scenario: Scenario | str | Path, changes: Mapping[str, object], month: int, horizon: int) -> Scenario:
    """Return the scenario with a calendar that reaches the horizon.

    Raises
    ------
    HomogsimError
        For a month outside the run, and a horizon that makes no sense.
    """
    found = read(scenario)
    found = found.override(dict(changes)) if changes else found
    last = found.parameters.calendar.months - 1
    if not 0 <= month <= last:
        what = f"month {month} is outside the run"
        raise HomogsimError(what, "--month", f"Automation arrives in month 0; the last month is {last}.")
    if not 1 <= horizon <= LONGEST:
        raise HomogsimError(f"a horizon of {horizon} months", "--horizon", f"It is 1 to {LONGEST} months.")
    needed = max(month + horizon, last + 1)
    return found.override("calendar.months", needed) if needed != last + 1 else found


def standard_choices(scenario: Scenario) -> list[str]:
    """Return the standard choices that the scenario's tools allow.

    Raises
    ------
    HomogsimError
        There are no tools.
    """
    tools = scenario.parameters.tools
    if not tools.available:
        what = f"{scenario.name} has no tools to choose from"
        raise HomogsimError(what, help="Advise in a scenario with tools, or set tools.available.")
    kept = [name for name in STANDARD[:4] if name == NONE or name in tools.available]
    return [*kept, *(STANDARD[4:] if tools.available and tools.contact_levels and not tools.contact_forced else ())]


def description(like: str, town: int | str | None, sector: int | str | None, scenario: Scenario) -> Like:
    """Return what was described.

    Raises
    ------
    HomogsimError
        For unknown features, towns and sectors.
    """
    features, identity = described(like)
    d = scenario.parameters.world.dimensions
    if identity is not None and len(identity) != d:
        what = f"an identity of {len(identity)} numbers"
        raise HomogsimError(what, "--like", f"This market has {d} dimensions: identity={':'.join(['0'] * d)}.")
    return Like(features, identity, _place(town, "town", scenario), _place(sector, "sector", scenario))


def _place(given: int | str | None, kind: str, scenario: Scenario) -> int | None:
    """Return the number of a town or sector that is given by number or name."""
    if given is None:
        return None
    world = scenario.parameters.world
    count = world.towns if kind == "town" else world.sectors
    names: tuple[str, ...] = scenario_names(scenario, kind)
    text = str(given).strip()
    if text in names:
        return names.index(text)
    if text.isdecimal() and int(text) < count:
        return int(text)
    known = f"{kind}s: {', '.join(names[:20])}." if names else f"They are numbered 0 to {count - 1}."
    raise HomogsimError(f"there is no {kind} {text[:60]!r}", f"--{kind}", known[0].upper() + known[1:])


def scenario_names(scenario: Scenario, kind: str) -> tuple[str, ...]:
    """Return the names of towns or sectors, if the scenario gives them any."""
    places = scenario.places
    if places is None:
        return ()
    return tuple(one.name for one in (places.towns if kind == "town" else places.sectors))


def check_firm(model: MarketModel, uid: int, choices: Sequence[Choice], strict: bool) -> None:
    """Refuse a business that cannot decide, and (with `strict`) choices that it cannot pay for.

    Raises
    ------
    HomogsimError
        Says what exists instead.
    """
    from homogsim.agents.owners import found_option, look
    from homogsim.agents.situations import Decision

    called = name_of(uid, model.scenario).removeprefix("business ")
    try:
        now = look(model.market, uid)
    except HomogsimError as error:
        what = error.what.replace(f"business {uid}", f"business {called}")
        raise HomogsimError(what, "--firm", _suggest(error.help, model)) from None
    if strict:
        for choice in choices:
            if choice.tool not in (NONE, now.tool):
                try:
                    found_option(model.market, now, Decision(choice.tool, choice.contact))
                except HomogsimError as error:
                    what = error.what.replace(f"business {uid}", f"business {called}")
                    raise HomogsimError(what, "--choices", error.help) from None


def _suggest(help: str, model: MarketModel) -> str:
    typical = most_like(model.market, Like())
    return help if typical is None else f"{help} A typical business without a tool is {typical}."


def gather(runner: Runner, tasks: Sequence[Any], watch: Watcher | None) -> tuple[list[Any], list[Lost]]:
    """Make tasks and return what was found, in the tasks' order, and what was lost."""
    found: dict[int, Any] = {}
    lost: list[Lost] = []
    tell = watch or (lambda done, total: None)
    tell(0, len(tasks))
    outcomes: Iterator[Any] = runner.run(tasks)  # of other tasks than whole runs
    for said in outcomes:
        if isinstance(said, Lost):
            lost.append(said)
        else:
            found[said.number] = said
        tell(len(found) + len(lost), len(tasks))
    return [found[key] for key in sorted(found)], lost


def check_found(
    worlds: Sequence[WorldOutcome],
    lost: Sequence[Lost],
    choices: Sequence[Choice],
    month: int,
    stopped: bool,
    strict: bool,
) -> None:
    """Refuse to make something of nothing.

    Raises
    ------
    HomogsimError
        No business fits in any world, or (with `strict`) a choice can be paid in none.
    LostRuns
        No world was lived to the end.
    """
    if not worlds:
        if stopped:
            return
        raise LostRuns(f"no world was lived to the end; {len(lost)} were lost: {lost[0]}" if lost else "no world")
    living = [world for world in worlds if world.uid is not None]
    if not living:
        what = f"no business without a tool fits the description in month {month}, in any of {len(worlds)} worlds"
        raise HomogsimError(what, "--like", "Choose an earlier --month, or another --town or --sector.")
    for choice in choices if strict else ():
        dear = [world.too_dear[choice.name] for world in living if choice.name in world.too_dear]
        if len(dear) == len(living):
            cash = max(world.features["cash"] for world in living)
            what = f"{choice.name} cannot be paid in any world: it takes ${min(dear):,.0f} at once, the richest"
            help = "Leave it out of --choices, describe a richer business (--like cash=…), or set tools.down_payment."
            raise HomogsimError(f"{what} of these businesses has ${cash:,.0f}", "--choices", help)
