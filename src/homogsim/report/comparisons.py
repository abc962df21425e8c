"""The report of a comparison: what its folder says, read back with checks."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from homogsim.errors import HomogsimError, StorageError, WrongPath
from homogsim.report.document import PNG, Document, Picture, Table
from homogsim.report.wording import (
    LABELS,
    METHOD,
    command,
    facts,
    interval,
    label,
    number,
    parameter_table,
    relative,
    unit_text,
    written,
)
from homogsim.results.tables import read_parquet
from homogsim.scenario import Scenario, presets

FILE, RUNS = "comparison.json", "replications.parquet"
LARGEST = 64_000_000
MOST_PICTURES = 24
MOST_TOLD = 3
"""Scenarios that the answer speaks of; the tables hold all."""
FIRST = ("diversity_gamma", "consumer_surplus")
"""Metrics that the answer speaks of, where they were compared."""

SHOWN = {
    "differences": "What differs from the first scenario at the end, in percent of it, with 95 % intervals",
    "welfare": "Why consumers gain or lose: the change of their surplus by cause, with 95 % intervals",
}

PAIRS = (
    "Every scenario met the same seeds, hence the same people, founders and shocks; differences are taken seed by seed "
    "and averaged, and the intervals are Student's t over the seeds, each metric by itself: of twenty metrics that do "
    "not differ, one is expected to look as if it did."
)


def comparison_document(folder: Path) -> Document:
    """Return the report of a comparison's folder.

    Raises
    ------
    StorageError
        A file is missing or damaged.
    """
    found = read_comparison(folder)
    # no page for a folder that is damaged
    read_parquet(folder / RUNS, "Compare again, or restore a copy.")
    others = list(found["scenarios"])
    definitions = found["definitions"]
    columns = {name: about.get("differences", {}) for name, about in definitions.items()}
    identity = [(name, f"fingerprint {about['fingerprint']}") for name, about in definitions.items()]
    again = _command(found)
    return Document(
        kind="comparison",
        name=f"{', '.join(others)} against {found['baseline']}",
        question=_question(others, found),
        answer=answer(found),
        pictures=_pictures(folder / "figures"),
        tables=tuple(table for name in others for table in _tables(found, name)),
        parameters=parameter_table(
            columns, "Parameters that differ", "Shown where any scenario differs from a default."
        ),
        method=(PAIRS, *METHOD),
        provenance=facts(found.get("provenance", {}), [("seeds", _seeds(found)), *identity]),
        commands=(("Make this comparison again", again),) if again else (),
        notes=tuple(map(str, found["notes"])),
    )


def read_comparison(folder: Path) -> dict[str, Any]:
    """Return what a folder's ``comparison.json`` says, checked for form.

    Raises
    ------
    StorageError
        It is missing or damaged.
    """
    path = folder / FILE
    if not path.is_file():
        raise WrongPath(f"this is not the folder of a comparison: it has no {FILE}", str(folder))
    kinds = {"baseline": str, "scenarios": dict, "seeds": list, "notes": list, "definitions": dict}
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("too large")
        found = json.loads(path.read_text("utf-8"))
        if not isinstance(found, dict) or not all(isinstance(found.get(key), kind) for key, kind in kinds.items()):
            raise ValueError("something is missing")
        for name, about in found["scenarios"].items():
            if not isinstance(about["metrics"], dict) or name not in found["definitions"]:
                raise ValueError(f"nothing about {name!r:.60}")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StorageError(f"the file is damaged ({error})", str(path), "Compare again, or restore a copy.") from error
    return found


def answer(found: Mapping[str, Any]) -> str:
    """Return one sentence: for each scenario what differs from the first one, with intervals."""
    said = []
    for name, about in list(found["scenarios"].items())[:MOST_TOLD]:
        chosen = [metric for metric in FIRST if metric in about["metrics"]] or list(about["metrics"])[:1]
        said.append(f"{name} " + " and ".join(_effect(metric, about["metrics"][metric]) for metric in chosen))
    more = len(found["scenarios"]) - MOST_TOLD
    rest = f" ({more} more in the tables)" if more > 0 else ""
    return f"Against {found['baseline']}, " + "; ".join(said) + f"{rest} ({_seeds(found)})."


def _effect(metric: str, row: Mapping[str, Any]) -> str:
    """Return what happens to a metric: its relative change with the interval, or that there is no clear one."""
    values = {key: _value(row.get(key)) for key in ("difference", "low", "high", "baseline_mean")}
    base = abs(values["baseline_mean"])
    if base > 0.0:
        told = relative(values["difference"] / base)
        ends = f"{relative(values['low'] / base)} to {relative(values['high'] / base)}"
    else:
        told, ends = number(values["difference"]), interval(values["low"], values["high"])
    if math.isnan(values["low"]):
        return f"differs in {label(metric)} by {told}, without an interval because there is one seed"
    if row.get("verdict") in ("higher", "lower"):
        return f"changes {label(metric)} by {told} (95 % interval {ends})"
    return f"does not clearly change {label(metric)} ({told}, 95 % interval {ends})"


def _value(value: Any) -> float:
    return math.nan if value is None else float(value)


def _tables(found: Mapping[str, Any], name: str) -> list[Table]:
    from homogsim.metrics.table import ALL_TIMELINE, RUN_METRICS

    known: dict[str, Any] = {**ALL_TIMELINE, **RUN_METRICS}
    about = found["scenarios"][name]
    rows, undefined = [], []
    for metric, row in about["metrics"].items():
        if row.get("difference") is None:
            undefined.append(metric)
            continue
        value = {
            key: _value(row.get(key)) for key in ("baseline_mean", "mean", "difference", "low", "high", "relative")
        }
        rows.append(
            (metric, number(value["baseline_mean"]), number(value["mean"]), number(value["difference"]),
             interval(value["low"], value["high"]), relative(value["relative"]), str(row.get("verdict") or "–"),
             unit_text(known[metric].unit) if metric in known else "")
        )  # fmt: skip
    headings = ("metric", found["baseline"], name, "difference", "95 % interval", "relative", "verdict", "unit")
    note = "End of a run: mean of its last 24 months. Intervals are those of the paired differences."
    note += f" Undefined under one of the two: {', '.join(undefined)}." if undefined else ""
    title = f"{name} against {found['baseline']}"
    tables = [Table(title, headings, tuple(rows), note, frozenset({1, 2, 3, 4, 5}))]
    if parts := about.get("welfare_decomposition"):
        tables.append(_welfare(name, parts, about.get("welfare_intervals") or {}))
    return tables


def _welfare(name: str, parts: Mapping[str, Any], intervals: Mapping[str, Any]) -> Table:
    rows = []
    for part, mean in parts.items():
        low, high = intervals.get(part) or (None, None)
        rows.append((part.replace("_", " "), number(_value(mean)), interval(_value(low), _value(high))))
    note = "Shapley values of the change of consumer surplus in the last month; the parts add up to the total."
    headings = ("cause", "$ a month", "95 % interval")
    return Table(f"{name}: why consumers gain or lose", headings, tuple(rows), note, frozenset({1, 2}))


def _pictures(folder: Path) -> tuple[Picture, ...]:
    """Return the figures that the comparison wrote; anything that is no PNG is left out."""
    if not folder.is_dir():
        return ()
    files = sorted(folder.glob("*.png"), key=lambda path: (path.stem not in ("differences", "welfare"), path.stem))
    found = []
    for path in files[:MOST_PICTURES]:
        data = path.read_bytes()
        if data.startswith(PNG):
            found.append(Picture(path.stem.replace("_", " ").capitalize(), data, _meaning(path.stem)))
    return tuple(found)


def _meaning(name: str) -> str:
    """Return what a figure shows; those beside the two known ones are the courses of metrics."""
    from homogsim.metrics.table import METRICS

    if name in SHOWN:
        return SHOWN[name]
    about = f" ({METRICS[name].meaning})" if name in METRICS and name not in LABELS else ""
    called = LABELS.get(name, f"{name}{about}").removeprefix("the ")
    rest = "month by month; below, the difference from the first scenario under the same seeds"
    return f"{called[0].upper()}{called[1:]}, {rest}"


def _question(others: list[str], found: Mapping[str, Any]) -> str:
    """Return the question of the only other scenario, if it is a preset; else what is compared."""
    names = {found["definitions"][name].get("scenario", name) for name in others}
    if len(names) == 1 and (name := names.pop()) in presets():
        return Scenario.read(name).question
    return f"What differs between {', '.join(others)} and {found['baseline']}?"


def _seeds(found: Mapping[str, Any]) -> str:
    seeds = found["seeds"]
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} paired seeds, {seeds[0]} to {seeds[-1]}"


def _command(found: Mapping[str, Any]) -> str:
    """Return the command that makes the comparison again; empty when scenarios of it are in files of their own.

    Settings that all scenarios share are found by holding each against its preset.
    """
    words, extras = [], []
    for about in found["definitions"].values():
        found_here = _source(about)
        if found_here is None:
            return ""
        words.append(found_here[0])
        extras.append(found_here[1])
    if any(extra != extras[0] for extra in extras):
        return ""
    settings = [word for name, value in extras[0].items() for word in ("--set", f"{name}={written(value)}")]
    seeds, first = found["seeds"], next(iter(found["scenarios"].values()))["metrics"]
    metrics = [word for metric in first for word in ("--metric", metric)] if len(first) <= 8 else []
    counted = ["--replications", str(len(seeds)), "--seed", str(seeds[0])]
    return command("homogsim", "compare", *words, *counted, *settings, *metrics, "--out", "DIR")


def _source(about: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return a preset (or its twin) and the settings that make a scenario; None when they do not."""
    from homogsim.experiments.runs import read

    name = str(about.get("scenario", ""))
    if name.removesuffix(":twin") not in presets():
        return None
    try:
        preset = read(name)
        given = Scenario().override(about.get("differences", {}))
        extra = {key: own for key, (_, own) in given.differences(preset).items()}
        same = preset.override(extra).fingerprint() == about["fingerprint"]
    except HomogsimError:
        return None
    return (name, extra) if same else None
