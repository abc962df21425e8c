"""The month of demand against its peers and the limit: they agree first, and are timed then."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from c_kernel import CKernel
from figures import Figure, figure, interleaved, ratios
from frames import Frames, NotInstalled
from numpy_cells import NumpyCells
from one_month import Answer, Homogsim, Month, build, difference, likely, same_bits
from plain_mesa import PlainMesa

TOLERANCE = 1e-12
"""How far contestants that do not aim at the same bits may be apart, relative to the largest value."""
OBJECTS_MOST, FRAMES_MOST = 10_000, 100_000
"""Consumers above which plain objects take minutes, and above which the pairs of a data frame take 20 GB."""

Key = tuple[str, int]
"""Name of a contestant and its threads."""


class Timed(NamedTuple):
    """Seconds of a month by contestant, round by round, all at one size."""

    consumers: int
    evaluations: int
    times: dict[Key, list[float]]


class Disagreement(Exception):
    """A contestant found something else than the others."""


def compete(consumers: int, library: Path | None, *, tiny: bool = False) -> tuple[Timed, str]:
    """Let everyone who can at this size work on one market; return the times and what is to be said about it."""
    month = build(consumers)
    with ExitStack() as stack:
        fast: dict[Key, Callable[[], Any]] = {("homogsim", threads): Homogsim(month, threads) for threads in (1, 2)}
        if library is not None:
            fast |= {("C", threads): CKernel(month, library, threads) for threads in (1, 2)}
        slow: dict[Key, Callable[[], Any]] = {("NumPy per cell", 1): NumpyCells(month)}
        if consumers <= OBJECTS_MOST:
            slow["plain Mesa objects", 1] = PlainMesa(month)
        frames, said = _frames(month, stack) if consumers <= FRAMES_MOST else ({}, "")
        reference = fast["homogsim", 1]()
        reference = Answer(*(values.copy() for values in reference))
        for key, contestant in (fast | slow).items():
            _check(key, contestant(), reference, month, exact=key in fast)
        for key, process in frames.items():
            process.seconds()
            _check(key, process.answer(), reference, month, exact=False)
        rounds = 1 if tiny else 60 if consumers <= 10_000 else 30 if consumers <= 100_000 else 24
        times = interleaved(fast, rounds)
        few = 1 if tiny else 3
        times |= interleaved(slow, few)
        for _ in range(few):
            for key, process in frames.items():
                times.setdefault(key, []).append(process.seconds())
        return Timed(consumers, month.evaluations, times), said


def _frames(month: Month, stack: ExitStack) -> tuple[dict[Key, Frames], str]:
    try:
        found = {("mesa-frames", threads): stack.enter_context(Frames(month, threads)) for threads in (1, 2)}
    except NotInstalled as error:
        return {}, f"mesa-frames not measured: {error}"
    return found, found["mesa-frames", 1].version


def _check(key: Key, found: Answer, reference: Answer, month: Month, *, exact: bool) -> None:
    """Refuse to time what does not agree: to the bit with the same draws, else in sums and the odds of visits."""
    if exact and not same_bits(found, reference):
        raise Disagreement(f"{key[0]} with {key[1]} threads has other bits than homogsim")
    if difference(found, reference) > TOLERANCE or not likely(found, month):
        raise Disagreement(f"{key[0]} differs from homogsim by {difference(found, reference):.3g}")


def goals(timed: Timed) -> list[Figure]:
    """Return what the goals ask of a contest at its size."""
    t, n, ns = timed.times, timed.consumers, 1e9 / timed.evaluations
    found = []
    for threads in (1, 2):
        ours = t["homogsim", threads]
        found.append(figure(f"demand_ns_{n}_{threads}t", [s * ns for s in ours], "ns per utility evaluation"))
        if ("C", threads) in t:
            found.append(figure(f"demand_vs_c_{n}_{threads}t", ratios(ours, t["C", threads]), "× the C kernel", 1.5))
    for name, bound in (("plain Mesa objects", 150.0), ("mesa-frames", 15.0), ("NumPy per cell", None)):
        for threads in (1, 2):
            if (name, threads) in t:
                key = f"faster_than_{name.split()[0].lower()}_{n}" + ("" if threads == 1 else "_2t")
                ours_then = figure("", t["homogsim", threads], "").value
                speedup = [s / ours_then for s in t[name, threads]]
                found.append(figure(key, speedup, f"× as fast as {name}", bound, at_least=True))
    gain = ratios(t["homogsim", 1], t["homogsim", 2])
    found.append(figure(f"two_threads_{n}", gain, "× one thread", 1.7 if n == 1_000_000 else None, at_least=True))
    return found


def kernel_tastes(consumers: int, rounds: int) -> list[Figure]:
    """Return the month of demand under the other geometry of tastes, which no other contestant knows."""
    month = build(consumers, **{"consumers.tastes": "kernel"})
    ours = {threads: Homogsim(month, threads) for threads in (1, 2)}
    if not same_bits(ours[1](), ours[2]()):
        raise Disagreement("kernel tastes have other bits on 2 threads than on 1")
    return [
        figure(
            f"kernel_tastes_ns_{consumers}_{threads}t", [s * 1e9 / month.evaluations for s in times],
            "ns per utility evaluation, 32 waves",
        )
        for threads, times in interleaved(ours, rounds).items()
    ]  # fmt: skip
