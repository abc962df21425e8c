"""Sets of parameters to their evaluations: from the journal where they are known, otherwise by runs."""

from __future__ import annotations

from collections.abc import Sequence

from homogsim.errors import ScenarioError
from homogsim.experiments.calibration.identification import neighbours
from homogsim.experiments.calibration.journal import Journal
from homogsim.experiments.calibration.objective import Evaluation, Objective, evaluated
from homogsim.experiments.executors import Runner
from homogsim.experiments.measuring import Measurement
from homogsim.experiments.replicate import Lost, Outcome
from homogsim.experiments.runs import Watcher


class Work:
    """Evaluates sets of parameters.

    Parameters
    ----------
    objective : Objective
        What is evaluated.
    journal : Journal
        What is known, and where new evaluations are kept.
    runner : Runner
        What makes the runs.
    watch : callable
        Called after every run with the numbers of runs done and expected.
    total : int
        Runs expected.
    """

    def __init__(self, objective: Objective, journal: Journal, runner: Runner, watch: Watcher, total: int) -> None:
        self.objective, self.journal, self.runner, self.watch, self.total = objective, journal, runner, watch, total
        self.done = self.reused = 0

    def evaluate_sides(self, best: Evaluation) -> list[tuple[Evaluation, Evaluation]] | None:
        """Return the evaluations below and above the optimum for each parameter; None when stopped before."""
        pairs = neighbours(self.objective.free, best)
        found = self.evaluate([values for pair in pairs for values in pair])
        known = [evaluation for evaluation in found if evaluation is not None]
        return list(zip(known[::2], known[1::2], strict=True)) if len(known) == len(found) else None

    def evaluate(self, asked: Sequence[dict[str, float]]) -> list[Evaluation | None]:
        """Return evaluations in the order asked; each is in the journal before anybody hears of it."""
        tasks, owner = [], {}
        wanted: dict[int, dict[str, Measurement]] = {}
        for number, values in enumerate(asked):
            if self.journal.get(values) is not None:
                self.reused += 1
                continue
            if values in asked[:number]:  # whole numbers can meet
                continue
            try:
                wanted[number] = self.objective.measurements(values)
            except ScenarioError as error:
                self.journal.add(evaluated(self.objective, values, {}, f"refused: {error.what}"))
                continue
            for preset, measurement in wanted[number].items():
                for seed in self.objective.seeds:
                    task = measurement.task(seed)
                    tasks.append(task)
                    owner[task.key] = (number, preset, seed)
        found: dict[int, dict[tuple[str, int], Outcome | Lost]] = {number: {} for number in wanted}
        for outcome in self.runner.run(tasks):
            key = outcome.task.key if isinstance(outcome, Lost) else outcome.key
            number, preset, seed = owner[key]
            found[number][preset, seed] = outcome
            self.done += 1
            self.watch(self.done, self.total)
            if len(found[number]) == len(wanted[number]) * len(self.objective.seeds):
                self.journal.add(evaluated(self.objective, asked[number], found.pop(number)))
        return [self.journal.get(values) for values in asked]
