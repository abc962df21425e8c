"""What an owner is told: every choice against no tool, how sure that is, and what others did; as tables and files."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from homogsim.experiments.advice import reckoning
from homogsim.experiments.advice.candidates import Like, name_of
from homogsim.experiments.advice.choices import NONE, Choice
from homogsim.experiments.advice.findings import Finding, findings
from homogsim.experiments.advice.worlds import BY_ITSELF, WorldOutcome
from homogsim.experiments.pairing import CONFIDENCE, Band, band
from homogsim.experiments.replicate import Lost
from homogsim.results.folder import whole_folder, write_file
from homogsim.results.manifest import plain
from homogsim.results.tables import write_csv, write_parquet
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Status = Literal["complete", "incomplete", "interrupted"]
FILES = ("advice.json", "advice.csv", "ranking.csv", "regret.csv", "worlds.csv", "courses.parquet", "findings.md")


@dataclass(frozen=True, eq=False, repr=False)
class Advice:
    """One business in several worlds, under several choices."""

    scenario: Scenario
    firm: int | None
    """The business, if it was named."""
    like: Like
    month: int
    horizon: int
    choices: tuple[Choice, ...]
    """What was compared and could be paid in some world, ``none`` first."""
    worlds: tuple[WorldOutcome, ...]
    """Those in which there was somebody to advise."""
    table: pd.DataFrame
    """A row per choice and measure: ``choice, measure, unit, meaning, worlds, none, mean, difference, low, high,
    verdict``; differences are paired, from no tool in the same world with the same luck."""
    ranking: pd.DataFrame
    """A row per choice: ``choice, worlds, compared_worlds, compared_gain, mean_gain, best_share,
    probability_best`` (`reckoning.ranking`)."""
    shared: tuple[WorldOutcome, ...]
    """The worlds over which choices are ranked: all ranked choices can be paid in them (`reckoning.shared_worlds`)."""
    compared: pd.DataFrame
    """`table` over the worlds of `shared`, for the ranked choices: what the findings quote."""
    regret: pd.DataFrame
    """A row per rule: ``rule, worlds, regret, low, high, picks``: what it costs against the choice that is best on
    average, $ over the horizon."""
    best: str
    """The choice with the highest mean gain over the worlds of `shared`, ``none`` if no tool gains anything there;
    empty when no world was finished."""
    notes: tuple[str, ...] = ()
    status: Status = "complete"

    @classmethod
    def of(
        cls, scenario: Scenario, firm: int | None, like: Like, month: int, horizon: int, choices: Sequence[Choice],
        worlds: Sequence[WorldOutcome], lost: Sequence[Lost], asked: int,
    ) -> Advice:  # fmt: skip
        """Return what worlds come to."""
        living = reckoning.lived(worlds)
        able = [choice for choice in choices if any(choice.name in world.courses for world in living)]
        names = [choice.name for choice in able]
        found = reckoning.figures(living, [*names, BY_ITSELF]) if living else {}
        ranked = reckoning.ranking(found, names) if living else pd.DataFrame()
        best = reckoning.best_on_average(ranked) if living else ""
        fit, common = reckoning.shared_worlds(found, names) if living else ((), ())
        shared = [world for world, counts in zip(living, common, strict=True) if counts]
        kept = [*(name for name, counts in zip(names, fit, strict=True) if counts), BY_ITSELF]
        told = reckoning.figures(shared, kept) if living else {}
        interrupted = len(worlds) + len(lost) < asked
        return cls(
            scenario=scenario, firm=firm, like=like, month=month, horizon=horizon, choices=tuple(able),
            worlds=tuple(living), table=reckoning.table(found) if living else pd.DataFrame(), ranking=ranked,
            shared=tuple(shared), compared=reckoning.table(told) if living else pd.DataFrame(),
            regret=reckoning.regrets(shared, best) if living else pd.DataFrame(), best=best,
            notes=tuple(_notes(choices, worlds, living, lost, [name for name in names if name not in kept])),
            status="interrupted" if interrupted else "incomplete" if lost else "complete",
        )  # fmt: skip

    def __repr__(self) -> str:
        """Return one line; the tables would fill the screen."""
        return f"<Advice to {self.who} in month {self.month}, {len(self.worlds)} worlds, best on average: {self.best}>"

    def choice(self, name: str) -> Choice:
        """Return a choice by its name."""
        return next(choice for choice in self.choices if choice.name == name)

    def cell(self, choice: str, measure: str) -> dict[str, Any]:
        """Return a row of `table`."""
        return _row(self.table, choice, measure)

    def compared_cell(self, choice: str, measure: str) -> dict[str, Any]:
        """Return a row of `compared`."""
        return _row(self.compared, choice, measure)

    @property
    def unranked(self) -> tuple[str, ...]:
        """The choices that too few of these businesses can pay to be ranked with the others."""
        return tuple(self.ranking.loc[self.ranking["compared_worlds"] == 0, "choice"]) if self.worlds else ()

    @property
    def who(self) -> str:
        """Who is advised, in words."""
        if self.firm is not None:
            return name_of(self.firm, self.scenario)
        named = bool(self.like.features or self.like.identity)
        return "a business like the one described" if named else "a typical business"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What comes out, in sentences with the figures behind each."""
        return tuple(findings(self)) if self.worlds else ()

    def gains(self, choice: str) -> Band:
        """Return the cumulative profit of a choice against no tool, month by month: mean and 95 % interval."""
        paths = [
            np.cumsum(world.courses[choice].net - world.courses[NONE].net)
            for world in self.worlds
            if choice in world.courses
        ]
        return band(np.stack(paths))

    def world_table(self) -> pd.DataFrame:
        """Return a row per world and course: its measures, and what the business was like."""
        rows = []
        for world in self.worlds:
            for name, course in world.courses.items():
                about: dict[str, Any] = {
                    "world": world.number,
                    "seed": world.seed,
                    "luck": world.luck,
                    "uid": world.uid,
                }
                about |= {"choice": name, "closed": course.cause, "changes": " ".join(course.decided)}
                found = reckoning.measures(course, world.courses[NONE]) | reckoning.answers(course)
                rows.append(about | found | {f"firm_{key}": value for key, value in world.features.items()})
        return pd.DataFrame(rows)

    def course_table(self) -> pd.DataFrame:
        """Return a row per world, course and month."""
        pieces = []
        for world in self.worlds:
            for name, course in world.courses.items():
                piece = pd.DataFrame(course.months)
                piece.insert(0, "month", np.arange(self.month, self.month + len(piece)))
                piece.insert(0, "choice", name)
                piece.insert(0, "world", world.number)
                pieces.append(piece)
        return pd.concat(pieces, ignore_index=True)

    def as_dict(self) -> dict[str, Any]:
        """Return what was found as plain data for JSON: what is undefined is None."""
        found: dict[str, Any] = {
            "scenario": self.scenario.name,
            "fingerprint": self.scenario.fingerprint(),
            "differences": {name: value for name, (_, value) in self.scenario.differences().items()},
            "firm": self.firm,
            "described": {"features": dict(self.like.features), "identity": self.like.identity,
                          "town": self.like.town, "sector": self.like.sector},
            "month": self.month,
            "horizon": self.horizon,
            "choices": {choice.name: choice.label for choice in self.choices},
            "worlds": [{"world": w.number, "seed": w.seed, "luck": w.luck, "uid": w.uid, "firm": w.features,
                        "too_dear": w.too_dear, "rules": w.rules} for w in self.worlds],
            "confidence": CONFIDENCE,
            "best_on_average": self.best,
            "compared_worlds": [world.number for world in self.shared],
            "measures": {name: self._of(name) for name in ([c.name for c in self.choices] + [BY_ITSELF])},
            "ranking": self.ranking.to_dict("records"),
            "regret": self.regret.to_dict("records"),
            "findings": [finding.as_dict() for finding in self.findings],
            "notes": list(self.notes),
            "status": self.status,
        }  # fmt: skip
        return dict(plain(found))

    def _of(self, name: str) -> dict[str, Any]:
        if self.table.empty:
            return {}
        rows = self.table[self.table["choice"] == name].set_index("measure")
        columns = ["unit", "worlds", "none", "mean", "difference", "low", "high", "verdict"]
        return {measure: dict(zip(columns, values, strict=True)) for measure, *values in rows[columns].itertuples()}

    def page(self) -> str:
        """Return the findings as a page of Markdown: sentences, and the figures behind each."""
        told = f"Scenario {self.scenario.name}, decision in month {self.month}, followed for {self.horizon} months, "
        lines = [f"# Advice to {self.who}", "", f"{told}{len(self.worlds)} worlds."]
        for number, finding in enumerate(self.findings, 1):
            lines += ["", f"**{number}.** {finding.sentence}", "", f"    {finding.behind}"]
        if self.notes:
            lines += ["", "## Notes", "", *(f"- {note}" for note in self.notes)]
        return "\n".join(lines) + "\n"

    def write(self, folder: Path) -> None:
        """Write the files of `FILES` into an empty folder."""
        text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_file(folder / FILES[0], lambda file: file.write(text.encode("utf-8")))
        tables = (self.table, self.ranking, self.regret, self.world_table())
        for name, found in zip(FILES[1:5], tables, strict=True):
            write_csv(found, folder / name)
        write_parquet(self.course_table(), folder / FILES[5])
        write_file(folder / FILES[6], lambda file: file.write(self.page().encode("utf-8")))

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
        """Return the figure: gains over time, and where they end in every world."""
        # By name, as in `Results.plot`: experiments can be made without figures.
        figure: Figure = importlib.import_module("homogsim.plots.advice").figure(self)
        return figure


