"""Writes what was measured into `README.md`: tables between its marks, and a picture."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

from contest import Timed
from figures import Figure

README = Path(__file__).with_name("README.md")
PICTURE = Path(__file__).with_name("demand.png")
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
ORDER = ("C", "homogsim", "NumPy per cell", "mesa-frames", "plain Mesa objects")


def write(figures: list[Figure], timed: list[Timed], remarks: list[str], facts: dict[str, Any]) -> None:
    """Renew the tables and the picture."""
    draw(timed, PICTURE)
    told = f"Measured on {time.strftime('%Y-%m-%d', time.gmtime())}: " + ", ".join(f"{k} {v}" for k, v in facts.items())
    parts = [
        told + ".",
        "![Nanoseconds per utility evaluation](demand.png)",
        contest_table(timed),
        figure_table(figures),
    ]
    parts += ["\n".join(f"- {remark}" for remark in remarks)]
    text = README.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    README.write_text(before + BEGIN + "\n" + "\n\n".join(parts) + "\n\n" + END + after, encoding="utf-8")


def contest_table(timed: list[Timed]) -> str:
    """Return the months of all contestants: milliseconds (lowest–highest) and nanoseconds per utility evaluation."""
    rows = ["| consumers | | threads | month, ms | ns per evaluation | × homogsim |", "|---|---|---|---|---|---|"]
    for at in timed:
        for name in ORDER:
            for threads in (1, 2):
                times = at.times.get((name, threads))
                if times is None:
                    continue
                median, ours = statistics.median(times), statistics.median(at.times["homogsim", threads])
                spread = f"{median * 1e3:.4g} ({min(times) * 1e3:.4g}–{max(times) * 1e3:.4g})"
                ns = f"{median / at.evaluations * 1e9:.3g}"
                rows.append(f"| {at.consumers:,} | {name} | {threads} | {spread} | {ns} | {median / ours:.3g} |")
    return "\n".join(rows)


def figure_table(figures: list[Figure]) -> str:
    """Return all other figures with their bounds."""
    rows = ["| figure | median | range | bound | |", "|---|---|---|---|---|"]
    for found in figures:
        bound = "" if found.bound is None else f"{'≥' if found.at_least else '≤'} {found.bound:g}"
        verdict = "" if found.bound is None else "ok" if found.kept else "**short**"
        spread = f"{found.low:.4g}–{found.high:.4g}"
        rows.append(f"| `{found.name}` ({found.unit}) | {found.value:.4g} | {spread} | {bound} | {verdict} |")
    return "\n".join(rows)


def draw(timed: list[Timed], path: Path) -> None:
    """Draw nanoseconds per utility evaluation against consumers, one line a contestant on one thread."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.2, 4.2), constrained_layout=True)
    colours = dict(zip(ORDER, ("#555555", "#0072B2", "#E69F00", "#009E73", "#D55E00"), strict=True))
    for name in ORDER:
        here = [
            (at.consumers, [s / at.evaluations * 1e9 for s in at.times[name, 1]])
            for at in timed
            if (name, 1) in at.times
        ]
        if not here:
            continue
        middle = [statistics.median(values) for _, values in here]
        below = [m - min(values) for m, (_, values) in zip(middle, here, strict=True)]
        above = [max(values) - m for m, (_, values) in zip(middle, here, strict=True)]
        style = {"linestyle": "--", "marker": "s"} if name == "C" else {"marker": "o"}
        axes.errorbar(
            [n for n, _ in here], middle, [below, above], color=colours[name], capsize=3, markersize=5, **style
        )
        label = "C, by hand" if name == "C" else name
        # The limit and homogsim lie close to each other: one name below, the other above the line.
        place = (6, -13) if name == "C" else (6, 7)
        axes.annotate(label, (here[0][0], middle[0]), place, textcoords="offset points", color=colours[name])
    axes.set(xscale="log", yscale="log", xlabel="consumers", ylabel="ns per utility evaluation, one thread")
    axes.set_title("A month of demand: what one consumer's look at one outlet costs", loc="left", fontsize=11)
    axes.set_ylim(bottom=2)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)
