"""Predict first: what a student bets before the run, what came out, and the bets of a class."""

from __future__ import annotations

import csv
import math
from io import StringIO
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from homogsim.errors import HomogsimError
from homogsim.results.summary import summarise
from homogsim.results.tables import FORMULA_STARTS
from homogsim.ui.roll import Roll

if TYPE_CHECKING:
    from homogsim.results import Results

MOST_BETS = 2000
LONGEST_NAME = 40


class Question(NamedTuple):
    """Something to bet on: a metric's relative change from before automation to the end, or its level at the end."""

    name: str
    ask: str
    metric: str
    low: float
    high: float
    is_change: bool


QUESTIONS = (
    Question("diversity", "Diversity of what is sold (γ) changes by …", "diversity_gamma", -60.0, 60.0, True),
    Question("survival", "Of 100 businesses that open, so many outlive 5 years", "survival_5y", 0.0, 100.0, False),
    Question("price", "The mean price changes by …", "mean_price", -60.0, 60.0, True),
    Question("surplus", "What consumers gain (surplus) changes by …", "consumer_surplus", -60.0, 60.0, True),
)
"""What is bet on, in percent."""


def read(said: Any) -> dict[str, float]:
    """Return the bets in a message.

    Raises
    ------
    HomogsimError
        For a bet that is missing or no percentage within its bounds; its place is the question's name.
    """
    found = {}
    for question in QUESTIONS:
        value = said.get(question.name) if isinstance(said, dict) else None
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        if not question.low <= number <= question.high:
            help = f"A number from {question.low:g} to {question.high:g} is needed."
            raise HomogsimError("this bet is missing or out of bounds", question.name, help)
        found[question.name] = float(number)
    return found


def outcomes(results: Results) -> dict[str, float]:
    """Return what came out, in percent; NaN where it is not defined."""
    table = summarise(results.timeline)
    found = {}
    for question in QUESTIONS:
        told = table["relative_change"].get(question.metric) if question.is_change else results.summary[question.metric]
        found[question.name] = 100.0 * float(math.nan if told is None else told)
    return found


class Classroom:
    """The bets of all tabs of a server, in order; the oldest go when there are too many."""

    def __init__(self) -> None:
        self.owners = Roll()
        """Whose business came to what."""
        self._rows: list[dict[str, Any]] = []
        self._lock = Lock()

    def add(self, who: str, scenario: str, seed: int, bets: dict[str, float], came: dict[str, float]) -> None:
        """Note a student's bets beside what came out."""
        row: dict[str, Any] = {"who": _cell(who), "scenario": scenario, "seed": seed}
        for question in QUESTIONS:
            row[f"{question.name}_bet"] = bets[question.name]
            row[f"{question.name}_outcome"] = came[question.name]
        with self._lock:
            self._rows = [*self._rows, row][-MOST_BETS:]

    def csv(self) -> str:
        """Return all bets and outcomes, in percent, as CSV that a spreadsheet cannot take for formulas."""
        columns = [f"{question.name}_{part}" for question in QUESTIONS for part in ("bet", "outcome")]
        text = StringIO()
        writer = csv.DictWriter(text, ["who", "scenario", "seed", *columns], lineterminator="\n")
        writer.writeheader()
        with self._lock:
            writer.writerows(self._rows)
        return text.getvalue()


def _cell(text: str) -> str:
    kept = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_NAME]
    return f"'{kept}" if kept.startswith(FORMULA_STARTS) else kept