def _row(table: pd.DataFrame, choice: str, measure: str) -> dict[str, Any]:
    rows = table[(table["choice"] == choice) & (table["measure"] == measure)]
    return dict(rows.iloc[0])


def _notes(
    choices: Sequence[Choice], worlds: Sequence[WorldOutcome], living: Sequence[WorldOutcome], lost: Sequence[Lost],
    unranked: Sequence[str],
) -> list[str]:  # fmt: skip
    notes = []
    if len(living) < len(worlds):
        notes.append(f"in {len(worlds) - len(living)} of {len(worlds)} worlds no business without a tool fits")
    for choice in choices:
        dear = [world.too_dear[choice.name] for world in living if choice.name in world.too_dear]
        if dear:
            poor = [world.features["cash"] for world in living if choice.name in world.too_dear]
            what = f"{choice.name} cannot be paid in {len(dear)} of {len(living)} worlds: it takes ${min(dear):,.0f}"
            notes.append(f"{what} at once, these businesses have ${min(poor):,.0f} to ${max(poor):,.0f}")
    if unranked:
        verb = "is" if len(unranked) == 1 else "are"
        why = "the worlds in which every ranked choice can be paid have to be more than half of all"
        notes.append(f"{', '.join(unranked)} {verb} not ranked: {why}")
    if len(living) == 1:
        notes.append("one world: differences without intervals, because an interval needs at least two")
    tooled = {world.tool for world in living} - {NONE}
    if tooled:
        notes.append(f"the business has a tool already ({', '.join(sorted(tooled))}): no tool means dropping it")
    return [*notes, *(f"lost: {one.reason}" for one in lost)]
