"""What is still to be run: planned runs in their order, and those under suspicion of having killed a worker."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from homogsim.experiments.sweeps.plan import Plan, Run

AIM_SECONDS = 5.0
"""Work of a batch: 2 to 10 s."""
LONGEST_SECONDS = 10.0
MOST_A_BATCH = 200


@dataclass(eq=False)
class Task:
    """Runs that are made together."""

    runs: tuple[Run, ...]
    suspect: bool = False
    """Whether the executor may have been broken by it."""
    since: float = 0.0
    """When it was handed over."""


@dataclass
class Queue:
    """What is still to be run.

    Parameters
    ----------
    plan : Plan
        Of the sweep.
    missing : Iterator
        Numbers of the runs that are not stored, in order.
    left : int
        How many there are.
    """

    plan: Plan
    missing: Iterator[int]
    left: int
    run_seconds: float = 0.0
    """About how long a run takes; 0 before the first."""
    suspects: deque[Task] = field(default_factory=deque)
    deaths: Counter[int] = field(default_factory=Counter)
    """How often a run died with its process when it was alone, by its number."""

    @classmethod
    def of(cls, plan: Plan, missing: np.ndarray) -> Queue:
        """Return the queue of the runs with these numbers."""
        return cls(plan, (int(number) for number in missing), len(missing))

    def next_task(self, slots: int) -> Task | None:
        """Return the next batch of planned runs; None when all have been handed out."""
        runs = []
        for number in self.missing:
            runs.append(self.plan.run(number))
            if len(runs) >= self._batch(slots):
                break
        self.left -= len(runs)
        return Task(tuple(runs)) if runs else None

    def _batch(self, slots: int) -> int:
        """Return how many runs a batch has: about 5 s of work, less when every worker would not get two of them."""
        if self.run_seconds <= 0.0:
            return 1
        fair = -(-self.left // (2 * max(1, slots)))
        return max(1, min(int(AIM_SECONDS / self.run_seconds), fair, MOST_A_BATCH))

    def learn(self, seconds: list[float]) -> None:
        """Take note of how long runs took; falls fast, as the first ones also load and compile, and rises slowly."""
        middle = float(np.median(seconds))
        before = self.run_seconds
        self.run_seconds = middle if before <= 0.0 or middle < before / 2 else 0.7 * before + 0.3 * middle
        longest = max(seconds)
        if longest > LONGEST_SECONDS / 2:  # a few long ones must not make batches of minutes
            self.run_seconds = max(self.run_seconds, 0.2 * longest)

    def suspect(self, task: Task) -> None:
        """Have the runs of a task that was lost made again, apart from others."""
        self.suspects.append(Task(task.runs, suspect=True))

    def split(self, task: Task) -> None:
        """Have the runs of a task that killed its worker made again, one by one."""
        self.suspects.extend(Task((run,), suspect=True) for run in task.runs)
